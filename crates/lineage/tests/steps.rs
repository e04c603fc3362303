//! Revisions without a transaction: step by step, and on from where they stopped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use lineage::pg::{Engine, EngineError, EngineOptions, MoveReport, PgConnectOptions};
use lineage::{Chain, Exit, Report as _, Rule, Target};
use support::{number, run};

const TABLE: (&str, &str) = ("CREATE TABLE t (id int PRIMARY KEY, n int);", "DROP TABLE t;");

/// A table, then one revision without a transaction.
fn engine(up: &str, down: &str) -> Engine {
    let text = |id: &str, parent: &str, transaction: &str, up: &str, down: &str| {
        format!(
            "-- lineage: 1\n-- id: {id}\n-- parent: {parent}\n-- title: about {id}\n-- transaction: {transaction}\n\n\
             -- >> up\n{up}\n-- >> down\n{down}\n"
        )
    };
    let files = [
        ("1.sql", text("r1", "base", "yes", TABLE.0, TABLE.1)),
        ("2.sql", text("r2", "r1", "no", up, down)),
    ];
    Engine::new(Chain::from_files(files), EngineOptions::default())
}

async fn with_table() -> PgConnectOptions {
    let database = support::database().await;
    let first = Target::Forward(1);
    engine("SELECT 1;", "SELECT 1;")
        .upgrade(&database, &first)
        .await
        .unwrap();
    database
}

async fn upgrade(engine: &Engine, database: &PgConnectOptions) -> Result<MoveReport, EngineError> {
    engine.upgrade(database, &Target::Head).await
}

#[track_caller]
fn rule(error: &EngineError) -> Rule {
    error.findings()[0].rule
}

const INDEX: &str = "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_n ON t (n);";
const NO_INDEX: &str = "DROP INDEX CONCURRENTLY IF EXISTS t_n;";
const IS_WHOLE: &str = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('t_n') AND indisvalid";

#[tokio::test]
async fn an_index_is_built_and_dropped_concurrently() {
    let database = with_table().await;
    let engine = engine(
        &format!("{INDEX}\nINSERT INTO t VALUES (1, 1);"),
        &format!("DELETE FROM t;\n{NO_INDEX}"),
    );
    let report = upgrade(&engine, &database).await.unwrap();
    let done = &report.revisions[0];
    assert_eq!(
        (&done.tables_affected[..], &done.indexes_created[..]),
        (&["public.t".to_owned()][..], &["public.t_n".to_owned()][..])
    );
    let mut conn = support::connect(&database).await;
    assert_eq!(number(&mut conn, IS_WHOLE).await, 1);
    assert_eq!(
        number(
            &mut conn,
            "SELECT count(*) FROM lineage.step WHERE state = 'done'"
        )
        .await,
        2
    );
    let without_files = Engine::new(Chain::default(), EngineOptions::default());
    let report = without_files
        .downgrade(&database, &Target::Back(1))
        .await
        .unwrap();
    assert_eq!(report.current.as_deref(), Some("r1"));
    assert_eq!(number(&mut conn, IS_WHOLE).await, 0);
    assert_eq!(
        number(&mut conn, "SELECT count(*) FROM lineage.step").await,
        0,
        "nothing is left of the steps"
    );
}

#[tokio::test]
async fn an_invalid_index_behind_a_guard_is_dropped_and_built_again() {
    let database = with_table().await;
    let mut conn = support::connect(&database).await;
    run(&mut conn, "CREATE INDEX t_n ON t (n); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_n'::regclass").await;
    let before = number(&mut conn, "SELECT 't_n'::regclass::oid::bigint").await;
    upgrade(&engine(INDEX, NO_INDEX), &database).await.unwrap();
    assert_eq!(number(&mut conn, IS_WHOLE).await, 1);
    assert_ne!(
        number(&mut conn, "SELECT 't_n'::regclass::oid::bigint").await,
        before
    );
}

#[tokio::test]
async fn a_guard_does_not_hide_another_definition() {
    let database = with_table().await;
    let mut conn = support::connect(&database).await;
    run(&mut conn, "CREATE INDEX t_n ON t (n DESC)").await;
    let error = upgrade(&engine(INDEX, NO_INDEX), &database).await.unwrap_err();
    assert_eq!(rule(&error), Rule::D02, "{error}");
    run(
        &mut conn,
        "DROP INDEX t_n; CREATE INDEX t_n ON t USING btree (n ASC)",
    )
    .await;
    upgrade(&engine(INDEX, NO_INDEX), &database).await.unwrap();
}

