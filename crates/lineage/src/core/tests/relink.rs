//! Commands that change a chain: rebase, merge, squash; and those that show it: sql, show.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use tempfile::TempDir;

use crate::core::chain::Chain;
use crate::core::commands::{self, CommandError, Merge, Mode, NewRevision, Rebase, Squash};
use crate::core::finding::Rule;
use crate::core::report::{Exit, Report as _};
use crate::core::target::Direction;
use crate::lint::LintOptions;

/// A file by id, parents and way up; `r1` makes the table that the others speak of.
fn file(id: &str, parents: &str, up: &str, down: &str) -> String {
    let key = if parents.contains(',') {
        "parents"
    } else {
        "parent"
    };
    format!(
        "-- lineage: 1\n-- id: {id}\n-- {key}: {parents}   -- a remark\n-- title: Title of {id}\n\n-- >> up\n{up}\n\n\\quit\n-- >> down\n{down}\n"
    )
}

fn table(id: &str, parents: &str) -> String {
    file(
        id,
        parents,
        &format!("CREATE TABLE IF NOT EXISTS t_{id} (a int);"),
        &format!("DROP TABLE IF EXISTS t_{id};"),
    )
}

fn directory(files: &[(&str, String)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (id, text) in files {
        fs::write(dir.path().join(format!("{id}.sql")), text).unwrap();
    }
    dir
}

/// a <- b <- c, and a <- x <- y beside it.
fn two_heads() -> TempDir {
    directory(&[
        ("a", table("a", "base")),
        ("b", table("b", "a")),
        ("c", table("c", "b")),
        ("x", table("x", "a")),
        ("y", table("y", "x")),
    ])
}

fn parents(dir: &Path) -> Vec<String> {
    let chain = Chain::read_dir(dir).unwrap();
    let revisions = chain.revisions().iter();
    revisions
        .map(|one| format!("{} <- {}", one.parents_text(), one.id))
        .collect()
}

fn revision(title: &str) -> NewRevision<'_> {
    NewRevision {
        title,
        now: UNIX_EPOCH + Duration::from_mins(29_925_979),
        chance: [0xab; 6],
    }
}

const NEW: &str = "abababababab";

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, CommandError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.exit(), Exit::Findings, "{error}");
    error.to_string()
}

#[test]
fn a_branch_is_put_after_the_other_head() {
    let dir = two_heads();
    let preview = Rebase {
        branch: Some("y"),
        mode: Mode::Preview,
        ..Rebase::default()
    };
    let shown = commands::rebase(dir.path(), &preview).unwrap();
    assert_eq!((shown.relinked.len(), shown.heads), (1, vec!["y".to_owned()]));
    assert_eq!(
        Chain::read_dir(dir.path()).unwrap().heads().len(),
        2,
        "nothing was changed"
    );
    let report = commands::rebase(
        dir.path(),
        &Rebase {
            branch: Some("x"),
            ..Rebase::default()
        },
    )
    .unwrap();
    assert_eq!(report.exit(), Exit::Fine, "{}", report.render_text());
    assert_eq!(
        parents(dir.path()),
        ["base <- a", "a <- b", "b <- c", "c <- x", "x <- y"]
    );
    assert!(Chain::read_dir(dir.path()).unwrap().is_sound());
    let text = fs::read_to_string(dir.path().join("x.sql")).unwrap();
    assert_eq!(
        text,
        table("x", "a").replace("-- parent: a   -- a remark", "-- parent: c")
    );
    assert!(refused(commands::rebase(dir.path(), &Rebase::default())).contains("one head"));
}

#[test]
fn what_the_lock_knows_stays_and_so_does_the_longer_line() {
    let dir = two_heads();
    commands::rebase(dir.path(), &Rebase::default()).unwrap();
    // Two lines of equal length: the first by file name stays.
    assert_eq!(parents(dir.path()).last().unwrap(), "x <- y");
    let dir = directory(&[("a", table("a", "base")), ("x", table("x", "a"))]);
    commands::rebless(dir.path()).unwrap();
    for (id, parent) in [("b", "a"), ("c", "b"), ("d", "c")] {
        fs::write(dir.path().join(format!("{id}.sql")), table(id, parent)).unwrap();
    }
    commands::rebase(dir.path(), &Rebase::default()).unwrap();
    assert_eq!(
        parents(dir.path()),
        ["base <- a", "a <- x", "x <- b", "b <- c", "c <- d"]
    );
}

