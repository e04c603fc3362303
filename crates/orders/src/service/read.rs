//! Reading orders: one, a list, figures, the story of an order.

use kernel::{Actor, OrderId, OrderLineId, Page, PageRequest, Timestamp};
use serde_json::Value;
use sqlx::PgConnection;

use super::customers;
use crate::error::OrderError;
use crate::model::{Channel, Order, OrderRow};
use crate::search::{Direction, Finding, OrderFilter, OrderSort, StatusCount, UnresolvedLine};
use crate::store::{self, TrailRecord};
use crate::{ORDERS_EDIT, ORDERS_VIEW};

/// Entries of one order's story that a page shows.
const TIMELINE_MAX: i64 = 200;
/// Findings that one verification names.
const FINDINGS_MAX: i64 = 1_000;

/// One order with its customer and lines.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: OrderId) -> Result<Order, OrderError> {
    actor.require(ORDERS_VIEW)?;
    whole(conn, id).await
}

/// The order as it stands after a write of the caller, who may not hold the permission to look around.
pub(crate) async fn written(
    conn: &mut PgConnection,
    actor: &Actor,
    id: OrderId,
) -> Result<Order, OrderError> {
    actor.require(ORDERS_EDIT)?;
    whole(conn, id).await
}

pub(super) async fn whole(conn: &mut PgConnection, id: OrderId) -> Result<Order, OrderError> {
    let record = store::find_order(&mut *conn, id)
        .await?
        .ok_or(OrderError::NotFound)?;
    let customer = customers::one(&mut *conn, record.customer_id).await?;
    let currency = record.currency()?;
    let lines = store::list_lines(conn, &[(id, currency)]).await?;
    record.with(customer, lines.into_iter().map(|(_, line)| line).collect())
}

/// The order a line stands in.
pub async fn order_of_line(
    conn: &mut PgConnection,
    actor: &Actor,
    line: OrderLineId,
) -> Result<OrderId, OrderError> {
    actor.require(ORDERS_VIEW)?;
    store::find_order_of_line(conn, line)
        .await?
        .ok_or(OrderError::NotFound)
}

/// The order a channel calls by this key.
pub async fn find_by_external(
    conn: &mut PgConnection,
    actor: &Actor,
    channel: Channel,
    channel_account: i64,
    external_id: &str,
) -> Result<Option<OrderId>, OrderError> {
    actor.require(ORDERS_VIEW)?;
    Ok(store::find_order_by_external(conn, channel, channel_account, external_id).await?)
}

pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &OrderFilter,
    sort: (OrderSort, Direction),
    page: &PageRequest,
) -> Result<Page<OrderRow>, OrderError> {
    actor.require(ORDERS_VIEW)?;
    store::search_orders(conn, filter, sort, page).await
}

/// Open orders with a short or unresolved line, oldest first.
pub async fn attention(
    conn: &mut PgConnection,
    actor: &Actor,
    page: &PageRequest,
) -> Result<Page<OrderRow>, OrderError> {
    let filter = OrderFilter {
        attention: true,
        ..OrderFilter::default()
    };
    list(
        conn,
        actor,
        &filter,
        (OrderSort::Placed, Direction::Ascending),
        page,
    )
    .await
}

pub async fn counts_by_status(
    conn: &mut PgConnection,
    actor: &Actor,
) -> Result<Vec<StatusCount>, OrderError> {
    actor.require(ORDERS_VIEW)?;
    let counts = store::count_by_status(conn, StatusCount::MOST).await?;
    Ok(counts
        .into_iter()
        .map(|(status, orders)| StatusCount { status, orders })
        .collect())
}

pub(crate) async fn count_attention(conn: &mut PgConnection, actor: &Actor) -> Result<i64, OrderError> {
    actor.require(ORDERS_VIEW)?;
    Ok(store::count_attention(conn).await?)
}

