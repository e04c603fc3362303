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
