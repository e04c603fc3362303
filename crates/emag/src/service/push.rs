//! Sending the differences: stock and price, in bulk, with a verdict for each.
//!
//! Always holds: only what differs is sent, and only while the owner has push switched on; the intent is committed
//! before the call, so that after a stop the offers are read again before anything else; an accident is held and asked.

mod verdict;

use std::collections::HashMap;
use std::time::Duration;

use emag_api::lenient::WireNumber;
use emag_api::wire::OfferUpdate;
use emag_api::{ApiError, Client, EntityOutcome, Priority};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{EmagAccountId, Timestamp};

use self::verdict::{Verdict, id_of, price_sent, stock_sent, stock_update, units};
use super::runs::note_fault;
use crate::context::Context;
use crate::error::EmagError;
use crate::model::{Account, PriceChange, PriceDecision, StockChange, decide_price, split_zeros};
use crate::store;
use crate::store::holds::NewHolds;
use crate::store::push::Sent;

/// Entities in one call (eMAG API 4.4.9 section 5).
const PER_CALL: usize = 50;
/// Differences looked at together, so that many zeros are seen as many.
const LOOK_MAX: i64 = 5_000;
/// Changes made one by one within a moment leave together: how often to look, and how long at most.
const GATHER_STEP: Duration = Duration::from_millis(400);
const GATHER_STEPS_MAX: usize = 3;
/// Offers read again side by side; the pace of the bucket rules.
const READS_IN_FLIGHT: usize = 4;
/// Rounds of one job; what still comes is left to the next one.
const ROUNDS_MAX: usize = 200;
/// A refusal is tried again after this long even if nothing changed: campaigns end, locks are lifted.
const RETRY_HOURS: i64 = 1;
/// The span in which zeros are counted.
const ZEROS_SPAN_HOURS: i64 = 1;

/// Why nothing more was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Nothing differs that may be sent.
    InStep,
    /// Push is off, the account is not active or has a fault.
    Off,
    /// The partner could not be reached; try again later.
    Later,
}

/// Sends all stocks that differ.
pub async fn stock(context: &Context, account: EmagAccountId) -> Result<Pushed, EmagError> {
    let Some(desk) = Desk::open(context, account).await? else {
        return Ok(Pushed::Off);
    };
    for _round in 0..ROUNDS_MAX {
        if let Some(ended) = desk.read_unsure().await? {
            return Ok(ended);
        }
        gather(context, account).await?;
        let changes = desk.stock_changes().await?;
        if changes.is_empty() {
            context.flush_calls().await?;
            return Ok(Pushed::InStep);
        }
        for part in full_calls(&changes).chunks(PER_CALL) {
            if let Some(ended) = desk.send_stock(part).await? {
                return Ok(ended);
            }
        }
    }
    Ok(Pushed::Later)
}

/// Sends all prices that differ.
pub async fn price(context: &Context, account: EmagAccountId) -> Result<Pushed, EmagError> {
    let Some(desk) = Desk::open(context, account).await? else {
        return Ok(Pushed::Off);
    };
    for _round in 0..ROUNDS_MAX {
        if let Some(ended) = desk.read_unsure().await? {
            return Ok(ended);
        }
        let changes = desk.price_changes().await?;
        if changes.is_empty() {
            context.flush_calls().await?;
            return Ok(Pushed::InStep);
        }
        for part in full_calls(&changes).chunks(PER_CALL) {
            if let Some(ended) = desk.send_prices(part).await? {
                return Ok(ended);
            }
        }
    }
    Ok(Pushed::Later)
}

/// What fills whole calls; the rest goes with what has come in meanwhile. All of it when it fills none.
fn full_calls<T>(changes: &[T]) -> &[T] {
    let whole = changes.len() - changes.len() % PER_CALL;
    if whole == 0 { changes } else { &changes[..whole] }
}

/// Waits while changes are still coming in and a call would not be full.
async fn gather(context: &Context, account: EmagAccountId) -> Result<(), EmagError> {
    let full = i64::try_from(PER_CALL).unwrap_or(i64::MAX);
    let mut before = 0;
    for _step in 0..GATHER_STEPS_MAX {
        let mut conn = context.db().read().await?;
        let differing = store::push::count_stock_changes(&mut conn, account).await?;
        drop(conn);
        if differing >= full || differing == before {
            return Ok(());
        }
        before = differing;
        tokio::time::sleep(GATHER_STEP).await;
    }
    Ok(())
}

struct Desk<'a> {
    context: &'a Context,
    account: Account,
    client: Client,
}

