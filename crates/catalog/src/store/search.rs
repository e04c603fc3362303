//! The list of articles: the one place where SQL is put together, since filters and orders vary.
//!
//! Reads `app.product_stock` and `app.warehouses`, which belong to a slice further right, for display and filters only; the
//! reason stands in docs/decisions/0005.

use kernel::{Cursor, CursorError, Limit, ProductId, Sku, Timestamp, VatRate};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::model::{ProductFilter, ProductRow, ProductSort, ProductStatus, SortKey, StockFilter};

/// Counting stops here: nobody reads page 200, and the count must stay cheap.
const COUNT_BOUND: i64 = 10_000;
/// Matches of a text or of a stock level cost more to find than rows of an index.
const FOUND_BOUND: i64 = 1_000;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reading {
    /// Every word stands in name, code or brand; or it is an old code or an EAN.
    Exact,
    /// Something like it stands there: a letter swapped, missing or too many.
    Similar,
}

/// A place in the list: the order it belongs to, the value of the sort key, the id, and how the text was looked for.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place(String, String, i64, Reading);

impl Place {
    pub(crate) fn of(row: &ProductRow, sort: ProductSort, reading: Reading) -> Self {
        let value = match sort.by {
            SortKey::Sku => row.sku.to_string(),
            SortKey::Name => row.name.clone(),
            SortKey::Price => row.price.0.amount().to_string(),
            SortKey::Updated => row.updated_at.to_rfc3339(),
            SortKey::Available => row.available.to_string(),
        };
        Self(sort.text(), value, row.id.0, reading)
    }

    pub(crate) fn reading(&self) -> Reading {
        self.3
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

/// Every article has its row of own stock.
const FROM_WITH_STOCK: &str = " FROM app.products p JOIN app.product_stock s ON s.product_id = p.id";

fn column(by: SortKey) -> (&'static str, &'static str) {
    match by {
        SortKey::Sku => ("p.sku", "::text"),
        SortKey::Name => ("p.name", "::text"),
        SortKey::Price => ("p.price_net", "::numeric"),
        SortKey::Updated => ("p.updated_at", "::timestamptz"),
        SortKey::Available => ("s.available", "::bigint"),
    }
}

/// What a list is made of besides its filter, read once before its statements are put together.
pub(crate) struct Search<'a> {
    pub(crate) filter: &'a ProductFilter,
    pub(crate) reading: Reading,
    /// Articles that have the text as an EAN or had it as their code.
    by_code: Vec<i64>,
}

impl<'a> Search<'a> {
    pub(crate) async fn prepare(
        conn: &mut PgConnection,
        filter: &'a ProductFilter,
        reading: Reading,
    ) -> Result<Self, sqlx::Error> {
        let by_code = match &filter.q {
            Some(q) => by_code(conn, q).await?,
            None => Vec::new(),
        };
        Ok(Self {
            filter,
            reading,
            by_code,
        })
    }

    /// One page, and one row more when there is a next.
    pub(crate) async fn page(
        &self,
        conn: &mut PgConnection,
        after: Option<Place>,
        limit: Limit,
    ) -> Result<Vec<ProductRow>, sqlx::Error> {
        let mut sql = QueryBuilder::new(
            "SELECT p.id, p.sku, p.name, p.brand, p.status, p.image_url, p.price_net, p.currency, p.vat_percent, \
             p.reorder_point, s.on_hand, s.reserved, p.version, p.updated_at",
        );
        sql.push(FROM_WITH_STOCK);
        self.push_where(&mut sql);
        let sort = self.filter.sort;
        let (column, cast) = column(sort.by);
        // The pair must stand in one table, or no index serves it.
        let id_column = match sort.by {
            SortKey::Available => "s.product_id",
            SortKey::Sku | SortKey::Name | SortKey::Price | SortKey::Updated => "p.id",
        };
        let (sign, order) = if sort.descending {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        if let Some(Place(_, value, id, _)) = after {
            sql.push(format!(" AND ({column}, {id_column}) {sign} ("))
                .push_bind(value)
                .push(format!("{cast}, "))
                .push_bind(id)
                .push(")");
        }
        sql.push(format!(" ORDER BY {column} {order}, {id_column} {order} LIMIT "))
            .push_bind(limit.probe());
        // Planned anew each time: the best plan for a rare word is the worst one for a common word.
        let rows: Vec<Record> = sql.build_query_as().persistent(false).fetch_all(conn).await?;
        rows.into_iter().map(Record::read).collect()
    }

    /// Rows over all pages; `None` beyond the bound.
    pub(crate) async fn count(&self, conn: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
        let bound = if self.filter.q.is_some() || self.filter.stock.is_some() {
            FOUND_BOUND
        } else {
            COUNT_BOUND
        };
        let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT 1");
        sql.push(if self.filter.stock.is_some() {
            FROM_WITH_STOCK
        } else {
            " FROM app.products p"
        });
        self.push_where(&mut sql);
        sql.push(" LIMIT ").push_bind(bound + 1).push(") AS counted");
        let found: i64 = sql.build_query_scalar().persistent(false).fetch_one(conn).await?;
        Ok((found <= bound).then_some(found))
    }

    fn push_where(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" WHERE true");
        if let Some(status) = self.filter.status {
            sql.push(" AND p.status = ").push_bind(status);
        }
        if let Some(category) = self.filter.category_id {
            sql.push(" AND p.category_id = ").push_bind(category);
        }
        match self.filter.stock {
            None => {}
            Some(StockFilter::In) => {
                sql.push(" AND s.available > 0");
            }
            Some(StockFilter::Low) => {
                sql.push(" AND p.reorder_point > 0 AND s.available <= p.reorder_point");
            }
            Some(StockFilter::Out) => {
                sql.push(" AND s.available <= 0");
            }
        }
        if let Some(q) = &self.filter.q {
            self.push_text(sql, q);
        }
    }

    fn push_text(&self, sql: &mut QueryBuilder<Postgres>, q: &str) {
        match self.reading {
            // The words stand directly on the table: the planner then sees how common they are and either walks the
            // order of the list or asks the trigram index. Behind a subquery it guessed, and once took half a minute.
            Reading::Exact => {
                sql.push(" AND ((true");
                for word in q.split_whitespace() {
                    sql.push(" AND p.search LIKE '%' || app.fold(")
                        .push_bind(like_literal(word))
                        .push(") || '%'");
                }
                sql.push(")");
                if !self.by_code.is_empty() {
                    sql.push(" OR p.id = ANY(")
                        .push_bind(self.by_code.clone())
                        .push(")");
                }
                sql.push(")");
            }
            Reading::Similar => {
                sql.push(" AND app.fold(")
                    .push_bind(q.to_owned())
                    .push(") OPERATOR(public.<%) p.search");
            }
        }
    }
}

/// Warehouses of our own, in use or not: what lies there is ours.
pub(crate) async fn own_warehouses(conn: &mut PgConnection) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM app.warehouses WHERE kind = 'own' ORDER BY id")
        .fetch_all(conn)
        .await
}

async fn by_code(conn: &mut PgConnection, code: &str) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT product_id AS "id!" FROM app.product_eans WHERE ean = $1
           UNION SELECT product_id FROM app.product_sku_history WHERE sku IN ($1, upper($1))"#,
        code
    )
    .fetch_all(conn)
    .await
}

/// Signs that LIKE would read as patterns, taken literally.
fn like_literal(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
