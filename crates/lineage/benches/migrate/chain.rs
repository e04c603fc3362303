//! A chain as a firm writes it, of any length, in the three forms that are compared: our files, one script
//! for psql, and revisions of Alembic. The SQL is the same in all of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lineage::commands;

/// Our files with their lock.
pub(crate) fn write_ours(dir: &Path, size: usize) {
    for at in 0..size {
        let parent = parent(at).unwrap_or_else(|| "base".to_owned());
        let (up, down) = change(at);
        let text = format!(
            "-- lineage: 1\n-- id: r{at}\n-- parent: {parent}\n-- title: change {at}\n\n-- >> up\n{up}\n\n\\quit\n-- >> down\n{down}\n"
        );
        fs::write(dir.join(format!("{at:06}.sql")), text).unwrap();
    }
    commands::rebless(dir).unwrap();
}

/// The floor: the same SQL, one durable transaction per revision, nothing recorded.
pub(crate) fn write_psql(file: &Path, size: usize) {
    let mut script = String::new();
    for at in 0..size {
        writeln!(script, "BEGIN;\n{}\nCOMMIT;", change(at).0).unwrap();
    }
    fs::write(file, script).unwrap();
}

/// Alembic's configuration, `env.py` and revisions; one transaction per revision, as ours.
pub(crate) fn write_alembic(dir: &Path, size: usize) {
    let versions = dir.join("versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(
        dir.join("alembic.ini"),
        "[alembic]\nscript_location = %(here)s\npath_separator = os\n",
    )
    .unwrap();
    fs::write(dir.join("env.py"), ENV).unwrap();
    for at in 0..size {
        let parent = parent(at).map_or("None".to_owned(), |parent| format!("\"{parent}\""));
        let (up, down) = change(at);
        let text = format!(
            "from alembic import op\n\nrevision = \"r{at}\"\ndown_revision = {parent}\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    op.execute(\"\"\"{up}\"\"\")\n\n\ndef downgrade():\n    op.execute(\"\"\"{down}\"\"\")\n"
        );
        fs::write(versions.join(format!("r{at}_change.py")), text).unwrap();
    }
}

const ENV: &str = r#"from alembic import context
from sqlalchemy import create_engine, pool

url = context.get_x_argument(as_dictionary=True)["url"]
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"#;

fn parent(at: usize) -> Option<String> {
    at.checked_sub(1).map(|before| format!("r{before}"))
}

/// The way up and the way back: a table now and then, and columns, indexes, checks, functions and views between.
fn change(at: usize) -> (String, String) {
    let table = at / 10;
    match at % 10 {
        0 => {
            let before = table.saturating_sub(1);
            let key = if table == 0 {
                String::new()
            } else {
                format!(",\n    before_id bigint REFERENCES t{before}")
            };
            let up = format!(
                "CREATE TABLE t{table} (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    code text NOT NULL UNIQUE CHECK (code <> ''),\n    amount numeric(14, 4) NOT NULL DEFAULT 0,\n    made_at timestamptz NOT NULL DEFAULT now(){key}\n);"
            );
            (up, format!("DROP TABLE t{table};"))
        }
        1 | 2 | 6 => (
            format!(
                "ALTER TABLE t{table} ADD COLUMN c{at} text;\nALTER TABLE t{table} ADD COLUMN n{at} integer NOT NULL DEFAULT 0;"
            ),
            format!("ALTER TABLE t{table} DROP COLUMN n{at};\nALTER TABLE t{table} DROP COLUMN c{at};"),
        ),
        3 | 7 => {
            let column = if at % 10 == 3 { at - 2 } else { at - 1 };
            (
                format!("CREATE INDEX i{at} ON t{table} (c{column}, made_at DESC);"),
                format!("DROP INDEX i{at};"),
            )
        }
        4 => (
            format!("ALTER TABLE t{table} ADD CONSTRAINT k{at} CHECK (amount >= 0) NOT VALID;"),
            format!("ALTER TABLE t{table} DROP CONSTRAINT k{at};"),
        ),
        5 => (
            format!(
                "CREATE FUNCTION f{at}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n    NEW.made_at := now();\n    RETURN NEW;\nEND\n$$;\nCREATE TRIGGER g{at} BEFORE UPDATE ON t{table} FOR EACH ROW EXECUTE FUNCTION f{at}();"
            ),
            format!("DROP TRIGGER g{at} ON t{table};\nDROP FUNCTION f{at}();"),
        ),
        8 => (
            format!("CREATE VIEW v{at} AS SELECT id, code, amount FROM t{table} WHERE amount > 0;"),
            format!("DROP VIEW v{at};"),
        ),
        _ => (
            format!(
                "UPDATE t{table} SET amount = 0 WHERE amount < 0;\nINSERT INTO t{table} (code, amount) VALUES ('first', 1), ('second', 2);"
            ),
            format!("DELETE FROM t{table} WHERE code IN ('first', 'second');"),
        ),
    }
}
