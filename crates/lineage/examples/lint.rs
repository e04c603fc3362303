//! `cargo run -p lineage --example lint -- DIR [heads|history]`: what is wrong with a directory of revisions.

#![allow(clippy::print_stdout, reason = "a command line prints")]

use std::io::IsTerminal as _;
use std::process::ExitCode;

use lineage::lint::{LintOptions, lint};
use lineage::{Chain, Exit, Paint, Report as _, commands};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(dir) = arguments.next() else {
        println!("usage: lint DIR [heads|history]");
        return ExitCode::from(Exit::Usage.code());
    };
    let chain = Chain::look_at(dir);
    let paint = if std::io::stdout().is_terminal() {
        Paint::Colour
    } else {
        Paint::Plain
    };
    let exit = match arguments.next().as_deref() {
        Some("heads") => {
            let report = commands::heads(&chain);
            print!("{}", report.render_text());
            report.exit()
        }
        Some("history") => {
            let report = commands::history(&chain);
            print!("{}", report.render_graph());
            report.exit()
        }
        Some(_) | None => {
            let report = lint(&chain, &LintOptions::default());
            print!("{}", report.render(paint));
            report.exit()
        }
    };
    ExitCode::from(exit.code())
}
