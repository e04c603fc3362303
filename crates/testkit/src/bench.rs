//! The throw-away PostgreSQL server behind all tests.
//!
//! The first test process starts it under a lock; a watchdog shell stops and removes it when no test has touched it
//! for ten minutes. Durability is off: nothing in it is worth keeping.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection};

pub(crate) struct Server {
    port: u16,
}

impl Server {
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn home() -> PathBuf {
    std::env::temp_dir().join(format!("magflow-test-{}", rustix::process::geteuid().as_raw()))
}

/// PostgreSQL refuses to run as root; then everything runs as the packaged service user.
fn as_service_user(program: &Path) -> Command {
    if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(program);
        return command;
    }
    Command::new(program)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the bench belongs to no process that reads settings"
)]
fn bin_dir() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|dir| {
            dir.filter_map(Result::ok)
                .map(|entry| entry.path().join("bin"))
                .collect()
        })
        .unwrap_or_default();
    found.retain(|dir| dir.join("initdb").is_file());
    found.sort();
    found
        .pop()
        .or_else(|| {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path).find(|dir| dir.join("initdb").is_file())
        })
        .expect("PostgreSQL 15 or newer is needed for tests: ./dev test installs it")
}

/// The running server; starts it when nobody has.
pub(crate) fn server() -> Server {
    let home = home();
    fs::create_dir_all(&home).expect("a place for the test server");
    let lock = File::create(home.join("lock")).expect("a lock file");
    flock(&lock, FlockOperation::LockExclusive).expect("the lock");
    fs::write(home.join("used"), b"").expect("a heartbeat");
    if let Some(port) = running(&home) {
        return Server { port };
    }
    start(&home)
}

fn running(home: &Path) -> Option<u16> {
    let port: u16 = fs::read_to_string(home.join("port")).ok()?.trim().parse().ok()?;
    std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    Some(port)
}

fn start(home: &Path) -> Server {
    let cluster = home.join("cluster");
    // A leftover of a killed machine.
    if cluster.exists() {
        fs::remove_dir_all(&cluster).expect("the old test cluster can be removed");
    }
    fs::create_dir_all(&cluster).expect("a cluster directory");
    if is_root() {
        assert!(
            run(Command::new("chown").arg("postgres").arg(&cluster)),
            "chown to the service user postgres"
        );
    }
    let bin = bin_dir();
    let data = cluster.join("data");
    let mut initdb = as_service_user(&bin.join("initdb"));
    initdb
        .args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ])
        .args(["--locale-provider=icu", "--icu-locale=ro-RO", "-D"])
        .arg(&data);
    assert!(run(&mut initdb), "initdb of the test server");
    let port = free_port();
    let options = format!(
        "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off -c full_page_writes=off \
         -c synchronous_commit=off -c max_connections=300 -c shared_buffers=128MB -c autovacuum=on -c wal_level=minimal \
         -c max_wal_senders=0",
        cluster.display()
    );
    let mut start = as_service_user(&bin.join("pg_ctl"));
    start
        .arg("-D")
        .arg(&data)
        .arg("-o")
        .arg(options)
        .arg("-l")
        .arg(cluster.join("log"))
        .args(["-w", "start"]);
    assert!(
        run(&mut start),
        "start of the test server; see {}",
        cluster.join("log").display()
    );
    fs::write(home.join("port"), port.to_string()).expect("the port file");
    watch(home, &bin, &data);
    Server { port }
}

fn run(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// Stops the server when it has been idle for ten minutes.
fn watch(home: &Path, bin: &Path, data: &Path) {
    let script = r#"
        while sleep 20; do
            [ -n "$(find "$1/used" -mmin -10 2>/dev/null)" ] && continue
            "$2/pg_ctl" -D "$3" -m immediate stop
            exit
        done"#;
    let mut watchdog = as_service_user(Path::new("/bin/sh"));
    watchdog
        .args(["-c", script, "watchdog"])
        .arg(home)
        .arg(bin)
        .arg(data);
    let started = watchdog
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    drop(started.expect("the watchdog starts"));
}

pub(crate) fn create_database(name: &str) -> String {
    format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'ro-RO' \
         LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
    )
}

pub(crate) async fn execute(server: &Server, sql: &str) {
    let mut conn = PgConnection::connect(&server.url("postgres"))
        .await
        .expect("the test server answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut conn)
        .await
        .expect("a test bench statement");
    conn.close().await.expect("a clean goodbye");
}

/// Name of the template database for the migrations as they are now.
pub(crate) async fn template(server: &Server) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut files: Vec<_> = fs::read_dir(&dir)
        .expect("the migrations")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "sql"))
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    let mut texts = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).expect("a revision");
        hash.update(&text);
        texts.push((
            path.file_name().expect("a name").to_string_lossy().into_owned(),
            text,
        ));
    }
    let digest = hash.finalize();
    let name = digest
        .iter()
        .take(8)
        .fold("tpl_".to_owned(), |name, byte| format!("{name}{byte:02x}"));
    let lock = File::create(home().join("template-lock")).expect("a lock file");
    flock(&lock, FlockOperation::LockExclusive).expect("the lock");
    let mut conn = PgConnection::connect(&server.url("postgres"))
        .await
        .expect("the test server answers");
    let ready: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut conn)
        .await
        .expect("the list of databases");
    if !ready {
        let unfinished = format!("{name}_new");
        execute(
            server,
            &format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
        )
        .await;
        execute(server, &create_database(&unfinished)).await;
        fill(server, &unfinished, texts).await;
        execute(server, &format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    }
    name
}

async fn fill(server: &Server, database: &str, texts: Vec<(String, String)>) {
    let url = server.url(database);
    let engine = lineage::pg::Engine::new(
        lineage::Chain::from_files(texts),
        lineage::pg::EngineOptions::default(),
    );
    let options = url.parse().expect("an address");
    engine
        .upgrade(&options, &lineage::Target::Head)
        .await
        .unwrap_or_else(|error| panic!("{}", error.render_text()));
    let pool = db::Db::connect(&url, db::PoolOptions::default())
        .await
        .expect("the new template");
    jobs::migrate(&pool).await.expect("the queue's schema");
    pool.close().await;
}

/// Removes a test's database; the watchdog removes what this cannot.
pub(crate) fn drop_database(name: &str) {
    let Some(port) = running(&home()) else { return };
    let mut dropdb = Command::new(bin_dir().join("dropdb"));
    dropdb.args([
        "--force",
        "--if-exists",
        "-U",
        "postgres",
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        name,
    ]);
    run(&mut dropdb);
}
