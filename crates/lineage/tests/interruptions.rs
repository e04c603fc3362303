//! The runner is killed, or its connection breaks at the worst moment.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lineage::pg::{Engine, EngineOptions, PgConnectOptions};
use lineage::{Chain, Target};
use support::number;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

const LONG: usize = 40;
/// Where the killed process finds its database.
const SOCKET: &str = "LINEAGE_TEST_SOCKET";
const DATABASE: &str = "LINEAGE_TEST_DATABASE";

fn engine(revisions: usize) -> Engine {
    let files = (1..=revisions).map(|n| {
        let parent = if n == 1 { "base".to_owned() } else { format!("r{}", n - 1) };
        let text = format!(
            "-- lineage: 1\n-- id: r{n}\n-- parent: {parent}\n\n-- >> up\n\
             CREATE TABLE t{n} (id int PRIMARY KEY);\nSELECT pg_sleep(0.01);\nINSERT INTO t{n} VALUES ({n});\n\
             -- >> down\nDROP TABLE t{n};\n"
        );
        (format!("{n}.sql"), text)
    });
    Engine::new(Chain::from_files(files), EngineOptions::default())
}

/// Each revision recorded once, with all it made.
async fn assert_each_applied_once(database: &PgConnectOptions, revisions: usize) {
    let mut conn = support::connect(database).await;
    let expected = i64::try_from(revisions).unwrap();
    assert_eq!(
        number(
            &mut conn,
            "SELECT count(*) FROM lineage.revision WHERE state = 'applied'"
        )
        .await,
        expected
    );
    assert_eq!(
        number(
            &mut conn,
            "SELECT count(*) FROM lineage.event WHERE kind = 'upgrade'"
        )
        .await,
        expected
    );
    let tables = "SELECT count(*) FROM pg_stat_user_tables WHERE relname ~ '^t[0-9]+$'";
    assert_eq!(number(&mut conn, tables).await, expected);
    for n in 1..=revisions {
        assert_eq!(number(&mut conn, &format!("SELECT count(*) FROM t{n}")).await, 1);
    }
}

fn runner(database: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_process_that_is_killed", "--ignored"]);
    command.env(SOCKET, support::socket()).env(DATABASE, database);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

#[tokio::test]
#[ignore = "started and killed by the test below"]
#[allow(
    clippy::disallowed_methods,
    reason = "a process is told its database by its environment"
)]
async fn the_process_that_is_killed() {
    let (Ok(socket), Ok(name)) = (std::env::var(SOCKET), std::env::var(DATABASE)) else {
        return;
    };
    let database = PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .username("postgres")
        .database(&name);
    engine(LONG).upgrade(&database, &Target::Head).await.unwrap();
}

#[tokio::test]
async fn kill_minus_nine_again_and_again_leaves_each_revision_applied_once() {
    let database = support::database().await;
    let name = database.get_database().unwrap().to_owned();
    let mut conn = support::connect(&database).await;
    let mut kills = 0;
    let mut before = 0;
    loop {
        let mut child = runner(&name);
        // Killed somewhere inside the revision after the next one.
        let ended = loop {
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            let seen = "SELECT CASE WHEN to_regclass('lineage.revision') IS NULL THEN 0 ELSE \
                        (xpath('/row/c/text()', query_to_xml('SELECT count(*) AS c FROM lineage.revision', false, true, '')))[1]::text::bigint END";
            let now = number(&mut conn, seen).await;
            if now > before {
                before = now;
                break false;
            }
        };
        if ended {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills >= 5, "only {kills} runners were killed");
    engine(LONG).upgrade(&database, &Target::Head).await.unwrap();
    assert_each_applied_once(&database, LONG).await;
}

#[derive(Clone, Copy)]
enum Loses {
    TheCommit,
    ItsReply,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_at_commit_is_settled_by_reading_the_row() {
    for loses in [Loses::TheCommit, Loses::ItsReply] {
        let database = support::database().await;
        let dir = tempfile::tempdir().unwrap();
        let broken = Arc::new(AtomicBool::new(false));
        let mut proxy = JoinSet::new();
        proxy.spawn(relay_all(dir.path().to_owned(), loses, broken.clone()));
        while !dir.path().join(".s.PGSQL.5432").exists() {
            tokio::task::yield_now().await;
        }
        let through = database.clone().socket(dir.path());
        let report = engine(3).upgrade(&through, &Target::Head).await.unwrap();
        assert!(broken.load(Ordering::Relaxed), "the proxy broke nothing");
        assert_eq!(report.revisions.len(), 3);
        assert_each_applied_once(&database, 3).await;
    }
}

/// A proxy that breaks the first connection which sends a COMMIT of its own.
async fn relay_all(dir: PathBuf, loses: Loses, broken: Arc<AtomicBool>) {
    let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).unwrap();
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = UnixStream::connect(support::socket().join(".s.PGSQL.5432"))
            .await
            .unwrap();
        connections.spawn(relay(client, server, loses, broken.clone()));
    }
}

async fn relay(mut client: UnixStream, mut server: UnixStream, loses: Loses, broken: Arc<AtomicBool>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            count = client.read(&mut asked) => {
                let Some(sent) = count.ok().filter(|count| *count > 0).map(|count| &asked[..count]) else { return };
                if sent == b"Q\0\0\0\x0bCOMMIT\0" && !broken.swap(true, Ordering::Relaxed) {
                    if matches!(loses, Loses::ItsReply) {
                        server.write_all(sent).await.unwrap();
                        let answer = server.read(&mut answered).await.unwrap();
                        assert!(answer > 0, "the server did not answer");
                    }
                    return;
                }
                server.write_all(sent).await.unwrap();
            }
            count = server.read(&mut answered) => {
                let Some(count) = count.ok().filter(|count| *count > 0) else { return };
                if client.write_all(&answered[..count]).await.is_err() { return }
            }
        }
    }
}
