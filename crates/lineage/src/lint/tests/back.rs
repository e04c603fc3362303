//! The way back: what it forgets, destroys or does in the wrong order.

use super::{found, with_backs};

#[track_caller]
fn check(revisions: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(found(&with_backs(revisions)), expected, "{revisions:?}");
}

#[test]
fn a_way_back_restores_what_was_there() {
    check(&[("CREATE TABLE t (a int);", "DROP TABLE t;")], &[]);
    check(
        &[("CREATE TABLE t (a int); CREATE TABLE u (a int);", "DROP TABLE u;")],
        &["R02 1:10 public.t"],
    );
    check(
        &[(
            "CREATE TABLE t (a int PRIMARY KEY); CREATE INDEX x ON t (a, a);",
            "DROP TABLE t;",
        )],
        &[],
    );
    let base = (
        "CREATE TABLE t (a int, b text NOT NULL DEFAULT 'x');",
        "DROP TABLE t;",
    );
    check(
        &[
            base,
            ("ALTER TABLE t ADD COLUMN c int;", "ALTER TABLE t DROP COLUMN c;"),
        ],
        &[],
    );
    check(
        &[
            base,
            (
                "ALTER TABLE t ALTER COLUMN b DROP NOT NULL;",
                "ALTER TABLE t ALTER COLUMN b SET NOT NULL;",
            ),
        ],
        &[],
    );
    check(
        &[base, ("ALTER TABLE t ALTER COLUMN b DROP NOT NULL;", "SELECT 1;")],
        &["R02 2:10 public.t.b"],
    );
    check(
        &[
            base,
            (
                "ALTER TABLE t ALTER COLUMN b SET DEFAULT 'y';",
                "ALTER TABLE t ALTER COLUMN b SET DEFAULT 'z';",
            ),
        ],
        &["R02 2:10 public.t.b"],
    );
    check(
        &[base, ("ALTER TABLE t RENAME TO u;", "ALTER TABLE u RENAME TO t;")],
        &["L09? 2:7 public.t"],
    );
    check(
        &[base, ("CREATE TYPE m AS ENUM ('a');", "DROP TYPE IF EXISTS m;")],
        &[],
    );
    check(&[base, ("UPDATE t SET a = 1;", "UPDATE t SET a = 2;")], &[]);
}

#[test]
fn a_function_is_given_its_older_body_back() {
    let f = |body: &str| format!("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $${body}$$;");
    let (one, two) = (f("SELECT 1"), f("SELECT 2"));
    let same = one.replace("$$", "$x$").replace("SELECT 1", "select  1 -- one");
    check(&[(&one, "DROP FUNCTION f();"), (&two, &one)], &[]);
    check(&[(&one, "DROP FUNCTION f();"), (&two, &same)], &[]);
    check(
        &[(&one, "DROP FUNCTION f;"), (&two, "SELECT 1;")],
        &["R02 2:10 public.f()"],
    );
}

#[test]
fn a_way_back_that_cannot_be_seen_is_not_judged() {
    let base = ("CREATE TABLE t (a int);", "DROP TABLE t;");
    check(
        &[
            base,
            (
                "ALTER TABLE t ADD COLUMN c int;",
                "DO $$ BEGIN EXECUTE 'ALTER TABLE ' || 't DROP COLUMN c'; END $$;",
            ),
        ],
        &["I03? 2:10 *"],
    );
}

#[test]
fn older_rows_are_not_destroyed_by_a_way_back() {
    let base = ("CREATE TABLE t (a int);", "DROP TABLE t;");
    check(
        &[base, ("INSERT INTO t VALUES (1);", "DELETE FROM t;")],
        &["R03? 2:10 public.t"],
    );
    check(
        &[base, ("INSERT INTO t VALUES (1);", "DELETE FROM t WHERE a = 1;")],
        &[],
    );
    check(
        &[
            base,
            (
                "ALTER TABLE t ADD COLUMN b int;",
                "ALTER TABLE t DROP COLUMN a, DROP COLUMN b;",
            ),
        ],
        &["R02 2:10 public.t.a", "R03? 2:10 public.t.a"],
    );
}

#[test]
fn tables_are_dropped_before_what_they_refer_to() {
    let up = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a);";
    check(&[(up, "DROP TABLE b; DROP TABLE a;")], &[]);
    check(&[(up, "DROP TABLE a; DROP TABLE b;")], &["R04 1:10 public.a"]);
    check(&[(up, "DROP TABLE a CASCADE; DROP TABLE b;")], &[]);
    check(
        &[("CREATE TABLE t (a int);", "DROP TABLE t; DROP TABLE u;")],
        &["R02 1:10 public.u"],
    );
}