impl<'a> Desk<'a> {
    /// `None` when nothing may be sent.
    async fn open(context: &'a Context, id: EmagAccountId) -> Result<Option<Self>, EmagError> {
        let mut conn = context.db().read().await?;
        let Some(account) = store::accounts::find(&mut conn, id).await? else {
            return Ok(None);
        };
        if !account.push_enabled || !account.may_call() {
            return Ok(None);
        }
        let client = context.client(&account)?.with_priority(Priority::Interactive);
        Ok(Some(Self {
            context,
            account,
            client,
        }))
    }

    fn now(&self) -> Timestamp {
        self.context.clock().now()
    }

    async fn begin(&self) -> Result<db::Tx, sqlx::Error> {
        self.context.db().begin(&kernel::Actor::system("emag-push")).await
    }

    /// Reads the offers whose remote values nobody is sure of.
    async fn read_unsure(&self) -> Result<Option<Pushed>, EmagError> {
        let mut conn = self.context.db().read().await?;
        let unsure = store::push::list_unsure(&mut conn, self.account.id, LOOK_MAX).await?;
        drop(conn);
        let read = stream::iter(&unsure)
            .map(Ok)
            .try_for_each_concurrent(READS_IN_FLIGHT, |emag_id| self.read_again(*emag_id))
            .await;
        match read {
            Ok(()) => Ok(None),
            Err(EmagError::Api(error)) => self.ended(&error).await.map(Some),
            Err(other) => Err(other),
        }
    }

    async fn read_again(&self, emag_id: i64) -> Result<(), EmagError> {
        let asked_at = self.now();
        let found = self
            .client
            .read_offer(u64::try_from(emag_id).unwrap_or_default())
            .await?;
        let mut tx = self.begin().await?;
        match found {
            Some(offer) => {
                let stock = offer
                    .general_stock
                    .get()
                    .or_else(|| offer.listed_stock())
                    .unwrap_or(0)
                    .max(0);
                let price = offer.sale_price.get().map(|price| price.round_dp(4));
                store::push::settle_read(&mut tx, self.account.id, emag_id, (stock, price), asked_at).await?;
            }
            None => store::listings::mark_gone(&mut tx, self.account.id, emag_id, asked_at).await?,
        }
        tx.commit().await?;
        Ok(())
    }

