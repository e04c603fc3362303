//! Acknowledging new orders, each exactly once.
//!
//! Always holds: the intent (`sent`) is committed before the call; after a stop every `sent` order is read again first
//! and asked for again only if eMAG still has it as new. Calls go side by side, within the pace of the orders' bucket.

use std::time::Duration;

use emag_api::ApiError;
use emag_api::wire::{Order, OrderKind};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::watch;

use super::fault::despite_conflicts;
use super::orders::{Desk, Progress};
use super::runs::actor;
use crate::error::{EmagError, api_code};
use crate::model::RunKind;
use crate::store;
use crate::store::failures::Failure;
use crate::store::orders::ToAck;

/// Calls under way at a time: enough to keep the pace when an answer takes half a second.
const IN_FLIGHT_MAX: usize = 8;
/// Orders marked as asked at a time: so many are read again after a stop.
const BATCH: i64 = 40;
/// Orders read one by one when the pages did not show them.
const STRAGGLERS_MAX: i64 = 200;
/// Before the opening an order waits for its listings; how often to look.
const LISTINGS_PAUSE: Duration = Duration::from_millis(100);

/// Acknowledges orders while others are still being written, until nothing is left, and counts them. It begins when all
/// pages are read: an acknowledged order changes its time and would move the rows of the pages not read yet.
pub(crate) async fn as_they_come(
    desk: &Desk<'_>,
    mut progress: watch::Receiver<Progress>,
    acknowledged: watch::Sender<usize>,
) -> Result<(), EmagError> {
    if !desk.account.acknowledge_orders {
        return Ok(());
    }
    // The sender is gone only if the import failed, and then that error is the one that counts.
    if progress.wait_for(|progress| progress.all_read).await.is_err() {
        return Ok(());
    }
    loop {
        let all_written = progress.borrow().all_written;
        let listed_only = must_wait_for_listings(desk).await?;
        let asked = batch(desk, listed_only).await?;
        if asked > 0 {
            acknowledged.send_modify(|count| *count += asked);
            continue;
        }
        if !all_written {
            // Woken by the end of the writing, or to look for what came meanwhile.
            let more = progress.wait_for(|progress| progress.all_written);
            drop(tokio::time::timeout(LISTINGS_PAUSE, more).await);
            continue;
        }
        if !listed_only || waiting(desk).await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(LISTINGS_PAUSE).await;
    }
}

/// Acknowledges everything that waits, batch by batch.
pub(crate) async fn all_waiting(desk: &Desk<'_>) -> Result<(), EmagError> {
    if !desk.account.acknowledge_orders {
        return Ok(());
    }
    while batch(desk, false).await? > 0 {}
    Ok(())
}

/// While the first reading of the offers is under way, only orders whose listings are known are taken: the stock that
/// opens our ledger and the acknowledgement that lowers it must not cross.
async fn must_wait_for_listings(desk: &Desk<'_>) -> Result<bool, EmagError> {
    let mut conn = desk.context.db().read().await?;
    let account = store::accounts::find(&mut conn, desk.account.id)
        .await?
        .ok_or(EmagError::NotFound)?;
    if account.opened_at.is_some() {
        return Ok(false);
    }
    Ok(store::runs::find_open(&mut conn, account.id, RunKind::Offers)
        .await?
        .is_some())
}

async fn waiting(desk: &Desk<'_>) -> Result<i64, EmagError> {
    let mut conn = desk.context.db().read().await?;
    Ok(store::orders::count_to_ack(&mut conn, desk.account.id).await?)
}

/// Marks a batch as asked, commits, asks. How many were marked.
async fn batch(desk: &Desk<'_>, listed_only: bool) -> Result<usize, EmagError> {
    let chosen = despite_conflicts(|| mark(desk, listed_only)).await?;
    stream::iter(&chosen)
        .map(Ok)
        .try_for_each_concurrent(IN_FLIGHT_MAX, |order| ask(desk, order))
        .await?;
    Ok(chosen.len())
}

async fn mark(desk: &Desk<'_>, listed_only: bool) -> Result<Vec<ToAck>, EmagError> {
    let mut tx = desk.context.db().begin(&actor()).await?;
    let now = desk.now();
    let chosen = store::orders::mark_sent(&mut tx, desk.account.id, BATCH, listed_only, now).await?;
    store::runs::beat(&mut tx, desk.run, None, now).await?;
    tx.commit().await?;
    Ok(chosen)
}

