//! Importing orders: window by window, both kinds, every order in a savepoint of its own.
//!
//! Always holds: an order is written once however often it is read, together with its reservations and the wish to
//! acknowledge it; the cursor moves in the same transaction; one bad order stops no other.

use std::collections::{BTreeSet, HashMap};

use chrono::Duration;
use emag_api::wire::Order;
use emag_api::{ApiError, Client, OrderWindow, Page, order_windows};
use kernel::{ProductId, SyncRunId, Timestamp};
use sqlx::{Acquire as _, PgConnection};
use tokio::sync::{mpsc, watch};

use super::offers::{is_about_a_row, unreadable};
use super::runs::{actor, tell};
use super::sweep::{Sweep, Turn};
use super::{acknowledge, resolve};
use crate::context::Context;
use crate::error::{EmagError, api_code};
use crate::model::{Account, ImportedOrder, OrdersCursor, Run, RunMode, Shop, Tally, ack_after, translate};
use crate::store;
use crate::store::orders::Known;
use crate::store::runs::Failure;

/// How far back the first import of an account looks: returns come within weeks, invoices are older history.
const FIRST_IMPORT_DAYS: i64 = 90;
/// The last window ends in the future, so that what changes while we read does not leave it and move the pages.
const WINDOW_AHEAD_HOURS: i64 = 2;
/// Pages read ahead of the writing.
const PAGES_AHEAD: usize = 8;
/// How often a page is written again when another transaction was in its way.
const WRITE_TRIES: u32 = 4;

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
    tokio::try_join!(
        desk.read_and_write(&cursor, progress),
        acknowledge::as_they_come(&desk, watched)
    )?;
    acknowledge::recover(&desk).await?;
    acknowledge::all_waiting(&desk).await?;
    desk.settle().await?;
    let mut tx = context.db().begin(&actor()).await?;
    store::accounts::set_orders_read_until(&mut tx, account.id, cursor.to).await?;
    super::reckon::stock(&mut tx, None, Some(account.id), "recompute").await?;
    tx.commit().await?;
    Ok(())
}

/// One page on its way from the reader to the writer, with the place after it.
struct Taken {
    turn: Turn<Order>,
    next: OrdersCursor,
}

