//! From the marketplace's numbers to our articles, and the movements that follow.

use std::collections::HashMap;

use inventory::{Cause, Movement};
use kernel::{EmagAccountId, ProductId};
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
    let products: HashMap<String, ProductId> = listings
        .iter()
        .filter_map(|listing| Some((listing.emag_id.to_string(), listing.product_id?)))
        .collect();
    let shop = (orders::Channel::Emag, account.0);
    orders::service::resolve_external(conn, &actor(), shop, &products).await?;
    Ok(())
}

/// A person said which article an order's line is: the listing of that number means the same from now on, if it meant
/// nothing yet.
pub(crate) async fn listing_of_line(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_id: i64,
    product: ProductId,
) -> Result<(), EmagError> {
    if store::listings::set_first_product(conn, account, emag_id, product).await? {
        super::reckon::stock(conn, Some(&[product]), Some(account), "recompute").await?;
        web::live::tell(conn, "emag").await?;
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
