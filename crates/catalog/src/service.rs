//! Use cases of the catalogue. Each needs its permission, runs in the caller's transaction and tells what changed.

use std::collections::HashMap;

use chrono::NaiveDate;
use db::Violation;
use kernel::{Actor, Page, PageRequest, ProductId, Refusal, Sku, VatRate};
use sqlx::PgConnection;

use crate::events::{PriceChanged, ProductChanged};
use crate::model::{
    Category, NewProduct, OldSku, Product, ProductFilter, ProductPatch, ProductRow, ProductStatus,
};
use crate::store::search::{Place, Reading, Search};
use crate::{CATALOG_EDIT, CATALOG_PRICE, CATALOG_VIEW, CatalogError, store};
use checked::Checked;

mod channel;
pub(crate) mod checked;

pub use channel::upsert_from_channel;

/// Creates an article.
pub async fn create(
    conn: &mut PgConnection,
    actor: &Actor,
    new: NewProduct,
) -> Result<Product, CatalogError> {
    actor.require(CATALOG_EDIT)?;
    let new = Checked::new(new)?;
    let id = store::insert(conn, &new)
        .await
        .map_err(|error| named(error, &new.sku))?;
    store::set_eans(conn, id, &new.eans)
        .await
        .map_err(|error| named(error, &new.sku))?;
    jobs::publish(conn, &ProductChanged { products: vec![id] }).await?;
    web::live::tell(conn, "products").await?;
    load(conn, id).await
}

/// Changes an article. With `expected_version`, one that was changed meanwhile is refused and shown as it is now.
/// A change that changes nothing writes nothing.
pub async fn update(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ProductId,
    expected_version: Option<i64>,
    patch: ProductPatch,
) -> Result<Product, CatalogError> {
    if patch.edits() || !patch.prices() {
        actor.require(CATALOG_EDIT)?;
    }
    if patch.prices() {
        actor.require(CATALOG_PRICE)?;
    }
    if !store::lock(conn, id).await? {
        return Err(CatalogError::NotFound);
    }
    let before = load(conn, id).await?;
    if expected_version.is_some_and(|expected| expected != before.version) {
        return Err(CatalogError::Stale {
            current: Box::new(before),
        });
    }
    let after = patch.apply(&before)?;
    let checked = Checked::changed(&after)?;
    if after == before {
        return Ok(before);
    }
    store::update(conn, id, after.status, &checked)
        .await
        .map_err(|error| named(error, &checked.sku))?;
    if checked.sku != before.sku {
        store::remember_sku(conn, id, &before.sku).await?;
    }
    if checked.eans != before.eans {
        store::set_eans(conn, id, &checked.eans)
            .await
            .map_err(|error| named(error, &checked.sku))?;
    }
    tell(
        conn,
        id,
        (checked.price, checked.vat) != (before.price, before.vat),
    )
    .await?;
    load(conn, id).await
}

/// Takes an article out of sale; it keeps its history and is still found by its codes.
pub async fn archive(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ProductId,
    expected_version: Option<i64>,
) -> Result<Product, CatalogError> {
    let patch = ProductPatch {
        status: Some(ProductStatus::Archived),
        ..ProductPatch::default()
    };
    update(conn, actor, id, expected_version, patch).await
}

pub async fn get(conn: &mut PgConnection, actor: &Actor, id: ProductId) -> Result<Product, CatalogError> {
    actor.require(CATALOG_VIEW)?;
    load(conn, id).await
}

/// Several at once, by id; unknown ids are left out.
pub async fn get_many(
    conn: &mut PgConnection,
    actor: &Actor,
    ids: &[ProductId],
) -> Result<Vec<Product>, CatalogError> {
    actor.require(CATALOG_VIEW)?;
    Ok(store::by_ids(conn, ids).await?)
}

/// By the current code, else by an old one.
pub async fn find_by_sku(
    conn: &mut PgConnection,
    actor: &Actor,
    sku: &str,
) -> Result<Option<Product>, CatalogError> {
    actor.require(CATALOG_VIEW)?;
    match resolve_many(conn, &[sku.to_owned()]).await?.get(sku) {
        Some(id) => load(conn, *id).await.map(Some),
        None => Ok(None),
    }
}

