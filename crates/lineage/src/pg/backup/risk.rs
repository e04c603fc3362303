//! Which SQL may lose data.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many actions lose data; what cannot be seen counts as one of them"
)]

use crate::core::script::{leading_words, split};
use crate::ddl::lower::lower;
use crate::ddl::model::{Action, ColumnChange, Kind, RowChange};

/// True if a script drops or changes what holds rows, changes rows, or does what cannot be seen.
pub(crate) fn may_lose_data(sql: &str) -> bool {
    let Ok(statements) = split(sql) else {
        return true;
    };
    let changes = statements.iter().any(|statement| {
        let words = leading_words(statement.text(sql), 1);
        matches!(
            words.first().map(String::as_str),
            Some("update" | "merge" | "with" | "call")
        )
    });
    changes || lower(sql, &statements).iter().any(|effect| loses(&effect.action))
}

fn loses(action: &Action) -> bool {
    match action {
        Action::Drop { kind, .. } => matches!(
            kind,
            Kind::Schema | Kind::Table | Kind::Column | Kind::Sequence | Kind::Type | Kind::Extension
        ),
        Action::AlterColumn { change, .. } => matches!(change, ColumnChange::Type(_)),
        Action::Rows { change, .. } => !matches!(change, RowChange::Write),
        Action::Opaque(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::may_lose_data;

    #[test]
    fn what_loses_data_is_told_from_what_adds_some() {
        for sql in [
            "DROP TABLE t",
            "ALTER TABLE t DROP COLUMN n",
            "ALTER TABLE t ALTER COLUMN n TYPE int",
            "DELETE FROM t",
            "TRUNCATE t",
            "UPDATE t SET n = 1",
            "WITH gone AS (DELETE FROM t RETURNING *) SELECT 1",
            "DO $$ BEGIN EXECUTE format('x'); END $$",
            "DROP SCHEMA s CASCADE",
        ] {
            assert!(may_lose_data(sql), "{sql}");
        }
        for sql in [
            "CREATE TABLE t (n int); CREATE INDEX i ON t (n)",
            "ALTER TABLE t ADD COLUMN n int",
            "INSERT INTO t VALUES (1)",
            "DROP INDEX i",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
        ] {
            assert!(!may_lose_data(sql), "{sql}");
        }
    }
}
