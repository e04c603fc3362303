//! Foreign keys and their targets.

use super::{chain_of, check, report};

#[test]
fn a_key_needs_a_table_that_is_there() {
    check(
        &[
            "CREATE TABLE b (a_id int REFERENCES a);",
            "CREATE TABLE a (id int PRIMARY KEY);",
        ],
        &["O01 1:7 public.b"],
    );
    check(
        &["CREATE TABLE b (a_id int REFERENCES a); CREATE TABLE a (id int PRIMARY KEY);"],
        &["O01 1:7 public.b"],
    );
    check(
        &["CREATE TABLE b (a_id int REFERENCES a);"],
        &["O02 1:7 public.b"],
    );
    check(
        &["CREATE TABLE b (a_id int REFERENCES pg_catalog.pg_class (oid));"],
        &[],
    );
    check(
        &[
            "CREATE TABLE a (id int PRIMARY KEY, up int REFERENCES a, CONSTRAINT k FOREIGN KEY (up) REFERENCES a (id));",
        ],
        &[],
    );
    let later = "CREATE TABLE b (a_id int); CREATE TABLE a (id int PRIMARY KEY); ALTER TABLE b ADD CONSTRAINT k FOREIGN KEY (a_id) REFERENCES a;";
    check(&[later], &[]);
    check(
        &["CREATE SCHEMA x; CREATE TABLE x.a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a);"],
        &["O02 1:7 public.b"],
    );
}

#[test]
fn a_key_shows_where_its_target_is_created() {
    let chain = chain_of(&[
        "CREATE TABLE b (a_id int REFERENCES a);",
        "SELECT 1;",
        "CREATE TABLE a (id int PRIMARY KEY);",
    ]);
    let finding = report(&chain)
        .found
        .findings
        .into_iter()
        .find(|finding| finding.rule.to_string() == "O01")
        .unwrap();
    let expected = "\
error[O01]: `public.b` refers to `public.a`, which is created later
 --> 1.sql:7:37
  |
7 | CREATE TABLE b (a_id int REFERENCES a);
  |                                     ^ not there yet
  |
 ::: 3.sql:7:1
  |
7 | CREATE TABLE a (id int PRIMARY KEY);
  | ----------------------------------- created here, 2 revisions later
  |
  = help: put the table after its target, or add the key with ALTER TABLE when both are there
";
    assert_eq!(finding.render_text(), expected);
}

#[test]
fn the_target_of_a_key_is_unique() {
    let refers = |target: &str| format!("{target} CREATE TABLE b (x int REFERENCES a (n));");
    check(
        &[&refers("CREATE TABLE a (id int PRIMARY KEY, n int);")],
        &["O03 1:7 public.b"],
    );
    check(
        &[&refers("CREATE TABLE a (id int PRIMARY KEY, n int UNIQUE);")],
        &[],
    );
    check(
        &[&refers(
            "CREATE TABLE a (id int PRIMARY KEY, n int); CREATE UNIQUE INDEX u ON a (n);",
        )],
        &[],
    );
    check(
        &[&refers(
            "CREATE TABLE a (id int PRIMARY KEY, n int); CREATE UNIQUE INDEX u ON a (n) WHERE n > 0;",
        )],
        &["O03 1:7 public.b"],
    );
    check(
        &[&refers("CREATE TABLE a (id int PRIMARY KEY);")],
        &["O02 1:7 public.b"],
    );
    check(
        &["CREATE TABLE a (id int); CREATE TABLE b (x int REFERENCES a);"],
        &["O03 1:7 public.b"],
    );
    let pair = "CREATE TABLE a (x int, y int, UNIQUE (x, y)); CREATE TABLE b (x int, y int, FOREIGN KEY (y, x) REFERENCES a (y, x));";
    check(&[pair], &[]);
    check(
        &[
            "CREATE TABLE a (id int); ALTER TABLE a ADD PRIMARY KEY (id); CREATE TABLE b (x int REFERENCES a);",
        ],
        &[],
    );
}

#[test]
fn both_ends_of_a_key_have_one_type() {
    let types = |from: &str, to: &str| {
        format!("CREATE TABLE a (id {to} PRIMARY KEY); CREATE TABLE b (x {from} REFERENCES a);")
    };
    check(&[&types("text", "bigint")], &["O04 1:7 public.b"]);
    check(&[&types("int", "bigint")], &["O04? 1:7 public.b"]);
    check(&[&types("int8", "bigint")], &[]);
    check(&[&types("bigint", "bigserial")], &[]);
    check(&[&types("varchar(20)", "character varying(40)")], &[]);
    check(&[&types("uuid", "text")], &["O04 1:7 public.b"]);
    check(
        &[
            "CREATE DOMAIN d AS bigint; CREATE TABLE a (id d PRIMARY KEY); CREATE TABLE b (x bigint REFERENCES a);",
        ],
        &[],
    );
}
