//! Whole chains: our own, and the example of the accident.

use super::report;
use crate::core::chain::Chain;
use crate::lint::{LintOptions, lint};

#[test]
fn our_own_chain_has_no_error() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    let options = LintOptions {
        external_schemas: vec!["graphile_worker".to_owned()],
    };
    let report = lint(&Chain::look_at(dir), &options);
    let shown: Vec<String> = report
        .found
        .findings
        .iter()
        .filter(|finding| finding.is_error())
        .map(crate::core::finding::Finding::render_text)
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    assert!(report.counts.effects > 100, "the chain was read");
}

fn broken() -> Vec<String> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/broken-chain");
    let report = report(&Chain::look_at(dir));
    let findings = report.found.findings.iter().map(|finding| {
        let file = finding.place.file.rsplit('/').next().unwrap_or("");
        let slug = file
            .split_once('_')
            .map_or(file, |(_, rest)| rest.split("__").next().unwrap_or(rest));
        format!("{} {slug}:{}", finding.rule, finding.place.line)
    });
    findings.collect()
}

#[test]
fn the_accident_is_found_whole() {
    assert_eq!(
        broken(),
        include_str!("broken_chain.txt").lines().collect::<Vec<_>>()
    );
}
