//! What a reading of the offers says about our stock: the opening of a new account, the mirror of goods at eMAG.

use std::collections::HashMap;

use kernel::ProductId;
use sqlx::PgConnection;

use super::Desk;
use crate::error::EmagError;
use crate::service::resolve;
use crate::store;
use crate::store::listings::Brief;

impl Desk<'_> {
    /// The opening movement of articles that have none yet: what eMAG shows, and the units of orders in work, which
    /// eMAG has taken off although they lie on our shelf. Once per article; only for rows new to us.
    pub(super) async fn open(
        &self,
        conn: &mut PgConnection,
        listings: &[Brief],
        created: &[i64],
    ) -> Result<(), EmagError> {
        let fresh = |listing: &&Brief| self.account.opened_at.is_none() || created.contains(&listing.emag_id);
        let candidates: Vec<&Brief> = listings.iter().filter(fresh).collect();
        let emag_ids: Vec<i64> = candidates.iter().map(|listing| listing.emag_id).collect();
        let in_work: HashMap<i64, i64> = store::orders::units_in_work(conn, self.account.id, &emag_ids)
            .await?
            .into_iter()
            .collect();
        let mut stock: HashMap<ProductId, i64> = HashMap::new();
        for listing in candidates {
            let Some(product) = listing.product_id else {
                continue;
            };
            let units = listing.general_stock + in_work.get(&listing.emag_id).copied().unwrap_or(0);
            let most = stock.entry(product).or_default();
            *most = units.max(*most);
        }
        let products: Vec<ProductId> = stock.keys().copied().collect();
        let warehouse = self.account.warehouse_id;
        let unmoved = store::neighbours::products_without_movement(conn, warehouse, &products).await?;
        let movements: Vec<inventory::Movement> = unmoved
            .into_iter()
            .filter_map(|product| Some((product, *stock.get(&product)?)))
            .filter(|(_, units)| *units > 0)
            .map(|(product, units)| resolve::opening(self.account, product, units, None))
            .collect();
        resolve::post(conn, &movements).await
    }

    /// The goods at eMAG are mirrored: the difference between what it shows and what we have, as movements.
    pub(super) async fn mirror(&self, conn: &mut PgConnection, listings: &[Brief]) -> Result<(), EmagError> {
        let mut shown: HashMap<ProductId, i64> = HashMap::new();
        for listing in listings {
            if let Some(product) = listing.product_id {
                *shown.entry(product).or_default() += listing.general_stock;
            }
        }
        let products: Vec<ProductId> = shown.keys().copied().collect();
        let have: HashMap<ProductId, i64> =
            store::neighbours::on_hand(conn, self.account.warehouse_id, &products)
                .await?
                .into_iter()
                .collect();
        let mut movements: Vec<inventory::Movement> = shown
            .into_iter()
            .map(|(product, units)| (product, units - have.get(&product).copied().unwrap_or(0)))
            .filter(|(_, delta)| *delta != 0)
            .map(|(product, delta)| {
                if have.contains_key(&product) {
                    resolve::mirrored(self.account, product, delta)
                } else {
                    resolve::opening(self.account, product, delta, None)
                }
            })
            .collect();
        movements.sort_by_key(|movement| movement.product);
        resolve::post(conn, &movements).await
    }
}
