//! What a job is, and what it may answer.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A unit of work that carries ids only. It may run twice and must then do nothing the second time.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Stable name, `slice_verb`; stored in the queue.
    const NAME: &'static str;
    /// What the slice's jobs need: database, clock, clients. Registered once at start.
    type Context: Clone + Send + Sync + Debug + 'static;

    fn run(self, context: Self::Context) -> impl Future<Output = Result<(), JobFailure>> + Send;
}

/// Why a job did not finish, and what should become of it.
#[derive(Debug, thiserror::Error)]
pub enum JobFailure {
    /// Not now: run the same job again after this time. Does not count as a failed attempt.
    #[error("again in {after:?}: {why}")]
    Retry { after: Duration, why: String },
    /// Never: there is nothing left to do, or nobody can do it. The reason has been recorded where people look.
    #[error("discarded: {0}")]
    Discard(String),
    /// A fault of ours; the queue tries again with growing pauses, then keeps it as a dead letter.
    #[error("{0}")]
    Fail(String),
}

impl JobFailure {
    /// What becomes of a job that ended with this error: again soon if at its bottom the database was away or two
    /// transactions were in each other's way, else a fault with its whole chain of causes.
    pub fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut passes = passes(error);
        let mut cause = error.source();
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            passes |= self::passes(inner);
            cause = inner.source();
        }
        if passes {
            return Self::Retry {
                after: DATABASE_PAUSE,
                why: text,
            };
        }
        Self::Fail(text)
    }
}

/// A restart of the database takes a few seconds; a conflict is over sooner.
const DATABASE_PAUSE: Duration = Duration::from_secs(2);

fn passes(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<sqlx::Error>().is_some_and(|error| {
        db::is_unreachable(error) || db::violation(error) == Some(db::Violation::Conflict)
    })
}

impl From<sqlx::Error> for JobFailure {
    fn from(error: sqlx::Error) -> Self {
        Self::fault(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the stock")]
    struct Stock(#[source] sqlx::Error);

    #[test]
    fn a_job_whose_database_was_away_counted_as_failed() {
        let away = Stock(sqlx::Error::PoolTimedOut);
        assert!(matches!(JobFailure::fault(&away), JobFailure::Retry { .. }));
        assert!(matches!(
            JobFailure::from(sqlx::Error::PoolTimedOut),
            JobFailure::Retry { .. }
        ));
        assert!(matches!(
            JobFailure::fault(&Stock(sqlx::Error::RowNotFound)),
            JobFailure::Fail(why) if why.starts_with("the stock: ")
        ));
    }
}
