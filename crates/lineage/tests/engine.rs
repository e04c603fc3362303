//! The runner against a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lineage::pg::{
    AppliedRevision, Engine, EngineError, EngineOptions, FailureClass, Observer, PgConnectOptions,
};
use lineage::{Chain, Direction, Exit, Report as _, Rule, Target};
use support::{number, run};

type Files = Vec<(String, String)>;

fn file(id: &str, parent: &str, up: &str, rest: &str) -> (String, String) {
    let text = format!(
        "-- lineage: 1\n-- id: {id}\n-- parent: {parent}\n-- title: about {id}\n\n-- >> up\n{up}\n{rest}\n"
    );
    (format!("{id}.sql"), text)
}

fn three() -> Files {
    vec![
        file(
            "r1",
            "base",
            "CREATE TABLE a (id int PRIMARY KEY);",
            "-- >> down\nDROP TABLE a;",
        ),
        file(
            "r2",
            "r1",
            "CREATE INDEX a_id ON a (id);\nALTER TABLE a ADD COLUMN n int;",
            "-- >> down\nALTER TABLE a DROP COLUMN n;\nDROP INDEX a_id;",
        ),
        file(
            "r3",
            "r2",
            "INSERT INTO a VALUES (1, 2);",
            "-- >> down\nDELETE FROM a;\n-- >> check\nSELECT count(*) = 1 FROM a;",
        ),
    ]
}

fn engine(files: &Files) -> Engine {
    engine_with(files, EngineOptions::default())
}

fn engine_with(files: &Files, options: EngineOptions) -> Engine {
    Engine::new(
        Chain::from_files(files.iter().map(|(name, text)| (name, text))),
        options,
    )
}

async fn upgrade(files: &Files, database: &PgConnectOptions) -> Result<Vec<AppliedRevision>, EngineError> {
    engine(files)
        .upgrade(database, &Target::Head)
        .await
        .map(|report| report.revisions)
}

fn rules(error: &EngineError) -> Vec<Rule> {
    error.findings().iter().map(|finding| finding.rule).collect()
}

