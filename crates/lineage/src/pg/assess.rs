//! Compares the chain with what a database says was applied. Pure: values in, findings and plans out.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::core::chain::Chain;
use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::revision::Revision;
use crate::core::target::{Direction, Target, TargetError, find_prefix};
use crate::pg::error::Holder;
use crate::pg::store::{AppliedRow, STATE_FORMAT};

/// Where a database stands.
#[derive(Debug, Default)]
pub(crate) struct Situation {
    /// In the order they were applied.
    pub(crate) applied: Vec<AppliedRow>,
    /// Positions in the chain that are not applied.
    pub(crate) pending: Vec<usize>,
    /// A revision that was begun and not finished, in either direction.
    pub(crate) interrupted: Option<Interrupted>,
    pub(crate) findings: Vec<Finding>,
}

/// A revision that would be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its file.
    pub file: String,
    /// How many statements its up part has.
    pub statements: usize,
}

/// A revision that was begun and not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interrupted {
    pub(crate) id: String,
    pub(crate) direction: Direction,
}

impl Situation {
    /// What stops an upgrade: everything but an interruption on the way up, which it begins by mending.
    pub(crate) fn stopping(&self) -> Vec<Finding> {
        let half = self.interrupted.as_ref();
        let mended = half.is_some_and(|half| half.direction == Direction::Up);
        let errors = self.findings.iter().filter(|finding| finding.is_error());
        errors
            .filter(|finding| !(mended && finding.rule == Rule::S01))
            .cloned()
            .collect()
    }

    /// Says instead of S01 that somebody is at it.
    pub(crate) fn is_being_worked_on(&mut self, holder: &Holder) {
        for finding in self
            .findings
            .iter_mut()
            .filter(|finding| finding.rule == Rule::S01)
        {
            finding.rule = Rule::S05;
            finding.severity = Severity::Note;
            finding.message = format!("a revision is being worked on by {holder}");
            "wait for it, or end that session".clone_into(&mut finding.help);
        }
    }

    pub(crate) fn current(&self) -> Option<String> {
        self.applied.last().map(|row| row.id.clone())
    }

    pub(crate) fn planned(&self, chain: &Chain, positions: &[usize]) -> Vec<Planned> {
        debug_assert!(
            positions.iter().all(|at| self.pending.contains(at)),
            "only pending revisions are planned"
        );
        let revisions = positions.iter().filter_map(|at| chain.revisions().get(*at));
        revisions
            .map(|revision| Planned {
                id: revision.id.to_string(),
                title: revision.title.clone(),
                file: revision.file.clone(),
                statements: revision.up.statements.len(),
            })
            .collect()
    }
}

/// Compares files and rows (in the order they were applied).
pub(crate) fn assess(chain: &Chain, applied: Vec<AppliedRow>) -> Situation {
    let known: HashMap<&str, &Revision> = chain.revisions().iter().map(|r| (r.id.as_str(), r)).collect();
    let last_known = applied
        .iter()
        .rposition(|row| known.contains_key(row.id.as_str()));
    let mut findings = Vec::new();
    for (at, row) in applied.iter().enumerate() {
        if row.format.is_some_and(|format| format > STATE_FORMAT) && at == 0 {
            let message = format!(
                "the schema `lineage` has format {}, this program reads {STATE_FORMAT}",
                row.format.unwrap_or(0)
            );
            findings.push(Finding::error(
                Rule::X04,
                Place::default(),
                message,
                "use the newer program",
            ));
        }
        if let Some(direction) = half_way(row) {
            findings.push(interruption(row, direction, known.get(row.id.as_str()).copied()));
        }
        match known.get(row.id.as_str()) {
            Some(revision) => findings.extend(edited(row, revision)),
            None => findings.push(unknown(chain, row, last_known.is_some_and(|last| at < last))),
        }
    }
    let done: HashSet<&str> = applied.iter().map(|row| row.id.as_str()).collect();
    let interrupted = applied.iter().rev().find_map(|row| {
        let direction = half_way(row)?;
        let id = row.id.clone();
        Some(Interrupted { id, direction })
    });
    let revisions = chain.revisions().iter().enumerate();
    let pending = revisions
        .filter(|(_, r)| !done.contains(r.id.as_str()))
        .map(|(at, _)| at)
        .collect();
    Situation {
        applied,
        pending,
        interrupted,
        findings,
    }
}

/// Which way a revision was going when it was interrupted.
fn half_way(row: &AppliedRow) -> Option<Direction> {
    match row.state.as_str() {
        "applying" => Some(Direction::Up),
        "reverting" => Some(Direction::Down),
        _ => None,
    }
}

