//! Handlers of `/api/v1/orders`.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use kernel::{
    Currency, CustomerId, Money, Net, OrderId, OrderLineId, ProductId, Timestamp, VatRate, WarehouseId,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{ApiActor, AppState, IfMatch, Json, List, Path, Problem, Query};

use super::customers::CustomerBody;
use super::sorted;
use super::views::{NamedView, OrderSummary, OrderView, UnresolvedLineView};
use crate::model::{Channel, Fulfilment, NewLine, NewOrder, Order, OrderStatus, PaymentMethod};
use crate::search::{Direction, OrderFilter, OrderSort};
use crate::service;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    #[param(value_type = Option<String>)]
    status: Option<OrderStatus>,
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    customer_id: Option<CustomerId>,
    /// `true`: only open orders that we ship.
    #[serde(default)]
    to_ship: bool,
    /// `true`: only open orders with a short or unresolved line.
    #[serde(default)]
    attention: bool,
    /// Placed at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    placed_from: Option<Timestamp>,
    /// Placed before.
    #[param(value_type = Option<String>, format = DateTime)]
    placed_before: Option<Timestamp>,
    q: Option<String>,
    /// `placed_at`, `ship_by`, `total`, `number`; a leading `-` turns it around.
    sort: Option<String>,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// Orders, the youngest first unless asked otherwise.
#[utoipa::path(get, path = "/api/v1/orders", tag = "orders", params(ListQuery),
    responses((status = 200, body = List<OrderSummary>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<ListQuery>,
) -> Result<List<OrderSummary>, Problem> {
    let filter = OrderFilter {
        status: query.status,
        channel: query.channel,
        customer: query.customer_id,
        to_ship: query.to_ship,
        attention: query.attention,
        placed_from: query.placed_from,
        placed_before: query.placed_before,
        q: query.q,
    };
    let newest = (OrderSort::Placed, Direction::Descending);
    let sort = sorted(query.sort.as_deref(), &OrderSort::ALL, OrderSort::as_str, newest)?;
    let page = web::page_request(query.limit, query.cursor)?;
    let mut conn = state.db.read().await?;
    let page = service::list(&mut conn, &actor, &filter, sort, &page).await?;
    Ok(List::from_page(page.map(OrderSummary::from)))
}

/// A new order; the smallest is a channel, a customer's name and lines of a code and a quantity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrder)]
pub(crate) struct OrderBody {
    /// `manual`, `shop` or `emag`.
    #[schema(value_type = String)]
    channel: Channel,
    /// The same key again is the same order.
    external_id: Option<String>,
    number: Option<String>,
    customer: CustomerBody,
    lines: Vec<LineBody>,
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    #[schema(value_type = Option<String>, format = DateTime)]
    placed_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    payment_method: Option<PaymentMethod>,
    #[serde(default)]
    is_paid: bool,
    shipping_gross: Option<Money>,
    warehouse_id: Option<WarehouseId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ship_by: Option<Timestamp>,
    note: Option<String>,
}

/// A line of a new order: a product or its code, and how many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrderLine)]
pub(crate) struct LineBody {
    external_line_id: Option<String>,
    product_id: Option<ProductId>,
    sku: Option<String>,
    name: Option<String>,
    quantity: i64,
    /// The product's price when absent.
    price_net: Option<Money>,
    #[schema(value_type = Option<String>)]
    vat_rate: Option<VatRate>,
    /// Of the whole line, zero or below.
    discount_net: Option<Money>,
    discount_vat: Option<Money>,
}

impl LineBody {
    fn line(self) -> NewLine {
        let nothing = Money::zero(Currency::RON);
        NewLine {
            external_line_id: self.external_line_id,
            product: self.product_id,
            sku: self.sku,
            external_product_id: None,
            name: self.name,
            quantity: self.quantity,
            price_net: self.price_net.map(Net),
            vat: self.vat_rate,
            discount_net: self.discount_net.unwrap_or(nothing),
            discount_vat: self.discount_vat.unwrap_or(nothing),
            active: true,
        }
    }
}

impl OrderBody {
    fn order(self, now: Timestamp) -> NewOrder {
        let first_price = self.lines.iter().find_map(|line| line.price_net);
        let currency = self
            .currency
            .or(first_price.map(|price| price.currency()))
            .unwrap_or(Currency::RON);
        NewOrder {
            channel: self.channel,
            channel_account: 0,
            external_id: self.external_id,
            number: self.number,
            customer: self.customer.into(),
            lines: self.lines.into_iter().map(LineBody::line).collect(),
            currency,
            placed_at: self.placed_at.unwrap_or(now),
            fulfilment: Fulfilment::Own,
            payment_method: self.payment_method.unwrap_or(PaymentMethod::Other),
            is_paid: self.is_paid,
            shipping_gross: self.shipping_gross.unwrap_or(Money::zero(currency)),
            status: OrderStatus::New,
            cancel_reason: None,
            warehouse: self.warehouse_id,
            ship_by: self.ship_by,
            note: self.note,
        }
    }
}

/// Places an order and reserves what is there. The same external id again gives the same order with 200.
#[utoipa::path(post, path = "/api/v1/orders", tag = "orders", request_body = OrderBody,
    responses((status = 201, body = OrderView), (status = 200, body = OrderView)))]
