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
use std::time::{Duration, Instant};

use lineage::pg::{Engine, EngineOptions, PgConnectOptions, Snapshot};
use lineage::{Chain, Target};
use support::number;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// Revisions of the chain whose runners are killed; every fifth builds an index concurrently.
const LONG: usize = 50;
const EVERY: usize = 5;
/// Kills in an ordinary run of the tests; another number comes from the environment.
const KILLS: u32 = 12;
const KILLS_WANTED: &str = "LINEAGE_TEST_KILLS";
/// Where the killed process finds its database.
const SOCKET: &str = "LINEAGE_TEST_SOCKET";
const DATABASE: &str = "LINEAGE_TEST_DATABASE";
/// Long enough for a runner to begin, do a few revisions, and be killed inside one.
const LIFE_MAX_MS: u64 = 400;

fn engine(revisions: usize) -> Engine {
    let files = (1..=revisions).map(|n| {
        let parent = if n == 1 {
            "base".to_owned()
        } else {
            format!("r{}", n - 1)
        };
        let body = if n % EVERY == 0 {
            concurrent(n)
        } else {
            transactional(n)
        };
        (
            format!("{n}.sql"),
            format!("-- lineage: 1\n-- id: r{n}\n-- parent: {parent}\n{body}"),
        )
    });
    Engine::new(Chain::from_files(files), EngineOptions::default())
}

fn transactional(n: usize) -> String {
    format!(
        "\n-- >> up\nCREATE TABLE t{n} (id int PRIMARY KEY, n int);\nSELECT pg_sleep(0.01);\n\
         INSERT INTO t{n} SELECT n, n FROM generate_series(1, {ROWS}) AS n;\n-- >> down\nDROP TABLE t{n};\n"
    )
}

/// Two kinds of step, and between them one that would be seen if it were done twice.
fn concurrent(n: usize) -> String {
    let table = n - 1;
    format!(
        "-- transaction: no\n\n-- >> up\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i{n} ON t{table} (n, id);\n\
         INSERT INTO t{table} VALUES ({ROWS} + 1, 0);\nREINDEX INDEX CONCURRENTLY i{n};\n\
         CREATE INDEX CONCURRENTLY j{n} ON t{table} (n DESC) WHERE n > 3;\n\
         -- >> down\nDROP INDEX CONCURRENTLY IF EXISTS j{n};\nDROP INDEX CONCURRENTLY IF EXISTS i{n};\n"
    )
}

/// Enough for the building of an index to take a few milliseconds.
const ROWS: i64 = 20_000;

/// Each revision recorded once, with all it made, and the schema that of an undisturbed run.
async fn assert_as_undisturbed(database: &PgConnectOptions, revisions: usize) {
    let mut conn = support::connect(database).await;
    let expected = i64::try_from(revisions).unwrap();
    for once in [
        "SELECT count(*) FROM lineage.revision WHERE state = 'applied'",
        "SELECT count(*) FROM lineage.event WHERE kind = 'upgrade'",
    ] {
        assert_eq!(number(&mut conn, once).await, expected, "{once}");
    }
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive)";
    assert_eq!(number(&mut conn, invalid).await, 0);
    for n in (1..=revisions).filter(|n| n % EVERY != 0) {
        let stepped = (n + 1) % EVERY == 0 && n < revisions;
        let rows = ROWS + i64::from(stepped);
        assert_eq!(
            number(&mut conn, &format!("SELECT count(*) FROM t{n}")).await,
            rows,
            "t{n}"
        );
    }
    let undisturbed = support::database().await;
    engine(revisions)
        .upgrade(&undisturbed, &Target::Head)
        .await
        .unwrap();
    let mut other = support::connect(&undisturbed).await;
    assert_eq!(
        Snapshot::read(&mut conn, &[]).await.unwrap().fingerprint(),
        Snapshot::read(&mut other, &[]).await.unwrap().fingerprint()
    );
    assert_eq!(
        engine(revisions).check(&mut conn).await.unwrap().found.findings,
        []
    );
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

/// `LINEAGE_TEST_KILLS=200 cargo nextest run -p lineage kill_minus_nine` kills two hundred runners.
#[tokio::test]
#[allow(
    clippy::disallowed_methods,
    reason = "how long a test may take is said from outside"
)]
async fn kill_minus_nine_again_and_again_leaves_each_revision_applied_once() {
    let wanted = std::env::var(KILLS_WANTED)
        .ok()
        .and_then(|text| text.parse().ok());
    let wanted: u32 = wanted.unwrap_or(KILLS);
    let mut chance = u64::from(std::process::id());
    let (mut kills, mut inside_a_step, mut rounds) = (0, 0, 0);
    // Goes on until one of the kills met a step; a bound, should there never be one.
    let goes_on = |kills: u32, inside: i64| kills < wanted || (inside == 0 && kills < wanted * 5);
    while goes_on(kills, inside_a_step) {
        rounds += 1;
        let database = support::database().await;
        let mut conn = support::connect(&database).await;
        while goes_on(kills, inside_a_step) && kill_one(&database, &mut chance).await {
            kills += 1;
            let half = "SELECT CASE WHEN to_regclass('lineage.step') IS NULL THEN 0 ELSE \
                        (xpath('/row/c/text()', query_to_xml('SELECT count(*) AS c FROM lineage.revision WHERE state = ''applying''', false, true, '')))[1]::text::bigint END";
            inside_a_step += number(&mut conn, half).await;
        }
        drop(conn);
        engine(LONG).upgrade(&database, &Target::Head).await.unwrap();
        assert_as_undisturbed(&database, LONG).await;
    }
    println!(
        "{kills} runners were killed in {rounds} rounds, {inside_a_step} inside a revision without a transaction"
    );
    assert!(inside_a_step > 0, "no kill met a step");
}

/// True if a runner was killed, false if it had ended by itself.
async fn kill_one(database: &PgConnectOptions, chance: &mut u64) -> bool {
    let mut child = runner(database.get_database().unwrap());
    *chance = chance
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    let life = Duration::from_millis((*chance >> 33) % LIFE_MAX_MS);
    let ended = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        while began.elapsed() < life {
            if child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        false
    });
    !ended.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_runners_at_once_do_what_one_would() {
    let database = support::database().await;
    let mut runners = JoinSet::new();
    for _ in 0..8 {
        let database = database.clone();
        runners.spawn(async move { engine(LONG).upgrade(&database, &Target::Head).await });
    }
    let mut applied = 0;
    while let Some(outcome) = runners.join_next().await {
        applied += outcome.unwrap().unwrap().revisions.len();
    }
    assert_eq!(applied, LONG);
    assert_as_undisturbed(&database, LONG).await;
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
        assert_as_undisturbed(&database, 3).await;
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
