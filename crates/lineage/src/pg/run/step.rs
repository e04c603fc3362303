//! One step of a revision without a transaction, and whether it is still what it was when it was recorded.

use crate::core::finding::{Finding, Place, Rule};
use crate::core::hash::TokenHash;
use crate::core::step::Way;
use crate::pg::store::StepRow;

use super::script::{Failed, Refusal, refused};
use super::{Move, settle};

/// One statement on its way.
pub(super) struct Step<'s> {
    pub(super) of: &'s Move<'s>,
    /// From 0.
    pub(super) at: usize,
    pub(super) way: Way,
    pub(super) done: bool,
    pub(super) begun: bool,
}

impl Step<'_> {
    /// As recorded, from 1.
    pub(super) fn number(&self) -> i32 {
        i32::try_from(self.at + 1).unwrap_or(i32::MAX)
    }

    pub(super) fn sql(&self) -> String {
        let statement = self.of.script.statements.get(self.at);
        statement.map_or(String::new(), |s| s.text(self.of.script.sql).to_owned())
    }

    pub(super) fn refused(&self, error: &sqlx::Error) -> Failed {
        refused(
            error,
            &self.of.script,
            self.of.script.statements.get(self.at).copied(),
        )
    }

    /// Says itself that it may be done already.
    pub(super) fn guarded(&self) -> bool {
        settle::is_guarded(&self.of.script, self.at)
    }
}

pub(super) fn hashes(whole: &Move<'_>) -> Vec<String> {
    let statements = whole.script.statements.iter();
    statements
        .map(|statement| TokenHash::of(&[("step", statement.text(whole.script.sql))]).to_string())
        .collect()
}

pub(super) fn agrees(row: &StepRow, hashes: &[String]) -> bool {
    let hash = usize::try_from(row.number - 1).ok().and_then(|at| hashes.get(at));
    hash == Some(&row.token_hash)
}

pub(super) fn changed_after_it_ran(whole: &Move<'_>, row: &StepRow) -> Failed {
    let at = usize::try_from(row.number - 1).unwrap_or(0);
    let place = match whole.script.statements.get(at) {
        Some(statement) => whole.script.place(statement.start, statement.end),
        None => Place::default(),
    };
    let message = format!(
        "step {} of `{}` was edited after it had been done",
        row.number, whole.id
    );
    let help = "put the steps that are done back as they were; those after the interruption may be corrected";
    Failed::Refused(Box::new(Refusal {
        finding: Finding::error(Rule::T01, place, message, help),
        sqlstate: None,
    }))
}
