//! Runs and what they could not take.

use kernel::{EmagAccountId, SyncRunId, Timestamp, UserId};
use serde_json::Value;
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::{Run, RunKind, RunMode, RunState, Tally};

macro_rules! select {
    ($tail:tt $(, $arg:expr)*) => {
        query_as!(
            Run,
            r#"SELECT id AS "id: SyncRunId", account_id AS "account_id: EmagAccountId", kind AS "kind: RunKind",
                      mode AS "mode: RunMode", state AS "state: RunState", cursor, pages_done, pages_total, rows_read,
                      rows_created, rows_changed, rows_unchanged, rows_refused, error_code, error_detail,
                      started_by AS "started_by: UserId", queued_at, started_at, heartbeat_at, finished_at
                 FROM app.emag_sync_runs "# + $tail
            $(, $arg)*
        )
    };
}

pub(crate) async fn find(conn: &mut PgConnection, id: SyncRunId) -> Result<Option<Run>, sqlx::Error> {
    select!("WHERE id = $1", id as SyncRunId)
        .fetch_optional(conn)
        .await
}

/// The newest runs of an account, or of all; those before the given one.
pub(crate) async fn list_recent(
    conn: &mut PgConnection,
    account: Option<EmagAccountId>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Run>, sqlx::Error> {
    select!(
        "WHERE ($1::bigint IS NULL OR account_id = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        account.map(|id| id.0),
        before,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The run that is queued or running for this account and kind.
pub(crate) async fn find_open(
    conn: &mut PgConnection,
    account: EmagAccountId,
    kind: RunKind,
) -> Result<Option<Run>, sqlx::Error> {
    select!(
        "WHERE account_id = $1 AND kind = $2 AND state IN ('queued', 'running')",
        account as EmagAccountId,
        kind.code()
    )
    .fetch_optional(conn)
    .await
}

/// Runs that nobody has touched since `before`: their process died.
pub(crate) async fn list_orphans(
    conn: &mut PgConnection,
    before: Timestamp,
) -> Result<Vec<Run>, sqlx::Error> {
    select!(
        "WHERE state IN ('queued', 'running') AND COALESCE(heartbeat_at, queued_at) < $1 ORDER BY id",
        before
    )
    .fetch_all(conn)
    .await
}

/// `None` when one is open already (index `emag_sync_runs_one`).
pub(crate) async fn insert(
    conn: &mut PgConnection,
    account: EmagAccountId,
    kind: RunKind,
    mode: RunMode,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<Option<SyncRunId>, sqlx::Error> {
    query_scalar!(
        r#"INSERT INTO app.emag_sync_runs (account_id, kind, mode, started_by, queued_at)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (account_id, kind) WHERE state IN ('queued', 'running') DO NOTHING
           RETURNING id AS "id: SyncRunId""#,
        account as EmagAccountId,
        kind.code(),
        mode.code(),
        by as Option<UserId>,
        now
    )
    .fetch_optional(conn)
    .await
}

/// One run per account and kind works at a time, in all processes; the lock ends with the transaction or its process.
pub(crate) async fn try_lock(
    conn: &mut PgConnection,
    account: EmagAccountId,
    kind: RunKind,
) -> Result<bool, sqlx::Error> {
    let name = format!("emag-run-{account}-{}", kind.code());
    query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "got!""#,
        name
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn begin(conn: &mut PgConnection, id: SyncRunId, now: Timestamp) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_runs
            SET state = 'running', started_at = COALESCE(started_at, $2), heartbeat_at = $2
          WHERE id = $1 AND state IN ('queued', 'running')",
        id as SyncRunId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Saves the cursor and counts together with the page they tell of.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    id: SyncRunId,
    cursor: &Value,
    tally: Tally,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_runs
            SET cursor = $2, pages_done = pages_done + 1, rows_read = rows_read + $3, rows_created = rows_created + $4,
                rows_changed = rows_changed + $5, rows_unchanged = rows_unchanged + $6,
                rows_refused = rows_refused + $7, heartbeat_at = $8
          WHERE id = $1",
        id as SyncRunId,
        cursor,
        tally.read,
        tally.created,
        tally.changed,
        tally.unchanged,
        tally.refused,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps the span an order import covers, or another change of the cursor alone.
pub(crate) async fn set_cursor(
    conn: &mut PgConnection,
    id: SyncRunId,
    cursor: &Value,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_runs SET cursor = $2, heartbeat_at = $3 WHERE id = $1",
        id as SyncRunId,
        cursor,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn beat(
    conn: &mut PgConnection,
    id: SyncRunId,
    pages_total: Option<i32>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_runs SET heartbeat_at = $2, pages_total = COALESCE($3, pages_total) WHERE id = $1",
        id as SyncRunId,
        now,
        pages_total
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a run: done, or partial when something is on its list.
pub(crate) async fn finish(
    conn: &mut PgConnection,
    id: SyncRunId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_runs r
            SET state = CASE WHEN EXISTS (SELECT FROM app.emag_sync_failures f
                                           WHERE f.run_id = r.id AND f.resolved_at IS NULL)
                             THEN 'partial' ELSE 'done' END,
                finished_at = $2, heartbeat_at = $2
          WHERE r.id = $1 AND r.state IN ('queued', 'running')",
        id as SyncRunId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn fail(
    conn: &mut PgConnection,
    id: SyncRunId,
    code: &str,
    detail: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_runs
            SET state = 'failed', error_code = $2, error_detail = $3, finished_at = $4, heartbeat_at = $4
          WHERE id = $1 AND state IN ('queued', 'running')",
        id as SyncRunId,
        code,
        detail,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Runs that were partial and whose list is empty by now are done after all.
pub(crate) async fn close_partial(
    conn: &mut PgConnection,
    account: EmagAccountId,
    kind: RunKind,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_sync_runs r SET state = 'done'
          WHERE r.account_id = $1 AND r.kind = $2 AND r.state = 'partial'
            AND NOT EXISTS (SELECT FROM app.emag_sync_failures f WHERE f.run_id = r.id AND f.resolved_at IS NULL)",
        account as EmagAccountId,
        kind.code()
    )
    .execute(conn)
    .await?;
    Ok(())
}
