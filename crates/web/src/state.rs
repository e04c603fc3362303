//! What every handler can reach, and what the frame of a page shows.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use db::Db;
use kernel::{Actor, Clock, Locale, Permission};
use telemetry::Metrics;
use ui::{SyncPill, Ui};

use crate::socket::Seats;
use crate::{Authenticator, LiveHub, Problem, RateLimits};

/// A page in the rail. Slices name only pages that work.
#[derive(Clone, Copy, Debug)]
pub struct NavItem {
    pub href: &'static str,
    pub icon: &'static str,
    /// Translation key.
    pub key: &'static str,
    /// `None`: everybody who is signed in.
    pub access: Option<Permission>,
    /// Smaller stands higher; ten apart.
    pub order: u16,
}

/// Figures of the frame that change: counts beside the rail's words, the state of synchronisation.
#[async_trait]
pub trait ShellExtras: Send + Sync {
    /// Counts by navigation key, and the pill. Called for every full page, so it must be cheap.
    async fn extras(&self, actor: &Actor, locale: Locale) -> (HashMap<&'static str, u64>, Option<SyncPill>);
}

/// Shared by all handlers. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub db: Db,
    pub clock: Clock,
    pub ui: Ui,
    pub metrics: Metrics,
    pub live: LiveHub,
    inner: Arc<Inner>,
}

struct Inner {
    authenticator: Arc<dyn Authenticator>,
    extras: Arc<dyn ShellExtras>,
    nav: Vec<NavItem>,
    slices: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    rate: RateLimits,
    secure_cookies: bool,
    fingerprint_key: [u8; 32],
    topics: Vec<(&'static str, Permission)>,
    seats: Seats,
}

/// Collects what an [`AppState`] needs.
pub struct AppStateBuilder {
    pub db: Db,
    pub clock: Clock,
    pub ui: Ui,
    pub metrics: Metrics,
    pub live: LiveHub,
    pub authenticator: Arc<dyn Authenticator>,
    pub extras: Arc<dyn ShellExtras>,
    pub nav: Vec<NavItem>,
    pub rate: RateLimits,
    pub secure_cookies: bool,
    /// Under which bodies of repeatable calls are remembered; drawn from the installation's secret.
    pub fingerprint_key: [u8; 32],
    /// Who may hear of a live topic, by its first word. Nobody hears of a topic that is not here.
    pub topics: Vec<(&'static str, Permission)>,
    slices: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl AppStateBuilder {
    pub fn new(
        db: Db,
        clock: Clock,
        ui: Ui,
        metrics: Metrics,
        authenticator: Arc<dyn Authenticator>,
    ) -> Self {
        Self {
            db,
            clock,
            ui,
            metrics,
            live: LiveHub::default(),
            authenticator,
            extras: Arc::new(NoExtras),
            nav: Vec::new(),
            rate: RateLimits::default(),
            secure_cookies: true,
            fingerprint_key: [0; 32],
            topics: Vec::new(),
            slices: HashMap::new(),
        }
    }

    /// Gives a slice's own context to its handlers.
    #[must_use]
    pub fn with<T: Clone + Send + Sync + 'static>(mut self, context: T) -> Self {
        self.slices.insert(TypeId::of::<T>(), Box::new(context));
        self
    }

    pub fn build(mut self) -> AppState {
        self.nav.sort_by_key(|item| item.order);
        AppState {
            db: self.db,
            clock: self.clock,
            ui: self.ui,
            metrics: self.metrics,
            live: self.live,
            inner: Arc::new(Inner {
                authenticator: self.authenticator,
                extras: self.extras,
                nav: self.nav,
                slices: self.slices,
                rate: self.rate,
                secure_cookies: self.secure_cookies,
                fingerprint_key: self.fingerprint_key,
                topics: self.topics,
                seats: Seats::default(),
            }),
        }
    }
}

impl AppState {
    /// The context a slice put there at start.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Result<T, Problem> {
        self.inner
            .slices
            .get(&TypeId::of::<T>())
            .and_then(|any| any.downcast_ref::<T>())
            .cloned()
            .ok_or_else(|| Problem::fault(format!("{} was not registered", std::any::type_name::<T>())))
    }

    pub fn secure_cookies(&self) -> bool {
        self.inner.secure_cookies
    }

    /// Whether this actor may hear of a topic such as `order-12`.
    pub fn may_hear(&self, actor: &Actor, topic: &str) -> bool {
        let word = topic.split('-').next().unwrap_or(topic);
        self.inner
            .topics
            .iter()
            .any(|(known, permission)| *known == word && actor.may(*permission))
    }

    /// What has piled up in memory and nobody needs; called from time to time.
    pub fn tidy(&self) {
        self.inner.rate.tidy();
    }

    pub(crate) fn fingerprint_key(&self) -> &[u8; 32] {
        &self.inner.fingerprint_key
    }

    pub(crate) fn seats(&self) -> &Seats {
        &self.inner.seats
    }

    pub(crate) fn authenticator(&self) -> &dyn Authenticator {
        &*self.inner.authenticator
    }

    pub(crate) fn extras(&self) -> &dyn ShellExtras {
        &*self.inner.extras
    }

    pub(crate) fn nav(&self) -> &[NavItem] {
        &self.inner.nav
    }

    pub(crate) fn rate(&self) -> &RateLimits {
        &self.inner.rate
    }
}

struct NoExtras;

#[async_trait]
impl ShellExtras for NoExtras {
    async fn extras(&self, _: &Actor, _: Locale) -> (HashMap<&'static str, u64>, Option<SyncPill>) {
        (HashMap::new(), None)
    }
}
