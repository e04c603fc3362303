//! Each rule fires on a small made-up tree that breaks it, and stays silent on one that does not.

use super::code::{code_only, without_comments};
use super::{Dependency, Finding, Package, Tree, floors, manifests, pages, papers, schema, sources, sql};

type Check = fn(&Tree) -> Vec<Finding>;

/// `packages` are lines `name: dependency, dev dependency`; `files` are (path, text).
fn tree(packages: &[&str], files: &[(&str, &str)]) -> Tree {
    let packages = packages.iter().map(|line| {
        let (name, wanted) = line.split_once(':').unwrap_or((line, ""));
        let dependencies = wanted.split(',').map(str::trim).filter(|one| !one.is_empty());
        let dependencies = dependencies.map(|one| match one.strip_prefix("dev ") {
            Some(name) => (name, Some("dev".to_owned())),
            None => (one, None),
        });
        Package {
            name: name.to_owned(),
            dependencies: dependencies
                .map(|(name, kind)| Dependency {
                    name: name.to_owned(),
                    kind,
                })
                .collect(),
        }
    });
    Tree {
        packages: packages.collect(),
        files: files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect(),
    }
}

/// `expected` are lines `rule file:line`, as the report sorts them.
#[track_caller]
fn check(rule: Check, tree: &Tree, expected: &[&str]) {
    let mut findings = rule(tree);
    findings.sort();
    let short: Vec<String> = findings
        .iter()
        .map(|found| format!("{} {}:{}", found.rule, found.file, found.line))
        .collect();
    assert_eq!(short, expected, "{findings:#?}");
}

#[track_caller]
fn check_floors(packages: &[&str], expected: &[&str]) {
    check(floors::check, &tree(packages, &[]), expected);
}

#[test]
fn a_crate_may_import_what_stands_below_it() {
    check_floors(
        &[
            "kernel",
            "settings",
            "telemetry: settings",
            "db: kernel, telemetry",
            "jobs: db, kernel, dev testkit",
            "web: jobs, kernel, db",
            "emag-api: kernel",
            "catalog: web, emag-api, dev testkit",
            "orders: catalog",
            "server: orders, web, dev testkit",
            "testkit: db, jobs",
            "xtask: testkit",
        ],
        &[],
    );
}

#[test]
fn a_crate_may_not_import_upwards() {
    check_floors(&["kernel: db", "db"], &["floors crates/kernel/Cargo.toml:0"]);
    check_floors(
        &["settings: telemetry", "telemetry"],
        &["floors crates/settings/Cargo.toml:0"],
    );
    check_floors(&["web: catalog", "catalog"], &["floors crates/web/Cargo.toml:0"]);
    check_floors(&["jobs: ui", "ui"], &["floors crates/jobs/Cargo.toml:0"]);
    check_floors(
        &["tabular: matching", "matching"],
        &["floors crates/tabular/Cargo.toml:0"],
    );
}

#[test]
fn a_slice_imports_to_the_left_only_also_in_its_tests() {
    check_floors(
        &["inventory: emag", "emag"],
        &["floors crates/inventory/Cargo.toml:0"],
    );
    check_floors(
        &["inventory: dev orders", "orders"],
        &["floors crates/inventory/Cargo.toml:0"],
    );
    check_floors(
        &["inventory: suppliers", "suppliers"],
        &["floors crates/inventory/Cargo.toml:0"],
    );
}

#[test]
fn the_test_bench_is_for_tests_and_knows_no_slice() {
    check_floors(
        &["orders: testkit", "testkit"],
        &["floors crates/orders/Cargo.toml:0"],
    );
    check_floors(
        &["testkit: catalog", "catalog"],
        &["floors crates/testkit/Cargo.toml:0"],
    );
    check_floors(
        &["server: xtask", "xtask"],
        &["floors crates/server/Cargo.toml:0"],
    );
}

