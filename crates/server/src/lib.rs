//! The one binary: commands and wiring. Here the slices meet; no business rule lives here.

#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    reason = "reports of a few lines, written once by a command"
)]
#![allow(
    clippy::large_futures,
    reason = "seven checks wait side by side, once per request"
)]

pub mod boot;
mod chores;
pub mod cli;
pub mod contracts;
mod demo;
mod doctor;
mod health;
mod keys;
mod marketplace;
pub mod migrate_files;
mod migrate_proof;
mod migrations;
mod preferences;
mod report;
mod sandbox;
mod search;
mod serve;
mod setup;
mod shell;
mod system;
#[cfg(test)]
mod tests;
mod today;
mod transport;
mod users;
mod verify;
pub mod wiring;

pub use lineage::Exit;

/// Templates and words that belong to no slice: the Today page and the system pages.
pub static PAGES: ui::SlicePages = ui::slice_pages!("server", templates: ["today.html", "system.html", "docs.html", "search.html", "_hits.html"]);
