//! What the slice's jobs and handlers share: database, clock, key, transport, one client per account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use db::Db;
use emag_api::{
    BreakerRules, Bucket, Client, ClientParts, Credentials, Endpoint, Jitter, Pacers, Platform, RetryRules,
    Transport,
};
use kernel::{Clock, EmagAccountId};

use crate::calllog::Journal;
use crate::error::EmagError;
use crate::model::Account;
use crate::secret::{self, Sealed};

/// Told of every call, for metrics. It must be quick and cannot fail.
pub trait Observer: Send + Sync {
    /// One sending and its verdict (see [`emag_api::verdict_name`]).
    fn called(&self, account: &str, route: &'static str, verdict: &'static str, took: Duration);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn called(&self, _: &str, _: &'static str, _: &'static str, _: Duration) {}
}

/// What a [`Context`] is made of.
#[derive(Clone)]
pub struct ContextParts {
    pub db: Db,
    pub clock: Clock,
    /// The installation's key: passwords are sealed under it.
    pub key: [u8; 32],
    pub transport: Arc<dyn Transport>,
    pub observer: Arc<dyn Observer>,
    /// One for the whole process.
    pub pacers: Pacers,
    pub retry: RetryRules,
    pub jitter: Arc<dyn Jitter>,
}

/// Shared by jobs and handlers. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    parts: Arc<ContextParts>,
    clients: Arc<Mutex<HashMap<EmagAccountId, Known>>>,
    pub(crate) journal: Arc<Journal>,
}

/// A client, and what it was made from.
struct Known {
    client: Client,
    address: (String, String, String),
    sealed: Sealed,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("emag::Context").finish_non_exhaustive()
    }
}

impl Context {
    pub fn new(parts: ContextParts) -> Self {
        let journal = Arc::new(Journal::new(parts.db.clone(), Arc::clone(&parts.observer)));
        Self {
            parts: Arc::new(parts),
            clients: Arc::default(),
            journal,
        }
    }

    pub(crate) fn db(&self) -> &Db {
        &self.parts.db
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.parts.clock
    }

    pub(crate) fn key(&self) -> &[u8; 32] {
        &self.parts.key
    }

    /// The account's client: the same queues and circuit for everybody in this process, new credentials taken over.
    pub(crate) fn client(&self, account: &Account) -> Result<Client, EmagError> {
        let address = (
            account.platform.clone(),
            account.username.clone(),
            account.base_url.clone().unwrap_or_default(),
        );
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clients.get_mut(&account.id)
            && known.address == address
        {
            if known.sealed != account.password {
                known.client.replace_credentials(self.credentials(account)?);
                known.sealed = account.password.clone();
            }
            return Ok(known.client.clone());
        }
        let client = self.make_client(account)?;
        clients.insert(
            account.id,
            Known {
                client: client.clone(),
                address,
                sealed: account.password.clone(),
            },
        );
        Ok(client)
    }

    /// How many calls wait in the account's queues: orders, everything else.
    pub fn waiting(&self, account: EmagAccountId) -> (usize, usize) {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(&account).map_or((0, 0), |known| {
            (
                known.client.pacer(Bucket::Orders).waiting(),
                known.client.pacer(Bucket::Other).waiting(),
            )
        })
    }

    /// Writes what the call log still holds in memory.
    pub async fn flush_calls(&self) -> Result<(), sqlx::Error> {
        self.journal.flush().await
    }

    fn credentials(&self, account: &Account) -> Result<Credentials, EmagError> {
        let password = secret::open(self.key(), &account.password)?;
        Ok(Credentials::new(account.username.clone(), password))
    }

    fn make_client(&self, account: &Account) -> Result<Client, EmagError> {
        let platform = Platform::from_key(&account.platform).ok_or(EmagError::NotFound)?;
        let endpoint = match &account.base_url {
            Some(url) => Endpoint::at(platform, url),
            None => Endpoint::of(platform),
        };
        let clock = self.parts.clock.clone();
        Ok(Client::new(ClientParts {
            endpoint,
            credentials: self.credentials(account)?,
            transport: Arc::clone(&self.parts.transport),
            pacers: self.parts.pacers.clone(),
            call_log: Arc::new(self.journal.of(account.id)),
            jitter: Arc::clone(&self.parts.jitter),
            now: Arc::new(move || clock.now()),
            retry: self.parts.retry,
            breaker: BreakerRules::default(),
        }))
    }
}
