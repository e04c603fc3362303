//! The embedded PostgreSQL: a real server from the system's own packages, run as our child on a data
//! directory of ours, for whoever does not want to look after a database.
//!
//! Always: the lock on the data directory is taken before anything is looked at, so a second MagFlow on
//! it is refused and harms nothing; every write is durable (fsync is never off); only this machine, with
//! the password, can connect; every database is UTF-8 with ICU `ro-RO` over `C.UTF-8`; a kill of either
//! side at any moment leaves something the next start brings up again.
//!
//! Never: runs as root, stops or signals a process that was not seen to be the `postgres` of this
//! directory, removes anything that may hold data, or downloads programs.

mod account;
mod binaries;
mod cluster;
mod config;
mod connect;
mod databases;
mod error;
mod layout;
mod lock;
mod logs;
mod process;
mod supervise;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};

use tokio::sync::{Mutex, watch};
use tracing::{info, warn};

pub use databases::{DatabaseLocale, ForeignDatabase, ForeignDatabaseError, check_foreign_database};
pub use error::EmbeddedError;

use account::Account;
use binaries::Binaries;
use layout::{Layout, Secret, port_is_free};
use lock::DirectoryLock;
use process::Postmaster;

/// The cluster's one role; its password is random and stays in the data directory.
const SUPERUSER: &str = "magflow";

/// Starts in a row that may lose their port to somebody else.
const PORT_RACES_MAX: u32 = 5;

/// Where the embedded PostgreSQL lives and with which programs it runs.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// MagFlow's data directory; made when missing. As root it must be reachable by the service user.
    pub data_dir: PathBuf,
    /// Directory with `initdb` and `postgres`; none looks on PATH and in the usual places.
    pub pg_bin_dir: Option<PathBuf>,
}

/// What the embedded PostgreSQL is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbeddedState {
    /// Being prepared and started for the first time.
    Starting,
    /// Answers on this port of 127.0.0.1. The port changes only when somebody took it in between.
    Running {
        /// The postmaster's process id.
        pid: u32,
        /// Its port.
        port: u16,
    },
    /// It ended by itself and is started again; this is the attempt's number, from 1.
    Restarting {
        /// Attempts since it last ran steadily.
        attempt: u32,
    },
    /// Given up after repeated attempts; the reason of the last one.
    Failed {
        /// For the log and the health page.
        reason: String,
    },
    /// Stopped on request.
    Stopped,
}

/// A running embedded PostgreSQL. Holds the data directory until dropped; dropping it without
/// [`stop`](Self::stop) asks the server to stop and does not wait.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    layout: Layout,
    account: Account,
    binaries: Binaries,
    secret: Secret,
    postmaster: Mutex<Option<Postmaster>>,
    pid: AtomicU32,
    port: AtomicU16,
    supervised: AtomicBool,
    stopping: watch::Sender<bool>,
    state: watch::Sender<EmbeddedState>,
    _lock: DirectoryLock,
}

impl EmbeddedPostgres {
    /// Brings the server up: reattaches to a survivor, or makes the cluster when it is missing and
    /// starts it. Takes seconds the first time; what is slow is told as tracing events.
    pub async fn start(options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let (state, _) = watch::channel(EmbeddedState::Starting);
        Self::start_reporting(options, state).await
    }

    /// As [`start`](Self::start), telling its state from the first moment through the caller's channel.
    pub async fn start_reporting(
        options: EmbeddedOptions,
        state: watch::Sender<EmbeddedState>,
    ) -> Result<Self, EmbeddedError> {
        let layout = Layout::open(&options.data_dir)?;
        let lock = DirectoryLock::take(&layout.data_dir)?;
        state.send_replace(EmbeddedState::Starting);
        let binaries = Binaries::find(
            options.pg_bin_dir.as_deref(),
            &layout.data_dir,
            layout.cluster_major(),
        )
        .await?;
        let account = Account::choose(&layout.pg_root()).await?;
        layout.prepare(&account)?;
        let cluster_exists = cluster::inspect(&layout.cluster())? == cluster::OnDisk::Complete;
        let secret = layout.secret(cluster_exists)?;
        let inner = Arc::new(Inner {
            layout,
            account,
            binaries,
            secret,
            postmaster: Mutex::new(None),
            pid: AtomicU32::new(0),
            port: AtomicU16::new(0),
            supervised: AtomicBool::new(false),
            stopping: watch::channel(false).0,
            state,
            _lock: lock,
        });
        inner.bring_up().await?;
        Ok(Self { inner })
    }

    /// Address of a database, password included: not for logs. Port and so address change only when a
    /// restart found the port taken; the state channel tells.
    pub fn url(&self, database: &str) -> String {
        connect::url(
            self.inner.port.load(Ordering::Acquire),
            &self.inner.secret,
            database,
        )
    }