#[test]
fn a_crate_that_can_be_used_alone_knows_the_vocabulary_at_most() {
    check_floors(
        &["emag-api: settings", "settings"],
        &["standalone crates/emag-api/Cargo.toml:0"],
    );
    check_floors(&["lineage: kernel", "kernel"], &[]);
}

#[test]
fn a_new_crate_needs_a_floor() {
    check_floors(&["invoicing"], &["floors crates/invoicing/Cargo.toml:0"]);
}

#[test]
fn versions_and_lints_come_from_the_workspace() {
    let check = |text: &str, expected: &[&str]| {
        check(
            manifests::check,
            &tree(&[], &[("crates/a/Cargo.toml", text)]),
            expected,
        );
    };
    let lints = "[lints]\nworkspace = true\n";
    check(
        &format!("{lints}[dependencies]\nserde.workspace = true\nweb = {{ workspace = true }}\n"),
        &[],
    );
    check(&format!("{lints}[features]\nfake = []\n[dependencies]\n"), &[]);
    check(
        &format!("{lints}[dev-dependencies]\nserde = \"1\"\n"),
        &["versions crates/a/Cargo.toml:4"],
    );
    check("[dependencies]\n", &["lints crates/a/Cargo.toml:0"]);
}

#[track_caller]
fn check_source(path: &str, text: &str, expected: &[&str]) {
    check(sources::check, &tree(&[], &[(path, text)]), expected);
}

#[test]
fn a_long_file_is_a_warning_and_a_longer_one_an_error() {
    let lines = |count: usize| format!("//! What.\n{}", "fn a() {}\n".repeat(count - 1));
    check_source("crates/a/src/lib.rs", &lines(400), &[]);
    let report = super::check(&tree(&[], &[("crates/a/src/lib.rs", &lines(401))]));
    let long = |report: super::Report| report.findings.into_iter().find(|found| found.rule == "size");
    assert_eq!(
        long(report).map(|found| found.severity),
        Some(super::Severity::Warning)
    );
    let report = super::check(&tree(&[], &[("crates/a/src/lib.rs", &lines(601))]));
    assert_eq!(
        long(report).map(|found| found.severity),
        Some(super::Severity::Error)
    );
    check_source("crates/a/tests/journey.rs", &lines(900), &[]);
}

#[test]
fn a_module_says_what_it_is_for() {
    check_source(
        "crates/a/src/lib.rs",
        "use b;\n",
        &["opening crates/a/src/lib.rs:1"],
    );
    check_source("crates/a/src/tests.rs", "use b;\n", &[]);
}

#[test]
fn there_are_no_drawers() {
    check_source(
        "crates/a/src/utils.rs",
        "//! W\n",
        &["drawer crates/a/src/utils.rs:0"],
    );
    check_source(
        "crates/a/src/helpers/x.rs",
        "//! W\n",
        &["drawer crates/a/src/helpers/x.rs:0"],
    );
    check_source("crates/a/tests/common/mod.rs", "", &[]);
}

#[test]
fn nothing_is_left_over() {
    let path = "docs/a.md";
    check_source(path, concat!("a TO", "DO here\n"), &["left-over docs/a.md:1"]);
    check_source(path, concat!("TO", "DOS is a word\n"), &[]);
    check_source(path, "\n<<<<<<< HEAD\n", &["left-over docs/a.md:2"]);
    check_source(path, "see /home/ana/magflow\n", &["machine-path docs/a.md:1"]);
    check_source("crates/a/src/tests.rs", "\"/home/ana\"\n", &[]);
}

#[track_caller]
fn check_sql(path: &str, text: &str, expected: &[&str]) {
    check(sql::check, &tree(&[], &[(path, text)]), expected);
}