fn interruption(row: &AppliedRow, direction: Direction, revision: Option<&Revision>) -> Finding {
    let what = match direction {
        Direction::Up => "applied",
        Direction::Down => "taken back",
    };
    let message = format!("`{}` was interrupted while it was being {what}", row.id);
    let place = revision.map_or(Place::default(), |revision| Place::file(revision.file.clone()));
    let help = "run `migrate resume`; steps that are done are not done again";
    Finding::error(Rule::S01, place, message, help)
}

fn edited(row: &AppliedRow, revision: &Revision) -> Option<Finding> {
    let mut stored = row.parents.clone();
    let mut written: Vec<String> = revision.parents.iter().map(ToString::to_string).collect();
    stored.sort();
    written.sort();
    if stored != written {
        let before = if row.parents.is_empty() {
            "base".to_owned()
        } else {
            row.parents.join(",")
        };
        let message = format!(
            "the parent of `{}` was changed after it was applied (it was `{before}`)",
            row.id
        );
        let help = "put the parent back; give the revision in between a place after the head";
        return Some(Finding::error(
            Rule::T01,
            revision.parent_place.clone(),
            message,
            help,
        ));
    }
    // What is not finished may be corrected; the runner holds on to the steps that are done.
    if half_way(row).is_some() {
        return None;
    }
    if row.token_hash != revision.token_hash.as_str() {
        let message = format!(
            "`{}` was edited after it was applied on {}",
            row.id, row.applied_at
        );
        let help = "restore the file from version control and write the change as a new revision";
        return Some(Finding::error(
            Rule::T01,
            Place::file(revision.file.clone()),
            message,
            help,
        ));
    }
    (row.raw_hash != revision.raw_hash).then(|| {
        let message = format!(
            "only comments, whitespace or case changed in `{}` since it was applied",
            row.id
        );
        Finding::error(
            Rule::T02,
            Place::file(revision.file.clone()),
            message,
            "nothing to do",
        )
        .with_severity(Severity::Note)
    })
}

fn unknown(chain: &Chain, row: &AppliedRow, before_a_known_one: bool) -> Finding {
    let in_lock = chain
        .lock()
        .is_some_and(|lock| lock.lines.iter().any(|line| line.id == row.id));
    if before_a_known_one || in_lock {
        let message = format!(
            "the file of the applied revision `{}` ({}) is missing",
            row.id, row.title
        );
        return Finding::error(
            Rule::T03,
            Place::default(),
            message,
            "restore the file from version control",
        );
    }
    let message = format!(
        "the database has revision `{}` ({}), which this program does not know",
        row.id, row.title
    );
    let help = "use the newer program, or take it back with `migrate downgrade` (its SQL is stored)";
    Finding::error(Rule::S04, Place::default(), message, help)
}

/// Positions to apply, in order.
pub(crate) fn plan_up(
    chain: &Chain,
    situation: &Situation,
    target: &Target,
) -> Result<Vec<usize>, TargetError> {
    let pending = situation.pending.iter().copied();
    match target {
        Target::Head => Ok(pending.collect()),
        Target::Forward(count) => Ok(pending.take(*count).collect()),
        Target::Revision(prefix) => {
            let last = chain.position(prefix)?;
            Ok(pending.take_while(|at| *at <= last).collect())
        }
        Target::Base => Err(wrong_way("base", "forward")),
        Target::Back(count) => Err(wrong_way(&format!("-{count}"), "forward")),
    }
}

/// Ids to take back, newest first.
pub(crate) fn plan_down(situation: &Situation, target: &Target) -> Result<Vec<String>, TargetError> {
    let ids: Vec<&str> = situation.applied.iter().map(|row| row.id.as_str()).collect();
    let keep = match target {
        Target::Base => 0,
        Target::Back(count) => ids
            .len()
            .checked_sub(*count)
            .ok_or_else(|| wrong_way(&format!("-{count}"), "back"))?,
        Target::Revision(prefix) => find_prefix(&ids, prefix)? + 1,
        Target::Head => return Err(wrong_way("head", "back")),
        Target::Forward(count) => return Err(wrong_way(&format!("+{count}"), "back")),
    };
    Ok(ids
        .get(keep..)
        .unwrap_or_default()
        .iter()
        .rev()
        .map(|id| (*id).to_owned())
        .collect())
}

fn wrong_way(target: &str, direction: &'static str) -> TargetError {
    TargetError::WrongWay {
        target: target.to_owned(),
        direction,
    }
}
