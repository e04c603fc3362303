//! The changing figures of the frame: orders to ship beside the rail's word, the state of synchronisation.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use db::Db;
use emag::AccountHealth;
use kernel::{Actor, Locale};
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
    accounts: Vec<AccountHealth>,
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
            accounts: emag::account_health(&mut conn).await?,
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
        let shown = !figures.accounts.is_empty() && actor.may(emag::EMAG_VIEW);
        let pill = shown.then(|| pill(&figures.accounts));
        (counts, pill)
    }
}

fn pill(accounts: &[AccountHealth]) -> SyncPill {
    let troubled = accounts
        .iter()
        .any(|account| account.fault.is_some() || account.failures > 0);
    let state = if troubled {
        SyncState::Failed
    } else if accounts.iter().any(|account| account.running) {
        SyncState::Running
    } else {
        SyncState::Fine
    };
    let last = accounts
        .iter()
        .filter_map(|account| account.last_finished_at)
        .max();
    SyncPill {
        state,
        text: last.map(formats::time).unwrap_or_default(),
    }
}
