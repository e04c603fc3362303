//! Taking orders in: each in a savepoint, so that one bad order stops no other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use emag_api::UnreadableRow;
use emag_api::wire::Order;
use kernel::ProductId;
use sqlx::{Acquire as _, PgConnection};

use super::Desk;
use crate::error::EmagError;
use crate::model::{ImportedOrder, Shop, Tally, ack_after, translate, without_nul};
use crate::service::fault::concerns_the_order;
use crate::service::offers::unreadable;
use crate::service::resolve;
use crate::service::runs::actor;
use crate::store;
use crate::store::failures::Failure;
use crate::store::orders::Known;

impl Desk<'_> {
    /// Writes orders that were read, each in a savepoint.
    pub(crate) async fn take_in(
        &self,
        conn: &mut PgConnection,
        rows: &[Order],
        bad: &[UnreadableRow],
    ) -> Result<Tally, EmagError> {
        let mut failures: Vec<Failure> = bad.iter().map(|row| unreadable("order", row)).collect();
        let mut orders = self.translated(rows, &mut failures);
        let known_here = self.what_is_known(conn, &orders).await?;
        name_articles(conn, &mut orders, &known_here).await?;
        self.hold_levels(conn, &orders, &known_here).await?;
        let mut tally = Tally {
            read: count(rows.len() + bad.len()),
            ..Tally::default()
        };
        let mut good = Vec::with_capacity(orders.len());
        let mut past_new = Vec::new();
        for order in orders {
            let mut part = conn.begin().await?;
            match self.take_in_one(&mut part, &order, &known_here).await {
                Ok(change) => {
                    part.commit().await?;
                    tally.add(change);
                    good.push(order.emag_id.to_string());
                    if !order.is_new() {
                        past_new.push(order.emag_id.to_string());
                    }
                }
                Err(error) if concerns_the_order(&error) => {
                    part.rollback().await?;
                    failures.push(refused(&order, &error));
                }
                Err(error) => return Err(error),
            }
        }
        tally.refused = count(failures.len());
        let now = self.now();
        store::failures::resolve(conn, self.account.id, "order", &good, now).await?;
        store::failures::resolve(conn, self.account.id, "acknowledge", &past_new, now).await?;
        store::failures::add(conn, self.run, &failures).await?;
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
                    raw: Some(without_nul(serde_json::Value::Object(row.raw().clone()))),
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

    /// The stock that the new orders of a page will be promised from, in one go: order by order they would meet the
    /// openings of the offers, which are being read beside them, in a circle.
    async fn hold_levels(
        &self,
        conn: &mut PgConnection,
        orders: &[ImportedOrder],
        known_here: &Shelf,
    ) -> Result<(), EmagError> {
        let new = orders
            .iter()
            .filter(|order| order.wants_own_stock() && !known_here.known.contains_key(&order.emag_id));
        let products: Vec<ProductId> = new
            .flat_map(|order| &order.order.lines)
            .filter_map(|line| line.product)
            .collect();
        inventory::service::hold(conn, self.account.warehouse_id, &products).await?;
        Ok(())
    }

    async fn take_in_one(
        &self,
        conn: &mut PgConnection,
        order: &ImportedOrder,
        known_here: &Shelf,
    ) -> Result<Change, EmagError> {
        let known = known_here.known.get(&order.emag_id);
        if known.is_none() && order.is_in_work() {
            self.open_units(conn, order, known_here).await?;
        }
        let ours = order.order.clone();
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
        let mut units: BTreeMap<ProductId, i64> = BTreeMap::new();
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
        let before: BTreeMap<i64, i64> = known
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
}

/// Gives the lines of all orders their articles: by the listing, else by the code.
async fn name_articles(
    conn: &mut PgConnection,
    orders: &mut [ImportedOrder],
    known_here: &Shelf,
) -> Result<(), EmagError> {
    let mut unlisted = BTreeSet::new();
    for line in orders.iter_mut().flat_map(|order| &mut order.order.lines) {
        let emag_id = line
            .external_product_id
            .as_deref()
            .and_then(|id| id.parse::<i64>().ok());
        line.product = emag_id.and_then(|id| known_here.products.get(&id)).copied();
        if line.product.is_none() {
            unlisted.extend(line.sku.clone());
        }
    }
    if unlisted.is_empty() {
        return Ok(());
    }
    let by_code = catalog::service::resolve_many(conn, &Vec::from_iter(unlisted)).await?;
    let lines = orders.iter_mut().flat_map(|order| &mut order.order.lines);
    for line in lines.filter(|line| line.product.is_none()) {
        line.product = line.sku.as_ref().and_then(|sku| by_code.get(sku)).copied();
    }
    Ok(())
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

fn refused(order: &ImportedOrder, error: &EmagError) -> Failure {
    Failure {
        subject: "order",
        external_id: order.emag_id.to_string(),
        code: "row-refused".to_owned(),
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

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
