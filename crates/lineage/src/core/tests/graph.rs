//! Graphs that are not one chain, and the lock file.

use proptest::prelude::*;

use super::{chain_of, shown, text};
use crate::core::chain::Chain;
use crate::core::finding::Rule;
use crate::core::lock::Lock;

#[track_caller]
fn check(revisions: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<(String, String)> = revisions
        .iter()
        .enumerate()
        .map(|(at, (id, parent))| (format!("{at}.sql"), text(id, parent)))
        .collect();
    assert_eq!(shown(&Chain::from_files(files)), expected);
}

#[test]
fn one_chain_has_nothing_to_report() {
    check(&[], &[]);
    check(&[("c", "b"), ("a", "base"), ("b", "a")], &[]);
}

#[test]
fn every_other_graph_is_named_with_its_cure() {
    check(
        &[("a", "base"), ("b", "a"), ("c", "b"), ("d", "a")],
        &[
            "G02 3.sql:3:1 two heads: `c` and `d` | if `d` is not applied anywhere yet, set `-- parent: c` in 3.sql and run `migrate rebless`",
        ],
    );
    check(
        &[("a1b2c3", "base"), ("d4e5f6", "a1b2c4")],
        &[
            "G03 1.sql:3:1 parent `a1b2c4` of `d4e5f6` is in no file | did you mean `a1b2c3`? otherwise restore the missing file",
            "G02 1.sql:3:1 two heads: `a1b2c3` and `d4e5f6` | if `d4e5f6` is not applied anywhere yet, set `-- parent: a1b2c3` in 1.sql and run `migrate rebless`",
        ],
    );
    check(
        &[("a", "base"), ("b", "c"), ("c", "b")],
        &[
            "G04 1.sql:3:1 revisions are each other's parents: b -> c -> b | one of these `parent:` lines is wrong; the oldest of them must point outside the circle",
        ],
    );
    check(
        &[("a", "a")],
        &[
            "G04 0.sql:3:1 revisions are each other's parents: a -> a | one of these `parent:` lines is wrong; the oldest of them must point outside the circle",
        ],
    );
    check(
        &[("a", "base"), ("b", "a"), ("b", "a")],
        &[
            "G05 2.sql:2:1 id `b` is used by two files | give one of them a new id; if one is a copy, delete it",
        ],
    );
}

#[test]
fn two_roots_are_two_findings_with_one_cure() {
    let files = [
        ("0.sql", text("a", "base")),
        ("1.sql", text("b", "a")),
        ("2.sql", text("x", "base")),
    ];
    let chain = Chain::from_files(files);
    let rules: Vec<Rule> = chain.findings().iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::G01, Rule::G02]);
    assert!(
        chain
            .findings()
            .iter()
            .all(|finding| finding.help.contains("`-- parent: b` in 2.sql"))
    );
}

#[test]
fn a_merge_is_only_warned_of() {
    let merge = text("d", "base").replace("parent: base", "parents: b, c");
    let files = [
        ("0.sql", text("a", "base")),
        ("1.sql", text("b", "a")),
        ("2.sql", text("c", "a")),
        ("3.sql", merge),
    ];
    let chain = Chain::from_files(files);
    assert_eq!(
        chain
            .findings()
            .iter()
            .map(|finding| finding.rule)
            .collect::<Vec<_>>(),
        [Rule::G08]
    );
    assert!(chain.is_sound());
    assert_eq!(chain.head().map(|head| head.id.as_str()), Some("d"));
}

#[test]
fn ten_thousand_revisions_are_ordered_without_deep_calls() {
    let files = (0..10_000).map(|n| {
        let parent = if n == 0 {
            "base".to_owned()
        } else {
            format!("r{}", n - 1)
        };
        (format!("{:05}.sql", 10_000 - n), text(&format!("r{n}"), &parent))
    });
    let chain = Chain::from_files(files);
    assert!(chain.is_sound());
    assert_eq!(chain.head().map(|head| head.id.as_str()), Some("r9999"));
    assert!(
        chain
            .revisions()
            .iter()
            .enumerate()
            .all(|(at, revision)| revision.id.as_str() == format!("r{at}"))
    );
}

