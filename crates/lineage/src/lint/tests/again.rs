//! Things created again, guards, and statements on what is not there.

use super::check;

#[test]
fn a_guard_does_not_hide_a_second_definition() {
    let table = "CREATE TABLE t (a int, b int);";
    let first = "CREATE INDEX IF NOT EXISTS ix ON t (a);";
    check(
        &[table, first, "CREATE INDEX IF NOT EXISTS ix ON t (b);"],
        &["L01? 2:7 public.t", "D02 3:7 public.ix"],
    );
    check(
        &[table, first, "CREATE INDEX IF NOT EXISTS ix ON t (a);"],
        &["L01? 2:7 public.t", "D01? 3:7 public.ix"],
    );
    check(
        &[table, first, "CREATE INDEX ix ON t (a);"],
        &["L01? 2:7 public.t", "D03 3:7 public.ix"],
    );
    check(
        &[
            "CREATE TABLE t (a int);",
            "CREATE TABLE IF NOT EXISTS t (a bigint);",
        ],
        &["D02 2:7 public.t"],
    );
    check(
        &[
            "CREATE TABLE t (a int);",
            "CREATE TABLE IF NOT EXISTS t (a integer);",
        ],
        &["D01? 2:7 public.t"],
    );
    check(
        &[
            "CREATE TYPE mood AS ENUM ('a');",
            "CREATE TYPE mood AS ENUM ('a');",
        ],
        &["D03 2:7 public.mood"],
    );
    check(
        &["CREATE TABLE t (a int);", "CREATE VIEW t AS SELECT 1;"],
        &["D03 2:7 public.t"],
    );
}

#[test]
fn a_column_is_added_once() {
    let table = "CREATE TABLE t (a int);";
    check(
        &[table, "ALTER TABLE t ADD COLUMN a int;"],
        &["D04 2:7 public.t.a"],
    );
    check(
        &[table, "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int;"],
        &["D04? 2:7 public.t.a"],
    );
    check(
        &[table, "ALTER TABLE t ADD COLUMN IF NOT EXISTS a bigint;"],
        &["D04 2:7 public.t.a"],
    );
    check(&["CREATE TABLE t (a int, A text);"], &["D04 1:7 public.t.a"]);
    check(&["CREATE TABLE t (a int, \"A\" text);"], &[]);
    check(&[table, "ALTER TABLE t ADD COLUMN b int, ADD COLUMN c int;"], &[]);
}

#[test]
fn names_are_compared_as_the_server_folds_them() {
    check(
        &["CREATE TABLE Orders (id int); CREATE TABLE \"Orders\" (id int);"],
        &[],
    );
    check(
        &["CREATE TABLE Orders (id int); CREATE TABLE \"orders\" (id int);"],
        &["D03 1:7 public.orders"],
    );
    check(
        &["CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (id int); CREATE TABLE b.t (id int);"],
        &[],
    );
    check(
        &["CREATE SCHEMA a; CREATE TABLE a.t (id int); CREATE TABLE t (id int);"],
        &[],
    );
    check(
        &["CREATE TABLE public.t (id int); CREATE TABLE t (id int);"],
        &["D03 1:7 public.t"],
    );
    check(
        &[
            "CREATE SCHEMA a; SET search_path = a; CREATE TABLE t (id int);",
            "CREATE TABLE t (id int);",
        ],
        &[],
    );
}

#[test]
fn ddl_in_texts_and_remarks_is_no_ddl() {
    check(
        &[
            "CREATE TABLE t (a text DEFAULT 'CREATE TABLE t (a int);');\n-- CREATE TABLE t (a int);\n/* CREATE TABLE t (a int); */\nINSERT INTO t VALUES ('DROP TABLE nothing');",
        ],
        &[],
    );
    check(
        &[
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN CREATE TABLE t (a int); DROP TABLE u; END $body$;\nCREATE TABLE t (a int);",
        ],
        &[],
    );
    check(&["COMMENT ON SCHEMA public IS $$DROP TABLE x; '$$;"], &[]);
}

