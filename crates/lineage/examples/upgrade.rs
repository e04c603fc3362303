//! `upgrade DIR URL`: brings the database at URL to the head of the revisions in DIR.

use std::process::ExitCode;

use lineage::pg::{Engine, EngineOptions, PgConnectOptions};
use lineage::{Chain, Report as _, Target};

#[tokio::main(flavor = "current_thread")]
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program answers by printing"
)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, url] = arguments.as_slice() else {
        eprintln!("usage: upgrade DIR URL");
        return ExitCode::from(2);
    };
    let (chain, database) = match (Chain::read_dir(directory), url.parse::<PgConnectOptions>()) {
        (Ok(chain), Ok(database)) => (chain, database),
        (Err(error), _) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
        (_, Err(error)) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let engine = Engine::new(chain, EngineOptions::default());
    match engine.upgrade(&database, &Target::Head).await {
        Ok(report) => {
            print!("{}", report.render_text());
            ExitCode::from(report.exit().code())
        }
        Err(error) => {
            eprint!("{}", error.render_text());
            ExitCode::from(error.exit().code())
        }
    }
}
