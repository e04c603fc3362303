//! Single files, and the commands that write them.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::{chain_of, shown, text};
use crate::core::chain::Chain;
use crate::core::commands::{self, CommandError, NewRevision};
use crate::core::finding::Rule;
use crate::core::report::{Exit, Report as _};
use crate::core::revision::{Down, read};
use crate::core::target::{Target, TargetError};

#[track_caller]
fn check(text: &str, expected: &str) {
    let found = shown(&chain_of(&[("a.sql", text)])).join("\n");
    assert!(
        found.starts_with(expected),
        "\nfound:    {found}\nexpected: {expected}\n{text}"
    );
    assert_eq!(found.is_empty(), expected.is_empty(), "{found}");
}

#[test]
fn a_malformed_file_is_shown_at_its_place() {
    let good = text("a", "base");
    check(&good, "");
    check(&format!("\u{feff}\n{good}"), "");
    check(
        &good.replace("-- id: a\n", ""),
        "G06 a.sql:1:1 the header has no `id`",
    );
    check(
        &good.replace("lineage: 1", "lineage: 2"),
        "G06 a.sql:1:1 format `2` is not known",
    );
    check(
        &good.replace("id: a", "id: A-1"),
        "G06 a.sql:2:1 `A-1` is not a revision id",
    );
    check(
        &good.replace("parent:", "perent:"),
        "G06 a.sql:3:1 unknown header key `perent` | did you mean `parent`?",
    );
    check(
        &good.replace("-- id: a\n", "-- id: a\n-- id: b\n"),
        "G06 a.sql:3:1 `id` is given twice (first on line 2)",
    );
    check(
        &good.replace(">> up", ">> upp"),
        "G06 a.sql:5:1 `-- >> upp` is not a part of a revision | did you mean `-- >> up`?",
    );
    check(
        &good.replace("SELECT 1;", "SELECT 'x;"),
        "G06 a.sql:6:8 this string is never closed",
    );
    check(
        &good.replace("-- >> up", "SELECT 0;\n-- >> up"),
        "G06 a.sql:5:1 SQL before the first part",
    );
    check(
        &good.replace("SELECT 1;", "\\i other.sql"),
        "G06 a.sql:6:1 a psql command in a revision",
    );
}

#[test]
fn what_the_engine_cannot_run_is_refused_at_its_place() {
    let good = text("a", "base");
    check(
        &good.replace("SELECT 1;", "COMMIT;"),
        "L25 a.sql:6:1 this statement cannot run inside a revision",
    );
    check(
        &good.replace("SELECT 1;", "create index concurrently x on y (z);"),
        "L25 a.sql:6:1",
    );
    check(&good.replace("SELECT 1;", "COPY a FROM stdin;"), "L25 a.sql:6:1");
    check(
        &good.replace("SELECT 1;", ""),
        "G06 a.sql:5:9 the up part has no statement yet",
    );
    check(
        &good.replace("-- >> down\nSELECT 2;\n", ""),
        "R01 a.sql:1:1 neither a down part nor `irreversible`",
    );
    check(
        &good.replace("-- >> down", "-- irreversible: x\n-- >> down"),
        "G06 a.sql:7:1 a revision has either",
    );
    check(
        &good
            .replace("-- parent: base", "-- parent: base\n-- transaction: no")
            .replace("SELECT 1;", "CREATE DATABASE x;"),
        "I04 a.sql:7:1 nobody could tell after a crash",
    );
    check(
        &good.replace(">> up", ">> up rust: fill"),
        "U01 a.sql:5:1 `-- >> up rust: fill`",
    );
    check(
        &format!("{good}-- >> check\nDELETE FROM a;\n"),
        "G06 a.sql:10:1 a check is a query",
    );
    check(
        &good.replace("SELECT 1", "SELECT\0 1"),
        "G06 a.sql:6:7 the file holds a NUL byte",
    );
}

