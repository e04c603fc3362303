//! Listings and our articles: each gets one, by code or new.

use std::collections::HashMap;

use emag_api::Platform;
use kernel::{Currency, Money, Net, ProductId, VatRate};
use sqlx::PgConnection;

use super::Desk;
use crate::error::EmagError;
use crate::model::ListingRow;
use crate::service::runs::actor;
use crate::store;
use crate::store::listings::Brief;

impl Desk<'_> {
    /// Listings without an article get one: by current code, by an old one, else a new article.
    pub(super) async fn give_products(
        &self,
        conn: &mut PgConnection,
        rows: &[ListingRow],
        emag_ids: &[i64],
    ) -> Result<Vec<Brief>, EmagError> {
        let mut listings = store::listings::list_brief(conn, self.account.id, emag_ids).await?;
        let codes: Vec<String> = listings
            .iter()
            .filter(|listing| listing.product_id.is_none() && !listing.part_number.is_empty())
            .map(|listing| listing.part_number.clone())
            .collect();
        if codes.is_empty() {
            return Ok(listings);
        }
        let mut known = catalog::resolve_many(conn, &codes).await?;
        let unknown: Vec<&ListingRow> = rows
            .iter()
            .filter(|row| codes.contains(&row.part_number) && !known.contains_key(&row.part_number))
            .collect();
        known.extend(self.create_products(conn, &unknown).await?);
        let found: Vec<(kernel::ListingId, ProductId)> = listings
            .iter()
            .filter(|listing| listing.product_id.is_none())
            .filter_map(|listing| Some((listing.id, *known.get(&listing.part_number)?)))
            .collect();
        let (ids, products): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        store::listings::set_products(conn, &ids, &products).await?;
        for listing in &mut listings {
            listing.product_id = listing
                .product_id
                .or_else(|| known.get(&listing.part_number).copied());
        }
        Ok(listings)
    }

    async fn create_products(
        &self,
        conn: &mut PgConnection,
        rows: &[&ListingRow],
    ) -> Result<HashMap<String, ProductId>, EmagError> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let country = country_of(&self.account.platform);
        let today = self.context.clock().today();
        let vat = catalog::vat_rate_on(conn, country, today)
            .await?
            .unwrap_or(VatRate::ZERO);
        let articles: Vec<catalog::ChannelArticle> = rows
            .iter()
            .filter_map(|row| article_of(row, vat, &self.account.currency))
            .collect();
        let outcomes = catalog::upsert_from_channel(conn, &actor(), &articles).await?;
        let mut made = HashMap::new();
        for (article, outcome) in articles.into_iter().zip(outcomes) {
            match outcome {
                catalog::ChannelOutcome::Existing(id) | catalog::ChannelOutcome::Created(id) => {
                    made.insert(article.sku, id);
                }
                // The listing stays without an article, where people see it.
                catalog::ChannelOutcome::Refused(_) => {}
            }
        }
        Ok(made)
    }
}

/// The country whose VAT the site's prices carry.
fn country_of(platform: &str) -> &'static str {
    match Platform::from_key(platform) {
        Some(Platform::EmagBg | Platform::FdBg) => "BG",
        Some(Platform::EmagHu) => "HU",
        Some(Platform::EmagRo | Platform::FdRo) | None => "RO",
    }
}

/// Longest name our catalogue takes.
const NAME_CHARS_MAX: usize = 500;

fn article_of(row: &ListingRow, vat: VatRate, currency: &str) -> Option<catalog::ChannelArticle> {
    let currency: Currency = row.currency.parse().or_else(|_odd| currency.parse()).ok()?;
    let price = Money::new(row.sale_price, currency).ok()?;
    Some(catalog::ChannelArticle {
        sku: row.part_number.clone(),
        name: row.name.chars().take(NAME_CHARS_MAX).collect(),
        brand: row.brand.clone(),
        eans: row.eans.clone(),
        price_net: Net(price),
        vat,
        image_url: row.image_url.clone(),
        weight_g: row.weight_g,
    })
}
