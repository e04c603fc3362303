//! The log of calls.

use emag_api::CallRecord;
use kernel::{EmagAccountId, Timestamp};
use sqlx::{PgConnection, query};

/// Adds a batch of records. PostgreSQL holds no NUL in a text, so those are taken out of hostile bodies.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    records: &[(EmagAccountId, CallRecord)],
) -> Result<(), sqlx::Error> {
    let clean = |text: &str| text.replace('\0', "");
    let millis = |record: &CallRecord| i32::try_from(record.duration.as_millis()).unwrap_or(i32::MAX);
    query!(
        "INSERT INTO app.emag_calls
             (account_id, called_at, route, method, request, status, response, verdict, attempt, duration_ms)
         SELECT c.account_id, c.called_at, c.route, c.method, c.request, c.status, c.response, c.verdict, c.attempt,
                c.duration_ms
           FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[],
                       $8::text[], $9::int[], $10::int[])
                AS c(account_id, called_at, route, method, request, status, response, verdict, attempt, duration_ms)
           JOIN app.emag_accounts a ON a.id = c.account_id",
        &records.iter().map(|(account, _)| account.0).collect::<Vec<_>>(),
        &records.iter().map(|(_, r)| r.at).collect::<Vec<_>>(),
        &records.iter().map(|(_, r)| r.path.clone()).collect::<Vec<_>>(),
        &records.iter().map(|(_, r)| r.method.as_str().to_owned()).collect::<Vec<_>>(),
        &records.iter().map(|(_, r)| clean(&r.request_body)).collect::<Vec<_>>(),
        &records.iter().map(|(_, r)| r.status.map(i32::from)).collect::<Vec<_>>() as _,
        &records.iter().map(|(_, r)| clean(&r.response_body)).collect::<Vec<_>>(),
        &records.iter().map(|(_, r)| r.verdict.to_owned()).collect::<Vec<_>>(),
        &records.iter().map(|(_, r)| i32::try_from(r.attempt).unwrap_or(i32::MAX)).collect::<Vec<_>>(),
        &records.iter().map(|(_, r)| millis(r)).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets calls older than the partner asks to keep.
pub(crate) async fn purge(conn: &mut PgConnection, before: Timestamp) -> Result<u64, sqlx::Error> {
    let done = query!("DELETE FROM app.emag_calls WHERE called_at < $1", before)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// How often each account called each address since then.
pub(crate) async fn count_since(
    conn: &mut PgConnection,
    since: Timestamp,
) -> Result<Vec<(EmagAccountId, String, i64)>, sqlx::Error> {
    let rows = query!(
        r#"SELECT account_id AS "account_id: EmagAccountId", route, count(*) AS "calls!"
             FROM app.emag_calls WHERE called_at > $1 GROUP BY account_id, route"#,
        since
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.account_id, row.route, row.calls))
        .collect())
}
