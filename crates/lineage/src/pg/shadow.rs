//! Throw-away databases in which a chain is proved.
//!
//! Always holds: a shadow is a new database of its own on the given server, made like the given one (encoding,
//! locale) but empty, and dropped again whatever came of the work in it. A shadow that a killed program left is
//! dropped by the next one: its name holds the server process of the session that watched over it.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, raw_sql};
use tracing::warn;

use crate::pg::error::EngineError;
use crate::pg::session::open;

const PREFIX: &str = "lineage_shadow_";

/// Makes and drops shadows. Its session stays in the given database for as long as a shadow lives.
#[derive(Debug)]
pub(crate) struct Shadows {
    conn: PgConnection,
    server: PgConnectOptions,
    watcher: i32,
    made: u32,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Shadow {
    name: String,
    pub(crate) options: PgConnectOptions,
}

const LIKE_THIS: &str = "SELECT pg_encoding_to_char(encoding) AS encoding, datcollate, datctype, \
    to_jsonb(d) ->> 'datlocprovider' AS provider, \
    coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS icu \
    FROM pg_database d WHERE datname = current_database()";

impl Shadows {
    /// Looks at the given database, and clears away what killed programs left.
    pub(crate) async fn of(database: &PgConnectOptions) -> Result<Self, EngineError> {
        let mut conn = open(database).await?;
        let watcher = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut conn)
            .await
            .map_err(EngineError::state("ask for the server process"))?;
        let mut shadows = Self {
            conn,
            server: database.clone(),
            watcher,
            made: 0,
        };
        shadows.clear_orphans().await?;
        Ok(shadows)
    }

    /// An empty database.
    pub(crate) async fn make(&mut self) -> Result<Shadow, EngineError> {
        self.made += 1;
        let name = format!("{PREFIX}{}_{}", self.watcher, self.made);
        let sql = self
            .creation(&name)
            .await
            .map_err(EngineError::state("look at the locale"))?;
        raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.conn)
            .await
            .map_err(EngineError::state(
                "create a shadow database (the right CREATEDB is needed)",
            ))?;
        let options = self.server.clone().database(&name);
        Ok(Shadow { name, options })
    }

    async fn creation(&mut self, name: &str) -> Result<String, sqlx::Error> {
        let row = sqlx::query(LIKE_THIS).fetch_one(&mut self.conn).await?;
        let text = |column: &str| row.try_get::<String, _>(column).map(|value| quoted(&value));
        let provider: Option<String> = row.try_get("provider")?;
        let icu: Option<String> = row.try_get("icu")?;
        let locale = match (provider.as_deref(), icu) {
            (Some("i"), Some(icu)) => format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", quoted(&icu)),
            (_, _) => String::new(),
        };
        Ok(format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}{locale}",
            text("encoding")?,
            text("datcollate")?,
            text("datctype")?,
        ))
    }

    /// Drops it, whoever is still connected.
    pub(crate) async fn drop(&mut self, shadow: Shadow) -> Result<(), EngineError> {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", shadow.name);
        raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.conn)
            .await
            .map_err(EngineError::state("drop a shadow database"))?;
        Ok(())
    }

    async fn clear_orphans(&mut self) -> Result<(), EngineError> {
        let failed = "clear away shadow databases that nobody watches over";
        let orphans: Vec<String> = sqlx::query_scalar(
            "SELECT d.datname::text FROM pg_database d \
             CROSS JOIN LATERAL substring(d.datname from '^' || $1 || '([0-9]+)_[0-9]+$') AS watcher \
             WHERE watcher IS NOT NULL AND NOT EXISTS (SELECT FROM pg_stat_activity a \
             WHERE a.pid::text = watcher AND a.application_name LIKE 'lineage%')",
        )
        .bind(PREFIX)
        .fetch_all(&mut self.conn)
        .await
        .map_err(EngineError::state(failed))?;
        for name in orphans {
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            if let Err(error) = raw_sql(AssertSqlSafe(sql)).execute(&mut self.conn).await {
                // It is in nobody's way; another runner may be clearing it away at the same moment.
                warn!(shadow = name, %error, "the orphaned shadow database {name} was left alone");
            }
        }
        Ok(())
    }

    /// Ends the session; all shadows must have been dropped.
    pub(crate) async fn close(self) {
        // Nothing depends on it any more.
        let _: Result<(), sqlx::Error> = self.conn.close().await;
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
