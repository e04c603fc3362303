//! One order: its state and legal next actions, lines, sums, customer, story; unresolved lines are named right here.

use axum::extract::State;
use axum::response::Response;
use kernel::{Money, Net, OrderId, OrderLineId, Timestamp};
use serde::{Deserialize, Serialize};
use web::{AppState, Page, Path, Problem, Query};

use super::articles::{Found, find};
use super::{Badge, channel_text, say, status_badge, story};
use crate::error::OrderError;
use crate::model::{
    Action, Address, Customer, CustomerKind, Fulfilment, Line, LineStatus, Order, OrderTotals, Step,
    order_totals, step,
};
use crate::{CUSTOMERS_VIEW, ORDERS_CANCEL, ORDERS_EDIT, ORDERS_SHIP, service};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowQuery {
    /// The unresolved line an article is searched for.
    line: Option<i64>,
    find: Option<String>,
}

#[derive(Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each shows or hides a part of the template"
)]
struct ShowPage {
    id: i64,
    number: String,
    version: i64,
    status: Badge,
    channel: String,
    marketplace_ships: bool,
    payment: String,
    is_paid: bool,
    placed_at: Timestamp,
    ship_by: Option<Timestamp>,
    overdue: bool,
    shipped_at: Option<Timestamp>,
    cancel_reason: Option<String>,
    note: Option<String>,
    short: i64,
    unresolved: i32,
    actions: Vec<Next>,
    may_cancel: bool,
    may_edit: bool,
    lines: Vec<LineRow>,
    net: Money,
    vat: Money,
    shipping: Money,
    gross: Money,
    customer: CustomerCard,
    ship_to: Vec<String>,
    billing: Vec<String>,
    story: Vec<story::Entry>,
}

/// A legal action, or one that only stock or an unknown article stands in the way of.
#[derive(Serialize)]
struct Next {
    word: &'static str,
    text: String,
    glyph: &'static str,
    primary: bool,
    /// Why it cannot be done yet.
    blocked: Option<String>,
}

#[derive(Serialize)]
struct LineRow {
    id: i64,
    product_id: Option<i64>,
    sku: Option<String>,
    external_product_id: Option<String>,
    name: String,
    quantity: i64,
    reserved: i64,
    short: i64,
    shipped: i64,
    cancelled: bool,
    unresolved: bool,
    price_net: Net,
    price_gross: Money,
    vat_percent: String,
    /// With VAT; none when nothing was taken off.
    discount: Option<Money>,
    gross: Money,
    /// What was searched for this line, and what was found.
    find: Option<String>,
    found: Vec<Found>,
}

#[derive(Serialize)]
struct CustomerCard {
    href: Option<String>,
    name: String,
    company: bool,
    tax_id: Option<String>,
    tax_id_suspect: bool,
    phone: Option<String>,
    email: Option<String>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<OrderId>,
    Query(query): Query<ShowQuery>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let order = service::get(&mut conn, &page.actor, id).await?;
    let trail = service::timeline(&mut conn, &page.actor, &order).await?;
    let found = match &query.find {
        Some(text) => find(&mut conn, &page, text).await?,
        None => Vec::new(),
    };
    let story = trail
        .into_iter()
        .map(|entry| story::entry(&page, &order, entry))
        .collect();
    let mut context = context(&page, order, story)?;
    if let Some(line) = context.lines.iter_mut().find(|line| Some(line.id) == query.line) {
        line.find = query.find;
        line.found = found;
    }
    page.render("orders/show.html", &context)
}

/// Other slices know a line and not its order: the address of a line leads to the order it stands in.
pub(super) async fn of_line(
    State(state): State<AppState>,
    page: Page,
    Path(line): Path<OrderLineId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let order = service::order_of_line(&mut conn, &page.actor, line).await?;
    Ok(page.redirect(&format!("/orders/{order}#line-{line}")))
}

