//! The command line: what can be said. What is then done stands in `dispatch`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

mod dispatch;

pub use dispatch::{exit_of, run};

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
    #[command(flatten)]
    Files(crate::migrate_files::Files),
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
    /// What is wrong with the chain and its SQL, without a database.
    Lint {
        /// A directory of revisions; without it the chain in this program.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Annotations for a GitHub workflow.
        #[arg(long)]
        github: bool,
        /// A SARIF log.
        #[arg(long, conflicts_with = "github")]
        sarif: bool,
        /// A schema that another program looks after; may be repeated.
        #[arg(long, value_name = "SCHEMA")]
        external: Vec<String>,
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
        /// When a backup is taken first.
        #[arg(long, value_enum, default_value = "destructive")]
        backup: Backups,
    },
    /// Takes revisions back: -1, base or a revision.
    Downgrade {
        #[arg(default_value = "-1", allow_hyphen_values = true)]
        target: String,
        /// When a backup is taken first.
        #[arg(long, value_enum, default_value = "destructive")]
        backup: Backups,
    },
    /// Finishes a revision that was interrupted, whichever way it was going.
    Resume,
    #[command(flatten)]
    Prove(Prove),
    /// Compares chain, lock file and database. Read only.
    Check,
    /// Writes the lock file again after an unreleased revision was edited.
    Rebless {
        #[arg(long, default_value = "migrations")]
        dir: PathBuf,
    },
}

/// What proves something, in shadow databases or on backups.
#[derive(Debug, Subcommand)]
pub enum Prove {
    /// Proves the chain in a shadow database: each revision up, down and up again.
    Verify {
        /// A directory of revisions; without it the chain in this program.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// A kept schema (`pg_dump --schema-only`) that must be what the revisions make.
        #[arg(long, value_name = "FILE")]
        schema: Option<PathBuf>,
    },
    /// Records that the database is at a revision, after comparing it with a shadow; runs nothing.
    Stamp {
        revision: String,
        /// Compare first; always done.
        #[arg(long)]
        verify: bool,
        /// Record it although the schema differs.
        #[arg(long, requires = "why")]
        force: bool,
        /// Why, for the history.
        #[arg(long, requires = "force")]
        why: Option<String>,
    },
    /// Takes a backup and reads it.
    Backup,
    /// Restores the newest backup into a scratch database and runs there what is pending.
    Rehearse {
        /// Another backup.
        #[arg(long, value_name = "FILE")]
        backup: Option<PathBuf>,
    },
    /// What is wrong with revisions, database and surroundings; each with its cure.
    Doctor {
        /// A directory of revisions; without it the chain in this program.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Prints a patch that makes one chain of the revisions, and proves it in a shadow database.
        #[arg(long)]
        fix: bool,
    },
    /// The pre-commit hook.
    #[command(subcommand)]
    Hook(Hook),
}

#[derive(Debug, Subcommand)]
pub enum Hook {
    /// Has git run the linter before a commit that touches revisions.
    Install {
        #[arg(long, default_value = "migrations")]
        dir: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Backups {
    /// Not at all.
    Never,
    /// Before what may lose data.
    Destructive,
    /// Before every run that changes something.
    Always,
}

#[derive(Debug, Subcommand)]
pub enum Emag {
    /// Connects an account and reads it; no stock or price is sent until push is switched on.
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
        /// Does not acknowledge new orders: another program waits for them.
        #[arg(long)]
        leave_orders_new: bool,
    },
    /// Queues a full reading.
    Sync {
        account: i64,
        #[arg(value_enum, default_value = "all")]
        what: What,
    },
    /// The accounts and how they stand.
    Status,
    /// How many calls each account has left this minute.
    Budget,
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
