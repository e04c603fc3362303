//! `lineage.lock`: one line per revision in order, so that two branches which both add a revision
//! meet in a git conflict instead of in production.
//!
//! A line is `id parent h1:<token hash> r1:<raw hash>`; the last line is the head. Always written whole.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::revision::Revision;

/// Name of the lock file inside the directory of revisions.
pub const LOCK_FILE: &str = "lineage.lock";
/// After so many differences the cure is the same anyway.
const DIFFERENCES_MAX: usize = 20;
const CURE: &str =
    "if the revisions are right, run `migrate rebless`; if not, restore them from version control";

/// One line of the lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockLine {
    /// Revision id.
    pub id: String,
    /// `base`, an id, or ids separated by commas.
    pub parents: String,
    /// `h1:...`
    pub token_hash: String,
    /// `r1:...`
    pub raw_hash: String,
    /// Line number, from 1.
    pub line: usize,
}

/// The lock file, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// The lines.
    pub lines: Vec<LockLine>,
}

impl Lock {
    /// The lock of these revisions (in topological order).
    pub fn of(revisions: &[Revision]) -> Self {
        let lines = revisions.iter().enumerate().map(|(at, revision)| LockLine {
            id: revision.id.to_string(),
            parents: revision.parents_text(),
            token_hash: revision.token_hash.to_string(),
            raw_hash: revision.raw_hash.clone(),
            line: at + 1,
        });
        Self {
            lines: lines.collect(),
        }
    }

    /// The text of the file.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            // Writing to a String cannot fail.
            let _: std::fmt::Result = writeln!(
                out,
                "{} {} {} {}",
                line.id, line.parents, line.token_hash, line.raw_hash
            );
        }
        out
    }

    /// Reads the file; lines that are none become findings.
    pub fn parse(file: &str, text: &str) -> (Self, Vec<Finding>) {
        let mut lock = Self::default();
        let mut findings = Vec::new();
        let mut at = 0;
        for (number, raw) in text.split_inclusive('\n').enumerate() {
            let line = raw.trim();
            let start = at;
            at += raw.len();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut fields = line.split_whitespace();
            let four = [fields.next(), fields.next(), fields.next(), fields.next()];
            if let [Some(id), Some(parents), Some(token), Some(raw)] = four
                && fields.next().is_none()
                && token.starts_with("h1:")
                && raw.starts_with("r1:")
            {
                lock.lines.push(LockLine {
                    id: id.to_owned(),
                    parents: parents.to_owned(),
                    token_hash: token.to_owned(),
                    raw_hash: raw.to_owned(),
                    line: number + 1,
                });
            } else if findings.len() < DIFFERENCES_MAX {
                let place = Place::in_text(file, text, start, start + raw.trim_end().len());
                findings.push(bad_line(line, place));
            }
        }
        (lock, findings)
    }

    /// Every way in which the lock disagrees with the revisions (in topological order).
    pub(crate) fn compare(&self, file: &str, revisions: &[Revision]) -> Vec<Finding> {
        let wanted = Self::of(revisions);
        let known: HashMap<&str, &LockLine> =
            self.lines.iter().map(|line| (line.id.as_str(), line)).collect();
        let mut findings = Vec::new();
        for (revision, want) in revisions.iter().zip(&wanted.lines) {
            match known.get(want.id.as_str()) {
                None => findings.push(Finding::error(
                    Rule::G07,
                    revision.id_place.clone(),
                    format!("`{}` is not in {LOCK_FILE}", want.id),
                    CURE,
                )),
                Some(have) => findings.extend(differs(file, have, want, revision)),
            }
        }
        let present: HashMap<&str, usize> = wanted
            .lines
            .iter()
            .map(|line| (line.id.as_str(), line.line))
            .collect();
        for gone in self
            .lines
            .iter()
            .filter(|line| !present.contains_key(line.id.as_str()))
        {
            let message = format!("`{}` is in {LOCK_FILE}, but there is no such revision", gone.id);
            findings.push(Finding::error(Rule::G07, self.place(file, gone), message, CURE));
        }
        let same_ids = findings.is_empty() && self.lines.len() == wanted.lines.len();
        let moved = self
            .lines
            .iter()
            .zip(&wanted.lines)
            .find(|(have, want)| have.id != want.id);
        if let (true, Some((have, want))) = (same_ids, moved) {
            let message = format!("`{}` stands where `{}` belongs", have.id, want.id);
            findings.push(Finding::error(Rule::G07, self.place(file, have), message, CURE));
        } else if findings.is_empty() && self.lines.len() != wanted.lines.len() {
            let message = format!(
                "{} lines for {} revisions; one is given twice",
                self.lines.len(),
                wanted.lines.len()
            );
            findings.push(Finding::error(Rule::G07, Place::file(file), message, CURE));
        }
        findings.truncate(DIFFERENCES_MAX);
        findings
    }

    fn place(&self, file: &str, line: &LockLine) -> Place {
        debug_assert!(
            self.lines.iter().any(|own| own.line == line.line),
            "the line is ours"
        );
        let text = format!(
            "{} {} {} {}",
            line.id, line.parents, line.token_hash, line.raw_hash
        );
        Place {
            file: file.to_owned(),
            line: line.line,
            column: 1,
            width: line.id.chars().count(),
            text,
        }
    }
}

fn differs(file: &str, have: &LockLine, want: &LockLine, revision: &Revision) -> Option<Finding> {
    let at_lock = Place {
        file: file.to_owned(),
        line: have.line,
        ..Place::default()
    };
    if have.parents != want.parents {
        let message = format!(
            "the parent of `{}` is `{}`, {LOCK_FILE} says `{}`",
            want.id, want.parents, have.parents
        );
        let finding = Finding::error(Rule::G07, revision.parent_place.clone(), message, CURE);
        return Some(finding.related(&at_lock, "the lock"));
    }
    if have.token_hash != want.token_hash {
        let message = format!("the SQL of `{}` is not the SQL in {LOCK_FILE}", want.id);
        let help = "if it is not applied anywhere yet, run `migrate rebless`; if it is, restore the file and write a new revision";
        let finding = Finding::error(Rule::G07, Place::file(revision.file.clone()), message, help);
        return Some(finding.related(&at_lock, "the lock"));
    }
    (have.raw_hash != want.raw_hash).then(|| {
        let message = format!(
            "only comments, whitespace or case changed in `{}` since the lock was written",
            want.id
        );
        let help = "nothing to do; `migrate rebless` silences this note";
        Finding::error(Rule::T02, Place::file(revision.file.clone()), message, help)
            .with_severity(Severity::Note)
    })
}

fn bad_line(line: &str, place: Place) -> Finding {
    let conflict = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
        .iter()
        .any(|mark| line.starts_with(mark));
    if conflict {
        let help = "two branches added a revision: set the `parent:` of yours to the other's head, then run `migrate rebless`";
        return Finding::error(Rule::G07, place, "an unsolved merge conflict", help);
    }
    let help = "a line is `id parent h1:<hash> r1:<hash>`; run `migrate rebless` to write the file anew";
    Finding::error(Rule::G07, place, "this is not a line of a lock file", help)
}
