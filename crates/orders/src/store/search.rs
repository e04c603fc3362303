//! The lists of orders and customers: filters, sort and keyset over the whole set.

use chrono::{DateTime, Utc};
use kernel::{Currency, CursorError, CustomerId, Money, OrderId, Page, PageRequest, Timestamp};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::error::OrderError;
use crate::model::{Channel, CustomerKind, Fulfilment, OrderRow, OrderStatus};
use crate::search::{CustomerFilter, CustomerRow, CustomerSort, Direction, OrderFilter, OrderSort};

/// Counting further would read more than the page itself; beyond it the total is not told.
const COUNT_MAX: i64 = 10_000;
/// Customers that match a text; more of them and the text is too short to be a search for one order.
const CUSTOMERS_MATCHED_MAX: i64 = 2_000;

#[derive(FromRow)]
struct Row {
    id: OrderId,
    number: String,
    channel: Channel,
    external_id: Option<String>,
    customer_id: CustomerId,
    customer_name: String,
    status: OrderStatus,
    fulfilment: Fulfilment,
    currency: String,
    total_gross: Decimal,
    unresolved_lines: i32,
    short_lines: i32,
    placed_at: Timestamp,
    ship_by: Option<Timestamp>,
    version: i64,
}

impl Row {
    fn order(self) -> Result<OrderRow, OrderError> {
        let currency: Currency = self.currency.parse()?;
        Ok(OrderRow {
            total_gross: Money::new(self.total_gross, currency)?,
            id: self.id,
            number: self.number,
            channel: self.channel,
            external_id: self.external_id,
            customer_id: self.customer_id,
            customer_name: self.customer_name,
            status: self.status,
            fulfilment: self.fulfilment,
            unresolved_lines: self.unresolved_lines,
            short_lines: self.short_lines,
            placed_at: self.placed_at,
            ship_by: self.ship_by,
            version: self.version,
        })
    }
}

/// The last row's sort key and id; a cursor of another sort does not open.
type Key = (String, String, i64);

pub(crate) async fn search_orders(
    conn: &mut PgConnection,
    filter: &OrderFilter,
    sort: (OrderSort, Direction),
    page: &PageRequest,
) -> Result<Page<OrderRow>, OrderError> {
    let total = count_orders(conn, filter).await?;
    let mut sql = QueryBuilder::new(
        "SELECT o.id, o.number, o.channel, o.external_id, o.customer_id, c.name AS customer_name, o.status, \
         o.fulfilment, o.currency, o.total_gross, o.unresolved_lines, o.short_lines, o.placed_at, o.ship_by, \
         o.version FROM app.sales_orders o JOIN app.customers c ON c.id = o.customer_id WHERE true",
    );
    push_order_filter(&mut sql, filter);
    if let Some(cursor) = &page.after {
        let (name, key, id): Key = cursor.open().map_err(OrderError::from)?;
        if name != sort_name(sort) {
            return Err(CursorError.into());
        }
        push_after(&mut sql, sort, &key, id)?;
    }
    let word = sort.1.sql();
    sql.push(format!(
        " ORDER BY {} {word}, o.id {word} LIMIT ",
        sort.0.column()
    ));
    sql.push_bind(page.limit.probe());
    let rows: Vec<Row> = sql.build_query_as().fetch_all(conn).await?;
    let page = Page::cut(rows, page.limit, total, |row| {
        let key = match sort.0 {
            OrderSort::Placed => time_key(row.placed_at),
            OrderSort::ShipBy => row.ship_by.map_or_else(|| "infinity".to_owned(), time_key),
            OrderSort::Total => row.total_gross.to_string(),
            OrderSort::Number => row.number.clone(),
        };
        (sort_name(sort), key, row.id.0)
    });
    let items = page.items.into_iter().map(Row::order).collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next: page.next,
        total: page.total,
    })
}

fn sort_name((sort, direction): (OrderSort, Direction)) -> String {
    format!("{}{}", sort.column(), direction.sql())
}

