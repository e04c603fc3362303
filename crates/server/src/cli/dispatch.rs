//! From a command line to the command it names, and from its error to an exit code.

use clap::CommandFactory as _;
use db::embedded::EmbeddedError;
use lineage::Exit;
use settings::{Environment, LogFormat, Overrides, Settings};

use super::{Cli, Command, Config, LogForm, Role};
use crate::boot::Boot;
use crate::report::Output;
use crate::serve::{Parts, Run};
use crate::{demo, doctor, marketplace, migrations, sandbox, serve, users, verify};

/// Runs one command to its end.
pub fn run(cli: Cli) -> anyhow::Result<Exit> {
    let output = Output::of(cli.json);
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "magflow", &mut std::io::stdout());
        return Ok(Exit::Fine);
    }
    if let Command::Openapi = cli.command {
        crate::report::line(&serde_json::to_string_pretty(&crate::contracts::openapi())?);
        return Ok(Exit::Fine);
    }
    let settings = Settings::load(&overrides(&cli), &Environment::of_process())?;
    telemetry::install(&settings.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads())
        .enable_all()
        .build()?;
    runtime.block_on(dispatch(cli.command, &Boot::new(settings), output))
}

fn overrides(cli: &Cli) -> Overrides {
    let listen = if let Command::Serve { listen, .. } = &cli.command {
        *listen
    } else {
        None
    };
    Overrides {
        config_file: cli.config.clone(),
        data_dir: cli.data_dir.clone(),
        listen,
        log_format: cli.log.map(|form| match form {
            LogForm::Text => LogFormat::Text,
            LogForm::Json => LogFormat::Json,
        }),
    }
}

/// The work is waiting for the database and the marketplace; more threads would only hold memory.
fn worker_threads() -> usize {
    std::thread::available_parallelism()
        .map_or(2, std::num::NonZero::get)
        .clamp(2, 8)
}

async fn dispatch(command: Command, boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    let listen = boot.settings.server.listen;
    match command {
        Command::Serve { no_jobs, migrate, .. } => {
            let parts = if no_jobs {
                Parts::WebOnly
            } else {
                Parts::WebAndJobs
            };
            serve::run(
                boot,
                Run {
                    parts,
                    migrate,
                    listen,
                },
                output,
            )
            .await
        }
        Command::Work => {
            serve::run(
                boot,
                Run {
                    parts: Parts::JobsOnly,
                    migrate: false,
                    listen,
                },
                output,
            )
            .await
        }
        Command::Demo { fresh, port } => demo::run(boot, fresh, port, output).await,
        Command::EmagSandbox {
            listen,
            offers,
            orders,
            seed,
            faults,
        } => {
            let wanted = sandbox::Wanted {
                offers,
                orders,
                seed,
                faults: faults.as_deref(),
            };
            sandbox::run(listen, &wanted, output).await
        }
        Command::Migrate(command) => migrations::run(command, boot, output).await,
        Command::Emag(command) => marketplace::run(command, boot, output).await,
        Command::User(command) => users::user(command, boot, output).await,
        Command::Token(command) => users::token(command, boot, output).await,
        Command::Role(Role::List) => users::roles(boot, output).await,
        Command::Verify { what } => verify::run(what, boot, output).await,
        Command::Doctor => doctor::run(boot, output).await,
        Command::Config(Config::Show) => Ok(show_config(boot, output)),
        Command::Openapi | Command::Completions { .. } => Ok(Exit::Fine),
    }
}

fn show_config(boot: &Boot, output: Output) -> Exit {
    let mut values = boot.settings.origins.clone();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    let json: Vec<_> = values
        .iter()
        .map(|(key, value, origin)| serde_json::json!({ "key": key, "value": value, "origin": origin.to_string() }))
        .collect();
    output.report(&json, || {
        let lines: String = values
            .iter()
            .map(|(key, value, origin)| format!("{key} = {value}    ({origin})\n"))
            .collect();
        format!("{lines}data_dir in effect: {}\n", boot.data_dir().display())
    });
    Exit::Fine
}

/// The exit code that an error deserves.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    if error.is::<settings::Mistakes>() {
        return Exit::Usage;
    }
    let unreachable = error.chain().any(|cause| {
        cause
            .downcast_ref::<sqlx::Error>()
            .is_some_and(db::is_unreachable)
    });
    if unreachable {
        return Exit::Unreachable;
    }
    match error.downcast_ref::<EmbeddedError>() {
        Some(EmbeddedError::InUse { .. }) => Exit::Busy,
        Some(_) => Exit::Unreachable,
        None => Exit::Findings,
    }
}
