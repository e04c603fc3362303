//! The connection pool and the transactions that carry the actor.

use std::str::FromStr;
use std::time::Duration;

use kernel::{Actor, ActorKind};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres};

/// A transaction; whoever begins it commits it.
pub type Tx = sqlx::Transaction<'static, Postgres>;

/// How many connections, and how long somebody waits for one.
#[derive(Clone, Copy, Debug)]
pub struct PoolOptions {
    pub max_connections: u32,
    pub acquire_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        // Two cores serve no more than this at once; a request that waits ten seconds is better told "busy".
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(10),
        }
    }
}

/// What the pool is doing, for metrics and health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    pub open: u32,
    pub idle: u32,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
}

impl Db {
    /// Connects and proves that the server answers.
    pub async fn connect(url: &str, options: PoolOptions) -> Result<Self, sqlx::Error> {
        let pool = Self::pool_options(options)
            .connect_with(Self::connect_options(url)?)
            .await?;
        Ok(Self { pool })
    }

    /// Prepares a pool that connects at first use.
    pub fn connect_lazy(url: &str, options: PoolOptions) -> Result<Self, sqlx::Error> {
        Ok(Self {
            pool: Self::pool_options(options).connect_lazy_with(Self::connect_options(url)?),
        })
    }

    fn pool_options(options: PoolOptions) -> PgPoolOptions {
        PgPoolOptions::new()
            .min_connections(1)
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .idle_timeout(Duration::from_mins(2))
    }

    fn connect_options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
        Ok(PgConnectOptions::from_str(url)?
            .application_name("magflow")
            .options([("timezone", "UTC"), ("search_path", "app,public")]))
    }

    pub fn from_pool(pool: PgPool) -> Self {
        Self { pool }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.pool.acquire().await
    }

    /// Begins a transaction in the actor's name: triggers read it from the session settings.
    pub async fn begin(&self, actor: &Actor) -> Result<Tx, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let name = match &actor.kind {
            ActorKind::User(_) => "user".to_owned(),
            ActorKind::Token { token, .. } => format!("token:{token}"),
            ActorKind::System { name } => (*name).to_owned(),
        };
        sqlx::query(
            "SELECT set_config('app.user_id', $1, true), set_config('app.actor', $2, true), \
             set_config('app.ip', $3, true), set_config('app.agent', $4, true), \
             set_config('app.request_id', $5, true)",
        )
        .bind(actor.user_id().map(|id| id.to_string()).unwrap_or_default())
        .bind(name)
        .bind(actor.ip.map(|ip| ip.to_string()).unwrap_or_default())
        .bind(actor.agent.as_deref().unwrap_or_default())
        .bind(
            actor
                .request_id
                .as_ref()
                .map(|id| id.0.as_str())
                .unwrap_or_default(),
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx)
    }

    pub fn status(&self) -> PoolStatus {
        PoolStatus {
            open: self.pool.size(),
            idle: u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
        }
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}
