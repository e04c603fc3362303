//! Figures for the dashboard and the tabs.

use chrono::NaiveDate;
use kernel::{OrderId, OrderLineId, Timestamp};
use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::{Channel, OrderStatus};
use crate::search::DeskOrder;

pub(crate) async fn count_to_ship(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    query_scalar!(
        r#"SELECT count(*) AS "orders!" FROM app.sales_orders
            WHERE status IN ('new', 'confirmed', 'packed') AND fulfilment = 'own'"#
    )
    .fetch_one(conn)
    .await
}

pub(crate) struct DeskRecord {
    pub(crate) to_ship: i64,
    pub(crate) overdue: i64,
    pub(crate) short_orders: i64,
    pub(crate) unresolved_lines: i64,
}

pub(crate) async fn count_desk(conn: &mut PgConnection, now: Timestamp) -> Result<DeskRecord, sqlx::Error> {
    query_as!(
        DeskRecord,
        r#"SELECT count(*) FILTER (WHERE fulfilment = 'own') AS "to_ship!",
                  count(*) FILTER (WHERE fulfilment = 'own' AND ship_by < $1) AS "overdue!",
                  count(*) FILTER (WHERE short_lines > 0) AS "short_orders!",
                  COALESCE(sum(unresolved_lines), 0)::bigint AS "unresolved_lines!"
             FROM app.sales_orders WHERE status IN ('new', 'confirmed', 'packed')"#,
        now
    )
    .fetch_one(conn)
    .await
}

/// Open orders that we ship, by deadline.
pub(crate) async fn list_deadlines(
    conn: &mut PgConnection,
    rows: i64,
) -> Result<Vec<DeskOrder>, sqlx::Error> {
    query_as!(
        DeskOrder,
        r#"SELECT o.id AS "id: OrderId", o.number, c.name AS customer, o.ship_by AS "ship_by!", o.short_lines,
                  o.unresolved_lines
             FROM app.sales_orders o JOIN app.customers c ON c.id = o.customer_id
            WHERE o.status IN ('new', 'confirmed', 'packed') AND o.fulfilment = 'own' AND o.ship_by IS NOT NULL
            ORDER BY o.ship_by, o.id LIMIT $1"#,
        rows
    )
    .fetch_all(conn)
    .await
}

pub(crate) struct SalesDayRecord {
    pub(crate) day: NaiveDate,
    pub(crate) orders: i64,
    pub(crate) gross: Decimal,
}

/// Orders that count as sales, by the day in Bucharest on which they were placed; days without any are there too.
pub(crate) async fn sum_sales_per_day(
    conn: &mut PgConnection,
    from: NaiveDate,
    to: NaiveDate,
    currency: &str,
) -> Result<Vec<SalesDayRecord>, sqlx::Error> {
    query_as!(
        SalesDayRecord,
        r#"WITH sold AS (
               SELECT (placed_at AT TIME ZONE 'Europe/Bucharest')::date AS day, count(*) AS orders,
                      sum(total_gross) AS gross
                 FROM app.sales_orders
                WHERE placed_at >= $1::date::timestamp AT TIME ZONE 'Europe/Bucharest'
                  AND placed_at < ($2::date + 1)::timestamp AT TIME ZONE 'Europe/Bucharest'
                  AND status NOT IN ('cancelled', 'returned') AND currency = $3
                GROUP BY 1)
           SELECT days.day::date AS "day!", COALESCE(sold.orders, 0) AS "orders!", COALESCE(sold.gross, 0) AS "gross!"
             FROM generate_series($1::date, $2::date, interval '1 day') AS days(day)
             LEFT JOIN sold ON sold.day = days.day::date
            ORDER BY 1"#,
        from,
        to,
        currency
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn company_currency(conn: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    query_scalar!("SELECT currency FROM app.company")
        .fetch_optional(conn)
        .await
}

/// Orders per status, each counted up to `most`.
pub(crate) async fn count_by_status(
    conn: &mut PgConnection,
    most: i64,
) -> Result<Vec<(OrderStatus, i64)>, sqlx::Error> {
    let rows = query!(
        r#"SELECT s.status AS "status!: OrderStatus", counted.n AS "n!"
             FROM unnest($1::text[]) AS s(status),
                  LATERAL (SELECT count(*) AS n
                             FROM (SELECT FROM app.sales_orders o WHERE o.status = s.status LIMIT $2) AS few) AS counted"#,
        OrderStatus::ALL as &[OrderStatus],
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.status, row.n)).collect())
}