    /// What may be sent; what looks like an accident is put before a person.
    async fn stock_changes(&self) -> Result<Vec<StockChange>, EmagError> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let changes = store::push::list_stock_changes(&mut tx, self.account.id, now, LOOK_MAX).await?;
        let since = now - chrono::Duration::hours(ZEROS_SPAN_HOURS);
        let zeros = store::push::count_suspicious_zeros(&mut tx, self.account.id, since).await?;
        let (send, hold) = split_zeros(changes, zeros);
        let holds = NewHolds {
            kind: "stock",
            reason: "many_zeros",
            listings: hold.iter().map(|change| change.listing.0).collect(),
            old: hold.iter().map(|change| change.old.into()).collect(),
            new: hold.iter().map(|change| change.new.into()).collect(),
        };
        self.hold(&mut tx, &holds).await?;
        tx.commit().await?;
        Ok(send)
    }

    async fn price_changes(&self) -> Result<Vec<PriceChange>, EmagError> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let changes = store::push::list_price_changes(&mut tx, self.account.id, now, LOOK_MAX).await?;
        let mut send = Vec::new();
        let mut refused = Vec::new();
        let mut holds = NewHolds {
            kind: "price",
            reason: "price_jump",
            listings: Vec::new(),
            old: Vec::new(),
            new: Vec::new(),
        };
        for change in changes {
            match decide_price(&change) {
                PriceDecision::Send => send.push(change),
                PriceDecision::Hold => {
                    holds.listings.push(change.listing.0);
                    holds.old.push(change.old);
                    holds.new.push(change.new);
                }
                PriceDecision::Refuse(why) => {
                    refused.push(price_sent(&change, "refused", Some(why.to_owned())));
                }
            }
        }
        self.hold(&mut tx, &holds).await?;
        // Not sent and not logged as sent: it would only be refused there.
        store::push::settle_price(&mut tx, &refused, now, now + chrono::Duration::days(365)).await?;
        tx.commit().await?;
        Ok(send)
    }

    async fn hold(&self, tx: &mut db::Tx, holds: &NewHolds) -> Result<(), EmagError> {
        if holds.listings.is_empty() {
            return Ok(());
        }
        store::holds::add_holds(tx, self.account.id, holds).await?;
        web::live::tell(tx, "emag").await?;
        tracing::warn!(
            emag.account = %self.account.name, held = holds.listings.len(),
            "{} changes for the marketplace wait for a person: {}", holds.listings.len(), holds.reason
        );
        Ok(())
    }

    async fn send_stock(&self, changes: &[StockChange]) -> Result<Option<Pushed>, EmagError> {
        let listings: Vec<i64> = changes.iter().map(|change| change.listing.0).collect();
        let marked_at = self.intend(&listings).await?;
        let outcomes: HashMap<u64, EntityOutcome> = if let [only] = changes {
            self.one_stock(only).await
        } else {
            let updates: Vec<OfferUpdate> = changes.iter().map(stock_update).collect();
            let saved = self.client.save_offers(&updates).await;
            saved.entities.into_iter().collect()
        };
        let verdicts: Vec<(Verdict, Sent)> = changes
            .iter()
            .map(|change| {
                let verdict = Verdict::of(outcomes.get(&id_of(change.emag_id)));
                let sent = stock_sent(change, verdict.name(), verdict.detail());
                (verdict, sent)
            })
            .collect();
        self.settle(&verdicts, marked_at, Kind::Stock).await
    }

    /// One offer alone has a route of its own, with a plain answer.
    async fn one_stock(&self, change: &StockChange) -> HashMap<u64, EntityOutcome> {
        let id = id_of(change.emag_id);
        let outcome = match self.client.set_stock(id, units(change.new)).await {
            Ok(()) => EntityOutcome::Saved,
            Err(ApiError::Refused { messages, .. }) => {
                EntityOutcome::Refused(messages.into_iter().map(|message| message.text).collect())
            }
            Err(ApiError::CircuitOpen { .. }) => EntityOutcome::NotSent,
            Err(error) => EntityOutcome::Failed(error),
        };
        HashMap::from([(id, outcome)])
    }

    async fn send_prices(&self, changes: &[PriceChange]) -> Result<Option<Pushed>, EmagError> {
        let listings: Vec<i64> = changes.iter().map(|change| change.listing.0).collect();
        let marked_at = self.intend(&listings).await?;
        let updates: Vec<OfferUpdate> = changes
            .iter()
            .map(|change| OfferUpdate {
                id: id_of(change.emag_id),
                sale_price: Some(WireNumber(change.new)),
                ..OfferUpdate::default()
            })
            .collect();
        let outcomes = self.client.save_offers(&updates).await.entities;
        let verdicts: Vec<(Verdict, Sent)> = changes
            .iter()
            .map(|change| {
                let verdict = Verdict::of(outcomes.get(&id_of(change.emag_id)));
                let sent = price_sent(change, verdict.name(), verdict.detail());
                (verdict, sent)
            })
            .collect();
        self.settle(&verdicts, marked_at, Kind::Price).await
    }

    /// Commits the intent before the call.
    async fn intend(&self, listings: &[i64]) -> Result<Timestamp, EmagError> {
        let now = self.now();
        let mut tx = self.begin().await?;
        store::push::mark_sending(&mut tx, listings, now).await?;
        tx.commit().await?;
        Ok(now)
    }

    /// Writes what the call answered; ends the sending when the account or the partner is in trouble.
    async fn settle(
        &self,
        verdicts: &[(Verdict, Sent)],
        marked_at: Timestamp,
        kind: Kind,
    ) -> Result<Option<Pushed>, EmagError> {
        let mut tx = self.begin().await?;
        let not_sent: Vec<i64> = verdicts
            .iter()
            .filter(|(verdict, _)| matches!(verdict, Verdict::NotSent(_)))
            .map(|(_, sent)| sent.listing.0)
            .collect();
        store::push::unmark_sending(&mut tx, &not_sent, marked_at).await?;
        let sent: Vec<Sent> = verdicts
            .iter()
            .filter(|(verdict, _)| !matches!(verdict, Verdict::NotSent(_)))
            .map(|(_, sent)| sent.clone())
            .collect();
        let retry_after = self.now() + chrono::Duration::hours(RETRY_HOURS);
        match kind {
            Kind::Stock => store::push::settle_stock(&mut tx, &sent, marked_at, retry_after).await?,
            Kind::Price => store::push::settle_price(&mut tx, &sent, marked_at, retry_after).await?,
        }
        store::push::add_pushes(&mut tx, self.account.id, &sent, marked_at).await?;
        web::live::tell(&mut tx, "emag").await?;
        tx.commit().await?;
        let trouble = verdicts.iter().find_map(|(verdict, _)| verdict.trouble());
        match trouble {
            Some(error) => self.ended(error).await.map(Some),
            None if !not_sent.is_empty() => Ok(Some(Pushed::Later)),
            None => Ok(None),
        }
    }

    async fn ended(&self, error: &ApiError) -> Result<Pushed, EmagError> {
        note_fault(self.context, &self.account, error).await?;
        self.context.flush_calls().await?;
        Ok(if error.account_fault().is_some() {
            Pushed::Off
        } else {
            Pushed::Later
        })
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Stock,
    Price,
}
