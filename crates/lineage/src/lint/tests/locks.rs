//! Locks on tables in use; silence about tables that the revision itself creates.

use super::{check, found};
use crate::core::chain::Chain;

const TABLES: &str =
    "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, a_id int, n varchar(10));";

#[track_caller]
fn in_use(up: &str, expected: &[&str]) {
    check(&[TABLES, up], expected);
    // On tables made in the same revision nothing is to be said.
    let own: Vec<&&str> = expected.iter().filter(|line| !line.starts_with('L')).collect();
    assert!(own.is_empty());
    check(&[&format!("{TABLES} {up}")], &[]);
}

#[test]
fn changes_that_lock_a_table_in_use_are_named() {
    in_use("CREATE INDEX x ON t (n);", &["L01? 2:7 public.t"]);
    in_use(
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a_id) REFERENCES a;",
        &["L02? 2:7 public.t"],
    );
    in_use(
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a_id) REFERENCES a NOT VALID;",
        &[],
    );
    in_use(
        "ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0);",
        &["L03? 2:7 public.t"],
    );
    in_use("ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0) NOT VALID;", &[]);
    in_use(
        "ALTER TABLE t ALTER COLUMN n SET NOT NULL;",
        &["L04? 2:7 public.t.n"],
    );
    in_use(
        "ALTER TABLE t ALTER COLUMN n TYPE int USING n::int;",
        &["L05? 2:7 public.t.n"],
    );
    in_use("ALTER TABLE t ALTER COLUMN n TYPE varchar(20);", &[]);
    in_use("ALTER TABLE t ALTER COLUMN n TYPE text;", &[]);
    let money = "CREATE TABLE m (x numeric(12, 2));";
    check(
        &[money, "ALTER TABLE m ALTER COLUMN x TYPE numeric(14, 4);"],
        &["L05? 2:7 public.m.x"],
    );
    check(&[money, "ALTER TABLE m ALTER COLUMN x TYPE numeric;"], &[]);
    in_use(
        "ALTER TABLE t ADD COLUMN u uuid DEFAULT gen_random_uuid();",
        &["L06? 2:7 public.t.u"],
    );
    in_use("ALTER TABLE t ADD COLUMN u timestamptz DEFAULT now();", &[]);
    in_use("ALTER TABLE t ADD COLUMN u int NOT NULL DEFAULT 0;", &[]);
    in_use(
        "ALTER TABLE t ADD COLUMN u int NOT NULL;",
        &["L07 2:7 public.t.u"],
    );
    in_use(
        "ALTER TABLE t ADD COLUMN u bigint GENERATED ALWAYS AS IDENTITY;",
        &["L06? 2:7 public.t.u"],
    );
    in_use(
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (n);",
        &["L08? 2:7 public.t"],
    );
    in_use("ALTER TABLE t RENAME COLUMN n TO m;", &["L09? 2:7 public.t.n"]);
    in_use("ALTER TABLE t RENAME TO u;", &["L09? 2:7 public.t"]);
    in_use("ALTER TABLE t DROP COLUMN n;", &["L10? 2:7 public.t.n"]);
    in_use("CLUSTER t USING t_pkey;", &["L13? 2:7 public.t"]);
}

#[test]
fn a_constraint_is_not_validated_where_it_is_added() {
    let both =
        "ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;";
    check(&[TABLES, both], &["L11? 2:7 public.t"]);
    check(
        &[
            TABLES,
            "ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0) NOT VALID;",
            "ALTER TABLE t VALIDATE CONSTRAINT c;",
        ],
        &[],
    );
}

#[test]
fn not_null_that_a_check_has_proved_costs_nothing() {
    let proved = "ALTER TABLE t ADD CONSTRAINT c CHECK (n IS NOT NULL) NOT VALID;";
    check(
        &[
            TABLES,
            proved,
            "ALTER TABLE t VALIDATE CONSTRAINT c;",
            "ALTER TABLE t ALTER COLUMN n SET NOT NULL;",
        ],
        &[],
    );
}

