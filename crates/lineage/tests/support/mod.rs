//! A throw-away PostgreSQL for these tests: one cluster on a unix socket, shared by all test processes that
//! run at the same time, stopped and deleted when the last of them ends. Missing binaries fail the test.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, raw_sql};

/// Held shared by every test process; the one that gets it alone may stop the cluster.
struct Cluster {
    _user: File,
    socket: PathBuf,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// An empty database of its own.
pub(crate) async fn database() -> PgConnectOptions {
    let server = server();
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut conn = connect(&server.clone().database("postgres")).await;
    let sql = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
    raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    server.database(&name)
}

/// A copy of a database that nobody is connected to.
pub(crate) async fn copy(of: &PgConnectOptions) -> PgConnectOptions {
    let server = server();
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut conn = connect(&server.clone().database("postgres")).await;
    let sql = format!("CREATE DATABASE {name} TEMPLATE {}", of.get_database().unwrap());
    raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    server.database(&name)
}

pub(crate) async fn connect(options: &PgConnectOptions) -> PgConnection {
    options
        .clone()
        .disable_statement_logging()
        .connect()
        .await
        .unwrap()
}

/// Runs statements that must succeed.
pub(crate) async fn run(conn: &mut PgConnection, sql: &str) {
    raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(conn)
        .await
        .unwrap();
}

/// The one number a query gives.
pub(crate) async fn number(conn: &mut PgConnection, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(conn)
        .await
        .unwrap()
}

/// The directory of the cluster's socket.
pub(crate) fn socket() -> PathBuf {
    CLUSTER.get_or_init(start).socket.clone()
}

fn server() -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket())
        .port(5432)
        .username("postgres")
}

fn start() -> Cluster {
    let home = std::env::temp_dir().join("lineage-test-postgres");
    fs::create_dir_all(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    let user = File::create(home.join("users.lock")).unwrap();
    user.lock_shared().unwrap();
    let starting = File::create(home.join("start.lock")).unwrap();
    starting.lock().unwrap();
    let data = home.join("data");
    if !data.join("ready").exists() {
        launch(&home, &data);
    }
    Cluster {
        _user: user,
        socket: data,
    }
}

fn launch(home: &Path, data: &Path) {
    let bin = binaries();
    // What an interrupted run may have left: nobody uses it, as the watcher below would have waited for them.
    if data.join("postmaster.pid").exists() {
        postgres(&bin, "pg_ctl", &["stop", "-m", "immediate", "-D", path(data)]);
    }
    if data.exists() {
        fs::remove_dir_all(data).unwrap();
    }
    fs::create_dir(data).unwrap();
    if let Some((uid, gid)) = service_user() {
        chown(data, Some(uid), Some(gid)).unwrap();
    }
    succeed(&postgres(
        &bin,
        "initdb",
        &[
            "-D",
            path(data),
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
        ],
    ));
    let settings = format!(
        "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c full_page_writes=off -c max_connections=200",
        path(data)
    );
    let log = data.join("log");
    succeed(&postgres(
        &bin,
        "pg_ctl",
        &["start", "-w", "-D", path(data), "-l", path(&log), "-o", &settings],
    ));
    fs::write(data.join("ready"), "").unwrap();
    watch(home, data, &bin);
}

#[allow(
    clippy::zombie_processes,
    reason = "the watcher outlives the tests on purpose"
)]
/// Waits, outside of any test, until no test process is left; then stops the cluster and deletes it.
fn watch(home: &Path, data: &Path, bin: &Path) {
    let stop = format!(
        "'{}' stop -m immediate -D '{}'",
        path(&bin.join("pg_ctl")),
        path(data)
    );
    let stop = if service_user().is_some() {
        format!("setpriv --reuid=postgres --regid=postgres --clear-groups {stop}")
    } else {
        stop
    };
    let script = format!(
        "flock -x '{}' sh -c \"{stop}; rm -rf '{}'\"",
        path(&home.join("users.lock")),
        path(data)
    );
    let mut watcher = Command::new("setsid");
    watcher
        .args(["sh", "-c", &script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    watcher.spawn().unwrap();
}

fn postgres(bin: &Path, program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(bin.join(program));
    command.args(arguments).current_dir("/").stdin(Stdio::null());
    // pg_ctl leaves the server behind; with a pipe the server would keep it open for ever.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((uid, gid)) = service_user() {
        command.uid(uid).gid(gid);
    }
    command.output().unwrap()
}

#[track_caller]
fn succeed(output: &Output) {
    assert!(
        output.status.success(),
        "PostgreSQL could not be set up for the tests: {output:?}"
    );
}

/// The newest installed server, or a message that says what to install.
fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    found.extend(["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].map(PathBuf::from));
    found.retain(|bin| bin.join("initdb").exists());
    found.sort();
    found.into_iter().find(|bin| bin.starts_with("/usr/lib/postgresql")).unwrap_or_else(|| {
        panic!("these tests need PostgreSQL 15 or newer: install the package `postgresql` (initdb was not found)")
    })
}

/// PostgreSQL refuses to run as root; then the package's user `postgres` does.
fn service_user() -> Option<(u32, u32)> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let fields: Vec<&str> = line
        .expect("as root these tests need the user `postgres`")
        .split(':')
        .collect();
    Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
