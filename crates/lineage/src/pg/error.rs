//! What can go wrong on the way to and in a database, as values with an exit code.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::core::finding::Finding;
use crate::core::finding::Rule;
use crate::core::report::Exit;
use crate::core::target::{Direction, TargetError};

/// Coarse class of a failure, the label of the error metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Files and database do not fit together.
    Refused,
    /// The target leads nowhere.
    Target,
    /// No connection, or lost.
    Unreachable,
    /// Another runner.
    Busy,
    /// The database refused a statement of a revision.
    Sql,
    /// A `-- >> check` query did not return true.
    Check,
    /// The engine's own statements failed.
    State,
    /// A backup could not be taken or read.
    Backup,
}

impl FailureClass {
    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Target => "target",
            Self::Unreachable => "unreachable",
            Self::Busy => "busy",
            Self::Sql => "sql",
            Self::Check => "check",
            Self::State => "state",
            Self::Backup => "backup",
        }
    }
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Server process id.
    pub pid: i32,
    /// Its application name; a runner says which revision it is at.
    pub application: String,
    /// Seconds since its present statement or transaction began.
    pub age_seconds: i64,
    /// The statement it runs or ran last, shortened.
    pub query: String,
    /// Server processes that block it.
    pub waits_for: Vec<i32>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pid,
            application,
            age_seconds,
            query,
            waits_for,
        } = self;
        write!(f, "pid {pid}, {application}, for {age_seconds} s, at: {query}")?;
        if waits_for.is_empty() {
            return Ok(());
        }
        let blockers: Vec<String> = waits_for.iter().map(ToString::to_string).collect();
        write!(f, "; it waits for pid {}", blockers.join(", "))
    }
}

/// A statement of a revision that failed; the revision was rolled back as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFailure {
    /// Which revision.
    pub revision: String,
    /// Which way it went.
    pub direction: Direction,
    /// The database's code; none for a check that was not true.
    pub sqlstate: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Where and what, for people.
    pub finding: Finding,
}

/// Why a command on a database could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Files and database do not fit together; nothing was changed.
    #[error("refused: {}", first_message(findings))]
    Refused {
        /// Why.
        findings: Vec<Finding>,
    },
    /// The target leads nowhere; nothing was changed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The database cannot be reached.
    #[error("cannot reach the database: {source}")]
    Unreachable {
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The connection broke at COMMIT and could not be opened again.
    #[error(
        "the connection broke while `{revision}` was being committed; `migrate status` tells whether it was"
    )]
    Unsettled {
        /// Which revision.
        revision: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// Another runner holds the lock.
    #[error("another runner is at work after {} s of waiting: {}", waited.as_secs(), describe(holder.as_ref()))]
    Busy {
        /// Who, if it could still be seen.
        holder: Option<Holder>,
        /// How long we waited.
        waited: Duration,
    },
    /// A connection pooler stands between.
    #[error(
        "this connection goes through a pooler that changes servers between statements; use the direct URL"
    )]
    Pooler,
    /// A statement or check of a revision failed.
    #[error("`{}` failed: {}", .0.revision, .0.finding.message)]
    Sql(Box<SqlFailure>),
    /// A backup could not be taken or read; nothing was changed.
    #[error("backup: {0}")]
    Backup(String),
    /// One of the engine's own statements failed.
    #[error("cannot {doing}: {source}")]
    State {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        #[source]
        source: sqlx::Error,
    },
}

impl EngineError {
    pub(crate) fn state(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::State { doing, source }
    }

    pub(crate) fn backup(why: impl Into<String>) -> Self {
        Self::Backup(why.into())
    }

    /// How the process should end.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Refused { findings } if findings.iter().any(|f| f.rule == Rule::S01) => Exit::Interrupted,
            Self::Refused { findings } if findings.iter().all(is_drift) => Exit::Drift,
            Self::Refused { .. } | Self::Backup(_) => Exit::Findings,
            Self::Target(_) | Self::Pooler => Exit::Usage,
            Self::Unreachable { .. } | Self::Unsettled { .. } => Exit::Unreachable,
            Self::Busy { .. } => Exit::Busy,
            Self::State { source, .. } if source.as_database_error().is_none() => Exit::Unreachable,
            Self::Sql(_) | Self::State { .. } => Exit::SqlFailed,
        }
    }

    /// Class for the error metric.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Refused { .. } => FailureClass::Refused,
            Self::Target(_) => FailureClass::Target,
            Self::Unreachable { .. } | Self::Unsettled { .. } | Self::Pooler => FailureClass::Unreachable,
            Self::Busy { .. } => FailureClass::Busy,
            Self::Sql(failure) if failure.finding.rule == Rule::Q02 => FailureClass::Check,
            Self::Sql(_) => FailureClass::Sql,
            Self::State { .. } => FailureClass::State,
            Self::Backup(_) => FailureClass::Backup,
        }
    }

    /// The database's code, if it gave one.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql(failure) => failure.sqlstate.as_deref(),
            Self::State { source, .. } | Self::Unreachable { source } | Self::Unsettled { source, .. } => {
                let error = source.as_database_error()?;
                error
                    .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                    .map(sqlx::postgres::PgDatabaseError::code)
            }
            Self::Refused { .. } | Self::Target(_) | Self::Busy { .. } | Self::Pooler | Self::Backup(_) => {
                None
            }
        }
    }

    /// The findings behind it, if any, for `--json` and for people.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Refused { findings } => findings,
            Self::Sql(failure) => std::slice::from_ref(&failure.finding),
            Self::Target(_)
            | Self::Unreachable { .. }
            | Self::Unsettled { .. }
            | Self::Busy { .. }
            | Self::Pooler
            | Self::Backup(_)
            | Self::State { .. } => &[],
        }
    }

    /// For people: the findings in full, or the one sentence.
    pub fn render_text(&self) -> String {
        let findings = self.findings();
        if findings.is_empty() {
            return format!("error: {self}\n");
        }
        findings
            .iter()
            .map(|finding| finding.render_text() + "\n")
            .collect()
    }
}

fn is_drift(finding: &Finding) -> bool {
    matches!(finding.rule, Rule::X01 | Rule::X02 | Rule::X03)
}

fn first_message(findings: &[Finding]) -> String {
    let first = findings
        .first()
        .map(|f| format!("[{}] {}", f.rule, f.message))
        .unwrap_or_default();
    if findings.len() > 1 {
        format!("{first} (and {} more)", findings.len() - 1)
    } else {
        first
    }
}

fn describe(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "it is gone by now; try again".to_owned(), ToString::to_string)
}
