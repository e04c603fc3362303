//! Where the slices meet: templates, routes, permissions, jobs, subscriptions, contexts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use db::Db;
use emag_api::{Jitter, Pacers, RetryRules};
use jobs::{Registry, Runner, RunnerError, Subscription};
use kernel::{Actor, Clock, Permission};
use lineage::pg::Engine;
use outbound::{Outbound, OutboundOptions};
use rand::Rng as _;
use settings::Secret;
use telemetry::Metrics;
use ui::{SlicePages, Ui};
use web::{AppState, AppStateBuilder, NavItem, Routes};

use crate::boot::Boot;
use crate::keys::Keys;
use crate::transport::OverOutbound;
use crate::{chores, contracts, health, migrations, preferences, search, setup, shell, system, today};

/// What the system's own routes need to know about the plant they run in.
#[derive(Clone)]
pub(crate) struct Plant {
    pub(crate) engine: Arc<Engine>,
    pub(crate) redis_url: Option<Secret>,
    pub(crate) data_dir: PathBuf,
    /// The queues in front of the marketplace.
    pub(crate) pacers: Pacers,
}

/// Everything that does not need a database yet.
pub(crate) struct Wiring {
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    keys: Keys,
    ui: Ui,
    transport: Arc<dyn emag_api::Transport>,
}

/// A wired program.
pub struct Server {
    pub app: axum::Router,
    pub state: AppState,
    pub emag: emag::Context,
    pub(crate) identity: identity::Context,
}

/// Templates and words of every slice.
pub fn slices() -> [&'static SlicePages; 6] {
    [
        &identity::PAGES,
        &catalog::PAGES,
        &inventory::PAGES,
        &orders::PAGES,
        &emag::PAGES,
        &crate::PAGES,
    ]
}

/// Every permission the program knows.
pub fn permissions() -> Vec<Permission> {
    [
        identity::PERMISSIONS,
        catalog::PERMISSIONS,
        inventory::PERMISSIONS,
        orders::PERMISSIONS,
        emag::PERMISSIONS,
    ]
    .concat()
    .into_iter()
    .chain([system::SYSTEM_VIEW])
    .collect()
}

/// All routes, each with its declared access.
pub fn routes() -> Routes {
    Routes::new()
        .merge(identity::routes())
        .merge(catalog::routes())
        .merge(inventory::routes())
        .merge(orders::routes())
        .merge(emag::routes())
        .merge(today::routes())
        .merge(health::routes())
        .merge(system::routes())
        .merge(contracts::routes())
        .merge(preferences::routes())
        .merge(search::routes())
}

fn nav() -> Vec<NavItem> {
    [
        identity::nav(),
        catalog::nav(),
        inventory::nav(),
        orders::nav(),
        emag::nav(),
    ]
    .concat()
    .into_iter()
    .chain([today::NAV, system::NAV])
    .collect()
}

fn subscriptions() -> Vec<Subscription> {
    [
        orders::subscriptions(),
        emag::subscriptions(),
        chores::subscriptions(),
    ]
    .concat()
}

/// Who may hear of which live topic, by its first word.
fn topics() -> Vec<(&'static str, Permission)> {
    vec![
        ("products", catalog::CATALOG_VIEW),
        ("product", catalog::CATALOG_VIEW),
        (inventory::STOCK, inventory::INVENTORY_VIEW),
        ("orders", orders::ORDERS_VIEW),
        ("order", orders::ORDERS_VIEW),
        ("emag", emag::EMAG_VIEW),
    ]
}

impl Wiring {
    pub(crate) fn new(boot: &Boot) -> anyhow::Result<Self> {
        let outbound = Outbound::new(OutboundOptions::default())?;
        Ok(Self {
            clock: Clock::system(),
            metrics: Metrics::new()?,
            keys: boot.keys()?,
            ui: Ui::new(&slices())?,
            transport: Arc::new(OverOutbound(outbound)),
        })
    }

    /// Connects everything to the database.
    pub(crate) fn build(self, boot: &Boot, db: Db) -> Server {
        let settings = &boot.settings;
        let identity = identity::Context {
            db: db.clone(),
            clock: self.clock.clone(),
            signing_key: self.keys.derive("access-token"),
            secure_cookies: settings.server.secure_cookies,
        };
        let pacers = Pacers::default();
        let emag = emag::Context::new(emag::ContextParts {
            db: db.clone(),
            clock: self.clock.clone(),
            key: self.keys.derive("emag-credentials"),
            transport: self.transport,
            observer: Arc::new(Calls(self.metrics.clone())),
            pacers: pacers.clone(),
            retry: RetryRules::default(),
            jitter: Arc::new(Chance),
        });
        let mut builder = AppStateBuilder::new(
            db.clone(),
            self.clock,
            self.ui,
            self.metrics.clone(),
            Arc::new(identity::Sessions::new(identity.clone())),
        )
        .with(identity.clone())
        .with(emag.clone())
        .with(setup::hook(emag.clone()))
        .with(Plant {
            engine: Arc::new(migrations::engine(Some(&self.metrics))),
            redis_url: settings.redis.url.clone(),
            data_dir: settings.data_dir.clone(),
            pacers,
        });
        builder.nav = nav();
        builder.topics = topics();
        builder.fingerprint_key = self.keys.derive("idempotency");
        builder.extras = Arc::new(shell::Extras::new(db, self.metrics));
        builder.secure_cookies = settings.server.secure_cookies;
        let state = builder.build();
        let limit = settings.server.body_limit_bytes;
        let app = web::app(
            state.clone(),
            routes(),
            limit,
            settings.server.trusted_proxies.clone(),
        );
        Server {
            app,
            state,
            emag,
            identity,
        }
    }
}

impl Server {
    /// Writes what the program knows into the database: permissions, roles, subscriptions. Idempotent.
    pub async fn register(&self) -> anyhow::Result<()> {
        let mut tx = self.state.db.begin(&Actor::system("start")).await?;
        identity::sync_permissions(&mut tx, &permissions()).await?;
        jobs::register(&mut tx, &subscriptions()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who does this process's background jobs.
    pub fn crew(&self, concurrency: usize) -> Crew {
        Crew {
            state: self.state.clone(),
            emag: self.emag.clone(),
            identity: self.identity.clone(),
            concurrency,
        }
    }
}

/// The slices' background jobs, ready to be worked on.
#[derive(Clone)]
pub struct Crew {
    state: AppState,
    emag: emag::Context,
    identity: identity::Context,
    concurrency: usize,
}

impl Crew {
    /// A worker; queues first what a stop may have left undone.
    pub async fn runner(&self) -> Result<Runner, RunnerError> {
        let mut registry = Registry::default();
        chores::register(&mut registry, &self.state);
        identity::register(&mut registry, self.identity.clone());
        orders::register(&mut registry, &self.state);
        emag::register(&mut registry, self.emag.clone());
        if let Err(error) = emag::on_start(&self.emag).await {
            tracing::warn!(error = %error, "the first reconciliation could not be queued: {error}");
        }
        Runner::start(
            &self.state.db,
            self.state.clock.clone(),
            registry,
            self.concurrency,
        )
        .await
    }
}

/// Counts marketplace calls.
struct Calls(Metrics);

impl emag::Observer for Calls {
    fn called(&self, account: &str, route: &'static str, verdict: &'static str, _: Duration) {
        self.0
            .emag_requests_total
            .with_label_values(&[account, route, verdict])
            .inc();
    }
}

/// Spreads retries; chance comes in here and nowhere below.
struct Chance;

impl Jitter for Chance {
    fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            0
        } else {
            rand::rng().random_range(0..bound)
        }
    }
}