#[test]
fn sql_stands_in_the_store_of_a_slice() {
    let macro_ = "sqlx::query!(\"SELECT 1\")";
    check_sql("crates/orders/src/store.rs", macro_, &[]);
    check_sql("crates/orders/src/store/lines.rs", macro_, &[]);
    check_sql("crates/orders/src/tests/place.rs", macro_, &[]);
    check_sql("crates/orders/tests/race.rs", macro_, &[]);
    check_sql(
        "crates/orders/src/service.rs",
        macro_,
        &["sql-place crates/orders/src/service.rs:1"],
    );
    check_sql(
        "crates/orders/src/api.rs",
        "\nquery_as!(Row, \"…\")",
        &["sql-place crates/orders/src/api.rs:2"],
    );
}

#[test]
fn a_store_uses_what_is_checked_when_compiled() {
    let unchecked = "let q = sqlx::query(\"SELECT 1\");";
    let place = "sql-place crates/orders/src/store.rs:1";
    check_sql("crates/orders/src/store.rs", unchecked, &[place]);
    check_sql(
        "crates/orders/src/store.rs",
        "let q = QueryBuilder::new(\"\");",
        &[place],
    );
    check_sql(
        "crates/orders/src/store/search.rs",
        "let q = QueryBuilder::new(\"\");",
        &[],
    );
}

#[test]
fn a_kit_without_a_table_sends_no_sql() {
    let function = "sqlx::query(\"SELECT 1\")";
    check_sql("crates/web/src/idempotency.rs", function, &[]);
    check_sql(
        "crates/ui/src/words.rs",
        function,
        &["sql-place crates/ui/src/words.rs:1"],
    );
}

#[test]
fn the_server_itself_sends_no_sql() {
    for statement in ["SHOW server_version", "SELECT 1 FROM app.users"] {
        check_sql(
            "crates/server/src/health.rs",
            &format!("sqlx::query(\"{statement}\")"),
            &["sql-place crates/server/src/health.rs:1"],
        );
    }
}

#[test]
fn sql_in_comments_and_strings_is_no_sql() {
    check_sql(
        "crates/ui/src/a.rs",
        "// sqlx::query(\nlet a = \"query!\"; /* query! */",
        &[],
    );
}

#[test]
fn parents_the_schema_relies_on_are_never_deleted() {
    check_sql(
        "crates/identity/src/store.rs",
        "query!(\"DELETE FROM app.users WHERE id = $1\")",
        &["never-deleted crates/identity/src/store.rs:1"],
    );
    check_sql(
        "crates/identity/src/store.rs",
        "query!(\"DELETE FROM app.users_sessions WHERE id = $1\")",
        &[],
    );
}

const LISTED: (&str, &str) = (
    "crates/orders/src/lib.rs",
    "pub static PAGES: P = ui::slice_pages!(\n    \"orders\",\n    templates: [\"list.html\"]\n);",
);
const TEMPLATE: (&str, &str) = ("crates/orders/templates/orders/list.html", "<p>");
const RO: (&str, &str) = ("crates/orders/locales/ro/orders.ftl", "orders-title = Comenzi\n");
const EN: (&str, &str) = ("crates/orders/locales/en/orders.ftl", "orders-title = Orders\n");

#[track_caller]
fn check_pages(files: &[(&str, &str)], expected: &[&str]) {
    check(pages::check, &tree(&["orders"], files), expected);
}

#[test]
fn a_slice_with_all_its_pages_is_fine() {
    check_pages(&[LISTED, TEMPLATE, RO, EN], &[]);
}

#[test]
fn a_template_nobody_lists_is_found() {
    let stray = ("crates/orders/templates/orders/_old.html", "");
    let elsewhere = ("crates/orders/templates/catalog/list.html", "");
    check_pages(
        &[LISTED, TEMPLATE, RO, EN, stray, elsewhere],
        &[
            "template crates/orders/templates/catalog/list.html:0",
            "template crates/orders/templates/orders/_old.html:0",
        ],
    );
}

#[test]
fn a_listed_file_that_does_not_exist_is_found() {
    let found = "template crates/orders/src/lib.rs:1";
    check_pages(&[LISTED, RO, EN], &[found]);
    check_pages(&[LISTED, TEMPLATE, RO], &[found]);
}

