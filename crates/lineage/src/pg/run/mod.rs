//! Runs one revision after another, each in one transaction with its row (or step by step, see [`steps`]).
//!
//! Always holds: before COMMIT nothing is visible and nothing need be repaired; after it the row says so. A reply to
//! COMMIT that never came is settled by taking the lock anew (so the old session is dead) and reading the row.

mod picture;
mod script;
mod settle;
mod step;
mod steps;
mod transaction;

use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, raw_sql};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::core::chain::Chain;
use crate::core::finding::{Finding, Place, Rule};
use crate::core::revision::{Down, Revision};
use crate::core::script::{Statement, split};
use crate::core::target::Direction;
use crate::pg::EngineOptions;
use crate::pg::catalogue::{Catalogue, Changes, Learned, TableLock};
use crate::pg::error::{EngineError, SqlFailure};
use crate::pg::report::AppliedRevision;
use crate::pg::session::{Chance, open, refuse_pooler, take_lock};
use crate::pg::shadow::Shadow;
use crate::pg::store::{self, Author, StoredRevision};
use picture::Picture;
use script::{Failed, Refusal, Script, Source};

const ATTEMPTS_MAX: u32 = 5;
const RETRY_FIRST: Duration = Duration::from_millis(100);
/// A lost connection is tried again so often, with growing pauses (about 6 s in all), before the outcome is left open.
const RECONNECTS_MAX: u32 = 6;
/// A runner that is stopped in the middle of a transaction must not keep its table locks for ever.
const IDLE_IN_TRANSACTION: &str = "60s";

/// The only runner of its database, until it is dropped.
pub(crate) struct Runner<'a> {
    chain: &'a Chain,
    options: &'a EngineOptions,
    database: &'a PgConnectOptions,
    conn: PgConnection,
    catalogue: Catalogue,
    chance: Chance,
    watches_client: bool,
    picture: Option<Picture>,
    /// The locks of the last transaction, if somebody wants to know.
    pub(crate) locks: Option<Vec<TableLock>>,
    /// What happens in a shadow is no news for logs and metrics.
    in_shadow: bool,
}

/// A finished transaction and what it taught about the catalogue.
struct Done {
    revision: AppliedRevision,
    learned: Learned,
}

/// A revision on its way, in one direction.
struct Move<'s> {
    id: &'s str,
    title: &'s str,
    script: Script<'s>,
    /// The revision to record, on the way up.
    record: Option<&'s Revision>,
    transactional: bool,
}

impl Move<'_> {
    fn direction(&self) -> Direction {
        if self.record.is_some() {
            Direction::Up
        } else {
            Direction::Down
        }
    }
}

impl<'a> Runner<'a> {
    /// Proves the connection direct, takes the lock, makes the state schema if need be.
    pub(crate) async fn start(
        chain: &'a Chain,
        options: &'a EngineOptions,
        database: &'a PgConnectOptions,
        mut conn: PgConnection,
    ) -> Result<Self, EngineError> {
        let mut chance = Chance::new(options.seed);
        refuse_pooler(&mut conn, database).await?;
        let waited = take_lock(&mut conn, options.lock_wait, &mut chance).await?;
        if let Some(observer) = &options.observer {
            observer.lock_waited(waited);
        }
        let watches_client = can_watch_client(&mut conn).await?;
        store::create(&mut conn).await?;
        let catalogue = Catalogue::read(&mut conn, &options.external_schemas).await?;
        Ok(Self {
            chain,
            options,
            database,
            conn,
            catalogue,
            chance,
            watches_client,
            picture: None,
            locks: None,
            in_shadow: false,
        })
    }

