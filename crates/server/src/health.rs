//! Liveness, readiness and the detailed check that monitoring reads.

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::Timestamp;
use serde::Serialize;
use web::{Access, AppState, Problem, Routes};

use crate::system::SYSTEM_VIEW;
use crate::wiring::Plant;

/// How a part, or the whole, is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Healthy,
    /// Works, but somebody should look.
    Degraded,
    Unhealthy,
}

/// One check with its figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) status: Status,
    pub(crate) detail: String,
    pub(crate) duration_ms: u128,
}

/// `GET /health/detailed`
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) status: Status,
    pub(crate) checks: serde_json::Map<String, serde_json::Value>,
    pub(crate) timestamp: Timestamp,
}

/// A check that takes longer says so instead of hanging the page.
const CHECK_TIME_MAX: Duration = Duration::from_secs(3);
/// A job that should have run this long ago means that nobody works.
const JOB_LATE_AFTER_SECONDS: i64 = 300;
const DISK_LOW_BYTES: u64 = 2 << 30;
const DISK_FULL_BYTES: u64 = 200 << 20;
const MEMORY_HIGH_BYTES: u64 = 1 << 30;

pub(crate) fn routes() -> Routes {
    let mut routes = Routes::new();
    for prefix in ["", "/api/v1/system"] {
        routes = routes
            .get(&format!("{prefix}/health/live"), Access::Public, live)
            .get(&format!("{prefix}/health/ready"), Access::Public, ready)
            .get(
                &format!("{prefix}/health/detailed"),
                Access::Needs(SYSTEM_VIEW),
                detailed,
            );
    }
    routes
}

#[utoipa::path(get, path = "/api/v1/system/health/live", tag = "system", responses((status = 200)))]
pub(crate) async fn live() -> Response {
    axum::Json(serde_json::json!({ "status": "healthy" })).into_response()
}

/// 503 while the database does not answer or the schema is not at head.
#[utoipa::path(get, path = "/api/v1/system/health/ready", tag = "system", responses((status = 200), (status = 503)))]
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Response, Problem> {
    let plant: Plant = state.get()?;
    let check = timed(migrations(&state, &plant)).await;
    let ready = check.status != Status::Unhealthy;
    let code = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let status = if ready { Status::Healthy } else { Status::Unhealthy };
    Ok((
        code,
        axum::Json(serde_json::json!({ "status": status, "detail": check.detail })),
    )
        .into_response())
}

#[utoipa::path(get, path = "/api/v1/system/health/detailed", tag = "system", responses((status = 200), (status = 503)))]
pub(crate) async fn detailed(State(state): State<AppState>) -> Result<Response, Problem> {
    let report = report(&state).await?;
    let code = if report.status == Status::Unhealthy {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    Ok((code, axum::Json(report)).into_response())
}

/// Runs every check.
pub(crate) async fn report(state: &AppState) -> Result<Report, Problem> {
    let plant: Plant = state.get()?;
    let (database, redis, migrations, disk, memory, jobs, emag) = tokio::join!(
        timed(database(state)),
        timed(redis(&plant)),
        timed(migrations(state, &plant)),
        timed(std::future::ready(disk(&plant))),
        timed(std::future::ready(memory())),
        timed(jobs_check(state)),
        timed(emag_check(state)),
    );
    let checks = [
        ("database", database),
        ("redis", redis),
        ("migrations", migrations),
        ("disk_space", disk),
        ("memory", memory),
        ("jobs", jobs),
        ("emag", emag),
    ];
    let status = checks
        .iter()
        .map(|(_, check)| check.status)
        .max()
        .unwrap_or(Status::Healthy);
    let checks = checks
        .into_iter()
        .map(|(name, check)| Ok((name.to_owned(), serde_json::to_value(check)?)))
        .collect::<Result<_, serde_json::Error>>()
        .map_err(Problem::internal)?;
    Ok(Report {
        status,
        checks,
        timestamp: state.clock.now(),
    })
}

type Finding = (Status, String);

async fn timed(check: impl Future<Output = Finding>) -> Check {
    let started = Instant::now();
    let (status, detail) = tokio::time::timeout(CHECK_TIME_MAX, check)
        .await
        .unwrap_or_else(|_elapsed| {
            (
                Status::Unhealthy,
                format!("no answer within {} s", CHECK_TIME_MAX.as_secs()),
            )
        });
    Check {
        status,
        detail,
        duration_ms: started.elapsed().as_millis(),
    }
}

async fn database(state: &AppState) -> Finding {
    let pool = state.db.status();
    let version = match state.db.read().await {
        Ok(mut conn) => db::server_version(&mut conn).await,
        Err(error) => Err(error),
    };
    match version {
        Ok(version) => (
            Status::Healthy,
            format!(
                "PostgreSQL {version}; {} connections, {} idle",
                pool.open, pool.idle
            ),
        ),
        Err(error) => (Status::Unhealthy, format!("does not answer: {error}")),
    }
}

async fn redis(plant: &Plant) -> Finding {
    let Some(url) = &plant.redis_url else {
        return (Status::Healthy, "not configured".to_owned());
    };
    match ping_redis(url.expose()).await {
        Ok(()) => (Status::Healthy, "answers".to_owned()),
        // Nothing depends on Redis alone: without it the process works on its own.
        Err(error) => (Status::Degraded, format!("does not answer: {error}")),
    }
}

async fn ping_redis(url: &str) -> Result<(), redis::RedisError> {
    let mut conn = redis::Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    redis::cmd("PING")
        .query_async::<String>(&mut conn)
        .await
        .map(drop)
}

async fn migrations(state: &AppState, plant: &Plant) -> Finding {
    let mut conn = match state.db.read().await {
        Ok(conn) => conn,
        Err(error) => {
            return (
                Status::Unhealthy,
                format!("the database does not answer: {error}"),
            );
        }
    };
    match plant.engine.health(&mut conn).await {
        Ok(health) if health.is_ready() => (
            Status::Healthy,
            format!("at head {}", health.head.as_deref().unwrap_or("base")),
        ),
        Ok(health) => {
            state
                .metrics
                .migration_pending
                .set(i64::try_from(health.pending).unwrap_or(i64::MAX));
            let detail = format!(
                "{} pending, {} findings; run `magflow migrate upgrade`",
                health.pending,
                health.findings.len()
            );
            (Status::Unhealthy, detail)
        }
        Err(error) => (Status::Unhealthy, error.to_string()),
    }
}

fn disk(plant: &Plant) -> Finding {
    let dir = if plant.data_dir.exists() {
        plant.data_dir.clone()
    } else {
        std::env::temp_dir()
    };
    match rustix::fs::statvfs(&dir) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let detail = format!("{} MiB free in {}", free >> 20, dir.display());
            (disk_status(free), detail)
        }
        Err(error) => (Status::Degraded, format!("{}: {error}", dir.display())),
    }
}