    /// The postmaster's process id; none while it is down.
    pub fn pid(&self) -> Option<u32> {
        Some(self.inner.pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
    }

    /// Makes a database the one right way unless it exists.
    pub async fn ensure_database(&self, name: &str) -> Result<(), EmbeddedError> {
        let port = self.inner.port.load(Ordering::Acquire);
        let mut connection = connect::open(port, &self.inner.secret, "postgres").await?;
        databases::ensure(&mut connection, name).await
    }

    /// What it is doing, now and on every change.
    pub fn state(&self) -> watch::Receiver<EmbeddedState> {
        self.inner.state.subscribe()
    }

    /// Starts the one background task that restarts a crashed server, with growing pauses and a bounded
    /// number of attempts. A second call only gives another receiver.
    pub fn supervise(&self) -> watch::Receiver<EmbeddedState> {
        if !self.inner.supervised.swap(true, Ordering::AcqRel) {
            let inner = Arc::clone(&self.inner);
            #[allow(
                clippy::disallowed_methods,
                reason = "the one home of the database's own task"
            )]
            tokio::spawn(supervise::run(inner));
        }
        self.inner.state.subscribe()
    }

    /// Stops it cleanly and waits for its end: first fast, then immediate, within a bound.
    pub async fn stop(&self) -> Result<(), EmbeddedError> {
        self.inner.stopping.send_replace(true);
        let mut slot = self.inner.postmaster.lock().await;
        if let Some(postmaster) = slot.as_mut() {
            postmaster.stop().await?;
            info!(event = "postgres_stopped", "PostgreSQL is stopped");
        }
        *slot = None;
        self.inner.pid.store(0, Ordering::Release);
        self.inner.state.send_replace(EmbeddedState::Stopped);
        Ok(())
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        let first = !self.inner.stopping.send_replace(true);
        let Ok(slot) = self.inner.postmaster.try_lock() else {
            return;
        };
        if let Some(postmaster) = slot.as_ref()
            && first
            && let Err(error) = postmaster.ask_to_stop()
        {
            warn!("PostgreSQL cannot be asked to stop: {error}");
        }
    }
}

impl Inner {
    /// Gets a postmaster that answers, by reattaching or by starting one, and remembers it.
    async fn bring_up(&self) -> Result<(), EmbeddedError> {
        let mut slot = self.postmaster.lock().await;
        if *self.stopping.borrow() {
            return Err(EmbeddedError::Stopped);
        }
        *slot = None;
        self.pid.store(0, Ordering::Release);
        let postmaster = match self.reattach().await? {
            Some(postmaster) => postmaster,
            None => self.launch().await?,
        };
        let (pid, port) = (postmaster.id(), postmaster.port);
        self.port.store(port, Ordering::Release);
        self.pid.store(pid, Ordering::Release);
        if *self.stopping.borrow() {
            // Dropped while it was coming up, so nobody else will end it.
            postmaster.ask_to_stop()?;
        }
        *slot = Some(postmaster);
        self.state.send_replace(EmbeddedState::Running { pid, port });
        info!(
            event = "postgres_running",
            pid, port, "PostgreSQL {} runs on port {port}", self.binaries.major
        );
        Ok(())
    }

    /// A server that outlived an earlier MagFlow: taken over when it is as we would start it, else ended.
    async fn reattach(&self) -> Result<Option<Postmaster>, EmbeddedError> {
        let Some(mut found) = process::survivor(&self.layout, &self.account) else {
            return Ok(None);
        };
        let pid = found.id();
        if config::is_current(&self.layout, found.port) {
            match found.wait_ready(&self.layout, &self.secret).await {
                Ok(()) => {
                    info!(
                        event = "postgres_reattached",
                        pid, "reattached to the running PostgreSQL, process {pid}"
                    );
                    return Ok(Some(found));
                }
                Err(error) => info!("the running PostgreSQL, process {pid}, is of no use: {error}"),
            }
        }
        info!("stopping the running PostgreSQL, process {pid}, to start it anew");
        found.stop().await?;
        Ok(None)
    }

    async fn launch(&self) -> Result<Postmaster, EmbeddedError> {
        process::clear_remains(&self.layout, &self.account).await?;
        logs::prune_logs(&self.layout);
        cluster::ensure(&self.layout, &self.account, &self.binaries, &self.secret).await?;
        let mut races = 0;
        loop {
            let port = self.layout.choose_port()?;
            config::write(&self.layout, port)?;
            let mut postmaster = Postmaster::spawn(&self.layout, &self.account, &self.binaries, port)?;
            let Err(error) = postmaster.wait_ready(&self.layout, &self.secret).await else {
                return Ok(postmaster);
            };
            postmaster.stop().await?;
            races += 1;
            if port_is_free(port) || races >= PORT_RACES_MAX {
                return Err(error);
            }
            warn!("port {port} was taken by another program; trying the next");
        }
    }

    /// Whether the postmaster still runs; collects it when it does not.
    async fn is_running(&self) -> bool {
        match self.postmaster.lock().await.as_mut() {
            Some(postmaster) => postmaster.is_running(),
            None => false,
        }
    }
}
