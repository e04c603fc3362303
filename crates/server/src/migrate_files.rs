//! `magflow migrate` on files alone: commands that show, re-link, join and adopt revisions. None needs a database.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use kernel::Clock;
use lineage::adopt::{Adopt, Tool, adopt};
use lineage::commands::{self, CommandError, Merge, Mode, NewRevision, Rebase, Squash};
use lineage::lint::LintOptions;
use lineage::{Chain, Exit, Finding, Report, Summary};
use serde::Serialize;

use crate::report::{Output, say};

/// Commands on a directory of revisions.
#[derive(Debug, Subcommand)]
pub enum Files {
    /// One revision: what it does, how it is undone, and what is to be said about it.
    Show {
        /// An id, the beginning of one, or head.
        #[arg(default_value = "head")]
        revision: String,
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// The SQL of a range as a script: a:b from after a to b, b:a the way back.
    Sql {
        #[arg(default_value = "base:head")]
        range: String,
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Joins two heads by a merge revision, if nothing that one side changes is touched by the other.
    Merge {
        /// Two heads; without them the two there are.
        #[arg(num_args = 2, value_names = ["A", "B"])]
        heads: Vec<String>,
        /// The title of the merge revision.
        #[arg(long, default_value = "")]
        title: String,
        #[arg(long, default_value = "migrations")]
        dir: PathBuf,
    },
    /// Puts a branch that is applied nowhere yet after the other head.
    Rebase {
        /// A revision of the branch that moves; without it the shorter branch that the lock does not know.
        branch: Option<String>,
        /// The head it is put after.
        #[arg(long)]
        onto: Option<String>,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
        #[arg(long, default_value = "migrations")]
        dir: PathBuf,
    },
    /// Makes one revision of everything up to the one named.
    Squash {
        /// The last revision that goes into it.
        to: String,
        #[arg(long, default_value = "Squashed revisions")]
        title: String,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
        #[arg(long, default_value = "migrations")]
        dir: PathBuf,
    },
    /// Reads what another migration tool left, without running it, and writes it as a chain of ours.
    Adopt {
        #[command(flatten)]
        from: Other,
        /// A new directory for the chain; without it nothing is written.
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
        /// A schema that another program looks after; may be repeated.
        #[arg(long, value_name = "SCHEMA")]
        external: Vec<String>,
    },
}

/// Whose directory is adopted.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Other {
    /// The directory of `env.py`, or of the revisions.
    #[arg(long = "from-alembic", value_name = "DIR")]
    alembic: Option<PathBuf>,
    #[arg(long = "from-flyway", value_name = "DIR")]
    flyway: Option<PathBuf>,
    #[arg(long = "from-golang-migrate", value_name = "DIR")]
    golang_migrate: Option<PathBuf>,
    #[arg(long = "from-dbmate", value_name = "DIR")]
    dbmate: Option<PathBuf>,
    #[arg(long = "from-sqlx", value_name = "DIR")]
    sqlx: Option<PathBuf>,
}

impl Other {
    fn chosen(&self) -> Option<(Tool, &Path)> {
        let all = [
            (Tool::Alembic, &self.alembic),
            (Tool::Flyway, &self.flyway),
            (Tool::GolangMigrate, &self.golang_migrate),
            (Tool::Dbmate, &self.dbmate),
            (Tool::Sqlx, &self.sqlx),
        ];
        all.into_iter()
            .find_map(|(tool, dir)| Some((tool, dir.as_deref()?)))
    }
}

/// Runs one command. `chain` gives the chain of a directory, or the one in this program.
pub(crate) fn run(command: &Files, chain: impl Fn(Option<&Path>) -> Chain, output: Output) -> Exit {
    match command {
        Files::Show { revision, dir } => finish(
            commands::show(&chain(dir.as_deref()), revision, &options(&[])),
            output,
        ),
        Files::Sql { range, dir } => finish(commands::sql(&chain(dir.as_deref()), range), output),
        Files::Merge { heads, title, dir } => {
            let heads = match heads.as_slice() {
                [first, second] => Some((first.as_str(), second.as_str())),
                _ => None,
            };
            let wanted = Merge {
                heads,
                revision: new_revision(title),
            };
            finish(commands::merge(dir, &wanted), output)
        }
        Files::Rebase {
            branch,
            onto,
            dry_run,
            dir,
        } => {
            let wanted = Rebase {
                branch: branch.as_deref(),
                onto: onto.as_deref(),
                mode: mode(*dry_run),
            };
            finish(commands::rebase(dir, &wanted), output)
        }
        Files::Squash {
            to,
            title,
            dry_run,
            dir,
        } => {
            let wanted = Squash {
                to,
                revision: new_revision(title),
                options: &options(&[]),
                mode: mode(*dry_run),
            };
            finish(commands::squash(dir, &wanted), output)
        }
        Files::Adopt { from, into, external } => adopted(from, into.as_deref(), external, output),
    }
}

fn adopted(from: &Other, into: Option<&Path>, external: &[String], output: Output) -> Exit {
    let Some((tool, from)) = from.chosen() else {
        say("error: name the directory to adopt, for example --from-alembic DIR");
        return Exit::Usage;
    };
    let wanted = Adopt {
        tool,
        from,
        into,
        options: &options(external),
    };
    finish(adopt(&wanted), output)
}

fn options(external: &[String]) -> LintOptions {
    let mut external_schemas = external.to_vec();
    external_schemas.push(jobs::EXTERNAL_SCHEMA.to_owned());
    LintOptions { external_schemas }
}

fn new_revision(title: &str) -> NewRevision<'_> {
    NewRevision {
        title,
        now: Clock::system().now().into(),
        chance: rand::random(),
    }
}

fn mode(dry_run: bool) -> Mode {
    if dry_run { Mode::Preview } else { Mode::Write }
}

/// What a machine reads where a command could not do its work.
#[derive(Serialize)]
struct Refusal<'a> {
    error: String,
    findings: &'a [Finding],
    summary: Summary,
}

/// Shows a report, or why there is none.
pub(crate) fn finish<R: Report>(result: Result<R, CommandError>, output: Output) -> Exit {
    match result {
        Ok(report) => {
            output.report(&report, || report.render_text());
            report.exit()
        }
        Err(error) => {
            say(&format!("error: {error}"));
            let findings = error.findings();
            if output == Output::Json {
                let refusal = Refusal {
                    error: error.to_string(),
                    findings,
                    summary: Summary::of(findings),
                };
                output.report(&refusal, String::new);
            } else {
                for finding in findings {
                    say(&finding.render_text());
                }
            }
            error.exit()
        }
    }
}