/// Lines of open orders whose article nobody knows yet.
pub async fn unresolved_lines(
    conn: &mut PgConnection,
    actor: &Actor,
    page: &PageRequest,
) -> Result<Page<UnresolvedLine>, OrderError> {
    actor.require(ORDERS_VIEW)?;
    let after = match &page.after {
        Some(cursor) => cursor.open::<i64>()?,
        None => 0,
    };
    let total = store::count_unresolved(&mut *conn).await?;
    let rows = store::list_unresolved(conn, after, page.limit.probe()).await?;
    let page = Page::cut(rows, page.limit, Some(total), |row| row.line_id.0);
    Ok(page.map(|row| UnresolvedLine {
        line_id: row.line_id,
        order_id: row.order_id,
        order_number: row.order_number,
        channel: row.channel,
        channel_account: row.channel_account,
        sku: row.sku,
        external_product_id: row.external_product_id,
        name: row.name,
        quantity: row.quantity,
        placed_at: row.placed_at,
    }))
}

/// Proves that lines, counters and reservations agree; what does not is named.
pub async fn verify(conn: &mut PgConnection) -> Result<Vec<Finding>, OrderError> {
    let mut findings: Vec<Finding> = store::list_findings(&mut *conn, FINDINGS_MAX)
        .await?
        .into_iter()
        .map(|row| Finding {
            order_id: row.order_id,
            order_number: row.number,
            line_id: Some(row.line_id),
            problem: row.problem,
        })
        .collect();
    let counters = store::list_wrong_counters(conn, FINDINGS_MAX).await?;
    findings.extend(counters.into_iter().map(|row| Finding {
        order_id: row.order_id,
        order_number: row.number,
        line_id: None,
        problem: "counters-differ-from-lines".to_owned(),
    }));
    Ok(findings)
}

/// One thing that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The person, or the name of the program or job.
    pub who: String,
    pub at: Timestamp,
    pub change: TimelineChange,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimelineChange {
    Placed,
    LineAdded {
        line: OrderLineId,
    },
    /// A column of the order (`line` is none) or of a line changed.
    Changed {
        line: Option<OrderLineId>,
        column: String,
        old: Option<String>,
        new: Option<String>,
    },
}

/// The story of an order, youngest first.
pub async fn timeline(
    conn: &mut PgConnection,
    actor: &Actor,
    order: &Order,
) -> Result<Vec<TimelineEntry>, OrderError> {
    actor.require(ORDERS_VIEW)?;
    let lines: Vec<String> = order.lines.iter().map(|line| line.id.to_string()).collect();
    let trail = store::list_trail(conn, order.id, &lines, TIMELINE_MAX).await?;
    Ok(trail.into_iter().flat_map(|row| entries(&row)).collect())
}

/// What a person wants to read about; the rest is derived from it or stands in the audit trail.
const ORDER_COLUMNS: [&str; 5] = ["status", "total_gross", "is_paid", "cancel_reason", "ship_by"];
const LINE_COLUMNS: [&str; 5] = ["product_id", "quantity", "status", "reserved", "short"];

fn entries(row: &TrailRecord) -> Vec<TimelineEntry> {
    let who = row.user_name.clone().unwrap_or_else(|| row.actor.clone());
    let at = row.created_at;
    let is_line = row.table_name == "sales_order_lines";
    let line = row.record_id.parse().map(OrderLineId).ok().filter(|_| is_line);
    let entry = |change| TimelineEntry {
        who: who.clone(),
        at,
        change,
    };
    match (row.action.as_str(), line) {
        ("CREATE", None) => vec![entry(TimelineChange::Placed)],
        ("CREATE", Some(line)) => vec![entry(TimelineChange::LineAdded { line })],
        ("UPDATE", _) => {
            let columns = if is_line { LINE_COLUMNS } else { ORDER_COLUMNS };
            columns
                .iter()
                .filter_map(|column| {
                    let new = row.new_values.as_ref()?.get(*column)?;
                    let old = row.old_values.as_ref().and_then(|old| old.get(*column));
                    Some(entry(TimelineChange::Changed {
                        line,
                        column: (*column).to_owned(),
                        old: old.and_then(text),
                        new: text(new),
                    }))
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string()),
    }
}
