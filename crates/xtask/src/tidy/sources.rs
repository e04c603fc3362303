//! Size, names and openings of source files; no left-overs anywhere.

use super::code::has_word;
use super::law::{CONFLICTS, DRAWERS, LEFTOVERS, LINES_MAX, LINES_WARN, LONG_FILES, MACHINE_PATHS};
use super::{Finding, Tree};

/// The law names what it forbids, and its tests break it on purpose.
const ABOUT_THE_LAW: &str = "crates/xtask/src/tidy/";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree.product_sources() {
        findings.extend(size(source.path, source.text));
        if !source.text.starts_with("//!") {
            findings.push(Finding::error(
                "opening",
                (source.path, 1),
                "does not say what it is for",
                "begin with `//!`: what it is for, what always holds, what it never does",
            ));
        }
    }
    for (path, _) in tree.below("crates/", ".rs") {
        findings.extend(drawer(path));
    }
    for (path, text) in &tree.files {
        if !path.starts_with(ABOUT_THE_LAW) {
            findings.extend(leftovers(path, text));
        }
    }
    findings
}

fn size(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let is_long_for_a_reason = LONG_FILES.iter().any(|(known, _)| *known == path);
    if lines <= LINES_WARN || is_long_for_a_reason {
        return None;
    }
    let finding = Finding::error(
        "size",
        (path, 0),
        format!("{lines} lines"),
        format!("past {LINES_WARN} lines a file becomes a folder of the same name; {LINES_MAX} is the limit"),
    );
    Some(if lines > LINES_MAX {
        finding
    } else {
        finding.into_warning()
    })
}

fn drawer(path: &str) -> Option<Finding> {
    // Integration tests share code in `tests/common`, cargo's own convention.
    let name = path.rsplit('/').next()?.strip_suffix(".rs")?;
    let folder = path.rsplit('/').nth(1)?;
    let is_drawer = DRAWERS.contains(&name) || (DRAWERS.contains(&folder) && path.contains("/src/"));
    is_drawer.then(|| {
        Finding::error(
            "drawer",
            (path, 0),
            "a drawer for everything",
            "name the file for the word it owns",
        )
    })
}

fn leftovers(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    for (index, line) in text.lines().enumerate() {
        let place = (path, index + 1);
        // A test may well ask what becomes of such a path.
        let machine = MACHINE_PATHS.iter().find(|word| !is_test && line.contains(*word));
        findings.extend(machine.map(|word| {
            let message = format!("`{word}` exists on somebody's machine only");
            let cure = "take the path from configuration, the environment or a temporary directory";
            Finding::error("machine-path", place, message, cure)
        }));
        let leftover = LEFTOVERS.iter().find(|word| has_word(line, word));
        findings.extend(leftover.map(|word| {
            let cure = "finish it, or open an issue and remove the mark";
            Finding::error("left-over", place, format!("`{word}` is left over"), cure)
        }));
        if CONFLICTS.iter().any(|mark| line.starts_with(mark)) {
            let message = "an unsolved merge conflict";
            findings.push(Finding::error("left-over", place, message, "solve it"));
        }
    }
    findings
}
