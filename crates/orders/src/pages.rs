//! Pages of orders and customers. Handlers read, call, show; amounts and words arrive ready in the templates.

mod articles;
mod customers;
mod list;
mod new;
mod show;
mod steps;
mod story;
mod unresolved;

use axum::response::Response;
use kernel::{Param, Refusal};
use serde::Serialize;
use ui::Args;
use web::{Access, FlashKind, NavItem, Page, Problem, Routes};

use crate::error::OrderError;
use crate::model::{Channel, OrderStatus};
use crate::{CUSTOMERS_EDIT, CUSTOMERS_VIEW, ORDERS_CANCEL, ORDERS_EDIT, ORDERS_SHIP, ORDERS_VIEW};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/orders", Access::Needs(ORDERS_VIEW), list::list)
        .get("/orders/new", Access::Needs(ORDERS_EDIT), new::blank)
        .post("/orders/new", Access::Needs(ORDERS_EDIT), new::create)
        .get(
            "/orders/unresolved",
            Access::Needs(ORDERS_VIEW),
            unresolved::queue,
        )
        .post(
            "/orders/unresolved/{line}",
            Access::Needs(ORDERS_EDIT),
            unresolved::name,
        )
        .get("/orders/{id}", Access::Needs(ORDERS_VIEW), show::show)
        .get("/orders/lines/{line}", Access::Needs(ORDERS_VIEW), show::of_line)
        .post("/orders/{id}/confirm", Access::Needs(ORDERS_EDIT), steps::confirm)
        .post("/orders/{id}/pack", Access::Needs(ORDERS_SHIP), steps::pack)
        .post("/orders/{id}/ship", Access::Needs(ORDERS_SHIP), steps::ship)
        .post(
            "/orders/{id}/return",
            Access::Needs(ORDERS_SHIP),
            steps::return_goods,
        )
        .post("/orders/{id}/cancel", Access::Needs(ORDERS_CANCEL), steps::cancel)
        .post(
            "/orders/{id}/lines/{line}/resolve",
            Access::Needs(ORDERS_EDIT),
            steps::resolve,
        )
        .get("/customers", Access::Needs(CUSTOMERS_VIEW), customers::list)
        .get("/customers/{id}", Access::Needs(CUSTOMERS_VIEW), customers::show)
        .post("/customers/{id}", Access::Needs(CUSTOMERS_EDIT), customers::save)
}

/// The entries of the menu.
pub fn nav() -> &'static [NavItem] {
    const NAV: &[NavItem] = &[
        NavItem {
            href: "/orders",
            icon: "shopping-cart",
            key: "nav-orders",
            access: Some(ORDERS_VIEW),
            order: 20,
        },
        NavItem {
            href: "/customers",
            icon: "user",
            key: "nav-customers",
            access: Some(CUSTOMERS_VIEW),
            order: 60,
        },
    ];
    NAV
}

/// A choice of views or of a select field.
#[derive(Serialize)]
struct View {
    text: String,
    href: String,
    active: bool,
    count: Option<i64>,
}

#[derive(Serialize)]
struct Choice {
    value: &'static str,
    text: String,
}

/// What a form carries along unseen.
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

/// A state in words and colour.
#[derive(Serialize)]
struct Badge {
    text: String,
    state: &'static str,
    glyph: &'static str,
}

fn status_badge(page: &Page, status: OrderStatus) -> Badge {
    let (state, glyph) = match status {
        OrderStatus::New => ("info", "circle"),
        OrderStatus::Confirmed => ("info", "check"),
        OrderStatus::Packed => ("info", "package"),
        OrderStatus::Shipped => ("good", "truck"),
        OrderStatus::Cancelled => ("neutral", "ban"),
        OrderStatus::Returned => ("neutral", "undo"),
    };
    Badge {
        text: page.t(&format!("orders-status-{status}")),
        state,
        glyph,
    }
}

fn channel_text(page: &Page, channel: Channel) -> String {
    page.t(&format!("orders-channel-{channel}"))
}

fn say(page: &Page, refusal: &Refusal) -> String {
    page.state.ui.message(page.locale, refusal)
}

fn args_of(refusal: &Refusal) -> Args {
    refusal
        .params
        .iter()
        .fold(Args::new(), |args, (name, value)| match value {
            Param::Number(number) => args.with(name, *number),
            Param::Text(text) => args.with(name, text.clone()),
        })
}

/// A refusal goes back to the page it came from, in words; anything else is a problem.
fn refused(page: &Page, to: &str, error: OrderError) -> Result<Response, Problem> {
    let refusal = match error {
        OrderError::Refused(refusal) => refusal,
        OrderError::Invalid(problems) => match problems.into_iter().next() {
            Some(problem) => problem.refusal,
            None => return Ok(page.redirect(to)),
        },
        OrderError::Stale { current_version } => {
            Refusal::new("ui-error-stale").with("version", current_version)
        }
        OrderError::Denied(_)
        | OrderError::NotFound
        | OrderError::Money(_)
        | OrderError::Cursor(_)
        | OrderError::Catalog(_)
        | OrderError::Inventory(_)
        | OrderError::Database(_) => return Err(error.into()),
    };
    Ok(page.redirect_with(to, FlashKind::Error, refusal.code, &args_of(&refusal)))
}
