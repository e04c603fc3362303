//! What a transaction did to the catalogue, and what is left unfinished in it.
//!
//! A relation counts as changed if this transaction holds a lock strong enough to change it and one of its catalogue
//! rows was written by it (or rows were written into it). So the cost does not grow with the schema, dynamic SQL counts,
//! guarded statements that did nothing do not, and neither does the work of other sessions. Dropping a bare trigger or
//! foreign key leaves no such trace and is not seen.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use crate::core::finding::{Finding, Place, Rule};
use crate::pg::STATE_SCHEMA;
use crate::pg::error::EngineError;

const KNOWN: &str = "
SELECT c.oid::bigint AS oid, n.nspname || '.' || c.relname AS name, c.relkind::text AS kind,
       tn.nspname || '.' || t.relname AS owner, false AS changed
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_class t ON t.oid = i.indrelid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'm', 'i', 'I')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL ($1)";

const TOUCHED: &str = "
WITH me AS MATERIALIZED (SELECT age(pg_current_xact_id()::xid) AS age),
held AS MATERIALIZED (
    SELECT relation AS oid, bool_or(mode = 'RowExclusiveLock') AS written
    FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND relation >= 16384
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND mode NOT IN ('AccessShareLock', 'RowShareLock')
    GROUP BY relation
)
SELECT held.oid::bigint AS oid, n.nspname || '.' || c.relname AS name, c.relkind::text AS kind,
       tn.nspname || '.' || t.relname AS owner,
       coalesce((held.written AND c.relkind IN ('r', 'p', 'f')) OR age(c.xmin) <= me.age
        OR EXISTS (SELECT FROM pg_attribute x WHERE x.attrelid = held.oid AND age(x.xmin) <= me.age)
        OR EXISTS (SELECT FROM pg_attrdef x WHERE x.adrelid = held.oid AND age(x.xmin) <= me.age)
        OR EXISTS (SELECT FROM pg_constraint x WHERE x.conrelid = held.oid AND age(x.xmin) <= me.age)
        OR EXISTS (SELECT FROM pg_trigger x
                   WHERE x.tgrelid = held.oid AND NOT x.tgisinternal AND age(x.xmin) <= me.age)
        OR EXISTS (SELECT FROM pg_policy x WHERE x.polrelid = held.oid AND age(x.xmin) <= me.age)
        OR EXISTS (SELECT FROM pg_index x WHERE x.indrelid = held.oid AND age(x.xmin) <= me.age), false) AS changed
FROM held CROSS JOIN me
LEFT JOIN pg_class c ON c.oid = held.oid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = held.oid
LEFT JOIN pg_class t ON t.oid = i.indrelid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE c.oid IS NULL
   OR (c.relkind IN ('r', 'p', 'f', 'm', 'i', 'I')
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL ($1))";

const UNFINISHED: &str = "
SELECT 'index' AS what, n.nspname || '.' || c.relname AS name, tn.nspname || '.' || t.relname AS owner
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_' AND n.nspname <> ALL ($1)
UNION ALL
SELECT 'constraint', x.conname::text, n.nspname || '.' || t.relname
FROM pg_constraint x JOIN pg_class t ON t.oid = x.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE NOT x.convalidated AND n.nspname !~ '^pg_' AND n.nspname <> ALL ($1)
ORDER BY 1, 2";

const LOCKS: &str = "
SELECT l.relation::bigint AS oid, n.nspname || '.' || c.relname AS name, l.mode
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND c.relkind IN ('r', 'p', 'f', 'm')
  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND n.nspname !~ '^pg_' AND n.nspname <> ALL ($1)
ORDER BY name, array_position(ARRAY['AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock'], l.mode)";

/// A table that a revision locks for as long as its transaction lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableLock {
    /// `schema.table`.
    pub table: String,
    /// The strongest lock, as the server calls it; `AccessExclusiveLock` keeps readers out as well.
    pub mode: String,
}

#[derive(Debug, Clone)]
struct Relation {
    oid: i64,
    /// None for one that is gone.
    name: Option<String>,
    kind: Option<String>,
    /// The table of an index.
    owner: Option<String>,
    changed: bool,
}

impl Relation {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            oid: row.try_get("oid")?,
            name: row.try_get("name")?,
            kind: row.try_get("kind")?,
            owner: row.try_get("owner")?,
            changed: row.try_get("changed")?,
        })
    }

    fn is_index(&self) -> bool {
        matches!(self.kind.as_deref(), Some("i" | "I"))
    }
}

/// What a transaction changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Changes {
    pub(crate) tables: Vec<String>,
    pub(crate) indexes: Vec<String>,
}