impl Desk<'_> {
    fn now(&self) -> Timestamp {
        self.context.clock().now()
    }

    /// Where the run stands; a new run fixes its span first, so that a restart covers the same.
    async fn cursor(&self, run: &Run) -> Result<OrdersCursor, EmagError> {
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
                if !is_end && sender.send(Taken { turn, next }).await.is_err() {
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
                    let failure = skipped(*page, error);
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
        let mut tries = 0;
        loop {
            tries += 1;
            match self.write_once(page, next, failures).await {
                Err(error) if tries < WRITE_TRIES && is_conflict(&error) => {}
                done => return done,
            }
        }
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
        store::runs::add_failures(&mut tx, self.run, failures).await?;
        match next {
            Some(next) => store::runs::advance(&mut tx, self.run, &next.as_json(), tally, self.now()).await?,
            None => store::runs::beat(&mut tx, self.run, None, self.now()).await?,
        }
        tell(&mut tx, self.run).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes orders that were read, each in a savepoint.
    pub(crate) async fn take_in(
        &self,
        conn: &mut PgConnection,
        rows: &[Order],
        bad: &[emag_api::UnreadableRow],
    ) -> Result<Tally, EmagError> {
        let mut failures: Vec<Failure> = bad.iter().map(|row| unreadable("order", row)).collect();
        let orders = self.translated(rows, &mut failures);
        let known_here = self.what_is_known(conn, &orders).await?;
        let mut tally = Tally {
            read: count(rows.len() + bad.len()),
            ..Tally::default()
        };
        let mut good = Vec::with_capacity(orders.len());
        for order in orders {
            let mut part = conn.begin().await?;
            match self.take_in_one(&mut part, &order, &known_here).await {
                Ok(change) => {
                    part.commit().await?;
                    tally.add(change);
                    good.push(order.emag_id.to_string());
                }
                Err(error) if concerns_the_order(&error) => {
                    part.rollback().await?;
                    failures.push(refused(&order, &error));
                }
                Err(error) => return Err(error),
            }
        }
        tally.refused = count(failures.len());
        store::runs::resolve_failures(conn, self.account.id, "order", &good, self.now()).await?;
        store::runs::add_failures(conn, self.run, &failures).await?;
        Ok(tally)
    }

    fn translated(&self, rows: &[Order], failures: &mut Vec<Failure>) -> Vec<ImportedOrder> {
        let shop = Shop {
            account: self.account.id,
            platform: &self.account.platform,
            currency: &self.account.currency,
            warehouse: self.account.warehouse_id,
            zone: self.client.endpoint().zone,
            now: self.now(),
        };
        let mut orders = Vec::with_capacity(rows.len());
        for row in rows {
            match translate(row, &shop) {
                Ok(order) => orders.push(order),
                Err(problem) => failures.push(Failure {
                    subject: "order",
                    external_id: row.id.to_string(),
                    code: problem.code.to_owned(),
                    detail: Some(problem.detail),
                    raw: Some(crate::model::without_nul(serde_json::Value::Object(
                        row.raw().clone(),
                    ))),
                }),
            }
        }
        // The oldest gets its units first.
        orders.sort_by_key(|order| (order.order.placed_at, order.emag_id));
        orders
    }

    /// What is known already of the orders and the listings they name.
    async fn what_is_known(
        &self,
        conn: &mut PgConnection,
        orders: &[ImportedOrder],
    ) -> Result<Shelf, EmagError> {
        let ids: Vec<i64> = orders.iter().map(|order| order.emag_id).collect();
        let known = store::orders::find_known(conn, self.account.id, &ids).await?;
        let named: BTreeSet<i64> = orders
            .iter()
            .flat_map(|order| order.units.keys().copied())
            .collect();
        let named: Vec<i64> = named.into_iter().collect();
        let listings = store::listings::list_brief(conn, self.account.id, &named).await?;
        let products: HashMap<i64, ProductId> = listings
            .iter()
            .filter_map(|listing| Some((listing.emag_id, listing.product_id?)))
            .collect();
        let mut opened = BTreeSet::new();
        if self.account.orders_read_until.is_none() && orders.iter().any(ImportedOrder::is_in_work) {
            let ids: Vec<ProductId> = products.values().copied().collect();
            let place = self.account.warehouse_id;
            opened.extend(store::neighbours::opened_by(conn, place, self.account.id, &ids).await?);
        }
        Ok(Shelf {
            known: known
                .into_iter()
                .map(|known| (known.emag_order_id, known))
                .collect(),
            products,
            opened,
        })
    }

    async fn take_in_one(
        &self,
        conn: &mut PgConnection,
        order: &ImportedOrder,
        known_here: &Shelf,
    ) -> Result<Change, EmagError> {
        let known = known_here.known.get(&order.emag_id);
        let mut ours = order.order.clone();
        for line in &mut ours.lines {
            let emag_id = line
                .external_product_id
                .as_deref()
                .and_then(|id| id.parse::<i64>().ok());
            line.product = emag_id.and_then(|id| known_here.products.get(&id).copied());
        }
        if known.is_none() && order.is_in_work() {
            self.open_units(conn, order, known_here).await?;
        }
        let done = orders::service::upsert_external(conn, &actor(), ours, self.context.clock()).await?;
        self.crossed(conn, order, known).await?;
        let ack = ack_after(known.map(|known| known.ack.as_str()), order);
        store::orders::upsert(conn, self.account.id, order, done.order_id, ack, self.now()).await?;
        Ok(match (done.created, done.changed) {
            (true, _) => Change::Created,
            (false, true) => Change::Changed,
            (false, false) => Change::Unchanged,
        })
    }

    /// Units of an order that was in work before we knew the shop: eMAG has taken them off the stock that opened our
    /// ledger, but they lie on the shelf.
    async fn open_units(
        &self,
        conn: &mut PgConnection,
        order: &ImportedOrder,
        known_here: &Shelf,
    ) -> Result<(), EmagError> {
        let mut units: std::collections::BTreeMap<ProductId, i64> = std::collections::BTreeMap::new();
        for (emag_id, count) in &order.units {
            if let Some(product) = known_here
                .products
                .get(emag_id)
                .filter(|id| known_here.opened.contains(id))
            {
                *units.entry(*product).or_default() += count;
            }
        }
        let movements: Vec<inventory::Movement> = units
            .into_iter()
            .map(|(product, count)| resolve::opening(self.account, product, count, Some(order.emag_id)))
            .collect();
        resolve::post(conn, &movements).await
    }

    /// An acknowledgement whose answer never came is seen to have happened; or the order changed while it was on its
    /// way, so that eMAG took off other units than we thought.
    async fn crossed(
        &self,
        conn: &mut PgConnection,
        order: &ImportedOrder,
        known: Option<&Known>,
    ) -> Result<(), EmagError> {
        let Some(known) = known.filter(|known| matches!(known.ack.as_str(), "sent" | "done")) else {
            return Ok(());
        };
        if known.ack == "sent" && order.status != 1 {
            store::orders::mark_acked(conn, &[known.id], self.now()).await?;
        }
        let before: std::collections::BTreeMap<i64, i64> = known
            .unit_ids
            .iter()
            .copied()
            .zip(known.unit_counts.iter().copied())
            .collect();
        if known.status == 1 && before != order.units {
            let both: Vec<i64> = before.keys().chain(order.units.keys()).copied().collect();
            store::listings::mark_unsure(conn, self.account.id, &both, self.now()).await?;
        }
        Ok(())
    }

    /// Reads acknowledged orders again, in pages: they may have changed until that moment.
    async fn settle(&self) -> Result<(), EmagError> {
        let mut conn = self.context.db().read().await?;
        let since = store::orders::unsettled_since(&mut conn, self.account.id).await?;
        drop(conn);
        let Some(since) = since else { return Ok(()) };
        let until = self.now() + Duration::hours(WINDOW_AHEAD_HOURS);
        let seller = |window: &&OrderWindow| window.kind == emag_api::wire::OrderKind::FulfilledBySeller;
        let windows = order_windows(since, until, self.client.endpoint().zone);
        for window in windows.iter().filter(seller) {
            let mut pages = self.client.read_orders(window.filter());
            while let Some(page) = pages.next().await? {
                self.write(Some(&page), None, &[]).await?;
            }
        }
        acknowledge::settle_stragglers(self).await
    }
}

/// What the page's orders meet.
struct Shelf {
    known: HashMap<i64, Known>,
    products: HashMap<i64, ProductId>,
    /// Articles whose stock was opened by this account, or not at all.
    opened: BTreeSet<ProductId>,
}

#[derive(Clone, Copy)]
enum Change {
    Created,
    Changed,
    Unchanged,
}

impl Tally {
    fn add(&mut self, change: Change) {
        match change {
            Change::Created => self.created += 1,
            Change::Changed => self.changed += 1,
            Change::Unchanged => self.unchanged += 1,
        }
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

fn skipped(page: u32, error: &ApiError) -> Failure {
    Failure {
        subject: "page",
        external_id: page.to_string(),
        code: api_code(error).to_owned(),
        detail: Some(error.to_string()),
        raw: None,
    }
}

fn refused(order: &ImportedOrder, error: &EmagError) -> Failure {
    let code = if let EmagError::Orders(orders::OrderError::Refused(refusal)) = error {
        refusal.code
    } else {
        "row-refused"
    };
    Failure {
        subject: "order",
        external_id: order.emag_id.to_string(),
        code: code.to_owned(),
        detail: Some(chain(error)),
        raw: Some(order.raw.clone()),
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// The order itself cannot be written; anything else is trouble of ours and must stop the page.
fn concerns_the_order(error: &EmagError) -> bool {
    let is_refused = matches!(
        error,
        EmagError::Orders(
            orders::OrderError::Refused(_) | orders::OrderError::Invalid(_) | orders::OrderError::Money(_)
        )
    );
    is_refused || database_error(error).is_some_and(is_about_a_row)
}

/// The database's word inside an error of any slice.
fn database_error(error: &EmagError) -> Option<&sqlx::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref::<sqlx::Error>() {
            return Some(found);
        }
        cause = inner.source();
    }
    // Transparent wrappers show their inner error as themselves.
    if let EmagError::Database(found)
    | EmagError::Orders(
        orders::OrderError::Database(found)
        | orders::OrderError::Inventory(inventory::InventoryError::Database(found))
        | orders::OrderError::Catalog(catalog::CatalogError::Database(found)),
    )
    | EmagError::Inventory(inventory::InventoryError::Database(found))
    | EmagError::Catalog(catalog::CatalogError::Database(found)) = error
    {
        return Some(found);
    }
    None
}

/// Two transactions were in each other's way: the same work may be done again.
pub(crate) fn is_conflict(error: &EmagError) -> bool {
    database_error(error).is_some_and(|error| db::violation(error) == Some(db::Violation::Conflict))
}

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
