//! What the program does for itself: nightly tidying of what no slice owns, and counting what jobs alone can count.
//!
//! Never decides anything about the business.

use ::jobs::{Event as _, Job, JobFailure, Registry, Subscription};
use db::Db;
use kernel::Clock;
use serde::{Deserialize, Serialize};
use telemetry::Metrics;
use web::AppState;

/// What the nightly tidying needs.
#[derive(Clone, Debug)]
struct Tidying {
    db: Db,
    clock: Clock,
}

/// Forgets answers to repeatable calls that nobody will repeat any more.
#[derive(Debug, Serialize, Deserialize)]
struct ForgetAnswers {}

impl Job for ForgetAnswers {
    const NAME: &'static str = "server_forget_answers";
    type Context = Tidying;

    async fn run(self, context: Tidying) -> Result<(), JobFailure> {
        let mut conn = context.db.read().await?;
        let forgotten = web::purge_answers(&mut conn, context.clock.now()).await?;
        tracing::debug!(forgotten, "{forgotten} kept answers were forgotten");
        Ok(())
    }
}

/// Counts order lines that wanted more than there is. As a job of the event, so that only what was committed counts; a
/// job that has to run again counts again.
#[derive(Debug, Serialize, Deserialize)]
struct CountOversell(Vec<orders::OversellRefused>);

impl Job for CountOversell {
    const NAME: &'static str = "server_count_oversell";
    type Context = Metrics;

    async fn run(self, metrics: Metrics) -> Result<(), JobFailure> {
        let lines: usize = self.0.iter().map(|event| event.lines.len()).sum();
        let lines = u64::try_from(lines).unwrap_or(u64::MAX);
        metrics.stock_oversell_refused_total.inc_by(lines);
        Ok(())
    }
}

pub(crate) fn register(registry: &mut Registry, state: &AppState) {
    registry.context(Tidying {
        db: state.db.clone(),
        clock: state.clock.clone(),
    });
    registry.context(state.metrics.clone());
    registry.job::<ForgetAnswers>();
    registry.job::<CountOversell>();
    // At night in Romania, beside the other tidying.
    registry.schedule::<ForgetAnswers>("37 1 * * *");
}

pub(crate) fn subscriptions() -> Vec<Subscription> {
    vec![Subscription {
        event: orders::OversellRefused::NAME,
        job: CountOversell::NAME,
        queue: None,
    }]
}
