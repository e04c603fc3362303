//! SQL on its way to the server, and what the server's answer means for a reader of the file.

use sqlx::postgres::{PgDatabaseError, PgErrorPosition, PgSeverity};

use crate::core::finding::{Finding, Place, Rule};
use crate::core::revision::Revision;
use crate::core::script::Statement;

/// SQL with the means to say where in a file it stands.
pub(super) struct Script<'s> {
    pub(super) sql: &'s str,
    pub(super) statements: Vec<Statement>,
    pub(super) source: Source<'s>,
    pub(super) transactional: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Source<'s> {
    /// At this byte of this revision's file.
    File(&'s Revision, usize),
    /// Only in the database.
    Stored(&'s str),
}

impl Script<'_> {
    pub(super) fn place(&self, start: usize, end: usize) -> Place {
        match self.source {
            Source::File(revision, offset) => {
                Place::in_text(&revision.file, &revision.text, offset + start, offset + end)
            }
            Source::Stored(id) => Place::in_text(format!("stored down part of {id}"), self.sql, start, end),
        }
    }
}

/// How an attempt ended, if not well.
pub(super) enum Failed {
    /// The database or a check refused it.
    Refused(Box<Refusal>),
    /// The connection broke before COMMIT was sent: nothing happened.
    Lost(sqlx::Error),
    /// The connection broke at COMMIT: it may have happened.
    Unsettled(sqlx::Error),
}

pub(super) struct Refusal {
    pub(super) finding: Finding,
    pub(super) sqlstate: Option<String>,
}

/// Lock timeout, deadlock, serialization failure: the same revision may well succeed the next time.
const RETRYABLE: [&str; 3] = ["55P03", "40P01", "40001"];

impl Refusal {
    /// Whether it is worth trying again.
    pub(super) fn may_pass(&self) -> bool {
        let code = self.sqlstate.as_deref();
        code.is_some_and(|code| RETRYABLE.contains(&code))
    }
}

/// True if the session is gone, so nobody can tell what became of a COMMIT.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
    {
        Some(error) => matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic),
        None => true,
    }
}

/// Turns the server's answer into a finding at the character it complained about.
pub(super) fn refused(error: &sqlx::Error, script: &Script<'_>, statement: Option<Statement>) -> Failed {
    let database = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    let Some(answer) = database.filter(|_| !is_lost(error)) else {
        return Failed::Lost(sqlx::Error::Protocol(error.to_string()));
    };
    let place = match (statement, answer.position()) {
        (None, _) => match script.source {
            Source::File(revision, _) => Place::file(revision.file.clone()),
            Source::Stored(_) => Place::default(),
        },
        (Some(statement), Some(PgErrorPosition::Original(position))) => {
            let text = statement.text(script.sql);
            let at = text
                .char_indices()
                .nth(position.saturating_sub(1))
                .map_or(text.len(), |(at, _)| at);
            let word = text.get(at..).map_or(1, word_length);
            script.place(statement.start + at, statement.start + at + word)
        }
        (Some(statement), Some(PgErrorPosition::Internal { .. }) | None) => {
            script.place(statement.start, statement.end)
        }
    };
    let more = [
        ("detail", answer.detail()),
        ("hint", answer.hint()),
        ("in", answer.r#where()),
    ];
    let help: Vec<String> = more
        .iter()
        .filter_map(|(name, text)| text.map(|text| format!("{name}: {text}")))
        .collect();
    let help = if help.is_empty() && script.transactional {
        "the revision was rolled back; correct it and run again".to_owned()
    } else if help.is_empty() {
        "the steps before it stay done; correct this one and run `migrate resume`".to_owned()
    } else {
        help.join("; ")
    };
    let message = format!("{} (SQLSTATE {})", answer.message(), answer.code());
    let finding = Finding::error(Rule::Q01, place, message, help);
    Failed::Refused(Box::new(Refusal {
        finding,
        sqlstate: Some(answer.code().to_owned()),
    }))
}

/// How many bytes to underline: the word the server points at.
fn word_length(text: &str) -> usize {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    end.max(1)
}
