//! Pages of articles: the list with prices edited in place, one article, a new one.

mod edit;

use axum::extract::State;
use axum::response::Response;
use kernel::{Gross, Net, ProductId};
use serde::{Deserialize, Serialize};
use web::{Access, AppState, Page, Path, Problem, Query, Routes, page_request};

use crate::api::{sort_of, status_of};
use crate::model::{Product, ProductFilter, ProductRow, ProductSort, ProductStatus, SortKey, StockFilter};
use crate::{CATALOG_EDIT, CATALOG_PRICE, CATALOG_VIEW, service};

pub(crate) fn routes() -> Routes {
    let view = Access::Needs(CATALOG_VIEW);
    Routes::new()
        .get("/products", view, list)
        .get("/products/new", Access::Needs(CATALOG_EDIT), edit::blank)
        .post("/products/new", Access::Needs(CATALOG_EDIT), edit::create)
        .get("/products/{id}", view, show)
        .get("/products/{id}/edit", Access::Needs(CATALOG_EDIT), edit::form)
        .post("/products/{id}/edit", Access::Needs(CATALOG_EDIT), edit::save)
        .post("/products/{id}/price", Access::Needs(CATALOG_PRICE), edit::price)
        .post(
            "/products/{id}/archive",
            Access::Needs(CATALOG_EDIT),
            edit::archive,
        )
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    q: Option<String>,
    sort: Option<String>,
    status: Option<String>,
    stock: Option<StockFilter>,
    cursor: Option<String>,
}

impl ListQuery {
    fn href(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut wanted = Self {
            cursor: None,
            ..self.clone()
        };
        change(&mut wanted);
        web::address(
            "/products",
            &[
                ("q", wanted.q),
                ("status", wanted.status),
                ("stock", wanted.stock.map(|stock| stock_word(stock).to_owned())),
                ("sort", wanted.sort),
                ("cursor", wanted.cursor),
            ],
        )
    }
}

fn stock_word(stock: StockFilter) -> &'static str {
    match stock {
        StockFilter::In => "in",
        StockFilter::Low => "low",
        StockFilter::Out => "out",
    }
}

#[derive(Serialize)]
struct ListPage {
    rows: Vec<Row>,
    total: Option<i64>,
    shown: usize,
    text: String,
    here: String,
    views: Vec<View>,
    keep: Vec<Kept>,
    sorts: Vec<Sort>,
    next: Option<String>,
    first: Option<String>,
    filtered: bool,
    may_edit: bool,
    may_price: bool,
    /// Where a typed stock figure is counted; none without permission or with several own warehouses.
    count_at: Option<i64>,
}

/// Counting belongs to the slice of stock, which this one may not import; the page only places its cell
/// (docs/decisions/0005).
const MAY_COUNT: kernel::Permission = kernel::Permission::new("inventory.adjust");

#[derive(Serialize)]
struct View {
    text: String,
    href: String,
    active: bool,
    count: Option<i64>,
}

#[derive(Serialize)]
struct Kept {
    name: &'static str,
    value: String,
}

/// A column that can be sorted by: where its heading leads and how it is sorted now.
#[derive(Serialize)]
struct Sort {
    key: &'static str,
    href: String,
    sorted: Option<&'static str>,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    sku: String,
    name: String,
    brand: Option<String>,
    archived: bool,
    image_url: Option<String>,
    net: Net,
    gross: Gross,
    /// As it is edited.
    gross_text: String,
    currency: String,
    on_hand: i64,
    reserved: i64,
    available: i64,
    low: bool,
    version: i64,
}

impl Row {
    fn of(row: ProductRow, page: &Page) -> Self {
        Self {
            id: row.id.0,
            sku: row.sku.to_string(),
            name: row.name,
            brand: row.brand,
            archived: row.status == ProductStatus::Archived,
            image_url: row.image_url,
            net: row.price,
            gross_text: ui::formats::editable_amount(row.gross.0.amount(), page.locale),
            currency: row.gross.0.currency().to_string(),
            gross: row.gross,
            on_hand: row.on_hand,
            reserved: row.reserved,
            available: row.available,
            low: row.available <= row.reorder_point,
            version: row.version,
        }
    }
}

