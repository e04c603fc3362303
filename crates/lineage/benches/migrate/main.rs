//! How long the engine takes on 42, 1,000 and 10,000 revisions, beside a floor and, where Python has it,
//! beside Alembic on the same SQL. Whole processes, in turns, medians; the files are in the page cache.
//!
//! The floor of commands on files is reading and hashing ours (`adopt` reads those of Alembic); that of `upgrade` is psql running the same SQL,
//! one durable transaction per revision; that of an `upgrade` with nothing to do is psql that connects.
//!
//! `cargo bench -p lineage --bench migrate -- [--python PROGRAM] [--revisions N]`

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a benchmark prints and may stop"
)]

mod chain;
mod server;

use std::fs;
use std::hint::black_box;
use std::path::Path;

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use lineage::adopt::{Adopt, Tool, adopt};
use lineage::lint::{LintOptions, lint};
use lineage::pg::{Engine, EngineOptions, PgConnectOptions};
use lineage::{Chain, Report as _, Target, commands};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use server::Server;

const SIZES: [usize; 3] = [42, 1_000, 10_000];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, command, rest @ ..] = arguments.as_slice()
        && first == "--child"
    {
        return ours(command, rest);
    }
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let sizes = match option("--revisions") {
        Some(count) => vec![count.parse().expect("--revisions takes a number")],
        None => SIZES.to_vec(),
    };
    let python = option("--python").unwrap_or_else(|| "python3".to_owned());
    let python = has_alembic(&python).then_some(python);
    if python.is_none() {
        println!("no Alembic: `--python PROGRAM` names a Python that has alembic and psycopg");
    }
    let server = Server::start();
    if server.is_none() {
        println!("no PostgreSQL: only commands on files are measured");
    }
    println!(
        "{:>9}  {:<16} {:>12} {:>12} {:>8} {:>12} {:>12}",
        "revisions", "command", "floor", "ours", "x floor", "Alembic", "Alembic/ours"
    );
    for size in sizes {
        Bench::new(size, python.clone()).run(server.as_ref());
    }
    ExitCode::SUCCESS
}

/// What a process of ours does; begun anew for each measurement, as a person would.
fn ours(command: &str, arguments: &[String]) -> ExitCode {
    let dir = arguments.first().expect("a directory");
    let exit = match command {
        "heads" => commands::heads(&Chain::look_at(dir)).exit(),
        "history" => {
            let report = commands::history(&Chain::look_at(dir));
            black_box(report.render_text());
            report.exit()
        }
        "lint" => {
            let report = lint(&Chain::look_at(dir), &LintOptions::default());
            black_box(report.render_text());
            report.exit()
        }
        "adopt" => {
            let options = LintOptions::default();
            let wanted = Adopt {
                tool: Tool::Alembic,
                from: &Path::new(dir).with_file_name("alembic"),
                into: None,
                options: &options,
            };
            adopt(&wanted).unwrap().exit()
        }
        _ => upgrade(
            dir,
            arguments.get(1).expect("a socket"),
            arguments.get(2).expect("a database"),
        ),
    };
    ExitCode::from(exit.code())
}

fn upgrade(dir: &str, socket: &str, database: &str) -> lineage::Exit {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let options = PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .username("postgres")
        .database(database);
    let engine = Engine::new(Chain::read_dir(dir).unwrap(), EngineOptions::default());
    let report = runtime.block_on(engine.upgrade(&options, &Target::Head));
    report
        .unwrap_or_else(|error| panic!("{}", error.render_text()))
        .exit()
}

/// One length of chain in all its forms.
struct Bench {
    size: usize,
    python: Option<String>,
    home: TempDir,
}

impl Bench {
    fn new(size: usize, python: Option<String>) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("ours")).unwrap();
        chain::write_ours(&home.path().join("ours"), size);
        chain::write_psql(&home.path().join("floor.sql"), size);
        chain::write_alembic(&home.path().join("alembic"), size);
        Self { size, python, home }
    }

    fn run(&self, server: Option<&Server>) {
        for command in ["heads", "history"] {
            self.row(
                command,
                || self.read_and_hash(),
                || self.ours(&[command]),
                Some(&|| self.alembic(&[command])),
            );
        }
        self.row("lint", || self.read_and_hash(), || self.ours(&["lint"]), None);
        self.row("adopt", || self.read_and_hash(), || self.ours(&["adopt"]), None);
        if let Some(server) = server {
            self.with_server(server);
        }
    }

    fn with_server(&self, server: &Server) {
        let socket = server.dir().display().to_string();
        let url = format!("url=postgresql+psycopg://postgres@/alembic?host={socket}");
        let upgrade = || self.ours(&["upgrade", &socket, "ours"]);
        let alembic = || self.alembic(&["-x", &url, "upgrade", "head"]);
        let floor = self.home.path().join("floor.sql");
        self.row(
            "upgrade",
            || {
                server.fresh("floor");
                timed(server.psql("floor").arg("-f").arg(&floor))
            },
            || {
                server.fresh("ours");
                upgrade()
            },
            Some(&|| {
                server.fresh("alembic");
                alembic()
            }),
        );
        let connect = || timed(server.psql("ours").args(["-c", "SELECT 1"]));
        self.row("upgrade, nothing", connect, upgrade, Some(&alembic));
    }

    /// Measures in turns, so that whatever else the machine does falls on all of them.
    fn row(
        &self,
        command: &str,
        floor: impl Fn() -> Duration,
        ours: impl Fn() -> Duration,
        alembic: Option<&dyn Fn() -> Duration>,
    ) {
        let alembic = alembic.filter(|_| self.python.is_some());
        let (mut floors, mut own, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.runs(command) {
            floors.push(floor());
            own.push(ours());
            others.extend(alembic.map(|alembic| alembic()));
        }
        let (floor, own) = (median(floors), median(own));
        let (other, ratio) = if others.is_empty() {
            ("-".to_owned(), "-".to_owned())
        } else {
            let other = median(others);
            (shown(other), times(other, own))
        };
        println!(
            "{:>9}  {command:<16} {:>12} {:>12} {:>8} {other:>12} {ratio:>12}",
            self.size,
            shown(floor),
            shown(own),
            times(own, floor)
        );
    }

    /// Long runs are steadier than short ones, and there is an end to patience.
    fn runs(&self, command: &str) -> usize {
        match (command, self.size) {
            ("upgrade", 5_000..) => 1,
            ("upgrade", 500..) | (_, 5_000..) => 3,
            (_, _) => 7,
        }
    }

    fn read_and_hash(&self) -> Duration {
        let start = Instant::now();
        for entry in fs::read_dir(self.home.path().join("ours")).unwrap() {
            black_box(Sha256::digest(fs::read(entry.unwrap().path()).unwrap()));
        }
        start.elapsed()
    }

    fn ours(&self, arguments: &[&str]) -> Duration {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .arg("--child")
            .arg(arguments[0])
            .arg(self.home.path().join("ours"));
        timed(command.args(&arguments[1..]))
    }

    fn alembic(&self, arguments: &[&str]) -> Duration {
        let python = self.python.as_deref().unwrap_or("python3");
        let ini = self.home.path().join("alembic/alembic.ini");
        let mut command = Command::new(python);
        command.args(["-m", "alembic", "-c"]).arg(ini).args(arguments);
        timed(command.stdout(Stdio::null()).stderr(Stdio::null()))
    }
}

fn has_alembic(python: &str) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import alembic, sqlalchemy, psycopg"]);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command.status().unwrap();
    let elapsed = start.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    elapsed
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn times(time: Duration, base: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() / base.as_secs_f64())
}
