//! What the engine has to say about a chain or a database, as values.
//!
//! A finding always has a stable rule id, a place and a cure. It is drawn by `draw`, or written as JSON
//! through serde; no finding is ever printed from here.

use serde::Serialize;

use crate::core::draw::{Paint, draw};
pub use crate::core::place::Place;
pub use crate::core::rule::{Rule, Severity};

/// A second place that explains a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Why it matters here.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A change of one line that would cure a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Patch {
    /// What is replaced: `place.width` characters from `place.column`.
    #[serde(flatten)]
    pub place: Place,
    /// By what.
    pub replacement: String,
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
    /// What stands beside the underlined text, if more than the message is to be said there.
    #[serde(skip)]
    pub label: String,
    /// The object it is about, as an `allow` line would name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Other places that explain it.
    pub related: Vec<Related>,
    /// What to do about it.
    pub help: String,
    /// The cure as a change of text, where one can be proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
}

impl Finding {
    /// An error at `place`.
    pub fn error(rule: Rule, place: Place, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            message: message.into(),
            place,
            label: String::new(),
            object: None,
            related: Vec::new(),
            help: help.into(),
            patch: None,
        }
    }

    /// The same with another severity.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Names the object it is about.
    #[must_use]
    pub fn about(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// Says something beside the underlined text.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, place: &Place, note: impl Into<String>) -> Self {
        self.related.push(Related {
            place: place.clone(),
            note: note.into(),
        });
        self
    }

    /// Proposes a change of text.
    #[must_use]
    pub fn with_patch(mut self, place: Place, replacement: impl Into<String>) -> Self {
        self.patch = Some(Patch {
            place,
            replacement: replacement.into(),
        });
        self
    }

    /// True if this finding stops commands that change a database.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// For people, without colours: rule and message, file, line and column, the offending text underlined, the cure.
    pub fn render_text(&self) -> String {
        self.render(Paint::Plain)
    }

    /// The same, with colours if wanted.
    pub fn render(&self, paint: Paint) -> String {
        draw(self, paint)
    }
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
