//! What became of a step that runs outside any transaction: the catalogue is asked.
//!
//! An index counts as built only if it is valid and is what the statement says: the statement is run against an empty
//! copy of the table, and the server's own words for both are compared. So a guard cannot hide another definition.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row as _, raw_sql};
use tracing::warn;

use crate::core::finding::{Finding, Rule};
use crate::core::script::Statement;
use crate::core::step::Way;
use crate::ddl::lower::lower;
use crate::ddl::model::{Action, Effect, Guard, Index, Name};
use crate::pg::catalogue::Changes;

use super::script::{Failed, Refusal, Script, refused};

/// What the catalogue says about a step.
#[derive(Debug)]
pub(super) enum Found {
    /// Done, and what it changed.
    Done(Changes),
    /// It was half done, and is finished now.
    Finished,
    /// Not begun, or nothing is left of it.
    Absent,
    /// Half done; these statements remove what is left.
    Broken(Vec<String>),
}

/// A transaction whose snapshot a concurrent build waits for.
#[derive(Debug)]
pub(super) struct OldTransaction {
    pub(super) pid: i32,
    pub(super) age_seconds: i64,
    pub(super) query: String,
}

/// Whether a statement says itself that it may be done already.
pub(super) fn is_guarded(script: &Script<'_>, at: usize) -> bool {
    let effects = script
        .statements
        .get(at)
        .map(|statement| effects(script, *statement));
    let probed = matches!(Way::of(script.sql, &script.statements, at), Way::Probed(_));
    probed || effects.is_some_and(|effects| effects.iter().any(|effect| effect.guard.holds()))
}

fn effects(script: &Script<'_>, statement: Statement) -> Vec<Effect> {
    lower(script.sql, &[statement])
}

/// Asks what became of `statement`.
pub(super) async fn find(
    conn: &mut PgConnection,
    script: &Script<'_>,
    statement: Statement,
    way: &Way,
) -> Result<Found, Failed> {
    let own = |error: sqlx::Error| refused(&error, script, Some(statement));
    let effects = effects(script, statement);
    let action = effects.first().map(|effect| &effect.action);
    match (way, action) {
        (Way::BuildIndex, Some(Action::CreateIndex(index))) => {
            built(conn, script, statement, index, ALONE).await
        }
        (Way::DropIndex, Some(Action::Drop { objects, .. })) => {
            let names: Vec<String> = objects.iter().map(|object| quoted(&object.name)).collect();
            is_gone(conn, &names).await.map_err(own)
        }
        (Way::Reindex, Some(Action::Maintain { object, .. })) => {
            let left = left_by_reindex(conn, &quoted(&object.name)).await.map_err(own)?;
            Ok(if left.is_empty() {
                Found::Absent
            } else {
                Found::Broken(left)
            })
        }
        (Way::Detach, Some(Action::Attach { parent, child })) => {
            detached(conn, &quoted(&parent.name), &quoted(&child.name))
                .await
                .map_err(own)
        }
        (Way::Probed(query), _) => probed(conn, query).await.map_err(own),
        (_, _) => Ok(Found::Absent),
    }
}

async fn built(
    conn: &mut PgConnection,
    script: &Script<'_>,
    statement: Statement,
    index: &Index,
    around: Around,
) -> Result<Found, Failed> {
    let own = |error: sqlx::Error| refused(&error, script, Some(statement));
    let Some(name) = &index.name else {
        return Ok(Found::Absent);
    };
    let table = quoted(&index.table.name);
    let row = sqlx::query(
        "SELECT i.indisvalid AND i.indisready AND i.indislive AS whole, pg_get_indexdef(c.oid) AS said, \
         format('%I.%I', n.nspname, c.relname) AS quoted, n.nspname || '.' || c.relname AS name, \
         n.nspname || '.' || t.relname AS table \
         FROM pg_class t JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relname = $2 \
         JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE t.oid = to_regclass($1)",
    )
    .bind(&table)
    .bind(&name.name.name)
    .fetch_optional(&mut *conn)
    .await
    .map_err(own)?;
    let Some(row) = row else {
        return Ok(Found::Absent);
    };
    let text = |column: &str| row.try_get::<String, _>(column).map_err(own);
    let quoted_name = text("quoted")?;
    if !row.try_get::<bool, _>("whole").map_err(own)? {
        return Ok(Found::Broken(vec![format!(
            "DROP INDEX CONCURRENTLY IF EXISTS {quoted_name}"
        )]));
    }
    let said = text("said")?;
    match as_built(conn, script, statement, index, around).await {
        Ok(wanted) if definition(&wanted) != definition(&said) => {
            Err(another(script, statement, &text("name")?, &said))
        }
        Ok(_) => Ok(done(text("table")?, Some(text("name")?))),
        Err(error) if error.as_database_error().is_some() => {
            warn!(index = quoted_name, %error, "index {quoted_name} exists; its definition could not be compared");
            Ok(done(text("table")?, Some(text("name")?)))
        }
        Err(error) => Err(own(error)),
    }
}

