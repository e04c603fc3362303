//! An order as its channel has it now: added, or brought in line.

use kernel::{Actor, Clock, OrderId, Refusal, Timestamp};
use sqlx::PgConnection;

use super::articles::{Origin, priced_lines};
use super::book::{Book, Recheck};
use super::customers;
use super::place::{SUBSECOND_DIGITS, cleaned, create, record_of, with_a_quantity};
use crate::ORDERS_EDIT;
use crate::error::OrderError;
use crate::events::{OrderCancelled, OrderShipped};
use crate::model::{LinePlan, NewOrder, OrderStatus, PricedLine, Upserted, plan_lines};
use crate::store::{self, OrderRecord};

/// Adds the order or makes ours say what the channel says. The key is (channel, account, external id); a repeated
/// call changes nothing. The channel may move from any status to any; a status it merely repeats does not undo what
/// was done here. Lines are compared by the channel's line key: a changed quantity is reserved anew, a line that
/// vanished or was cancelled gives its units back, a line whose article was found by hand keeps it.
pub async fn upsert_external(
    conn: &mut PgConnection,
    actor: &Actor,
    order: NewOrder,
    clock: &Clock,
) -> Result<Upserted, OrderError> {
    actor.require(ORDERS_EDIT)?;
    let mut order = cleaned(order);
    let Some(external) = order.external_id.clone() else {
        return Err(OrderError::field(
            "external_id",
            Refusal::new("orders-external-id-missing"),
        ));
    };
    order.customer = crate::model::cleaned(order.customer);
    let lines = std::mem::take(&mut order.lines);
    let lines = priced_lines(&mut *conn, actor, lines, order.currency, Origin::Channel).await?;
    let customer =
        customers::find_or_create(&mut *conn, order.channel, &order.customer, order.placed_at).await?;
    let key = (order.channel, order.channel_account);
    if store::find_order_by_external(&mut *conn, key.0, key.1, &external)
        .await?
        .is_none()
    {
        let who = (customer.id, &order.customer);
        if let Some(book) = create(&mut *conn, actor, &order, who, lines.clone()).await? {
            return Ok(Upserted {
                order_id: book.record.id,
                created: true,
                changed: true,
            });
        }
    }
    // Here before, or somebody was faster in this very moment.
    let id = store::find_order_by_external(&mut *conn, key.0, key.1, &external)
        .await?
        .ok_or(OrderError::NotFound)?;
    let wanted = record_of(&order, customer.id, &order.customer)?;
    let changed = bring_in_line(conn, actor, (id, wanted), lines, clock.now()).await?;
    Ok(Upserted {
        order_id: id,
        created: false,
        changed: changed || customer.changed,
    })
}

async fn bring_in_line(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, wanted): (OrderId, OrderRecord),
    lines: Vec<PricedLine>,
    now: Timestamp,
) -> Result<bool, OrderError> {
    let mut book = Book::lock(&mut *conn, id).await?;
    let before = book.record.clone();
    let mut record = merged(&before, wanted);
    if record.warehouse.is_none() && record.ships_itself() {
        record.warehouse = Some(inventory::service::default_warehouse(&mut *conn).await?);
    }
    let plan = plan_lines(&book.lines, lines);
    if record == before && plan.is_empty() {
        return Ok(false);
    }
    if record.status != before.status && record.status == OrderStatus::Shipped {
        record.shipped_at = Some(chrono::SubsecRound::trunc_subsecs(now, SUBSECOND_DIGITS));
    }
    // A promise made elsewhere ends there.
    let moved = record.warehouse != before.warehouse;
    let leave = if moved {
        book.lines
            .iter()
            .filter(|line| line.reserved > 0)
            .map(|line| line.id)
            .collect()
    } else {
        plan.release.clone()
    };
    book.release(&mut *conn, actor, &leave).await?;
    store::save_line_stock(&mut *conn, &book.lines).await?;
    apply(&mut *conn, &mut book, plan).await?;
    book.record = record;
    if left_the_house(before.status, book.record.status) {
        book.ship_reserved(&mut *conn, actor).await?;
    }
    book.settle(&mut *conn, actor, Recheck::No).await?;
    book.save(&mut *conn).await?;
    tell(conn, before.status, &book).await?;
    Ok(true)
}

/// What the channel decides is taken, what is ours stays.
fn merged(ours: &OrderRecord, theirs: OrderRecord) -> OrderRecord {
    let says_something_new = ours.channel_status != Some(theirs.status);
    let (status, cancel_reason) = if says_something_new {
        (theirs.status, theirs.cancel_reason)
    } else {
        (ours.status, ours.cancel_reason.clone())
    };
    OrderRecord {
        id: ours.id,
        number: ours.number.clone(),
        status,
        cancel_reason,
        channel_status: Some(theirs.status),
        total_net: ours.total_net,
        total_gross: ours.total_gross,
        unresolved_lines: ours.unresolved_lines,
        short_lines: ours.short_lines,
        note: theirs.note.or_else(|| ours.note.clone()),
        warehouse: theirs.warehouse.or(ours.warehouse),
        shipped_at: ours.shipped_at,
        version: ours.version,
        updated_at: ours.updated_at,
        ..theirs
    }
}

async fn apply(conn: &mut PgConnection, book: &mut Book, plan: LinePlan) -> Result<(), OrderError> {
    if !plan.update.is_empty() {
        store::update_lines(&mut *conn, &plan.update).await?;
    }
    if !plan.cancel.is_empty() {
        store::cancel_lines(&mut *conn, &plan.cancel).await?;
    }
    if !plan.insert.is_empty() {
        let first = book.lines.iter().map(|line| line.position).max().unwrap_or(0) + 1;
        let lines: Vec<_> = plan.insert.into_iter().map(with_a_quantity).collect();
        store::insert_lines(&mut *conn, book.record.id, first, &lines).await?;
    }
    // The promises are known better in memory than the rows may say while quantities fall.
    let promised: Vec<_> = book.lines.iter().map(|line| (line.id, line.reserved)).collect();
    book.reload_lines(conn).await?;
    for (id, reserved) in promised {
        if let Some(line) = book.line_mut(id) {
            line.reserved = reserved;
        }
    }
    Ok(())
}

/// The channel says that the goods of an order that was open have gone.
fn left_the_house(before: OrderStatus, after: OrderStatus) -> bool {
    match after {
        OrderStatus::Shipped | OrderStatus::Returned => before.is_open(),
        OrderStatus::New | OrderStatus::Confirmed | OrderStatus::Packed | OrderStatus::Cancelled => false,
    }
}

async fn tell(conn: &mut PgConnection, before: OrderStatus, book: &Book) -> Result<(), sqlx::Error> {
    let (after, order) = (book.record.status, book.record.id);
    if after == before {
        return Ok(());
    }
    match after {
        OrderStatus::Cancelled => jobs::publish(conn, &OrderCancelled { order }).await,
        OrderStatus::Shipped => jobs::publish(conn, &OrderShipped { order }).await,
        OrderStatus::New | OrderStatus::Confirmed | OrderStatus::Packed | OrderStatus::Returned => Ok(()),
    }
}
