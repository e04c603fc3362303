//! Files, graph, hashes and lock file. Pure but for reading and writing revision files; knows no database.

pub(crate) mod chain;
pub mod commands;
pub(crate) mod draw;
pub(crate) mod export;
pub(crate) mod finding;
pub(crate) mod graph;
pub(crate) mod hash;
pub(crate) mod hook;
pub(crate) mod lock;
pub(crate) mod nearest;
pub(crate) mod parallel;
pub(crate) mod place;
#[cfg(feature = "lint")]
pub(crate) mod relink;
pub(crate) mod report;
pub(crate) mod revision;
pub(crate) mod rule;
pub(crate) mod script;
pub(crate) mod step;
pub(crate) mod target;
pub(crate) mod token;

#[cfg(test)]
mod tests;
