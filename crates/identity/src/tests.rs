//! The slice as people and programs meet it: through HTTP, over a real database, with a clock that stands still.

mod bench;
mod rights;
mod setting_up;
mod signing_in;
mod tokens;
mod trail;
