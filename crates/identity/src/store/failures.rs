//! Failed log-ins. The account is kept as a hash: people type passwords into the e-mail field.

use kernel::Timestamp;
use sqlx::{PgConnection, query, query_as};

use crate::secret::SecretHash;
use crate::throttle::Failures;

pub(crate) async fn of_account(
    conn: &mut PgConnection,
    subject: SecretHash,
    since: Timestamp,
) -> sqlx::Result<Failures> {
    query_as!(
        Failures,
        r#"SELECT count(*) AS "count!", max(failed_at) AS last FROM app.login_failures
            WHERE subject = $1 AND failed_at > $2"#,
        subject.bytes(),
        since
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn of_address(
    conn: &mut PgConnection,
    ip: &str,
    since: Timestamp,
) -> sqlx::Result<Failures> {
    query_as!(
        Failures,
        r#"SELECT count(*) AS "count!", max(failed_at) AS last FROM app.login_failures
            WHERE ip_address = $1::text::inet AND failed_at > $2"#,
        ip,
        since
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    subject: SecretHash,
    ip: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        "INSERT INTO app.login_failures (subject, ip_address, failed_at) VALUES ($1, $2::text::inet, $3)",
        subject.bytes(),
        ip,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// After a success: the account's mistakes are forgiven.
pub(crate) async fn forgive(conn: &mut PgConnection, subject: SecretHash) -> sqlx::Result<()> {
    query!(
        "DELETE FROM app.login_failures WHERE subject = $1",
        subject.bytes()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn delete_old(conn: &mut PgConnection, before: Timestamp) -> sqlx::Result<u64> {
    let done = query!("DELETE FROM app.login_failures WHERE failed_at < $1", before)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}