#[test]
fn both_languages_hold_the_same_keys() {
    let more = (
        RO.0,
        "orders-title = Comenzi\norders-count =\n    { $n ->\n        [one] o comandă\n       *[other] comenzi\n    }\n",
    );
    check_pages(
        &[LISTED, TEMPLATE, more, EN],
        &["words crates/orders/locales/ro/orders.ftl:2"],
    );
    let twice = (EN.0, "orders-title = Orders\norders-title = Sales\n");
    check_pages(
        &[LISTED, TEMPLATE, RO, twice],
        &["words crates/orders/locales/en/orders.ftl:2"],
    );
    let elsewhere = (
        "crates/ui/locales/en/ui.ftl",
        "ui-save = Save\norders-title = Orders\n",
    );
    check_pages(
        &[LISTED, TEMPLATE, RO, EN, elsewhere],
        &["words crates/ui/locales/en/ui.ftl:2"],
    );
    let third = ("crates/orders/locales/hu/orders.ftl", "");
    check_pages(
        &[LISTED, TEMPLATE, RO, EN, third],
        &["words crates/orders/locales/hu/orders.ftl:0"],
    );
}

#[test]
fn pages_hold_no_inline_looks_or_behaviour() {
    let macro_ = (TEMPLATE.0, "<p>{{ ui.when(at,\n style=\"date\") }}");
    check_pages(&[LISTED, macro_, RO, EN], &[]);
    let page = (TEMPLATE.0, "{# a\n #}<p style=\"color: red\">{{ x");
    check_pages(
        &[LISTED, page, RO, EN],
        &["inline crates/orders/templates/orders/list.html:2"],
    );
}

const PAPERS: &[(&str, &str)] = &[
    ("README.md", ""),
    ("CONTRIBUTING.md", ""),
    ("LICENSE-MIT", ""),
    ("LICENSE-APACHE", ""),
    ("CHANGELOG.md", "# Changes\n\n## [Unreleased]\n"),
];
const MAP: &str = "# A\n\n## Code map\n\n| floor | crate | what |\n|---|---|---|\n| 0 | `kernel` | words |\n";

#[track_caller]
fn check_map(map: &str, packages: &[&str], expected: &[&str]) {
    let files: Vec<_> = PAPERS.iter().copied().chain([("ARCHITECTURE.md", map)]).collect();
    check(papers::check, &tree(packages, &files), expected);
}

#[test]
fn the_code_map_lists_exactly_the_crates_that_exist() {
    check_map(MAP, &["kernel"], &[]);
    check_map(MAP, &["kernel", "db"], &["code-map ARCHITECTURE.md:0"]);
    check_map(MAP, &[], &["code-map ARCHITECTURE.md:7"]);
    let twice = format!("{MAP}| 0 | `kernel` | |\n## Next\n| 0 | `other` | x |\n");
    check_map(
        &twice,
        &["kernel"],
        &["code-map ARCHITECTURE.md:8", "code-map ARCHITECTURE.md:8"],
    );
}

#[test]
fn papers_are_there_and_the_change_log_is_open() {
    let files = [("ARCHITECTURE.md", MAP), ("CHANGELOG.md", "## [0.1.0]\n")];
    check(
        papers::check,
        &tree(&["kernel"], &files),
        &[
            "change-log CHANGELOG.md:0",
            "papers CONTRIBUTING.md:0",
            "papers LICENSE-APACHE:0",
            "papers LICENSE-MIT:0",
            "papers README.md:0",
        ],
    );
}

#[test]
fn a_decision_has_a_number_of_its_own() {
    let files = [
        ("docs/decisions/0001-house.md", ""),
        ("docs/decisions/0001-other.md", ""),
        ("docs/decisions/notes.md", ""),
    ];
    let files: Vec<_> = PAPERS
        .iter()
        .copied()
        .chain([("ARCHITECTURE.md", MAP)])
        .chain(files)
        .collect();
    check(
        papers::check,
        &tree(&["kernel"], &files),
        &[
            "decisions docs/decisions/0001-other.md:0",
            "decisions docs/decisions/notes.md:0",
        ],
    );
}

