//! Placing an order by hand or by a program of the firm.

use chrono::SubsecRound as _;
use kernel::{Actor, Clock, CustomerId, Money, OrderId, Refusal, normalise_text};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::articles::{Origin, priced_lines};
use super::book::{Book, Recheck};
use super::customers;
use crate::ORDERS_EDIT;
use crate::error::OrderError;
use crate::events::OrderPlaced;
use crate::model::{
    Fulfilment, NewCustomer, NewOrder, OrderStatus, Placed, PricedLine, checked_by_a_person, ship_by_default,
};
use crate::store::{self, OrderRecord};

/// PostgreSQL keeps microseconds; a finer time would differ from itself after a round trip.
pub(super) const SUBSECOND_DIGITS: u16 = 6;

/// Writes the order and reserves what is there; the rest of each line is short, and visible. The same external id
/// again is the same order, and nothing is written.
pub async fn place(
    conn: &mut PgConnection,
    actor: &Actor,
    order: NewOrder,
    clock: &Clock,
) -> Result<Placed, OrderError> {
    actor.require(ORDERS_EDIT)?;
    let mut order = cleaned(order);
    if let Some(placed) = placed_before(&mut *conn, &order).await? {
        return Ok(placed);
    }
    let customer = checked_by_a_person(order.customer.clone())
        .map_err(|problems| OrderError::customer("customer.", problems))?;
    let lines = std::mem::take(&mut order.lines);
    let lines = priced_lines(&mut *conn, actor, lines, order.currency, Origin::Person).await?;
    order.status = OrderStatus::New;
    order.placed_at = order.placed_at.min(clock.now());
    let customer_id = customers::find_or_create(&mut *conn, order.channel, &customer, order.placed_at)
        .await?
        .id;
    let created = create(&mut *conn, actor, &order, (customer_id, &customer), lines).await?;
    match created {
        Some(book) => Ok(Placed {
            order_id: book.record.id,
            created: true,
            lines: book.outcomes(),
        }),
        // Somebody placed the same external id in this very moment.
        None => placed_before(conn, &order).await?.ok_or(OrderError::NotFound),
    }
}

async fn placed_before(conn: &mut PgConnection, order: &NewOrder) -> Result<Option<Placed>, OrderError> {
    let Some(external) = &order.external_id else {
        return Ok(None);
    };
    let found =
        store::find_order_by_external(&mut *conn, order.channel, order.channel_account, external).await?;
    let Some(id) = found else { return Ok(None) };
    let book = Book::lock(conn, id).await?;
    Ok(Some(Placed {
        order_id: id,
        created: false,
        lines: book.outcomes(),
    }))
}

/// Texts made storable, times made exact, an absent shipping price made zero of the order's currency.
pub(super) fn cleaned(mut order: NewOrder) -> NewOrder {
    let clean = |text: Option<String>| text.map(|t| normalise_text(&t)).filter(|t| !t.is_empty());
    order.external_id = clean(order.external_id);
    order.number = clean(order.number);
    order.cancel_reason = clean(order.cancel_reason);
    order.note = clean(order.note);
    order.placed_at = order.placed_at.trunc_subsecs(SUBSECOND_DIGITS);
    order.ship_by = order.ship_by.map(|at| at.trunc_subsecs(SUBSECOND_DIGITS));
    if order.shipping_gross.amount().is_zero() {
        order.shipping_gross = Money::zero(order.currency);
    }
    order
}

/// Adds the order with its lines, reserves, counts and tells; `None` when its external id is there already.
pub(super) async fn create(
    conn: &mut PgConnection,
    actor: &Actor,
    order: &NewOrder,
    (customer_id, customer): (CustomerId, &NewCustomer),
    lines: Vec<PricedLine>,
) -> Result<Option<Book>, OrderError> {
    let mut record = record_of(order, customer_id, customer)?;
    if record.number.is_empty() {
        record.number = format!("SO-{:06}", store::next_order_number(&mut *conn).await?);
    }
    if record.warehouse.is_none() && record.ships_itself() {
        record.warehouse = Some(inventory::service::default_warehouse(&mut *conn).await?);
    }
    let Some(id) = store::insert_order(&mut *conn, &record).await? else {
        return Ok(None);
    };
    record.id = id;
    let lines: Vec<_> = lines.into_iter().map(with_a_quantity).collect();
    store::insert_lines(&mut *conn, id, 1, &lines).await?;
    let mut book = Book::with_lines(&mut *conn, record).await?;
    book.settle(&mut *conn, actor, Recheck::No).await?;
    book.save(&mut *conn).await?;
    jobs::publish(conn, &OrderPlaced { order: id }).await?;
    Ok(Some(book))
}

/// The record of a line says how many there were; a line that never had any says one, and is cancelled.
pub(super) fn with_a_quantity(mut line: PricedLine) -> PricedLine {
    line.quantity = line.quantity.max(1);
    line
}

/// The row an order becomes; id, version and sums are not known yet.
pub(super) fn record_of(
    order: &NewOrder,
    customer_id: CustomerId,
    customer: &NewCustomer,
) -> Result<OrderRecord, OrderError> {
    let shipping = order.shipping_gross;
    if shipping.currency() != order.currency || shipping.amount() < Decimal::ZERO {
        return Err(OrderError::field(
            "shipping_gross",
            Refusal::new("orders-shipping-amount"),
        ));
    }
    let ship_to = if customer.shipping.is_empty() {
        customer.billing.clone()
    } else {
        customer.shipping.clone()
    };
    let ship_by = match order.fulfilment {
        Fulfilment::Own => Some(order.ship_by.unwrap_or_else(|| ship_by_default(order.placed_at))),
        Fulfilment::Marketplace => None,
    };
    Ok(OrderRecord {
        id: OrderId(0),
        number: order.number.clone().unwrap_or_default(),
        channel: order.channel,
        channel_account: order.channel_account,
        external_id: order.external_id.clone(),
        customer_id,
        status: order.status,
        channel_status: Some(order.status),
        fulfilment: order.fulfilment,
        currency: order.currency.as_str().to_owned(),
        total_net: Decimal::ZERO,
        total_gross: Decimal::ZERO,
        shipping_gross: shipping.amount(),
        payment_method: order.payment_method,
        is_paid: order.is_paid,
        unresolved_lines: 0,
        short_lines: 0,
        cancel_reason: cancel_reason(order),
        note: order.note.clone(),
        warehouse: order.warehouse,
        ship_to: Json(ship_to),
        placed_at: order.placed_at,
        ship_by,
        shipped_at: None,
        version: 1,
        updated_at: order.placed_at,
    })
}

/// A channel that cancels without a word is recorded as the one who cancelled.
fn cancel_reason(order: &NewOrder) -> Option<String> {
    match order.status {
        OrderStatus::Cancelled => Some(
            order
                .cancel_reason
                .clone()
                .unwrap_or_else(|| order.channel.as_str().to_owned()),
        ),
        OrderStatus::New
        | OrderStatus::Confirmed
        | OrderStatus::Packed
        | OrderStatus::Shipped
        | OrderStatus::Returned => None,
    }
}
