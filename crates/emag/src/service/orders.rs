//! Importing orders: window by window, both kinds, every order in a savepoint of its own.
//!
//! Always holds: an order is written once however often it is read, together with its reservations and the wish to
//! acknowledge it; the cursor moves in the same transaction; one bad order stops no other.

mod settling;
mod taking;

use chrono::Duration;
use emag_api::wire::{Order, OrderKind};
use emag_api::{ApiError, Client, OrderWindow, Page, order_windows};
use kernel::{SyncRunId, Timestamp};
use tokio::sync::{mpsc, watch};

use super::acknowledge;
use super::fault::despite_conflicts;
use super::runs::{actor, tell};
use super::sweep::{Sweep, Turn};
use crate::context::Context;
use crate::error::{EmagError, api_code};
use crate::model::{Account, OrderPage, OrdersCursor, Run, RunMode, Tally};
use crate::store;
use crate::store::failures::Failure;

/// How far back the first import of an account looks: returns come within weeks, invoices are older history.
const FIRST_IMPORT_DAYS: i64 = 90;
/// The last window ends in the future, so that what changes while we read does not leave it and move the pages.
const WINDOW_AHEAD_HOURS: i64 = 2;
/// Pages read ahead of the writing.
const PAGES_AHEAD: usize = 8;

/// Everything an import needs to know; cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) context: &'a Context,
    pub(crate) account: &'a Account,
    pub(crate) run: SyncRunId,
    pub(crate) client: &'a Client,
}

/// How far the reading and writing of an import are, for the acknowledging beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) all_read: bool,
    pub(crate) all_written: bool,
}

/// Reads what is left of the import, acknowledges what is new, reads that again and settles it.
pub(crate) async fn import(context: &Context, account: &Account, run: &Run) -> Result<(), EmagError> {
    let client = context.client(account)?;
    let desk = Desk {
        context,
        account,
        run: run.id,
        client: &client,
    };
    let cursor = desk.cursor(run).await?;
    acknowledge::recover(&desk).await?;
    let (progress, watched) = watch::channel(Progress::default());
    let (acknowledged, counted) = watch::channel(0);
    tokio::try_join!(
        desk.read_and_write(&cursor, progress),
        acknowledge::as_they_come(&desk, watched, acknowledged),
        settling::as_they_are_acknowledged(&desk, counted)
    )?;
    desk.acknowledge_and_settle().await?;
    let mut tx = context.db().begin(&actor()).await?;
    // A page that was left out is read again by the next run: nobody can say which orders were on it.
    if !store::failures::has_open_page(&mut tx, run.id).await? {
        store::accounts::set_orders_read_until(&mut tx, account.id, cursor.to).await?;
    }
    super::reckon::stock(&mut tx, None, Some(account.id), "recompute").await?;
    tx.commit().await?;
    Ok(())
}

/// Reads one order again and does all that follows from it. One that is not there any more has nothing left to take.
pub(crate) async fn again(desk: &Desk<'_>, emag_id: u64) -> Result<(), EmagError> {
    let mut found = None;
    for kind in [OrderKind::FulfilledBySeller, OrderKind::FulfilledByEmag] {
        if found.is_none() {
            found = desk.client.read_order(emag_id, kind).await?;
        }
    }
    let mut tx = desk.context.db().begin(&actor()).await?;
    match found {
        Some(order) => drop(desk.take_in(&mut tx, &[order], &[]).await?),
        None => {
            store::failures::resolve(
                &mut tx,
                desk.account.id,
                "order",
                &[emag_id.to_string()],
                desk.now(),
            )
            .await?;
        }
    }
    tx.commit().await?;
    desk.acknowledge_and_settle().await
}

/// Reads a page that was left out. Orders that changed meanwhile left its window and moved the others forward, so the
/// pages before it are read as well.
pub(crate) async fn page_again(
    desk: &Desk<'_>,
    cursor: &OrdersCursor,
    place: OrderPage,
) -> Result<(), EmagError> {
    let until = cursor.to + Duration::hours(WINDOW_AHEAD_HOURS);
    let windows = order_windows(cursor.from, until, desk.client.endpoint().zone);
    let Some(window) = windows.get(place.window) else {
        return Ok(());
    };
    let mut pages = desk.client.read_orders(window.filter());
    while let Some(page) = pages.next().await? {
        desk.write(Some(&page), None, &[]).await?;
        if page.number >= place.page {
            break;
        }
    }
    desk.acknowledge_and_settle().await
}

/// One page on its way from the reader to the writer, with the place after it.
struct Taken {
    turn: Turn<Order>,
    window: usize,
    next: OrdersCursor,
}

impl Taken {
    fn place(&self, page: u32) -> OrderPage {
        OrderPage {
            window: self.window,
            page,
        }
    }
}

