//! The embedded PostgreSQL as its user meets it: real servers, real kills. Works as root (with a service
//! user) and as an ordinary user.
#![allow(
    clippy::disallowed_methods,
    reason = "a test starts itself as a second process and tells it where"
)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test it helps"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use db::embedded::{
    EmbeddedError, EmbeddedOptions, EmbeddedPostgres, EmbeddedState, ForeignDatabase, check_foreign_database,
};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};

/// Far more than anything here needs; reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(90);
const DIR_VARIABLE: &str = "MAGFLOW_TEST_EMBEDDED_DIR";

struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // The service user of root must be able to pass.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        Self { dir }
    }

    fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn cluster(&self) -> PathBuf {
        self.data_dir().join("postgres/data")
    }

    fn options(&self) -> EmbeddedOptions {
        EmbeddedOptions {
            data_dir: self.data_dir(),
            pg_bin_dir: None,
        }
    }

    async fn start(&self) -> EmbeddedPostgres {
        EmbeddedPostgres::start(self.options()).await.unwrap()
    }
}

async fn open(server: &EmbeddedPostgres, database: &str) -> PgConnection {
    PgConnection::connect(&server.url(database)).await.unwrap()
}

async fn fill(server: &EmbeddedPostgres) {
    server.ensure_database("magflow").await.unwrap();
    let mut connection = open(server, "magflow").await;
    sqlx::raw_sql("CREATE TABLE kept (name text); INSERT INTO kept VALUES ('Șurubelniță')")
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn kept(server: &EmbeddedPostgres) -> String {
    let mut connection = open(server, "magflow").await;
    sqlx::query_scalar("SELECT string_agg(name, ',') FROM kept")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

fn is_alive(pid: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !stat.rsplit_once(") ").unwrap().1.starts_with('Z'),
        Err(_) => false,
    }
}

fn port_of(server: &EmbeddedPostgres) -> u16 {
    let state = server.state().borrow().clone();
    let EmbeddedState::Running { port, .. } = state else {
        panic!("not running: {state:?}")
    };
    port
}

/// This test binary again, as a MagFlow of its own that starts the server, fills it and waits to be killed.
struct OtherMagFlow {
    process: Child,
    postmaster: u32,
}

impl OtherMagFlow {
    fn start(home: &Home) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "other_magflow", "--ignored", "--nocapture"])
            .env(DIR_VARIABLE, home.data_dir())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ready = home.dir.path().join("ready");
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            if let Ok(text) = std::fs::read_to_string(&ready)
                && let Ok(postmaster) = text.trim().parse()
            {
                return Self { process, postmaster };
            }
            assert!(
                process.try_wait().unwrap().is_none(),
                "the other MagFlow ended before it was ready"
            );
            assert!(
                std::time::Instant::now() < deadline,
                "the other MagFlow did not become ready"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(mut self) -> u32 {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.postmaster
    }
}

#[tokio::test]
#[ignore = "not a test: the body of the second process"]
async fn other_magflow() {
    let Some(data_dir) = std::env::var_os(DIR_VARIABLE) else {
        return;
    };
    let data_dir = PathBuf::from(data_dir);
    let server = EmbeddedPostgres::start(EmbeddedOptions {
        data_dir: data_dir.clone(),
        pg_bin_dir: None,
    })
    .await
    .unwrap();
    fill(&server).await;
    let ready = data_dir.parent().unwrap().join("ready");
    std::fs::write(ready.with_extension("new"), server.pid().unwrap().to_string()).unwrap();
    std::fs::rename(ready.with_extension("new"), ready).unwrap();
    tokio::time::sleep(PATIENCE).await;
}

