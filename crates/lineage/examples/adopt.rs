//! `cargo run -p lineage --example adopt -- DIR [INTO]`: what is wrong with a directory of Alembic, read without
//! Python, and the same as a chain of SQL files in INTO.

#![allow(clippy::print_stdout, reason = "a command line prints")]

use std::path::Path;
use std::process::ExitCode;

use lineage::adopt::{Adopt, Tool, adopt};
use lineage::lint::LintOptions;
use lineage::{Exit, Report as _};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(from) = arguments.first() else {
        println!("usage: adopt DIR [INTO]");
        return ExitCode::from(Exit::Usage.code());
    };
    let options = LintOptions::default();
    let wanted = Adopt {
        tool: Tool::Alembic,
        from: Path::new(from),
        into: arguments.get(1).map(Path::new),
        options: &options,
    };
    let exit = match adopt(&wanted) {
        Ok(report) => {
            print!("{}", report.render_text());
            report.exit()
        }
        Err(error) => {
            println!("error: {error}");
            error.exit()
        }
    };
    ExitCode::from(exit.code())
}
