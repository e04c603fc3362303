//! What the server allows and who is in the way.

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

/// What our role may do.
#[derive(Debug)]
pub(crate) struct Rights {
    /// Quoted as SQL wants it.
    pub(crate) user: String,
    /// Quoted as SQL wants it.
    pub(crate) database: String,
    pub(crate) may_create_schema: bool,
    pub(crate) may_create_databases: bool,
}

/// Asks what our role may do.
pub(crate) async fn rights(conn: &mut PgConnection) -> Result<Rights, sqlx::Error> {
    let row = sqlx::query(
        "SELECT quote_ident(current_user) AS user, quote_ident(current_database()) AS database, \
         has_database_privilege(current_database(), 'CREATE') AS create_schema, \
         (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS create_databases",
    )
    .fetch_one(conn)
    .await?;
    Ok(Rights {
        user: row.try_get("user")?,
        database: row.try_get("database")?,
        may_create_schema: row.try_get("create_schema")?,
        may_create_databases: row.try_get("create_databases")?,
    })
}

/// Transactions of this database older than so many seconds, prepared ones too: who, and how old.
pub(crate) async fn old_transactions(
    conn: &mut PgConnection,
    seconds: i32,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT format('the transaction of pid %s (%s)', pid, application_name) AS what, \
         extract(epoch FROM clock_timestamp() - xact_start)::bigint AS age \
         FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND xact_start < clock_timestamp() - make_interval(secs => $1) \
         UNION ALL SELECT format('the prepared transaction %L', gid), \
         extract(epoch FROM clock_timestamp() - prepared)::bigint \
         FROM pg_prepared_xacts WHERE database = current_database() \
         AND prepared < clock_timestamp() - make_interval(secs => $1) ORDER BY 2 DESC",
    )
    .bind(seconds)
    .fetch_all(conn)
    .await?;
    let read = |row: &PgRow| Ok((row.try_get("what")?, row.try_get("age")?));
    rows.iter().map(read).collect()
}

/// How many locks on objects the server can hold in all.
pub(crate) async fn lock_capacity(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT current_setting('max_locks_per_transaction')::bigint \
         * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint)",
    )
    .fetch_one(conn)
    .await
}