#[test]
fn orphans_and_merges_of_a_branch_become_one_line() {
    let dir = directory(&[
        ("a", table("a", "base")),
        ("b", table("b", "a")),
        ("o", table("o", "base")),
        ("p", table("p", "a")),
        ("q", table("q", "o, p")),
    ]);
    let onto = Rebase {
        branch: Some("q"),
        onto: Some("b"),
        ..Rebase::default()
    };
    let report = commands::rebase(dir.path(), &onto).unwrap();
    assert_eq!(report.found.findings, [], "{}", report.render_text());
    assert_eq!(
        parents(dir.path()),
        ["base <- a", "a <- b", "b <- o", "o <- p", "p <- q"]
    );
}

#[test]
fn line_endings_and_the_mark_of_byte_order_survive() {
    let windows = format!("\u{feff}{}", table("x", "a").replace('\n', "\r\n"));
    let dir = directory(&[
        ("a", table("a", "base")),
        ("b", table("b", "a")),
        ("x", windows.clone()),
    ]);
    commands::rebase(dir.path(), &Rebase::default()).unwrap();
    let text = fs::read_to_string(dir.path().join("x.sql")).unwrap();
    assert_eq!(
        text,
        windows.replace("-- parent: a   -- a remark", "-- parent: b")
    );
}

#[test]
fn a_wish_that_makes_no_sense_is_refused_and_changes_nothing() {
    let dir = two_heads();
    let before = parents(dir.path());
    let try_it = |branch, onto| {
        commands::rebase(
            dir.path(),
            &Rebase {
                branch,
                onto,
                ..Rebase::default()
            },
        )
    };
    assert!(refused(try_it(Some("a"), None)).contains("several heads"));
    assert!(refused(try_it(Some("x"), Some("y"))).contains("belongs to the line"));
    assert!(matches!(try_it(Some("zz"), None), Err(CommandError::Target(_))));
    assert!(refused(try_it(Some("c"), Some("b"))).contains("after that revision already"));
    assert_eq!(parents(dir.path()), before);
    fs::write(dir.path().join("z.sql"), table("z", "nowhere")).unwrap();
    assert!(matches!(try_it(None, None), Err(CommandError::Unsound { .. })));
}

#[test]
fn two_heads_that_have_nothing_in_common_are_merged() {
    let dir = two_heads();
    let wanted = Merge {
        heads: None,
        revision: revision(""),
    };
    let report = commands::merge(dir.path(), &wanted).unwrap();
    assert_eq!((report.exit(), report.id.as_deref()), (Exit::Fine, Some(NEW)));
    let rules: Vec<Rule> = report.found.findings.iter().map(|one| one.rule).collect();
    assert_eq!(rules, [Rule::G08], "{}", report.render_text());
    assert_eq!(parents(dir.path()).last().unwrap(), &format!("c,y <- {NEW}"));
    assert!(report.file.unwrap().contains("_merge_c_and_y__"));
    assert!(refused(commands::merge(dir.path(), &wanted)).contains("one head"));
}

#[test]
fn a_merge_of_two_sides_that_touch_the_same_thing_is_refused_with_both_places() {
    let column = |id: &str, name: &str| {
        file(
            id,
            "a",
            &format!("ALTER TABLE t_a ADD COLUMN IF NOT EXISTS {name} int;"),
            &format!("ALTER TABLE t_a DROP COLUMN IF EXISTS {name};"),
        )
    };
    let wanted = Merge {
        heads: Some(("b", "x")),
        revision: revision("Both"),
    };
    let dir = directory(&[
        ("a", table("a", "base")),
        ("b", column("b", "n")),
        ("x", column("x", "n")),
    ]);
    let report = commands::merge(dir.path(), &wanted).unwrap();
    assert_eq!(
        (report.exit(), report.id, report.file),
        (Exit::Findings, None, None)
    );
    let finding = &report.found.findings[0];
    assert_eq!(
        (
            finding.rule,
            finding.object.as_deref(),
            finding.place.line,
            finding.related[0].place.line
        ),
        (Rule::M01, Some("public.t_a.n"), 7, 7)
    );
    assert_eq!(parents(dir.path()).len(), 3);
    // Each its own column: either may come first.
    fs::write(dir.path().join("x.sql"), column("x", "m")).unwrap();
    assert_eq!(
        commands::merge(dir.path(), &wanted).unwrap().id.as_deref(),
        Some(NEW)
    );
}

