//! The law of the house, checked over the whole tree.
//!
//! Always holds: a check is a function of a [`Tree`] and only reads; a finding names file, line and cure; every
//! exception stands in [`law`] with its reason, and one that nobody needs any more is itself a finding.

mod code;
mod floors;
pub(crate) mod law;
mod manifests;
mod pages;
mod papers;
mod schema;
mod sources;
mod sql;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt::{self, Write as _};
use std::path::Path;

use anyhow::Result;

pub(crate) use tree::{Dependency, Package, Tree};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; stops nothing.
    Warning,
    /// The law is broken.
    Error,
}

/// One breach of the law.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the top of the repository.
    pub file: String,
    /// Counted from 1; 0 if it is about the file as a whole.
    pub line: usize,
    /// Short stable name of the rule.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub cure: String,
}

impl Finding {
    pub(crate) fn error(
        rule: &'static str,
        (file, line): (&str, usize),
        message: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            file: file.to_owned(),
            line,
            rule,
            severity: Severity::Error,
            message: message.into(),
            cure: cure.into(),
        }
    }

    pub(crate) fn into_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let place = match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        };
        write!(
            f,
            "{severity}[{}] {place}: {}\n    cure: {}",
            self.rule, self.message, self.cure
        )
    }
}

/// Everything found in one tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Sorted by file and line.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many break the law.
    pub fn errors(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count()
    }

    /// For the terminal; the counts are the last line.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for finding in &self.findings {
            // Writing to a String cannot fail.
            let _: fmt::Result = writeln!(out, "{finding}");
        }
        let errors = self.errors();
        let warnings = self.findings.len() - errors;
        let _: fmt::Result = writeln!(out, "tidy: {errors} errors, {warnings} warnings");
        out
    }
}

/// Reads the repository and checks it.
pub fn run(root: &Path) -> Result<Report> {
    Ok(check(&Tree::read(root)?))
}

/// Paths of the Rust files that use SQL macros, tests included.
pub(crate) fn sources_with_macros(root: &Path) -> Result<Vec<String>> {
    let tree = Tree::read(root)?;
    let found = tree.below("crates/", ".rs");
    Ok(found
        .filter(|(_, text)| sql::uses_macros(text))
        .map(|(path, _)| path.to_owned())
        .collect())
}

pub(crate) fn check(tree: &Tree) -> Report {
    let mut findings = Vec::new();
    findings.extend(floors::check(tree));
    findings.extend(manifests::check(tree));
    findings.extend(sources::check(tree));
    findings.extend(sql::check(tree));
    findings.extend(pages::check(tree));
    findings.extend(papers::check(tree));
    findings.extend(schema::check(tree));
    findings.sort();
    findings.dedup();
    Report { findings }
}