pub(crate) async fn create(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<OrderBody>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let order = body.order(state.clock.now());
    let placed = service::place(&mut tx, &actor, order, &state.clock).await?;
    let order = service::written(&mut tx, &actor, placed.order_id).await?;
    tx.commit().await?;
    let view = OrderView::try_from(order)?;
    if placed.created {
        let location = format!("/api/v1/orders/{}", view.id);
        return Ok(web::created(&location, view.version, &view));
    }
    Ok(web::versioned(view.version, &view))
}

/// One order.
#[utoipa::path(get, path = "/api/v1/orders/{id}", tag = "orders", params(("id" = i64, Path)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn show(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<OrderId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    answer(service::get(&mut conn, &actor, id).await?)
}

fn answer(order: Order) -> Result<Response, Problem> {
    let view = OrderView::try_from(order)?;
    Ok(web::versioned(view.version, &view))
}

/// Accepts the order.
#[utoipa::path(post, path = "/api/v1/orders/{id}/confirm", tag = "orders", params(("id" = i64, Path)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn confirm(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<OrderId>,
    IfMatch(version): IfMatch,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let order = service::confirm(&mut tx, &actor, (id, version)).await?;
    tx.commit().await?;
    answer(order)
}

/// The goods are in a parcel.
#[utoipa::path(post, path = "/api/v1/orders/{id}/pack", tag = "orders", params(("id" = i64, Path)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn pack(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<OrderId>,
    IfMatch(version): IfMatch,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let order = service::pack(&mut tx, &actor, (id, version)).await?;
    tx.commit().await?;
    answer(order)
}

/// The goods leave the stock.
#[utoipa::path(post, path = "/api/v1/orders/{id}/ship", tag = "orders", params(("id" = i64, Path)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn ship(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<OrderId>,
    IfMatch(version): IfMatch,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let order = service::ship(&mut tx, &actor, (id, version), &state.clock).await?;
    tx.commit().await?;
    answer(order)
}

/// Why an order is cancelled.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelOrder)]
pub(crate) struct CancelBody {
    reason: Option<String>,
}

/// What is recorded when a program gives no reason.
const REASON_OF_A_PROGRAM: &str = "API";

/// Cancels the order and frees what it held. The body may be absent.
#[utoipa::path(post, path = "/api/v1/orders/{id}/cancel", tag = "orders", params(("id" = i64, Path)),
    request_body = Option<CancelBody>, responses((status = 200, body = OrderView)))]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<OrderId>,
    IfMatch(version): IfMatch,
    body: Bytes,
) -> Result<Response, Problem> {
    let body: CancelBody = if body.is_empty() {
        CancelBody::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| Problem::Malformed(error.to_string()))?
    };
    let reason = body.reason.unwrap_or_else(|| REASON_OF_A_PROGRAM.to_owned());
    let mut tx = state.db.begin(&actor).await?;
    let order = service::cancel(&mut tx, &actor, (id, version), &reason).await?;
    tx.commit().await?;
    answer(order)
}

/// The goods came back; stock is booked in by a person.
#[utoipa::path(post, path = "/api/v1/orders/{id}/return", tag = "orders", params(("id" = i64, Path)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn return_goods(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<OrderId>,
    IfMatch(version): IfMatch,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let order = service::return_goods(&mut tx, &actor, (id, version)).await?;
    tx.commit().await?;
    answer(order)
}

/// Which article an unresolved line is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResolveOrderLine)]
pub(crate) struct ResolveBody {
    product_id: ProductId,
}

/// Names the article of an unresolved line, on it and on every line that waits for the same article of the same shop,
/// and reserves what their orders want.
#[utoipa::path(post, path = "/api/v1/orders/lines/{line_id}/resolve", tag = "orders",
    params(("line_id" = i64, Path)), request_body = ResolveBody,
    responses((status = 200, body = NamedView), (status = 409)))]
pub(crate) async fn resolve(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(line_id): Path<OrderLineId>,
    Json(body): Json<ResolveBody>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let named = service::resolve_line(&mut tx, &actor, line_id, body.product_id).await?;
    tx.commit().await?;
    Ok(axum::Json(NamedView::from(named)).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnresolvedQuery {
    limit: Option<u16>,
    cursor: Option<String>,
}

/// Lines of open orders whose article nobody knows yet, the longest waiting first.
#[utoipa::path(get, path = "/api/v1/orders/unresolved-lines", tag = "orders", params(UnresolvedQuery),
    responses((status = 200, body = List<UnresolvedLineView>)))]
pub(crate) async fn unresolved(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<UnresolvedQuery>,
) -> Result<List<UnresolvedLineView>, Problem> {
    let page = web::page_request(query.limit, query.cursor)?;
    let mut conn = state.db.read().await?;
    let page = service::unresolved_lines(&mut conn, &actor, &page).await?;
    Ok(List::from_page(page.map(UnresolvedLineView::from)))
}