#[test]
fn lint_names_merges_whose_sides_do_not_commute() {
    let drop = file("x", "a", "DROP TABLE t_a;", "CREATE TABLE t_a (a int);");
    let index = file("b", "a", "CREATE INDEX i ON t_a (a);", "DROP INDEX i;");
    let rows = |id: &str| {
        file(
            id,
            "a",
            "INSERT INTO t_a VALUES (1);",
            "DELETE FROM t_a WHERE a = 1;",
        )
    };
    let found = |left: String, right: String| -> Vec<String> {
        let merge = table("m", "b, x");
        let chain = Chain::from_files([
            ("a.sql", table("a", "base")),
            ("b.sql", left),
            ("x.sql", right),
            ("m.sql", merge),
        ]);
        let findings = crate::lint::lint(&chain, &LintOptions::default()).found.findings;
        let own = findings.into_iter().filter(|finding| finding.rule == Rule::M01);
        own.map(|finding| format!("{} {}", finding.place.file, finding.object.unwrap_or_default()))
            .collect()
    };
    assert_eq!(found(index.clone(), drop), ["m.sql public.t_a"]);
    assert_eq!(found(rows("b"), rows("x")), ["m.sql public.t_a"]);
    assert_eq!(found(index, rows("x")), Vec::<String>::new());
    assert_eq!(found(table("b", "a"), table("x", "a")), Vec::<String>::new());
}

fn squash<'a>(to: &'a str, options: &'a LintOptions, mode: Mode) -> Squash<'a> {
    Squash {
        to,
        revision: revision("Everything so far"),
        options,
        mode,
    }
}

fn line(ids: &[&str]) -> TempDir {
    let files: Vec<(&str, String)> = ids
        .iter()
        .enumerate()
        .map(|(at, id)| {
            (
                *id,
                table(id, at.checked_sub(1).map_or("base", |before| ids[before])),
            )
        })
        .collect();
    let dir = directory(&files);
    commands::rebless(dir.path()).unwrap();
    dir
}