/// After the statements of a transaction: no guard may have kept an index back whose name another one has.
pub(super) async fn refuse_hidden(conn: &mut PgConnection, script: &Script<'_>) -> Result<(), Failed> {
    for statement in &script.statements {
        // Most statements need not be understood for this.
        let text = statement.text(script.sql).to_ascii_lowercase();
        if !(text.contains("index") && text.contains("exists")) {
            continue;
        }
        for effect in effects(script, *statement) {
            if let Action::CreateIndex(index) = &effect.action
                && effect.guard == Guard::Clause
                && effect.sure
                && was_there_before(conn, index)
                    .await
                    .map_err(|error| refused(&error, script, Some(*statement)))?
                && let Found::Broken(cures) = built(conn, script, *statement, index, INSIDE).await?
            {
                return Err(kept_back(script, *statement, &cures));
            }
        }
    }
    Ok(())
}

/// Made before the open transaction, so that a guard may have kept this one back.
async fn was_there_before(conn: &mut PgConnection, index: &Index) -> Result<bool, sqlx::Error> {
    let name = index.name.as_ref().map_or("", |name| name.name.name.as_str());
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_class t JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relname = $2 \
         WHERE t.oid = to_regclass($1) AND age(c.xmin) > age(pg_current_xact_id()::xid))",
    )
    .bind(quoted(&index.table.name))
    .bind(name)
    .fetch_one(conn)
    .await
}

fn kept_back(script: &Script<'_>, statement: Statement, cures: &[String]) -> Failed {
    let place = script.place(statement.start, statement.end);
    let message = "an INVALID index has this name; the guard would leave it so";
    let help = format!("{}; then run again", cures.join("; "));
    Failed::Refused(Box::new(Refusal {
        finding: Finding::error(Rule::S02, place, message, help),
        sqlstate: None,
    }))
}

/// What opens and undoes a trial.
type Around = (&'static str, &'static str);
/// Outside a transaction.
const ALONE: Around = ("BEGIN", "ROLLBACK");
/// Inside one.
const INSIDE: Around = (
    "SAVEPOINT lineage_trial",
    "ROLLBACK TO lineage_trial; RELEASE lineage_trial",
);

fn done(table: String, index: Option<String>) -> Found {
    Found::Done(Changes {
        tables: vec![table],
        indexes: index.into_iter().collect(),
    })
}

fn another(script: &Script<'_>, statement: Statement, name: &str, said: &str) -> Failed {
    let message = format!("index `{name}` exists with another definition; the guard would hide this one");
    let help = format!("the database has: {said}; give the new index its own name");
    let place = script.place(statement.start, statement.end);
    Failed::Refused(Box::new(Refusal {
        finding: Finding::error(Rule::D02, place, message, help).about(name),
        sqlstate: None,
    }))
}

