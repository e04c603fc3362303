//! The written house tells the truth: the code map lists what exists, the change log is open.

use std::collections::BTreeMap;

use super::{Finding, Tree};

const MAP: &str = "ARCHITECTURE.md";
const MAP_TITLE: &str = "## Code map";
const LOG: &str = "CHANGELOG.md";
const NEEDED: &[&str] = &["README.md", "CONTRIBUTING.md", "LICENSE-MIT", "LICENSE-APACHE"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = code_map(tree);
    findings.extend(change_log(tree));
    findings.extend(decisions(tree));
    for name in NEEDED {
        if !tree.files.contains_key(*name) {
            findings.push(Finding::error("papers", (name, 0), "is missing", "write it"));
        }
    }
    findings
}

fn code_map(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.files.get(MAP) else {
        let cure = format!("write it, with a table under `{MAP_TITLE}`");
        return vec![Finding::error("code-map", (MAP, 0), "is missing", cure)];
    };
    let mut findings = Vec::new();
    let mut listed: BTreeMap<&str, usize> = BTreeMap::new();
    for (line, name, purpose) in rows(text) {
        let is_crate = tree.packages.iter().any(|package| package.name == name);
        if !is_crate {
            let message = format!("`{name}` is no crate");
            findings.push(Finding::error(
                "code-map",
                (MAP, line),
                message,
                "remove the line",
            ));
        }
        if purpose.is_empty() {
            let message = format!("`{name}` has no purpose");
            findings.push(Finding::error(
                "code-map",
                (MAP, line),
                message,
                "say what it is for",
            ));
        }
        if listed.insert(name, line).is_some() {
            let message = format!("`{name}` is listed twice");
            findings.push(Finding::error(
                "code-map",
                (MAP, line),
                message,
                "remove one line",
            ));
        }
    }
    let unlisted = tree
        .packages
        .iter()
        .filter(|package| !listed.contains_key(package.name.as_str()));
    findings.extend(unlisted.map(|package| {
        let message = format!("crate `{}` is not in the code map", package.name);
        let cure = format!("add a row under `{MAP_TITLE}`");
        Finding::error("code-map", (MAP, 0), message, cure)
    }));
    findings
}

/// Rows of the table: line, name in backquotes in the second column, purpose in the last.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.lines()
        .enumerate()
        .skip_while(|(_, line)| line.trim() != MAP_TITLE)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
        .filter_map(|(index, line)| {
            let cells: Vec<&str> = line
                .trim()
                .strip_prefix('|')?
                .strip_suffix('|')?
                .split('|')
                .collect();
            let name = cells.get(1)?.trim().strip_prefix('`')?.strip_suffix('`')?;
            Some((index + 1, name, cells.last()?.trim()))
        })
}

fn change_log(tree: &Tree) -> Option<Finding> {
    let is_open = tree
        .files
        .get(LOG)
        .is_some_and(|text| text.lines().any(|line| line.trim() == "## [Unreleased]"));
    (!is_open).then(|| {
        let cure = "keep `## [Unreleased]` at the top, as Keep a Changelog has it";
        Finding::error(
            "change-log",
            (LOG, 0),
            "has no section for what is not released",
            cure,
        )
    })
}

/// `NNNN-what-was-decided.md`, each number once.
fn decisions(tree: &Tree) -> Vec<Finding> {
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, _) in tree.below("docs/decisions/", ".md") {
        let name = path.rsplit('/').next().unwrap_or(path);
        let number = name
            .get(..4)
            .filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
        let Some(number) = number.filter(|_| name.get(4..5) == Some("-")) else {
            let cure = "name it NNNN-what-was-decided.md";
            findings.push(Finding::error("decisions", (path, 0), "has no number", cure));
            continue;
        };
        if let Some(other) = numbers.insert(number, path) {
            let message = format!("has the number of {other}");
            findings.push(Finding::error(
                "decisions",
                (path, 0),
                message,
                "take the next free number",
            ));
        }
    }
    findings
}
