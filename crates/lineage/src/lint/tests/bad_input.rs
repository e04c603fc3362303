//! Whatever is in the files: a report, never a panic.

use proptest::prelude::*;

use super::{chain_of, report, with_backs};
use crate::core::chain::Chain;
use crate::core::report::Report as _;

/// Words of which statements, and almost statements, are made.
const WORDS: [&str; 64] = [
    "CREATE",
    "TABLE",
    "INDEX",
    "UNIQUE",
    "VIEW",
    "MATERIALIZED",
    "TYPE",
    "ENUM",
    "AS",
    "IF",
    "NOT",
    "EXISTS",
    "ALTER",
    "ADD",
    "COLUMN",
    "DROP",
    "CASCADE",
    "CONSTRAINT",
    "FOREIGN",
    "KEY",
    "REFERENCES",
    "PRIMARY",
    "CHECK",
    "DEFAULT",
    "NULL",
    "t",
    "u",
    "a",
    "\"A b\"",
    "app.t",
    "int",
    "text",
    "numeric(10, 2)",
    "(",
    ")",
    ",",
    ";",
    "'x'",
    "$$",
    "DO",
    "BEGIN",
    "END",
    "THEN",
    "EXECUTE",
    "FUNCTION",
    "TRIGGER",
    "ON",
    "RENAME",
    "TO",
    "SET",
    "SCHEMA",
    "SELECT",
    "FROM",
    "WHERE",
    "=",
    ".",
    "POLICY",
    "SEQUENCE",
    "DOMAIN",
    "VALUE",
    "EXCEPTION",
    "WHEN",
    "--",
    "/*",
];

fn sentence() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..40)
        .prop_map(|words| words.join(" "))
}

/// Whole statements that fit together, so that the catalogue has something to do.
const STATEMENTS: [&str; 20] = [
    "CREATE TABLE t (a int PRIMARY KEY, b text);",
    "CREATE TABLE IF NOT EXISTS t (a bigint);",
    "CREATE TABLE u (a int REFERENCES t, b int UNIQUE);",
    "ALTER TABLE t ADD COLUMN c int;",
    "ALTER TABLE t DROP COLUMN a CASCADE;",
    "ALTER TABLE t RENAME TO u;",
    "ALTER TABLE u RENAME TO t;",
    "ALTER TABLE u RENAME COLUMN b TO a;",
    "CREATE INDEX ix ON t (b);",
    "CREATE INDEX IF NOT EXISTS ix ON u (b);",
    "DROP TABLE t;",
    "DROP TABLE IF EXISTS u CASCADE;",
    "CREATE VIEW v AS SELECT * FROM t JOIN u USING (a);",
    "DROP VIEW v;",
    "CREATE SCHEMA s;",
    "ALTER TABLE t SET SCHEMA s;",
    "DROP SCHEMA s CASCADE;",
    "SET search_path = s;",
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_tables WHERE tablename = 't') THEN CREATE TABLE t (a int); END IF; END $$;",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;",
];

fn script() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(STATEMENTS.to_vec()), 0..8)
        .prop_map(|all| all.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_sentence_of_sql_words_is_judged(up in sentence(), down in sentence()) {
        let report = report(&with_backs(&[(&up, &down)]));
        for finding in &report.found.findings {
            prop_assert!(!finding.render_text().is_empty() && !finding.help.is_empty());
        }
        prop_assert!(report.to_json().is_ok());
    }

    #[test]
    fn any_order_of_statements_is_judged(scripts in proptest::collection::vec((script(), script()), 1..6)) {
        let pairs: Vec<(&str, &str)> = scripts.iter().map(|(up, down)| (up.as_str(), down.as_str())).collect();
        let first = report(&with_backs(&pairs));
        prop_assert_eq!(&first, &report(&with_backs(&pairs)), "twice is the same");
    }

    #[test]
    fn any_text_under_up_is_judged(text in "\\PC{0,300}") {
        let report = report(&chain_of(&[&text]));
        prop_assert!(!report.render_text().is_empty());
    }

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let report = report(&Chain::from_files([("a.sql", text)]));
        prop_assert!(!report.render_text().is_empty());
    }
}

#[test]
fn deep_and_long_statements_are_left_to_the_server() {
    let nested = |open: &str, close: &str, deep: usize| {
        format!(
            "CREATE VIEW v AS SELECT {}1{};",
            open.repeat(deep),
            close.repeat(deep)
        )
    };
    let expressions = [
        nested("(", ")", 50_000),
        nested("(SELECT ", ")", 3_000),
        nested("- ", "", 4_000),
        nested("- ", "", 50_000),
        nested("NOT ", "", 4_000),
        nested("CASE WHEN true THEN ", " END", 1_500),
        nested("1 + ", "", 4_500),
        nested("1 + ", "", 100_000),
        nested("ARRAY[", "]", 90),
        nested("SELECT 1 UNION ", "SELECT 1", 1),
    ];
    for sql in &expressions {
        let report = report(&chain_of(&[sql]));
        assert!(
            report.found.findings.iter().all(|finding| !finding.is_error()),
            "{}",
            &sql[..60]
        );
    }
    let body = format!(
        "DO $$ BEGIN {} NULL; {} END $$;",
        "IF true THEN ".repeat(1_500),
        "END IF; ".repeat(1_500)
    );
    report(&chain_of(&[&body]));
}

#[test]
fn a_directory_that_cannot_be_read_is_a_finding() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let rules = |path: &std::path::Path| -> Vec<String> {
        let findings = report(&Chain::look_at(path)).found.findings;
        findings
            .iter()
            .map(|finding| format!("{} {}", finding.rule, finding.message))
            .collect()
    };
    assert_eq!(rules(path), ["G06 there is no revision in this directory"]);
    assert!(rules(&path.join("gone"))[0].starts_with("G06 cannot read "));
    let file = path.join("a.sql");
    std::fs::write(&file, [0xff, 0xfe, 0, 1, 2, 3]).unwrap();
    assert!(rules(&file)[0].starts_with("G06 cannot read "));
    assert_eq!(rules(path)[..1], ["G06 byte 0 is not UTF-8"]);
    std::fs::File::create(path.join("b.sql"))
        .unwrap()
        .set_len(50 * 1024 * 1024)
        .unwrap();
    assert!(rules(path).contains(&"G06 the file is larger than 16 MiB".to_owned()));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(path.join("nowhere"), path.join("c.sql")).unwrap();
        assert!(
            rules(path)
                .iter()
                .any(|line| line.starts_with("G06 the file cannot be read: "))
        );
    }
}

#[test]
fn line_endings_and_marks_of_byte_order_change_no_finding() {
    let text = "-- lineage: 1\n-- id: a\n-- parent: base\n-- title: t\n\n-- >> up\nCREATE TABLE t (a int);\nCREATE TABLE t (a int);\n-- irreversible: a test\n";
    let lines = |text: String| -> Vec<(usize, usize)> {
        let report = report(&Chain::from_files([("a.sql", text)]));
        report
            .found
            .findings
            .iter()
            .map(|finding| (finding.place.line, finding.place.column))
            .collect()
    };
    let plain = lines(text.to_owned());
    assert!(!plain.is_empty());
    assert_eq!(lines(text.replace('\n', "\r\n")), plain);
    assert_eq!(lines(format!("\u{feff}{text}")), plain);
}
