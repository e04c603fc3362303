//! What the engine has to say about a chain or a database, as values.
//!
//! A finding always has a stable rule id, a place and a cure. Rendering is plain text (file and line,
//! the offending text, the cure) or JSON through serde; no finding is ever printed from here.

use std::fmt::{self, Write as _};

use serde::Serialize;

/// The stable id of a rule. Ids are never reused; tools may rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum Rule {
    /// More than one revision without a parent.
    G01,
    /// More than one revision that is nobody's parent.
    G02,
    /// A parent that is in no file.
    G03,
    /// Revisions that are each other's ancestors.
    G04,
    /// One id in two files.
    G05,
    /// A header or section that is missing or malformed.
    G06,
    /// The lock file disagrees with the revisions.
    G07,
    /// A merge revision where the chain must be linear.
    G08,
    /// A statement the runner cannot run inside a revision (transaction control, `COPY ... FROM STDIN`).
    L25,
    /// Neither a down part nor `irreversible`.
    R01,
    /// A downgrade over a revision that was declared irreversible.
    R05,
    /// A revision was edited after it was applied.
    T01,
    /// Only comments, whitespace or case changed since.
    T02,
    /// The file of an applied revision is gone.
    T03,
    /// A revision was interrupted half way.
    S01,
    /// An index is INVALID.
    S02,
    /// A constraint was left NOT VALID.
    S03,
    /// The database is ahead of these files.
    S04,
    /// The database is behind these files.
    S06,
    /// The state tables cannot be understood.
    X04,
    /// Valid in the format, but not offered by this version of the engine.
    U01,
    /// The database refused a statement.
    Q01,
    /// A `-- >> check` query did not return true.
    Q02,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// How bad a finding is. Only errors stop the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably a mistake; nothing is stopped.
    Warning,
    /// Stops every command that would change a database.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A spot in a file. Lines and columns count from 1, columns in characters; line 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Place {
    /// File name as given by the reader of the chain; empty when the finding is about no file.
    pub file: String,
    /// Line, from 1; 0 for the whole file.
    pub line: usize,
    /// Column in characters, from 1; 0 for the whole line.
    pub column: usize,
    /// The text of that line, for rendering.
    #[serde(skip)]
    pub text: String,
    /// How many characters to underline.
    #[serde(skip)]
    pub width: usize,
}

impl Place {
    /// The file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            ..Self::default()
        }
    }

    /// The characters `start..end` (byte offsets, clamped to the text) of `source`.
    pub fn in_text(file: impl Into<String>, source: &str, start: usize, end: usize) -> Self {
        let start = floor_boundary(source, start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |at| start + at);
        let end = floor_boundary(source, end).clamp(start, line_end);
        Self {
            file: file.into(),
            line: source[..start].bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            text: source[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: source[start..end].chars().count().max(1),
        }
    }
}

/// The nearest character boundary at or below `at`.
pub(crate) fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A second place that explains a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// File name.
    pub file: String,
    /// Line, from 1; 0 for the whole file.
    pub line: usize,
    /// Why it matters here; not part of the JSON contract.
    #[serde(skip)]
    pub note: String,
    /// The text of the line.
    #[serde(skip)]
    pub text: String,
}

/// One thing found, where, and how to cure it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable rule id.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, without a final stop.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Other places that explain it.
    pub related: Vec<Related>,
    /// What to do about it.
    pub help: String,
}

impl Finding {
    /// An error at `place`.
    pub fn error(rule: Rule, place: Place, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            message: message.into(),
            place,
            related: Vec::new(),
            help: help.into(),
        }
    }

    /// The same with another severity.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, place: &Place, note: impl Into<String>) -> Self {
        self.related.push(Related {
            file: place.file.clone(),
            line: place.line,
            note: note.into(),
            text: place.text.clone(),
        });
        self
    }

    /// True if this finding stops commands that change a database.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// For a terminal: rule and message, file, line and column, the offending text underlined, the cure.
    pub fn render_text(&self) -> String {
        let mut out = format!("{}[{}]: {}\n", self.severity, self.rule, clean(&self.message));
        render_place(&mut out, &self.place);
        for related in &self.related {
            push_line(
                &mut out,
                format_args!("  ::: {}", location(&related.file, related.line, 0)),
            );
            if related.line > 0 && !related.text.is_empty() {
                push_line(
                    &mut out,
                    format_args!("{} | {}", related.line, clean(&related.text)),
                );
            }
            if !related.note.is_empty() {
                push_line(&mut out, format_args!("      {}", clean(&related.note)));
            }
        }
        if !self.help.is_empty() {
            push_line(&mut out, format_args!("help: {}", self.help));
        }
        out
    }
}

fn push_line(out: &mut String, line: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: fmt::Result = writeln!(out, "{line}");
}

fn render_place(out: &mut String, place: &Place) {
    if place.file.is_empty() {
        return;
    }
    push_line(
        out,
        format_args!("  --> {}", location(&place.file, place.line, place.column)),
    );
    if place.line == 0 || place.text.is_empty() {
        return;
    }
    let number = place.line.to_string();
    push_line(out, format_args!("{number} | {}", clean(&place.text)));
    if place.column > 0 {
        let gutter = " ".repeat(number.len());
        let before = " ".repeat(place.column - 1);
        push_line(
            out,
            format_args!("{gutter} | {before}{}", "^".repeat(place.width.max(1))),
        );
    }
}

fn location(file: &str, line: usize, column: usize) -> String {
    match (line, column) {
        (0, _) => file.to_owned(),
        (_, 0) => format!("{file}:{line}"),
        (_, _) => format!("{file}:{line}:{column}"),
    }
}

/// A revision is untrusted text: control characters must not reach a terminal.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect()
}

/// How many findings of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Findings that stop the engine.
    pub errors: usize,
    /// Probable mistakes.
    pub warnings: usize,
    /// Remarks.
    pub notes: usize,
}

impl Summary {
    /// Counts `findings`.
    pub fn of(findings: &[Finding]) -> Self {
        let count = |severity| {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }
}
