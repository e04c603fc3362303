//! The runner's own connection and the lock that makes it the only one.
//!
//! The lock is polled: a session that waits for it inside the server would hold a snapshot, and a concurrent
//! index build waits for all snapshots (a deadlock no one reports). It belongs to the session that runs the DDL, so both end together.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, raw_sql};
use tokio::time::{Instant, sleep};

use crate::pg::STATE_SCHEMA;
use crate::pg::error::{EngineError, Holder};

/// First half of the advisory lock's key: "line" in ASCII.
const LOCK_CLASS: i32 = 0x6c69_6e65;
const POLL_FIRST: Duration = Duration::from_millis(50);
const POLL_MAX: Duration = Duration::from_secs(1);
const QUERY_CHARS_SHOWN: i32 = 200;

/// Opens the session.
pub(crate) async fn open(database: &PgConnectOptions) -> Result<PgConnection, EngineError> {
    let options = database
        .clone()
        .application_name("lineage")
        .disable_statement_logging();
    options
        .connect()
        .await
        .map_err(|source| EngineError::Unreachable { source })
}

/// A pooler in transaction mode would lose the lock between two statements.
pub(crate) async fn refuse_pooler(
    conn: &mut PgConnection,
    database: &PgConnectOptions,
) -> Result<(), EngineError> {
    let first = backend(conn).await?;
    // Without a free slot for the second connection this half of the proof is left out.
    let other = if let Ok(mut second) = open(database).await {
        let pid = backend(&mut second).await.ok();
        // The second session was only looked at; how it ends does not matter.
        let _: Result<(), sqlx::Error> = second.close().await;
        pid
    } else {
        None
    };
    let again = backend(conn).await?;
    if first == again && other != Some(first) {
        Ok(())
    } else {
        Err(EngineError::Pooler)
    }
}

/// Asked without a prepared statement, which a pooler may have made on another server process.
async fn backend(conn: &mut PgConnection) -> Result<i32, EngineError> {
    let failed = EngineError::state("ask for the server process");
    let row = raw_sql("SELECT pg_backend_pid()").fetch_one(conn).await;
    row.and_then(|row| row.try_get(0)).map_err(failed)
}

/// Waits until this session is the only runner; says how long that took.
pub(crate) async fn take_lock(
    conn: &mut PgConnection,
    wait: Duration,
    chance: &mut Chance,
) -> Result<Duration, EngineError> {
    let began = Instant::now();
    let mut pause = POLL_FIRST;
    loop {
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
            .bind(LOCK_CLASS)
            .bind(lock_object())
            .fetch_one(&mut *conn)
            .await
            .map_err(EngineError::state("take the lock"))?;
        let waited = began.elapsed();
        if taken {
            return if holds_lock(conn).await? {
                Ok(waited)
            } else {
                Err(EngineError::Pooler)
            };
        }
        if waited >= wait {
            return Err(EngineError::Busy {
                holder: holder(conn).await?,
                waited,
            });
        }
        sleep(chance.around(pause).min(wait.saturating_sub(waited))).await;
        pause = (pause * 2).min(POLL_MAX);
    }
}

/// Second half of the key, from the name of the state schema; never negative, as `pg_locks` shows it unsigned.
fn lock_object() -> i32 {
    STATE_SCHEMA.bytes().fold(7_i32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(i32::from(byte))
    }) & i32::MAX
}

async fn holds_lock(conn: &mut PgConnection) -> Result<bool, EngineError> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() \
         AND classid = $1::bigint::oid AND objid = $2::bigint::oid)",
    )
    .bind(i64::from(LOCK_CLASS))
    .bind(i64::from(lock_object()))
    .fetch_one(conn)
    .await
    .map_err(EngineError::state("look at the lock"))
}

/// Who is the runner of this database at the moment, if it is not this session.
pub(crate) async fn holder(conn: &mut PgConnection) -> Result<Option<Holder>, EngineError> {
    let failed = EngineError::state("look who holds the lock");
    let row = sqlx::query(
        "SELECT l.pid, coalesce(a.application_name, '') AS application, \
         coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change)), 0)::bigint AS age, \
         coalesce(left(a.query, $3), '') AS query, pg_blocking_pids(l.pid) AS waits_for \
         FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() \
         LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid \
         AND l.pid <> pg_backend_pid()",
    )
    .bind(i64::from(LOCK_CLASS))
    .bind(i64::from(lock_object()))
    .bind(QUERY_CHARS_SHOWN)
    .fetch_optional(conn)
    .await;
    let read = |row: sqlx::postgres::PgRow| {
        Ok(Holder {
            pid: row.try_get("pid")?,
            application: row.try_get("application")?,
            age_seconds: row.try_get("age")?,
            query: row.try_get("query")?,
            waits_for: row.try_get("waits_for")?,
        })
    };
    row.and_then(|row| row.map(read).transpose()).map_err(failed)
}

/// Small pseudo-random numbers to spread retries; seeded by the caller.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15 ^ u64::from(std::process::id()))
    }

    /// Three quarters to five quarters of `pause`.
    pub(crate) fn around(&mut self, pause: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let share = u32::try_from(self.0 % 501).unwrap_or(250);
        pause * (750 + share) / 1000
    }
}
