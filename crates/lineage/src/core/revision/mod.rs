//! One revision: its identity, its parts, and (in the files beside) how they are read from text.
//!
//! Always holds: reading never fails as a whole; what cannot be understood becomes a finding with
//! its place. Section marks count only outside strings, quoted texts and block comments. Line
//! endings are read as LF everywhere, so a checkout with CRLF is the same revision.

mod header;
mod parts;
mod read;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::core::finding::{Place, Rule};
use crate::core::hash::TokenHash;
use crate::core::script::Statement;

pub(crate) use read::{FILE_BYTES_MAX, Reading, read, unreadable};

const ID_CHARS_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionId(String);

impl RevisionId {
    /// `None` unless the text obeys the rule above.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let reserved = matches!(text, "base" | "head");
        (letters && !reserved && (1..=ID_CHARS_MAX).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RevisionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Where in a zero-downtime change a revision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Adds what the next version needs.
    Expand,
    /// Moves data.
    Migrate,
    /// Removes what no version needs any more.
    Contract,
}

/// The SQL of one part and where it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// The SQL, line endings as LF.
    pub sql: String,
    /// Byte offset of `sql` in [`Revision::text`].
    pub offset: usize,
    /// The statements, as ranges of `sql`.
    pub statements: Vec<Statement>,
}

/// How a revision is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Down {
    /// By this SQL.
    Sql(Section),
    /// Not at all, for this reason.
    Irreversible(String),
}

/// A finding of the linter that may stand: `-- allow: L01 app.orders "empty until go-live"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Which rule.
    pub rule: Rule,
    /// About which object; `*` for any in this revision.
    pub object: String,
    /// Why, for the next reader.
    pub reason: String,
    pub(crate) place: Place,
}

/// A revision as read from its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its name in the graph.
    pub id: RevisionId,
    /// No parent for a root, several for a merge.
    pub parents: Vec<RevisionId>,
    /// What it is about, for people.
    pub title: String,
    /// Declared phase.
    pub phase: Option<Phase>,
    /// False if the header says `transaction: no`.
    pub transactional: bool,
    /// The `allow:` lines, for the linter.
    pub allows: Vec<Allow>,
    /// Ids this revision stands for, on a squash.
    pub replaces: Vec<RevisionId>,
    /// File name as given by the reader.
    pub file: String,
    /// The whole file, line endings as LF.
    pub text: String,
    /// The part that brings the schema forward.
    pub up: Section,
    /// The way back.
    pub down: Down,
    /// Queries that must return true after `up`.
    pub check: Section,
    /// What the SQL means.
    pub token_hash: TokenHash,
    /// The bytes of the file, `r1:...`.
    pub raw_hash: String,
    /// Place of the `parent:` line.
    pub(crate) parent_place: Place,
    /// Place of the `id:` line.
    pub(crate) id_place: Place,
}

impl Revision {
    /// The parents as the lock file and the history show them: `base`, an id, or ids with commas.
    pub fn parents_text(&self) -> String {
        parents_text(&self.parents)
    }

    /// The SQL of the down part; empty for an irreversible revision.
    pub fn down_sql(&self) -> &str {
        match &self.down {
            Down::Sql(section) => &section.sql,
            Down::Irreversible(_) => "",
        }
    }

    /// The place of byte `at` of `section`.
    pub fn place_in(&self, section: &Section, at: usize) -> Place {
        let at = section.offset + at;
        Place::in_text(&self.file, &self.text, at, at + 1)
    }
}

pub(crate) fn parents_text(parents: &[RevisionId]) -> String {
    if parents.is_empty() {
        return "base".to_owned();
    }
    parents
        .iter()
        .map(RevisionId::as_str)
        .collect::<Vec<_>>()
        .join(",")
}

/// The token hash of a revision with these parts.
pub(crate) fn revision_hash(up: &str, down: &str, check: &str) -> TokenHash {
    TokenHash::of(&[("up", up), ("down", down), ("check", check)])
}
