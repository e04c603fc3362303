//! What a command answers: a value that renders itself for people or machines, and an exit code.

use serde::Serialize;

use crate::core::draw::Paint;
use crate::core::finding::{Finding, Summary};
use crate::core::parallel::in_parallel;

/// Exit codes of the command line. Scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// Nothing to complain about.
    Fine = 0,
    /// Findings, or the wish was refused.
    Findings = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// The database cannot be reached.
    Unreachable = 3,
    /// Another runner holds the lock.
    Busy = 4,
    /// An interrupted revision was found.
    Interrupted = 5,
    /// The schema is not what was applied.
    Drift = 6,
    /// The database refused a statement or a check failed.
    SqlFailed = 7,
}

impl Exit {
    /// The number for the shell.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// `Findings` if one of them is an error.
    pub fn of(findings: &[Finding]) -> Self {
        if findings.iter().any(Finding::is_error) {
            Self::Findings
        } else {
            Self::Fine
        }
    }
}

/// The answer of a command.
pub trait Report: Serialize {
    /// For people; ends with a line break unless empty.
    fn render_text(&self) -> String;

    /// How the process should end.
    fn exit(&self) -> Exit;

    /// For machines: an object that always holds `findings` and `summary`.
    fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// Findings and their counts, as part of every report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Findings {
    /// What was found, most basic first.
    pub findings: Vec<Finding>,
    /// Counts by severity.
    pub summary: Summary,
}

impl Findings {
    /// Counts and keeps them.
    pub fn new(findings: Vec<Finding>) -> Self {
        Self {
            summary: Summary::of(&findings),
            findings,
        }
    }

    /// All of them as text, an empty line after each.
    pub fn render_text(&self) -> String {
        self.render(Paint::Plain)
    }

    /// The same, with colours if wanted.
    pub fn render(&self, paint: Paint) -> String {
        in_parallel(&self.findings, |finding| finding.render(paint) + "\n").concat()
    }
}
