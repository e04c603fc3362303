//! `magflow migrate`, and the chain that the binary carries.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use kernel::Clock;
use lineage::lint::LintOptions;
use lineage::pg::{AppliedRevision, Engine, EngineError, EngineOptions, FailureClass, Observer};
use lineage::{Chain, Direction, Exit, Paint, Report, Target, commands};
use rand::RngCore as _;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use telemetry::Metrics;

use crate::boot::Boot;
use crate::cli::Migrate;
use crate::migrate_proof::{self, options_with};
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
    Engine::new(chain(), options(metrics))
}

/// How the engine behaves in this program.
pub(crate) fn options(metrics: Option<&Metrics>) -> EngineOptions {
    EngineOptions {
        external_schemas: vec![jobs::EXTERNAL_SCHEMA.to_owned()],
        tool: concat!("magflow ", env!("CARGO_PKG_VERSION")).to_owned(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        seed: rand::rng().next_u64(),
        observer: metrics.map(|metrics| Arc::new(Counted(metrics.clone())) as Arc<dyn Observer>),
        ..EngineOptions::default()
    }
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
        Migrate::Files(command) => Ok(crate::migrate_files::run(&command, chain_of, output)),
        Migrate::New { title, dir } => Ok(new(&title, &dir, output)),
        Migrate::Rebless { dir } => Ok(crate::migrate_files::finish(commands::rebless(&dir), output)),
        Migrate::Heads { dir } => Ok(show(&commands::heads(&chain_of(dir.as_deref())), output)),
        Migrate::History { dir, graph } => {
            let history = commands::history(&chain_of(dir.as_deref()));
            if graph && output == Output::Text {
                crate::report::line(&history.render_graph());
                return Ok(history.exit());
            }
            Ok(show(&history, output))
        }
        Migrate::Lint {
            dir,
            github,
            sarif,
            external,
        } => {
            let form = match (github, sarif) {
                (true, _) => LintForm::Github,
                (false, true) => LintForm::Sarif,
                (false, false) => LintForm::Report,
            };
            Ok(lint(&chain_of(dir.as_deref()), external, form, output))
        }
        Migrate::Current | Migrate::Status | Migrate::Plan { .. } | Migrate::Check => {
            let database = boot.database().await?;
            let result = look(&command, &database.options, output).await;
            database.close().await;
            Ok(result)
        }
        Migrate::Upgrade { target, backup } => {
            let engine = Engine::new(chain(), options_with(boot, backup, None));
            change(&engine, &target, Direction::Up, boot, output).await
        }
        Migrate::Downgrade { target, backup } => {
            let engine = Engine::new(chain(), options_with(boot, backup, None));
            change(&engine, &target, Direction::Down, boot, output).await
        }
        Migrate::Prove(command) => migrate_proof::run(command, boot, output).await,
        Migrate::Resume => {
            let database = boot.database().await?;
            let exit = finish(engine(None).resume(&database.options).await, output);
            database.close().await;
            Ok(exit)
        }
    }
}

fn new(title: &str, dir: &Path, output: Output) -> Exit {
    let now = Clock::system().now().into();
    let wanted = commands::NewRevision {
        title,
        now,
        chance: rand::random(),
    };
    crate::migrate_files::finish(commands::new(dir, &wanted), output)
}

fn chain_of(dir: Option<&Path>) -> Chain {
    dir.map_or_else(chain, Chain::look_at)
}

/// How the linter answers.
#[derive(Clone, Copy)]
enum LintForm {
    Report,
    Github,
    Sarif,
}

fn lint(chain: &Chain, external: Vec<String>, form: LintForm, output: Output) -> Exit {
    let mut external_schemas = external;
    external_schemas.push(jobs::EXTERNAL_SCHEMA.to_owned());
    let report = lineage::lint::lint(chain, &LintOptions { external_schemas });
    match form {
        LintForm::Github => crate::report::line(&lineage::github(&report.found.findings)),
        LintForm::Sarif => {
            crate::report::line(
                &lineage::sarif(&report.found.findings, env!("CARGO_PKG_VERSION")).to_string(),
            );
        }
        LintForm::Report => output.report(&report, || report.render(paint())),
    }
    report.exit()
}

/// Colours only for somebody who looks.
fn paint() -> Paint {
    if std::io::stdout().is_terminal() {
        Paint::Colour
    } else {
        Paint::Plain
    }
}

pub(crate) use crate::migrate_files::finish as finish_files;

pub(crate) fn show<R: Report>(report: &R, output: Output) -> Exit {
    output.report(report, || report.render_text());
    report.exit()
}

pub(crate) fn finish<R: Report>(result: Result<R, EngineError>, output: Output) -> Exit {
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
        | Migrate::Files(_)
        | Migrate::New { .. }
        | Migrate::Heads { .. }
        | Migrate::History { .. }
        | Migrate::Lint { .. }
        | Migrate::Upgrade { .. }
        | Migrate::Downgrade { .. }
        | Migrate::Resume
        | Migrate::Prove(_)
        | Migrate::Rebless { .. } => finish(engine.status(&mut conn).await, output),
    }
}

fn usage(what: &str) -> Exit {
    say(&format!("error: {what}"));
    Exit::Usage
}

async fn change(
    engine: &Engine,
    target: &str,
    direction: Direction,
    boot: &Boot,
    output: Output,
) -> anyhow::Result<Exit> {
    let target = match Target::parse(target) {
        Ok(target) => target,
        Err(error) => return Ok(usage(&error.to_string())),
    };
    let database = boot.database().await?;
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
