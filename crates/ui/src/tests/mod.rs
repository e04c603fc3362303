mod charts;
mod components;
mod formats;
mod input;
mod words;
