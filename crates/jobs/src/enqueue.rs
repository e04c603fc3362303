//! Putting a job into the queue, inside the caller's transaction.

use kernel::Timestamp;
use sqlx::PgConnection;

use crate::Job;

/// How a job is queued.
#[derive(Clone, Debug, Default)]
pub struct Enqueue {
    /// Jobs of one named queue run one after another.
    pub queue: Option<String>,
    /// A waiting job with the same key is replaced instead of doubled.
    pub key: Option<String>,
    /// With a key: keep the time of the job already waiting, so that a stream of events cannot push it back for ever.
    pub keep_time: bool,
    /// Not before.
    pub run_at: Option<Timestamp>,
    /// Smaller runs first.
    pub priority: i32,
}

impl Enqueue {
    pub fn keyed(key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn on_queue(mut self, queue: impl Into<String>) -> Self {
        self.queue = Some(queue.into());
        self
    }

    #[must_use]
    pub fn at(mut self, run_at: Timestamp) -> Self {
        self.run_at = Some(run_at);
        self
    }
}

/// After this many failures a job rests as a dead letter for a person to look at.
const ATTEMPTS_MAX: i32 = 12;

/// Queues a job; it starts after the transaction of `conn` commits.
pub async fn enqueue<J: Job>(conn: &mut PgConnection, job: &J, how: Enqueue) -> Result<(), sqlx::Error> {
    let payload = serde_json::to_value(job).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    enqueue_raw(conn, J::NAME, payload, how).await
}

pub(crate) async fn enqueue_raw(
    conn: &mut PgConnection,
    name: &str,
    payload: serde_json::Value,
    how: Enqueue,
) -> Result<(), sqlx::Error> {
    let mode = if how.keep_time {
        "preserve_run_at"
    } else {
        "replace"
    };
    sqlx::query(
        "SELECT graphile_worker.add_job($1, $2::jsonb::json, queue_name => $3, run_at => $4, max_attempts => $5, \
         job_key => $6, priority => $7, job_key_mode => $8)",
    )
    .bind(name)
    .bind(sqlx::types::Json(payload))
    .bind(how.queue)
    .bind(how.run_at)
    .bind(ATTEMPTS_MAX)
    .bind(how.key)
    .bind(how.priority)
    .bind(mode)
    .execute(conn)
    .await?;
    Ok(())
}
