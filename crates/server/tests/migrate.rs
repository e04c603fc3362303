//! `magflow migrate` on directories, without a database: what a shell sees.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn magflow(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_magflow"));
    command.arg("migrate").args(arguments).env_remove("DATABASE_URL");
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = magflow(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn broken_chain() -> String {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../lineage/examples/broken-chain");
    dir.canonicalize().unwrap().display().to_string()
}

fn long_chain(revisions: usize) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for at in 0..revisions {
        let parent = if at == 0 {
            "base".to_owned()
        } else {
            format!("r{}", at - 1)
        };
        let text = format!(
            "-- lineage: 1\n-- id: r{at}\n-- parent: {parent}\n-- title: a title that fills the pipe\n\n-- >> up\nSELECT 1;\n-- >> down\nSELECT 1;\n"
        );
        std::fs::write(dir.path().join(format!("{at:05}.sql")), text).unwrap();
    }
    dir
}

#[test]
fn lint_answers_people_machines_and_workflows() {
    let dir = broken_chain();
    let (code, text, _) = run(&["lint", "--dir", &dir]);
    assert_eq!(code, 1);
    assert!(
        text.contains("error[D02]: index `shop.ix_products_sku` is created twice"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "no colours without a terminal");
    let (code, text, _) = run(&["lint", "--dir", &dir, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 1);
    assert!(json["summary"]["errors"].as_u64().unwrap() > 5 && json["findings"].is_array());
    let (_, text, _) = run(&["lint", "--dir", &dir, "--github"]);
    assert!(
        text.lines()
            .all(|line| line.starts_with("::error ") || line.starts_with("::warning ")),
        "{text}"
    );
    let (_, text, _) = run(&["lint", "--dir", &dir, "--sarif"]);
    let log: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(log["version"], "2.1.0");
}

#[test]
fn heads_and_history_work_on_any_directory() {
    let dir = broken_chain();
    let (code, text, _) = run(&["heads", "--dir", &dir]);
    assert_eq!((code, text.matches("(head)").count()), (1, 2), "{text}");
    let (code, text, _) = run(&["history", "--graph", "--dir", &dir]);
    assert_eq!(
        (code, text.lines().filter(|line| line.starts_with("* ")).count()),
        (1, 42),
        "{text}"
    );
    let (code, text, _) = run(&["heads", "--dir", "/nowhere/at/all"]);
    assert_eq!(code, 1);
    assert!(text.contains("error[G06]: cannot read /nowhere/at/all"), "{text}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_history_quietly() {
    let dir = long_chain(5_000);
    let mut child = magflow(&["history", "--dir", &dir.path().display().to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    drop(out);
    let end = child.wait_with_output().unwrap();
    assert!(!line.is_empty());
    assert_eq!(String::from_utf8_lossy(&end.stderr), "");
    assert!(end.status.code().is_some(), "ended by itself");
}

#[test]
fn one_step_back_is_a_count_and_not_an_option() {
    use clap::Parser as _;
    for target in ["-1", "-12", "base", "3f9a"] {
        let parsed = server::cli::Cli::try_parse_from(["magflow", "migrate", "downgrade", target]);
        assert!(parsed.is_ok(), "{target}: {:?}", parsed.err());
    }
}

#[test]
fn a_new_revision_follows_the_head_and_passes_lint() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    for title in ["First", "Second"] {
        let (code, _, wrong) = run(&["new", title, "--dir", &path]);
        assert_eq!(code, 0, "{wrong}");
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    let texts: Vec<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    assert!(texts.iter().all(|text| text.contains("\n\\quit\n-- >> down\n")));
    assert_eq!(
        texts
            .iter()
            .filter(|text| text.contains("-- parent: base"))
            .count(),
        1
    );
    let (code, text, _) = run(&["lint", "--dir", &path]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_stamp_is_forced_only_with_a_reason() {
    use clap::Parser as _;
    let parse = |arguments: &[&str]| {
        let all = ["magflow", "migrate"].iter().chain(arguments);
        server::cli::Cli::try_parse_from(all).is_ok()
    };
    assert!(parse(&["stamp", "3f9a", "--verify"]));
    assert!(parse(&["stamp", "3f9a", "--force", "--why", "built at night"]));
    assert!(!parse(&["stamp", "3f9a", "--force"]));
    assert!(!parse(&["upgrade", "--backup", "sometimes"]));
}

#[test]
fn a_hook_is_installed_once() {
    let dir = tempfile::tempdir().unwrap();
    let git = Command::new("git")
        .arg("init")
        .arg("--quiet")
        .arg(dir.path())
        .status();
    assert!(git.unwrap().success());
    let install = || {
        let mut command = magflow(&["hook", "install", "--json"]);
        let output = command.current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!(
        (&install()["changed"], &install()["changed"]),
        (&true.into(), &false.into())
    );
    let hook = std::fs::read_to_string(dir.path().join(".git/hooks/pre-commit")).unwrap();
    assert!(
        hook.contains("exec magflow migrate lint --dir 'migrations'"),
        "{hook}"
    );
}

#[tokio::test]
async fn a_database_is_proved_compared_and_backed_up_from_the_shell() {
    let test = testkit::empty_database().await;
    let data = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = magflow(arguments);
        command
            .env("DATABASE_URL", test.url())
            .arg("--data-dir")
            .arg(data.path())
            .arg("--json");
        let output = command.output().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error} {output:?}"));
        (output.status.code().unwrap(), json)
    };
    assert_eq!(run(&["upgrade"]).0, 0);
    let (code, check) = run(&["check"]);
    assert_eq!((code, &check["summary"]["errors"]), (0, &0.into()), "{check}");
    let (code, verify) = run(&["verify"]);
    assert_eq!((code, &verify["revisions"]), (0, &verify["restored"]), "{verify}");
    let (code, backup) = run(&["backup"]);
    let file = PathBuf::from(backup["file"].as_str().unwrap());
    assert!(
        code == 0 && file.starts_with(data.path()) && file.exists(),
        "{backup}"
    );
    let (code, rehearsal) = run(&["rehearse"]);
    assert_eq!(
        (code, &rehearsal["breaches"]),
        (0, &serde_json::json!([])),
        "{rehearsal}"
    );
    assert_eq!(run(&["resume"]).0, 0, "nothing was interrupted");
    sqlx::raw_sql("ALTER TABLE app.company ALTER COLUMN country SET DEFAULT 'BG'")
        .execute(test.db.pool())
        .await
        .unwrap();
    let (code, check) = run(&["check"]);
    assert_eq!(
        (code, &check["findings"][0]["rule"]),
        (6, &"X03".into()),
        "{check}"
    );
    assert_eq!(run(&["doctor"]).0, 1, "the doctor tells of it too");
}

fn write(dir: &TempDir, id: &str, parent: &str, up: &str) {
    let text = format!(
        "-- lineage: 1\n-- id: {id}\n-- parent: {parent}\n-- title: Title of {id}\n\n-- >> up\n{up}\n-- irreversible: a test\n"
    );
    std::fs::write(dir.path().join(format!("{id}.sql")), text).unwrap();
}

#[test]
fn two_heads_are_rebased_or_merged_and_the_rest_is_squashed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    write(&dir, "aa", "base", "CREATE TABLE IF NOT EXISTS a (x int);");
    write(&dir, "bb", "aa", "CREATE TABLE IF NOT EXISTS b (x int);");
    write(&dir, "cc", "aa", "CREATE TABLE IF NOT EXISTS c (x int);");
    let (code, text, _) = run(&["rebase", "cc", "--dry-run", "--dir", &path]);
    assert_eq!(
        (code, text.starts_with("would move cc: parent aa -> bb")),
        (0, true),
        "{text}"
    );
    let (code, text, wrong) = run(&["merge", "--dir", &path, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &json["parents"][1]["id"], &json["findings"][0]["rule"]),
        (0, &"cc".into(), &"G08".into()),
        "{wrong}"
    );
    std::fs::remove_file(json["file"].as_str().unwrap()).unwrap();
    let (code, text, _) = run(&["rebase", "--dir", &path]);
    assert_eq!(code, 0, "{text}");
    let (code, text, _) = run(&["rebase", "--dir", &path, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &json["findings"]), (1, &serde_json::json!([])), "{text}");
    let (code, text, _) = run(&["show", "bb", "--dir", &path]);
    assert_eq!(
        (code, text.contains("creates table b (guarded)")),
        (0, true),
        "{text}"
    );
    let (code, text, _) = run(&["sql", "aa:bb", "--dir", &path]);
    assert_eq!(
        (
            code,
            text.contains("BEGIN;\nCREATE TABLE IF NOT EXISTS b (x int);\nCOMMIT;")
        ),
        (0, true),
        "{text}"
    );
    let (code, text, _) = run(&["squash", "bb", "--dir", &path]);
    assert_eq!(code, 0, "{text}");
    let (code, text, _) = run(&["history", "--dir", &path]);
    assert_eq!((code, text.lines().count()), (0, 2), "{text}");
    let (code, _, wrong) = run(&["show", "zz", "--dir", &path]);
    assert_eq!(
        (code, wrong.contains("no revision begins with `zz`")),
        (2, true),
        "{wrong}"
    );
}

#[test]
fn what_another_tool_left_is_judged_and_adopted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a1_first.py");
    let python = "from alembic import op\nimport sqlalchemy as sa\nrevision = 'a1'\ndown_revision = None\ndef upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))\ndef downgrade():\n    op.drop_table('t')\n";
    std::fs::write(&file, python).unwrap();
    let (from, into) = (
        dir.path().display().to_string(),
        dir.path().join("new").display().to_string(),
    );
    let (code, text, wrong) = run(&["adopt", "--from-alembic", &from, "--into", &into, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &json["revisions"][0]["original"]),
        (0, &"a1".into()),
        "{wrong}"
    );
    let (code, text, _) = run(&["lint", "--dir", &into]);
    assert_eq!(code, 0, "{text}");
    std::fs::write(&file, python.replace("op.drop_table('t')", "op.drop_table('t'")).unwrap();
    let (code, text, _) = run(&["adopt", "--from-alembic", &from]);
    assert_eq!((code, text.contains("a1_first.py:8:5")), (1, true), "{text}");
    let (code, _, _) = run(&["adopt"]);
    assert_eq!(code, 2);
}
