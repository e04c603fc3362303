//! The list of articles: the one place where SQL is put together, since filters and orders vary.
//!
//! Reads app.inventory and app.warehouses, which belong to a slice further right, for display and filters only; the
//! reason stands in docs/decisions/0005.

use kernel::{Cursor, CursorError, Limit, ProductId, Sku, Timestamp, VatRate};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::model::{ProductFilter, ProductRow, ProductSort, ProductStatus, SortKey, StockFilter};

/// Counting stops here: nobody reads page 200, and the count must stay cheap.
const COUNT_BOUND: i64 = 10_000;

#[derive(FromRow)]
struct Record {
    id: ProductId,
    sku: Sku,
    name: String,
    brand: Option<String>,
    status: ProductStatus,
    image_url: Option<String>,
    price_net: Decimal,
    currency: String,
    vat_percent: VatRate,
    reorder_point: i64,
    on_hand: i64,
    reserved: i64,
    version: i64,
    updated_at: Timestamp,
}

impl Record {
    fn read(self) -> Result<ProductRow, sqlx::Error> {
        let (price, gross) = super::prices(self.price_net, &self.currency, self.vat_percent)?;
        Ok(ProductRow {
            id: self.id,
            sku: self.sku,
            name: self.name,
            brand: self.brand,
            status: self.status,
            image_url: self.image_url,
            price,
            vat: self.vat_percent,
            gross,
            reorder_point: self.reorder_point,
            on_hand: self.on_hand,
            reserved: self.reserved,
            available: self.on_hand - self.reserved,
            version: self.version,
            updated_at: self.updated_at,
        })
    }
}

/// How a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Every word stands in name, code or brand; or it is an old code or an EAN.
    Exact,
    /// Something like it stands there: a letter swapped, missing or too many.
    Similar,
}

/// A place in the list: the order it belongs to, the value of the sort key, the id.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place(String, String, i64);

impl Place {
    pub(crate) fn of(row: &ProductRow, sort: ProductSort) -> Self {
        let value = match sort.by {
            SortKey::Sku => row.sku.to_string(),
            SortKey::Name => row.name.clone(),
            SortKey::Price => row.price.0.amount().to_string(),
            SortKey::Updated => row.updated_at.to_rfc3339(),
            SortKey::Available => row.available.to_string(),
        };
        Self(sort.text(), value, row.id.0)
    }

    /// Opens a cursor; one of another order, or with a value that is none, is refused before it reaches SQL.
    pub(crate) fn open(cursor: &Cursor, sort: ProductSort) -> Result<Self, CursorError> {
        let place: Self = cursor.open()?;
        let understood = match sort.by {
            SortKey::Sku | SortKey::Name => !place.1.contains('\0'),
            SortKey::Price => place.1.parse::<Decimal>().is_ok(),
            SortKey::Updated => place.1.parse::<Timestamp>().is_ok(),
            SortKey::Available => place.1.parse::<i64>().is_ok(),
        };
        if place.0 == sort.text() && understood {
            Ok(place)
        } else {
            Err(CursorError)
        }
    }
}

fn column(by: SortKey) -> (&'static str, &'static str) {
    match by {
        SortKey::Sku => ("p.sku", "::text"),
        SortKey::Name => ("p.name", "::text"),
        SortKey::Price => ("p.price_net", "::numeric"),
        SortKey::Updated => ("p.updated_at", "::timestamptz"),
        SortKey::Available => ("(s.on_hand - s.reserved)", "::bigint"),
    }
}

fn needs_all_levels(filter: &ProductFilter) -> bool {
    filter.stock.is_some() || filter.sort.by == SortKey::Available
}