pub(crate) async fn count_attention(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    query_scalar!(
        r#"SELECT count(*) AS "n!" FROM app.sales_orders
            WHERE (unresolved_lines > 0 OR short_lines > 0) AND status IN ('new', 'confirmed', 'packed')"#
    )
    .fetch_one(conn)
    .await
}

pub(crate) struct UnresolvedRecord {
    pub(crate) line_id: OrderLineId,
    pub(crate) order_id: OrderId,
    pub(crate) order_number: String,
    pub(crate) channel: Channel,
    pub(crate) channel_account: i64,
    pub(crate) sku: Option<String>,
    pub(crate) external_product_id: Option<String>,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) placed_at: Timestamp,
}

/// Lines of orders that are still open whose article nobody knows, by line number.
pub(crate) async fn list_unresolved(
    conn: &mut PgConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<UnresolvedRecord>, sqlx::Error> {
    query_as!(
        UnresolvedRecord,
        r#"SELECT l.id AS "line_id: OrderLineId", o.id AS "order_id: OrderId", o.number AS order_number,
                  o.channel AS "channel: Channel", o.channel_account, l.sku, l.external_product_id, l.name, l.quantity, o.placed_at
             FROM app.sales_order_lines l JOIN app.sales_orders o ON o.id = l.order_id
            WHERE l.product_id IS NULL AND l.status = 'active' AND o.status IN ('new', 'confirmed', 'packed')
              AND l.id > $1
            ORDER BY l.id LIMIT $2"#,
        after,
        limit
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn count_unresolved(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    query_scalar!(
        r#"SELECT count(*) AS "n!" FROM app.sales_order_lines l JOIN app.sales_orders o ON o.id = l.order_id
            WHERE l.product_id IS NULL AND l.status = 'active' AND o.status IN ('new', 'confirmed', 'packed')"#
    )
    .fetch_one(conn)
    .await
}

pub(crate) struct StockFinding {
    pub(crate) line_id: OrderLineId,
    pub(crate) order_id: OrderId,
    pub(crate) number: String,
    pub(crate) problem: String,
}

/// Orders whose counters or lines contradict one another.
pub(crate) async fn list_findings(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<StockFinding>, sqlx::Error> {
    query_as!(
        StockFinding,
        r#"SELECT l.id AS "line_id!: OrderLineId", o.id AS "order_id!: OrderId", o.number AS "number!",
                  CASE WHEN l.reserved <> held.units THEN 'reserved-differs-from-reservations'
                       WHEN l.reserved > 0 AND o.status NOT IN ('new', 'confirmed', 'packed')
                       THEN 'closed-order-holds-stock'
                       WHEN l.reserved > 0 AND o.fulfilment <> 'own' THEN 'marketplace-order-holds-stock'
                       ELSE 'short-on-a-closed-order' END AS "problem!"
             FROM app.sales_order_lines l
             JOIN app.sales_orders o ON o.id = l.order_id,
                  LATERAL (SELECT COALESCE(sum(r.quantity), 0)::bigint AS units FROM app.reservations r
                            WHERE r.holder = 'order_line' AND r.holder_id = l.id AND r.state = 'held') AS held
            WHERE l.reserved <> held.units
               OR (l.reserved > 0 AND (o.status NOT IN ('new', 'confirmed', 'packed') OR o.fulfilment <> 'own'))
               OR (l.short > 0 AND o.status NOT IN ('new', 'confirmed', 'packed'))
            ORDER BY l.id LIMIT $1"#,
        limit
    )
    .fetch_all(conn)
    .await
}

pub(crate) struct CounterFinding {
    pub(crate) order_id: OrderId,
    pub(crate) number: String,
}

/// Orders whose counters differ from their lines.
pub(crate) async fn list_wrong_counters(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<CounterFinding>, sqlx::Error> {
    let rows = query!(
        r#"SELECT o.id AS "order_id: OrderId", o.number
             FROM app.sales_orders o
             JOIN (SELECT order_id, count(*) FILTER (WHERE product_id IS NULL AND status = 'active') AS unresolved,
                          count(*) FILTER (WHERE short > 0) AS short
                     FROM app.sales_order_lines GROUP BY order_id) AS l ON l.order_id = o.id
            WHERE (o.unresolved_lines, o.short_lines) IS DISTINCT FROM (l.unresolved::integer, l.short::integer)
            ORDER BY o.id LIMIT $1"#,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| CounterFinding {
            order_id: row.order_id,
            number: row.number,
        })
        .collect())
}