pub(crate) fn disk_status(free_bytes: u64) -> Status {
    match free_bytes {
        0..DISK_FULL_BYTES => Status::Unhealthy,
        DISK_FULL_BYTES..DISK_LOW_BYTES => Status::Degraded,
        DISK_LOW_BYTES.. => Status::Healthy,
    }
}

fn memory() -> Finding {
    match resident_bytes() {
        Some(bytes) if bytes > MEMORY_HIGH_BYTES => (Status::Degraded, format!("{} MiB in use", bytes >> 20)),
        Some(bytes) => (Status::Healthy, format!("{} MiB in use", bytes >> 20)),
        None => (Status::Healthy, "not measured on this system".to_owned()),
    }
}

/// Resident memory of this process, on Linux.
pub(crate) fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

async fn jobs_check(state: &AppState) -> Finding {
    let counts = match state.db.read().await {
        Ok(mut conn) => jobs::counts(&mut conn).await,
        Err(error) => Err(error),
    };
    match counts {
        Ok(counts) => {
            let late = counts
                .oldest_due_at
                .map_or(0, |due| (state.clock.now() - due).num_seconds());
            let status = if late > JOB_LATE_AFTER_SECONDS || counts.dead > 0 {
                Status::Degraded
            } else {
                Status::Healthy
            };
            let detail = format!(
                "{} waiting, {} running, {} failing, {} given up; oldest due {late} s ago",
                counts.waiting, counts.running, counts.failing, counts.dead
            );
            (status, detail)
        }
        Err(error) => (Status::Unhealthy, error.to_string()),
    }
}

async fn emag_check(state: &AppState) -> Finding {
    let accounts = match state.db.read().await {
        Ok(mut conn) => emag::account_health(&mut conn).await,
        Err(error) => Err(error),
    };
    match accounts {
        Ok(accounts) => emag_finding(&accounts),
        Err(error) => (Status::Unhealthy, error.to_string()),
    }
}

fn emag_finding(accounts: &[emag::AccountHealth]) -> Finding {
    let all = accounts.len();
    let troubled = accounts.iter().filter(|account| account.fault.is_some()).count();
    match (all, troubled) {
        (0, _) => (Status::Healthy, "no account connected".to_owned()),
        (_, 0) => (Status::Healthy, format!("{all} accounts, all answer")),
        (_, _) => (
            Status::Degraded,
            format!("{troubled} of {all} accounts have a fault"),
        ),
    }
}
