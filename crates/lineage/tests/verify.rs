//! Chains proved in shadow databases, and databases stamped after a proof.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use lineage::pg::{Engine, EngineOptions, KeptSchema, Snapshot};
use lineage::{Chain, Exit, Finding, Report as _, Rule, Target};
use support::{number, run};

/// Revisions as `(id, parents, up, down)`.
fn engine(revisions: &[(&str, &str, &str, &str)]) -> Engine {
    let files = revisions.iter().map(|(id, parents, up, down)| {
        let text = format!(
            "-- lineage: 1\n-- id: {id}\n-- parents: {parents}\n-- title: about {id}\n\n-- >> up\n{up}\n-- >> down\n{down}\n"
        );
        (format!("{id}.sql"), text)
    });
    Engine::new(Chain::from_files(files), EngineOptions::default())
}

fn told(findings: &[Finding]) -> Vec<String> {
    let errors = findings.iter().filter(|finding| finding.is_error());
    errors
        .map(|finding| {
            format!(
                "{} {}:{} {}",
                finding.rule, finding.place.file, finding.place.line, finding.message
            )
        })
        .collect()
}

async fn check(revisions: &[(&str, &str, &str, &str)], expected: &[&str]) {
    let database = support::database().await;
    let report = engine(revisions).verify(&database, None).await.unwrap();
    assert_eq!(told(&report.found.findings), expected, "{}", report.render_text());
}

const T: (&str, &str, &str, &str) = (
    "r1",
    "base",
    "CREATE TABLE t (id int PRIMARY KEY, n int);",
    "DROP TABLE t;",
);

#[tokio::test]
async fn our_own_chain_is_proved() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    let engine = Engine::new(Chain::read_dir(dir).unwrap(), EngineOptions::default());
    let database = support::database().await;
    let report = engine.verify(&database, None).await.unwrap();
    assert_eq!(report.exit(), Exit::Fine, "{}", report.render_text());
    assert_eq!(report.revisions, engine.chain().revisions().len());
    assert_eq!(report.restored + report.irreversible, report.revisions);
    let mut conn = support::connect(&database).await;
    let left = number(
        &mut conn,
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    )
    .await;
    assert_eq!(left, 0, "the given database was not touched");
}

#[tokio::test]
async fn a_way_back_that_leaves_something_is_found_at_its_place() {
    check(
        &[T, ("r2", "r1", "CREATE INDEX t_n ON t (n);\nALTER TABLE t ALTER n SET DEFAULT 1;", "DROP INDEX t_n;")],
        &["R02 r2.sql:10 column `public.t.n` is `integer DEFAULT 1` instead of `integer` after `r2` was taken back"],
    )
    .await;
}

