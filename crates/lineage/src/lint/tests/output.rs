//! `allow` lines, and the forms of a report.

use super::{chain_of, found, report};
use crate::core::chain::Chain;
use crate::core::finding::Rule;
use crate::core::report::{Exit, Report as _};
use crate::{github, sarif};

const TWICE: [&str; 2] = [
    "CREATE TABLE t (a int);",
    "CREATE TABLE IF NOT EXISTS t (a bigint);",
];

fn with_allow(line: &str) -> Chain {
    let head = |id: &str, parent: &str, allow: &str, up: &str| {
        let text = format!(
            "-- lineage: 1\n-- id: {id}\n-- parent: {parent}\n{allow}\n-- >> up\n{up}\n-- irreversible: a test\n"
        );
        (format!("{id}.sql"), text)
    };
    Chain::from_files(vec![
        head("a", "base", "", "CREATE TABLE IF NOT EXISTS t (a int);"),
        head(
            "b",
            "a",
            &format!("{line}\n"),
            "CREATE TABLE IF NOT EXISTS t (a bigint);",
        ),
    ])
}

#[test]
fn a_finding_may_be_allowed_with_a_reason() {
    let chain = with_allow("-- allow: D02 public.t \"the old one is what we want\"");
    assert_eq!(found(&chain), Vec::<String>::new());
    let report = report(&chain);
    assert_eq!((report.exit(), report.counts.allowed), (Exit::Fine, 1));
    assert_eq!(
        found(&with_allow("-- allow: D02 * \"any\"")),
        Vec::<String>::new()
    );
}

#[test]
fn an_allow_that_allows_nothing_is_warned_of() {
    assert_eq!(
        found(&with_allow("-- allow: D02 public.u \"another\"")),
        ["G09? b:4 -", "D02 b:7 public.t"]
    );
    assert_eq!(
        found(&with_allow("-- allow: D02 public.t")),
        ["G06 b:4 -", "D02 b:7 public.t"]
    );
    assert_eq!(
        found(&with_allow("-- allow: D99 public.t \"x\"")),
        ["G06 b:4 -", "D02 b:7 public.t"]
    );
    assert_eq!(
        found(&with_allow("-- allow: R01 * \"x\"")),
        ["G06 b:4 -", "D02 b:7 public.t"]
    );
}

#[test]
fn a_hidden_index_is_shown_with_both_places_and_a_new_name() {
    let chain = chain_of(&[
        "CREATE TABLE t (a int, b int);\nCREATE INDEX IF NOT EXISTS ix ON t (a);",
        "CREATE INDEX IF NOT EXISTS ix ON t (b, a);",
    ]);
    let finding = report(&chain)
        .found
        .findings
        .into_iter()
        .find(|finding| finding.rule == Rule::D02)
        .unwrap();
    let expected = "\
error[D02]: index `public.ix` is created twice; the guard hides the second definition
 --> 2.sql:7:28
  |
7 | CREATE INDEX IF NOT EXISTS ix ON t (b, a);
  |                            ^^ skipped at run time: the name is taken
  |
 ::: 1.sql:8:1
  |
8 | CREATE INDEX IF NOT EXISTS ix ON t (a);
  | -------------------------------------- first definition, one revision earlier
  |
help: give the new one its own name, then drop the old one
  |
7 - CREATE INDEX IF NOT EXISTS ix ON t (b, a);
7 + CREATE INDEX IF NOT EXISTS t_b_a ON t (b, a);
  |
";
    assert_eq!(finding.render_text(), expected);
}

#[test]
fn unguarded_statements_are_one_warning_for_a_revision() {
    let chain = chain_of(&[
        "CREATE TABLE a (x int);\nCREATE TABLE b (x int);\nCREATE TABLE IF NOT EXISTS c (x int);",
    ]);
    let report = report(&chain);
    let finding = &report.found.findings[0];
    assert_eq!(
        (finding.rule, finding.related.len(), report.exit()),
        (Rule::I01, 1, Exit::Fine)
    );
    assert_eq!(
        finding.message,
        "2 statements have no guard and fail when run again"
    );
    let guarded = chain_of(&[
        "CREATE TABLE a (x int);",
        "DROP TRIGGER IF EXISTS z ON a; CREATE TRIGGER z BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();",
    ]);
    let rules: Vec<String> = super::report(&guarded)
        .found
        .findings
        .iter()
        .map(|f| format!("{} {}", f.rule, f.place.file))
        .collect();
    assert_eq!(rules, ["I01 1.sql"]);
}

#[test]
fn machines_get_json_annotations_and_sarif() {
    let report = report(&chain_of(&TWICE));
    let json: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    let d02 = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["rule"] == "D02")
        .unwrap();
    assert_eq!(
        (&d02["severity"], &d02["file"], &d02["line"], &d02["column"]),
        (&"error".into(), &"2.sql".into(), &7.into(), &28.into())
    );
    assert_eq!(
        (&d02["related"][0]["file"], &d02["related"][0]["line"]),
        (&"1.sql".into(), &7.into())
    );
    assert_eq!(
        (&d02["object"], &json["summary"]["errors"]),
        (&"public.t".into(), &1.into())
    );
    assert_eq!(json["counts"]["revisions"], 2);
    let lines = github(&report.found.findings);
    let line = lines.lines().find(|line| line.contains("D02")).unwrap();
    assert!(
        line.starts_with("::error file=2.sql,line=7,col=28,title=D02%3A An object created again"),
        "{line}"
    );
    let log = sarif(&report.found.findings, "1");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "D02").unwrap();
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startLine"],
        7
    );
    assert_eq!(
        log["runs"][0]["tool"]["driver"]["rules"]
            .as_array()
            .unwrap()
            .len(),
        Rule::ALL.len()
    );
}

#[test]
fn every_rule_has_its_page() {
    let page = include_str!("../../../docs/rules.md");
    for rule in Rule::ALL {
        let heading = format!("## {rule} ");
        assert!(
            page.lines().any(|line| line.starts_with(&heading)),
            "docs/rules.md has no heading for {rule}"
        );
    }
    let headings = page.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(headings, Rule::ALL.len());
}

#[test]
fn only_the_lowering_knows_the_parser() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut open = vec![std::path::PathBuf::from(source)];
    let parser = ["squawk", "syntax"].join("_");
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.components().any(|part| part.as_os_str() == "lower") {
                assert!(
                    !std::fs::read_to_string(&path).unwrap().contains(&parser),
                    "{}",
                    path.display()
                );
            }
        }
    }
}
