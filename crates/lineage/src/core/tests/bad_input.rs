//! Whatever lies in a directory: a chain with findings, never a panic, and every finding with a place and a cure.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::text;
use crate::core::chain::Chain;
use crate::core::commands;
use crate::core::finding::Rule;
use crate::core::lock::LOCK_FILE;
use crate::core::report::{Exit, Report as _};

fn rules(dir: &Path) -> Vec<String> {
    let chain = Chain::look_at(dir);
    let findings = chain.findings().iter();
    findings
        .map(|finding| format!("{} {}", finding.rule, finding.message))
        .collect()
}

fn assert_drawn(chain: &Chain) {
    for finding in chain.findings() {
        assert!(
            !finding.place.file.is_empty() && !finding.help.is_empty(),
            "{finding:?}"
        );
        assert!(finding.render_text().contains(&finding.rule.to_string()));
    }
    assert!(commands::heads(chain).to_json().is_ok());
    assert!(commands::history(chain).to_json().is_ok());
}

#[test]
fn a_directory_is_read_whatever_lies_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    assert_eq!(rules(path), ["G06 there is no revision in this directory"]);
    // Neither is a revision: a directory with such a name, and a file with another ending.
    fs::create_dir(path.join("old.sql")).unwrap();
    fs::write(path.join("readme.txt"), [0xff, 0x00]).unwrap();
    assert_eq!(rules(path), ["G06 there is no revision in this directory"]);
    fs::write(path.join("a.sql"), text("a", "base")).unwrap();
    fs::write(path.join(LOCK_FILE), [0xff, 0xfe, 0x00, b'\n', b'x']).unwrap();
    assert_eq!(
        rules(path),
        [
            "G07 this is not a line of a lock file",
            "G07 this is not a line of a lock file"
        ]
    );
    fs::remove_file(path.join(LOCK_FILE)).unwrap();
    fs::create_dir(path.join(LOCK_FILE)).unwrap();
    assert!(
        rules(path)[0].starts_with("G06 cannot read "),
        "{:?}",
        rules(path)
    );
    fs::remove_dir(path.join(LOCK_FILE)).unwrap();
    commands::rebless(path).unwrap();
    fs::write(path.join("b.sql"), "").unwrap();
    let empty = rules(path);
    assert!(
        empty.contains(&"G06 the header has no `id`".to_owned()),
        "{empty:?}"
    );
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_a_finding() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    symlink(path.join("round"), path.join("round")).unwrap();
    assert!(rules(&path.join("round"))[0].starts_with("G06 cannot read "));
    fs::write(path.join("a.sql"), text("a", "base")).unwrap();
    symlink(path.join("b.sql"), path.join("b.sql")).unwrap();
    assert!(
        rules(path)[0].starts_with("G06 the file cannot be read: "),
        "{:?}",
        rules(path)
    );
    let closed = path.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything; for anybody else it is the same finding as above.
    let expected = if fs::read_dir(&closed).is_err() {
        "G06 cannot read "
    } else {
        "G06 there is no revision"
    };
    assert!(rules(&closed)[0].starts_with(expected), "{:?}", rules(&closed));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn nothing_is_written_beside_a_broken_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("a.sql"),
        text("a", "base").replace("id: a", "id: A!"),
    )
    .unwrap();
    let error = commands::rebless(dir.path()).unwrap_err();
    assert_eq!(
        (error.exit(), error.findings()[0].rule),
        (Exit::Findings, Rule::G06)
    );
    assert!(!dir.path().join(LOCK_FILE).exists());
}

/// One slip of a finger.
#[derive(Debug, Clone)]
enum Slip {
    Lost,
    Typed(char),
    Twice,
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        Just(Slip::Lost),
        Just(Slip::Twice),
        prop::sample::select(vec![
            'x', ' ', '-', ':', '\n', '\r', '\'', '"', '$', '/', '*', ';', 'ș', '\u{feff}', '\u{0}'
        ])
        .prop_map(Slip::Typed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_in_any_files_are_judged(
        files in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..4),
        lock in prop::option::of(prop::collection::vec(any::<u8>(), 0..120))
    ) {
        let dir = tempfile::tempdir().unwrap();
        for (at, bytes) in files.iter().enumerate() {
            fs::write(dir.path().join(format!("{at}.sql")), bytes).unwrap();
        }
        if let Some(lock) = &lock {
            fs::write(dir.path().join(LOCK_FILE), lock).unwrap();
        }
        let chain = Chain::look_at(dir.path());
        assert_drawn(&chain);
        prop_assert!(!chain.findings().is_empty(), "random bytes are no sound chain, and an empty directory is said");
    }

    #[test]
    fn a_slip_in_the_header_is_found_in_the_header(at in any::<prop::sample::Index>(), slip in slip()) {
        let whole = text("abc", "base");
        let header = whole.find("\n\n").unwrap();
        let mut letters: Vec<char> = whole.chars().collect();
        let at = at.index(header);
        match slip {
            Slip::Lost => { letters.remove(at); }
            Slip::Typed(letter) => letters.insert(at, letter),
            Slip::Twice => letters.insert(at, letters[at]),
        }
        let file: String = letters.into_iter().collect();
        let chain = Chain::from_files([("a.sql", &file)]);
        assert_drawn(&chain);
        for finding in chain.findings() {
            prop_assert!(finding.place.line <= 5, "{}: {:?}", file, finding);
        }
        // Either it changed nothing that matters, or somebody is told.
        let same = chain.revisions().first().is_some_and(|one| one.parents.is_empty() && !one.up.statements.is_empty());
        prop_assert!(same || !chain.is_sound(), "{}", file);
    }

    #[test]
    fn any_graph_with_ids_used_twice_keeps_the_first_of_each(
        links in prop::collection::vec((0_usize..5, prop::option::of(0_usize..6)), 1..12)
    ) {
        let files: Vec<(String, String)> = links.iter().enumerate().map(|(at, (id, parent))| {
            let parent = parent.map_or("base".to_owned(), |parent| format!("r{parent}"));
            (format!("{at:02}.sql"), text(&format!("r{id}"), &parent))
        }).collect();
        let chain = Chain::from_files(files);
        assert_drawn(&chain);
        let ids: HashSet<&usize> = links.iter().map(|(id, _)| id).collect();
        let twice = chain.findings().iter().filter(|finding| finding.rule == Rule::G05).count();
        prop_assert_eq!((chain.revisions().len(), twice), (ids.len(), links.len() - ids.len()));
        let ring = links.iter().any(|(id, parent)| *parent == Some(*id)) && twice == 0;
        prop_assert!(!ring || chain.findings().iter().any(|finding| finding.rule == Rule::G04));
    }
}