async fn list(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let sort = sort_of(query.sort.as_deref())?;
    let filter = ProductFilter {
        q: query.q.clone(),
        status: status_of(query.status.as_deref())?,
        stock: query.stock,
        category_id: None,
        sort,
    };
    let mut conn = state.db.read().await?;
    let found = service::list(&mut conn, &page.actor, &filter, request).await?;
    let rows: Vec<Row> = found.items.into_iter().map(|row| Row::of(row, &page)).collect();
    let context = ListPage {
        shown: rows.len(),
        rows,
        total: found.total,
        text: query.q.clone().unwrap_or_default(),
        here: query.href(|wanted| wanted.cursor.clone_from(&query.cursor)),
        views: views(&query, &page),
        keep: kept(&query),
        sorts: SortKey::ALL
            .into_iter()
            .map(|key| sort_heading(&query, sort, key))
            .collect(),
        next: found
            .next
            .map(|cursor| query.href(|wanted| wanted.cursor = Some(cursor.as_str().to_owned()))),
        first: query.cursor.is_some().then(|| query.href(|_| ())),
        filtered: query.q.is_some() || query.stock.is_some() || query.status.is_some(),
        may_edit: page.actor.may(CATALOG_EDIT),
        may_price: page.actor.may(CATALOG_PRICE),
        count_at: if page.actor.may(MAY_COUNT) {
            service::only_own_warehouse(&mut conn).await?.map(|id| id.0)
        } else {
            None
        },
    };
    page.render("catalog/list.html", &context)
}

fn views(query: &ListQuery, page: &Page) -> Vec<View> {
    let stock = |wanted: Option<StockFilter>, word: &str| View {
        text: page.t(&format!("catalog-view-{word}")),
        href: query.href(|q| {
            q.stock = wanted;
            q.status = None;
        }),
        active: query.status.is_none() && query.stock == wanted,
        count: None,
    };
    vec![
        stock(None, "all"),
        stock(Some(StockFilter::In), "in"),
        stock(Some(StockFilter::Low), "low"),
        stock(Some(StockFilter::Out), "out"),
        View {
            text: page.t("catalog-view-archived"),
            href: query.href(|q| {
                q.stock = None;
                q.status = Some("archived".to_owned());
            }),
            active: query.status.as_deref() == Some("archived"),
            count: None,
        },
    ]
}

fn kept(query: &ListQuery) -> Vec<Kept> {
    [
        ("status", query.status.clone()),
        ("stock", query.stock.map(|stock| stock_word(stock).to_owned())),
        ("sort", query.sort.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| Kept { name, value }))
    .collect()
}

fn sort_heading(query: &ListQuery, now: ProductSort, key: SortKey) -> Sort {
    let is_this = now.by == key;
    let next = ProductSort {
        by: key,
        descending: is_this && !now.descending,
    };
    Sort {
        key: key.word(),
        href: query.href(|wanted| wanted.sort = Some(next.text())),
        sorted: is_this.then_some(if now.descending { "desc" } else { "asc" }),
    }
}

#[derive(Serialize)]
struct ShowPage {
    id: i64,
    sku: String,
    name: String,
    brand: Option<String>,
    description: Option<String>,
    archived: bool,
    image_url: Option<String>,
    net: Net,
    gross: Gross,
    gross_text: String,
    currency: String,
    vat: String,
    weight_g: Option<i32>,
    eans: Vec<String>,
    reorder_point: i64,
    stock_min: i64,
    stock_target: Option<i64>,
    version: i64,
    updated_at: kernel::Timestamp,
    old_skus: Vec<Old>,
    may_edit: bool,
    may_price: bool,
}

#[derive(Serialize)]
struct Old {
    sku: String,
    replaced_at: kernel::Timestamp,
}

impl ShowPage {
    fn of(product: Product, old: Vec<crate::OldSku>, page: &Page) -> Self {
        Self {
            id: product.id.0,
            sku: product.sku.to_string(),
            name: product.name,
            brand: product.brand,
            description: product.description,
            archived: product.status == ProductStatus::Archived,
            image_url: product.image_url,
            net: product.price,
            gross_text: ui::formats::editable_amount(product.gross.0.amount(), page.locale),
            currency: product.gross.0.currency().to_string(),
            gross: product.gross,
            vat: product.vat.to_string(),
            weight_g: product.weight_g,
            eans: product.eans.iter().map(ToString::to_string).collect(),
            reorder_point: product.levels.reorder_point,
            stock_min: product.levels.min,
            stock_target: product.levels.target,
            version: product.version,
            updated_at: product.updated_at,
            old_skus: old
                .into_iter()
                .map(|old| Old {
                    sku: old.sku,
                    replaced_at: old.replaced_at,
                })
                .collect(),
            may_edit: page.actor.may(CATALOG_EDIT),
            may_price: page.actor.may(CATALOG_PRICE),
        }
    }
}

async fn show(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let product = service::get(&mut conn, &page.actor, ProductId(id)).await?;
    let old = service::old_skus(&mut conn, &page.actor, product.id).await?;
    page.render("catalog/show.html", &ShowPage::of(product, old, &page))
}
