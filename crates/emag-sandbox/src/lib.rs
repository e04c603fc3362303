//! A local eMAG marketplace: the API of eMAG's document 4.4.9 with a state of its own, its documented limits, its odd
//! types, a clock that can be moved and faults that can be switched on.
//!
//! Always true: a call that is refused by authentication, whitelist, rate limit or a fault "before" changes nothing; the
//! same seed and clock give the same data. It never calls anything outside, never writes to disk, and knows no client:
//! it is built to the document, so that a client is tested against the marketplace's rules and not against itself.
//!
//! ```no_run
//! # async fn demo(now: chrono::DateTime<chrono::Utc>) -> std::io::Result<()> {
//! use emag_sandbox::{Options, Sandbox, SeedOptions};
//! let seed = SeedOptions { offers: 2_500, orders: 500, seed: 1, now };
//! let sandbox = Sandbox::new(Options { seed: Some(seed), ..Options::at(now) });
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:4449").await?;
//! sandbox.serve(listener, std::future::pending()).await
//! # }
//! ```

mod body;
mod catalog;
mod clock;
mod control;
mod faults;
mod gateway;
mod limits;
mod net;
mod offers;
mod orders;
mod paging;
mod reply;
mod routes;
mod seed;
mod settings;
mod shipping;
mod state;
mod value;
mod world;

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::watch;

pub use faults::{FaultKind, Faults};
pub use seed::SeedOptions;
pub use settings::{ReadDataWrapper, Settings};
pub use state::{Account, AccountKind, DEMO_PASSWORD, FBE_USERNAME, MAIN_USERNAME};
pub use world::CallRecord;

use clock::VirtualClock;
use faults::FaultDesk;
use net::{CuttableListener, Peer};
use state::{Arrival, State};
use world::World;

/// Bytes of a state document or a request: fifty products with long descriptions fit.
const BODY_MAX_BYTES: usize = 64 * 1024 * 1024;

/// How a sandbox starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the clock shows at the start.
    pub now: DateTime<Utc>,
    /// How fast it runs: 1 as the wall does, 0 stands still, 60 a minute a second.
    pub clock_rate: f64,
    /// Data to make up; none = two empty accounts.
    pub seed: Option<SeedOptions>,
    /// Faults from the first call on.
    pub faults: Faults,
    /// The switches.
    pub settings: Settings,
    /// Whether `/_sandbox` answers to callers that are not on this machine.
    pub open_control: bool,
}

impl Options {
    /// An empty sandbox whose clock starts at `now` and runs as the wall does; no faults, no trade.
    pub fn at(now: DateTime<Utc>) -> Options {
        Options {
            now,
            clock_rate: 1.0,
            seed: None,
            faults: Faults::default(),
            settings: Settings::default(),
            open_control: false,
        }
    }

    /// The same with a clock that stands still until it is moved, as tests want it.
    pub fn frozen_at(now: DateTime<Utc>) -> Options {
        Options {
            clock_rate: 0.0,
            ..Options::at(now)
        }
    }
}

/// One marketplace. Clones share the same state.
#[derive(Clone)]
pub struct Sandbox {
    world: Arc<Mutex<World>>,
    stopping: watch::Sender<bool>,
    open_control: bool,
}

impl Sandbox {
    /// A sandbox with its data made up, not yet listening anywhere.
    pub fn new(options: Options) -> Sandbox {
        let state = options.seed.map_or_else(State::empty, seed::seeded);
        let clock = VirtualClock::new(options.now, options.clock_rate);
        let dice = options.seed.map_or(0, |seed| seed.seed);
        let world = World::new(
            state,
            clock,
            FaultDesk::new(options.faults),
            options.settings,
            dice,
        );
        let (stopping, _) = watch::channel(false);
        Sandbox {
            world: Arc::new(Mutex::new(world)),
            stopping,
            open_control: options.open_control,
        }
    }

    /// The eMAG routes and `/_sandbox`. Served without [`Sandbox::serve`], a dropped connection shows as an empty 502.
    pub fn router(&self) -> Router {
        control::routes(self)
            .merge(gateway::routes(self))
            .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
    }

