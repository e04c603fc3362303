//! Alembic's revisions, read without running them.
//!
//! Always holds: an operation is either written as the SQL that Alembic would send, or marked as unread with its
//! place; a file that Python would refuse is reported, and what can be read of it is still read.

mod ops;
mod question;
mod table;
mod types;
mod walk;

use std::sync::Arc;

use crate::core::finding::{Finding, Rule, Severity};

use super::original::{Original, Source};
use super::python::{Expr, ExprKind, Statement, StatementKind, parse};

use walk::Reader;

/// A revision, or `None` for a file that is none (an `__init__.py`).
pub(super) fn read(source: &Arc<Source>) -> Option<Original> {
    let (statements, faults) = parse(&source.text);
    let mut original = Original::of(source);
    for fault in &faults {
        let message = format!("Python would refuse this file: {}", fault.message);
        let help = "correct it; what could be read of the file is judged all the same";
        original
            .findings
            .push(Finding::error(Rule::A06, source.place(fault.line), message, help));
    }
    let identified = header(&statements, &mut original);
    if !identified && faults.is_empty() {
        return None;
    }
    docstring(&source.text, &mut original);
    if original.id.is_empty() {
        return Some(original);
    }
    let mut reader = Reader::of(source, &statements);
    original.up = reader.way("upgrade");
    original.down = reader.way("downgrade");
    original.transaction = reader.transaction;
    if let Some(line) = reader.concurrently_guarded {
        original.findings.push(hidden_index(source, line));
    }
    if original.down.is_empty() {
        original.findings.push(no_way_back(source, &statements));
    }
    Some(original)
}

fn hidden_index(source: &Source, line: usize) -> Finding {
    let message = "an index is built CONCURRENTLY behind `if_not_exists`, outside of a transaction: killed half way it stays INVALID, and the guard skips it for ever";
    let help = "drop the index first (DROP INDEX CONCURRENTLY IF EXISTS), then build it without the guard";
    Finding::error(Rule::A04, source.place(line), message, help).with_severity(Severity::Warning)
}

fn no_way_back(source: &Source, statements: &[Statement]) -> Finding {
    let at = statements
        .iter()
        .find(|one| matches!(&one.kind, StatementKind::Function(name, _) if name == "downgrade"));
    let message = "`downgrade()` is empty or missing";
    let help = "write the way back, or say in the new revision why there is none";
    Finding::error(
        Rule::A01,
        source.place(at.map_or(0, |one| one.line)),
        message,
        help,
    )
    .with_severity(Severity::Warning)
}

/// `revision`, `down_revision`, `depends_on`; true if this is a revision.
fn header(statements: &[Statement], original: &mut Original) -> bool {
    let mut found = false;
    for statement in statements {
        let StatementKind::Assign(name, value) = &statement.kind else {
            continue;
        };
        match (name.as_str(), value.text()) {
            ("revision", Some(id)) => {
                found = true;
                id.clone_into(&mut original.id);
                original.id_line = statement.line;
            }
            ("down_revision" | "depends_on", _) => {
                if name == "down_revision" || original.parent_line == 0 {
                    original.parent_line = statement.line;
                }
                let ids = match &value.kind {
                    ExprKind::Sequence(items) => items.iter().filter_map(Expr::text).collect(),
                    _ => value.text().into_iter().collect::<Vec<_>>(),
                };
                for id in ids {
                    if !original.parents.iter().any(|known| known == id) {
                        original.parents.push(id.to_owned());
                    }
                }
            }
            (_, _) => {}
        }
    }
    found
}

/// Alembic writes the title on the first line of the docstring, and below it `Create Date: 2024-05-06 07:08:09`.
fn docstring(text: &str, original: &mut Original) {
    let top: Vec<&str> = text.lines().take(20).collect();
    if let Some(first) = top.first() {
        let title = first
            .trim_start_matches(['"', '\'', 'r', 'u'])
            .trim_end_matches(['"', '\''])
            .trim();
        if first.starts_with(['"', '\'']) {
            title.clone_into(&mut original.title);
        }
    }
    let date = top
        .iter()
        .find_map(|line| line.trim().strip_prefix("Create Date:"));
    let digits: String = date
        .unwrap_or("")
        .chars()
        .filter(char::is_ascii_digit)
        .take(12)
        .collect();
    if let (12, Some((day, time))) = (digits.len(), digits.split_at_checked(8)) {
        original.stamp = format!("{day}T{time}");
    }
    if original.title.is_empty() {
        let stem = original.source.name.rsplit(['/', '\\']).next().unwrap_or("");
        let words = stem.trim_end_matches(".py").replace('_', " ");
        original.title = words
            .strip_prefix(&original.id)
            .unwrap_or(&words)
            .trim()
            .to_owned();
    }
}
