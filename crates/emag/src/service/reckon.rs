//! Reckoning what the marketplace should hold, and queueing the sending where it differs. Sends nothing itself.

use std::collections::{BTreeMap, HashMap};

use jobs::{Enqueue, enqueue};
use kernel::{EmagAccountId, ProductId, WarehouseId};
use sqlx::PgConnection;

use crate::error::EmagError;
use crate::jobs::{PushPrice, PushStock};
use crate::model::wanted_stock;
use crate::store;
use crate::store::listings::ToReckon;

/// Reckons the wanted stock of all listings, or those of some products or one account. `cause` says what moved it.
pub(crate) async fn stock(
    conn: &mut PgConnection,
    products: Option<&[ProductId]>,
    account: Option<EmagAccountId>,
    cause: &str,
) -> Result<(), EmagError> {
    let ids: Option<Vec<i64>> = products.map(|products| products.iter().map(|id| id.0).collect());
    let listings = store::listings::list_to_reckon(conn, ids.as_deref(), account).await?;
    if listings.is_empty() {
        return Ok(());
    }
    let sellable = sellable(conn, &listings).await?;
    let units = unacknowledged(conn, &listings).await?;
    let (mut changed, mut wanted) = (Vec::new(), Vec::new());
    for listing in &listings {
        let free = sellable
            .get(&(listing.warehouse_id, listing.product_id))
            .copied()
            .unwrap_or(0);
        let open = units
            .get(&(listing.account_id, listing.emag_id))
            .copied()
            .unwrap_or(0);
        let value = wanted_stock(free, listing.safety_buffer, open);
        if listing.wanted_stock != Some(value) {
            changed.push(listing.id.0);
            wanted.push(value);
        }
    }
    if !changed.is_empty() {
        store::listings::set_wanted_stock(conn, &changed, &wanted, cause).await?;
        web::live::tell(conn, "emag").await?;
    }
    let accounts: std::collections::BTreeSet<EmagAccountId> = listings.iter().map(|l| l.account_id).collect();
    for account in accounts {
        queue_stock(conn, account).await?;
    }
    Ok(())
}

async fn sellable(
    conn: &mut PgConnection,
    listings: &[ToReckon],
) -> Result<HashMap<(WarehouseId, ProductId), i64>, EmagError> {
    let mut by_place: BTreeMap<WarehouseId, Vec<ProductId>> = BTreeMap::new();
    for listing in listings {
        by_place
            .entry(listing.warehouse_id)
            .or_default()
            .push(listing.product_id);
    }
    let mut free = HashMap::new();
    for (place, mut products) in by_place {
        products.sort_unstable();
        products.dedup();
        for (product, units) in inventory::service::sellable(conn, &products, place).await? {
            free.insert((place, product), units);
        }
    }
    Ok(free)
}

async fn unacknowledged(
    conn: &mut PgConnection,
    listings: &[ToReckon],
) -> Result<HashMap<(EmagAccountId, i64), i64>, EmagError> {
    let accounts: std::collections::BTreeSet<EmagAccountId> = listings.iter().map(|l| l.account_id).collect();
    let mut units = HashMap::new();
    for account in accounts {
        for (emag_id, open) in store::orders::unacknowledged_units(conn, account).await? {
            units.insert((account, emag_id), open);
        }
    }
    Ok(units)
}

/// Takes the wanted prices from the catalogue; all, or those of some products.
pub(crate) async fn prices(conn: &mut PgConnection, products: Option<&[ProductId]>) -> Result<(), EmagError> {
    let ids: Option<Vec<i64>> = products.map(|products| products.iter().map(|id| id.0).collect());
    let accounts = store::listings::set_wanted_prices(conn, ids.as_deref()).await?;
    for account in &accounts {
        queue_price(conn, *account).await?;
    }
    if !accounts.is_empty() {
        web::live::tell(conn, "emag").await?;
    }
    Ok(())
}

/// Queues the sending of stocks if the account sends at all and something differs; twice is once.
pub(crate) async fn queue_stock(conn: &mut PgConnection, account: EmagAccountId) -> Result<(), EmagError> {
    if sends(conn, account).await? && store::push::has_stock_work(conn, account).await? {
        enqueue(conn, &PushStock { account }, how(account, "stock")).await?;
    }
    Ok(())
}

pub(crate) async fn queue_price(conn: &mut PgConnection, account: EmagAccountId) -> Result<(), EmagError> {
    if sends(conn, account).await? {
        enqueue(conn, &PushPrice { account }, how(account, "price")).await?;
    }
    Ok(())
}

async fn sends(conn: &mut PgConnection, account: EmagAccountId) -> Result<bool, EmagError> {
    let found = store::accounts::find(conn, account).await?;
    Ok(found.is_some_and(|account| account.push_enabled && account.is_active))
}

/// One after the other per account: two senders would not know of each other's values.
fn how(account: EmagAccountId, kind: &str) -> Enqueue {
    Enqueue {
        keep_time: true,
        // A change of stock is what customers feel: it goes before reading.
        priority: -10,
        ..Enqueue::keyed(format!("emag-push-{kind}-{account}")).on_queue(format!("emag-push-{account}"))
    }
}
