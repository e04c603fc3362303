//! Every statement on the schema `lineage`. Queries are checked at run time only: this crate makes the schema itself.

mod backups;
mod snapshots;
mod steps;
mod surroundings;

pub(crate) use backups::{KeptBackup, backup_facts, find_last_backup, insert_backup};
pub(crate) use snapshots::{find_last_snapshot, find_snapshot, keep_found, keep_snapshot};
pub(crate) use steps::{StepRow, begin_step, changed_so_far, finish_step, list_steps, plan_steps, set_state};
pub(crate) use surroundings::{lock_capacity, old_transactions, rights};

use sqlx::postgres::{PgConnection, PgQueryResult, PgRow};
use sqlx::{Row as _, raw_sql};

use crate::core::revision::{Down, Revision};
use crate::pg::error::EngineError;
use crate::pg::report::AppliedRevision;

/// Version of the tables below; a program refuses a newer one.
pub(crate) const STATE_FORMAT: i32 = 2;

const CREATE: &str = include_str!("schema.sql");

/// A row of `lineage.revision`, without its SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppliedRow {
    pub(crate) id: String,
    pub(crate) parents: Vec<String>,
    pub(crate) title: String,
    pub(crate) token_hash: String,
    pub(crate) raw_hash: String,
    pub(crate) state: String,
    /// Date and time as the server writes them.
    pub(crate) applied_at: String,
    /// Format of the state tables, the same in every row.
    pub(crate) format: Option<i32>,
}

/// An applied revision with what is needed to take it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRevision {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) down_sql: Option<String>,
    pub(crate) irreversible: Option<String>,
    pub(crate) transactional: bool,
}

/// How a revision enters the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded<'w> {
    /// At once: its row is committed together with what it does.
    Applied,
    /// First as begun: it goes on step by step.
    Applying,
    /// Without being run, for this reason if it was forced.
    Stamped(Option<&'w str>),
}

/// Who does it, for the record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author<'a> {
    pub(crate) host: &'a str,
    pub(crate) tool: &'a str,
}

/// Makes schema and tables; may be called any time under the lock.
pub(crate) async fn create(conn: &mut PgConnection) -> Result<(), EngineError> {
    raw_sql(CREATE)
        .execute(conn)
        .await
        .map_err(EngineError::state("create the schema `lineage`"))?;
    Ok(())
}

/// All applied revisions in order; none if the schema does not exist. One round trip.
pub(crate) async fn list_applied(conn: &mut PgConnection) -> Result<Vec<AppliedRow>, EngineError> {
    let rows = raw_sql(
        "SELECT r.id, r.parents, r.title, r.h1, r.r1, r.state, date_trunc('second', r.started_at)::text AS at, m.format \
         FROM lineage.revision r LEFT JOIN lineage.meta m ON true ORDER BY r.seq",
    )
    .fetch_all(conn)
    .await;
    let failed = EngineError::state("read `lineage.revision`");
    match rows {
        Ok(rows) => rows
            .iter()
            .map(applied_row)
            .collect::<Result<_, _>>()
            .map_err(failed),
        Err(error) if is_missing(&error) => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}

/// No such table, or no such schema: nothing was ever applied here.
fn is_missing(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("42P01" | "3F000"))
}

fn applied_row(row: &PgRow) -> Result<AppliedRow, sqlx::Error> {
    Ok(AppliedRow {
        id: row.try_get("id")?,
        parents: row.try_get("parents")?,
        title: row.try_get("title")?,
        token_hash: row.try_get("h1")?,
        raw_hash: row.try_get("r1")?,
        state: row.try_get("state")?,
        applied_at: row.try_get("at")?,
        format: row.try_get("format")?,
    })
}