/// One revision with this SQL from line 7 on, and its lock.
#[track_caller]
fn check_schema(sql: &str, expected: &[&str]) {
    let name = "migrations/20260101T0000_a__a10f3c5e7d21.sql";
    let text = format!(
        "-- lineage: 1\n-- id: a10f3c5e7d21\n-- parent: base\n-- title: A\n\n-- >> up\n{sql}\n\\quit\n-- >> down\nSELECT 1;\n"
    );
    let chain = lineage::Chain::from_files([(name, &text)]);
    let lock = lineage::Lock::of(chain.revisions()).render();
    let files = [(name, text.as_str()), ("migrations/lineage.lock", lock.as_str())];
    let expected: Vec<String> = expected
        .iter()
        .map(|line| line.replace('@', &format!("{name}:")))
        .collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(schema::check, &tree(&[], &files), &expected);
}

const AUDITED: &str = "CREATE TABLE app.a (id bigint PRIMARY KEY);\n\
    CREATE TRIGGER a_audit AFTER INSERT OR UPDATE OR DELETE ON app.a FOR EACH ROW EXECUTE FUNCTION app.audit('x');\n";

#[test]
fn a_table_of_the_business_is_audited() {
    check_schema(AUDITED, &[]);
    check_schema(
        "CREATE TABLE IF NOT EXISTS app.a (id bigint PRIMARY KEY);",
        &["audit @7"],
    );
    let half = AUDITED.replace(" OR DELETE", "");
    check_schema(&half, &["audit @7"]);
    let other = AUDITED.replace("app.audit", "app.touch");
    check_schema(&other, &["audit @7"]);
    check_schema("CREATE TABLE app.emag_calls (id bigint PRIMARY KEY);", &[]);
    check_schema(
        "CREATE TABLE app.a (id bigint);\nDROP TABLE IF EXISTS app.a CASCADE;",
        &[],
    );
}

#[test]
fn an_exception_nobody_needs_is_found() {
    let audited = AUDITED.replace("app.a ", "app.audit_logs ");
    let name = "migrations/20260101T0000_a__a10f3c5e7d21.sql";
    let text = format!(
        "-- lineage: 1\n-- id: a10f3c5e7d21\n-- parent: base\n-- title: A\n\n-- >> up\n{audited}\n\\quit\n-- >> down\nSELECT 1;\n"
    );
    let findings = schema::check(&tree(&[], &[(name, &text)]));
    assert!(
        findings
            .iter()
            .any(|found| found.rule == "audit" && found.message == "app.audit_logs needs no exception"),
        "{findings:#?}"
    );
}

#[test]
fn a_time_has_a_zone() {
    let table = |column: &str| format!("{AUDITED}ALTER TABLE app.a ADD COLUMN t {column};");
    check_schema(&table("timestamptz"), &[]);
    check_schema(&table("timestamp with time zone"), &[]);
    check_schema(&table("timestamp(3) with time zone"), &[]);
    check_schema(&table("timestamp"), &["time-zone @9"]);
    check_schema(&table("TIMESTAMP without time zone NOT NULL"), &["time-zone @9"]);
    check_schema(&table("text DEFAULT 'timestamp' -- timestamp"), &[]);
}

#[track_caller]
fn check_key(sql: &str, expected: &[&str]) {
    check_schema(&format!("{AUDITED}{sql}"), expected);
}

