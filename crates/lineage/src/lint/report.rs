//! What the linter answers, for people and for machines.

use std::fmt::Write as _;

use serde::Serialize;

use crate::core::draw::Paint;
use crate::core::report::{Exit, Findings, Report};

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Revisions.
    pub revisions: usize,
    /// Changes of the schema that were followed.
    pub effects: usize,
    /// Statements that cannot be seen from outside.
    pub opaque: usize,
    /// Findings that `allow` lines took out.
    pub allowed: usize,
}

/// The answer of [`lint`](super::lint).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintReport {
    /// What was looked at.
    pub counts: Counts,
    /// What was found.
    #[serde(flatten)]
    pub found: Findings,
}

impl LintReport {
    /// For people, with colours if wanted.
    pub fn render(&self, paint: Paint) -> String {
        let mut out = self.found.render(paint);
        let (counts, summary) = (self.counts, self.found.summary);
        let mut line = format!(
            "{} revisions, {} changes followed: {} errors, {} warnings, {} notes",
            counts.revisions, counts.effects, summary.errors, summary.warnings, summary.notes
        );
        if counts.allowed > 0 {
            // Writing to a String cannot fail.
            let _: std::fmt::Result = write!(line, ", {} allowed", counts.allowed);
        }
        if counts.opaque > 0 {
            let _: std::fmt::Result = write!(line, "; {} statements could not be looked into", counts.opaque);
        }
        out.push_str(&line);
        out.push('\n');
        out
    }
}

impl Report for LintReport {
    fn render_text(&self) -> String {
        self.render(Paint::Plain)
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}
