//! What the commands on a database answer.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "three rules and exits out of many have a meaning of their own here"
)]

use std::fmt::Write as _;

use serde::Serialize;

use crate::core::finding::{Finding, Rule};
use crate::core::report::{Exit, Findings, Report};
use crate::core::target::Direction;
use crate::pg::assess::Planned;
use crate::pg::error::Holder;

/// A revision that was committed, in either direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppliedRevision {
    /// Its id.
    pub revision: String,
    /// Its title.
    pub title: String,
    /// Wall time of the successful attempt, without the COMMIT.
    pub duration_ms: i64,
    /// Tables that were created, changed, written or dropped, `schema.table`, sorted.
    pub tables_affected: Vec<String>,
    /// Indexes that were created, `schema.index`, sorted.
    pub indexes_created: Vec<String>,
    /// How often it was tried; more than 1 after a lock timeout or deadlock.
    pub attempts: u32,
}

/// What `upgrade` or `downgrade` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveReport {
    /// Which way.
    pub direction: Direction,
    /// The last applied revision now.
    pub current: Option<String>,
    /// What was committed by this run, in order; empty when there was nothing to do.
    pub revisions: Vec<AppliedRevision>,
    /// Always empty: what stops a run is an error.
    #[serde(flatten)]
    pub found: Findings,
}

impl MoveReport {
    pub(crate) fn nothing(direction: Direction, current: Option<String>) -> Self {
        Self {
            direction,
            current,
            revisions: Vec::new(),
            found: Findings::default(),
        }
    }
}

impl Report for MoveReport {
    fn render_text(&self) -> String {
        let mut out = String::new();
        for done in &self.revisions {
            let way = self.direction.as_str();
            line(
                &mut out,
                format_args!("{way} {} {} ({} ms)", done.revision, done.title, done.duration_ms),
            );
        }
        if self.revisions.is_empty() {
            out.push_str("nothing to do\n");
        }
        line(
            &mut out,
            format_args!("current: {}", self.current.as_deref().unwrap_or("base")),
        );
        out
    }

    fn exit(&self) -> Exit {
        Exit::Fine
    }
}

/// The last applied revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CurrentReport {
    /// None before the first one.
    pub current: Option<String>,
    /// Always empty.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for CurrentReport {
    fn render_text(&self) -> String {
        format!("{}\n", self.current.as_deref().unwrap_or("base"))
    }

    fn exit(&self) -> Exit {
        Exit::Fine
    }
}

/// Where the database stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    /// Head of the files.
    pub head: Option<String>,
    /// Last applied revision.
    pub current: Option<String>,
    /// How many are applied.
    pub applied: usize,
    /// What `upgrade` would apply.
    pub pending: Vec<Planned>,
    /// Who holds the runner's lock at this moment, if anybody.
    pub runner: Option<Holder>,
    /// What is wrong.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for StatusReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        line(
            &mut out,
            format_args!("head:    {}", self.head.as_deref().unwrap_or("base")),
        );
        line(
            &mut out,
            format_args!("current: {}", self.current.as_deref().unwrap_or("base")),
        );
        line(&mut out, format_args!("applied: {}", self.applied));
        line(&mut out, format_args!("pending: {}", self.pending.len()));
        list(&mut out, &self.pending);
        if let Some(runner) = &self.runner {
            line(&mut out, format_args!("at work: {runner}"));
        }
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

/// What `upgrade` would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanReport {
    /// Last applied revision.
    pub current: Option<String>,
    /// Revisions in the order they would run.
    pub steps: Vec<Planned>,
    /// What would stop it.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for PlanReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        line(
            &mut out,
            format_args!("{} revision(s) to apply", self.steps.len()),
        );
        list(&mut out, &self.steps);
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

/// Whether files and database agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Head of the files.
    pub head: Option<String>,
    /// Last applied revision.
    pub current: Option<String>,
    /// Everything that does not fit.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for CheckReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        if self.exit() == Exit::Fine {
            line(
                &mut out,
                format_args!("at head: {}", self.head.as_deref().unwrap_or("base")),
            );
        }
        out
    }

    /// What was interrupted comes first, then what does not fit the files, then drift.
    fn exit(&self) -> Exit {
        let errors = self.found.findings.iter().filter(|finding| finding.is_error());
        let exits = errors.map(|finding| match finding.rule {
            Rule::S01 => Exit::Interrupted,
            Rule::X01 | Rule::X02 | Rule::X03 => Exit::Drift,
            _ => Exit::Findings,
        });
        let rank = |exit: &Exit| match exit {
            Exit::Interrupted => 0,
            Exit::Findings => 1,
            _ => 2,
        };
        exits.min_by_key(rank).unwrap_or(Exit::Fine)
    }
}

/// For a readiness probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Head of the files.
    pub head: Option<String>,
    /// Last applied revision.
    pub current: Option<String>,
    /// How many revisions are not applied.
    pub pending: usize,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Health {
    /// At head and nothing wrong.
    pub fn is_ready(&self) -> bool {
        self.pending == 0 && !self.findings.iter().any(Finding::is_error)
    }
}

fn list(out: &mut String, steps: &[Planned]) {
    for step in steps {
        line(
            out,
            format_args!("  {} {} ({} statements)", step.id, step.title, step.statements),
        );
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: std::fmt::Result = writeln!(out, "{text}");
}