#[tokio::test]
async fn a_fresh_start_gives_a_durable_romanian_database_that_only_its_password_opens() {
    let home = Home::new();
    let server = home.start().await;
    server.ensure_database("magflow").await.unwrap();
    server.ensure_database("magflow").await.unwrap();
    let mut connection = open(&server, "magflow").await;
    sqlx::raw_sql("CREATE EXTENSION pg_trgm")
        .execute(&mut connection)
        .await
        .unwrap();
    let checks = [
        ("SELECT lower('ȘȚĂ')", "șță"),
        ("SELECT (cardinality(show_trgm('电池')) > 0)::text", "true"),
        (
            "SELECT string_agg(w, '' ORDER BY w) FROM unnest(ARRAY['t','ț','s','ș','a','ă','â','z']) AS w",
            "aăâsștțz",
        ),
        ("SHOW fsync", "on"),
        ("SHOW full_page_writes", "on"),
        ("SHOW synchronous_commit", "on"),
        ("SHOW listen_addresses", "127.0.0.1"),
        ("SHOW server_encoding", "UTF8"),
        ("SHOW data_checksums", "on"),
    ];
    for (sql, expected) in checks {
        let found: String = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, expected, "{sql}");
    }
    assert!(matches!(
        check_foreign_database(&mut connection).await.unwrap(),
        ForeignDatabase::AsOurs(_)
    ));

    let strange = server.url("magflow").replace("://magflow:", "://magflow:0");
    let refused = PgConnection::connect(&strange).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "28P01");
    let secret = std::fs::metadata(home.data_dir().join("postgres.secret")).unwrap();
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    assert!(!home.data_dir().join("postgres.initpw").exists());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn databases_made_otherwise_are_told_apart() {
    let home = Home::new();
    let server = home.start().await;
    let mut connection = open(&server, "postgres").await;
    let make = [
        "CREATE DATABASE plain_c TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'",
        "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'",
        "CREATE DATABASE libc TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'",
    ];
    for sql in make {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    let cases = [
        ("plain_c", "refused"),
        ("ascii", "refused"),
        ("libc", "finding"),
        ("postgres", "as ours"),
    ];
    for (name, expected) in cases {
        let found = match check_foreign_database(&mut open(&server, name).await).await {
            Ok(ForeignDatabase::AsOurs(_)) => "as ours",
            Ok(ForeignDatabase::OtherLocale(_)) => "finding",
            Err(_) => "refused",
        };
        assert_eq!(found, expected, "{name}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_clean_stop_ends_the_server_and_the_next_start_has_the_data_and_the_port() {
    let home = Home::new();
    let server = home.start().await;
    fill(&server).await;
    let (pid, port) = (server.pid().unwrap(), port_of(&server));
    server.stop().await.unwrap();
    server.stop().await.unwrap();
    assert_eq!(server.pid(), None);
    assert!(!is_alive(pid));
    assert!(!home.cluster().join("postmaster.pid").exists());
    drop(server);

    let again = home.start().await;
    assert_eq!(kept(&again).await, "Șurubelniță");
    assert_eq!(port_of(&again), port);
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_magflow_on_the_same_directory_is_refused_and_harms_nothing() {
    let home = Home::new();
    let server = home.start().await;
    fill(&server).await;
    let pid = server.pid().unwrap();
    let refused = EmbeddedPostgres::start(home.options()).await.unwrap_err();
    let EmbeddedError::InUse { pid: holder, .. } = &refused else {
        panic!("{refused}")
    };
    assert_eq!(*holder, Some(std::process::id()));
    assert!(
        refused
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{refused}"
    );
    assert_eq!(server.pid(), Some(pid));
    assert_eq!(kept(&server).await, "Șurubelniță");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_is_started_again_with_its_data() {
    let home = Home::new();
    let server = home.start().await;
    fill(&server).await;
    let mut state = server.supervise();
    for _ in 0..2 {
        let killed = server.pid().unwrap();
        kill(killed);
        let back =
            |state: &EmbeddedState| matches!(state, EmbeddedState::Running { pid, .. } if *pid != killed);
        tokio::time::timeout(PATIENCE, state.wait_for(back))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept(&server).await, "Șurubelniță");
    }
    server.stop().await.unwrap();
    assert_eq!(*server.state().borrow(), EmbeddedState::Stopped);
}

#[tokio::test]
async fn a_server_that_cannot_come_back_is_given_up_and_says_why() {
    let home = Home::new();
    let server = home.start().await;
    fill(&server).await;
    let mut state = server.supervise();
    std::fs::remove_file(home.cluster().join("global/pg_control")).unwrap();
    kill(server.pid().unwrap());
    let given_up = |state: &EmbeddedState| matches!(state, EmbeddedState::Failed { .. });
    let last = tokio::time::timeout(PATIENCE, state.wait_for(given_up))
        .await
        .unwrap()
        .unwrap()
        .clone();
    let EmbeddedState::Failed { reason } = last else {
        panic!("{last:?}")
    };
    assert!(
        reason.contains("damaged") && reason.contains("global/pg_control"),
        "{reason}"
    );
    assert!(
        home.cluster().join("base").exists(),
        "nothing that may hold data is removed"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_outlived_a_killed_magflow_is_taken_over() {
    let home = Home::new();
    let postmaster = OtherMagFlow::start(&home).kill();
    assert!(is_alive(postmaster));
    let server = home.start().await;
    assert_eq!(server.pid(), Some(postmaster), "reattached, not restarted");
    assert_eq!(kept(&server).await, "Șurubelniță");

    let mut state = server.supervise();
    kill(postmaster);
    let back =
        |state: &EmbeddedState| matches!(state, EmbeddedState::Running { pid, .. } if *pid != postmaster);
    tokio::time::timeout(PATIENCE, state.wait_for(back))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept(&server).await, "Șurubelniță");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_survivor_with_other_settings_is_stopped_and_started_anew() {
    let home = Home::new();
    let postmaster = OtherMagFlow::start(&home).kill();
    let config = home.data_dir().join("postgres.conf");
    let text = std::fs::read_to_string(&config)
        .unwrap()
        .replace("max_connections = 60", "max_connections = 61");
    std::fs::write(&config, text).unwrap();
    let server = home.start().await;
    assert_ne!(server.pid(), Some(postmaster));
    assert!(!is_alive(postmaster));
    assert_eq!(kept(&server).await, "Șurubelniță");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn magflow_and_its_server_both_killed_come_back() {
    let home = Home::new();
    let other = OtherMagFlow::start(&home);
    kill(other.postmaster);
    let postmaster = other.kill();
    assert!(
        home.cluster().join("postmaster.pid").exists(),
        "the dead server's pid file is there"
    );
    let server = home.start().await;
    assert_ne!(server.pid(), Some(postmaster));
    assert_eq!(kept(&server).await, "Șurubelniță");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_naming_an_unrelated_process_neither_blocks_the_start_nor_harms_that_process() {
    let home = Home::new();
    let server = home.start().await;
    fill(&server).await;
    server.stop().await.unwrap();
    drop(server);
    let mut bystander = Command::new("sleep").arg("600").spawn().unwrap();
    let cluster = home.cluster();
    let stale = format!("{}\n{}\n1700000000\n23456\n", bystander.id(), cluster.display());
    std::fs::write(cluster.join("postmaster.pid"), stale).unwrap();
    let again = home.start().await;
    assert_eq!(kept(&again).await, "Șurubelniță");
    again.stop().await.unwrap();
    assert!(bystander.try_wait().unwrap().is_none());
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[tokio::test]
async fn what_a_killed_initdb_left_is_redone() {
    let home = Home::new();
    let server = home.start().await;
    server.stop().await.unwrap();
    drop(server);
    // Killed half-way in its own place, and in ours before any database was made.
    let root = home.data_dir().join("postgres");
    std::fs::rename(root.join("data"), root.join("data.new-0badcafe")).unwrap();
    std::fs::create_dir_all(root.join("data/base/1")).unwrap();
    std::fs::write(root.join("data/PG_VERSION"), "15\n").unwrap();
    let again = home.start().await;
    again.ensure_database("magflow").await.unwrap();
    let names = names_in(&root);
    assert!(
        !names.iter().any(|name| name.starts_with("data.new-")),
        "{names:?}"
    );
    assert!(
        names.iter().any(|name| name.starts_with("data.incomplete-")),
        "set aside, not removed: {names:?}"
    );
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_magflow_killed_while_it_makes_the_cluster_leaves_nothing_broken() {
    let home = Home::new();
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "other_magflow", "--ignored"])
        .env(DIR_VARIABLE, home.data_dir())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let root = home.data_dir().join("postgres");
    let deadline = std::time::Instant::now() + PATIENCE;
    while !names_in(&root).iter().any(|name| name.starts_with("data.new-")) {
        assert!(std::time::Instant::now() < deadline, "initdb never began");
        std::thread::sleep(Duration::from_millis(2));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let server = home.start().await;
    fill(&server).await;
    assert_eq!(kept(&server).await, "Șurubelniță");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_port_that_somebody_took_meanwhile_is_replaced() {
    let home = Home::new();
    let server = home.start().await;
    fill(&server).await;
    let port = port_of(&server);
    server.stop().await.unwrap();
    drop(server);
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let again = home.start().await;
    assert_ne!(port_of(&again), port);
    assert_eq!(kept(&again).await, "Șurubelniță");
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_lost_password_file_is_told_and_the_data_left_alone() {
    let home = Home::new();
    let server = home.start().await;
    server.stop().await.unwrap();
    drop(server);
    let secret = home.data_dir().join("postgres.secret");
    let text = std::fs::read_to_string(&secret).unwrap();
    std::fs::write(&secret, "").unwrap();
    let refused = EmbeddedPostgres::start(home.options()).await.unwrap_err();
    assert!(matches!(refused, EmbeddedError::NoSecret { .. }), "{refused}");
    std::fs::write(&secret, text).unwrap();
    home.start().await.stop().await.unwrap();
}

#[tokio::test]
async fn missing_programs_are_told_with_the_place_and_the_cure() {
    let home = Home::new();
    let options = EmbeddedOptions {
        data_dir: home.data_dir(),
        pg_bin_dir: Some(PathBuf::from("/nowhere")),
    };
    let refused = EmbeddedPostgres::start(options).await.unwrap_err().to_string();
    assert!(
        refused.contains("/nowhere") && refused.contains("apt-get install postgresql"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_directory_closed_to_the_service_user_is_told_by_name() {
    if !rustix::process::geteuid().is_root() {
        // An ordinary user runs the server as himself: there is no service user to shut out.
        return;
    }
    let home = Home::new();
    std::fs::set_permissions(home.dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let refused = EmbeddedPostgres::start(home.options()).await.unwrap_err();
    let EmbeddedError::ClosedParent { dir, .. } = &refused else {
        panic!("{refused}")
    };
    assert_eq!(dir, home.dir.path());
    assert!(refused.to_string().contains("chmod o+x"), "{refused}");
}

fn names_in(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