#[test]
fn a_label_waits_for_the_next_transaction() {
    let made = "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE m (x mood);";
    let add = "ALTER TYPE mood ADD VALUE 'b';";
    check(
        &[made, &format!("{add}\nINSERT INTO m VALUES ('b');")],
        &["L23 2:8 public.mood"],
    );
    check(&[made, add, "INSERT INTO m VALUES ('b');"], &[]);
    check(
        &[made, &format!("{add}\nALTER TYPE mood ADD VALUE 'c' AFTER 'b';")],
        &[],
    );
    check(&[&format!("{made} {add} INSERT INTO m VALUES ('b');")], &[]);
}

#[test]
fn many_tables_locked_at_once_are_a_pause_for_all() {
    let tables = (0..7)
        .map(|n| format!("CREATE TABLE t{n} (a int);"))
        .collect::<Vec<_>>()
        .join("\n");
    let alters = |count: usize| {
        (0..count)
            .map(|n| format!("ALTER TABLE t{n} ADD COLUMN b int;"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    check(&[&tables, &alters(7)], &["L24? 2:7 *"]);
    check(&[&tables, &alters(5)], &[]);
}

#[test]
fn a_truncate_that_reaches_other_tables_is_named() {
    in_use_or_not("TRUNCATE a CASCADE;", &["L12? 2:7 public.a"]);
    in_use_or_not(
        "truncate table only a restart identity cascade;",
        &["L12? 2:7 public.a"],
    );
    for silent in [
        "TRUNCATE a;",
        "TRUNCATE a, t RESTART IDENTITY;",
        "TRUNCATE a /* not CASCADE */; -- CASCADE",
        "CREATE TABLE \"cascade\" (x int); TRUNCATE \"cascade\";",
        "DELETE FROM a;",
    ] {
        in_use_or_not(silent, &[]);
    }
}

/// Whether a table is new makes no difference: an older one may refer to it.
#[track_caller]
fn in_use_or_not(up: &str, expected: &[&str]) {
    check(&[TABLES, up], expected);
    let same_revision: Vec<String> = expected.iter().map(|line| line.replace(" 2:", " 1:")).collect();
    assert_eq!(
        found(&super::chain_of(&[&format!("{TABLES} {up}")])),
        same_revision
    );
}

#[test]
fn dropping_an_index_of_a_table_in_use_waits_for_everybody() {
    let indexed = "CREATE INDEX x ON t (n);";
    let first = format!("{TABLES} {indexed}");
    check(&[&first, "DROP INDEX x;"], &["L14? 2:7 public.x"]);
    check(
        &[&first, "DROP INDEX IF EXISTS public.x;"],
        &["L14? 2:7 public.x"],
    );
    for silent in [
        "DROP INDEX IF EXISTS gone;",
        "ALTER INDEX x RENAME TO y;",
        "DROP TABLE IF EXISTS gone;",
    ] {
        check(&[&first, silent], &[]);
    }
    check(&[&format!("{first} DROP INDEX x;")], &[]);
    let concurrently = without_transaction(&first, "DROP INDEX CONCURRENTLY x;");
    assert_eq!(only(&concurrently, "L14"), Vec::<String>::new());
}

/// Tables in a revision of their own, and after it one with `transaction: no`; its SQL begins on line 7.
fn without_transaction(tables: &str, up: &str) -> Chain {
    let first =
        format!("-- lineage: 1\n-- id: r1\n-- parent: base\n\n-- >> up\n{tables}\n-- irreversible: a test\n");
    let second = format!(
        "-- lineage: 1\n-- id: r2\n-- parent: r1\n-- transaction: no\n\n-- >> up\n{up}\n-- irreversible: a test\n"
    );
    Chain::from_files([("1.sql", first), ("2.sql", second)])
}

fn only(chain: &Chain, rule: &str) -> Vec<String> {
    let mut lines = found(chain);
    lines.retain(|line| line.starts_with(rule));
    lines
}

#[test]
fn an_index_is_not_built_concurrently_under_a_lock_timeout() {
    let build = "CREATE INDEX CONCURRENTLY x ON t (n);";
    let timeout = "SET lock_timeout = '2s';";
    let l21 = |up: &str| only(&without_transaction(TABLES, up), "L21");
    assert_eq!(l21(&format!("{timeout}\n{build}")), ["L21 2:8 *"]);
    assert_eq!(
        l21(&format!("SET LOCAL lock_timeout TO 500;\n{build}")),
        ["L21 2:8 *"]
    );
    assert_eq!(
        l21(&format!("{timeout}\nDROP INDEX CONCURRENTLY IF EXISTS x;")),
        ["L21 2:8 *"]
    );
    let silent = [
        build.to_owned(),
        format!("{build} {timeout}"),
        format!("{timeout} SET lock_timeout = 0; {build}"),
        format!("{timeout} SET lock_timeout TO DEFAULT; {build}"),
        format!("{timeout} RESET lock_timeout; {build}"),
        format!("{timeout} RESET ALL; {build}"),
        format!("SET statement_timeout = '2s'; {build}"),
        format!("-- {timeout}\n{build}"),
        format!("{timeout} ALTER TABLE t ADD COLUMN m int;"),
    ];
    for up in &silent {
        assert_eq!(l21(up), Vec::<String>::new(), "{up}");
    }
    let transactional = super::chain_of(&[TABLES, &format!("{timeout} CREATE INDEX x ON t (n);")]);
    assert_eq!(only(&transactional, "L21"), Vec::<String>::new());
}

#[test]
fn a_revision_without_a_transaction_holds_only_what_needs_that() {
    let build = "CREATE INDEX CONCURRENTLY x ON t (n);";
    let l22 = |up: &str| only(&without_transaction(TABLES, up), "L22");
    assert_eq!(l22(&format!("{build}\nCREATE TABLE u (x int);")), ["L22 2:8 *"]);
    assert_eq!(
        l22(&format!("ALTER TABLE t ADD COLUMN m int;\n{build}")),
        ["L22 2:7 *"]
    );
    assert_eq!(
        l22(&format!("{build}\nCREATE INDEX y ON t (a_id);")),
        ["L22 2:8 *"]
    );
    let silent = [
        format!("DROP INDEX CONCURRENTLY IF EXISTS x; {build}"),
        format!("SET search_path = public; SET lock_timeout = 0; {build}"),
        format!("UPDATE t SET n = '' WHERE n IS NULL; {build}"),
        format!("ALTER TABLE t VALIDATE CONSTRAINT t_pkey; {build}"),
        format!("{build} COMMENT ON INDEX x IS 'for the list';"),
        "CREATE TABLE u (x int); ALTER TABLE t ADD COLUMN m int;".to_owned(),
    ];
    for up in &silent {
        assert_eq!(l22(up), Vec::<String>::new(), "{up}");
    }
    let transactional = super::chain_of(&[TABLES, "CREATE INDEX x ON t (n); CREATE TABLE u (x int);"]);
    assert_eq!(only(&transactional, "L22"), Vec::<String>::new());
}

#[test]
fn expand_revisions_only_add() {
    let file = |id: &str, parent: &str, phase: &str, up: &str| {
        let text = format!(
            "-- lineage: 1\n-- id: {id}\n-- parent: {parent}\n-- phase: {phase}\n\n-- >> up\n{up}\n-- irreversible: a test\n"
        );
        (format!("{id}.sql"), text)
    };
    let chain = |phase: &str| {
        Chain::from_files(vec![
            file("a", "base", "expand", "CREATE TABLE t (a int, b int);"),
            file("b", "a", phase, "ALTER TABLE t DROP COLUMN a;"),
        ])
    };
    assert_eq!(found(&chain("expand")), ["L10? b:7 public.t.a", "P02? b:7 a"]);
    assert_eq!(found(&chain("contract")), Vec::<String>::new());
}