/// One page of the list. A text that is found nowhere is looked for once more with typing errors forgiven.
pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &ProductFilter,
    page: PageRequest,
) -> Result<Page<ProductRow>, CatalogError> {
    actor.require(CATALOG_VIEW)?;
    let mut filter = filter.clone();
    filter.q = filter
        .q
        .map(|q| kernel::normalise_text(&q))
        .filter(|q| !q.is_empty());
    let after = page
        .after
        .as_ref()
        .map(|cursor| Place::open(cursor, filter.sort))
        .transpose()?;
    let is_first = after.is_none();
    let reading = after.as_ref().map_or(Reading::Exact, Place::reading);
    let mut search = Search::prepare(conn, &filter, reading).await?;
    let mut rows = search.page(conn, after, page.limit).await?;
    if rows.is_empty() && is_first && filter.q.is_some() {
        search.reading = Reading::Similar;
        rows = search.page(conn, None, page.limit).await?;
    }
    // A first page that is not full is the whole list; what is only similar is not counted.
    let total = if is_first && rows.len() <= page.limit.rows() {
        i64::try_from(rows.len()).ok()
    } else if search.reading == Reading::Similar {
        None
    } else {
        search.count(conn).await?
    };
    Ok(Page::cut(rows, page.limit, total, |row| {
        Place::of(row, filter.sort, search.reading)
    }))
}

/// The one own warehouse, where there is only one: a figure of own stock is then a figure of that place.
pub(crate) async fn only_own_warehouse(
    conn: &mut PgConnection,
) -> Result<Option<kernel::WarehouseId>, CatalogError> {
    let own = store::search::own_warehouses(conn).await?;
    Ok(match own.as_slice() {
        [only] => Some(kernel::WarehouseId(*only)),
        [] | [_, _, ..] => None,
    })
}

/// Codes the article had before, newest first.
pub async fn old_skus(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ProductId,
) -> Result<Vec<OldSku>, CatalogError> {
    actor.require(CATALOG_VIEW)?;
    Ok(store::old_skus(conn, id).await?)
}

/// The category tree, flat, each with its way from the root.
pub async fn categories(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<Category>, CatalogError> {
    actor.require(CATALOG_VIEW)?;
    Ok(store::categories(conn).await?)
}

/// Articles by code: the current code first, then an old one. Codes nobody has are left out. Compared exactly.
pub async fn resolve_many(
    conn: &mut PgConnection,
    codes: &[String],
) -> Result<HashMap<String, ProductId>, sqlx::Error> {
    Ok(store::resolve(conn, codes).await?.into_iter().collect())
}

/// Articles by EAN; those nobody has are left out.
pub async fn resolve_eans(
    conn: &mut PgConnection,
    eans: &[String],
) -> Result<HashMap<String, ProductId>, sqlx::Error> {
    Ok(store::resolve_eans(conn, eans).await?.into_iter().collect())
}

/// The standard rate of a country (`RO`) on a day; `None` for a country without rates.
pub async fn vat_rate_on(
    conn: &mut PgConnection,
    country: &str,
    date: NaiveDate,
) -> Result<Option<VatRate>, sqlx::Error> {
    store::standard_vat(conn, country, date).await
}

/// All rates of a country on a day, the standard one first.
pub async fn vat_rates_on(
    conn: &mut PgConnection,
    country: &str,
    date: NaiveDate,
) -> Result<Vec<VatRate>, sqlx::Error> {
    store::vat_rates(conn, country, date).await
}

async fn load(conn: &mut PgConnection, id: ProductId) -> Result<Product, CatalogError> {
    store::by_ids(conn, &[id])
        .await?
        .pop()
        .ok_or(CatalogError::NotFound)
}

async fn tell(conn: &mut PgConnection, id: ProductId, priced: bool) -> Result<(), CatalogError> {
    if priced {
        jobs::publish(conn, &PriceChanged { products: vec![id] }).await?;
    }
    jobs::publish(conn, &ProductChanged { products: vec![id] }).await?;
    web::live::tell(conn, &format!("product-{id}")).await?;
    web::live::tell(conn, "products").await?;
    Ok(())
}

/// A broken constraint in words; anything else stays what it is.
fn named(error: sqlx::Error, sku: &Sku) -> CatalogError {
    let refusal = match db::violation(&error) {
        Some(Violation::Unique(name)) if name == "products_sku_unique" => {
            Refusal::new("catalog-refused-sku-taken")
                .with("sku", sku.as_str())
                .on("sku")
        }
        Some(Violation::Unique(name)) if name == "product_eans_unique" => {
            Refusal::new("catalog-refused-ean-taken").on("eans")
        }
        Some(Violation::ForeignKey(name)) if name == "products_category_id_fkey" => {
            Refusal::new("catalog-refused-category").on("category_id")
        }
        Some(Violation::Unique(_) | Violation::ForeignKey(_) | Violation::Check(_) | Violation::Conflict)
        | None => return error.into(),
    };
    refusal.into()
}
