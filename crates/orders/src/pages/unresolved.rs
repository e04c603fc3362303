//! The queue of lines whose article nobody knows: each with a search, named right there.

use axum::extract::State;
use axum::response::Response;
use kernel::{OrderLineId, ProductId, Timestamp};
use serde::{Deserialize, Serialize};
use ui::Args;
use web::{AppState, FlashKind, Form, Page, Path, Problem, Query};

use super::articles::{Found, find};
use super::{channel_text, refused};
use crate::search::UnresolvedLine;
use crate::service::Named;
use crate::{ORDERS_EDIT, service};

const QUEUE: &str = "/orders/unresolved";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueQuery {
    /// The line an article is searched for.
    line: Option<i64>,
    find: Option<String>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct QueuePage {
    rows: Vec<Row>,
    total: i64,
    may_edit: bool,
    cursor: Option<String>,
    next: Option<String>,
    first: Option<&'static str>,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    order_id: i64,
    order_number: String,
    channel: String,
    sku: Option<String>,
    external_product_id: Option<String>,
    name: String,
    quantity: i64,
    placed_at: Timestamp,
    /// What was searched for this line, and what was found.
    find: Option<String>,
    found: Vec<Found>,
}

pub(super) async fn queue(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<QueueQuery>,
) -> Result<Response, Problem> {
    let request = web::page_request(None, query.cursor.clone())?;
    let mut conn = state.db.read().await?;
    let lines = service::unresolved_lines(&mut conn, &page.actor, &request).await?;
    let found = match &query.find {
        Some(text) => find(&mut conn, &page, text).await?,
        None => Vec::new(),
    };
    let mut rows: Vec<Row> = lines.items.into_iter().map(|line| row(&page, line)).collect();
    if let Some(row) = rows.iter_mut().find(|row| Some(row.id) == query.line) {
        row.find = query.find;
        row.found = found;
    }
    let context = QueuePage {
        rows,
        total: lines.total.unwrap_or_default(),
        may_edit: page.actor.may(ORDERS_EDIT),
        next: lines
            .next
            .map(|cursor| web::address(QUEUE, &[("cursor", Some(cursor.as_str().to_owned()))])),
        first: query.cursor.is_some().then_some(QUEUE),
        cursor: query.cursor,
    };
    page.render("orders/unresolved.html", &context)
}

fn row(page: &Page, line: UnresolvedLine) -> Row {
    Row {
        id: line.line_id.0,
        order_id: line.order_id.0,
        order_number: line.order_number,
        channel: channel_text(page, line.channel),
        sku: line.sku,
        external_product_id: line.external_product_id,
        name: line.name,
        quantity: line.quantity,
        placed_at: line.placed_at,
        find: None,
        found: Vec::new(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameForm {
    product: ProductId,
    /// The page of the queue to come back to.
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) async fn name(
    State(state): State<AppState>,
    page: Page,
    Path(line): Path<OrderLineId>,
    Form(form): Form<NameForm>,
) -> Result<Response, Problem> {
    let cursor = form.cursor.filter(|cursor| !cursor.is_empty());
    let to = web::address(QUEUE, &[("cursor", cursor)]);
    let mut tx = state.db.begin(&page.actor).await?;
    match service::resolve_line(&mut tx, &page.actor, line, form.product).await {
        Ok(named) => {
            tx.commit().await?;
            Ok(page.redirect_with(&to, FlashKind::Success, "orders-article-named", &told(&named)))
        }
        Err(error) => refused(&page, &to, error),
    }
}

/// Units over all lines that got the article.
pub(super) fn told(named: &Named) -> Args {
    let all = || named.others.iter().chain([&named.line]);
    Args::new()
        .with("lines", all().count())
        .with("reserved", all().map(|line| line.reserved).sum::<i64>())
        .with("short", all().map(|line| line.short).sum::<i64>())
}
