//! How long `heads` and `lint` take on 42, 1,000 and 10,000 revisions, beside a yardstick of the same run:
//! reading and hashing the files. Medians; the files are in the page cache.
//!
//! `cargo bench -p lineage --bench chains`

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints and may stop"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use lineage::lint::{LintOptions, lint};
use lineage::{Chain, Report as _, commands};
use sha2::{Digest as _, Sha256};

const SIZES: [usize; 3] = [42, 1_000, 10_000];
const RUNS: usize = 7;

fn main() {
    println!(
        "{:>9}  {:>12}  {:>20}  {:>20}",
        "revisions", "read + hash", "heads", "lint"
    );
    for size in SIZES {
        let dir = tempfile::tempdir().unwrap();
        write_chain(dir.path(), size);
        let yardstick = median(|| read_and_hash(dir.path()));
        let heads = median(|| {
            let report = commands::heads(&Chain::look_at(dir.path()));
            assert_eq!(report.heads.len(), 1);
        });
        let linted = median(|| {
            let report = lint(&Chain::look_at(dir.path()), &LintOptions::default());
            assert_eq!(report.exit().code(), 0, "{}", report.render_text());
            assert_eq!(report.counts.revisions, size);
        });
        println!(
            "{size:>9}  {:>12}  {:>20}  {:>20}",
            shown(yardstick),
            beside(heads, yardstick),
            beside(linted, yardstick)
        );
    }
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[RUNS / 2]
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn beside(time: Duration, yardstick: Duration) -> String {
    format!(
        "{} ({:.1} x)",
        shown(time),
        time.as_secs_f64() / yardstick.as_secs_f64()
    )
}

fn read_and_hash(dir: &Path) {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    for name in names {
        black_box(Sha256::digest(fs::read(name).unwrap()));
    }
}

/// A chain as a firm writes it: a table now and then, and columns, indexes, checks, functions and views between.
fn write_chain(dir: &Path, size: usize) {
    for at in 0..size {
        let parent = if at == 0 {
            "base".to_owned()
        } else {
            format!("r{}", at - 1)
        };
        let (up, down) = change(at);
        let text = format!(
            "-- lineage: 1\n-- id: r{at}\n-- parent: {parent}\n-- title: change {at}\n\n-- >> up\n{up}\n\n\\quit\n-- >> down\n{down}\n"
        );
        fs::write(dir.join(format!("{at:06}.sql")), text).unwrap();
    }
    commands::rebless(dir).unwrap();
}

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
