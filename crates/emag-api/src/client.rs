//! The typed client of one account: builds the call, waits for its turn, sends, judges, logs, repeats what may be repeated.
//!
//! Always holds: reads send their filters as top-level keys (inside `data` the partner ignores them silently), saves send
//! `{"data": [...]}`; every sending is one log record; nothing is sent while the account's circuit is open.

mod exchange;
mod reads;
mod writes;

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

pub(crate) use reads::top_level;

use crate::breaker::{Breaker, BreakerRules};
use crate::calllog::CallLog;
use crate::credentials::Credentials;
use crate::pacing::{Pacer, Pacers, Priority};
use crate::platform::Endpoint;
use crate::retry::{Jitter, RetryRules};
use crate::route::Bucket;
use crate::transport::Transport;

/// Tells the time of log records.
pub type WallClock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Everything a client is made of.
#[derive(Clone)]
pub struct ClientParts {
    pub endpoint: Endpoint,
    pub credentials: Credentials,
    pub transport: Arc<dyn Transport>,
    /// Hand the same one to every client of the process.
    pub pacers: Pacers,
    pub call_log: Arc<dyn CallLog>,
    pub jitter: Arc<dyn Jitter>,
    pub now: WallClock,
    pub retry: RetryRules,
    pub breaker: BreakerRules,
}

/// One account's client. Clones share credentials, queues and circuit.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    priority: Priority,
}

struct Shared {
    endpoint: Endpoint,
    credentials: RwLock<Credentials>,
    transport: Arc<dyn Transport>,
    orders: Pacer,
    other: Pacer,
    ean: Pacer,
    breaker: Breaker,
    call_log: Arc<dyn CallLog>,
    jitter: Arc<dyn Jitter>,
    now: WallClock,
    retry: RetryRules,
}

impl Client {
    /// A client that waits behind interactive calls; see [`Client::with_priority`].
    pub fn new(parts: ClientParts) -> Self {
        let account = format!(
            "{}/{}",
            parts.endpoint.platform.key(),
            parts.credentials.username()
        );
        let queue = |bucket| parts.pacers.of(&account, bucket);
        let shared = Shared {
            orders: queue(Bucket::Orders),
            other: queue(Bucket::Other),
            ean: queue(Bucket::Ean),
            breaker: Breaker::new(parts.breaker),
            endpoint: parts.endpoint,
            credentials: RwLock::new(parts.credentials),
            transport: parts.transport,
            call_log: parts.call_log,
            jitter: parts.jitter,
            now: parts.now,
            retry: parts.retry,
        };
        Self {
            shared: Arc::new(shared),
            priority: Priority::Background,
        }
    }

    /// The same client, queueing with another priority.
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            priority,
        }
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// The account's circuit, for status pages and for closing it by hand.
    pub fn breaker(&self) -> &Breaker {
        &self.shared.breaker
    }

    /// The queue of one bucket, for status pages.
    pub fn pacer(&self, bucket: Bucket) -> &Pacer {
        match bucket {
            Bucket::Orders => &self.shared.orders,
            Bucket::Other => &self.shared.other,
            Bucket::Ean => &self.shared.ean,
        }
    }

    /// Takes new credentials for all clones and closes a circuit that an account fault had opened.
    pub fn replace_credentials(&self, credentials: Credentials) {
        *self
            .shared
            .credentials
            .write()
            .unwrap_or_else(PoisonError::into_inner) = credentials;
        self.shared.breaker.close();
    }

    fn credentials(&self) -> Credentials {
        self.shared
            .credentials
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.shared.endpoint)
            .field("credentials", &self.credentials())
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}
