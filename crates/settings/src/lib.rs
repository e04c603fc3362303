//! Configuration: embedded defaults ← `magflow.toml` ← environment, validated together.
//!
//! Always holds: whoever gets a [`Settings`] got one without mistakes; all mistakes are told at once, with file and
//! line. Secrets never print. Nothing else in the house reads the environment.

mod read;
mod secret;
mod source;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use secret::Secret;
pub use source::{Environment, Mistake, Mistakes, Origin};

/// Text for people or JSON for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The whole configuration of one process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Everything the embedded default keeps: database, key, backups.
    pub data_dir: PathBuf,
    pub server: Server,
    pub database: Database,
    pub redis: Redis,
    pub security: Security,
    pub log: Log,
    pub jobs: Jobs,
    pub emag: Emag,
    /// Where each value came from, for `config show`.
    pub origins: Vec<(String, String, Origin)>,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub listen: SocketAddr,
    /// Send cookies over HTTPS only; on unless the server listens on loopback.
    pub secure_cookies: bool,
    /// Largest request body in bytes.
    pub body_limit_bytes: usize,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

#[derive(Clone, Debug)]
pub struct Database {
    /// Absent: the embedded PostgreSQL in the data directory.
    pub url: Option<Secret>,
    /// Where `postgres` and `initdb` are, when not on PATH or under /usr/lib/postgresql.
    pub pg_bin_dir: Option<PathBuf>,
    pub max_connections: u32,
}

#[derive(Clone, Debug)]
pub struct Redis {
    pub url: Option<Secret>,
}

#[derive(Clone, Debug)]
pub struct Security {
    /// Seals credentials and signs access tokens. Absent: made once in the data directory.
    pub secret_key: Option<Secret>,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub format: LogFormat,
    /// A filter such as `info,emag=debug`.
    pub level: String,
}

#[derive(Clone, Debug)]
pub struct Jobs {
    pub concurrency: usize,
}

#[derive(Clone, Debug)]
pub struct Emag {
    /// From `user:password`, plain or base64: prepares the first marketplace account.
    pub api_key: Option<ApiKey>,
}

/// A login at the marketplace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub username: String,
    pub password: Secret,
}

/// What the command line decides before anything is read.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config FILE`; must exist when given.
    pub config_file: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
    pub log_format: Option<LogFormat>,
}

impl Settings {
    /// Reads all sources; every mistake of all of them is in the error.
    pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Self, Mistakes> {
        read::load(overrides, environment)
    }
}

#[cfg(test)]
mod tests;
