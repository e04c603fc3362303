//! The search of the top bar and of the palette: articles and orders in one answer, from the slices' own searches.
//!
//! A text that means exactly one thing, such as a scanned code, opens it at once.

use axum::extract::State;
use axum::response::Response;
use catalog::{ProductFilter, ProductRow};
use kernel::{Limit, PageRequest};
use orders::{Direction, OrderFilter, OrderRow, OrderSort};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use web::{Access, AppState, Page, Problem, Query, Routes};

/// Hits of each kind; the list of that kind shows the rest.
const HITS_MAX: u16 = 10;
/// Longer than any name.
const TEXT_CHARS_MAX: usize = 200;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/search", Access::SignedIn, search)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    #[serde(default)]
    q: String,
}

#[derive(Default, Serialize)]
struct SearchPage {
    text: String,
    products: Vec<Hit>,
    orders: Vec<Hit>,
    /// Where the whole lists are; none when all is shown here.
    more_products: Option<String>,
    more_orders: Option<String>,
}

#[derive(Serialize)]
struct Hit {
    href: String,
    text: String,
    hint: String,
}

async fn search(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<SearchQuery>,
) -> Result<Response, Problem> {
    let text: String = query.q.trim().chars().take(TEXT_CHARS_MAX).collect();
    let mut found = SearchPage {
        text: text.clone(),
        ..SearchPage::default()
    };
    if !text.is_empty() {
        let mut conn = state.db.read().await?;
        find_products(&mut conn, &page, &text, &mut found).await?;
        find_orders(&mut conn, &page, &text, &mut found).await?;
    }
    if page.is_htmx() {
        return page.fragment("server/_hits.html", &found);
    }
    match (found.products.as_slice(), found.orders.as_slice()) {
        ([only], []) | ([], [only]) => Ok(page.redirect(&only.href)),
        _ => page.render("server/search.html", &found),
    }
}

async fn find_products(
    conn: &mut PgConnection,
    page: &Page,
    text: &str,
    found: &mut SearchPage,
) -> Result<(), Problem> {
    if !page.actor.may(catalog::CATALOG_VIEW) {
        return Ok(());
    }
    let filter = ProductFilter {
        q: Some(text.to_owned()),
        ..ProductFilter::default()
    };
    let rows = catalog::service::list(conn, &page.actor, &filter, first_hits()).await?;
    found.more_products = rows
        .next
        .is_some()
        .then(|| web::address("/products", &[("q", Some(text.to_owned()))]));
    found.products = rows.items.into_iter().map(product_hit).collect();
    Ok(())
}

fn product_hit(row: ProductRow) -> Hit {
    Hit {
        href: format!("/products/{}", row.id),
        text: row.name,
        hint: row.sku.to_string(),
    }
}

async fn find_orders(
    conn: &mut PgConnection,
    page: &Page,
    text: &str,
    found: &mut SearchPage,
) -> Result<(), Problem> {
    if !page.actor.may(orders::ORDERS_VIEW) {
        return Ok(());
    }
    let filter = OrderFilter {
        q: Some(text.to_owned()),
        ..OrderFilter::default()
    };
    let newest = (OrderSort::Placed, Direction::Descending);
    let rows = orders::service::list(conn, &page.actor, &filter, newest, &first_hits()).await?;
    found.more_orders = rows
        .next
        .is_some()
        .then(|| web::address("/orders", &[("q", Some(text.to_owned()))]));
    found.orders = rows.items.into_iter().map(order_hit).collect();
    Ok(())
}

fn order_hit(row: OrderRow) -> Hit {
    Hit {
        href: format!("/orders/{}", row.id),
        text: row.number,
        hint: row.customer_name,
    }
}

fn first_hits() -> PageRequest {
    PageRequest {
        limit: Limit::new(HITS_MAX).unwrap_or_default(),
        after: None,
    }
}