#[test]
fn a_lock_that_disagrees_is_named_line_by_line() {
    let (a, b, c) = (text("a", "base"), text("b", "a"), text("c", "b"));
    let full = chain_of(&[("a.sql", &a), ("b.sql", &b), ("c.sql", &c)]);
    let lock = Lock::of(full.revisions()).render();
    let lines: Vec<&str> = lock.lines().collect();
    let cases: Vec<(&str, String, &str)> = vec![
        ("same", lock.clone(), ""),
        (
            "missing line",
            lines[..2].join("\n"),
            "G07 c.sql:2:1 `c` is not in lineage.lock",
        ),
        (
            "other order",
            [lines[0], lines[2], lines[1]].join("\n"),
            "G07 lineage.lock:2:1 `c` stands where `b` belongs",
        ),
        (
            "twice",
            [lines[0], lines[1], lines[2], lines[2]].join("\n"),
            "G07 lineage.lock:0:0 4 lines for 3 revisions; one is given twice",
        ),
        (
            "unknown",
            format!("{lock}x c h1:0 r1:0\n"),
            "G07 lineage.lock:4:1 `x` is in lineage.lock, but there is no such revision",
        ),
        (
            "other parent",
            lock.replace("c b ", "c a "),
            "G07 c.sql:3:1 the parent of `c` is `b`, lineage.lock says `a`",
        ),
        (
            "other SQL",
            lock.replace("c b h1:", "c b h1:f"),
            "G07 c.sql:0:0 the SQL of `c` is not the SQL in lineage.lock",
        ),
        (
            "other bytes",
            lock.replace(" r1:", " r1:f"),
            "T02 a.sql:0:0 only comments, whitespace or case changed in `a`",
        ),
        (
            "conflict",
            format!("<<<<<<< ours\n{lock}"),
            "G07 lineage.lock:1:1 an unsolved merge conflict",
        ),
        (
            "noise",
            format!("{lock}what is this\n"),
            "G07 lineage.lock:4:1 this is not a line of a lock file",
        ),
    ];
    for (what, lock, expected) in cases {
        let chain = chain_of(&[
            ("a.sql", &a),
            ("b.sql", &b),
            ("c.sql", &c),
            ("lineage.lock", &lock),
        ]);
        let first = shown(&chain).into_iter().next().unwrap_or_default();
        assert!(
            first.starts_with(expected) && first.is_empty() == expected.is_empty(),
            "{what}: {first}"
        );
    }
}

proptest! {
    #[test]
    fn any_graph_is_read_whole_and_parents_come_first(
        parents in prop::collection::vec(prop::option::of(0_usize..14), 0..12)
    ) {
        let files = parents.iter().enumerate().map(|(at, parent)| {
            let parent = parent.map_or("base".to_owned(), |parent| format!("r{parent}"));
            (format!("{at}.sql"), text(&format!("r{at}"), &parent))
        });
        let chain = Chain::from_files(files);
        prop_assert_eq!(chain.revisions().len(), parents.len());
        if chain.is_sound() {
            prop_assert!(parents.is_empty() || chain.head().is_some());
            for (at, revision) in chain.revisions().iter().enumerate() {
                for parent in &revision.parents {
                    prop_assert!(chain.position(parent.as_str()).unwrap() < at);
                }
            }
        }
    }

    #[test]
    fn any_lock_is_read(lock in any::<String>()) {
        let (read, findings) = Lock::parse("lineage.lock", &lock);
        prop_assert!(findings.len() <= 20);
        prop_assert_eq!(Lock::parse("x", &read.render()).0.lines.len(), read.lines.len());
    }
}
