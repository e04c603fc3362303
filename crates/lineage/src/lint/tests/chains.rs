//! Whole chains: our own, and the example of the accident.

use super::report;
use crate::core::chain::Chain;
use crate::core::report::Report as _;
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

/// The example as the README mends it, revision for revision, in its new order.
fn mended() -> Vec<(String, String)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/broken-chain");
    let mut files: Vec<(String, String)> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .filter(|(name, _)| !name.contains("_order_notes_for_support__"))
        .collect();
    files.sort();
    for (early, target) in [
        ("supplier_products", "suppliers"),
        ("order_lines", "orders"),
        ("offer_validation", "validation_runs"),
    ] {
        let at = |slug: &str, files: &[(String, String)]| {
            files
                .iter()
                .position(|(name, _)| name.contains(&format!("_{slug}__")))
                .unwrap()
        };
        let moved = files.remove(at(early, &files));
        let after = at(target, &files) + 1;
        files.insert(after, moved);
    }
    let mut parent = "base".to_owned();
    for (name, text) in &mut files {
        let line = text
            .lines()
            .find(|line| line.starts_with("-- parent"))
            .unwrap()
            .to_owned();
        let fixed = text.replace(&line, &format!("-- parent: {parent}"));
        let fixed = if name.contains("_search_indexes__") {
            fixed.replace("ix_products_sku", "products_sku_name")
        } else if name.contains("_dashboard_indexes__") {
            fixed
                .replace("ix_products_sku", "products_sku_lower")
                .replace("ix_orders_date", "orders_recent")
        } else if name.contains("_product_price_again__") {
            let up = "ALTER TABLE shop.products ADD COLUMN IF NOT EXISTS price numeric(14, 4);";
            let down = "ALTER TABLE shop.products DROP COLUMN IF EXISTS price;";
            let ty = |ty: &str| format!("ALTER TABLE shop.products ALTER COLUMN price TYPE {ty};");
            fixed
                .replace(up, &ty("numeric(14, 4)"))
                .replace(down, &ty("numeric(12, 2)"))
        } else {
            fixed
        };
        *text = fixed;
        text.lines()
            .find_map(|line| line.strip_prefix("-- id: "))
            .unwrap()
            .clone_into(&mut parent);
    }
    files
}

#[test]
fn the_accident_is_mended_as_the_readme_says() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in mended() {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    crate::core::commands::rebless(dir.path()).unwrap();
    let report = report(&Chain::look_at(dir.path()));
    let rules: Vec<String> = report
        .found
        .findings
        .iter()
        .map(|finding| format!("{} {:?}", finding.rule, finding.severity))
        .collect();
    let expected = ["L01", "L01", "L01", "L05", "L01", "L01"].map(|rule| format!("{rule} Warning"));
    assert_eq!(rules, expected, "{}", report.render_text());
}
