//! An order under lock with its lines: promises are settled, sums counted, and everything written once.

use inventory::Want;
use kernel::{Actor, Money, OrderId, OrderLineId, ProductId, WarehouseId};
use sqlx::PgConnection;

use crate::error::OrderError;
use crate::events::OversellRefused;
use crate::model::{Line, LineOutcome, LineStatus, order_totals};
use crate::store::{self, OrderRecord};

/// The order and its lines as they are in memory; the row is locked.
pub(super) struct Book {
    pub(super) record: OrderRecord,
    pub(super) lines: Vec<Line>,
}

/// How sure the line's own figure of promised units is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Recheck {
    /// As far as this slice knows.
    No,
    /// Ask the stock about every line: promises may have been taken back by a count.
    EveryLine,
}

impl Book {
    pub(super) async fn lock(conn: &mut PgConnection, id: OrderId) -> Result<Self, OrderError> {
        let record = store::lock_order(&mut *conn, id)
            .await?
            .ok_or(OrderError::NotFound)?;
        Self::with_lines(conn, record).await
    }

    pub(super) async fn with_lines(conn: &mut PgConnection, record: OrderRecord) -> Result<Self, OrderError> {
        let currency = record.currency()?;
        let lines = store::list_lines(conn, &[(record.id, currency)])
            .await?
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        Ok(Self { record, lines })
    }

    pub(super) async fn reload_lines(&mut self, conn: &mut PgConnection) -> Result<(), OrderError> {
        let currency = self.record.currency()?;
        self.lines = store::list_lines(conn, &[(self.record.id, currency)])
            .await?
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        Ok(())
    }

    /// Refuses when somebody changed the order since the caller saw it.
    pub(super) fn expect_version(&self, expected: Option<i64>) -> Result<(), OrderError> {
        match expected {
            Some(version) if version != self.record.version => Err(OrderError::Stale {
                current_version: self.record.version,
            }),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn wanted(&self, line: &Line) -> i64 {
        line.wanted(self.record.status, self.record.ships_itself())
    }

    /// Brings the promises in line with what the order wants now.
    pub(super) async fn settle(
        &mut self,
        conn: &mut PgConnection,
        actor: &Actor,
        recheck: Recheck,
    ) -> Result<(), OrderError> {
        self.release_surplus(&mut *conn, actor).await?;
        let wants = self.wants(recheck)?;
        if !wants.is_empty() {
            let outcomes = inventory::service::reserve(&mut *conn, actor, &wants).await?;
            let mut lines = Vec::new();
            for outcome in outcomes {
                if let Some(line) = self.line_mut(outcome.line_id) {
                    line.reserved = outcome.reserved;
                    // What was short before was told before.
                    if outcome.short > line.short {
                        lines.push(line.id);
                    }
                }
            }
            if !lines.is_empty() {
                jobs::publish(&mut *conn, &OversellRefused { lines }).await?;
            }
        }
        self.count_short();
        store::save_line_stock(conn, &self.lines).await?;
        Ok(())
    }

    /// A promise larger than what is wanted ends; what is still wanted is promised anew in the same transaction, while
    /// the level stays locked.
    async fn release_surplus(&mut self, conn: &mut PgConnection, actor: &Actor) -> Result<(), OrderError> {
        let surplus: Vec<OrderLineId> = self
            .lines
            .iter()
            .filter(|line| line.reserved > self.wanted(line))
            .map(|line| line.id)
            .collect();
        self.release(conn, actor, &surplus).await
    }

    pub(super) async fn release(
        &mut self,
        conn: &mut PgConnection,
        actor: &Actor,
        lines: &[OrderLineId],
    ) -> Result<(), OrderError> {
        if lines.is_empty() {
            return Ok(());
        }
        inventory::service::release(conn, actor, lines).await?;
        for line in self.lines.iter_mut().filter(|line| lines.contains(&line.id)) {
            line.reserved = 0;
        }
        Ok(())
    }

    fn wants(&self, recheck: Recheck) -> Result<Vec<Want>, OrderError> {
        let mut wants = Vec::new();
        for line in &self.lines {
            let wanted = self.wanted(line);
            let Some(product) = line.product.filter(|_| wanted > 0) else {
                continue;
            };
            if wanted > line.reserved || recheck == Recheck::EveryLine {
                wants.push(self.want(line, product, wanted)?);
            }
        }
        Ok(wants)
    }

    pub(super) fn want(&self, line: &Line, product: ProductId, wanted: i64) -> Result<Want, OrderError> {
        Ok(Want {
            line_id: line.id,
            product,
            warehouse: self.warehouse()?,
            quantity: wanted,
        })
    }

    /// The database holds that an order we ship has a warehouse.
    fn warehouse(&self) -> Result<WarehouseId, OrderError> {
        self.record.warehouse.ok_or(OrderError::NotFound)
    }

    pub(super) fn line_mut(&mut self, id: OrderLineId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.id == id)
    }

    pub(super) fn count_short(&mut self) {
        let (status, ships_itself) = (self.record.status, self.record.ships_itself());
        for line in &mut self.lines {
            line.short = (line.wanted(status, ships_itself) - line.reserved).max(0);
        }
    }

    /// What is promised leaves the stock, once.
    pub(super) async fn ship_reserved(
        &mut self,
        conn: &mut PgConnection,
        actor: &Actor,
    ) -> Result<(), OrderError> {
        let promised: Vec<OrderLineId> = self
            .lines
            .iter()
            .filter(|line| line.reserved > 0)
            .map(|line| line.id)
            .collect();
        if promised.is_empty() {
            return Ok(());
        }
        inventory::service::ship(conn, actor, &promised).await?;
        for line in &mut self.lines {
            line.shipped += line.reserved;
            line.reserved = 0;
        }
        Ok(())
    }

    /// Counts sums and counters anew and writes the order where it differs; true when anything did.
    pub(super) async fn save(&mut self, conn: &mut PgConnection) -> Result<bool, OrderError> {
        count(&mut self.record, &self.lines)?;
        let changed = store::save_order(&mut *conn, &self.record).await?;
        if changed {
            web::live::tell(&mut *conn, &format!("order-{}", self.record.id)).await?;
            web::live::tell(conn, "orders").await?;
        }
        Ok(changed)
    }

    pub(super) fn outcomes(&self) -> Vec<LineOutcome> {
        self.lines
            .iter()
            .map(|line| LineOutcome {
                line_id: line.id,
                reserved: line.reserved,
                short: line.short,
            })
            .collect()
    }
}

/// Sums and counters of the lines that count.
pub(super) fn count(record: &mut OrderRecord, lines: &[Line]) -> Result<(), OrderError> {
    let currency = record.currency()?;
    let active = || lines.iter().filter(|line| line.status == LineStatus::Active);
    let totals = active().map(Line::totals).collect::<Result<Vec<_>, _>>()?;
    let shipping = Money::new(record.shipping_gross, currency)?;
    let totals = order_totals(totals, shipping, currency)?;
    record.total_net = totals.net.amount();
    record.total_gross = totals.gross.amount();
    record.unresolved_lines = number(active().filter(|line| line.product.is_none()).count());
    record.short_lines = number(lines.iter().filter(|line| line.short > 0).count());
    Ok(())
}

/// An order has a few hundred lines at most.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