    /// The same in a throw-away database, of which nobody is told.
    pub(crate) async fn start_in_shadow(
        chain: &'a Chain,
        options: &'a EngineOptions,
        shadow: &'a Shadow,
    ) -> Result<Self, EngineError> {
        let conn = open(&shadow.options).await?;
        let mut runner = Self::start(chain, options, &shadow.options, conn).await?;
        runner.in_shadow = true;
        Ok(runner)
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// Closes the session, and with it the lock.
    pub(crate) async fn finish(self) {
        // The work is committed; the server frees the lock however the session ends.
        let _: Result<(), sqlx::Error> = self.conn.close().await;
    }

    /// Reads the stored SQL of these revisions; refuses if one of them has no way back.
    pub(crate) async fn stored(&mut self, ids: &[String]) -> Result<Vec<StoredRevision>, EngineError> {
        let stored = store::list_stored(&mut self.conn, ids).await?;
        let one_way = stored.iter().filter_map(|revision| {
            let reason = revision.irreversible.as_ref()?;
            let message = format!("`{}` has no way back: {reason}", revision.id);
            let help = "restore a backup, or write a new revision that goes forward";
            Some(Finding::error(Rule::R05, Place::default(), message, help))
        });
        let findings: Vec<Finding> = one_way.collect();
        if findings.is_empty() {
            Ok(stored)
        } else {
            Err(EngineError::Refused { findings })
        }
    }

    /// Applies one revision.
    pub(crate) async fn apply(&mut self, revision: &Revision) -> Result<AppliedRevision, EngineError> {
        let script = Script {
            sql: &revision.up.sql,
            statements: revision.up.statements.clone(),
            source: Source::File(revision, revision.up.offset),
            transactional: revision.transactional,
        };
        let id = revision.id.as_str();
        self.carry_out(&Move {
            id,
            title: &revision.title,
            script,
            record: Some(revision),
            transactional: revision.transactional,
        })
        .await
    }

    /// Takes one revision back by its stored SQL.
    pub(crate) async fn revert(&mut self, stored: &StoredRevision) -> Result<AppliedRevision, EngineError> {
        let sql = stored.down_sql.as_deref().unwrap_or("");
        let source = match self
            .chain
            .get(&stored.id)
            .map(|revision| (revision, &revision.down))
        {
            Some((revision, Down::Sql(section))) if section.sql == sql => {
                Source::File(revision, section.offset)
            }
            Some(_) | None => Source::Stored(&stored.id),
        };
        // It was split when it was applied; a text that cannot be split is sent whole for the server to judge.
        let statements = split(sql).unwrap_or_else(|_| {
            vec![Statement {
                start: 0,
                end: sql.len(),
            }]
        });
        let script = Script {
            sql,
            statements,
            source,
            transactional: stored.transactional,
        };
        self.carry_out(&Move {
            id: &stored.id,
            title: &stored.title,
            script,
            record: None,
            transactional: stored.transactional,
        })
        .await
    }

    async fn carry_out(&mut self, step: &Move<'_>) -> Result<AppliedRevision, EngineError> {
        if !step.transactional {
            return self.run_steps(step).await;
        }
        let mut attempts = 1;
        loop {
            let began = Instant::now();
            match self.attempt(step, attempts).await {
                Ok(done) => return Ok(self.committed(step, done)),
                Err(Failed::Lost(source)) => return Err(EngineError::Unreachable { source }),
                Err(Failed::Unsettled(source)) => {
                    self.reconnect(step.id, source).await?;
                    let state = EngineError::state("read `lineage.revision`");
                    let recorded = store::state_of(&mut self.conn, step.id).await.map_err(state)?;
                    if recorded.is_some() == step.record.is_some() {
                        return Ok(self.settled(step, began.elapsed(), attempts));
                    }
                }
                Err(Failed::Refused(refusal)) => {
                    if !refusal.may_pass() || attempts == ATTEMPTS_MAX {
                        return Err(failure(step, *refusal, attempts));
                    }
                }
            }
            if attempts == ATTEMPTS_MAX {
                return Err(EngineError::Unreachable {
                    source: sqlx::Error::WorkerCrashed,
                });
            }
            self.pause_before_retry(step.id, attempts).await;
            attempts += 1;
        }
    }

    async fn pause_before_retry(&mut self, id: &str, attempts: u32) {
        warn!(
            event = "migration_retry",
            revision = id,
            attempts,
            "revision {id} is tried again"
        );
        sleep(self.chance.around(RETRY_FIRST * 2_u32.pow(attempts - 1))).await;
    }

    /// Who does it, for the record.
    pub(crate) fn author(&self) -> Author<'a> {
        Author {
            host: &self.options.host,
            tool: &self.options.tool,
        }
    }

