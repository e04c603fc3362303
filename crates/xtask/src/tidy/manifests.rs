//! Versions stand once, in the workspace; lints are the same everywhere.

use super::{Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.below("crates/", "/Cargo.toml") {
        findings.extend(own_versions(path, text));
        if !has_workspace_lints(text) {
            findings.push(Finding::error(
                "lints",
                (path, 0),
                "does not take the lints of the workspace",
                "add [lints] with workspace = true",
            ));
        }
    }
    findings
}

fn own_versions(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_dependencies = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
            continue;
        }
        let is_entry = in_dependencies && line.contains('=') && !line.starts_with('#');
        if is_entry && !line.contains("workspace = true") {
            findings.push(Finding::error(
                "versions",
                (path, index + 1),
                format!("`{line}` does not come from the workspace"),
                "put the version into [workspace.dependencies] and write `name.workspace = true` here",
            ));
        }
    }
    findings
}

fn has_workspace_lints(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true")
}