fn context(page: &Page, order: Order, story: Vec<story::Entry>) -> Result<ShowPage, Problem> {
    let active = order
        .lines
        .iter()
        .filter(|line| line.status == LineStatus::Active);
    let sums = active
        .map(Line::totals)
        .collect::<Result<Vec<_>, _>>()
        .map_err(OrderError::from)?;
    let totals: OrderTotals =
        order_totals(sums, order.shipping_gross, order.currency).map_err(OrderError::from)?;
    let open = order.status.is_open();
    let ship_by = order.ship_by.filter(|_| open);
    let cancellable = matches!(step(order.status, Action::Cancel), Ok(Step::To(_)));
    let own = order.fulfilment == Fulfilment::Own;
    Ok(ShowPage {
        actions: next_actions(page, &order),
        may_cancel: own && cancellable && page.actor.may(ORDERS_CANCEL),
        may_edit: page.actor.may(ORDERS_EDIT),
        short: order.lines.iter().map(|line| line.short).sum(),
        unresolved: if open { order.unresolved_lines } else { 0 },
        status: status_badge(page, order.status),
        channel: channel_text(page, order.channel),
        marketplace_ships: !own,
        payment: page.t(&format!(
            "orders-payment-{}",
            order.payment_method.as_str().replace('_', "-")
        )),
        overdue: ship_by.is_some_and(|at| at < page.shell.now),
        ship_by,
        customer: customer(page, &order.customer),
        ship_to: address(&order.ship_to),
        billing: address(&order.customer.billing),
        id: order.id.0,
        number: order.number,
        version: order.version,
        is_paid: order.is_paid,
        placed_at: order.placed_at,
        shipped_at: order.shipped_at,
        cancel_reason: order.cancel_reason,
        note: order.note,
        net: totals.net,
        vat: totals.vat,
        shipping: totals.shipping,
        gross: totals.gross,
        lines: order.lines.into_iter().map(line_row).collect::<Result<_, _>>()?,
        story,
    })
}

fn next_actions(page: &Page, order: &Order) -> Vec<Next> {
    if order.fulfilment == Fulfilment::Marketplace {
        return Vec::new();
    }
    let units: i64 = order.lines.iter().map(|line| line.short).sum();
    let obstacle = if order.unresolved_lines > 0 {
        Some(kernel::Refusal::new("orders-refused-unresolved"))
    } else if units > 0 {
        Some(kernel::Refusal::new("orders-refused-short").with("units", units))
    } else {
        None
    };
    [
        (Action::Confirm, ORDERS_EDIT, "check", false),
        (Action::Pack, ORDERS_SHIP, "package", true),
        (Action::Ship, ORDERS_SHIP, "truck", true),
        (Action::Return, ORDERS_SHIP, "undo", false),
    ]
    .into_iter()
    .filter(|(action, permission, _, _)| {
        page.actor.may(*permission) && matches!(step(order.status, *action), Ok(Step::To(_)))
    })
    .enumerate()
    .map(|(place, (action, _, glyph, needs_stock))| Next {
        word: action.as_str(),
        text: page.t(&format!("orders-do-{}", action.as_str())),
        glyph,
        primary: place == 0 && action != Action::Return,
        blocked: obstacle
            .as_ref()
            .filter(|_| needs_stock)
            .map(|refusal| say(page, refusal)),
    })
    .collect()
}

fn line_row(line: Line) -> Result<LineRow, OrderError> {
    let totals = line.totals()?;
    let discount = line.discount_net.plus(line.discount_vat)?;
    Ok(LineRow {
        price_gross: line.price_gross()?.0,
        discount: (!discount.amount().is_zero()).then_some(discount),
        gross: totals.gross,
        unresolved: line.is_unresolved(),
        cancelled: line.status == LineStatus::Cancelled,
        vat_percent: line.vat.to_string(),
        id: line.id.0,
        product_id: line.product.map(|id| id.0),
        sku: line.sku,
        external_product_id: line.external_product_id,
        name: line.name,
        quantity: line.quantity,
        reserved: line.reserved,
        short: line.short,
        shipped: line.shipped,
        price_net: line.price_net,
        find: None,
        found: Vec::new(),
    })
}

fn customer(page: &Page, customer: &Customer) -> CustomerCard {
    CustomerCard {
        href: page
            .actor
            .may(CUSTOMERS_VIEW)
            .then(|| format!("/customers/{}", customer.id)),
        name: customer.name.clone(),
        company: customer.kind == CustomerKind::Company,
        tax_id: customer.tax_id.clone(),
        tax_id_suspect: customer.tax_id_suspect,
        phone: customer.phone.clone(),
        email: customer.email.clone(),
    }
}

/// As it is written on a parcel, line by line.
fn address(address: &Address) -> Vec<String> {
    let joined = |parts: [&Option<String>; 2]| {
        let filled: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
        (!filled.is_empty()).then(|| filled.join(", "))
    };
    [
        joined([&address.contact, &address.phone]),
        address.locker.clone(),
        address.street.clone(),
        joined([&address.postal_code, &address.city]),
        joined([&address.county, &address.country]),
    ]
    .into_iter()
    .flatten()
    .collect()
}
