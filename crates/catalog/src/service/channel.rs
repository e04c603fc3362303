//! Articles that a sales channel knows and we do not: created in bulk, never overwriting what we have.

use std::collections::{HashMap, HashSet};

use kernel::{Actor, Ean, ProductId, Refusal, Sku};
use sqlx::PgConnection;

use crate::events::ProductChanged;
use crate::model::{ChannelArticle, ChannelOutcome, checked_image, checked_name};
use crate::{CATALOG_EDIT, CatalogError, store};

/// Creates the articles whose code is unknown; the answer has one outcome per row, in their order. Existing articles
/// are left exactly as they are: name, price and reorder levels are ours.
pub async fn upsert_from_channel(
    conn: &mut PgConnection,
    actor: &Actor,
    rows: &[ChannelArticle],
) -> Result<Vec<ChannelOutcome>, CatalogError> {
    actor.require(CATALOG_EDIT)?;
    let checked: Vec<Result<ChannelArticle, Refusal>> = rows.iter().map(checked).collect();
    let codes: Vec<String> = checked.iter().flatten().map(|row| row.sku.clone()).collect();
    let known = super::resolve_many(conn, &codes).await?;
    let mut first = HashSet::new();
    let missing: Vec<&ChannelArticle> = checked
        .iter()
        .flatten()
        .filter(|row| !known.contains_key(&row.sku) && first.insert(row.sku.as_str()))
        .collect();
    let created: HashMap<String, ProductId> = if missing.is_empty() {
        HashMap::new()
    } else {
        store::insert_many(conn, &missing).await?.into_iter().collect()
    };
    add_eans(conn, &missing, &created).await?;
    // Somebody else may have created a code between the look and the insert.
    let overtaken: Vec<String> = missing
        .iter()
        .filter(|row| !created.contains_key(&row.sku))
        .map(|row| row.sku.clone())
        .collect();
    let overtaken = super::resolve_many(conn, &overtaken).await?;
    if !created.is_empty() {
        let mut products: Vec<ProductId> = created.values().copied().collect();
        products.sort_unstable();
        jobs::publish(conn, &ProductChanged { products }).await?;
        web::live::tell(conn, "products").await?;
    }
    let mut told = HashSet::new();
    let outcomes = checked.into_iter().map(|row| match row {
        Err(refusal) => ChannelOutcome::Refused(refusal),
        Ok(row) => match created.get(&row.sku) {
            Some(id) if told.insert(*id) => ChannelOutcome::Created(*id),
            Some(id) => ChannelOutcome::Existing(*id),
            None => known
                .get(&row.sku)
                .or_else(|| overtaken.get(&row.sku))
                .map_or_else(
                    || ChannelOutcome::Refused(no_code()),
                    |id| ChannelOutcome::Existing(*id),
                ),
        },
    });
    Ok(outcomes.collect())
}

async fn add_eans(
    conn: &mut PgConnection,
    rows: &[&ChannelArticle],
    created: &HashMap<String, ProductId>,
) -> Result<(), sqlx::Error> {
    let mut pairs = Vec::new();
    for row in rows {
        let Some(id) = created.get(&row.sku) else { continue };
        // A channel's EAN with a wrong check digit identifies nothing; the article is kept without it.
        pairs.extend(
            row.eans
                .iter()
                .filter_map(|ean| Ean::parse(ean).ok())
                .map(|ean| (*id, ean)),
        );
    }
    if pairs.is_empty() {
        return Ok(());
    }
    store::add_free_eans(conn, &pairs).await
}

fn no_code() -> Refusal {
    Refusal::new("catalog-refused-sku").on("sku")
}

/// What can be kept of a channel's row. A picture's address that is none is dropped; a missing code or name is not.
fn checked(row: &ChannelArticle) -> Result<ChannelArticle, Refusal> {
    let Ok(sku) = Sku::parse(&row.sku) else {
        return Err(no_code());
    };
    if row.price_net.0.amount().is_sign_negative() {
        return Err(Refusal::new("catalog-refused-price-negative").on("price_net"));
    }
    let name: String = kernel::normalise_text(&row.name)
        .chars()
        .take(crate::model::NAME_MAX)
        .collect();
    let brand = row.brand.as_deref().map(kernel::normalise_text);
    Ok(ChannelArticle {
        sku: sku.as_str().to_owned(),
        name: checked_name(&name)?,
        brand: brand.filter(|brand| !brand.is_empty()),
        eans: row.eans.clone(),
        price_net: row.price_net,
        vat: row.vat,
        image_url: row.image_url.as_deref().and_then(|url| checked_image(url).ok()),
        weight_g: row.weight_g.filter(|grams| *grams >= 0),
    })
}