#[tokio::test]
async fn a_second_way_up_that_differs_is_found() {
    let up = "DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN CREATE TABLE b (); ELSE CREATE TABLE a (); END IF; \
              INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING; END $$;";
    check(
        &[
            T,
            ("r2", "r1", up, "DROP TABLE IF EXISTS a;\nDROP TABLE IF EXISTS b;"),
        ],
        &[
            "V01 r2.sql:0 table `public.a` is missing after `r2` was applied again",
            "V01 r2.sql:0 table `public.b` should not be there after `r2` was applied again",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_guard_that_does_not_hold_is_found() {
    let up = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_tables WHERE tablename = 'anther') THEN\n\
              CREATE TABLE another (); END IF; END $$;";
    check(
        &[T, ("r2", "r1", up, "DROP TABLE another;")],
        &["V02 r2.sql:7 run a second time, this guarded statement fails: relation \"another\" already exists"],
    )
    .await;
}

#[tokio::test]
async fn a_statement_that_fails_is_shown_and_ends_the_proof() {
    check(
        &[T, ("r2", "r1", "ALTER TABLE t ADD COLUMN n int;", "SELECT 1;")],
        &["Q01 r2.sql:7 column \"n\" of relation \"t\" already exists (SQLSTATE 42701)"],
    )
    .await;
}

#[tokio::test]
async fn orders_of_a_merge_that_differ_are_named() {
    let (a, b) = (
        "CREATE TABLE IF NOT EXISTS m (a int);",
        "CREATE TABLE IF NOT EXISTS m (b int);",
    );
    let drop = "DROP TABLE IF EXISTS m;";
    check(
        &[
            T,
            ("r2", "r1", a, drop),
            ("r3", "r1", "SELECT 1;", "SELECT 1;"),
            ("r4", "r2, r3", "SELECT 1;", "SELECT 1;"),
        ],
        &[],
    )
    .await;
    let database = support::database().await;
    let engine = engine(&[
        T,
        ("r2", "r1", a, drop),
        ("r3", "r1", b, "SELECT 1;"),
        ("r4", "r2, r3", "SELECT 1;", "SELECT 1;"),
    ]);
    let report = engine.verify(&database, None).await.unwrap();
    let merge: Vec<String> = told(&report.found.findings)
        .into_iter()
        .filter(|told| told.starts_with("M02"))
        .collect();
    assert_eq!(
        merge,
        [
            "M02 r4.sql:3 column `public.m.a` is missing if `r3` comes before `r2`",
            "M02 r4.sql:3 column `public.m.b` should not be there if `r3` comes before `r2`",
        ]
    );
}

#[tokio::test]
async fn a_kept_schema_is_compared() {
    let database = support::database().await;
    let kept = |sql: &str| KeptSchema {
        file: "schema.sql".to_owned(),
        sql: sql.to_owned(),
    };
    let engine = engine(&[T]);
    let same = kept(
        "\\restrict x\nSET search_path = '';\nCREATE TABLE public.t (id int, n int);\nALTER TABLE public.t ADD PRIMARY KEY (id);",
    );
    let report = engine.verify(&database, Some(&same)).await.unwrap();
    assert_eq!(report.exit(), Exit::Fine, "{}", report.render_text());
    let report = engine
        .verify(&database, Some(&kept("CREATE TABLE t (id int PRIMARY KEY);")))
        .await
        .unwrap();
    assert_eq!(
        told(&report.found.findings),
        ["V03 schema.sql:0 column `public.t.n` is missing by this file"]
    );
    let report = engine
        .verify(&database, Some(&kept("CREATE TABEL t ();")))
        .await
        .unwrap();
    assert_eq!(report.found.findings[0].rule, Rule::V03);
}

#[tokio::test]
async fn shadows_are_dropped_also_those_of_killed_programs() {
    let database = support::database().await;
    let mut conn = support::connect(&database).await;
    run(&mut conn, "CREATE DATABASE lineage_shadow_1_1").await;
    engine(&[T]).verify(&database, None).await.unwrap();
    let ours = "SELECT count(*) FROM pg_database WHERE datname = 'lineage_shadow_1_1'";
    assert_eq!(number(&mut conn, ours).await, 0);
}

#[tokio::test]
async fn two_chains_that_make_one_schema_are_the_same() {
    let database = support::database().await;
    let long = engine(&[T, ("r2", "r1", "CREATE INDEX t_n ON t (n);", "DROP INDEX t_n;")]);
    let short = engine(&[(
        "s1",
        "base",
        "CREATE TABLE t (id int PRIMARY KEY, n int);\nCREATE INDEX t_n ON t (n);",
        "DROP TABLE t;",
    )]);
    assert!(
        long.differences_to(&short, &database)
            .await
            .unwrap()
            .findings
            .is_empty()
    );
    let found = long.differences_to(&engine(&[T]), &database).await.unwrap();
    assert_eq!(told(&found.findings), ["X01 :0 index `public.t_n` is missing"]);
}

#[tokio::test]
async fn a_database_is_stamped_only_if_it_is_what_the_revision_makes() {
    let database = support::database().await;
    let mut conn = support::connect(&database).await;
    let chain = [T, ("r2", "r1", "CREATE INDEX t_n ON t (n);", "DROP INDEX t_n;")];
    let engine = engine(&chain);
    run(&mut conn, "CREATE TABLE t (id int PRIMARY KEY, n int)").await;
    let error = engine.stamp(&database, "r2", None).await.unwrap_err();
    assert_eq!(
        (error.exit(), told(error.findings())),
        (
            Exit::Drift,
            vec!["X01 :0 index `public.t_n` is missing".to_owned()]
        )
    );
    let report = engine.stamp(&database, "r1", None).await.unwrap();
    assert_eq!(report.added, ["r1"]);
    engine.upgrade(&database, &Target::Head).await.unwrap();
    let check = engine.check(&mut conn).await.unwrap();
    assert_eq!(
        (check.exit(), check.found.findings.len()),
        (Exit::Fine, 0),
        "{}",
        check.render_text()
    );
    run(&mut conn, "DROP INDEX t_n").await;
    let report = engine
        .stamp(&database, "r2", Some("the index is built at night"))
        .await
        .unwrap();
    assert_eq!((report.added.len(), report.found.findings.len()), (0, 1));
    assert!(
        engine.stamp(&database, "head", None).await.is_err(),
        "the index is still missing"
    );
    let report = engine.stamp(&database, "r1", None).await.unwrap();
    assert_eq!(report.removed, ["r2"]);
    let why = "SELECT count(*) FROM lineage.event WHERE kind IN ('stamp', 'unstamp')";
    assert_eq!(number(&mut conn, why).await, 2);
}

#[tokio::test]
async fn equal_schemas_have_equal_fingerprints() {
    let mut pictures = Vec::new();
    for n in ["int", "int", "bigint"] {
        let database = support::database().await;
        let mut conn = support::connect(&database).await;
        run(&mut conn, &format!("CREATE TABLE t (id int PRIMARY KEY, n {n})")).await;
        pictures.push(Snapshot::read(&mut conn, &[]).await.unwrap().fingerprint());
    }
    assert_eq!(pictures[0], pictures[1]);
    assert_ne!(pictures[0], pictures[2]);
}