async fn ask(desk: &Desk<'_>, order: &ToAck) -> Result<(), EmagError> {
    let id = u64::try_from(order.emag_order_id).unwrap_or_default();
    let answer = desk.client.acknowledge(id).await;
    despite_conflicts(|| note(desk, order, &answer)).await?;
    match answer {
        // The account or the partner is in trouble: so would be every other call.
        Err(error) if error.account_fault().is_some() || ends_the_run(&error) => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn note(desk: &Desk<'_>, order: &ToAck, answer: &Result<(), ApiError>) -> Result<(), EmagError> {
    let now = desk.now();
    let mut tx = desk.context.db().begin(&actor()).await?;
    match answer {
        Ok(()) => {
            store::orders::mark_acked(&mut tx, &[order.id], now).await?;
            let done = [order.emag_order_id.to_string()];
            store::failures::resolve(&mut tx, desk.account.id, "acknowledge", &done, now).await?;
        }
        Err(error) => match after(error) {
            After::Refused => {
                let text = error.to_string();
                store::orders::mark_not_acked(&mut tx, order.id, "refused", Some(&text), now).await?;
                store::failures::add(&mut tx, desk.run, &[failure(order, error)]).await?;
            }
            After::NotDone => {
                store::orders::mark_not_acked(&mut tx, order.id, "wanted", None, now).await?;
            }
            // Stays `sent`: read again before anything else.
            After::Unknown => {}
        },
    }
    tx.commit().await?;
    Ok(())
}

enum After {
    Refused,
    NotDone,
    Unknown,
}

fn after(error: &ApiError) -> After {
    match error {
        ApiError::Refused { .. } | ApiError::Invalid { .. } => After::Refused,
        ApiError::Throttled { .. }
        | ApiError::Locked { .. }
        | ApiError::CircuitOpen { .. }
        | ApiError::Account { .. } => After::NotDone,
        ApiError::Transient { .. }
        | ApiError::Unreachable { .. }
        | ApiError::NotUnderstood { .. }
        | ApiError::FilterIgnored { .. }
        | ApiError::TooManyPages { .. } => After::Unknown,
    }
}

/// After all its repeats a call is still not answered.
fn ends_the_run(error: &ApiError) -> bool {
    error.heals_by_itself()
}

fn failure(order: &ToAck, error: &ApiError) -> Failure {
    Failure {
        subject: "acknowledge",
        external_id: order.emag_order_id.to_string(),
        code: api_code(error).to_owned(),
        detail: Some(error.to_string()),
        raw: None,
    }
}

/// Reads orders whose acknowledgement was asked for but never answered. Those eMAG still has as new are asked again.
pub(crate) async fn recover(desk: &Desk<'_>) -> Result<(), EmagError> {
    let mut conn = desk.context.db().read().await?;
    let open = store::orders::list_sent(&mut conn, desk.account.id).await?;
    drop(conn);
    stream::iter(&open)
        .map(Ok)
        .try_for_each_concurrent(IN_FLIGHT_MAX, |order| recover_one(desk, order))
        .await
}

async fn recover_one(desk: &Desk<'_>, order: &ToAck) -> Result<(), EmagError> {
    let found = read(desk, order).await?;
    let mut tx = desk.context.db().begin(&actor()).await?;
    match &found {
        Some(found) if found.status != emag_api::wire::OrderStatus::New => {
            desk.take_in(&mut tx, std::slice::from_ref(found), &[]).await?;
        }
        Some(_) | None => {
            let now = desk.context.clock().now();
            store::orders::mark_not_acked(&mut tx, order.id, "wanted", None, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Acknowledged orders that the pages did not show again are read one by one.
pub(crate) async fn settle_stragglers(desk: &Desk<'_>) -> Result<(), EmagError> {
    let mut conn = desk.context.db().read().await?;
    let open = store::orders::list_unsettled(&mut conn, desk.account.id, STRAGGLERS_MAX).await?;
    drop(conn);
    for order in &open {
        if let Some(found) = read(desk, order).await? {
            let mut tx = desk.context.db().begin(&actor()).await?;
            desk.take_in(&mut tx, &[found], &[]).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn read(desk: &Desk<'_>, order: &ToAck) -> Result<Option<Order>, EmagError> {
    let id = u64::try_from(order.emag_order_id).unwrap_or_default();
    Ok(desk.client.read_order(id, OrderKind::FulfilledBySeller).await?)
}
