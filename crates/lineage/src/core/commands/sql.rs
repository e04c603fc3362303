//! `sql`: what a run would execute, as a script to be read or run by hand.

use std::fmt::Write as _;

use serde::Serialize;

use crate::core::chain::Chain;
use crate::core::finding::{Finding, Rule};
use crate::core::report::{Exit, Findings, Report};
use crate::core::revision::{Down, Revision, Section};
use crate::core::target::Direction;

use super::CommandError;

/// The SQL of one revision in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SqlPart {
    /// The revision.
    pub id: String,
    /// Its title.
    pub title: String,
    /// False for `transaction: no`: each statement commits by itself.
    pub transaction: bool,
    /// The statements, without comments between them.
    pub statements: Vec<String>,
}

/// The SQL of a range of revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SqlReport {
    /// Which way.
    pub direction: Direction,
    /// Where a database must stand before; `base` for an empty one.
    pub from: String,
    /// Where it stands afterwards.
    pub to: String,
    /// The revisions in the order in which they run.
    pub revisions: Vec<SqlPart>,
    /// Findings that do not stop the work.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for SqlReport {
    fn render_text(&self) -> String {
        let mut out = format!(
            "-- From {} to {}. Nothing is recorded: tell the engine afterwards with `migrate stamp {}`.\n",
            self.from, self.to, self.to
        );
        for part in &self.revisions {
            // Writing to a String cannot fail.
            let _: std::fmt::Result = writeln!(out, "\n-- {} {}", part.id, part.title);
            let (begin, commit) = if part.transaction {
                ("BEGIN;\n", "COMMIT;\n")
            } else {
                ("", "")
            };
            out.push_str(begin);
            for statement in &part.statements {
                out.push_str(statement);
                out.push_str(";\n");
            }
            out.push_str(commit);
        }
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

/// The SQL between two revisions: `a:b`, where either side may be missing, `base` or `head`. The first is where
/// a database stands; if it comes after the second, the way back is written.
pub fn sql(chain: &Chain, range: &str) -> Result<SqlReport, CommandError> {
    let findings: Vec<Finding> = chain
        .findings()
        .iter()
        .filter(|f| f.is_error())
        .cloned()
        .collect();
    if !findings.is_empty() {
        return Err(CommandError::Unsound { findings });
    }
    let (from, to) = range.split_once(':').unwrap_or(("base", range));
    let from = reached(chain, if from.is_empty() { "base" } else { from })?;
    let to = reached(chain, if to.is_empty() { "head" } else { to })?;
    let revisions = chain.revisions();
    let (direction, parts) = if from <= to {
        let ups = revisions[from..to].iter().map(|one| part(one, &one.up));
        (Direction::Up, ups.collect())
    } else {
        let downs = revisions[to..from].iter().rev().map(way_back);
        (Direction::Down, downs.collect::<Result<_, _>>()?)
    };
    let name = |count: usize| match count.checked_sub(1).and_then(|at| revisions.get(at)) {
        Some(revision) => revision.id.to_string(),
        None => "base".to_owned(),
    };
    Ok(SqlReport {
        direction,
        from: name(from),
        to: name(to),
        revisions: parts,
        found: Findings::new(chain.findings().to_vec()),
    })
}

/// How many revisions are applied when a database stands at this name.
fn reached(chain: &Chain, name: &str) -> Result<usize, CommandError> {
    match name {
        "base" => Ok(0),
        "head" => Ok(chain.revisions().len()),
        _ => Ok(chain.position(name)? + 1),
    }
}

fn way_back(revision: &Revision) -> Result<SqlPart, CommandError> {
    match &revision.down {
        Down::Sql(section) => Ok(part(revision, section)),
        Down::Irreversible(reason) => {
            let message = format!("`{}` cannot be taken back: {reason}", revision.id);
            let help = "restore a backup, or go forward with a new revision";
            let finding = Finding::error(Rule::R05, revision.id_place.clone(), message, help);
            Err(CommandError::Unsound {
                findings: vec![finding],
            })
        }
    }
}

fn part(revision: &Revision, section: &Section) -> SqlPart {
    let statements = section.statements.iter();
    SqlPart {
        id: revision.id.to_string(),
        title: revision.title.clone(),
        transaction: revision.transactional,
        statements: statements
            .map(|statement| statement.text(&section.sql).to_owned())
            .collect(),
    }
}
