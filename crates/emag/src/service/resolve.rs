//! From the marketplace's numbers to our articles, and the movements that follow.

use std::collections::HashMap;

use inventory::{Cause, Movement};
use kernel::{EmagAccountId, OrderLineId, ProductId};
use sqlx::PgConnection;

use super::runs::actor;
use crate::error::EmagError;
use crate::model::Account;
use crate::store;
use crate::store::listings::Brief;

/// Order lines that waited for these listings get their article, and with it their reservation.
pub(crate) async fn lines_of_listings(
    conn: &mut PgConnection,
    account: EmagAccountId,
    listings: &[Brief],
) -> Result<(), EmagError> {
    let products: HashMap<i64, ProductId> = listings
        .iter()
        .filter_map(|listing| Some((listing.emag_id, listing.product_id?)))
        .collect();
    let emag_ids: Vec<i64> = products.keys().copied().collect();
    let waiting: Vec<(OrderLineId, i64)> =
        store::neighbours::unresolved_lines(conn, account, &emag_ids).await?;
    for (line, emag_id) in waiting {
        if let Some(product) = products.get(&emag_id) {
            orders::service::resolve_line(conn, &actor(), line, *product).await?;
        }
    }
    Ok(())
}

/// The movement that opens an article for an account. `order`: units of an order that was in work already.
pub(crate) fn opening(account: &Account, product: ProductId, units: i64, order: Option<i64>) -> Movement {
    let reference = match order {
        None => format!("emag-opening:{}", account.id),
        Some(order) => format!("emag-opening:{}:{order}", account.id),
    };
    Movement {
        product,
        warehouse: account.warehouse_id,
        delta: units,
        cause: Cause::Opening,
        reason: Some(account.name.clone()),
        reference: Some(reference),
    }
}

/// A change of the goods that lie at the marketplace, as it tells us.
pub(crate) fn mirrored(account: &Account, product: ProductId, delta: i64) -> Movement {
    Movement {
        product,
        warehouse: account.warehouse_id,
        delta,
        cause: Cause::Marketplace,
        reason: Some(account.name.clone()),
        reference: None,
    }
}

/// Posts movements; one that was posted before stays as it was.
pub(crate) async fn post(conn: &mut PgConnection, movements: &[Movement]) -> Result<(), EmagError> {
    if !movements.is_empty() {
        inventory::service::post(conn, &actor(), movements).await?;
    }
    Ok(())
}