/// The relations as they were before; kept up to date from revision to revision.
#[derive(Debug)]
pub(crate) struct Catalogue {
    known: HashMap<i64, Relation>,
    left_out: Vec<String>,
}

impl Catalogue {
    /// Reads all relations outside the system's, our own and the external schemas.
    pub(crate) async fn read(conn: &mut PgConnection, external: &[String]) -> Result<Self, EngineError> {
        let failed = EngineError::state("read the catalogue");
        let left_out = left_out(external);
        let rows = sqlx::query(KNOWN).bind(&left_out).fetch_all(conn).await;
        let relations = rows.and_then(|rows| rows.iter().map(Relation::read).collect::<Result<Vec<_>, _>>());
        let known = relations
            .map_err(failed)?
            .into_iter()
            .map(|relation| (relation.oid, relation))
            .collect();
        Ok(Self { known, left_out })
    }

    /// What the open transaction changed so far. Call [`Self::learn`] with the rest once it is committed.
    pub(crate) async fn changes(&self, conn: &mut PgConnection) -> Result<(Changes, Learned), sqlx::Error> {
        let rows = sqlx::query(TOUCHED).bind(&self.left_out).fetch_all(conn).await?;
        let touched = rows.iter().map(Relation::read).collect::<Result<Vec<_>, _>>()?;
        let mut tables = BTreeSet::new();
        let mut indexes = BTreeSet::new();
        for relation in &touched {
            let before = self.known.get(&relation.oid);
            match (&relation.name, before) {
                (None, Some(gone)) => tables.extend(if gone.is_index() {
                    gone.owner.clone()
                } else {
                    gone.name.clone()
                }),
                (Some(name), None) if relation.is_index() && !self.has_index(name) => {
                    indexes.insert(name.clone());
                }
                (Some(name), _) if relation.changed && !relation.is_index() => {
                    tables.insert(name.clone());
                }
                (_, _) => {}
            }
        }
        let changes = Changes {
            tables: tables.into_iter().collect(),
            indexes: indexes.into_iter().collect(),
        };
        Ok((changes, Learned(touched)))
    }

    /// The tables that were there before and that the open transaction keeps writers or readers from.
    pub(crate) async fn locks(&self, conn: &mut PgConnection) -> Result<Vec<TableLock>, sqlx::Error> {
        let rows = sqlx::query(LOCKS).bind(&self.left_out).fetch_all(conn).await?;
        let mut locks: Vec<TableLock> = Vec::new();
        for row in &rows {
            let table: String = row.try_get("name")?;
            let is_told = locks.last().is_some_and(|last| last.table == table);
            if self.known.contains_key(&row.try_get::<i64, _>("oid")?) && !is_told {
                let mode = row.try_get("mode")?;
                locks.push(TableLock { table, mode });
            }
        }
        Ok(locks)
    }

    /// A column's change of type builds its indexes anew under their old names; that creates none.
    fn has_index(&self, name: &str) -> bool {
        self.known
            .values()
            .any(|known| known.is_index() && known.name.as_deref() == Some(name))
    }

    pub(crate) fn learn(&mut self, learned: Learned) {
        for relation in learned.0 {
            if relation.name.is_some() {
                self.known.insert(relation.oid, relation);
            } else {
                self.known.remove(&relation.oid);
            }
        }
    }
}

/// News about relations, to be kept once they are committed.
#[derive(Debug)]
pub(crate) struct Learned(Vec<Relation>);

fn left_out(external: &[String]) -> Vec<String> {
    external
        .iter()
        .cloned()
        .chain([STATE_SCHEMA.to_owned()])
        .collect()
}

/// Indexes that are INVALID and constraints left NOT VALID.
pub(crate) async fn unfinished(
    conn: &mut PgConnection,
    external: &[String],
) -> Result<Vec<Finding>, EngineError> {
    let doing = "look for unfinished indexes and constraints";
    let rows = sqlx::query(UNFINISHED)
        .bind(left_out(external))
        .fetch_all(conn)
        .await;
    let read = |row: &PgRow| {
        let (what, name, owner): (String, String, String) =
            (row.try_get("what")?, row.try_get("name")?, row.try_get("owner")?);
        Ok(if what == "index" {
            let message = format!("index `{name}` on `{owner}` is INVALID");
            let help = format!("DROP INDEX CONCURRENTLY {name}; then create it again");
            Finding::error(Rule::S02, Place::default(), message, help)
        } else {
            let message = format!("constraint `{name}` on `{owner}` was left NOT VALID");
            let help = format!("ALTER TABLE {owner} VALIDATE CONSTRAINT {name}, as a revision");
            Finding::error(Rule::S03, Place::default(), message, help)
        })
    };
    rows.and_then(|rows| rows.iter().map(read).collect())
        .map_err(EngineError::state(doing))
}