/// PostgreSQL keeps microseconds; so does the key.
fn time_key(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

fn push_after(
    sql: &mut QueryBuilder<Postgres>,
    (sort, direction): (OrderSort, Direction),
    key: &str,
    id: i64,
) -> Result<(), OrderError> {
    let sign = match direction {
        Direction::Ascending => ">",
        Direction::Descending => "<",
    };
    sql.push(format!(" AND ({}, o.id) {sign} (", sort.column()));
    match sort {
        OrderSort::ShipBy if key == "infinity" => {
            sql.push("'infinity'::timestamptz");
        }
        OrderSort::Placed | OrderSort::ShipBy => {
            sql.push_bind(time_of(key)?);
        }
        OrderSort::Total => {
            let amount: Decimal = key.parse().ok().ok_or(CursorError)?;
            sql.push_bind(amount);
        }
        OrderSort::Number => {
            sql.push_bind(key.to_owned());
        }
    }
    sql.push(", ").push_bind(id).push(")");
    Ok(())
}

fn time_of(key: &str) -> Result<Timestamp, CursorError> {
    DateTime::parse_from_rfc3339(key)
        .map(|at| at.to_utc())
        .ok()
        .ok_or(CursorError)
}

async fn count_orders(conn: &mut PgConnection, filter: &OrderFilter) -> Result<Option<i64>, sqlx::Error> {
    let mut sql =
        QueryBuilder::new("SELECT count(*) FROM (SELECT 1 AS one FROM app.sales_orders o WHERE true");
    push_order_filter(&mut sql, filter);
    sql.push(" LIMIT ").push_bind(COUNT_MAX + 1).push(") AS counted");
    let count: i64 = sql.build_query_scalar().fetch_one(conn).await?;
    Ok((count <= COUNT_MAX).then_some(count))
}

fn push_order_filter(sql: &mut QueryBuilder<Postgres>, filter: &OrderFilter) {
    if let Some(status) = filter.status {
        sql.push(" AND o.status = ").push_bind(status);
    }
    if let Some(channel) = filter.channel {
        sql.push(" AND o.channel = ").push_bind(channel);
    }
    if let Some(customer) = filter.customer {
        sql.push(" AND o.customer_id = ").push_bind(customer);
    }
    if filter.to_ship {
        sql.push(" AND o.fulfilment = 'own' AND o.status IN ('new', 'confirmed', 'packed')");
    }
    if filter.attention {
        sql.push(
            " AND (o.unresolved_lines > 0 OR o.short_lines > 0) AND o.status IN ('new', 'confirmed', 'packed')",
        );
    }
    if let Some(from) = filter.placed_from {
        sql.push(" AND o.placed_at >= ").push_bind(from);
    }
    if let Some(before) = filter.placed_before {
        sql.push(" AND o.placed_at < ").push_bind(before);
    }
    for word in words(filter.q.as_deref()) {
        sql.push(" AND (o.search LIKE app.fold(")
            .push_bind(word.clone())
            .push(") OR o.customer_id = ANY (ARRAY(SELECT c2.id FROM app.customers c2 WHERE c2.search LIKE app.fold(")
            .push_bind(word)
            .push(") LIMIT ")
            .push_bind(CUSTOMERS_MATCHED_MAX)
            .push(")))");
    }
}

/// More words than anybody types into a search box.
const WORDS_MAX: usize = 8;

/// Every word must be found somewhere; the signs that mean something to LIKE mean themselves.
fn words(q: Option<&str>) -> Vec<String> {
    q.unwrap_or_default()
        .split_whitespace()
        .take(WORDS_MAX)
        .map(|word| word.replace('\0', ""))
        .filter(|word| !word.is_empty())
        .map(|word| {
            let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            format!("%{escaped}%")
        })
        .collect()
}

#[derive(FromRow)]
struct CustomerListRow {
    id: CustomerId,
    kind: CustomerKind,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    tax_id_suspect: bool,
    channel: Channel,
    orders: i64,
    last_order_at: Option<Timestamp>,
    created_at: Timestamp,
    version: i64,
}

pub(crate) async fn search_customers(
    conn: &mut PgConnection,
    filter: &CustomerFilter,
    sort: (CustomerSort, Direction),
    page: &PageRequest,
) -> Result<Page<CustomerRow>, OrderError> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 AS one FROM app.customers c WHERE true");
    push_customer_filter(&mut sql, filter);
    sql.push(" LIMIT ").push_bind(COUNT_MAX + 1).push(") AS counted");
    let count: i64 = sql.build_query_scalar().fetch_one(&mut *conn).await?;
    let mut sql = QueryBuilder::new(
        "SELECT c.id, c.kind, c.name, c.email, c.phone, c.tax_id, c.tax_id_suspect, c.channel, c.created_at, \
         c.version, o.orders, o.last_order_at FROM app.customers c, LATERAL (SELECT count(*) AS orders, \
         max(placed_at) AS last_order_at FROM app.sales_orders WHERE customer_id = c.id) AS o WHERE true",
    );
    push_customer_filter(&mut sql, filter);
    let word = sort.1.sql();
    let sign = match sort.1 {
        Direction::Ascending => ">",
        Direction::Descending => "<",
    };
    if let Some(cursor) = &page.after {
        let (name, key, id): Key = cursor.open().map_err(OrderError::from)?;
        if name != format!("{}{word}", sort.0.column()) {
            return Err(CursorError.into());
        }
        sql.push(format!(" AND ({}, c.id) {sign} (", sort.0.column()));
        match sort.0 {
            CustomerSort::Name => sql.push_bind(key),
            CustomerSort::Created => sql.push_bind(time_of(&key)?),
        };
        sql.push(", ").push_bind(id).push(")");
    }
    sql.push(format!(
        " ORDER BY {} {word}, c.id {word} LIMIT ",
        sort.0.column()
    ));
    sql.push_bind(page.limit.probe());
    let rows: Vec<CustomerListRow> = sql.build_query_as().fetch_all(conn).await?;
    let page = Page::cut(rows, page.limit, (count <= COUNT_MAX).then_some(count), |row| {
        let key = match sort.0 {
            CustomerSort::Name => row.name.clone(),
            CustomerSort::Created => time_key(row.created_at),
        };
        (format!("{}{word}", sort.0.column()), key, row.id.0)
    });
    Ok(page.map(|row| CustomerRow {
        id: row.id,
        kind: row.kind,
        name: row.name,
        email: row.email,
        phone: row.phone,
        tax_id: row.tax_id,
        tax_id_suspect: row.tax_id_suspect,
        channel: row.channel,
        orders: row.orders,
        last_order_at: row.last_order_at,
        version: row.version,
    }))
}

fn push_customer_filter(sql: &mut QueryBuilder<Postgres>, filter: &CustomerFilter) {
    if let Some(kind) = filter.kind {
        sql.push(" AND c.kind = ").push_bind(kind);
    }
    if let Some(channel) = filter.channel {
        sql.push(" AND c.channel = ").push_bind(channel);
    }
    for word in words(filter.q.as_deref()) {
        sql.push(" AND c.search LIKE app.fold(").push_bind(word).push(")");
    }
}
