//! What runs could not take: rows and pages, each with its reason, until it is resolved.

use kernel::{EmagAccountId, SyncRunId, Timestamp};
use serde_json::Value;
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::FailureRow;

/// The reason that is shown while a failure is being tried again.
pub(crate) const RETRYING: &str = "retrying";

/// Something a run could not take.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// `page`, `offer`, `order` or `acknowledge`.
    pub(crate) subject: &'static str,
    pub(crate) external_id: String,
    pub(crate) code: String,
    pub(crate) detail: Option<String>,
    pub(crate) raw: Option<Value>,
}

/// Puts failures on the list of a run; one that is there already gets the new reason.
pub(crate) async fn add(
    conn: &mut PgConnection,
    run: SyncRunId,
    failures: &[Failure],
) -> Result<(), sqlx::Error> {
    if failures.is_empty() {
        return Ok(());
    }
    let text = |pick: fn(&Failure) -> String| failures.iter().map(pick).collect::<Vec<_>>();
    query!(
        "WITH f AS (
             SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
                 AS f(subject, external_id, code, detail, raw)),
         again AS (
             UPDATE app.emag_sync_failures old SET code = f.code, detail = f.detail, raw = f.raw
               FROM f
              WHERE old.run_id = $1 AND old.subject = f.subject AND old.external_id = f.external_id
                AND old.resolved_at IS NULL AND f.external_id <> '?'
             RETURNING old.subject, old.external_id)
         INSERT INTO app.emag_sync_failures (run_id, subject, external_id, code, detail, raw)
         SELECT $1, f.subject, f.external_id, f.code, f.detail, f.raw FROM f
          WHERE NOT EXISTS (SELECT FROM again
                             WHERE again.subject = f.subject AND again.external_id = f.external_id)",
        run as SyncRunId,
        &text(|f| f.subject.to_owned()),
        &text(|f| f.external_id.replace('\0', "")),
        &text(|f| f.code.clone()),
        &failures
            .iter()
            .map(|f| f.detail.as_ref().map(|d| d.replace('\0', "")))
            .collect::<Vec<_>>() as _,
        &failures.iter().map(|f| f.raw.clone()).collect::<Vec<_>>() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Rows of an account that came in after all end their older failures.
pub(crate) async fn resolve(
    conn: &mut PgConnection,
    account: EmagAccountId,
    subject: &str,
    external_ids: &[String],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_failures f SET resolved_at = $4
           FROM app.emag_sync_runs r
          WHERE r.id = f.run_id AND r.account_id = $1 AND f.subject = $2 AND f.external_id = ANY($3)
            AND f.resolved_at IS NULL",
        account as EmagAccountId,
        subject,
        external_ids,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A run that left out no page has read what earlier runs of its account and kind left out, as far as it reaches back.
pub(crate) async fn resolve_covered(
    conn: &mut PgConnection,
    run: SyncRunId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_failures f SET resolved_at = $2
           FROM app.emag_sync_runs r, app.emag_sync_runs this
          WHERE this.id = $1 AND r.id = f.run_id AND r.account_id = this.account_id AND r.kind = this.kind
            AND r.id < this.id AND f.subject = 'page' AND f.resolved_at IS NULL
            AND (this.kind = 'offers' OR (r.cursor->>'from')::timestamptz >= (this.cursor->>'from')::timestamptz)
            AND NOT EXISTS (SELECT FROM app.emag_sync_failures mine
                             WHERE mine.run_id = $1 AND mine.subject = 'page' AND mine.resolved_at IS NULL)",
        run as SyncRunId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether the run left out a page.
pub(crate) async fn has_open_page(conn: &mut PgConnection, run: SyncRunId) -> Result<bool, sqlx::Error> {
    query_scalar!(
        r#"SELECT EXISTS (SELECT FROM app.emag_sync_failures
                           WHERE run_id = $1 AND subject = 'page' AND resolved_at IS NULL) AS "yes!""#,
        run as SyncRunId
    )
    .fetch_one(conn)
    .await
}

macro_rules! select {
    ($tail:tt $(, $arg:expr)*) => {
        query_as!(
            FailureRow,
            r#"SELECT id, run_id AS "run_id: SyncRunId", subject, external_id, code, detail, created_at, resolved_at
                 FROM app.emag_sync_failures "# + $tail
            $(, $arg)*
        )
    };
}

/// The first rows of what a run could not take; open ones first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    run: SyncRunId,
    limit: i64,
) -> Result<Vec<FailureRow>, sqlx::Error> {
    select!(
        "WHERE run_id = $1 ORDER BY resolved_at NULLS FIRST, id LIMIT $2",
        run as SyncRunId,
        limit
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: i64) -> Result<Option<FailureRow>, sqlx::Error> {
    select!("WHERE id = $1", id).fetch_optional(conn).await
}

/// A new reason for one that is still open.
pub(crate) async fn set_reason(
    conn: &mut PgConnection,
    id: i64,
    code: &str,
    detail: Option<&str>,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_failures SET code = $2, detail = $3 WHERE id = $1 AND resolved_at IS NULL",
        id,
        code,
        detail
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn resolve_one(conn: &mut PgConnection, id: i64, now: Timestamp) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_failures SET resolved_at = $2 WHERE id = $1 AND resolved_at IS NULL",
        id,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
