//! Reading the audit trail. Writing is the database's own work, by triggers.

use kernel::{AuditId, Timestamp, UserId};
use sqlx::{PgConnection, query_as, query_scalar};

use crate::model::AuditEntry;

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub table: Option<String>,
    pub record_id: Option<String>,
    pub user: Option<UserId>,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub action: Option<String>,
    /// Only entries since then.
    pub since: Option<Timestamp>,
}

/// Newest first, before the given id.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &AuditFilter,
    before: Option<i64>,
    rows: i64,
) -> sqlx::Result<Vec<AuditEntry>> {
    query_as!(
        AuditEntry,
        r#"SELECT a.id AS "id: AuditId", a.user_id AS "user_id: UserId", u.name AS "user_name?", a.actor, a.action,
                  a.table_name, a.record_id, a.old_values, a.new_values, host(a.ip_address) AS ip_address, a.user_agent,
                  a.request_id, a.created_at
             FROM app.audit_logs a LEFT JOIN app.users u ON u.id = a.user_id
            WHERE ($1::text IS NULL OR a.table_name = $1) AND ($2::text IS NULL OR a.record_id = $2)
              AND ($3::bigint IS NULL OR a.user_id = $3) AND ($4::text IS NULL OR a.action = $4)
              AND ($5::timestamptz IS NULL OR a.created_at >= $5) AND ($6::bigint IS NULL OR a.id < $6)
            ORDER BY a.id DESC LIMIT $7"#,
        filter.table,
        filter.record_id,
        filter.user.map(|id| id.0),
        filter.action,
        filter.since,
        before,
        rows
    )
    .fetch_all(conn)
    .await
}

/// Tables that can appear in the trail: those with its trigger.
pub(crate) async fn tables(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"SELECT DISTINCT c.relname::text AS "table!" FROM pg_catalog.pg_trigger t
             JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
             JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE p.proname = 'audit' AND n.nspname = 'app' ORDER BY 1"#
    )
    .fetch_all(conn)
    .await
}

/// People who can appear in the trail, for the filter.
pub(crate) async fn people(conn: &mut PgConnection, rows: i64) -> sqlx::Result<Vec<(UserId, String)>> {
    let people = sqlx::query!(
        r#"SELECT id AS "id: UserId", name FROM app.users ORDER BY name, id LIMIT $1"#,
        rows
    )
    .fetch_all(conn)
    .await?;
    Ok(people.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Triggers of the trail, and those that forbid changing what only grows, that somebody switched off.
pub(crate) async fn triggers_switched_off(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"SELECT t.tgrelid::regclass::text || '.' || t.tgname AS "name!" FROM pg_catalog.pg_trigger t
            WHERE (t.tgname LIKE '%\_audit' OR t.tgname LIKE '%append\_only') AND t.tgenabled = 'D' ORDER BY 1"#
    )
    .fetch_all(conn)
    .await
}