#[test]
fn what_was_dropped_may_be_made_again() {
    check(
        &["CREATE TABLE t (a int);", "DROP TABLE t; CREATE TABLE t (b int);"],
        &["L10? 2:7 public.t"],
    );
    check(
        &["CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a text;"],
        &[],
    );
    check(
        &["CREATE TABLE t (a int); ALTER TABLE t RENAME TO u; CREATE TABLE t (a int);"],
        &[],
    );
    check(
        &[
            "CREATE TABLE t (a int); CREATE INDEX ix ON t (a); DROP TABLE t; CREATE TABLE t (a int); CREATE INDEX ix ON t (a);",
        ],
        &[],
    );
    check(
        &["CREATE VIEW v AS SELECT 1 AS a; CREATE OR REPLACE VIEW v AS SELECT 2 AS a;"],
        &[],
    );
    check(
        &[
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        ],
        &[],
    );
    check(
        &[
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(b int4) RETURNS int LANGUAGE sql AS 'SELECT 2';",
        ],
        &["D03 1:7 public.f(integer)"],
    );
}

#[test]
fn do_blocks_that_ask_first_are_guards() {
    let table = "CREATE TABLE t (a int);";
    let asked = "DO $$ BEGIN\nIF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN\nCREATE TYPE mood AS ENUM ('a');\nEND IF;\nEND $$;";
    check(&[asked, asked], &["D01? 2:9 public.mood"]);
    let caught = "DO $$ BEGIN\nCREATE TYPE mood AS ENUM ('a', 'b');\nEXCEPTION WHEN duplicate_object THEN NULL;\nEND $$;";
    check(&[asked, caught], &["D02 2:8 public.mood"]);
    check(
        &[asked, "CREATE TYPE mood AS ENUM ('a');"],
        &["D03 2:7 public.mood"],
    );
    // Which way an IF goes that asks for something else is not known.
    let unknown = "DO $$ BEGIN IF current_setting('server_version_num')::int >= 150000 THEN CREATE INDEX ix ON t (a); END IF; END $$;";
    check(
        &[table, unknown, "CREATE INDEX IF NOT EXISTS ix ON t (a);"],
        &["L01? 2:7 public.t", "L01? 3:7 public.t"],
    );
    check(
        &[
            table,
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_class WHERE relname = 'gone') THEN DROP TABLE gone; END IF; END $$;",
        ],
        &[],
    );
}

#[test]
fn a_guard_must_ask_about_the_object_it_guards() {
    let table = "CREATE TABLE t (a int);";
    let wrong = "DO $$ BEGIN\nIF EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 't') THEN\nALTER TABLE t ADD COLUMN b int;\nEND IF; END $$;";
    check(&[table, wrong], &["I02 2:9 b"]);
    check(
        &[table, &wrong.replace("ADD COLUMN", "ADD COLUMN IF NOT EXISTS")],
        &[],
    );
    let right = wrong.replace(
        ".tables WHERE table_name = 't'",
        ".columns WHERE table_name = 't' AND column_name = 'b'",
    );
    check(&[table, &right], &[]);
    let other = right.replace("'b'", "'c'");
    check(&[table, &other], &["I02 2:9 b"]);
}

#[test]
fn what_cannot_be_seen_is_counted_and_makes_absence_a_guess() {
    let dynamic = "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int)', 'x'); END $$;";
    check(&[dynamic], &["I03? 1:7 *"]);
    check(
        &[dynamic, "ALTER TABLE x ADD COLUMN b int;"],
        &["I03? 1:7 *", "O05? 2:7 public.x"],
    );
    check(
        &[
            "DO $$ BEGIN EXECUTE 'CREATE TABLE x (id int)'; END $$;",
            "ALTER TABLE x ADD COLUMN b int;",
        ],
        &[],
    );
    check(
        &["DO $$ BEGIN EXECUTE format('GRANT SELECT ON %I TO joe', 'x'); END $$;"],
        &[],
    );
    check(&["DO LANGUAGE plpython3u $$ pass $$;"], &["I03? 1:7 *"]);
    check(&["CREATE TABLE t (id int,,);"], &["I03? 1:7 *"]);
}

