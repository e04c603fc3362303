//! Running jobs: registration, the worker, dead-worker recovery, counts for health and metrics.

use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use db::Db;
use graphile_worker::{
    IntoTaskHandlerResult, JobDefinition, TaskHandler, Worker, WorkerContext, WorkerOptions, WorkerUtils,
};
use kernel::{Clock, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::enqueue::{Enqueue, enqueue_raw};
use crate::{EXTERNAL_SCHEMA, Job, JobFailure};

/// What went wrong in the worker itself.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error("the job queue's own schema could not be brought up to date: {0}")]
    Migrate(String),
    #[error("the worker could not start: {0}")]
    Start(String),
    #[error("the worker stopped: {0}")]
    Run(String),
}

/// Brings the queue library's own schema up to date. Idempotent.
pub async fn migrate(db: &Db) -> Result<(), RunnerError> {
    let utils = WorkerUtils::new(db.pool().clone(), EXTERNAL_SCHEMA);
    utils
        .migrate()
        .await
        .map_err(|error| RunnerError::Migrate(error.to_string()))
}

type Define = Box<dyn FnOnce(WorkerOptions) -> WorkerOptions + Send>;

/// Collects the jobs, their contexts and schedules before the worker starts.
#[derive(Default)]
pub struct Registry {
    definitions: Vec<JobDefinition>,
    names: Vec<&'static str>,
    contexts: Vec<Define>,
    crontab: Vec<String>,
}

impl Registry {
    /// Declares that jobs of this kind can run here.
    pub fn job<J: Job>(&mut self) {
        self.definitions.push(Handler::<J>::definition());
        self.names.push(J::NAME);
    }

    /// Gives the context that jobs of a slice receive.
    pub fn context<C: Clone + Send + Sync + std::fmt::Debug + 'static>(&mut self, context: C) {
        self.contexts
            .push(Box::new(move |options| options.add_extension(context)));
    }

    /// Runs a job without payload fields on a five-field cron line (UTC), once for all processes.
    pub fn schedule<J: Job>(&mut self, cron: &str) {
        self.crontab.push(line(cron, J::NAME));
    }

    pub fn names(&self) -> &[&'static str] {
        &self.names
    }
}

/// One line in the dialect of the queue library: it knows no steps within a range (`1-59/2`), so those are written out,
/// and it ignores options that it does not know, so their names matter. One job per schedule waits, however late.
fn line(cron: &str, name: &str) -> String {
    let fields: Vec<String> = cron.split(' ').map(written_out).collect();
    format!(
        "{} {name} ?job_key={name}&job_key_mode=preserve_run_at",
        fields.join(" ")
    )
}

/// `1-9/4` becomes `1,5,9`; anything else stays.
fn written_out(field: &str) -> String {
    let parts: Vec<String> = field
        .split(',')
        .map(|part| stepped(part).unwrap_or_else(|| part.to_owned()))
        .collect();
    parts.join(",")
}

fn stepped(part: &str) -> Option<String> {
    let (range, step) = part.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    let step: usize = step.parse().ok().filter(|step| *step > 0)?;
    let all: Vec<String> = (first..=last).step_by(step).map(|n| n.to_string()).collect();
    Some(all.join(","))
}

/// A running worker of this process.
pub struct Runner {
    worker: Worker,
}

/// Worker processes whose heartbeat is older than this are dead; their jobs run elsewhere.
const DEAD_AFTER: Duration = Duration::from_secs(12);
const HEARTBEAT: Duration = Duration::from_secs(3);
const SWEEP: Duration = Duration::from_secs(4);

impl Runner {
    pub async fn start(
        db: &Db,
        clock: Clock,
        registry: Registry,
        concurrency: usize,
    ) -> Result<Self, RunnerError> {
        let mut options = WorkerOptions::default()
            .schema(EXTERNAL_SCHEMA)
            .pg_pool(db.pool().clone())
            .concurrency(concurrency)
            .poll_interval(Duration::from_secs(1))
            .heartbeat_interval(HEARTBEAT)
            .sweep_interval(SWEEP)
            .sweep_threshold(DEAD_AFTER)
            .recovery_delay(Duration::ZERO)
            .listen_os_shutdown_signals(false)
            .add_extension(Home {
                db: db.clone(),
                clock,
            })
            .define_jobs(registry.definitions);
        for context in registry.contexts {
            options = context(options);
        }
        if !registry.crontab.is_empty() {
            options = options
                .with_cron(registry.crontab.join("\n"))
                .map_err(|error| RunnerError::Start(format!("{error:?}")))?;
        }
        let worker = options
            .init()
            .await
            .map_err(|error| RunnerError::Start(error.to_string()))?;
        Ok(Self { worker })
    }

    /// Runs jobs until `stop` resolves, then lets running ones finish.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<(), RunnerError> {
        tokio::pin!(stop);
        let work = self.worker.run();
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done.map_err(|error| RunnerError::Run(error.to_string())),
            () = &mut stop => self.worker.request_shutdown(),
        }
        work.await.map_err(|error| RunnerError::Run(error.to_string()))
    }

    /// Runs whatever is due and returns; for tests and commands.
    pub async fn run_once(&self) -> Result<(), RunnerError> {
        self.worker
            .run_once()
            .await
            .map_err(|error| RunnerError::Run(error.to_string()))
    }
}

/// What the wrapper itself needs from every worker.
#[derive(Clone, Debug)]
struct Home {
    db: Db,
    clock: Clock,
}

/// Adapts a [`Job`] to the queue library.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
struct Handler<J: Job> {
    payload: serde_json::Value,
    #[serde(skip)]
    kind: PhantomData<fn() -> J>,
}

