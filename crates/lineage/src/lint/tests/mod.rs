//! Rules of the linter, each where it fires and where it must stay silent.

mod again;
mod back;
mod bad_input;
mod chains;
mod keys;
mod locks;
mod output;

use crate::core::chain::Chain;
use crate::core::finding::Rule;
use crate::lint::{LintOptions, LintReport, lint};

/// A chain of ways up, `r1` to `rn`; SQL begins on line 7. No way back is asked for.
pub(super) fn chain_of(ups: &[&str]) -> Chain {
    with_backs(&ups.iter().map(|up| (*up, "")).collect::<Vec<_>>())
}

/// The same with ways back; an empty one is declared irreversible.
pub(super) fn with_backs(revisions: &[(&str, &str)]) -> Chain {
    let files = revisions.iter().enumerate().map(|(at, (up, down))| {
        let parent = if at == 0 {
            "base".to_owned()
        } else {
            format!("r{at}")
        };
        let back = if down.is_empty() {
            "-- irreversible: a test".to_owned()
        } else {
            format!("-- >> down\n{down}")
        };
        let id = at + 1;
        let text = format!(
            "-- lineage: 1\n-- id: r{id}\n-- parent: {parent}\n-- title: t\n\n-- >> up\n{up}\n\n{back}\n"
        );
        (format!("{id}.sql"), text)
    });
    Chain::from_files(files.collect::<Vec<_>>())
}

pub(super) fn report(chain: &Chain) -> LintReport {
    lint(chain, &LintOptions::default())
}

/// `RULE file:line object` of every finding but I01, which most small examples have.
pub(super) fn found(chain: &Chain) -> Vec<String> {
    let findings = report(chain).found.findings;
    let shown = findings
        .iter()
        .filter(|finding| finding.rule != Rule::I01)
        .map(|finding| {
            let level = if finding.is_error() { "" } else { "?" };
            format!(
                "{}{level} {}:{} {}",
                finding.rule,
                finding.place.file.trim_end_matches(".sql"),
                finding.place.line,
                finding.object.as_deref().unwrap_or("-")
            )
        });
    shown.collect()
}

/// What is found in a chain of ways up. Warnings carry a question mark.
#[track_caller]
pub(super) fn check(ups: &[&str], expected: &[&str]) {
    let found = found(&chain_of(ups));
    assert_eq!(found, expected, "\n{}", ups.join("\n----\n"));
}
