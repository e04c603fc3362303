//! One revision in one transaction, with its row.

use std::time::Instant;

use sqlx::{AssertSqlSafe, Row as _, raw_sql};

use crate::core::finding::{Finding, Rule};
use crate::core::revision::Revision;
use crate::pg::store::{self, Recorded};

use super::script::{Failed, Refusal, Script, Source, is_lost, refused};
use super::{Done, Move, Runner, applied, settle};

impl Runner<'_> {
    pub(super) async fn attempt(&mut self, step: &Move<'_>, attempts: u32) -> Result<Done, Failed> {
        let began = Instant::now();
        let outcome = self.inside(step, began, attempts).await;
        if matches!(outcome, Err(Failed::Refused(_))) {
            // If the session is gone the server has rolled back already.
            let _: Result<_, sqlx::Error> = raw_sql("ROLLBACK").execute(&mut self.conn).await;
        }
        let done = outcome?;
        match raw_sql("COMMIT").execute(&mut self.conn).await {
            Ok(_) => Ok(done),
            Err(error) if is_lost(&error) => Err(Failed::Unsettled(error)),
            Err(error) => Err(refused(&error, &step.script, None)),
        }
    }

    /// Everything between BEGIN and COMMIT.
    async fn inside(&mut self, step: &Move<'_>, began: Instant, attempts: u32) -> Result<Done, Failed> {
        let own = |error: sqlx::Error| refused(&error, &step.script, None);
        raw_sql(AssertSqlSafe(self.opening(step.id)))
            .execute(&mut self.conn)
            .await
            .map_err(own)?;
        let author = self.author();
        match step.record {
            Some(revision) => store::insert_revision(&mut self.conn, revision, Recorded::Applied, author)
                .await
                .map_err(own)?,
            None => store::delete_revision(&mut self.conn, step.id, author)
                .await
                .map_err(own)?,
        }
        for statement in &step.script.statements {
            let sql = statement.text(step.script.sql).to_owned();
            let ran = raw_sql(AssertSqlSafe(sql)).execute(&mut self.conn).await;
            ran.map_err(|error| refused(&error, &step.script, Some(*statement)))?;
        }
        if let Some(revision) = step.record {
            settle::refuse_hidden(&mut self.conn, &step.script).await?;
            self.check(revision).await?;
        }
        if self.locks.is_some() {
            self.locks = Some(self.catalogue.locks(&mut self.conn).await.map_err(own)?);
        }
        let (changes, learned) = self.catalogue.changes(&mut self.conn).await.map_err(own)?;
        let revision = applied(step, changes, began.elapsed(), attempts);
        if step.record.is_some() {
            store::complete_revision(&mut self.conn, &revision)
                .await
                .map_err(own)?;
        }
        self.take_picture(step.id).await.map_err(own)?;
        Ok(Done { revision, learned })
    }

    pub(super) async fn check(&mut self, revision: &Revision) -> Result<(), Failed> {
        let section = &revision.check;
        let script = Script {
            sql: &section.sql,
            statements: section.statements.clone(),
            source: Source::File(revision, section.offset),
            transactional: revision.transactional,
        };
        for statement in &script.statements {
            let sql = statement.text(script.sql).to_owned();
            let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.conn).await;
            let rows = rows.map_err(|error| refused(&error, &script, Some(*statement)))?;
            let all_true = rows
                .iter()
                .all(|row| matches!(row.try_get::<Option<bool>, _>(0), Ok(Some(true))));
            if rows.is_empty() || !all_true {
                let place = script.place(statement.start, statement.end);
                let message = if revision.transactional {
                    "this check did not return true; the revision was rolled back"
                } else {
                    "this check did not return true; the steps of the revision stay, and it is not finished"
                };
                let help = "a check returns one boolean column, and at least one row";
                let finding = Finding::error(Rule::Q02, place, message, help);
                return Err(Failed::Refused(Box::new(Refusal {
                    finding,
                    sqlstate: None,
                })));
            }
        }
        Ok(())
    }
}
