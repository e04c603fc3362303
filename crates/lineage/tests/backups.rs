//! Backups before something is lost, and rehearsals on them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lineage::pg::{BackupOptions, BackupPolicy, Engine, EngineError, EngineOptions, PgConnectOptions};
use lineage::{Chain, Exit, Report as _, Target};
use support::{number, run};

const T: (&str, &str) = (
    "CREATE TABLE t (id int PRIMARY KEY, n int);\nINSERT INTO t VALUES (1, 1);",
    "DROP TABLE t;",
);
const ADDS: (&str, &str) = ("CREATE INDEX t_n ON t (n);", "DROP INDEX t_n;");
const DROPS: (&str, &str) = (
    "ALTER TABLE t DROP COLUMN n;",
    "ALTER TABLE t ADD COLUMN n int;\nCREATE INDEX t_n ON t (n);",
);

fn engine(parts: &[(&str, &str)], backup: Option<BackupOptions>) -> Engine {
    let files = parts.iter().enumerate().map(|(at, (up, down))| {
        let parent = if at == 0 { "base".to_owned() } else { format!("r{at}") };
        let text = format!(
            "-- lineage: 1\n-- id: r{}\n-- parent: {parent}\n-- title: number {at}\n\n-- >> up\n{up}\n-- >> down\n{down}\n",
            at + 1
        );
        (format!("{at}.sql"), text)
    });
    let options = EngineOptions {
        backup,
        ..EngineOptions::default()
    };
    Engine::new(Chain::from_files(files), options)
}

fn into(directory: &Path, policy: BackupPolicy) -> BackupOptions {
    BackupOptions {
        policy,
        directory: directory.to_owned(),
        programs: None,
    }
}

fn files(directory: &Path) -> usize {
    std::fs::read_dir(directory).map_or(0, Iterator::count)
}

async fn at_second() -> PgConnectOptions {
    let database = support::database().await;
    engine(&[T, ADDS], None)
        .upgrade(&database, &Target::Head)
        .await
        .unwrap();
    database
}

#[tokio::test]
async fn a_backup_is_taken_when_the_policy_says_so() {
    for (policy, after_adding, after_dropping) in [
        (BackupPolicy::Never, 0, 0),
        (BackupPolicy::Destructive, 0, 1),
        (BackupPolicy::Always, 1, 2),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let database = support::database().await;
        let engine = engine(&[T, ADDS, DROPS], Some(into(dir.path(), policy)));
        engine.upgrade(&database, &Target::Forward(1)).await.unwrap();
        assert_eq!(files(dir.path()), 0, "there was nothing to lose yet");
        engine.upgrade(&database, &Target::Forward(1)).await.unwrap();
        assert_eq!(files(dir.path()), after_adding, "{policy:?}");
        engine.upgrade(&database, &Target::Forward(1)).await.unwrap();
        assert_eq!(files(dir.path()), after_dropping, "{policy:?}");
        engine.upgrade(&database, &Target::Head).await.unwrap();
        assert_eq!(
            files(dir.path()),
            after_dropping,
            "a run with nothing to do takes none"
        );
    }
}

#[tokio::test]
async fn a_backup_that_cannot_be_taken_stops_the_run() {
    let database = at_second().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let engine = engine(&[T, ADDS, DROPS], Some(into(&file, BackupPolicy::Destructive)));
    let error = engine.upgrade(&database, &Target::Head).await.unwrap_err();
    assert!(matches!(error, EngineError::Backup(_)), "{error}");
    let mut conn = support::connect(&database).await;
    assert_eq!(
        number(&mut conn, "SELECT count(n) FROM t").await,
        1,
        "nothing was dropped"
    );
}

#[tokio::test]
async fn what_is_pending_is_rehearsed_on_the_newest_backup() {
    let database = at_second().await;
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(&[T, ADDS, DROPS], Some(into(dir.path(), BackupPolicy::Never)));
    let none = engine
        .rehearse(&database, None, async |_: &PgConnectOptions| Vec::new())
        .await
        .unwrap_err();
    assert!(none.to_string().contains("no backup is recorded"), "{none}");
    let backup = engine.backup(&database).await.unwrap();
    let permissions = std::fs::metadata(&backup.file).unwrap().permissions();
    assert_eq!(permissions.mode() & 0o077, 0, "nobody else may read the data");
    let mut conn = support::connect(&database).await;
    run(&mut conn, "INSERT INTO t VALUES (2, 2)").await;
    let report = engine
        .rehearse(&database, None, async |scratch: &PgConnectOptions| {
            let mut conn = support::connect(scratch).await;
            vec![format!(
                "{} row",
                number(&mut conn, "SELECT count(*) FROM t").await
            )]
        })
        .await
        .unwrap();
    assert_eq!(
        (report.backup, report.from.as_deref()),
        (backup.file.clone(), Some("r2"))
    );
    let [dropped] = &report.revisions[..] else {
        panic!("{:?}", report.revisions)
    };
    assert!(dropped.down_ms.is_some() && dropped.locks[0].table == "public.t");
    assert_eq!(dropped.locks[0].mode, "AccessExclusiveLock");
    assert_eq!(
        report.breaches,
        ["1 row"],
        "the row that came after the backup is not in it"
    );
    assert_eq!(
        number(&mut conn, "SELECT count(n) FROM t").await,
        2,
        "the database itself was not touched"
    );
    std::fs::write(&backup.file, "something else").unwrap();
    let error = engine
        .rehearse(&database, None, async |_: &PgConnectOptions| Vec::new())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("is not the file that was recorded"),
        "{error}"
    );
}

#[tokio::test]
async fn a_rehearsal_that_fails_shows_where() {
    let database = at_second().await;
    let dir = tempfile::tempdir().unwrap();
    let unique = ("CREATE UNIQUE INDEX t_one ON t ((1));", "DROP INDEX t_one;");
    let engine = engine(&[T, ADDS, unique], Some(into(dir.path(), BackupPolicy::Never)));
    let mut conn = support::connect(&database).await;
    run(&mut conn, "INSERT INTO t VALUES (2, 2)").await;
    engine.backup(&database).await.unwrap();
    let report = engine
        .rehearse(&database, None, async |_: &PgConnectOptions| {
            vec!["never asked".to_owned()]
        })
        .await
        .unwrap();
    assert_eq!((report.exit(), report.breaches.len()), (Exit::Findings, 0));
    let text = report.render_text();
    assert!(
        text.contains("2.sql:7:1") && text.contains("could not create unique index"),
        "{text}"
    );
}
