//! Read-only questions to tables of slices to the left that only this slice asks, set by set.

use kernel::{EmagAccountId, ProductId, WarehouseId};
use sqlx::{PgConnection, query, query_scalar};

/// Which of the products have no movement in the warehouse yet.
pub(crate) async fn products_without_movement(
    conn: &mut PgConnection,
    warehouse: WarehouseId,
    products: &[ProductId],
) -> Result<Vec<ProductId>, sqlx::Error> {
    let ids: Vec<i64> = products.iter().map(|id| id.0).collect();
    query_scalar!(
        r#"SELECT p.id AS "id!: ProductId" FROM unnest($2::bigint[]) AS p(id)
            WHERE NOT EXISTS (SELECT FROM app.stock_movements m WHERE m.product_id = p.id AND m.warehouse_id = $1)
            ORDER BY p.id"#,
        warehouse as WarehouseId,
        &ids
    )
    .fetch_all(conn)
    .await
}

/// On-hand stock of products in one warehouse, by product.
pub(crate) async fn on_hand(
    conn: &mut PgConnection,
    warehouse: WarehouseId,
    products: &[ProductId],
) -> Result<Vec<(ProductId, i64)>, sqlx::Error> {
    let ids: Vec<i64> = products.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"SELECT product_id AS "product_id: ProductId", on_hand FROM app.inventory
            WHERE warehouse_id = $1 AND product_id = ANY($2)"#,
        warehouse as WarehouseId,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.product_id, row.on_hand))
        .collect())
}

/// A place of the given kind that exists, or none.
pub(crate) async fn warehouse_kind(
    conn: &mut PgConnection,
    id: WarehouseId,
) -> Result<Option<String>, sqlx::Error> {
    query_scalar!("SELECT kind FROM app.warehouses WHERE id = $1", id as WarehouseId)
        .fetch_optional(conn)
        .await
}

/// Products whose stock in a warehouse began with this account's opening, or has not begun at all.
pub(crate) async fn opened_by(
    conn: &mut PgConnection,
    warehouse: WarehouseId,
    account: EmagAccountId,
    products: &[ProductId],
) -> Result<Vec<ProductId>, sqlx::Error> {
    let ids: Vec<i64> = products.iter().map(|id| id.0).collect();
    let reference = format!("emag-opening:{account}");
    query_scalar!(
        r#"SELECT p.id AS "id!: ProductId" FROM unnest($2::bigint[]) AS p(id)
            WHERE COALESCE((SELECT m.reference = $3 OR m.reference LIKE $3 || ':%' FROM app.stock_movements m
                             WHERE m.product_id = p.id AND m.warehouse_id = $1 ORDER BY m.id LIMIT 1), true)"#,
        warehouse as WarehouseId,
        &ids,
        reference
    )
    .fetch_all(conn)
    .await
}