/// Says in the open transaction that `revision` is applied, or begun; fails if it is already.
/// A begun one takes over the text of the file once more when it goes on.
pub(crate) async fn insert_revision(
    conn: &mut PgConnection,
    revision: &Revision,
    recorded: Recorded<'_>,
    author: Author<'_>,
) -> Result<(), sqlx::Error> {
    let (state, event, why) = match recorded {
        Recorded::Applied => ("applied", Some("upgrade"), None),
        Recorded::Applying => ("applying", None, None),
        Recorded::Stamped(why) => ("applied", Some("stamp"), why),
    };
    let (down, irreversible) = match &revision.down {
        Down::Sql(section) => (Some(section.sql.as_str()), None),
        Down::Irreversible(reason) => (None, Some(reason.as_str())),
    };
    let parents: Vec<String> = revision.parents.iter().map(ToString::to_string).collect();
    let result = sqlx::query(
        "WITH said AS (INSERT INTO lineage.event (kind, revision, why, host, tool) \
         SELECT $14, $1, $15, $10, $11 WHERE $14::text IS NOT NULL) \
         INSERT INTO lineage.revision AS r \
         (id, parents, title, h1, r1, up_sql, down_sql, check_sql, irreversible, state, host, tool, transactional) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $12, $10, $11, $13) \
         ON CONFLICT (id) DO UPDATE SET h1 = $4, r1 = $5, up_sql = $6, down_sql = $7, check_sql = $8, \
         irreversible = $9, state = $12, parents = $2, title = $3 \
         WHERE (r.state = 'applying' AND $14 IS DISTINCT FROM 'upgrade') OR $14 = 'stamp'",
    )
    .bind(revision.id.as_str())
    .bind(parents)
    .bind(&revision.title)
    .bind(revision.token_hash.as_str())
    .bind(&revision.raw_hash)
    .bind(&revision.up.sql)
    .bind(down)
    .bind(&revision.check.sql)
    .bind(irreversible)
    .bind(author.host)
    .bind(author.tool)
    .bind(state)
    .bind(revision.transactional)
    .bind(event)
    .bind(why)
    .execute(&mut *conn)
    .await?;
    one_row(&result)
}

/// Adds to the history, in the open transaction, what happened to a revision.
pub(crate) async fn insert_event(
    conn: &mut PgConnection,
    kind: &str,
    revision: &str,
    author: Author<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO lineage.event (kind, revision, host, tool) VALUES ($1, $2, $3, $4)")
        .bind(kind)
        .bind(revision)
        .bind(author.host)
        .bind(author.tool)
        .execute(conn)
        .await?;
    Ok(())
}

fn one_row(result: &PgQueryResult) -> Result<(), sqlx::Error> {
    if result.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

/// Adds to the row of the open transaction what the revision did; exactly one row.
pub(crate) async fn complete_revision(
    conn: &mut PgConnection,
    done: &AppliedRevision,
) -> Result<(), sqlx::Error> {
    let result = sqlx::query(
        "UPDATE lineage.revision SET state = 'applied', finished_at = clock_timestamp(), duration_ms = $2, \
         tables_affected = $3, indexes_created = $4 WHERE id = $1",
    )
    .bind(&done.revision)
    .bind(done.duration_ms)
    .bind(&done.tables_affected)
    .bind(&done.indexes_created)
    .execute(conn)
    .await?;
    one_row(&result)
}

/// Takes the row out in the open transaction; exactly one row.
pub(crate) async fn delete_revision(
    conn: &mut PgConnection,
    id: &str,
    author: Author<'_>,
) -> Result<(), sqlx::Error> {
    let result = sqlx::query(
        "WITH said AS (INSERT INTO lineage.event (kind, revision, host, tool) VALUES ('downgrade', $1, $2, $3)) \
         DELETE FROM lineage.revision WHERE id = $1",
    )
    .bind(id)
    .bind(author.host)
    .bind(author.tool)
    .execute(conn)
    .await?;
    one_row(&result)
}

/// Takes the row out without taking anything back, in the open transaction; exactly one row.
pub(crate) async fn forget_revision(
    conn: &mut PgConnection,
    id: &str,
    why: Option<&str>,
    author: Author<'_>,
) -> Result<(), sqlx::Error> {
    let result = sqlx::query(
        "WITH said AS (INSERT INTO lineage.event (kind, revision, why, host, tool) VALUES ('unstamp', $1, $2, $3, $4)) \
         DELETE FROM lineage.revision WHERE id = $1",
    )
    .bind(id)
    .bind(why)
    .bind(author.host)
    .bind(author.tool)
    .execute(conn)
    .await?;
    one_row(&result)
}

/// What is recorded about a revision, if anything.
pub(crate) async fn state_of(conn: &mut PgConnection, id: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT state FROM lineage.revision WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// What is needed to take these revisions back, in the order given.
pub(crate) async fn list_stored(
    conn: &mut PgConnection,
    ids: &[String],
) -> Result<Vec<StoredRevision>, EngineError> {
    let rows = sqlx::query(
        "SELECT r.id, r.title, r.down_sql, r.irreversible, r.transactional FROM unnest($1::text[]) WITH ORDINALITY AS wanted(id, n) \
         JOIN lineage.revision r USING (id) ORDER BY wanted.n",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
    .map_err(EngineError::state("read the stored SQL"))?;
    let stored = rows.iter().map(|row| {
        Ok(StoredRevision {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            down_sql: row.try_get("down_sql")?,
            irreversible: row.try_get("irreversible")?,
            transactional: row.try_get("transactional")?,
        })
    });
    stored
        .collect::<Result<_, sqlx::Error>>()
        .map_err(EngineError::state("read the stored SQL"))
}
