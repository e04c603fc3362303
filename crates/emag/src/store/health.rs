//! How the accounts stand, in one look.

use kernel::EmagAccountId;
use sqlx::{PgConnection, query_as};

use crate::model::{AccountHealth, FirstReading};

/// Every account in use with its run, its open failures and its questions.
pub(crate) async fn list_health(conn: &mut PgConnection) -> Result<Vec<AccountHealth>, sqlx::Error> {
    query_as!(
        AccountHealth,
        r#"SELECT a.id AS "id: EmagAccountId", a.name, a.fault, a.push_enabled,
                  EXISTS (SELECT FROM app.emag_sync_runs r
                           WHERE r.account_id = a.id AND r.state IN ('queued', 'running')) AS "running!",
                  COALESCE(open.failures, 0) AS "failures!", COALESCE(held.holds, 0) AS "holds!",
                  (SELECT max(r.finished_at) FROM app.emag_sync_runs r WHERE r.account_id = a.id) AS last_finished_at
             FROM app.emag_accounts a
             LEFT JOIN (SELECT r.account_id, count(*) AS failures
                          FROM app.emag_sync_failures f JOIN app.emag_sync_runs r ON r.id = f.run_id
                         WHERE f.resolved_at IS NULL GROUP BY r.account_id) AS open ON open.account_id = a.id
             LEFT JOIN (SELECT account_id, count(*) AS holds FROM app.emag_push_holds
                         WHERE state = 'waiting' GROUP BY account_id) AS held ON held.account_id = a.id
            WHERE a.is_active ORDER BY a.id"#
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn first_reading(conn: &mut PgConnection) -> Result<FirstReading, sqlx::Error> {
    query_as!(
        FirstReading,
        r#"SELECT (SELECT count(*) FROM app.emag_accounts WHERE opened_at IS NULL AND is_active) AS "unread_accounts!",
                  (SELECT count(*) FROM app.emag_listings) AS "offers!",
                  (SELECT count(*) FROM app.emag_orders) AS "orders!""#
    )
    .fetch_one(conn)
    .await
}
