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
    /// Wraps a fault with its whole chain of causes.
    pub fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        Self::Fail(text)
    }
}

impl From<sqlx::Error> for JobFailure {
    fn from(error: sqlx::Error) -> Self {
        if db::is_unreachable(&error) || db::violation(&error) == Some(db::Violation::Conflict) {
            return Self::Retry {
                after: Duration::from_secs(2),
                why: error.to_string(),
            };
        }
        Self::fault(&error)
    }
}