impl Desk<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.context.clock().now()
    }

    /// Where the run stands; a new run fixes its span first, so that a restart covers the same.
    pub(crate) async fn cursor(&self, run: &Run) -> Result<OrdersCursor, EmagError> {
        if let Ok(cursor) = serde_json::from_value(run.cursor.clone()) {
            return Ok(cursor);
        }
        let now = self.now();
        let first = now - Duration::days(FIRST_IMPORT_DAYS);
        let from = match run.mode {
            RunMode::Full => first,
            RunMode::Incremental => self.account.orders_read_until.unwrap_or(first),
        };
        let cursor = OrdersCursor {
            from,
            to: now,
            window: 0,
            page: 1,
        };
        let mut tx = self.context.db().begin(&actor()).await?;
        store::runs::set_cursor(&mut tx, self.run, &cursor.as_json(), now).await?;
        tx.commit().await?;
        Ok(cursor)
    }

    async fn read_and_write(
        &self,
        cursor: &OrdersCursor,
        progress: watch::Sender<Progress>,
    ) -> Result<(), EmagError> {
        let zone = self.client.endpoint().zone;
        let windows = order_windows(cursor.from, cursor.to + Duration::hours(WINDOW_AHEAD_HOURS), zone);
        let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
        let all_read = || progress.send_modify(|progress| progress.all_read = true);
        let read = async {
            self.read(&windows, cursor, sender).await?;
            all_read();
            Ok::<(), EmagError>(())
        };
        tokio::try_join!(read, self.write_all(receiver))?;
        progress.send_modify(|progress| progress.all_written = true);
        Ok(())
    }

    async fn read(
        &self,
        windows: &[OrderWindow],
        start: &OrdersCursor,
        sender: mpsc::Sender<Taken>,
    ) -> Result<(), EmagError> {
        for (index, window) in windows.iter().enumerate().skip(start.window) {
            let first = if index == start.window { start.page } else { 1 };
            let (client, window) = (self.client.clone(), *window);
            let mut pages = Sweep::from_page(first, move |page| {
                client.read_orders(window.filter()).from_page(page)
            });
            loop {
                let turn = pages.next().await?;
                let next = place_after(&turn, start, index);
                let is_end = matches!(turn, Turn::End);
                // The writer is gone only when it failed, and then its error is the one that counts.
                let taken = Taken {
                    turn,
                    window: index,
                    next,
                };
                if !is_end && sender.send(taken).await.is_err() {
                    return Ok(());
                }
                if is_end {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn write_all(&self, mut receiver: mpsc::Receiver<Taken>) -> Result<(), EmagError> {
        while let Some(taken) = receiver.recv().await {
            match &taken.turn {
                Turn::Page(page) => self.write(Some(page), Some(&taken.next), &[]).await?,
                Turn::Skipped { page, error } => {
                    let failure = skipped(taken.place(*page), error);
                    self.write(None, Some(&taken.next), &[failure]).await?;
                }
                Turn::End => {}
            }
        }
        Ok(())
    }

    /// Writes one page and the cursor with it; again if another transaction was in the way.
    async fn write(
        &self,
        page: Option<&Page<Order>>,
        next: Option<&OrdersCursor>,
        failures: &[Failure],
    ) -> Result<(), EmagError> {
        despite_conflicts(|| self.write_once(page, next, failures)).await
    }

    async fn write_once(
        &self,
        page: Option<&Page<Order>>,
        next: Option<&OrdersCursor>,
        failures: &[Failure],
    ) -> Result<(), EmagError> {
        let mut tx = self.context.db().begin(&actor()).await?;
        let tally = match page {
            Some(page) => self.take_in(&mut tx, &page.rows, &page.unreadable).await?,
            None => Tally::default(),
        };
        store::failures::add(&mut tx, self.run, failures).await?;
        match next {
            Some(next) => store::runs::advance(&mut tx, self.run, &next.as_json(), tally, self.now()).await?,
            None => store::runs::beat(&mut tx, self.run, None, self.now()).await?,
        }
        tell(&mut tx, self.run).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What follows from orders that were written: each new one is acknowledged once and read again after it.
    pub(crate) async fn acknowledge_and_settle(&self) -> Result<(), EmagError> {
        acknowledge::recover(self).await?;
        acknowledge::all_waiting(self).await?;
        settling::all(self).await
    }
}

fn place_after(turn: &Turn<Order>, start: &OrdersCursor, window: usize) -> OrdersCursor {
    let (window, page) = match turn {
        // The last page of a window leads to the next window.
        Turn::Page(page) if page.end.is_some() => (window + 1, 1),
        Turn::Page(page) => (window, page.number.saturating_add(1)),
        Turn::Skipped { page, .. } => (window, page.saturating_add(1)),
        Turn::End => (window + 1, 1),
    };
    OrdersCursor {
        from: start.from,
        to: start.to,
        window,
        page,
    }
}

fn skipped(page: OrderPage, error: &ApiError) -> Failure {
    Failure {
        subject: "page",
        external_id: page.to_string(),
        code: api_code(error).to_owned(),
        detail: Some(error.to_string()),
        raw: None,
    }
}
