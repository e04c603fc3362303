//! Work in the background: runs, reckoning, sending, timers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ::jobs::{Event as _, Job, JobFailure, Registry, Subscription, enqueue};
use kernel::{EmagAccountId, ProductId, SyncRunId};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::EmagError;
use crate::model::{RunKind, RunMode};
use crate::service::fault::is_conflict;
use crate::service::runs::{Outcome, actor};
use crate::service::{push, reckon, resolve, retry, runs};
use crate::store;

/// A run somebody else is doing is looked at again after this long.
const BUSY_PAUSE: Duration = Duration::from_secs(5);
/// After an outage.
const LATER_PAUSE: Duration = Duration::from_secs(30);
/// The partner wants calls kept for thirty days.
const CALLS_KEPT_DAYS: i64 = 30;

impl From<EmagError> for JobFailure {
    fn from(error: EmagError) -> Self {
        if is_conflict(&error) {
            return Self::Retry {
                after: Duration::from_secs(1),
                why: error.to_string(),
            };
        }
        if matches!(error, EmagError::NotFound) {
            return Self::Discard("it is gone".to_owned());
        }
        if let EmagError::Database(error) = error {
            return error.into();
        }
        Self::fault(&error)
    }
}

macro_rules! job {
    ($(#[$doc:meta])* $name:ident $text:literal { $($field:ident: $type:ty),* } ($this:ident, $context:ident) $body:block) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub(crate) struct $name { $(pub(crate) $field: $type),* }

        impl Job for $name {
            const NAME: &'static str = $text;
            type Context = Context;

            async fn run(self, $context: Context) -> Result<(), JobFailure> {
                let $this = self;
                $body
            }
        }
    };
}

/// A job that hears what one transaction published, and answers it in one transaction.
macro_rules! heard {
    ($(#[$doc:meta])* $name:ident $text:literal $event:ty => ($events:ident, $tx:ident) $body:block) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub(crate) struct $name(Vec<$event>);

        impl Job for $name {
            const NAME: &'static str = $text;
            type Context = Context;

            async fn run(self, context: Context) -> Result<(), JobFailure> {
                let $events = self.0;
                let mut $tx = context.db().begin(&actor()).await?;
                $body
                $tx.commit().await?;
                Ok(())
            }
        }
    };
}

job! {
    /// Does what is left of an offer sweep.
    SyncOffers "emag_sync_offers" { run: SyncRunId } (this, context) { work(&context, this.run).await }
}

job! {
    /// Does what is left of an order import.
    SyncOrders "emag_sync_orders" { run: SyncRunId } (this, context) { work(&context, this.run).await }
}

async fn work(context: &Context, run: SyncRunId) -> Result<(), JobFailure> {
    match runs::work(context, run).await? {
        Outcome::Ended => Ok(()),
        Outcome::Busy => Err(JobFailure::Retry {
            after: BUSY_PAUSE,
            why: "another process does this run".to_owned(),
        }),
    }
}

job! {
    /// Tries one failure of a run again.
    RetryFailure "emag_retry_failure" { failure: i64 } (this, context) {
        match retry::work(&context, this.failure).await? {
            Outcome::Ended => Ok(()),
            Outcome::Busy => Err(JobFailure::Retry {
                after: BUSY_PAUSE,
                why: "a run of this account is under way".to_owned(),
            }),
        }
    }
}

heard! {
    /// A person said which article of ours a number of the marketplace means.
    ArticleNamedJob "emag_article_named" orders::ArticleNamed => (events, tx) {
        for named in events.iter().filter(|named| named.channel == orders::Channel::Emag.as_str()) {
            let Ok(emag_id) = named.external_product_id.parse::<i64>() else { continue };
            let account = EmagAccountId(named.channel_account);
            resolve::listing_of_line(&mut tx, account, emag_id, named.product).await?;
        }
    }
}

job! {
    /// Sends the stocks of an account that differ.
    PushStock "emag_push_stock" { account: EmagAccountId } (this, context) {
        pushed(push::stock(&context, this.account).await?)
    }
}

job! {
    /// Sends the prices of an account that differ.
    PushPrice "emag_push_price" { account: EmagAccountId } (this, context) {
        pushed(push::price(&context, this.account).await?)
    }
}

fn pushed(done: push::Pushed) -> Result<(), JobFailure> {
    match done {
        push::Pushed::InStep | push::Pushed::Off => Ok(()),
        push::Pushed::Later => Err(JobFailure::Retry {
            after: LATER_PAUSE,
            why: "the marketplace cannot be reached".to_owned(),
        }),
    }
}

heard! {
    /// Stock moved: what should the marketplace hold?
    StockChangedJob "emag_stock_changed" inventory::StockChanged => (events, tx) {
        let mut by_cause: BTreeMap<&str, BTreeSet<ProductId>> = BTreeMap::new();
        for event in &events {
            by_cause.entry(&event.cause).or_default().extend(&event.products);
        }
        for (cause, products) in by_cause {
            reckon::stock(&mut tx, Some(&Vec::from_iter(products)), None, cause).await?;
        }
    }
}

heard! {
    /// Prices moved in the catalogue.
    PriceChangedJob "emag_price_changed" catalog::PriceChanged => (events, tx) {
        let products: BTreeSet<ProductId> = events.into_iter().flat_map(|event| event.products).collect();
        reckon::prices(&mut tx, Some(&Vec::from_iter(products))).await?;
    }
}

job! {
    /// Starts an import of what changed for every account that may be called.
    OrdersTimer "emag_orders_timer" {} (_this, context) { start_all(&context, RunKind::Orders).await }
}

job! {
    /// Starts an offer sweep for every account that may be called.
    OffersTimer "emag_offers_timer" {} (_this, context) { start_all(&context, RunKind::Offers).await }
}

async fn start_all(context: &Context, kind: RunKind) -> Result<(), JobFailure> {
    let mut tx = context.db().begin(&actor()).await?;
    let now = context.clock().now();
    for account in store::accounts::list(&mut tx).await? {
        if !account.may_call() {
            continue;
        }
        let run = store::runs::insert(&mut tx, account.id, kind, RunMode::Incremental, None, now).await?;
        if let Some(run) = run {
            runs::queue(&mut tx, run, kind).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

job! {
    /// A missed message heals itself: everything is reckoned anew, dead runs are queued again.
    ReconcileTimer "emag_reconcile_timer" {} (_this, context) {
        let mut tx = context.db().begin(&actor()).await?;
        reckon::stock(&mut tx, None, None, "recompute").await?;
        reckon::prices(&mut tx, None).await?;
        for account in store::accounts::list(&mut tx).await? {
            if account.push_enabled {
                reckon::queue_stock(&mut tx, account.id).await?;
                reckon::queue_price(&mut tx, account.id).await?;
            }
        }
        tx.commit().await?;
        runs::recover(&context).await?;
        context.flush_calls().await?;
        Ok(())
    }
}

job! {
    /// Forgets calls older than thirty days.
    PurgeTimer "emag_purge_timer" {} (_this, context) {
        let before = context.clock().now() - chrono::Duration::days(CALLS_KEPT_DAYS);
        let mut conn = context.db().read().await?;
        store::calls::purge(&mut conn, before).await?;
        Ok(())
    }
}

/// Declares the jobs, their context and their timers. Minutes are odd ones: full hours are crowded at the partner.
pub fn register(registry: &mut Registry, context: Context) {
    registry.context(context);
    registry.job::<SyncOffers>();
    registry.job::<SyncOrders>();
    registry.job::<RetryFailure>();
    registry.job::<ArticleNamedJob>();
    registry.job::<PushStock>();
    registry.job::<PushPrice>();
    registry.job::<StockChangedJob>();
    registry.job::<PriceChangedJob>();
    registry.job::<OrdersTimer>();
    registry.job::<OffersTimer>();
    registry.job::<ReconcileTimer>();
    registry.job::<PurgeTimer>();
    registry.schedule::<OrdersTimer>("1-59/2 * * * *");
    registry.schedule::<OffersTimer>("17 1,7,13,19 * * *");
    registry.schedule::<ReconcileTimer>("3-58/5 * * * *");
    registry.schedule::<PurgeTimer>("41 2 * * *");
}

/// What this slice wants to hear.
pub fn subscriptions() -> Vec<Subscription> {
    vec![
        Subscription {
            event: inventory::StockChanged::NAME,
            job: StockChangedJob::NAME,
            queue: None,
        },
        Subscription {
            event: orders::ArticleNamed::NAME,
            job: ArticleNamedJob::NAME,
            queue: None,
        },
        Subscription {
            event: catalog::PriceChanged::NAME,
            job: PriceChangedJob::NAME,
            queue: None,
        },
    ]
}

/// Queues dead runs and everything that differs; called once when a worker starts.
pub async fn on_start(context: &Context) -> Result<(), sqlx::Error> {
    let mut tx = context.db().begin(&actor()).await?;
    enqueue(
        &mut tx,
        &ReconcileTimer {},
        ::jobs::Enqueue::keyed("emag_reconcile_timer"),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
