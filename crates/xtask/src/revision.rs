//! The skeleton of the next schema revision, by the migration engine itself.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Result, anyhow};
use lineage::Report as _;
use lineage::commands::{CommandError, NewRevision};

/// Writes it under `migrations/`, after the present head, and brings the lock file along.
#[allow(
    clippy::disallowed_methods,
    reason = "an entry point: the time goes on as an argument"
)]
pub fn new(root: &Path, title: &str) -> Result<String> {
    let wanted = NewRevision {
        title,
        now: SystemTime::now(),
        chance: rand::random(),
    };
    lineage::commands::new(&root.join("migrations"), &wanted)
        .map(|report| report.render_text())
        .map_err(|error| with_findings(&error))
}

fn with_findings(error: &CommandError) -> anyhow::Error {
    let found: Vec<String> = error
        .findings()
        .iter()
        .map(lineage::Finding::render_text)
        .collect();
    anyhow!("{error}\n{}", found.join("\n"))
}