#[test]
fn every_foreign_key_has_an_index() {
    let table =
        "ALTER TABLE app.a ADD COLUMN IF NOT EXISTS b_id bigint NOT NULL REFERENCES app.b ON DELETE CASCADE;";
    check_key(table, &["key-index @9"]);
    check_key(
        &format!("{table}\nCREATE INDEX a_b ON app.a (b_id, id DESC);"),
        &[],
    );
    check_key(
        &format!("{table}\nCREATE INDEX a_b ON app.a (id, b_id);"),
        &["key-index @9"],
    );
    check_key(
        &format!("{table}\nCREATE INDEX a_b ON app.a (b_id) WHERE id > 7;"),
        &["key-index @9"],
    );
    check_key(
        &format!("{table}\nCREATE INDEX a_b ON app.a (b_id) WHERE b_id IS NOT NULL;"),
        &[],
    );
    check_key(
        &format!("{table}\nCREATE INDEX a_b ON app.a USING gin (b_id);"),
        &["key-index @9"],
    );
    check_key(
        "ALTER TABLE app.a ADD COLUMN by bigint REFERENCES app.users;",
        &[],
    );
}

#[test]
fn keys_of_several_columns_and_unique_constraints_count_too() {
    let audit = "\nCREATE TRIGGER c_audit AFTER INSERT OR UPDATE OR DELETE ON app.c FOR EACH ROW EXECUTE FUNCTION app.audit();";
    let table = |items: &str| {
        format!("CREATE TABLE app.c (x bigint CHECK (x > 0), y numeric(5, 2), {items});{audit}")
    };
    check_key(&table("FOREIGN KEY (x, y) REFERENCES app.b"), &["key-index @9"]);
    check_key(
        &table("FOREIGN KEY (x, y) REFERENCES app.b (p, q), PRIMARY KEY (y, x)"),
        &[],
    );
    check_key(&table("z bigint UNIQUE REFERENCES app.b"), &[]);
    check_key(
        &table("z bigint REFERENCES app.b, UNIQUE NULLS NOT DISTINCT (z, x)"),
        &[],
    );
    check_key(
        &table("z bigint REFERENCES app.b, UNIQUE (x, z)"),
        &["key-index @9"],
    );
}

#[test]
fn the_lock_file_is_in_step() {
    let name = "migrations/20260101T0000_a__a10f3c5e7d21.sql";
    let text = "-- lineage: 1\n-- id: a10f3c5e7d21\n-- parent: base\n-- title: A\n\n-- >> up\nSELECT 1;\n\\quit\n-- >> down\nSELECT 1;\n";
    check(
        schema::check,
        &tree(&[], &[(name, text)]),
        &["lock-file migrations/lineage.lock:0"],
    );
    let chain = lineage::Chain::from_files([(name, text)]);
    let lock = lineage::Lock::of(chain.revisions()).render();
    let edited = text.replace("up\nSELECT 1", "up\nSELECT 2");
    let files = [
        (name, edited.as_str()),
        ("migrations/lineage.lock", lock.as_str()),
    ];
    let found = schema::check(&tree(&[], &files));
    assert!(found.iter().any(|one| one.rule == "lineage"), "{found:#?}");
}

#[test]
fn comments_and_strings_are_told_from_code() {
    let check = |source: &str, code: &str, with_strings: &str| {
        assert_eq!(code_only(source), code);
        assert_eq!(without_comments(source), with_strings);
        assert_eq!(code_only(source).len(), source.len());
    };
    check("a // b\nc", "a     \nc", "a     \nc");
    check("a /* /* b */ */ c", "a               c", "a               c");
    check("f(\"// \\\" x\") y", "f(         ) y", "f(\"// \\\" x\") y");
    check("r#\"a\"b\"# c", "         c", "r#\"a\"b\"# c");
    check("br\"a\\\" c", "b      c", "br\"a\\\" c");
    check("for\"x\"", "for   ", "for\"x\"");
    check("'\"' <'a> '\\'' b", "    <'a>      b", "'\"' <'a> '\\'' b");
    check("\"ș\" /* ț", "          ", "\"ș\"      ");
    check("\"open", "     ", "\"open");
}
