//! The runner's connection: poolers are refused, and whoever is at work is named.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use lineage::pg::{Engine, EngineError, EngineOptions};
use lineage::{Chain, Exit, Report as _, Rule, Target};
use sqlx::postgres::PgSslMode;
use support::{number, run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

const INDEX: &str =
    "-- transaction: no\n\n-- >> up\nCREATE INDEX CONCURRENTLY t_n ON t (n);\n-- >> down\nDROP INDEX t_n;\n";
const TABLE: &str = "\n-- >> up\nCREATE TABLE t (n int);\n-- >> down\nDROP TABLE t;\n";

fn engine() -> Engine {
    let files = [
        (
            "1.sql",
            format!("-- lineage: 1\n-- id: r1\n-- parent: base\n{TABLE}"),
        ),
        (
            "2.sql",
            format!("-- lineage: 1\n-- id: r2\n-- parent: r1\n{INDEX}"),
        ),
    ];
    let options = EngineOptions {
        lock_wait: Duration::from_millis(200),
        ..EngineOptions::default()
    };
    Engine::new(Chain::from_files(files), options)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_changes_servers_between_statements_is_refused() {
    let database = support::database().await;
    let dir = tempfile::tempdir().unwrap();
    let mut pooler = JoinSet::new();
    pooler.spawn(pool(dir.path().to_owned()));
    while !dir.path().join(".s.PGSQL.5432").exists() {
        tokio::task::yield_now().await;
    }
    // Without encryption the first message is the start of the session, which the pooler below understands.
    let through = database.clone().socket(dir.path()).ssl_mode(PgSslMode::Disable);
    let error = engine().upgrade(&through, &Target::Head).await.unwrap_err();
    assert!(matches!(error, EngineError::Pooler), "{error}");
    assert_eq!(error.exit(), Exit::Usage);
    let mut conn = support::connect(&database).await;
    let made = "SELECT count(*) FROM pg_namespace WHERE nspname = 'lineage'";
    assert_eq!(
        number(&mut conn, made).await,
        0,
        "nothing was done before the refusal"
    );
    engine().upgrade(&database, &Target::Head).await.unwrap();
}

/// Each client gets two servers, and each of its requests the next of them.
async fn pool(dir: PathBuf) {
    let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).unwrap();
    let mut clients = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        clients.spawn(serve(client));
    }
}

async fn serve(mut client: UnixStream) {
    let path = support::socket().join(".s.PGSQL.5432");
    let mut servers = [
        UnixStream::connect(&path).await.unwrap(),
        UnixStream::connect(&path).await.unwrap(),
    ];
    let Some(startup) = message(&mut client, 0).await else {
        return;
    };
    for (at, server) in servers.iter_mut().enumerate() {
        server.write_all(&startup).await.unwrap();
        let greeting = answer(server).await;
        if at == 0 {
            client.write_all(&greeting).await.unwrap();
        }
    }
    let mut next = 0;
    let mut request = Vec::new();
    while let Some(part) = message(&mut client, 1).await {
        let is_whole = matches!(part.first(), Some(b'Q' | b'S'));
        request.extend(part);
        if is_whole {
            servers[next].write_all(&request).await.unwrap();
            request.clear();
            let answer = answer(&mut servers[next]).await;
            client.write_all(&answer).await.unwrap();
            next = 1 - next;
        }
    }
}

/// One message, whose length stands after so many bytes.
async fn message(from: &mut UnixStream, before: usize) -> Option<Vec<u8>> {
    let mut head = vec![0; before + 4];
    from.read_exact(&mut head).await.ok()?;
    let length: [u8; 4] = head[before..].try_into().unwrap();
    let rest = usize::try_from(u32::from_be_bytes(length)).unwrap() - 4;
    let start = head.len();
    head.resize(start + rest, 0);
    from.read_exact(&mut head[start..]).await.ok()?;
    Some(head)
}

/// Everything up to "ready for the next".
async fn answer(server: &mut UnixStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(part) = message(server, 1).await {
        let is_last = part.first() == Some(&b'Z');
        all.extend(part);
        if is_last {
            break;
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_waits_is_named_together_with_what_it_waits_for() {
    let database = support::database().await;
    engine().upgrade(&database, &Target::Forward(1)).await.unwrap();
    let mut old = support::connect(&database).await;
    run(
        &mut old,
        "BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO t VALUES (1)",
    )
    .await;
    let blocker = number(&mut old, "SELECT pg_backend_pid()::bigint").await;
    let mut waiting = JoinSet::new();
    let through = database.clone();
    waiting.spawn(async move { engine().upgrade(&through, &Target::Head).await });
    let mut conn = support::connect(&database).await;
    let status = loop {
        let status = engine().status(&mut conn).await.unwrap();
        if status
            .runner
            .as_ref()
            .is_some_and(|runner| !runner.waits_for.is_empty())
        {
            break status;
        }
        tokio::task::yield_now().await;
    };
    let runner = status.runner.as_ref().unwrap();
    assert_eq!(
        (
            runner.application.as_str(),
            runner
                .waits_for
                .iter()
                .map(|pid| i64::from(*pid))
                .collect::<Vec<_>>()
        ),
        ("lineage r2", vec![blocker])
    );
    assert!(
        status
            .render_text()
            .contains(&format!("it waits for pid {blocker}")),
        "{}",
        status.render_text()
    );
    let finding = &status.found.findings[0];
    assert_eq!(
        (finding.rule, finding.is_error(), status.exit()),
        (Rule::S05, false, Exit::Fine)
    );
    let error = engine().upgrade(&database, &Target::Head).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Busy, "{error}");
    run(&mut old, "COMMIT").await;
    waiting.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(engine().status(&mut conn).await.unwrap().runner, None);
}
