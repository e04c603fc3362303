//! Upward talk: a slice publishes what happened; whoever subscribed gets a job. The publisher knows no reader.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

/// Something that happened in a slice.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Stable name, `slice.what_happened`.
    const NAME: &'static str;
}

/// A job that hears an event. Its payload is the list of what one transaction published under that name, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub event: &'static str,
    /// Name of a job whose payload is a list of the event's shape.
    pub job: &'static str,
    /// Jobs of one named queue run one after another.
    pub queue: Option<&'static str>,
}

/// Writes the event as one job per subscriber, in the caller's transaction; a transaction that publishes a thousand
/// times still gives each subscriber one job. The key holds the transaction's number, so that two never wait for each
/// other; the queue appends to a list that waits under the same key.
pub async fn publish<E: Event>(conn: &mut PgConnection, event: &E) -> Result<(), sqlx::Error> {
    let payload = serde_json::to_value(event).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query(
        "SELECT graphile_worker.add_job(job, jsonb_build_array($2::jsonb)::json, queue_name => queue, \
                max_attempts => 12, job_key => concat_ws(':', job, event, pg_current_xact_id())) \
         FROM app.event_subscriptions WHERE event = $1",
    )
    .bind(E::NAME)
    .bind(sqlx::types::Json(payload))
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the table of subscriptions equal to what this program has; called once at start.
pub async fn register(conn: &mut PgConnection, all: &[Subscription]) -> Result<(), sqlx::Error> {
    let events: Vec<_> = all.iter().map(|s| s.event).collect();
    let jobs: Vec<_> = all.iter().map(|s| s.job).collect();
    let queues: Vec<_> = all.iter().map(|s| s.queue).collect();
    sqlx::query(
        "WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS w(event, job, queue)), \
         gone AS (DELETE FROM app.event_subscriptions s \
                  WHERE NOT EXISTS (SELECT FROM wanted w WHERE w.event = s.event AND w.job = s.job)) \
         INSERT INTO app.event_subscriptions (event, job, queue) SELECT event, job, queue FROM wanted \
         ON CONFLICT (event, job) DO UPDATE SET queue = EXCLUDED.queue",
    )
    .bind(events)
    .bind(jobs)
    .bind(queues)
    .execute(conn)
    .await?;
    Ok(())
}
