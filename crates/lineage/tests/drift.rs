//! The schema is compared with what the revisions made, object by object.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use lineage::pg::{Engine, EngineOptions, PgConnectOptions, PgConnection};
use lineage::{Chain, Exit, Report as _, Rule, Target};
use support::run;

/// One object of every kind that can be made on any server.
const EVERY_KIND: &str = "
CREATE SCHEMA s;
CREATE EXTENSION pg_trgm WITH SCHEMA s;
CREATE TYPE s.mood AS ENUM ('sad', 'glad');
CREATE TYPE s.pair AS (a int, b text);
CREATE TYPE s.span AS RANGE (subtype = int4);
CREATE DOMAIN s.code AS text CHECK (VALUE <> '');
CREATE COLLATION s.plain (provider = libc, locale = 'C');
CREATE SEQUENCE s.numbers;
CREATE TABLE s.parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code s.code UNIQUE, mood s.mood DEFAULT 'sad',
    label text COLLATE s.plain, twice int GENERATED ALWAYS AS (2) STORED, n int CONSTRAINT positive CHECK (n > 0));
CREATE TABLE s.child (id int, parent int NOT NULL REFERENCES s.parent (id), at int) PARTITION BY RANGE (at);
CREATE TABLE s.child_1 PARTITION OF s.child FOR VALUES FROM (0) TO (10);
CREATE INDEX parent_n ON s.parent (n) WHERE n > 1;
CREATE STATISTICS s.both ON n, mood FROM s.parent;
CREATE VIEW s.glad AS SELECT id FROM s.parent WHERE mood = 'glad';
CREATE MATERIALIZED VIEW s.counted AS SELECT count(*) AS n FROM s.parent;
CREATE FUNCTION s.one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE PROCEDURE s.nothing() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE s.total (int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE OPERATOR s.@@@ (leftarg = int, rightarg = int, function = int4pl);
CREATE CAST (s.mood AS int) WITH FUNCTION s.as_int(s.mood);
CREATE FUNCTION s.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER parent_touch BEFORE UPDATE ON s.parent FOR EACH ROW EXECUTE FUNCTION s.touch();
CREATE FUNCTION s.hear() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER hear_ddl ON ddl_command_start WHEN TAG IN ('DROP SERVER') EXECUTE FUNCTION s.hear();
CREATE RULE quiet AS ON DELETE TO s.child_1 DO INSTEAD NOTHING;
ALTER TABLE s.parent ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON s.parent USING (n > 0);
CREATE TEXT SEARCH DICTIONARY s.words (template = simple);
CREATE TEXT SEARCH CONFIGURATION s.find (copy = simple);
CREATE PUBLICATION news FOR TABLE s.parent;
CREATE FOREIGN DATA WRAPPER far;
CREATE SERVER away FOREIGN DATA WRAPPER far;
ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO pg_monitor;
GRANT SELECT ON s.parent TO pg_monitor;
COMMENT ON COLUMN s.parent.n IS 'how many';";

/// What somebody did by hand, and how it is told: the rule and the object.
const BY_HAND: &[(&str, Rule, &str)] = &[
    (
        "CREATE SCHEMA stray",
        Rule::X02,
        "schema `stray` should not be there",
    ),
    (
        "DROP EXTENSION pg_trgm",
        Rule::X01,
        "extension `pg_trgm` is missing",
    ),
    (
        "CREATE EXTENSION unaccent WITH SCHEMA s",
        Rule::X02,
        "extension `unaccent` should not be there",
    ),
    (
        "ALTER TYPE s.mood ADD VALUE 'angry' BEFORE 'glad'",
        Rule::X03,
        "type `s.mood` is `enum ('sad', 'angry', 'glad')` instead of `enum ('sad', 'glad')`",
    ),
    (
        "ALTER TYPE s.pair ADD ATTRIBUTE c int",
        Rule::X03,
        "type `s.pair` is `(a integer, b text, c integer)` instead of `(a integer, b text)`",
    ),
    ("DROP TYPE s.span", Rule::X01, "type `s.span` is missing"),
    (
        "ALTER DOMAIN s.code SET NOT NULL",
        Rule::X03,
        "domain `s.code` is `text NOT NULL` instead of `text`",
    ),
    (
        "ALTER DOMAIN s.code DROP CONSTRAINT code_check",
        Rule::X01,
        "constraint `s.code.code_check` is missing",
    ),
    (
        "CREATE COLLATION s.other (provider = libc, locale = 'C')",
        Rule::X02,
        "collation `s.other` should not be there",
    ),
    (
        "ALTER SEQUENCE s.numbers INCREMENT 2",
        Rule::X03,
        "sequence `s.numbers` is `",
    ),
    ("DROP TABLE s.child_1", Rule::X01, "table `s.child_1` is missing"),
    (
        "CREATE TABLE s.stray (id int PRIMARY KEY)",
        Rule::X02,
        "table `s.stray` should not be there",
    ),
    (
        "ALTER TABLE s.parent SET (fillfactor = 50)",
        Rule::X03,
        "table `s.parent` is `row security; with fillfactor=50` instead of `row security`",
    ),
    (
        "ALTER TABLE s.parent DISABLE ROW LEVEL SECURITY",
        Rule::X03,
        "table `s.parent` is `` instead of `row security`",
    ),
    (
        "ALTER TABLE s.child DETACH PARTITION s.child_1",
        Rule::X03,
        "table `s.child_1` is `",
    ),
    (
        "ALTER TABLE s.parent ADD COLUMN stray int",
        Rule::X02,
        "column `s.parent.stray` should not be there",
    ),
    (
        "ALTER TABLE s.parent DROP COLUMN label",
        Rule::X01,
        "column `s.parent.label` is missing",
    ),
    (
        "ALTER TABLE s.parent ALTER COLUMN mood SET DEFAULT 'glad'",
        Rule::X03,
        "column `s.parent.mood` is `s.mood DEFAULT 'glad'::s.mood` instead of `s.mood DEFAULT 'sad'::s.mood`",
    ),
    (
        "ALTER TABLE s.parent ALTER COLUMN n SET NOT NULL",
        Rule::X03,
        "column `s.parent.n` is `integer NOT NULL` instead of `integer`",
    ),
    (
        "ALTER TABLE s.parent ALTER COLUMN id SET GENERATED BY DEFAULT",
        Rule::X03,
        "column `s.parent.id` is `integer NOT NULL GENERATED BY DEFAULT AS IDENTITY`",
    ),
    (
        "ALTER TABLE s.parent ALTER COLUMN twice DROP EXPRESSION",
        Rule::X03,
        "column `s.parent.twice` is `integer` instead of `integer GENERATED ALWAYS AS (2) STORED`",
    ),
    (
        "ALTER TABLE s.parent ALTER COLUMN label TYPE varchar(9) COLLATE s.plain",
        Rule::X03,
        "column `s.parent.label` is `character varying(9) COLLATE s.plain` instead of `text COLLATE s.plain`",
    ),
    (
        "ALTER TABLE s.parent ALTER COLUMN label TYPE text COLLATE \"C\"",
        Rule::X03,
        "column `s.parent.label` is `text COLLATE \"C\"` instead of",
    ),
    (
        "ALTER TABLE s.parent DROP CONSTRAINT positive, ADD CONSTRAINT positive CHECK (n > 1)",
        Rule::X03,
        "constraint `s.parent.positive` is `CHECK ((n > 1))` instead of `CHECK ((n > 0))`",
    ),
    (
        "ALTER TABLE s.parent DROP CONSTRAINT positive, ADD CONSTRAINT positive CHECK (n > 0) NOT VALID",
        Rule::X03,
        "constraint `s.parent.positive` is `CHECK ((n > 0)) NOT VALID`",
    ),
    (
        "ALTER TABLE s.child DROP CONSTRAINT child_parent_fkey",
        Rule::X01,
        "constraint `s.child.child_parent_fkey` is missing",
    ),
    (
        "ALTER TABLE s.parent DROP CONSTRAINT parent_code_key",
        Rule::X01,
        "constraint `s.parent.parent_code_key` is missing",
    ),
    (
        "DROP INDEX s.parent_n",
        Rule::X01,
        "index `s.parent_n` is missing",
    ),
    (
        "DROP INDEX s.parent_n; CREATE INDEX parent_n ON s.parent (n)",
        Rule::X03,
        "index `s.parent_n` is `CREATE INDEX parent_n ON s.parent USING btree (n)` instead of",
    ),
    (
        "DROP STATISTICS s.both",
        Rule::X01,
        "statistics `s.\"both\"` is missing",
    ),
    (
        "CREATE OR REPLACE VIEW s.glad AS SELECT id FROM s.parent",
        Rule::X03,
        "view `s.glad` is `",
    ),
    (
        "DROP MATERIALIZED VIEW s.counted",
        Rule::X01,
        "materialized view `s.counted` is missing",
    ),
    (
        "CREATE OR REPLACE FUNCTION s.one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2'",
        Rule::X03,
        "function `s.one()` is `AS $function$SELECT 2$function$` instead of `AS $function$SELECT 1$function$`",
    ),
    (
        "ALTER FUNCTION s.one() VOLATILE",
        Rule::X03,
        "function `s.one()` is `AS $function$SELECT 1$function$` instead of `IMMUTABLE`",
    ),
    (
        "DROP PROCEDURE s.nothing",
        Rule::X01,
        "procedure `s.nothing()` is missing",
    ),
    (
        "DROP AGGREGATE s.total (int)",
        Rule::X01,
        "aggregate `s.total(integer)` is missing",
    ),
    (
        "DROP OPERATOR s.@@@ (int, int)",
        Rule::X01,
        "operator `s.@@@(integer,integer)` is missing",
    ),
    (
        "DROP CAST (s.mood AS int)",
        Rule::X01,
        "cast `s.mood as integer` is missing",
    ),
    (
        "DROP TRIGGER parent_touch ON s.parent",
        Rule::X01,
        "trigger `s.parent.parent_touch` is missing",
    ),
    (
        "ALTER TABLE s.parent DISABLE TRIGGER parent_touch",
        Rule::X03,
        "trigger `s.parent.parent_touch` is `",
    ),
    (
        "DROP EVENT TRIGGER hear_ddl",
        Rule::X01,
        "event trigger `hear_ddl` is missing",
    ),
    (
        "DROP RULE quiet ON s.child_1",
        Rule::X01,
        "rule `s.child_1.quiet` is missing",
    ),
    (
        "ALTER POLICY own ON s.parent USING (n > 5)",
        Rule::X03,
        "policy `s.parent.own` is `permissive for * to public using ((n > 5))` instead of",
    ),
    (
        "DROP TEXT SEARCH DICTIONARY s.words",
        Rule::X01,
        "text search dictionary `s.words` is missing",
    ),
    (
        "ALTER TEXT SEARCH CONFIGURATION s.find DROP MAPPING FOR asciiword",
        Rule::X03,
        "text search configuration `s.find` is `",
    ),
    (
        "ALTER PUBLICATION news SET (publish = 'insert')",
        Rule::X03,
        "publication `news` is `",
    ),
    (
        "ALTER SERVER away OPTIONS (ADD host 'x')",
        Rule::X03,
        "server `away` is `far host=x` instead of `far`",
    ),
    (
        "CREATE FOREIGN DATA WRAPPER near",
        Rule::X02,
        "foreign data wrapper `near` should not be there",
    ),
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA s REVOKE SELECT ON TABLES FROM pg_monitor",
        Rule::X01,
        "default privileges `of postgres in s on r` is missing",
    ),
    (
        "GRANT INSERT ON s.parent TO pg_monitor",
        Rule::X03,
        "rights `table s.parent to pg_monitor` is `INSERT, SELECT` instead of `SELECT`",
    ),
    (
        "GRANT UPDATE (n) ON s.parent TO pg_monitor",
        Rule::X02,
        "rights `column s.parent.n to pg_monitor` should not be there",
    ),
    (
        "REVOKE EXECUTE ON FUNCTION s.one() FROM PUBLIC",
        Rule::X01,
        "rights `function s.one() to public` is missing",
    ),
    (
        "COMMENT ON COLUMN s.parent.n IS 'how few'",
        Rule::X03,
        "comment `on table column s.parent.n` is `how few` instead of `how many`",
    ),
    (
        "ALTER TABLE s.parent OWNER TO pg_monitor",
        Rule::X03,
        "table `s.parent` is the same but for this: `owner pg_monitor; columns",
    ),
];

