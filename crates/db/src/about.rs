//! Questions to the PostgreSQL server about itself.

use kernel::Timestamp;
use sqlx::PgConnection;

/// Such as `16.4 (Debian 16.4-1)`.
pub async fn server_version(conn: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("SHOW server_version").fetch_one(conn).await
}

/// What its clock shows now, not when the transaction began.
pub async fn server_time(conn: &mut PgConnection) -> Result<Timestamp, sqlx::Error> {
    sqlx::query_scalar("SELECT clock_timestamp()")
        .fetch_one(conn)
        .await
}
