//! `cargo xtask …`: tools for those who work on MagFlow.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for the terminal: what it says is its result"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Tools for those who work on MagFlow",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The fast gate: the law of the house, format, lints.
    Check,
    /// The law of the house over the tree.
    Tidy,
    /// Writes the query cache (.sqlx) anew from a database at head.
    SqlxPrepare {
        /// Change nothing; fail if the cache is not what the code needs.
        #[arg(long)]
        check: bool,
    },
    /// Makes a slice that builds and has one page.
    NewSlice {
        /// Lower-case letters, for example `suppliers`.
        name: String,
    },
    /// Writes the skeleton of the next schema revision.
    NewRevision {
        /// What it is about, one line.
        title: String,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Check => xtask::gate::check(),
        Command::Tidy => tidy(),
        Command::SqlxPrepare { check } => xtask::prepare::run(check),
        Command::NewSlice { name } => xtask::slice::new(&xtask::root(), &name),
        Command::NewRevision { title } => xtask::revision::new(&xtask::root(), &title),
    };
    match outcome {
        Ok(said) => {
            print!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tidy() -> anyhow::Result<String> {
    let report = xtask::tidy::run(&xtask::root())?;
    anyhow::ensure!(report.errors() == 0, "the house is not tidy\n{}", report.render());
    Ok(report.render())
}
