//! What came of an adoption.

use std::fmt::Write as _;

use serde::Serialize;

use crate::core::report::{Exit, Findings, Report};

/// Tools whose directories are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// Revisions in Python.
    Alembic,
    /// `V1__title.sql`, `U1__title.sql`, `R__title.sql`.
    Flyway,
    /// `1_title.up.sql`, `1_title.down.sql`.
    GolangMigrate,
    /// `1_title.sql` with `-- migrate:up` and `-- migrate:down`.
    Dbmate,
    /// `1_title.sql`, or `.up.sql` and `.down.sql`.
    Sqlx,
}

impl Tool {
    /// As it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alembic => "Alembic",
            Self::Flyway => "Flyway",
            Self::GolangMigrate => "golang-migrate",
            Self::Dbmate => "dbmate",
            Self::Sqlx => "sqlx",
        }
    }
}

/// One revision, in the order in which the new chain has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// Its id here.
    pub id: String,
    /// Its id there.
    pub original: String,
    /// Its file there.
    pub source: String,
    /// Its title.
    pub title: String,
    /// How many operations could not be read.
    pub unread: usize,
    /// The new file, if one was written.
    pub file: Option<String>,
}

/// What was read, what is wrong with it, and what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdoptReport {
    /// The other tool.
    pub tool: Tool,
    /// The revisions in the proposed order.
    pub revisions: Vec<Adopted>,
    /// What was found, at the places of the originals.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for AdoptReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        for one in &self.revisions {
            let unread = match one.unread {
                0 => String::new(),
                count => format!(", {count} to be written by hand"),
            };
            let file = one.file.as_deref().unwrap_or("not written");
            // Writing to a String cannot fail.
            let _: std::fmt::Result = writeln!(out, "{} -> {file}{unread}", one.source);
        }
        let unread: usize = self.revisions.iter().map(|one| one.unread).sum();
        let summary = self.found.summary;
        let _: std::fmt::Result = writeln!(
            out,
            "{} revisions of {}: {} errors, {} warnings; {unread} operations to be written by hand",
            self.revisions.len(),
            self.tool.name(),
            summary.errors,
            summary.warnings
        );
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}
