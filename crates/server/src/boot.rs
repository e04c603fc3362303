//! From settings to a database that answers, whichever kind it is.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use db::embedded::{EmbeddedOptions, EmbeddedPostgres, ForeignDatabase, check_foreign_database};
use db::{Db, PoolOptions};
use settings::Settings;
use sqlx::postgres::PgConnectOptions;

use crate::keys::Keys;
use crate::report::say;

/// The database inside the embedded server.
const DATABASE: &str = "magflow";

/// What every command starts from.
#[derive(Clone)]
pub struct Boot {
    pub settings: Arc<Settings>,
}

/// A database that answers, and the embedded server behind it if there is one.
pub struct Database {
    pub url: String,
    pub options: PgConnectOptions,
    embedded: Option<EmbeddedPostgres>,
}

impl Boot {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
        }
    }

    pub fn data_dir(&self) -> &Path {
        &self.settings.data_dir
    }

    /// The configured database, or the embedded one, started if need be.
    pub async fn database(&self) -> anyhow::Result<Database> {
        match &self.settings.database.url {
            Some(url) => Database::foreign(url.expose()),
            None => self.embedded().await,
        }
    }

    async fn embedded(&self) -> anyhow::Result<Database> {
        self.make_data_dir()?;
        let options = EmbeddedOptions {
            data_dir: self.settings.data_dir.clone(),
            pg_bin_dir: self.settings.database.pg_bin_dir.clone(),
        };
        let server = EmbeddedPostgres::start(options).await?;
        server.ensure_database(DATABASE).await?;
        let url = server.url(DATABASE);
        Ok(Database {
            options: url.parse()?,
            url,
            embedded: Some(server),
        })
    }

    pub fn keys(&self) -> anyhow::Result<Keys> {
        if let Some(secret) = &self.settings.security.secret_key {
            return Ok(Keys::from_secret(secret.expose()));
        }
        self.make_data_dir()?;
        Keys::from_data_dir(self.data_dir())
    }

    fn make_data_dir(&self) -> anyhow::Result<()> {
        let dir = self.data_dir();
        std::fs::create_dir_all(dir).with_context(|| {
            format!(
                "the data directory {} cannot be made; choose one with --data-dir",
                dir.display()
            )
        })
    }
}

impl Database {
    fn foreign(url: &str) -> anyhow::Result<Self> {
        let options = url.parse().context("the database URL is not understood")?;
        Ok(Self {
            url: url.to_owned(),
            options,
            embedded: None,
        })
    }

    /// Whether the server is ours to upgrade without asking.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// A pool that has proved that the server answers; refuses a server whose text it could not trust.
    pub async fn pool(&self, max_connections: u32) -> anyhow::Result<Db> {
        let options = PoolOptions {
            max_connections,
            ..PoolOptions::default()
        };
        let pool = Db::connect(&self.url, options).await?;
        if self.embedded.is_none() {
            let mut conn = pool.read().await?;
            if let ForeignDatabase::OtherLocale(locale) = check_foreign_database(&mut conn).await? {
                say(&format!(
                    "note: the database sorts text by {} instead of Romanian; `magflow doctor` tells more",
                    locale.icu_locale.unwrap_or(locale.collate)
                ));
            }
        }
        Ok(pool)
    }

    /// Watches over the embedded server for as long as the process lives.
    pub fn supervise(&self) {
        if let Some(server) = &self.embedded {
            drop(server.supervise());
        }
    }

    /// Stops the embedded server; a database given by URL is left alone.
    pub async fn close(self) {
        if let Some(server) = self.embedded
            && let Err(error) = server.stop().await
        {
            tracing::warn!(error = %error, "the embedded database did not stop cleanly: {error}");
        }
    }
}
