//! Lists whose filters are chosen at run time.

use kernel::{EmagAccountId, ListingId, PageRequest, ProductId, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use utoipa::ToSchema;

use crate::error::EmagError;

/// Which listings are wanted.
#[derive(Clone, Debug, Default)]
pub struct ListingFilter {
    pub account: Option<EmagAccountId>,
    pub product: Option<ProductId>,
    /// Name, part number or PNK.
    pub text: Option<String>,
    /// Only those where the marketplace holds something else than it should, or refused it.
    pub differing: bool,
}

/// An article as one account lists it.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct ListingView {
    pub id: ListingId,
    pub account_id: EmagAccountId,
    pub account: String,
    pub product_id: Option<ProductId>,
    /// The seller's numeric id in this account.
    pub emag_id: i64,
    /// The seller's own code.
    pub part_number: String,
    /// eMAG's key (PNK).
    pub part_number_key: Option<String>,
    pub name: String,
    /// 1 active, 0 inactive, 2 end of life.
    pub status: i16,
    pub currency: String,
    #[schema(value_type = String)]
    pub remote_price: Decimal,
    #[schema(value_type = Option<String>)]
    pub wanted_price: Option<Decimal>,
    pub remote_stock: i64,
    pub wanted_stock: Option<i64>,
    pub push_error: Option<String>,
    pub is_missing: bool,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// Words of more characters search nothing better.
const TEXT_CHARS_MAX: usize = 100;

/// One row more than the page tells whether there is another.
pub(crate) async fn list_listings(
    conn: &mut PgConnection,
    filter: &ListingFilter,
    page: &PageRequest,
) -> Result<Vec<ListingView>, EmagError> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(
        "SELECT l.id, l.account_id, a.name AS account, l.product_id, l.emag_id, l.part_number, l.part_number_key, l.name, \
                l.status, l.currency, l.remote_price, l.wanted_price, l.remote_stock, l.wanted_stock, \
                COALESCE(l.push_error, l.price_error) AS push_error, l.missing_since IS NOT NULL AS is_missing, l.updated_at \
           FROM app.emag_listings l JOIN app.emag_accounts a ON a.id = l.account_id WHERE true",
    );
    if let Some(account) = filter.account {
        query.push(" AND l.account_id = ").push_bind(account.0);
    }
    if let Some(product) = filter.product {
        query.push(" AND l.product_id = ").push_bind(product.0);
    }
    if let Some(text) = &filter.text {
        let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
        for word in text.split_whitespace() {
            let pattern = format!(
                "%{}%",
                word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
            );
            query
                .push(" AND l.search LIKE app.fold(")
                .push_bind(pattern)
                .push(")");
        }
    }
    if filter.differing {
        query.push(" AND (l.wanted_stock <> l.remote_stock OR l.wanted_price <> l.remote_price OR l.push_error IS NOT NULL OR l.price_error IS NOT NULL)");
    }
    if let Some(cursor) = &page.after {
        let (name, id): (String, i64) = cursor
            .open()
            .map_err(|_foreign| kernel::Refusal::new("ui-input-cursor").on("cursor"))?;
        query
            .push(" AND (l.name, l.id) > (")
            .push_bind(name)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" ORDER BY l.name, l.id LIMIT ")
        .push_bind(page.limit.probe());
    Ok(query.build_query_as().fetch_all(conn).await?)
}