    /// A revision may have changed settings of the session for good; each one begins from the defaults.
    fn opening(&self, id: &str) -> String {
        let watch = if self.watches_client {
            "SET LOCAL client_connection_check_interval = '1s'; "
        } else {
            ""
        };
        format!(
            "RESET ROLE; RESET ALL; BEGIN; SET LOCAL lock_timeout = '{}ms'; SET LOCAL statement_timeout = '{}ms'; \
             SET LOCAL idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'; \
             SET LOCAL tcp_keepalives_idle = '30'; {watch}\
             SET LOCAL standard_conforming_strings = on; SET LOCAL application_name = 'lineage {}'",
            self.options.lock_timeout.as_millis(),
            self.options.statement_timeout.as_millis(),
            id.replace(['\'', '\\'], "")
        )
    }

    /// Opens the session again and takes the lock, which the server frees only when the old session has ended.
    async fn reconnect(&mut self, id: &str, broken: sqlx::Error) -> Result<(), EngineError> {
        let mut tries = 0;
        let mut conn = loop {
            match open(self.database).await {
                Ok(conn) => break conn,
                Err(_) if tries < RECONNECTS_MAX => {
                    sleep(self.chance.around(RETRY_FIRST * 2_u32.pow(tries))).await;
                    tries += 1;
                }
                // The first cause tells more than the last of the consequences.
                Err(_) => {
                    return Err(EngineError::Unsettled {
                        revision: id.to_owned(),
                        source: broken,
                    });
                }
            }
        };
        take_lock(&mut conn, self.options.lock_wait, &mut self.chance).await?;
        self.conn = conn;
        self.catalogue = Catalogue::read(&mut self.conn, &self.options.external_schemas).await?;
        Ok(())
    }

    fn committed(&mut self, step: &Move<'_>, done: Done) -> AppliedRevision {
        self.catalogue.learn(done.learned);
        self.announce(step.direction(), &done.revision);
        done.revision
    }

    /// Committed, though nobody said so; what it changed is in its row, not here.
    fn settled(&mut self, step: &Move<'_>, took: Duration, attempts: u32) -> AppliedRevision {
        let revision = applied(step, Changes::default(), took, attempts);
        self.announce(step.direction(), &revision);
        revision
    }

    fn announce(&self, direction: Direction, done: &AppliedRevision) {
        if self.in_shadow {
            return;
        }
        info!(
            event = "migration_applied",
            revision = done.revision,
            duration_ms = done.duration_ms,
            tables_affected = list(&done.tables_affected),
            indexes_created = list(&done.indexes_created),
            direction = direction.as_str(),
            attempts = done.attempts,
            "revision {} {} in {} ms",
            done.revision,
            if direction == Direction::Up {
                "applied"
            } else {
                "taken back"
            },
            done.duration_ms
        );
        if let Some(observer) = &self.options.observer {
            observer.applied(direction, done);
        }
    }
}

/// Whether the server can look every second if we are still there, so that a killed runner frees its locks soon.
async fn can_watch_client(conn: &mut PgConnection) -> Result<bool, EngineError> {
    let asked = raw_sql(
        "SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
    );
    match asked.fetch_all(conn).await {
        Ok(rows) => Ok(!rows.is_empty()),
        // Some systems cannot watch a socket and refuse the setting; a killed runner is then noticed later.
        Err(error) if error.as_database_error().is_some() => Ok(false),
        Err(source) => Err(EngineError::Unreachable { source }),
    }
}

fn applied(step: &Move<'_>, changes: Changes, took: Duration, attempts: u32) -> AppliedRevision {
    AppliedRevision {
        revision: step.id.to_owned(),
        title: step.title.to_owned(),
        duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        tables_affected: changes.tables,
        indexes_created: changes.indexes,
        attempts,
    }
}

/// A JSON array as text: log fields are flat.
fn list(names: &[String]) -> String {
    serde_json::Value::from(names).to_string()
}

fn failure(step: &Move<'_>, refusal: Refusal, attempts: u32) -> EngineError {
    EngineError::Sql(Box::new(SqlFailure {
        revision: step.id.to_owned(),
        direction: step.direction(),
        sqlstate: refusal.sqlstate,
        attempts,
        finding: refusal.finding,
    }))
}