fn engine(revisions: usize) -> Engine {
    let text = |id: &str, parent: &str, up: &str, down: &str| {
        format!("-- lineage: 1\n-- id: {id}\n-- parent: {parent}\n\n-- >> up\n{up}\n-- >> down\n{down}\n")
    };
    let cast = "CREATE FUNCTION s.as_int(s.mood) RETURNS int LANGUAGE sql AS 'SELECT 1';\nCREATE CAST";
    let files = [
        (
            "1.sql",
            text(
                "r1",
                "base",
                &EVERY_KIND.replace("CREATE CAST", cast),
                "DROP SCHEMA s CASCADE;",
            ),
        ),
        (
            "2.sql",
            text(
                "r2",
                "r1",
                "CREATE TABLE s.later (id int);\nDROP INDEX s.parent_n;",
                "CREATE INDEX parent_n ON s.parent (n) WHERE n > 1;\nDROP TABLE s.later;",
            ),
        ),
    ];
    Engine::new(
        Chain::from_files(files.into_iter().take(revisions)),
        EngineOptions::default(),
    )
}

async fn made() -> (PgConnectOptions, PgConnection) {
    let database = support::database().await;
    engine(1).upgrade(&database, &Target::Head).await.unwrap();
    let conn = support::connect(&database).await;
    (database, conn)
}