#[test]
fn marks_inside_texts_are_no_marks_and_quit_is_for_psql_only() {
    let up = "DO $$\n-- >> down\n$$;\nSELECT '\n-- >> check\n';\n\n\\quit";
    let file = text("a", "base")
        .replace("SELECT 1;", up)
        .replace("parent: base", "parent: base  -- the first one");
    let chain = chain_of(&[("a.sql", &file)]);
    assert_eq!(shown(&chain), Vec::<String>::new());
    let revision = &chain.revisions()[0];
    assert_eq!(revision.up.statements.len(), 2);
    assert!(!revision.up.sql.contains("quit"));
    assert_eq!(revision.down_sql().trim(), "SELECT 2;");
}

#[test]
fn a_reason_may_stand_for_the_way_back_in_the_header_or_below() {
    let body = text("a", "base").replace(
        "-- >> down\nSELECT 2;\n",
        "-- irreversible: data is gone -- really\n",
    );
    let header = text("a", "base")
        .replace("-- >> down\nSELECT 2;\n", "")
        .replace("\n\n", "\n-- irreversible: data is gone -- really\n\n");
    for file in [body, header] {
        let chain = chain_of(&[("a.sql", &file)]);
        assert_eq!(shown(&chain), Vec::<String>::new(), "{file}");
        assert_eq!(
            chain.revisions()[0].down,
            Down::Irreversible("data is gone -- really".to_owned())
        );
    }
}

#[test]
fn a_finding_shows_file_line_text_and_cure() {
    let file = text("a", "base")
        .replace("parent:", "perent:")
        .replace("base", "b\u{1b}[31m");
    let chain = chain_of(&[("a.sql", &file)]);
    let expected = "error[G06]: unknown header key `perent`\n --> a.sql:3:1\n  |\n3 | -- perent: b [31m\n  | ^^^^^^^^^^^^^^^^^\n  |\n  = help: did you mean `parent`?\n";
    assert_eq!(chain.findings()[0].render_text(), expected);
    let json: serde_json::Value = serde_json::from_str(&commands::heads(&chain).to_json().unwrap()).unwrap();
    let first = &json["findings"][0];
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "rule", "severity", "message", "file", "line", "column", "related", "help"
        ]
    );
    assert_eq!(
        (first["rule"].as_str(), first["line"].as_u64()),
        (Some("G06"), Some(3))
    );
    assert_eq!(json["summary"]["errors"], 2);
}

#[test]
fn new_follows_the_head_and_keeps_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("migrations");
    let wanted = |title, first| NewRevision {
        title,
        now: UNIX_EPOCH + Duration::from_mins(29_925_979),
        chance: [first, 0, 0, 0, 0, 1],
    };
    let first = commands::new(&path, &wanted("Scadență pe facturi!", 1)).unwrap();
    let second = commands::new(&path, &wanted("Two", 2)).unwrap();
    assert!(
        first
            .file
            .ends_with("/20261124T2219_scadenta_pe_facturi__010000000001.sql"),
        "{}",
        first.file
    );
    assert_eq!(
        (first.parent.as_str(), second.parent.as_str()),
        ("base", "010000000001")
    );
    let chain = Chain::read_dir(&path).unwrap();
    assert!(chain.is_sound(), "{:?}", shown(&chain));
    assert_eq!(chain.lock().unwrap().lines.last().unwrap().id, second.id);
    assert!(matches!(
        commands::new(&path, &wanted("two\nlines", 3)),
        Err(CommandError::Title)
    ));
    assert!(matches!(
        commands::new(&path, &wanted("???", 3)),
        Err(CommandError::Title)
    ));
    assert_eq!(fs::read_dir(&path).unwrap().count(), 3);
}