/// One page, and one row more when there is a next.
pub(crate) async fn page(
    conn: &mut PgConnection,
    filter: &ProductFilter,
    reading: Reading,
    after: Option<Place>,
    limit: Limit,
) -> Result<Vec<ProductRow>, sqlx::Error> {
    let mut sql = QueryBuilder::new(
        "SELECT p.id, p.sku, p.name, p.brand, p.status, p.image_url, p.price_net, p.currency, p.vat_percent, \
         p.reorder_point, s.on_hand, s.reserved, p.version, p.updated_at",
    );
    push_from(&mut sql, filter, true);
    push_where(&mut sql, filter, reading);
    let (column, cast) = column(filter.sort.by);
    let (sign, order) = if filter.sort.descending {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    if let Some(Place(_, value, id)) = after {
        sql.push(format!(" AND ({column}, p.id) {sign} ("))
            .push_bind(value)
            .push(format!("{cast}, "))
            .push_bind(id)
            .push(")");
    }
    sql.push(format!(" ORDER BY {column} {order}, p.id {order} LIMIT "))
        .push_bind(limit.probe());
    let rows: Vec<Record> = sql.build_query_as().fetch_all(conn).await?;
    rows.into_iter().map(Record::read).collect()
}

/// Rows over all pages; `None` beyond the bound.
pub(crate) async fn count(
    conn: &mut PgConnection,
    filter: &ProductFilter,
    reading: Reading,
) -> Result<Option<i64>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT 1");
    push_from(&mut sql, filter, false);
    push_where(&mut sql, filter, reading);
    sql.push(" LIMIT ")
        .push_bind(COUNT_BOUND + 1)
        .push(") AS counted");
    let found: i64 = sql.build_query_scalar().fetch_one(conn).await?;
    Ok((found <= COUNT_BOUND).then_some(found))
}

fn push_from(sql: &mut QueryBuilder<Postgres>, filter: &ProductFilter, shows_levels: bool) {
    sql.push(" FROM app.products p");
    if needs_all_levels(filter) {
        // Every level is needed to filter or order: one pass over the table beats a look-up per article.
        sql.push(
            " LEFT JOIN (SELECT i.product_id, sum(i.on_hand)::bigint AS on_hand, sum(i.reserved)::bigint AS reserved \
               FROM app.inventory i JOIN app.warehouses w ON w.id = i.warehouse_id AND w.kind = 'own' \
              GROUP BY i.product_id) AS t ON t.product_id = p.id \
             CROSS JOIN LATERAL (SELECT COALESCE(t.on_hand, 0) AS on_hand, COALESCE(t.reserved, 0) AS reserved) AS s",
        );
    } else if shows_levels {
        sql.push(
            " CROSS JOIN LATERAL (SELECT COALESCE(sum(i.on_hand), 0)::bigint AS on_hand, \
               COALESCE(sum(i.reserved), 0)::bigint AS reserved \
               FROM app.inventory i JOIN app.warehouses w ON w.id = i.warehouse_id AND w.kind = 'own' \
              WHERE i.product_id = p.id) AS s",
        );
    }
}

fn push_where(sql: &mut QueryBuilder<Postgres>, filter: &ProductFilter, reading: Reading) {
    sql.push(" WHERE true");
    if let Some(status) = filter.status {
        sql.push(" AND p.status = ").push_bind(status);
    }
    if let Some(category) = filter.category_id {
        sql.push(" AND p.category_id = ").push_bind(category);
    }
    match filter.stock {
        None => {}
        Some(StockFilter::In) => {
            sql.push(" AND s.on_hand - s.reserved > 0");
        }
        Some(StockFilter::Low) => {
            sql.push(" AND p.reorder_point > 0 AND s.on_hand - s.reserved <= p.reorder_point");
        }
        Some(StockFilter::Out) => {
            sql.push(" AND s.on_hand - s.reserved <= 0");
        }
    }
    if let Some(q) = &filter.q {
        push_text(sql, q, reading);
    }
}

fn push_text(sql: &mut QueryBuilder<Postgres>, q: &str, reading: Reading) {
    match reading {
        Reading::Exact => {
            // Three sources joined by UNION, so that each uses its own index.
            sql.push(" AND p.id IN (SELECT id FROM app.products WHERE true");
            for word in q.split_whitespace() {
                sql.push(" AND search LIKE '%' || app.fold(")
                    .push_bind(like_literal(word))
                    .push(") || '%'");
            }
            sql.push(" UNION SELECT product_id FROM app.product_eans WHERE ean = ")
                .push_bind(q.to_owned());
            sql.push(" UNION SELECT product_id FROM app.product_sku_history WHERE sku IN (")
                .push_bind(q.to_owned())
                .push(", upper(")
                .push_bind(q.to_owned())
                .push(")))");
        }
        Reading::Similar => {
            sql.push(" AND app.fold(")
                .push_bind(q.to_owned())
                .push(") OPERATOR(public.<%) p.search");
        }
    }
}

/// Signs that LIKE would read as patterns, taken literally.
fn like_literal(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
