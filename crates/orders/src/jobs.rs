//! Background work: units that came in go to waiting lines, promises that a count took back are shown.

use std::collections::BTreeSet;
use std::time::Duration;

use ::jobs::{Job, JobFailure, Registry, Subscription};
use db::Db;
use kernel::{Actor, OrderLineId, ProductId};
use serde::{Deserialize, Serialize};
use web::AppState;

use crate::error::OrderError;
use crate::service;

/// What the jobs of this slice need.
#[derive(Clone, Debug)]
struct Context {
    db: Db,
}

/// Jobs of this slice run one after another, so that two of them never want the same orders.
const QUEUE: &str = "orders";

/// Shorter than the time after which PostgreSQL looks for a deadlock: an import that holds an order and wants a
/// level is never the one that is stopped.
const LOCK_WAIT: &str = "400ms";

/// Runs when units came in or were let go.
#[derive(Debug, Serialize, Deserialize)]
struct AllocateShort(Vec<inventory::UnitsFreed>);

impl Job for AllocateShort {
    const NAME: &'static str = "orders_allocate_short";
    type Context = Context;

    async fn run(self, context: Context) -> Result<(), JobFailure> {
        let actor = Actor::system("orders_allocate_short");
        let mut tx = context.db.begin(&actor).await?;
        wait_briefly(&mut tx).await?;
        let freed: BTreeSet<ProductId> = self.0.into_iter().flat_map(|event| event.products).collect();
        let given = service::allocate_short(&mut tx, &actor, &Vec::from_iter(freed))
            .await
            .map_err(failure)?;
        tx.commit().await?;
        if given.more {
            return Err(JobFailure::Retry {
                after: Duration::from_secs(1),
                why: "more orders wait than one run looks at".to_owned(),
            });
        }
        Ok(())
    }
}

/// Runs when a count or damage took promised units back.
#[derive(Debug, Serialize, Deserialize)]
struct ReservationsLost(Vec<inventory::ReservationsLost>);

impl Job for ReservationsLost {
    const NAME: &'static str = "orders_reservations_lost";
    type Context = Context;

    async fn run(self, context: Context) -> Result<(), JobFailure> {
        let actor = Actor::system("orders_reservations_lost");
        let mut tx = context.db.begin(&actor).await?;
        wait_briefly(&mut tx).await?;
        let lines: Vec<OrderLineId> = self.0.into_iter().flat_map(|event| event.lines).collect();
        service::reservations_lost(&mut tx, &actor, &lines)
            .await
            .map_err(failure)?;
        tx.commit().await?;
        Ok(())
    }
}

async fn wait_briefly(tx: &mut db::Tx) -> Result<(), sqlx::Error> {
    crate::store::limit_lock_wait(tx, LOCK_WAIT).await
}

/// PostgreSQL's code for a lock that was not to be had in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

fn failure(error: OrderError) -> JobFailure {
    let (OrderError::Database(source) | OrderError::Inventory(inventory::InventoryError::Database(source))) =
        error
    else {
        return JobFailure::fault(&error);
    };
    let code = source
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    if code.is_some_and(|code| code == LOCK_NOT_AVAILABLE) {
        return JobFailure::Retry {
            after: Duration::from_secs(1),
            why: "somebody is working on these orders".to_owned(),
        };
    }
    source.into()
}

/// Declares the jobs of this slice and gives them what they need.
pub fn register(registry: &mut Registry, state: &AppState) {
    registry.context(Context { db: state.db.clone() });
    registry.job::<AllocateShort>();
    registry.job::<ReservationsLost>();
}

/// Which events start them.
pub fn subscriptions() -> Vec<Subscription> {
    vec![
        Subscription {
            event: <inventory::UnitsFreed as ::jobs::Event>::NAME,
            job: AllocateShort::NAME,
            queue: Some(QUEUE),
        },
        Subscription {
            event: <inventory::ReservationsLost as ::jobs::Event>::NAME,
            job: ReservationsLost::NAME,
            queue: Some(QUEUE),
        },
    ]
}
