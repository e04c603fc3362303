//! What people do to an order: confirm, pack, ship, cancel, take back.

use chrono::SubsecRound as _;
use kernel::{Actor, Clock, OrderId, Refusal, normalise_text};
use sqlx::PgConnection;

use super::book::{Book, Recheck};
use super::place::SUBSECOND_DIGITS;
use super::read;
use crate::error::OrderError;
use crate::events::{OrderCancelled, OrderShipped};
use crate::model::{Action, Order, Step, step};
use crate::{ORDERS_CANCEL, ORDERS_EDIT, ORDERS_SHIP};

/// Which order, and the version the caller saw, when it matters to them.
type Which = (OrderId, Option<i64>);

/// Accepts the order.
pub async fn confirm(conn: &mut PgConnection, actor: &Actor, order: Which) -> Result<Order, OrderError> {
    actor.require(ORDERS_EDIT)?;
    let (mut book, step) = begin(&mut *conn, order, Action::Confirm).await?;
    if let Step::To(status) = step {
        book.record.status = status;
        book.save(&mut *conn).await?;
    }
    read::whole(conn, book.record.id).await
}

/// The goods are in a parcel.
pub async fn pack(conn: &mut PgConnection, actor: &Actor, order: Which) -> Result<Order, OrderError> {
    actor.require(ORDERS_SHIP)?;
    let (mut book, step) = begin(&mut *conn, order, Action::Pack).await?;
    if let Step::To(status) = step {
        fully_promised(&mut *conn, actor, &mut book).await?;
        book.record.status = status;
        book.save(&mut *conn).await?;
    }
    read::whole(conn, book.record.id).await
}

/// The goods leave the stock, once. Refused while a line is short or unresolved.
pub async fn ship(
    conn: &mut PgConnection,
    actor: &Actor,
    order: Which,
    clock: &Clock,
) -> Result<Order, OrderError> {
    actor.require(ORDERS_SHIP)?;
    let (mut book, step) = begin(&mut *conn, order, Action::Ship).await?;
    if let Step::To(status) = step {
        fully_promised(&mut *conn, actor, &mut book).await?;
        book.ship_reserved(&mut *conn, actor).await?;
        book.record.status = status;
        book.record.shipped_at = Some(clock.now().trunc_subsecs(SUBSECOND_DIGITS));
        book.settle(&mut *conn, actor, Recheck::No).await?;
        book.save(&mut *conn).await?;
        jobs::publish(
            &mut *conn,
            &OrderShipped {
                order: book.record.id,
            },
        )
        .await?;
    }
    read::whole(conn, book.record.id).await
}

/// Ends the order and frees what it held.
pub async fn cancel(
    conn: &mut PgConnection,
    actor: &Actor,
    order: Which,
    reason: &str,
) -> Result<Order, OrderError> {
    actor.require(ORDERS_CANCEL)?;
    let reason = normalise_text(reason);
    let (mut book, step) = begin(&mut *conn, order, Action::Cancel).await?;
    if let Step::To(status) = step {
        if reason.is_empty() {
            return Err(OrderError::field(
                "reason",
                Refusal::new("orders-cancel-reason-missing"),
            ));
        }
        book.record.status = status;
        book.record.cancel_reason = Some(reason);
        book.settle(&mut *conn, actor, Recheck::No).await?;
        book.save(&mut *conn).await?;
        jobs::publish(
            &mut *conn,
            &OrderCancelled {
                order: book.record.id,
            },
        )
        .await?;
    }
    read::whole(conn, book.record.id).await
}

/// The goods came back. Stock does not change: what is sellable of them is booked in by a person who has seen it.
pub async fn return_goods(conn: &mut PgConnection, actor: &Actor, order: Which) -> Result<Order, OrderError> {
    actor.require(ORDERS_SHIP)?;
    let (mut book, step) = begin(&mut *conn, order, Action::Return).await?;
    if let Step::To(status) = step {
        book.record.status = status;
        book.save(&mut *conn).await?;
    }
    read::whole(conn, book.record.id).await
}

async fn begin(
    conn: &mut PgConnection,
    (id, expected_version): Which,
    action: Action,
) -> Result<(Book, Step), OrderError> {
    let book = Book::lock(conn, id).await?;
    book.expect_version(expected_version)?;
    if !book.record.ships_itself() {
        return Err(Refusal::new("orders-refused-marketplace-ships").into());
    }
    let step = step(book.record.status, action)?;
    Ok((book, step))
}

/// Every unit of every line is promised, as the stock itself says.
async fn fully_promised(conn: &mut PgConnection, actor: &Actor, book: &mut Book) -> Result<(), OrderError> {
    if book.lines.iter().any(crate::model::Line::is_unresolved) {
        return Err(Refusal::new("orders-refused-unresolved").into());
    }
    book.settle(conn, actor, Recheck::EveryLine).await?;
    let missing: i64 = book.lines.iter().map(|line| line.short).sum();
    if missing > 0 {
        return Err(Refusal::new("orders-refused-short").with("units", missing).into());
    }
    Ok(())
}