#[tokio::test]
async fn upgrade_says_what_each_revision_changed_and_a_second_one_does_nothing() {
    let database = support::database().await;
    let done = upgrade(&three(), &database).await.unwrap();
    let seen: Vec<_> = done
        .iter()
        .map(|r| {
            (
                r.revision.as_str(),
                r.tables_affected.clone(),
                r.indexes_created.clone(),
            )
        })
        .collect();
    let names = |list: &[&str]| {
        list.iter()
            .map(|name| format!("public.{name}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        seen,
        [
            ("r1", names(&["a"]), names(&["a_pkey"])),
            ("r2", names(&["a"]), names(&["a_id"])),
            ("r3", names(&["a"]), names(&[])),
        ]
    );
    assert_eq!(upgrade(&three(), &database).await.unwrap(), []);
    let mut conn = support::connect(&database).await;
    let report = engine(&three()).check(&mut conn).await.unwrap();
    assert_eq!(
        (report.exit(), report.current.as_deref()),
        (Exit::Fine, Some("r3"))
    );
    assert_eq!(number(&mut conn, "SELECT count(*) FROM lineage.event").await, 3);
}

#[tokio::test]
async fn guarded_statements_that_did_nothing_and_other_schemas_are_not_counted() {
    let database = support::database().await;
    let mut conn = support::connect(&database).await;
    run(
        &mut conn,
        "CREATE SCHEMA theirs; CREATE TABLE b (id int); CREATE TABLE c (id int)",
    )
    .await;
    let up = "ALTER TABLE b ADD COLUMN IF NOT EXISTS id int;\n\
              CREATE TABLE theirs.x (id int);\n\
              DO $$ BEGIN BEGIN EXECUTE 'ALTER TABLE c ALTER COLUMN id SET NOT NULL'; EXCEPTION WHEN others THEN RAISE; END; END $$;";
    let files = vec![file("r1", "base", up, "-- irreversible: a test")];
    let options = EngineOptions {
        external_schemas: vec!["theirs".to_owned()],
        ..EngineOptions::default()
    };
    let report = engine_with(&files, options)
        .upgrade(&database, &Target::Head)
        .await
        .unwrap();
    assert_eq!(report.revisions[0].tables_affected, ["public.c"]);
}

#[tokio::test]
async fn a_wrong_statement_is_shown_at_its_place_and_leaves_nothing_of_its_revision() {
    let database = support::database().await;
    let mut files = three();
    files[1] = file(
        "r2",
        "r1",
        "CREATE TABLE b (id int);\n-- ă\nINSERT INTO b\n  SELECT nothing FROM a;",
        "-- >> down\nDROP TABLE b;",
    );
    let error = upgrade(&files, &database).await.unwrap_err();
    let finding = &error.findings()[0];
    assert_eq!((error.exit(), error.sqlstate()), (Exit::SqlFailed, Some("42703")));
    assert_eq!(
        (
            finding.place.file.as_str(),
            finding.place.line,
            finding.place.column
        ),
        ("r2.sql", 10, 10),
        "{}",
        finding.render_text()
    );
    let mut conn = support::connect(&database).await;
    assert_eq!(
        number(&mut conn, "SELECT count(*) FROM pg_class WHERE relname = 'b'").await,
        0
    );
    let status = engine(&files).status(&mut conn).await.unwrap();
    assert_eq!((status.current.as_deref(), status.pending.len()), (Some("r1"), 2));
}

#[tokio::test]
async fn a_check_that_is_not_true_rolls_its_revision_back() {
    for check in [
        "SELECT false;",
        "SELECT NULL::boolean;",
        "SELECT true WHERE false;",
        "SELECT 1;",
        "SELECT true; SELECT n <> n FROM a;",
    ] {
        let database = support::database().await;
        let mut files = three();
        files[2] = file(
            "r3",
            "r2",
            "INSERT INTO a VALUES (1, 2);",
            &format!("-- irreversible: a test\n-- >> check\n{check}"),
        );
        let error = upgrade(&files, &database).await.unwrap_err();
        assert_eq!(
            (error.exit(), rules(&error)),
            (Exit::SqlFailed, vec![Rule::Q02]),
            "{check}"
        );
        let mut conn = support::connect(&database).await;
        assert_eq!(number(&mut conn, "SELECT count(*) FROM a").await, 0, "{check}");
    }
}

#[tokio::test]
async fn downgrade_restores_without_the_files_and_refuses_what_has_no_way_back() {
    let database = support::database().await;
    let mut files = three();
    files[0] = file(
        "r1",
        "base",
        "CREATE TABLE a (id int PRIMARY KEY);",
        "-- irreversible: the beginning",
    );
    upgrade(&files, &database).await.unwrap();
    let empty = engine(&Vec::new());
    let report = empty
        .downgrade(&database, &Target::Revision("r1".to_owned()))
        .await
        .unwrap();
    let ids: Vec<&str> = report
        .revisions
        .iter()
        .map(|done| done.revision.as_str())
        .collect();
    assert_eq!((ids, report.current.as_deref()), (vec!["r3", "r2"], Some("r1")));
    let mut conn = support::connect(&database).await;
    assert_eq!(
        number(
            &mut conn,
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'n'"
        )
        .await,
        0
    );
    let error = empty.downgrade(&database, &Target::Base).await.unwrap_err();
    assert_eq!((error.exit(), rules(&error)), (Exit::Findings, vec![Rule::R05]));
    assert_eq!(upgrade(&files, &database).await.unwrap().len(), 2);
    let error = empty.downgrade(&database, &Target::Back(9)).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
}

#[tokio::test]
async fn an_applied_revision_that_was_edited_lost_or_is_unknown_stops_upgrade() {
    let more = file(
        "r4",
        "r3",
        "CREATE TABLE d (id int);",
        "-- >> down\nDROP TABLE d;",
    );
    let edited = |text: &str| text.replace("n int", "n bigint");
    let cases: Vec<(&str, Rule, Files)> = vec![
        (
            "edited",
            Rule::T01,
            three()
                .into_iter()
                .map(|(n, t)| (n, edited(&t)))
                .chain([more.clone()])
                .collect(),
        ),
        (
            "lost",
            Rule::T03,
            three()
                .into_iter()
                .filter(|(n, _)| n != "r2.sql")
                .map(|(n, t)| (n, t.replace("parent: r2", "parent: r1")))
                .chain([more])
                .collect(),
        ),
        ("unknown", Rule::S04, three().into_iter().take(2).collect()),
    ];
    for (what, rule, files) in cases {
        let database = support::database().await;
        upgrade(&three(), &database).await.unwrap();
        let error = upgrade(&files, &database).await.unwrap_err();
        assert!(rules(&error).contains(&rule), "{what}: {error}");
        assert_eq!(error.exit(), Exit::Findings);
        let mut conn = support::connect(&database).await;
        let check = engine(&files).check(&mut conn).await.unwrap();
        assert!(
            check.found.findings.iter().any(|finding| finding.rule == rule),
            "{what}: {}",
            check.render_text()
        );
        assert!(!engine(&files).health(&mut conn).await.unwrap().is_ready());
    }
}

#[tokio::test]
async fn comments_and_line_endings_may_change_after_a_revision_was_applied() {
    let database = support::database().await;
    upgrade(&three(), &database).await.unwrap();
    let files: Files = three()
        .into_iter()
        .map(|(n, t)| {
            (
                n,
                t.replace("CREATE TABLE", "create  table /* x */")
                    .replace('\n', "\r\n"),
            )
        })
        .collect();
    assert_eq!(upgrade(&files, &database).await.unwrap(), []);
    let mut conn = support::connect(&database).await;
    let check = engine(&files).check(&mut conn).await.unwrap();
    assert_eq!((check.exit(), check.found.summary.notes), (Exit::Fine, 3));
}

#[tokio::test]
async fn targets_lead_part_of_the_way() {
    let database = support::database().await;
    let engine = engine(&three());
    let ids = |report: lineage::pg::MoveReport| {
        report
            .revisions
            .into_iter()
            .map(|r| r.revision)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(engine.upgrade(&database, &Target::Forward(1)).await.unwrap()),
        ["r1"]
    );
    let mut conn = support::connect(&database).await;
    assert_eq!(
        engine.plan(&mut conn, &Target::Head).await.unwrap().steps.len(),
        2
    );
    assert_eq!(
        ids(engine
            .upgrade(&database, &Target::Revision("r2".to_owned()))
            .await
            .unwrap()),
        ["r2"]
    );
    assert_eq!(
        ids(engine.downgrade(&database, &Target::Back(1)).await.unwrap()),
        ["r2"]
    );
    assert_eq!(
        engine.current(&mut conn).await.unwrap().current.as_deref(),
        Some("r1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_runners_on_an_empty_database_apply_each_revision_once() {
    let database = support::database().await;
    let mut files = three();
    for n in 4..30 {
        files.push(file(
            &format!("r{n}"),
            &format!("r{}", n - 1),
            &format!("CREATE TABLE t{n} (id int);"),
            "-- irreversible: a test",
        ));
    }
    let mut runners = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (files, database) = (files.clone(), database.clone());
        runners.spawn(async move { upgrade(&files, &database).await.unwrap().len() });
    }
    let applied: usize = runners.join_all().await.into_iter().sum();
    assert_eq!(applied, 29);
    let mut conn = support::connect(&database).await;
    assert_eq!(number(&mut conn, "SELECT count(*) FROM lineage.event").await, 29);
}

#[tokio::test]
async fn another_runner_that_does_not_end_is_named() {
    let database = support::database().await;
    let files = vec![file(
        "slow",
        "base",
        "SELECT pg_sleep(600);",
        "-- irreversible: a test",
    )];
    let slow = engine(&files);
    let waiting = engine_with(
        &three(),
        EngineOptions {
            lock_wait: Duration::ZERO,
            ..EngineOptions::default()
        },
    );
    let look = async {
        let mut conn = support::connect(&database).await;
        let asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND datname = current_database()";
        while number(&mut conn, asleep).await == 0 {
            tokio::task::yield_now().await;
        }
        waiting.upgrade(&database, &Target::Head).await.unwrap_err()
    };
    let error = tokio::select! {
        error = look => error,
        _ = slow.upgrade(&database, &Target::Head) => panic!("the slow runner ended first"),
    };
    assert_eq!(error.exit(), Exit::Busy);
    let EngineError::Busy {
        holder: Some(holder), ..
    } = error
    else {
        panic!("no holder: {error}")
    };
    assert_eq!(holder.application, "lineage slow");
    assert!(holder.query.starts_with("SELECT pg_sleep"), "{holder:?}");
}

#[tokio::test]
async fn a_locked_table_is_waited_for_by_trying_again() {
    let database = support::database().await;
    upgrade(&three()[..1].to_vec(), &database).await.unwrap();
    let mut other = support::connect(&database).await;
    run(&mut other, "BEGIN; LOCK TABLE a").await;
    let options = EngineOptions {
        lock_timeout: Duration::from_millis(50),
        ..EngineOptions::default()
    };
    let engine = engine_with(&three(), options);
    let error = engine.upgrade(&database, &Target::Head).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("55P03"));
    let EngineError::Sql(failure) = &error else {
        panic!("{error}")
    };
    assert_eq!(failure.attempts, 5);
    run(&mut other, "ROLLBACK").await;
    assert_eq!(
        engine
            .upgrade(&database, &Target::Head)
            .await
            .unwrap()
            .revisions
            .len(),
        2
    );
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn applied(&self, direction: Direction, revision: &AppliedRevision) {
        self.0
            .lock()
            .unwrap()
            .push(format!("{} {}", direction.as_str(), revision.revision));
    }

    fn failed(&self, class: FailureClass, sqlstate: Option<&str>) {
        self.0
            .lock()
            .unwrap()
            .push(format!("{} {}", class.as_str(), sqlstate.unwrap_or("-")));
    }

    fn lock_waited(&self, _waited: Duration) {}
}

#[tokio::test]
async fn an_observer_hears_of_success_and_failure() {
    let database = support::database().await;
    let heard = Arc::new(Heard::default());
    let mut files = three();
    files[1].1 = files[1].1.replace("ADD COLUMN n", "ADD COLUMN id");
    let options = EngineOptions {
        observer: Some(heard.clone()),
        ..EngineOptions::default()
    };
    engine_with(&files, options)
        .upgrade(&database, &Target::Head)
        .await
        .unwrap_err();
    assert_eq!(*heard.0.lock().unwrap(), ["up r1", "sql 42701"]);
}

#[tokio::test]
async fn settings_made_by_one_revision_do_not_reach_the_next() {
    let database = support::database().await;
    let files = vec![
        file(
            "r1",
            "base",
            "CREATE SCHEMA s; SET search_path = s; CREATE TABLE a (id int);",
            "-- irreversible: a test",
        ),
        file("r2", "r1", "CREATE TABLE b (id int);", "-- irreversible: a test"),
    ];
    let done = upgrade(&files, &database).await.unwrap();
    assert_eq!(
        (&done[0].tables_affected[0], &done[1].tables_affected[0]),
        (&"s.a".to_owned(), &"public.b".to_owned())
    );
}

#[tokio::test]
async fn an_unsound_chain_never_reaches_the_database() {
    let database = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(1);
    let mut files = three();
    files.push(file("r4", "r2", "SELECT 1;", "-- irreversible: a test"));
    let error = upgrade(&files, &database).await.unwrap_err();
    assert_eq!((error.exit(), rules(&error)), (Exit::Findings, vec![Rule::G02]));
    let error = upgrade(&three(), &database).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Unreachable);
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_tells_what_each_revision_did() {
    let database = support::database().await;
    let written = Written::default();
    let sink = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(move || sink.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    engine(&three())
        .upgrade(&database, &Target::Forward(2))
        .await
        .unwrap();
    engine(&three())
        .downgrade(&database, &Target::Back(1))
        .await
        .unwrap();
    drop(guard);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let events: Vec<_> = lines
        .filter(|line| line["event"] == "migration_applied")
        .collect();
    let seen: Vec<_> = events
        .iter()
        .map(|e| {
            format!(
                "{} {} {} {}",
                e["revision"], e["direction"], e["tables_affected"], e["indexes_created"]
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            r#""r1" "up" "[\"public.a\"]" "[\"public.a_pkey\"]""#,
            r#""r2" "up" "[\"public.a\"]" "[\"public.a_id\"]""#,
            r#""r2" "down" "[\"public.a\"]" "[]""#,
        ]
    );
    assert!(
        events
            .iter()
            .all(|event| event["duration_ms"].is_i64() && event["attempts"] == 1)
    );
}

#[tokio::test]
async fn a_guard_inside_a_transaction_does_not_hide_another_definition() {
    let database = support::database().await;
    let mut files = three();
    files[1].1 = files[1]
        .1
        .replace("INDEX a_id ON a (id)", "INDEX IF NOT EXISTS a_id ON a (id)");
    upgrade(&files[..1].to_vec(), &database).await.unwrap();
    let mut conn = support::connect(&database).await;
    run(&mut conn, "CREATE INDEX a_id ON a (id DESC)").await;
    let error = upgrade(&files, &database).await.unwrap_err();
    assert_eq!(rules(&error), [Rule::D02], "{error}");
    assert_eq!(error.findings()[0].place.line, 7);
    assert_eq!(
        number(&mut conn, "SELECT count(*) FROM lineage.revision").await,
        1
    );
    run(
        &mut conn,
        "DROP INDEX a_id; CREATE INDEX a_id ON a USING btree (id)",
    )
    .await;
    let valid =
        |yes: bool| format!("UPDATE pg_index SET indisvalid = {yes} WHERE indexrelid = 'a_id'::regclass");
    run(&mut conn, &valid(false)).await;
    let error = upgrade(&files, &database).await.unwrap_err();
    assert_eq!(rules(&error), [Rule::S02], "{error}");
    run(&mut conn, &valid(true)).await;
    assert_eq!(
        upgrade(&files, &database).await.unwrap().len(),
        2,
        "the same definition is welcome"
    );
}