#[tokio::test]
async fn a_failed_step_stops_there_may_be_corrected_and_goes_on() {
    let database = with_table().await;
    let mut conn = support::connect(&database).await;
    let first = "INSERT INTO t VALUES (1, 7), (2, 7);";
    let unique = "CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n);";
    let down = format!("DELETE FROM t;\n{NO_INDEX}");
    let wrong = engine(&format!("{first}\n{unique}"), &down);
    let error = upgrade(&wrong, &database).await.unwrap_err();
    assert_eq!((error.exit(), error.sqlstate()), (Exit::SqlFailed, Some("23505")));
    assert_eq!(
        number(&mut conn, "SELECT count(*) FROM pg_index WHERE NOT indisvalid").await,
        0
    );
    let check = wrong.check(&mut conn).await.unwrap();
    assert_eq!(check.exit(), Exit::Interrupted, "{}", check.render_text());
    assert!(
        check
            .render_text()
            .contains("`r2` was interrupted while it was being applied")
    );
    let error = upgrade(
        &engine(&format!("INSERT INTO t VALUES (3, 8);\n{INDEX}"), &down),
        &database,
    )
    .await
    .unwrap_err();
    assert_eq!(rule(&error), Rule::T01, "a step that is done may not change");
    let right = engine(&format!("{first}\n{INDEX}"), &down);
    let report = right.resume(&database).await.unwrap();
    assert_eq!(report.current.as_deref(), Some("r2"));
    assert_eq!(
        number(&mut conn, "SELECT count(*) FROM t").await,
        2,
        "the first step was not done twice"
    );
    assert_eq!(
        number(
            &mut conn,
            "SELECT count(*) FROM lineage.event WHERE kind = 'resumed'"
        )
        .await,
        1
    );
    assert!(
        right.resume(&database).await.unwrap().revisions.is_empty(),
        "nothing left to resume"
    );
    assert_eq!(
        right.check(&mut conn).await.unwrap().found.findings,
        [],
        "a picture was kept, and it is true"
    );
}

#[tokio::test]
async fn what_was_interrupted_can_be_taken_back_instead() {
    let database = with_table().await;
    let up = "INSERT INTO t VALUES (1, 7), (2, 7);\nCREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n);";
    let engine = engine(up, "DROP INDEX CONCURRENTLY IF EXISTS t_n;\nDELETE FROM t;");
    upgrade(&engine, &database).await.unwrap_err();
    let report = engine.downgrade(&database, &Target::Back(1)).await.unwrap();
    assert_eq!(report.current.as_deref(), Some("r1"));
    let mut conn = support::connect(&database).await;
    assert_eq!(number(&mut conn, "SELECT count(*) FROM t").await, 0);
    assert_eq!(number(&mut conn, "SELECT count(*) FROM lineage.step").await, 0);
}

#[tokio::test]
async fn an_interrupted_way_back_is_resumed_and_not_climbed_over() {
    let database = with_table().await;
    let engine = engine(
        "INSERT INTO t VALUES (1, 1);",
        "DELETE FROM t;\nSELECT 1 / (SELECT count(*) FROM t);",
    );
    upgrade(&engine, &database).await.unwrap();
    engine.downgrade(&database, &Target::Back(1)).await.unwrap_err();
    let error = upgrade(&engine, &database).await.unwrap_err();
    assert_eq!((error.exit(), rule(&error)), (Exit::Interrupted, Rule::S01));
    let mut conn = support::connect(&database).await;
    run(&mut conn, "INSERT INTO t VALUES (2, 2)").await;
    let report = engine.resume(&database).await.unwrap();
    assert_eq!(report.current.as_deref(), Some("r1"));
}

#[tokio::test]
async fn settings_are_made_again_and_a_probe_decides() {
    let database = with_table().await;
    let mut conn = support::connect(&database).await;
    run(&mut conn, "CREATE SCHEMA s; CREATE PROCEDURE s.fill() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.t VALUES (1, 1); COMMIT; END $$").await;
    let up = |last: &str| {
        format!("SET search_path = s;\n-- probe: SELECT EXISTS (SELECT FROM public.t)\nCALL fill();\n{last}")
    };
    let error = upgrade(&engine(&up("SELECT 1 / 0;"), "SELECT 1;"), &database)
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("22012"));
    // As after a crash between the statement and its record.
    run(&mut conn, "UPDATE lineage.step SET state = 'running' WHERE n = 2").await;
    upgrade(&engine(&up("CREATE TABLE made_here ();"), "SELECT 1;"), &database)
        .await
        .unwrap();
    assert_eq!(
        number(
            &mut conn,
            "SELECT count(*) FROM pg_class WHERE oid = to_regclass('s.made_here')"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn a_half_detached_partition_is_finished() {
    let database = with_table().await;
    let mut conn = support::connect(&database).await;
    run(&mut conn, "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)").await;
    run(
        &mut conn,
        "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass",
    )
    .await;
    let up = "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;";
    upgrade(
        &engine(
            up,
            "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (9);",
        ),
        &database,
    )
    .await
    .unwrap();
    assert_eq!(number(&mut conn, "SELECT count(*) FROM pg_inherits").await, 0);
}

#[test]
fn a_step_nobody_could_settle_is_refused_before_it_runs() {
    let chain = engine("CREATE INDEX CONCURRENTLY ON t (n);", "COMMIT;");
    let rules: Vec<Rule> = chain
        .chain()
        .findings()
        .iter()
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(rules, [Rule::I04, Rule::L25]);
}
