//! How a statement of a revision without a transaction is run, and how it is settled after a crash.
//!
//! Always holds: a statement that the server takes inside a transaction is committed together with its record, so it
//! happens once. For the others something must tell afterwards whether they were done: the catalogue, the nature of
//! the statement, or a query that the author writes above it (`-- probe: SELECT ...`).

use crate::core::script::{Statement, leading_words, runs_alone, words_of};

/// How a step is run and settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// In a transaction of its own, together with its record.
    Recorded,
    /// A setting of the session: made again whenever the revision goes on, never recorded.
    Setting,
    /// `CREATE INDEX CONCURRENTLY name`: the catalogue tells.
    BuildIndex,
    /// `DROP INDEX CONCURRENTLY`: the catalogue tells.
    DropIndex,
    /// `REINDEX ... CONCURRENTLY`: what a crash left is removed, then it is done again.
    Reindex,
    /// `DETACH PARTITION ... CONCURRENTLY`: the catalogue tells, and a crash is finished with `FINALIZE`.
    Detach,
    /// Doing it again does no harm.
    Repeatable,
    /// This query says whether it was done.
    Probed(String),
    /// Nothing tells, and this is what to do about it.
    Unknown(&'static str),
}

const PROBE: &str = "probe:";

impl Way {
    /// The way of statement `number` of `statements` in `sql`.
    pub(crate) fn of(sql: &str, statements: &[Statement], number: usize) -> Self {
        let Some(statement) = statements.get(number) else {
            return Self::Recorded;
        };
        let above = number.checked_sub(1).and_then(|at| statements.get(at));
        let gap = sql.get(above.map_or(0, |above| above.end)..statement.start);
        match probe(gap.unwrap_or("")) {
            Some(probe) => Self::Probed(probe),
            None => Self::of_words(statement.text(sql)),
        }
    }

    fn of_words(statement: &str) -> Self {
        let words = leading_words(statement, 2);
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        let session = |second: &str| !matches!(second, "local" | "transaction" | "constraints");
        match (word(0), word(1)) {
            ("set", second) if session(second) => Self::Setting,
            ("reset", _) => Self::Setting,
            ("reindex", _) if said(statement, "concurrently") => Self::Reindex,
            ("reindex" | "vacuum", _) | ("alter", "system") => Self::Repeatable,
            (_, _) if !runs_alone(statement) => Self::Recorded,
            ("create", "index" | "unique") if is_named(statement) => Self::BuildIndex,
            ("create", "index" | "unique") => {
                Self::Unknown("give the index a name, so that it can be looked up")
            }
            ("drop", "index") => Self::DropIndex,
            ("alter", _) => Self::Detach,
            (_, _) => {
                Self::Unknown("write a query above it that is true once it is done: `-- probe: SELECT ...`")
            }
        }
    }
}

/// The query of a `-- probe:` line between two statements.
fn probe(gap: &str) -> Option<String> {
    let lines = gap.lines().filter_map(|line| line.trim().strip_prefix("--"));
    let query = lines
        .filter_map(|line| line.trim().strip_prefix(PROBE))
        .next_back()?;
    let query = query.trim().trim_end_matches(';');
    (!query.is_empty()).then(|| query.to_owned())
}

fn said(statement: &str, word: &str) -> bool {
    words_of(statement).iter().any(|said| said == word)
}

/// `CREATE [UNIQUE] INDEX CONCURRENTLY ON ...` leaves the name to the server.
fn is_named(statement: &str) -> bool {
    let words = words_of(statement);
    let after = words
        .iter()
        .position(|word| word == "concurrently")
        .and_then(|at| words.get(at + 1));
    after.is_some_and(|word| word != "on")
}

#[cfg(test)]
mod tests {
    use super::Way;
    use crate::core::script::split;

    #[track_caller]
    fn check(sql: &str, expected: &Way) {
        let statements = split(sql).unwrap();
        let last = statements.len() - 1;
        assert_eq!(&Way::of(sql, &statements, last), expected, "{sql}");
    }

    #[test]
    fn what_a_transaction_takes_is_recorded_with_its_statement() {
        check("ALTER TABLE t ADD COLUMN n int", &Way::Recorded);
        check("INSERT INTO t VALUES (1)", &Way::Recorded);
        check("ALTER TYPE mood ADD VALUE 'glad'", &Way::Recorded);
        check("CREATE INDEX i ON t (concurrently)", &Way::Recorded);
        check("SET LOCAL work_mem = '1GB'", &Way::Recorded);
    }

    #[test]
    fn what_runs_alone_is_settled_by_what_it_leaves() {
        check("CREATE INDEX CONCURRENTLY i ON t (n)", &Way::BuildIndex);
        check(
            "create unique index concurrently if not exists i on t (n)",
            &Way::BuildIndex,
        );
        check("DROP INDEX CONCURRENTLY i", &Way::DropIndex);
        check("REINDEX TABLE CONCURRENTLY t", &Way::Reindex);
        check("REINDEX (CONCURRENTLY) TABLE t", &Way::Reindex);
        check("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", &Way::Detach);
        check("VACUUM t", &Way::Repeatable);
        check("SET search_path = s", &Way::Setting);
    }

    #[test]
    fn what_nothing_tells_needs_a_probe() {
        let sql = "SELECT 1;\n-- the firm's archive\n-- probe: SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'a');\nCREATE DATABASE a";
        let query = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'a')";
        check(sql, &Way::Probed(query.to_owned()));
        for sql in ["CREATE DATABASE a", "CREATE INDEX CONCURRENTLY ON t (n)"] {
            let way = Way::of(sql, &split(sql).unwrap(), 0);
            assert!(matches!(way, Way::Unknown(_)), "{sql}: {way:?}");
        }
    }
}