#[test]
fn the_beginning_of_a_chain_becomes_one_revision() {
    let options = LintOptions::default();
    let dir = line(&["a", "b", "c", "d"]);
    let statements = |dir: &Path| -> Vec<String> {
        let chain = Chain::read_dir(dir).unwrap();
        let report = commands::sql(&chain, "base:head").unwrap();
        report
            .revisions
            .into_iter()
            .flat_map(|one| one.statements)
            .collect()
    };
    let before = statements(dir.path());
    let preview = commands::squash(dir.path(), &squash("c", &options, Mode::Preview)).unwrap();
    assert_eq!((preview.replaces.len(), parents(dir.path()).len()), (3, 4));
    let report = commands::squash(dir.path(), &squash("c", &options, Mode::Write)).unwrap();
    assert_eq!(report.exit(), Exit::Fine, "{}", report.render_text());
    assert_eq!(
        parents(dir.path()),
        [format!("base <- {NEW}"), format!("{NEW} <- d")]
    );
    assert_eq!(statements(dir.path()), before);
    let chain = Chain::read_dir(dir.path()).unwrap();
    assert!(chain.is_sound(), "{:?}", super::shown(&chain));
    let replaced: Vec<&str> = chain.revisions()[0]
        .replaces
        .iter()
        .map(crate::core::revision::RevisionId::as_str)
        .collect();
    assert_eq!(replaced, ["a", "b", "c"]);
    let back = commands::sql(&chain, "head:base").unwrap();
    assert_eq!(back.direction, Direction::Down);
    let downs: Vec<String> = back
        .revisions
        .into_iter()
        .flat_map(|one| one.statements)
        .collect();
    assert_eq!(downs[0], "DROP TABLE IF EXISTS t_d");
    assert_eq!(downs[3], "DROP TABLE IF EXISTS t_a");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn a_squash_that_cannot_be_one_transaction_is_refused() {
    let options = LintOptions::default();
    let dir = line(&["a", "b", "c"]);
    assert!(
        refused(commands::squash(dir.path(), &squash("a", &options, Mode::Write))).contains("one revision")
    );
    let setting = file("b", "a", "SET search_path = app;", "SELECT 1;");
    fs::write(dir.path().join("b.sql"), setting).unwrap();
    commands::rebless(dir.path()).unwrap();
    assert!(refused(commands::squash(dir.path(), &squash("c", &options, Mode::Write))).contains("SET"));
    let label = file("b", "a", "ALTER TYPE mood ADD VALUE 'b';", "SELECT 1;");
    let ty = file("a", "base", "CREATE TABLE a (x int);", "DROP TABLE a;");
    fs::write(dir.path().join("a.sql"), ty).unwrap();
    fs::write(dir.path().join("b.sql"), label).unwrap();
    commands::rebless(dir.path()).unwrap();
    let before = parents(dir.path());
    // The type is in no revision, before as after: only what a squash itself would break stands against it.
    let report = commands::squash(dir.path(), &squash("c", &options, Mode::Preview)).unwrap();
    assert_eq!(report.id.as_deref(), Some(NEW), "{}", report.render_text());
    assert_eq!(parents(dir.path()), before);
}

#[test]
fn what_is_left_of_a_squash_is_named() {
    let squashed = table("s", "base").replace("-- title", "-- replaces: a, b\n-- title");
    let chain = Chain::from_files([
        ("s.sql", squashed),
        ("b.sql", table("b", "s")),
        ("c.sql", table("c", "a")),
    ]);
    let found: Vec<String> = chain
        .findings()
        .iter()
        .map(|one| format!("{} {} {}", one.rule, one.place.file, one.message))
        .take(2)
        .collect();
    assert_eq!(
        found,
        [
            "G03 c.sql parent `a` of `c` was squashed into `s`",
            "G10 s.sql `s` replaces `b`, and both are in the directory",
        ]
    );
}

#[test]
fn a_range_is_written_as_a_script_in_either_direction() {
    let dir = line(&["a", "b", "c"]);
    let chain = Chain::read_dir(dir.path()).unwrap();
    let ids = |range: &str| -> Vec<String> {
        let report = commands::sql(&chain, range).unwrap();
        report.revisions.into_iter().map(|one| one.id).collect()
    };
    assert_eq!(ids("a:c"), ["b", "c"]);
    assert_eq!(ids("c:a"), ["c", "b"]);
    assert_eq!(ids("b"), ["a", "b"]);
    assert_eq!(ids(":"), ["a", "b", "c"]);
    assert_eq!(ids("b:b"), Vec::<String>::new());
    let text = commands::sql(&chain, "b:c").unwrap().render_text();
    assert_eq!(
        text,
        "-- From b to c. Nothing is recorded: tell the engine afterwards with `migrate stamp c`.\n\n-- c Title of c\nBEGIN;\nCREATE TABLE IF NOT EXISTS t_c (a int);\nCOMMIT;\n"
    );
    assert!(matches!(
        commands::sql(&chain, "zz:"),
        Err(CommandError::Target(_))
    ));
    let gone = table("c", "b").split("\n\\quit").next().unwrap().to_owned() + "-- irreversible: gone\n";
    fs::write(dir.path().join("c.sql"), gone).unwrap();
    commands::rebless(dir.path()).unwrap();
    let chain = Chain::read_dir(dir.path()).unwrap();
    let error = commands::sql(&chain, "c:b").unwrap_err();
    assert_eq!(error.findings()[0].rule, Rule::R05);
}

#[test]
fn a_revision_is_shown_with_what_it_does() {
    let dir = line(&["a", "b"]);
    let chain = Chain::read_dir(dir.path()).unwrap();
    let report = commands::show(&chain, "head", &LintOptions::default()).unwrap();
    let text = report.render_text();
    assert!(text.starts_with("b Title of b\n"), "{text}");
    assert!(text.contains("     7  creates table t_b (guarded)\n"), "{text}");
    assert!(text.contains("    11  drops table t_b (guarded)\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(
        (&json["id"], &json["up"][0]["verb"], &json["up"][0]["object"]),
        (&"b".into(), &"creates".into(), &"t_b".into())
    );
    let missing = commands::show(&chain, "zz", &LintOptions::default()).unwrap_err();
    assert_eq!(missing.exit(), Exit::Usage);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever the tree, one rebase after another ends in one line that holds every revision once.
    #[test]
    fn any_tree_is_rebased_into_one_line(ups in prop::collection::vec(any::<prop::sample::Index>(), 1..9)) {
        let mut files = vec![("r0".to_owned(), table("r0", "base"))];
        for (at, up) in ups.iter().enumerate() {
            let id = format!("r{}", at + 1);
            let parent = format!("r{}", up.index(at + 1));
            let text = table(&id, &parent);
            files.push((id, text));
        }
        let named: Vec<(&str, String)> = files.iter().map(|(id, text)| (id.as_str(), text.clone())).collect();
        let dir = directory(&named);
        for _ in 0..files.len() {
            let chain = Chain::read_dir(dir.path()).unwrap();
            let heads: Vec<String> = chain.heads().iter().map(|head| head.id.to_string()).collect();
            if let [first, second, ..] = heads.as_slice() {
                let wanted = Rebase { branch: Some(second), onto: Some(first), mode: Mode::Write };
                prop_assert!(commands::rebase(dir.path(), &wanted).is_ok());
            }
        }
        commands::rebless(dir.path()).unwrap();
        let chain = Chain::read_dir(dir.path()).unwrap();
        prop_assert!(chain.is_sound());
        prop_assert_eq!(chain.revisions().len(), files.len());
    }
}
