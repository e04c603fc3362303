//! What a proof came to.

use serde::Serialize;

use crate::core::report::{Exit, Findings, Report};

/// What `verify` tried and found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct VerifyReport {
    /// Revisions that went up.
    pub revisions: usize,
    /// Of these, went down and up again.
    pub restored: usize,
    /// Of these, have no way back.
    pub irreversible: usize,
    /// Of these, are guarded throughout and ran twice.
    pub run_twice: usize,
    /// Merges of which both orders were tried.
    pub merges: usize,
    /// Of the schema at head; none if a revision failed.
    pub fingerprint: Option<String>,
    /// What was found.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for VerifyReport {
    fn render_text(&self) -> String {
        let head = self.fingerprint.as_deref().unwrap_or("not reached");
        self.found.render_text()
            + &format!(
                "{} revisions up, {} down and up again, {} irreversible, {} run twice, {} merges in both orders\nhead: {head}\n",
                self.revisions, self.restored, self.irreversible, self.run_twice, self.merges
            )
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}
