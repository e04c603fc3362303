//! What the buttons of an order's page do. Each answer leads back to the page with a message.

use axum::extract::State;
use axum::response::Response;
use kernel::{OrderId, OrderLineId, ProductId};
use serde::Deserialize;
use ui::Args;
use web::{AppState, FlashKind, Form, Page, Path, Problem};

use super::refused;
use super::unresolved::told;
use crate::error::OrderError;
use crate::model::{Action, Order};
use crate::service;

/// The form of a step: the version the person saw.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepForm {
    version: Option<i64>,
}

async fn done(
    page: &Page,
    tx: db::Tx,
    (id, action): (OrderId, Action),
    result: Result<Order, OrderError>,
) -> Result<Response, Problem> {
    let to = format!("/orders/{id}");
    match result {
        Ok(order) => {
            tx.commit().await?;
            let args = Args::new().with("number", order.number);
            let key = format!("orders-done-{}", action.as_str());
            Ok(page.redirect_with(&to, FlashKind::Success, &key, &args))
        }
        Err(error) => refused(page, &to, error),
    }
}

pub(super) async fn confirm(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<OrderId>,
    Form(form): Form<StepForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let result = service::confirm(&mut tx, &page.actor, (id, form.version)).await;
    done(&page, tx, (id, Action::Confirm), result).await
}

pub(super) async fn pack(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<OrderId>,
    Form(form): Form<StepForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let result = service::pack(&mut tx, &page.actor, (id, form.version)).await;
    done(&page, tx, (id, Action::Pack), result).await
}

pub(super) async fn ship(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<OrderId>,
    Form(form): Form<StepForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let result = service::ship(&mut tx, &page.actor, (id, form.version), &state.clock).await;
    done(&page, tx, (id, Action::Ship), result).await
}

pub(super) async fn return_goods(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<OrderId>,
    Form(form): Form<StepForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let result = service::return_goods(&mut tx, &page.actor, (id, form.version)).await;
    done(&page, tx, (id, Action::Return), result).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelForm {
    version: Option<i64>,
    reason: String,
}

pub(super) async fn cancel(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<OrderId>,
    Form(form): Form<CancelForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let result = service::cancel(&mut tx, &page.actor, (id, form.version), &form.reason).await;
    done(&page, tx, (id, Action::Cancel), result).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveForm {
    product: ProductId,
}

pub(super) async fn resolve(
    State(state): State<AppState>,
    page: Page,
    Path((id, line)): Path<(OrderId, OrderLineId)>,
    Form(form): Form<ResolveForm>,
) -> Result<Response, Problem> {
    let to = format!("/orders/{id}");
    let mut tx = state.db.begin(&page.actor).await?;
    match service::resolve_line(&mut tx, &page.actor, line, form.product).await {
        Ok(named) => {
            tx.commit().await?;
            Ok(page.redirect_with(&to, FlashKind::Success, "orders-article-named", &told(&named)))
        }
        Err(error) => refused(&page, &to, error),
    }
}
