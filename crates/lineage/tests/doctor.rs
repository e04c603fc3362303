//! What the doctor says, and the chain it proposes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use lineage::pg::{Engine, EngineOptions, PgConnectOptions, Proof};
use lineage::{Chain, Exit, Report as _, Rule, Target};
use support::run;

fn engine(revisions: &[(&str, &str, &str)]) -> Engine {
    let files = revisions.iter().enumerate().map(|(at, (id, parents, up))| {
        let text = format!(
            "-- lineage: 1\n-- id: {id}\n-- parents: {parents}\n-- title: about {id}\n\n-- >> up\n{up}\n-- irreversible: a test\n"
        );
        (format!("migrations/2025010{at}T0900__{id}.sql"), text)
    });
    Engine::new(Chain::from_files(files), EngineOptions::default())
}

const ORDERS: (&str, &str, &str) = ("orders", "base", "CREATE TABLE orders (id int PRIMARY KEY);");
const LINES: (&str, &str, &str) = (
    "lines",
    "base",
    "CREATE TABLE lines (o int REFERENCES orders (id));",
);
const NOTES: (&str, &str, &str) = ("notes", "orders", "ALTER TABLE orders ADD COLUMN note text;");

#[tokio::test]
async fn orphans_and_heads_are_linked_and_the_chain_is_proved() {
    let database = support::database().await;
    let report = engine(&[LINES, ORDERS, NOTES]).doctor(&database, true).await;
    assert_eq!(report.exit(), Exit::Findings);
    let relink = report.relink.as_ref().unwrap();
    let told: Vec<String> = relink
        .changes
        .iter()
        .map(|one| format!("{} {} -> {}: {}", one.revision, one.from, one.to, one.why))
        .collect();
    assert_eq!(
        told,
        [
            "lines base -> orders: after `public.orders` is made, then by the time of its file",
            "notes orders -> lines: after `public.orders` is made, then by the time of its file",
        ]
    );
    assert!(relink.patch.starts_with(
        "--- a/migrations/20250100T0900__lines.sql\n+++ b/migrations/20250100T0900__lines.sql\n@@ -3 +3 @@\n-- parents: base\n+-- parent: orders\n".replace("\n-- parents", "\n--- parents").as_str()
    ), "{}", relink.patch);
    let Some(Proof::Tried(proof)) = &report.proof else {
        panic!("{:?}", report.proof)
    };
    assert_eq!((proof.exit(), proof.revisions), (Exit::Fine, 3));
    assert!(
        report
            .render_text()
            .contains("this chain in a shadow database: it holds")
    );
}

#[tokio::test]
async fn the_broken_example_becomes_one_line() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/broken-chain");
    let chain = Chain::read_dir(dir).unwrap();
    assert!(!chain.is_sound());
    let again = Chain::from_files(chain.relinked().files);
    let graph: Vec<_> = again
        .findings()
        .iter()
        .filter(|f| f.rule.to_string().starts_with('G'))
        .collect();
    assert!(graph.is_empty(), "{graph:?}");
    let rules: Vec<Rule> = lineage::lint::lint(&again, &lineage::lint::LintOptions::default())
        .found
        .findings
        .iter()
        .map(|f| f.rule)
        .collect();
    assert!(
        !rules.contains(&Rule::O01),
        "no key names a table that comes later: {rules:?}"
    );
}

#[tokio::test]
async fn a_healthy_database_needs_nothing_and_a_patch_can_be_applied() {
    let database = support::database().await;
    let engine = engine(&[ORDERS, NOTES]);
    engine.upgrade(&database, &Target::Head).await.unwrap();
    let report = engine.doctor(&database, true).await;
    let errors: Vec<_> = report.found.findings.iter().filter(|f| f.is_error()).collect();
    assert!(
        errors.is_empty() && report.relink.is_none() && report.proof.is_none(),
        "{errors:?}"
    );

    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("migrations")).unwrap();
    let proposal = super_engine().chain().relinked();
    for revision in super_engine().chain().revisions() {
        std::fs::write(dir.path().join(&revision.file), &revision.text).unwrap();
    }
    std::fs::write(dir.path().join("fix.patch"), &proposal.patch).unwrap();
    let mut git = std::process::Command::new("git");
    let applied = git
        .current_dir(dir.path())
        .args(["apply", "--unidiff-zero", "fix.patch"])
        .output()
        .unwrap();
    assert!(applied.status.success(), "{applied:?}");
    for (file, text) in &proposal.files {
        assert_eq!(&std::fs::read_to_string(dir.path().join(file)).unwrap(), text);
    }
}

fn super_engine() -> Engine {
    engine(&[LINES, ORDERS, NOTES])
}

#[tokio::test]
async fn what_is_in_the_way_is_told_with_its_cure() {
    let database = support::database().await;
    let mut conn = support::connect(&database).await;
    let user = format!("u{}", std::process::id());
    run(&mut conn, &format!("CREATE ROLE {user} LOGIN")).await;
    let report = engine(&[ORDERS])
        .doctor(&database.clone().username(&user), false)
        .await;
    let text = report.render_text();
    assert!(
        text.contains(&format!(
            "error[E01]: `{user}` may not create schemas in this database"
        )),
        "{text}"
    );
    assert!(text.contains(&format!("ALTER ROLE {user} CREATEDB")), "{text}");
    run(&mut conn, &format!("DROP ROLE {user}")).await;
    let nowhere = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(1);
    let report = engine(&[LINES, ORDERS]).doctor(&nowhere, true).await;
    let rules: Vec<Rule> = report
        .found
        .findings
        .iter()
        .filter(|f| f.is_error())
        .map(|f| f.rule)
        .collect();
    assert!(
        rules.contains(&Rule::G01) && rules.contains(&Rule::E01),
        "{rules:?}"
    );
    assert!(matches!(report.proof, Some(Proof::NotTried(_))));
}
