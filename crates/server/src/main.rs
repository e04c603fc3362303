//! The binary: reads the command line and the settings, runs one command, ends with its exit code.

#![allow(
    clippy::print_stderr,
    reason = "the command line tells people what went wrong"
)]

use std::process::ExitCode;

use clap::Parser as _;
use server::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match server::cli::run(cli) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(server::cli::exit_of(&error).code())
        }
    }
}