#[tokio::test]
async fn nothing_is_told_of_an_untouched_database() {
    let (database, mut conn) = made().await;
    let check = engine(1).check(&mut conn).await.unwrap();
    assert_eq!(
        (check.exit(), check.found.findings.len()),
        (Exit::Fine, 0),
        "{}",
        check.render_text()
    );
    engine(2).upgrade(&database, &Target::Head).await.unwrap();
    run(
        &mut conn,
        "INSERT INTO s.parent (code) VALUES ('a'); ANALYZE; REFRESH MATERIALIZED VIEW s.counted",
    )
    .await;
    let check = engine(2).check(&mut conn).await.unwrap();
    assert_eq!(
        (check.exit(), check.found.findings.len()),
        (Exit::Fine, 0),
        "{}",
        check.render_text()
    );
    engine(2).downgrade(&database, &Target::Back(1)).await.unwrap();
    assert_eq!(engine(1).check(&mut conn).await.unwrap().found.findings.len(), 0);
}

#[tokio::test]
async fn what_was_changed_by_hand_is_found_and_named_for_every_kind() {
    let (database, conn) = made().await;
    drop(conn);
    let engine = engine(1);
    let mut wrong = Vec::new();
    for (by_hand, rule, told) in BY_HAND {
        let mut conn = support::connect(&support::copy(&database).await).await;
        run(&mut conn, by_hand).await;
        let check = engine.check(&mut conn).await.unwrap();
        let findings = &check.found.findings;
        let is_named = findings
            .iter()
            .any(|finding| finding.rule == *rule && finding.message.starts_with(told));
        let errors: Vec<Rule> = findings.iter().filter(|f| f.is_error()).map(|f| f.rule).collect();
        let expected = match errors[..] {
            [] => Exit::Fine,
            // What is not valid is an error of its own and comes first.
            _ if errors.contains(&Rule::S03) => Exit::Findings,
            _ => Exit::Drift,
        };
        if !is_named || check.exit() != expected {
            wrong.push(format!("{by_hand}\nexpected {told}\n{}", check.render_text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_change_by_hand_is_still_told_after_the_next_upgrade() {
    let (database, mut conn) = made().await;
    run(&mut conn, "ALTER TABLE s.parent ADD COLUMN by_hand int").await;
    engine(2).upgrade(&database, &Target::Head).await.unwrap();
    let check = engine(2).check(&mut conn).await.unwrap();
    let told: Vec<&str> = check.found.findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(told, ["column `s.parent.by_hand` should not be there"]);
}

#[tokio::test]
async fn schemas_of_others_are_not_looked_at() {
    let (_, mut conn) = made().await;
    run(&mut conn, "CREATE SCHEMA jobs; CREATE TABLE jobs.queue (id int)").await;
    let options = EngineOptions {
        external_schemas: vec!["jobs".to_owned()],
        ..EngineOptions::default()
    };
    let engine = Engine::new(engine(1).chain().clone(), options);
    assert_eq!(engine.check(&mut conn).await.unwrap().found.findings.len(), 0);
}

#[tokio::test]
async fn what_a_way_back_leaves_is_drift() {
    let (database, mut conn) = made().await;
    let chain = engine(2);
    let files = chain.chain().revisions().iter().map(|revision| {
        let text = revision.text.replace("DROP TABLE s.later;", "SELECT 1;");
        (revision.file.clone(), text)
    });
    let careless = Engine::new(
        Chain::from_files(files.collect::<Vec<_>>()),
        EngineOptions::default(),
    );
    careless.upgrade(&database, &Target::Head).await.unwrap();
    careless.downgrade(&database, &Target::Back(1)).await.unwrap();
    let check = engine(1).check(&mut conn).await.unwrap();
    let told: Vec<&str> = check.found.findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(told, ["table `s.later` should not be there"]);
}
