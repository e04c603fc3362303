//! What happened to an order, from the audit trail.

use kernel::{OrderId, Timestamp};
use serde_json::Value;
use sqlx::{PgConnection, query_as};

pub(crate) struct TrailRecord {
    pub(crate) table_name: String,
    pub(crate) action: String,
    pub(crate) record_id: String,
    pub(crate) actor: String,
    pub(crate) user_name: Option<String>,
    pub(crate) old_values: Option<Value>,
    pub(crate) new_values: Option<Value>,
    pub(crate) created_at: Timestamp,
}

/// The youngest entries of the order and its lines.
pub(crate) async fn list_trail(
    conn: &mut PgConnection,
    order: OrderId,
    lines: &[String],
    limit: i64,
) -> Result<Vec<TrailRecord>, sqlx::Error> {
    query_as!(
        TrailRecord,
        r#"SELECT a.table_name AS "table_name!", a.action AS "action!", a.record_id AS "record_id!", a.actor AS "actor!", u.name AS "user_name?", a.old_values, a.new_values,
                  a.created_at AS "created_at!"
             FROM (SELECT * FROM app.audit_logs WHERE table_name = 'sales_orders' AND record_id = $1
                   UNION ALL
                   SELECT * FROM app.audit_logs WHERE table_name = 'sales_order_lines' AND record_id = ANY($2)) AS a
             LEFT JOIN app.users u ON u.id = a.user_id
            ORDER BY a.id DESC LIMIT $3"#,
        order.to_string(),
        lines,
        limit
    )
    .fetch_all(conn)
    .await
}