#[test]
fn an_edit_is_reported_until_it_is_blessed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.sql");
    fs::write(&file, text("a", "base")).unwrap();
    let rules = || {
        Chain::read_dir(dir.path())
            .unwrap()
            .findings()
            .iter()
            .map(|f| f.rule)
            .collect::<Vec<_>>()
    };
    assert_eq!(rules(), [Rule::G07]);
    assert!(commands::rebless(dir.path()).unwrap().changed);
    assert_eq!(rules(), []);
    fs::write(&file, text("a", "base").replace("SELECT 1", "SELECT 3")).unwrap();
    assert_eq!(rules(), [Rule::G07]);
    let report = commands::rebless(dir.path()).unwrap();
    assert_eq!((report.changed, report.exit()), (true, Exit::Fine));
    assert!(!commands::rebless(dir.path()).unwrap().changed);
    fs::write(dir.path().join("b.sql"), text("b", "nowhere")).unwrap();
    let Err(error) = commands::rebless(dir.path()) else {
        panic!("a broken graph was blessed")
    };
    assert_eq!(
        (error.exit(), error.findings()[0].rule),
        (Exit::Findings, Rule::G03)
    );
}

#[test]
fn history_is_newest_first() {
    let chain = chain_of(&[("a.sql", &text("a", "base")), ("b.sql", &text("b", "a"))]);
    assert_eq!(commands::history(&chain).render_text(), "a -> b \nbase -> a \n");
    assert_eq!(commands::history(&chain).render_graph(), "* b \n|\n* a \n");
    assert_eq!(commands::heads(&chain).render_text(), "b (head) \n");
}

#[test]
fn targets_are_read_as_people_write_them() {
    let cases = [
        ("head", Ok(Target::Head)),
        ("base", Ok(Target::Base)),
        ("+2", Ok(Target::Forward(2))),
        ("-1", Ok(Target::Back(1))),
        ("3f9a", Ok(Target::Revision("3f9a".to_owned()))),
        ("+0", Err(TargetError::Malformed("+0".to_owned()))),
        ("", Err(TargetError::Malformed(String::new()))),
        ("a b", Err(TargetError::Malformed("a b".to_owned()))),
    ];
    for (text, expected) in cases {
        assert_eq!(Target::parse(text), expected, "{text}");
    }
    let chain = chain_of(&[("a.sql", &text("ab1", "base")), ("b.sql", &text("ab2", "ab1"))]);
    assert_eq!(chain.position("ab2"), Ok(1));
    assert!(matches!(chain.position("ab"), Err(TargetError::Ambiguous { .. })));
    assert_eq!(chain.position("x"), Err(TargetError::Unknown("x".to_owned())));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_reported(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let reading = read("a.sql", &bytes);
        prop_assert!(reading.revision.is_some() || !reading.findings.is_empty());
    }

    #[test]
    fn any_file_made_of_our_own_words_is_read_or_reported(
        words in prop::collection::vec(prop::sample::select(vec![
            "-- lineage: 1\n", "-- id: a\n", "-- parent: base\n", "-- parents: a, a\n", "-- >> up\n", "-- >> down\n",
            "-- >> check\n", "-- >>", "\\quit\n", "\\", "'", "\"", "$$", "/*", "*/", ";", "\r\n", "\n", "ș", "--",
            "-- irreversible: x\n", "-- irreversible:\n", "-- transaction: no\n", "SELECT 1;\n", "-- allow: x\n",
        ]), 0..24)
    ) {
        let file = words.concat();
        let reading = read("a.sql", file.as_bytes());
        for finding in &reading.findings {
            prop_assert!(finding.place.line <= file.matches('\n').count() + 1);
            prop_assert!(!finding.render_text().is_empty() && !finding.help.is_empty());
        }
        if let Some(revision) = reading.revision {
            for statement in &revision.up.statements {
                prop_assert!(revision.up.sql.get(statement.start..statement.end).is_some());
                let at = revision.up.offset + statement.start;
                prop_assert!(revision.text.get(at..).is_some());
            }
        }
    }

    #[test]
    fn line_endings_do_not_change_a_revision(lines in prop::collection::vec("[a-z ';$]{0,6}", 0..6)) {
        let file = text("a", "base").replace("SELECT 1;", &lines.join("\n"));
        let unix = read("a.sql", file.as_bytes()).revision.map(|revision| revision.token_hash);
        let windows = read("a.sql", file.replace('\n', "\r\n").as_bytes()).revision.map(|revision| revision.token_hash);
        prop_assert_eq!(unix, windows);
    }
}