    /// Serves until `shutdown` completes and the open calls are answered; silent ones are ended at once.
    pub async fn serve<F>(&self, listener: tokio::net::TcpListener, shutdown: F) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stopping = self.stopping.clone();
        let service = self.router().into_make_service_with_connect_info::<Peer>();
        axum::serve(CuttableListener(listener), service)
            .with_graceful_shutdown(async move {
                shutdown.await;
                stopping.send_replace(true);
            })
            .await
    }

    /// What the sandbox's clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.world().clock.now()
    }

    /// How fast it runs.
    pub fn clock_rate(&self) -> f64 {
        self.world().clock.rate()
    }

    /// Moves the clock forward and lets happen what that brings.
    pub fn advance_clock(&self, seconds: f64) {
        let mut world = self.world();
        world.clock.advance(seconds);
        world.tick();
    }

    /// Sets the clock.
    pub fn set_clock(&self, at: DateTime<Utc>) {
        let mut world = self.world();
        world.clock.set(at);
        world.tick();
    }

    /// Changes how fast the clock runs, from now on.
    pub fn set_clock_rate(&self, rate: f64) {
        self.world().clock.set_rate(rate);
    }

    /// The whole state in the marketplace's own object shapes.
    pub fn state(&self) -> Value {
        let mut world = self.world();
        world.tick();
        world.state.to_json()
    }

    /// Replaces the state; a short document is enough. The complaint says what could not be understood.
    pub fn set_state(&self, document: Value) -> Result<(), String> {
        let mut world = self.world();
        let now = world.clock.now();
        let state = State::from_json(document, now)?;
        world.replace_state(state);
        Ok(())
    }

    /// Adds orders that happen now; a line needs only `product_id` and `quantity`. All are added or none; their ids.
    pub fn add_orders(&self, username: &str, orders: Vec<Value>) -> Result<Vec<u64>, String> {
        let mut world = self.world();
        let now = world.tick();
        if world.state.account(username).is_none() {
            return Err(format!("there is no account {username}"));
        }
        if let [_] = orders.as_slice() {
            let added = orders
                .into_iter()
                .map(|order| world.state.add_order(username, order, now, Arrival::New));
            return added.collect();
        }
        let mut state = world.state.clone();
        let added = orders
            .into_iter()
            .map(|order| state.add_order(username, order, now, Arrival::New));
        let ids = added.collect::<Result<Vec<u64>, String>>()?;
        world.state = state;
        Ok(ids)
    }

    /// Injects faults from the next call on; an empty plan ends them.
    pub fn set_faults(&self, plan: Faults) -> Result<(), String> {
        if let Some(problem) = plan.problem() {
            return Err(problem);
        }
        self.world().desk = FaultDesk::new(plan);
        Ok(())
    }

    /// The plan in force.
    pub fn faults(&self) -> Faults {
        self.world().desk.plan().clone()
    }

    /// The switches in force.
    pub fn settings(&self) -> Settings {
        self.world().settings.clone()
    }

    /// Changes the named switches and leaves the others.
    pub fn change_settings(&self, changes: Value) -> Result<(), String> {
        let mut world = self.world();
        world.settings = world.settings.changed(changes)?;
        Ok(())
    }

    /// Moves a product through validation, as eMAG's people would; at 9 it gets its key.
    pub fn set_validation(&self, username: &str, id: u64, status: i64) -> Result<(), String> {
        if offers::validation_text(status).is_empty() {
            return Err(format!("{status} is not a validation status"));
        }
        let mut world = self.world();
        let serial = world.state.new_serial();
        let key = offers::made_up_pnk(serial);
        if offers::set_validation(&mut world.state, username, id, status, &key) {
            Ok(())
        } else {
            Err(format!("{username} has no offer {id}"))
        }
    }

    /// The calls numbered above `since`, oldest first.
    pub fn calls(&self, since: u64) -> Vec<CallRecord> {
        self.world().calls_since(since)
    }

    pub(crate) fn control_is_open(&self) -> bool {
        self.open_control
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A panic in another call must not end the sandbox; the state is documents, valid one by one.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
