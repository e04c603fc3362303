//! SQL stands in the store of a slice, or in a kit that owns a table.

use super::code::{code_only, has_word, without_comments};
use super::law::{NEVER_DELETED, PLACES, Place, SLICES, SQL_KITS};
use super::tree::Source;
use super::{Finding, Tree};

/// Checked against the database when compiled.
const MACROS: &[&str] = &[
    "query!",
    "query_as!",
    "query_scalar!",
    "query_unchecked!",
    "query_as_unchecked!",
    "query_scalar_unchecked!",
    "query_file!",
    "query_file_as!",
];
/// Not checked by anybody before it runs.
const FUNCTIONS: &[&str] = &[
    "sqlx::query",
    "sqlx::query_as",
    "sqlx::query_scalar",
    "sqlx::query_with",
    "sqlx::raw_sql",
    "QueryBuilder",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.product_sources()
        .flat_map(|source| {
            let mut findings = misplaced(source);
            findings.extend(deletes(source));
            findings
        })
        .collect()
}

/// True if the text of this file uses macros that read the query cache.
pub(crate) fn uses_macros(text: &str) -> bool {
    code_only(text)
        .lines()
        .any(|line| mentions(line, MACROS).is_some())
}

fn mentions<'a>(line: &str, words: &[&'a str]) -> Option<&'a str> {
    words.iter().copied().find(|word| has_word(line, word))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Store,
    Search,
    Kit,
    Elsewhere,
}

fn room(source: Source<'_>) -> Room {
    let is_slice = PLACES
        .iter()
        .any(|(name, place)| *name == source.package && matches!(place, Place::Floor(SLICES, _)));
    if SQL_KITS.iter().any(|(name, _)| *name == source.package) {
        return Room::Kit;
    }
    match source.inside {
        "src/store/search.rs" if is_slice => Room::Search,
        "src/store.rs" if is_slice => Room::Store,
        inside if is_slice && inside.starts_with("src/store/search/") => Room::Search,
        inside if is_slice && inside.starts_with("src/store/") => Room::Store,
        _ => Room::Elsewhere,
    }
}

fn misplaced(source: Source<'_>) -> Vec<Finding> {
    let room = room(source);
    let code = code_only(source.text);
    let mut findings = Vec::new();
    for (index, line) in code.lines().enumerate() {
        // An import names the type without using it.
        if line.trim_start().starts_with("use ") {
            continue;
        }
        let checked = mentions(line, MACROS);
        let unchecked = mentions(line, FUNCTIONS).filter(|_| checked.is_none());
        let complaint = match room {
            Room::Search | Room::Kit => None,
            Room::Store => unchecked.map(|word| format!("`{word}` is not checked when compiled")),
            Room::Elsewhere => checked
                .or(unchecked)
                .map(|word| format!("`{word}` outside a store")),
        };
        let cure = match room {
            Room::Store => "use the macro; only store/search.rs builds its statements",
            Room::Search | Room::Kit | Room::Elsewhere => {
                "move the statement to store.rs of the slice that owns the table, and ask the slice"
            }
        };
        let place = (source.path, index + 1);
        findings.extend(complaint.map(|complaint| Finding::error("sql-place", place, complaint, cure)));
    }
    findings
}

/// Some parents are never deleted, and the schema relies on it.
fn deletes(source: Source<'_>) -> Vec<Finding> {
    let text = without_comments(source.text);
    let mut findings = Vec::new();
    for (table, reason) in NEVER_DELETED {
        let words = format!("DELETE FROM app.{table}");
        for (index, line) in text.lines().enumerate() {
            if has_word(line, &words) {
                findings.push(Finding::error(
                    "never-deleted",
                    (source.path, index + 1),
                    format!("deletes from app.{table}"),
                    format!(
                        "{reason}; or give every key that points to it an index and take it off NEVER_DELETED"
                    ),
                ));
            }
        }
    }
    findings
}