#[test]
fn a_statement_needs_its_object() {
    check(&["ALTER TABLE t ADD COLUMN a int;"], &["O05 1:7 public.t"]);
    check(&["ALTER TABLE IF EXISTS t DROP COLUMN a;"], &[]);
    check(
        &["CREATE INDEX ix ON t (a);", "CREATE TABLE t (a int);"],
        &["O05 1:7 public.t"],
    );
    check(
        &["CREATE TABLE t (a int); CREATE INDEX ix ON t (b);"],
        &["O05 1:7 public.t.b"],
    );
    check(
        &["CREATE TABLE t (a int); CREATE INDEX ix ON t (lower(a::text));"],
        &[],
    );
    check(&["DROP TABLE t;"], &["O05 1:7 public.t"]);
    check(&["DROP TABLE IF EXISTS t;"], &[]);
    check(&["CREATE TABLE app.t (a int);"], &["O05 1:7 app"]);
    check(&["CREATE VIEW v AS WITH x AS (SELECT 1) SELECT * FROM x;"], &[]);
    check(
        &["CREATE VIEW v AS SELECT * FROM missing;"],
        &["O05 1:7 public.missing"],
    );
    check(
        &["CREATE TABLE t (m mood);", "CREATE TYPE mood AS ENUM ('a');"],
        &["O05 1:7 public.mood"],
    );
    check(&["CREATE EXTENSION citext; CREATE TABLE t (m citext);"], &[]);
    check(
        &["CREATE TABLE t (a int); CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"],
        &["O05 1:7 public.f()"],
    );
    check(
        &["CREATE TEMP TABLE x (a int); INSERT INTO x VALUES (1); DROP TABLE x;"],
        &[],
    );
    check(&["INSERT INTO nowhere VALUES (1);"], &["O05 1:7 public.nowhere"]);
}

#[test]
fn what_others_need_is_not_dropped() {
    let two = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a);";
    check(&[&format!("{two} DROP TABLE a;")], &["O06 1:7 public.a"]);
    check(&[&format!("{two} DROP TABLE a CASCADE; DROP TABLE b;")], &[]);
    check(&[&format!("{two} DROP TABLE b, a;")], &[]);
    check(&[&format!("{two} DROP TABLE b; DROP TABLE a;")], &[]);
    check(
        &["CREATE TABLE a (id int PRIMARY KEY, up int REFERENCES a); DROP TABLE a;"],
        &[],
    );
    check(
        &["CREATE TABLE a (id int); CREATE VIEW v AS SELECT * FROM a; DROP TABLE a;"],
        &["O06 1:7 public.a"],
    );
    check(
        &["CREATE TYPE mood AS ENUM ('a'); CREATE TABLE a (m mood); DROP TYPE mood;"],
        &["O06 1:7 public.mood"],
    );
    check(
        &["CREATE SCHEMA s; CREATE TABLE s.t (a int); DROP SCHEMA s;"],
        &["O06 1:7 s"],
    );
    check(
        &[
            "CREATE SCHEMA s; CREATE TABLE s.t (a int); DROP SCHEMA s CASCADE; CREATE SCHEMA s; CREATE TABLE s.t (a int);",
        ],
        &[],
    );
}

#[test]
fn two_indexes_on_the_same_columns_are_one_too_many() {
    let table = "CREATE TABLE t (a int, b int UNIQUE);";
    check(
        &[&format!(
            "{table} CREATE INDEX x ON t (a); CREATE INDEX y ON t USING btree (a);"
        )],
        &["D05? 1:7 public.y"],
    );
    check(
        &[&format!("{table} CREATE INDEX x ON t (b);")],
        &["D05? 1:7 public.x"],
    );
    check(
        &[&format!(
            "{table} CREATE INDEX x ON t (a); CREATE INDEX y ON t (a DESC);"
        )],
        &[],
    );
    check(
        &[&format!(
            "{table} CREATE INDEX x ON t (a); CREATE INDEX y ON t (a) WHERE b > 1;"
        )],
        &[],
    );
    check(
        &[&format!(
            "{table} CREATE INDEX x ON t (a); CREATE UNIQUE INDEX y ON t (a);"
        )],
        &[],
    );
}
