//! The changing figures of the frame: orders to ship beside the rail's word, the state of synchronisation.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use db::Db;
use kernel::{Actor, Locale, Timestamp};
use sqlx::PgConnection;
use telemetry::Metrics;
use tokio::sync::Mutex;
use ui::{SyncPill, SyncState, formats};
use web::{Problem, ShellExtras};

/// Every page asks; a few seconds old is fresh enough.
const FRESH_FOR: Duration = Duration::from_secs(3);
/// Its name among the metrics.
const CACHE: &str = "frame";

pub(crate) struct Extras {
    db: Db,
    metrics: Metrics,
    last: Mutex<Option<(Instant, Figures)>>,
}

#[derive(Clone, Default)]
struct Figures {
    to_ship: u64,
    sync: Option<Sync>,
}

impl Extras {
    pub(crate) fn new(db: Db, metrics: Metrics) -> Self {
        Self {
            db,
            metrics,
            last: Mutex::new(None),
        }
    }

    async fn figures(&self) -> Figures {
        let mut last = self.last.lock().await;
        if let Some((at, figures)) = &*last
            && at.elapsed() < FRESH_FOR
        {
            self.metrics.cache_hits_total.with_label_values(&[CACHE]).inc();
            return figures.clone();
        }
        self.metrics.cache_misses_total.with_label_values(&[CACHE]).inc();
        let figures = match self.read().await {
            Ok(figures) => figures,
            Err(error) => {
                // A page without these figures is still a page.
                tracing::warn!(error = ?error, "the frame's figures could not be read");
                Figures::default()
            }
        };
        *last = Some((Instant::now(), figures.clone()));
        figures
    }

    async fn read(&self) -> Result<Figures, Problem> {
        let mut conn = self.db.read().await?;
        let to_ship = orders::orders_to_ship(&mut conn).await?;
        Ok(Figures {
            to_ship: u64::try_from(to_ship).unwrap_or(0),
            sync: sync(&mut conn).await?,
        })
    }
}

#[async_trait]
impl ShellExtras for Extras {
    async fn extras(&self, actor: &Actor, _: Locale) -> (HashMap<&'static str, u64>, Option<SyncPill>) {
        let figures = self.figures().await;
        let mut counts = HashMap::new();
        if actor.may(orders::ORDERS_VIEW) {
            counts.insert("nav-orders", figures.to_ship);
        }
        let pill = figures
            .sync
            .filter(|_| actor.may(emag::EMAG_VIEW))
            .map(|sync| pill(&sync));
        (counts, pill)
    }
}

/// How synchronisation stands over all accounts.
#[derive(Clone)]
struct Sync {
    faults: i64,
    running: i64,
    failures: i64,
    last_finished_at: Option<Timestamp>,
}

async fn sync(conn: &mut PgConnection) -> Result<Option<Sync>, sqlx::Error> {
    let row: (i64, i64, i64, i64, Option<Timestamp>) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM app.emag_accounts WHERE is_active), \
                (SELECT count(*) FROM app.emag_accounts WHERE is_active AND fault IS NOT NULL), \
                (SELECT count(*) FROM app.emag_sync_runs WHERE state IN ('queued', 'running')), \
                (SELECT count(*) FROM app.emag_sync_failures WHERE resolved_at IS NULL), \
                (SELECT max(finished_at) FROM app.emag_sync_runs)",
    )
    .fetch_one(conn)
    .await?;
    Ok((row.0 > 0).then_some(Sync {
        faults: row.1,
        running: row.2,
        failures: row.3,
        last_finished_at: row.4,
    }))
}

fn pill(sync: &Sync) -> SyncPill {
    let state = if sync.faults > 0 || sync.failures > 0 {
        SyncState::Failed
    } else if sync.running > 0 {
        SyncState::Running
    } else {
        SyncState::Fine
    };
    SyncPill {
        state,
        text: sync.last_finished_at.map(formats::time).unwrap_or_default(),
    }
}
