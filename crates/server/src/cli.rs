//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use db::embedded::EmbeddedError;
use lineage::Exit;
use settings::{Environment, LogFormat, Overrides, Settings};

use crate::boot::Boot;
use crate::report::Output;
use crate::serve::{Parts, Run};
use crate::{demo, doctor, marketplace, migrations, sandbox, serve, users, verify};

/// The back office of a marketplace seller.
#[derive(Debug, Parser)]
#[command(name = "magflow", version, about, propagate_version = true)]
pub struct Cli {
    /// Configuration file; otherwise magflow.toml in the data directory or here.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the embedded default keeps everything.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Form of the log lines.
    #[arg(long, global = true, value_name = "FORM")]
    pub log: Option<LogForm>,
    /// Machine output on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogForm {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Web, REST and background jobs.
    Serve {
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
        /// Web only; run `magflow work` elsewhere.
        #[arg(long)]
        no_jobs: bool,
        /// Bring the schema to head first (the embedded database always is).
        #[arg(long)]
        migrate: bool,
    },
    /// Background jobs only.
    Work,
    /// A demo company on a local marketplace.
    Demo {
        /// Start over: forgets what the demo kept.
        #[arg(long)]
        fresh: bool,
        /// Port of the web page; 0 picks a free one.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// The local eMAG.
    EmagSandbox {
        #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDR")]
        listen: SocketAddr,
        #[arg(long, default_value_t = 2500)]
        offers: usize,
        #[arg(long, default_value_t = 500)]
        orders: usize,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Faults to inject, as JSON.
        #[arg(long, value_name = "FILE")]
        faults: Option<PathBuf>,
    },
    /// The database schema.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Marketplace operations.
    #[command(subcommand)]
    Emag(Emag),
    /// Users.
    #[command(subcommand)]
    User(User),
    /// API tokens.
    #[command(subcommand)]
    Token(Token),
    /// Roles.
    #[command(subcommand)]
    Role(Role),
    /// Proves the invariants on live data.
    Verify {
        #[arg(value_enum)]
        what: Verify,
    },
    /// Checks everything the program needs; each finding with its cure.
    Doctor,
    /// Configuration.
    #[command(subcommand)]
    Config(Config),
    /// Prints the REST contract.
    Openapi,
    /// Prints completions for a shell.
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Writes a new revision after the head.
    New {
        title: String,
        #[arg(long, default_value = "migrations")]
        dir: PathBuf,
    },
    /// The heads of the chain; more than one is a finding.
    Heads {
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// The chain, newest first.
    History {
        #[arg(long)]
        dir: Option<PathBuf>,
        #[arg(long)]
        graph: bool,
    },
    /// The revision the database is at.
    Current,
    /// Where the database stands and what is pending.
    Status,
    /// What an upgrade would do.
    Plan {
        #[arg(default_value = "head")]
        target: String,
    },
    /// Applies revisions.
    Upgrade {
        #[arg(default_value = "head")]
        target: String,
    },
    /// Takes revisions back: -1, base or a revision.
    Downgrade {
        #[arg(default_value = "-1", allow_hyphen_values = true)]
        target: String,
    },
    /// Compares chain, lock file and database. Read only.
    Check,
    /// Writes the lock file again after an unreleased revision was edited.
    Rebless {
        #[arg(long, default_value = "migrations")]
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum Emag {
    /// Connects an account and reads it; nothing is sent until push is switched on.
    Connect {
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "emag-ro")]
        platform: String,
        #[arg(long, value_enum, default_value = "main")]
        kind: Kind,
        #[arg(long)]
        username: String,
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Seen by others in the process list: for tests and sandboxes.
        #[arg(long)]
        password: Option<String>,
        /// Instead of the platform's own address.
        #[arg(long)]
        base_url: Option<String>,
    },
    /// Queues a full reading.
    Sync {
        account: i64,
        #[arg(value_enum, default_value = "all")]
        what: What,
    },
    /// The accounts and how they stand.
    Status,
    /// Switches sending on or off.
    Push {
        account: i64,
        #[arg(action = clap::ArgAction::Set)]
        on: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    Main,
    Fbe,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum What {
    All,
    Offers,
    Orders,
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Makes a user; the password is read from the file or made up and printed once.
    Create {
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "owner")]
        role: String,
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    List,
    Disable {
        email: String,
    },
    /// Sets a new password.
    Password {
        email: String,
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Token {
    Create {
        email: String,
        #[arg(long)]
        name: String,
    },
    List,
    Revoke {
        id: i64,
    },
}

#[derive(Debug, Subcommand)]
pub enum Role {
    List,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Effective values and where each comes from; secrets redacted.
    Show,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Verify {
    Stock,
    Orders,
    Audit,
    All,
}

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
