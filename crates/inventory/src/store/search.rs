//! Lists whose filters are chosen at run time.

use kernel::{MovementId, PageRequest, ProductId, Timestamp, WarehouseId};
use serde::Serialize;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use utoipa::ToSchema;

use crate::error::InventoryError;
use crate::model::MovementRow;

/// Which levels are wanted.
#[derive(Clone, Debug, Default)]
pub struct LevelFilter {
    pub text: Option<String>,
    pub warehouse: Option<WarehouseId>,
    pub product: Option<ProductId>,
    pub condition: Option<Condition>,
}

/// What is asked of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// At or below the product's reorder point.
    Low,
    /// Nothing available.
    Out,
    /// Something promised.
    Reserved,
}

/// A level with its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct LevelRow {
    pub product_id: ProductId,
    pub sku: String,
    pub product_name: String,
    pub warehouse_id: WarehouseId,
    pub warehouse: String,
    pub warehouse_kind: String,
    pub on_hand: i64,
    pub reserved: i64,
    pub available: i64,
    pub reorder_point: i64,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// Words of more characters search nothing better.
const TEXT_CHARS_MAX: usize = 100;

fn push_text(query: &mut QueryBuilder<Postgres>, text: &str) {
    let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
    for word in text.split_whitespace() {
        let pattern = format!(
            "%{}%",
            word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
        );
        query
            .push(" AND p.search LIKE app.fold(")
            .push_bind(pattern)
            .push(")");
    }
}

/// One row more than the page tells whether there is another.
pub(crate) async fn list_levels(
    conn: &mut PgConnection,
    filter: &LevelFilter,
    page: &PageRequest,
) -> Result<Vec<LevelRow>, InventoryError> {
    let mut query = QueryBuilder::new(
        "SELECT i.product_id, p.sku, p.name AS product_name, i.warehouse_id, w.name AS warehouse, w.kind AS warehouse_kind, \
                i.on_hand, i.reserved, i.available, p.reorder_point, i.updated_at \
           FROM app.products p JOIN app.inventory i ON i.product_id = p.id JOIN app.warehouses w ON w.id = i.warehouse_id \
          WHERE p.status = 'active'",
    );
    if let Some(text) = &filter.text {
        push_text(&mut query, text);
    }
    if let Some(warehouse) = filter.warehouse {
        query.push(" AND i.warehouse_id = ").push_bind(warehouse.0);
    }
    if let Some(product) = filter.product {
        query.push(" AND i.product_id = ").push_bind(product.0);
    }
    match filter.condition {
        Some(Condition::Low) => drop(query.push(" AND i.available <= p.reorder_point AND w.kind = 'own'")),
        Some(Condition::Out) => drop(query.push(" AND i.available <= 0")),
        Some(Condition::Reserved) => drop(query.push(" AND i.reserved > 0")),
        None => {}
    }
    if let Some(cursor) = &page.after {
        let (name, product, warehouse): (String, i64, i64) = cursor.open()?;
        // The first pair is what the index on the name can use; the triple is the exact place.
        query
            .push(" AND (p.name, p.id) >= (")
            .push_bind(name.clone())
            .push(", ")
            .push_bind(product)
            .push(")");
        query
            .push(" AND (p.name, p.id, i.warehouse_id) > (")
            .push_bind(name)
            .push(", ");
        query.push_bind(product).push(", ").push_bind(warehouse).push(")");
    }
    query
        .push(" ORDER BY p.name, p.id, i.warehouse_id LIMIT ")
        .push_bind(page.limit.probe());
    Ok(query.build_query_as().fetch_all(conn).await?)
}

/// Which rows of the ledger are wanted.
#[derive(Clone, Debug, Default)]
pub struct MovementFilter {
    pub product: Option<ProductId>,
    pub warehouse: Option<WarehouseId>,
    pub cause: Option<String>,
    pub text: Option<String>,
}

#[derive(sqlx::FromRow)]
struct MovementRecord {
    id: MovementId,
    product_id: ProductId,
    sku: String,
    product_name: String,
    warehouse_id: WarehouseId,
    warehouse: String,
    delta: i64,
    cause: String,
    reason: Option<String>,
    reference: Option<String>,
    user_name: Option<String>,
    created_at: Timestamp,
}

/// The ledger, newest first.
pub(crate) async fn list_movements(
    conn: &mut PgConnection,
    filter: &MovementFilter,
    page: &PageRequest,
) -> Result<Vec<MovementRow>, InventoryError> {
    let mut query = QueryBuilder::new(
        "SELECT m.id, m.product_id, p.sku, p.name AS product_name, m.warehouse_id, w.name AS warehouse, m.delta, m.cause, \
                m.reason, m.reference, u.name AS user_name, m.created_at \
           FROM app.stock_movements m JOIN app.products p ON p.id = m.product_id \
           JOIN app.warehouses w ON w.id = m.warehouse_id LEFT JOIN app.users u ON u.id = m.user_id WHERE true",
    );
    if let Some(product) = filter.product {
        query.push(" AND m.product_id = ").push_bind(product.0);
    }
    if let Some(warehouse) = filter.warehouse {
        query.push(" AND m.warehouse_id = ").push_bind(warehouse.0);
    }
    if let Some(cause) = &filter.cause {
        query.push(" AND m.cause = ").push_bind(cause.clone());
    }
    if let Some(text) = &filter.text {
        push_text(&mut query, text);
    }
    if let Some(cursor) = &page.after {
        query.push(" AND m.id < ").push_bind(cursor.open::<i64>()?);
    }
    query
        .push(" ORDER BY m.id DESC LIMIT ")
        .push_bind(page.limit.probe());
    let rows: Vec<MovementRecord> = query.build_query_as().fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| MovementRow {
            id: row.id,
            product_id: row.product_id,
            sku: row.sku,
            product_name: row.product_name,
            warehouse_id: row.warehouse_id,
            warehouse: row.warehouse,
            delta: row.delta,
            cause: row.cause,
            reason: row.reason,
            reference: row.reference,
            user_name: row.user_name,
            created_at: row.created_at,
        })
        .collect())
}