/// The server's words for the index of `statement`, built on an empty copy of its table; nothing is kept.
async fn as_built(
    conn: &mut PgConnection,
    script: &Script<'_>,
    statement: Statement,
    index: &Index,
    around: Around,
) -> Result<String, sqlx::Error> {
    let rest = script.sql.get(index.table.at.end..statement.end).unwrap_or("");
    let unique = if index.unique { "UNIQUE" } else { "" };
    raw_sql(around.0).execute(&mut *conn).await?;
    let copy = format!(
        "CREATE TEMPORARY TABLE lineage_copy (LIKE {}); CREATE {unique} INDEX lineage_copy_index ON pg_temp.lineage_copy {rest}",
        quoted(&index.table.name)
    );
    let made = raw_sql(AssertSqlSafe(copy)).execute(&mut *conn).await;
    let said = match made {
        Ok(_) => {
            sqlx::query_scalar("SELECT pg_get_indexdef('pg_temp.lineage_copy_index'::regclass)")
                .fetch_one(&mut *conn)
                .await
        }
        Err(error) => Err(error),
    };
    raw_sql(around.1).execute(conn).await?;
    said
}

/// What an index is, whatever it is called and whichever table it stands on.
fn definition(said: &str) -> (bool, &str) {
    let what = said.find(" USING ").and_then(|at| said.get(at..));
    (said.starts_with("CREATE UNIQUE"), what.unwrap_or(said))
}

async fn is_gone(conn: &mut PgConnection, names: &[String]) -> Result<Found, sqlx::Error> {
    let left: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL",
    )
    .bind(names)
    .fetch_one(conn)
    .await?;
    Ok(if left == 0 {
        Found::Done(Changes::default())
    } else {
        Found::Absent
    })
}

/// The indexes that an interrupted `REINDEX CONCURRENTLY` of this table or index leaves, as statements that drop them.
async fn left_by_reindex(conn: &mut PgConnection, object: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', n.nspname, c.relname) \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND n.nspname !~ '^pg_' \
         AND (to_regclass($1) IS NULL OR i.indrelid = to_regclass($1) \
              OR i.indrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass($1)))",
    )
    .bind(object)
    .fetch_all(conn)
    .await
}

async fn detached(conn: &mut PgConnection, parent: &str, child: &str) -> Result<Found, sqlx::Error> {
    let pending: Option<bool> = sqlx::query_scalar(
        "SELECT inhdetachpending FROM pg_inherits WHERE inhparent = to_regclass($1) AND inhrelid = to_regclass($2)",
    )
    .bind(parent)
    .bind(child)
    .fetch_optional(&mut *conn)
    .await?;
    match pending {
        None => Ok(Found::Done(Changes::default())),
        Some(false) => Ok(Found::Absent),
        Some(true) => {
            let finish = format!("ALTER TABLE {parent} DETACH PARTITION {child} FINALIZE");
            raw_sql(AssertSqlSafe(finish)).execute(conn).await?;
            Ok(Found::Finished)
        }
    }
}

async fn probed(conn: &mut PgConnection, query: &str) -> Result<Found, sqlx::Error> {
    let row = raw_sql(AssertSqlSafe(query.to_owned()))
        .fetch_optional(conn)
        .await?;
    let is_true = row.is_some_and(|row| matches!(row.try_get::<Option<bool>, _>(0), Ok(Some(true))));
    Ok(if is_true {
        Found::Done(Changes::default())
    } else {
        Found::Absent
    })
}

/// Transactions older than this are worth naming before a build begins to wait for them.
const OLD_SECONDS: i32 = 1;
const QUERY_CHARS_SHOWN: i32 = 200;

/// Who holds an old snapshot in this database.
pub(super) async fn old_transactions(conn: &mut PgConnection) -> Result<Vec<OldTransaction>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::bigint AS age, left(query, $2) AS query \
         FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) \
         AND xact_start < clock_timestamp() - make_interval(secs => $1) ORDER BY xact_start",
    )
    .bind(OLD_SECONDS)
    .bind(QUERY_CHARS_SHOWN)
    .fetch_all(conn)
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok(OldTransaction {
            pid: row.try_get("pid")?,
            age_seconds: row.try_get("age")?,
            query: row.try_get("query")?,
        })
    };
    rows.iter().map(read).collect()
}

fn quoted(name: &Name) -> String {
    let quote = |part: &str| format!("\"{}\"", part.replace('"', "\"\""));
    match &name.schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(&name.name)),
        None => quote(&name.name),
    }
}
