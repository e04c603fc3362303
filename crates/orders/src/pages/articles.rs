//! Articles offered for an unresolved line.

use catalog::{ProductFilter, ProductStatus};
use kernel::{Limit, PageRequest};
use serde::Serialize;
use web::{Page, Problem};

/// A better search is faster than a longer list.
const FOUND_MAX: u16 = 8;

#[derive(Serialize)]
pub(super) struct Found {
    id: i64,
    sku: String,
    name: String,
    available: i64,
}

pub(super) async fn find(
    conn: &mut sqlx::PgConnection,
    page: &Page,
    text: &str,
) -> Result<Vec<Found>, Problem> {
    let filter = ProductFilter {
        q: Some(text.to_owned()),
        status: Some(ProductStatus::Active),
        ..ProductFilter::default()
    };
    let request = PageRequest {
        limit: Limit::new(FOUND_MAX).unwrap_or_default(),
        after: None,
    };
    let found = catalog::service::list(conn, &page.actor, &filter, request).await?;
    Ok(found
        .items
        .into_iter()
        .map(|row| Found {
            id: row.id.0,
            sku: row.sku.to_string(),
            name: row.name,
            available: row.available,
        })
        .collect())
}
