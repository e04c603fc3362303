//! The steps of revisions without a transaction.

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use crate::core::target::Direction;

/// What became of a step so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepRow {
    pub(crate) number: i32,
    pub(crate) token_hash: String,
    pub(crate) done: bool,
    /// It was begun at least once; what it left behind must be looked up.
    pub(crate) begun: bool,
}

/// The steps of a revision in one direction, in order; none before it began.
pub(crate) async fn list_steps(
    conn: &mut PgConnection,
    revision: &str,
    direction: Direction,
) -> Result<Vec<StepRow>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT n, token_hash, state = 'done' AS done, attempts > 0 AS begun FROM lineage.step \
         WHERE revision = $1 AND direction = $2 ORDER BY n",
    )
    .bind(revision)
    .bind(direction.as_str())
    .fetch_all(conn)
    .await?;
    rows.iter().map(step_row).collect()
}

fn step_row(row: &PgRow) -> Result<StepRow, sqlx::Error> {
    Ok(StepRow {
        number: row.try_get("n")?,
        token_hash: row.try_get("token_hash")?,
        done: row.try_get("done")?,
        begun: row.try_get("begun")?,
    })
}

/// Writes down the steps to take, in the open transaction; those that are done keep their rows.
pub(crate) async fn plan_steps(
    conn: &mut PgConnection,
    revision: &str,
    direction: Direction,
    hashes: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH gone AS (DELETE FROM lineage.step WHERE revision = $1 AND direction = $2 AND n > cardinality($3::text[])) \
         INSERT INTO lineage.step AS s (revision, direction, n, token_hash, state) \
         SELECT $1, $2, wanted.n, wanted.hash, 'pending' FROM unnest($3) WITH ORDINALITY AS wanted(hash, n) \
         ON CONFLICT (revision, direction, n) DO UPDATE SET token_hash = excluded.token_hash WHERE s.state <> 'done'",
    )
    .bind(revision)
    .bind(direction.as_str())
    .bind(hashes)
    .execute(conn)
    .await?;
    Ok(())
}

/// Says that a step is being tried by this session; committed before it is.
pub(crate) async fn begin_step(
    conn: &mut PgConnection,
    revision: &str,
    direction: Direction,
    number: i32,
) -> Result<(), sqlx::Error> {
    let result = sqlx::query(
        "UPDATE lineage.step SET state = 'running', attempts = attempts + 1, backend_pid = pg_backend_pid(), \
         started_at = clock_timestamp(), finished_at = NULL, sqlstate = NULL \
         WHERE revision = $1 AND direction = $2 AND n = $3 AND state <> 'done'",
    )
    .bind(revision)
    .bind(direction.as_str())
    .bind(number)
    .execute(conn)
    .await?;
    super::one_row(&result)
}

/// Says what a step came to: done, or failed with this code. A done one adds to what its revision changed.
pub(crate) async fn finish_step(
    conn: &mut PgConnection,
    at: (&str, Direction, i32),
    sqlstate: Option<&str>,
    changed: &crate::pg::catalogue::Changes,
) -> Result<(), sqlx::Error> {
    let (revision, direction, number) = at;
    let result = sqlx::query(
        "WITH revision AS (UPDATE lineage.revision SET \
         tables_affected = ARRAY(SELECT DISTINCT unnest(tables_affected || $5) ORDER BY 1), \
         indexes_created = ARRAY(SELECT DISTINCT unnest(indexes_created || $6) ORDER BY 1) WHERE id = $1) \
         UPDATE lineage.step SET state = CASE WHEN $4::text IS NULL THEN 'done' ELSE 'failed' END, \
         finished_at = clock_timestamp(), sqlstate = $4 \
         WHERE revision = $1 AND direction = $2 AND n = $3 AND state <> 'done'",
    )
    .bind(revision)
    .bind(direction.as_str())
    .bind(number)
    .bind(sqlstate)
    .bind(&changed.tables)
    .bind(&changed.indexes)
    .execute(conn)
    .await?;
    super::one_row(&result)
}

/// Moves a revision's row from one state to another, in the open transaction.
pub(crate) async fn set_state(
    conn: &mut PgConnection,
    revision: &str,
    state: &str,
) -> Result<(), sqlx::Error> {
    let result = sqlx::query("UPDATE lineage.revision SET state = $2 WHERE id = $1")
        .bind(revision)
        .bind(state)
        .execute(conn)
        .await?;
    super::one_row(&result)
}

/// What a revision changed so far, step by step.
pub(crate) async fn changed_so_far(
    conn: &mut PgConnection,
    revision: &str,
) -> Result<crate::pg::catalogue::Changes, sqlx::Error> {
    let row = sqlx::query("SELECT tables_affected, indexes_created FROM lineage.revision WHERE id = $1")
        .bind(revision)
        .fetch_one(conn)
        .await?;
    Ok(crate::pg::catalogue::Changes {
        tables: row.try_get("tables_affected")?,
        indexes: row.try_get("indexes_created")?,
    })
}