impl<J: Job> TaskHandler for Handler<J> {
    const IDENTIFIER: &'static str = J::NAME;

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        run::<J>(self.payload, &worker).await
    }
}

/// The job of a payload. The queue gives a scheduled job no payload (null), which a job written `X {}` would refuse.
fn read<J: serde::de::DeserializeOwned>(payload: &serde_json::Value) -> serde_json::Result<J> {
    serde_json::from_value(payload.clone()).or_else(|error| {
        if payload.is_null() {
            serde_json::from_value(serde_json::json!({}))
        } else {
            Err(error)
        }
    })
}

async fn run<J: Job>(payload: serde_json::Value, worker: &WorkerContext) -> Result<(), String> {
    let context = worker
        .get_ext::<J::Context>()
        .ok_or_else(|| format!("no context for {}", J::NAME))?
        .clone();
    let home = worker
        .get_ext::<Home>()
        .ok_or_else(|| "no home".to_owned())?
        .clone();
    let job: J = read(&payload).map_err(|error| format!("payload: {error}"))?;
    match job.run(context).await {
        Ok(()) => Ok(()),
        Err(JobFailure::Discard(why)) => {
            tracing::info!(job = J::NAME, why, "job {} discarded", J::NAME);
            Ok(())
        }
        Err(JobFailure::Retry { after, why }) => {
            tracing::info!(
                job = J::NAME,
                why,
                after_ms = after.as_millis(),
                "job {} runs again later",
                J::NAME
            );
            again::<J>(&home, payload, after, worker)
                .await
                .map_err(|error| error.to_string())
        }
        Err(JobFailure::Fail(why)) => {
            tracing::error!(job = J::NAME, why, "job {} failed", J::NAME);
            Err(why)
        }
    }
}

async fn again<J: Job>(
    home: &Home,
    payload: serde_json::Value,
    after: Duration,
    worker: &WorkerContext,
) -> Result<(), sqlx::Error> {
    let pause = chrono::Duration::from_std(after).unwrap_or(chrono::Duration::seconds(60));
    let how = Enqueue {
        key: worker.job().key().clone(),
        queue: queue_name(home, *worker.job().id()).await?,
        run_at: Some(home.clock.now() + pause),
        keep_time: true,
        priority: i32::from(*worker.job().priority()),
    };
    let mut conn = home.db.read().await?;
    enqueue_raw(&mut conn, J::NAME, payload, how).await
}

/// The job row holds the queue's number; a new job wants its name.
async fn queue_name(home: &Home, job: i64) -> Result<Option<String>, sqlx::Error> {
    let mut conn = home.db.read().await?;
    sqlx::query_scalar(
        "SELECT q.queue_name FROM graphile_worker._private_jobs j \
         JOIN graphile_worker._private_job_queues q ON q.id = j.job_queue_id WHERE j.id = $1",
    )
    .bind(job)
    .fetch_optional(&mut *conn)
    .await
}

/// How the queue stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JobCounts {
    pub waiting: i64,
    pub running: i64,
    /// Failed at least once and waiting for another try.
    pub failing: i64,
    /// Given up; a person must look.
    pub dead: i64,
    /// When the oldest job that should already have run was due.
    pub oldest_due_at: Option<Timestamp>,
}

/// Counts the queue, for health, metrics and the system page.
pub async fn counts(conn: &mut PgConnection) -> Result<JobCounts, sqlx::Error> {
    let row: (i64, i64, i64, i64, Option<Timestamp>) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts), \
                count(*) FILTER (WHERE locked_at IS NOT NULL), \
                count(*) FILTER (WHERE locked_at IS NULL AND attempts > 0 AND attempts < max_attempts), \
                count(*) FILTER (WHERE locked_at IS NULL AND attempts >= max_attempts), \
                min(run_at) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts AND run_at <= now()) \
         FROM graphile_worker._private_jobs",
    )
    .fetch_one(conn)
    .await?;
    Ok(JobCounts {
        waiting: row.0,
        running: row.1,
        failing: row.2,
        dead: row.3,
        oldest_due_at: row.4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cron: &str, expected: &str) {
        let line = line(cron, "tidy");
        assert_eq!(
            line,
            format!("{expected} tidy ?job_key=tidy&job_key_mode=preserve_run_at")
        );
        assert!(
            WorkerOptions::default().with_cron(line).is_ok(),
            "the queue library reads {cron}"
        );
    }

    #[test]
    fn a_scheduled_job_without_fields_ran_into_a_null_payload() {
        #[derive(Debug, serde::Deserialize)]
        struct Timer {}
        #[derive(Debug, serde::Deserialize)]
        struct Unit;
        #[derive(Debug, serde::Deserialize)]
        struct Full {
            _id: i64,
        }
        assert!(read::<Timer>(&serde_json::Value::Null).is_ok());
        assert!(read::<Unit>(&serde_json::Value::Null).is_ok());
        assert!(read::<Full>(&serde_json::Value::Null).is_err());
        assert!(read::<Full>(&serde_json::json!({ "_id": "x" })).is_err());
    }

    #[test]
    fn every_schedule_is_written_so_that_the_queue_library_reads_it() {
        check("17 1,7,13,19 * * *", "17 1,7,13,19 * * *");
        check("*/5 * * * *", "*/5 * * * *");
        check("0 9-17 * * 1-5", "0 9-17 * * 1-5");
        check("3-23/5 1-10/4,20 * * *", "3,8,13,18,23 1,5,9,20 * * *");
    }
}
