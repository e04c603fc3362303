//! `magflow migrate`, and the chain that the binary carries.

use std::path::Path;
use std::sync::Arc;

use kernel::Clock;
use lineage::pg::{AppliedRevision, Engine, EngineError, EngineOptions, FailureClass, Observer};
use lineage::{Chain, Direction, Exit, Report, Target, commands};
use rand::RngCore as _;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use telemetry::Metrics;

use crate::boot::Boot;
use crate::cli::Migrate;
use crate::report::{Output, say};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
}

/// The chain compiled into this binary.
pub(crate) fn chain() -> Chain {
    Chain::from_files(embedded::FILES.iter().copied())
}

/// The engine over our own chain.
pub(crate) fn engine(metrics: Option<&Metrics>) -> Engine {
    let options = EngineOptions {
        external_schemas: vec![jobs::EXTERNAL_SCHEMA.to_owned()],
        tool: concat!("magflow ", env!("CARGO_PKG_VERSION")).to_owned(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        seed: rand::rng().next_u64(),
        observer: metrics.map(|metrics| Arc::new(Counted(metrics.clone())) as Arc<dyn Observer>),
        ..EngineOptions::default()
    };
    Engine::new(chain(), options)
}

struct Counted(Metrics);

impl Observer for Counted {
    fn applied(&self, direction: Direction, _: &AppliedRevision) {
        self.0
            .migration_applied_total
            .with_label_values(&[direction.as_str()])
            .inc();
    }

    fn failed(&self, class: FailureClass, sqlstate: Option<&str>) {
        self.0
            .migration_errors_total
            .with_label_values(&[class.as_str(), sqlstate.unwrap_or("none")])
            .inc();
    }

    fn lock_waited(&self, waited: std::time::Duration) {
        tracing::info!(
            waited_ms = waited.as_millis(),
            "waited for another migration runner"
        );
    }
}

/// Runs one migrate command.
pub(crate) async fn run(command: Migrate, boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    match command {
        Migrate::New { title, dir } => Ok(new(&title, &dir, output)),
        Migrate::Rebless { dir } => Ok(finish_files(commands::rebless(&dir), output)),
        Migrate::Heads { dir } => with_chain(dir.as_deref(), |chain| show(&commands::heads(chain), output)),
        Migrate::History { dir, graph } => with_chain(dir.as_deref(), |chain| {
            let history = commands::history(chain);
            if graph && output == Output::Text {
                crate::report::line(&history.render_graph());
                return history.exit();
            }
            show(&history, output)
        }),
        Migrate::Current | Migrate::Status | Migrate::Plan { .. } | Migrate::Check => {
            let database = boot.database().await?;
            let result = look(&command, &database.options, output).await;
            database.close().await;
            Ok(result)
        }
        Migrate::Upgrade { target } => change(&target, Direction::Up, boot, output).await,
        Migrate::Downgrade { target } => change(&target, Direction::Down, boot, output).await,
    }
}

fn new(title: &str, dir: &Path, output: Output) -> Exit {
    let now = Clock::system().now().into();
    let wanted = commands::NewRevision {
        title,
        now,
        chance: rand::random(),
    };
    finish_files(commands::new(dir, &wanted), output)
}

fn with_chain(dir: Option<&Path>, then: impl FnOnce(&Chain) -> Exit) -> anyhow::Result<Exit> {
    let chain = match dir {
        Some(dir) => Chain::read_dir(dir)?,
        None => chain(),
    };
    Ok(then(&chain))
}

fn finish_files<R: Report>(result: Result<R, commands::CommandError>, output: Output) -> Exit {
    match result {
        Ok(report) => show(&report, output),
        Err(error) => {
            say(&format!("error: {error}"));
            for finding in error.findings() {
                say(&finding.render_text());
            }
            error.exit()
        }
    }
}

fn show<R: Report>(report: &R, output: Output) -> Exit {
    output.report(report, || report.render_text());
    report.exit()
}

fn finish<R: Report>(result: Result<R, EngineError>, output: Output) -> Exit {
    match result {
        Ok(report) => show(&report, output),
        Err(error) => {
            say(&error.render_text());
            error.exit()
        }
    }
}

async fn look(command: &Migrate, options: &PgConnectOptions, output: Output) -> Exit {
    let mut conn = match PgConnection::connect_with(options).await {
        Ok(conn) => conn,
        Err(error) => {
            say(&format!("error: the database does not answer: {error}"));
            return Exit::Unreachable;
        }
    };
    let engine = engine(None);
    match command {
        Migrate::Current => finish(engine.current(&mut conn).await, output),
        Migrate::Check => finish(engine.check(&mut conn).await, output),
        Migrate::Plan { target } => match Target::parse(target) {
            Ok(target) => finish(engine.plan(&mut conn, &target).await, output),
            Err(error) => usage(&error.to_string()),
        },
        Migrate::Status
        | Migrate::New { .. }
        | Migrate::Heads { .. }
        | Migrate::History { .. }
        | Migrate::Upgrade { .. }
        | Migrate::Downgrade { .. }
        | Migrate::Rebless { .. } => finish(engine.status(&mut conn).await, output),
    }
}

fn usage(what: &str) -> Exit {
    say(&format!("error: {what}"));
    Exit::Usage
}

async fn change(target: &str, direction: Direction, boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    let target = match Target::parse(target) {
        Ok(target) => target,
        Err(error) => return Ok(usage(&error.to_string())),
    };
    let database = boot.database().await?;
    let engine = engine(None);
    let result = match direction {
        Direction::Up => engine.upgrade(&database.options, &target).await,
        Direction::Down => engine.downgrade(&database.options, &target).await,
    };
    let exit = finish(result, output);
    if exit == Exit::Fine && direction == Direction::Up {
        let pool = database.pool(2).await?;
        jobs::migrate(&pool).await?;
        pool.close().await;
    }
    database.close().await;
    Ok(exit)
}
