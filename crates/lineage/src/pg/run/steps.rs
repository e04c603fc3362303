//! Revisions without a transaction: each statement is a step with a record of its own.
//!
//! Always holds: the record of what is done is never ahead of the database. A step that the server takes inside a
//! transaction is committed together with its record; any other is said to be running before it runs, and after a
//! crash the catalogue is asked what became of it. Going on after a crash, a lost connection and a retry are the
//! same thing: begin again from what is recorded.

use sqlx::{AssertSqlSafe, raw_sql};
use std::time::{Duration, Instant};
use tracing::{info, warn};

use crate::core::step::Way;
use crate::pg::catalogue::{Catalogue, Changes};
use crate::pg::error::EngineError;
use crate::pg::report::AppliedRevision;
use crate::pg::store::{self, Recorded, StepRow};

use super::script::{Failed, refused};
use super::settle::{self, Found};
use super::step::{Step, agrees, changed_after_it_ran, hashes};
use super::{Move, Runner, applied, failure};

impl Runner<'_> {
    /// Takes all steps of a revision, or those that are left.
    pub(super) async fn run_steps(&mut self, whole: &Move<'_>) -> Result<AppliedRevision, EngineError> {
        let began = Instant::now();
        let mut attempts = 1;
        loop {
            match self.all_steps(whole, began, attempts).await {
                Ok(done) => {
                    self.announce(whole.direction(), &done);
                    return Ok(done);
                }
                Err(Failed::Lost(source) | Failed::Unsettled(source)) => {
                    if attempts == super::ATTEMPTS_MAX {
                        return Err(EngineError::Unreachable { source });
                    }
                    self.reconnect(whole.id, source).await?;
                }
                Err(Failed::Refused(refusal)) => {
                    if attempts == super::ATTEMPTS_MAX || !refusal.may_pass() {
                        return Err(failure(whole, *refusal, attempts));
                    }
                }
            }
            self.pause_before_retry(whole.id, attempts).await;
            attempts += 1;
        }
    }

    async fn all_steps(
        &mut self,
        whole: &Move<'_>,
        began: Instant,
        attempts: u32,
    ) -> Result<AppliedRevision, Failed> {
        let own = |error: sqlx::Error| refused(&error, &whole.script, None);
        let session = self.step_session(whole.id);
        raw_sql(AssertSqlSafe(session))
            .execute(&mut self.conn)
            .await
            .map_err(own)?;
        let Some(rows) = self.register(whole).await? else {
            return Ok(applied(whole, Changes::default(), began.elapsed(), attempts));
        };
        for at in 0..whole.script.statements.len() {
            let row = rows.iter().find(|row| usize::try_from(row.number) == Ok(at + 1));
            let step = Step {
                of: whole,
                at,
                way: Way::of(whole.script.sql, &whole.script.statements, at),
                done: row.is_some_and(|row| row.done),
                begun: row.is_some_and(|row| row.begun),
            };
            self.one_step(&step).await?;
        }
        self.conclude(whole, began.elapsed(), attempts).await
    }

    /// Steps may wait for old transactions as long as these last: a timeout would leave an INVALID index.
    fn step_session(&self, id: &str) -> String {
        let watch = if self.watches_client {
            "SET client_connection_check_interval = '1s'; "
        } else {
            ""
        };
        format!(
            "RESET ROLE; RESET ALL; SET lock_timeout = 0; SET statement_timeout = 0; {watch}\
             SET tcp_keepalives_idle = '30'; SET standard_conforming_strings = on; SET application_name = 'lineage {}'",
            id.replace(['\'', '\\'], "")
        )
    }

    /// Says that the revision began or goes on, and with which steps. None if all was committed already.
    async fn register(&mut self, whole: &Move<'_>) -> Result<Option<Vec<StepRow>>, Failed> {
        let own = |error: sqlx::Error| refused(&error, &whole.script, None);
        let state = store::state_of(&mut self.conn, whole.id).await.map_err(own)?;
        let direction = whole.direction();
        match (whole.record, state.as_deref()) {
            (Some(_), Some("applied")) | (None, None) => return Ok(None),
            (Some(_) | None, _) => {}
        }
        let earlier = store::list_steps(&mut self.conn, whole.id, direction)
            .await
            .map_err(own)?;
        let hashes = hashes(whole);
        if let Some(row) = earlier.iter().find(|row| row.done && !agrees(row, &hashes)) {
            return Err(changed_after_it_ran(whole, row));
        }
        raw_sql("BEGIN").execute(&mut self.conn).await.map_err(own)?;
        let said = self.say_begun(whole, &hashes, !earlier.is_empty()).await;
        self.end(whole, said).await?;
        Ok(Some(earlier))
    }

    async fn say_begun(
        &mut self,
        whole: &Move<'_>,
        hashes: &[String],
        again: bool,
    ) -> Result<(), sqlx::Error> {
        let author = self.author();
        match whole.record {
            Some(revision) => {
                store::insert_revision(&mut self.conn, revision, Recorded::Applying, author).await?;
            }
            None => store::set_state(&mut self.conn, whole.id, "reverting").await?,
        }
        store::plan_steps(&mut self.conn, whole.id, whole.direction(), hashes).await?;
        if again {
            store::insert_event(&mut self.conn, "resumed", whole.id, author).await?;
            info!(
                event = "migration_resumed",
                revision = whole.id,
                direction = whole.direction().as_str(),
                "revision {} goes on where it was interrupted",
                whole.id
            );
        }
        Ok(())
    }

    /// COMMIT if all went well, ROLLBACK if not.
    async fn end(&mut self, whole: &Move<'_>, outcome: Result<(), sqlx::Error>) -> Result<(), Failed> {
        let own = |error: sqlx::Error| refused(&error, &whole.script, None);
        if let Err(error) = outcome {
            // If the session is gone the server has rolled back already.
            let _: Result<_, sqlx::Error> = raw_sql("ROLLBACK").execute(&mut self.conn).await;
            return Err(own(error));
        }
        raw_sql("COMMIT").execute(&mut self.conn).await.map_err(own)?;
        Ok(())
    }

    async fn one_step(&mut self, step: &Step<'_>) -> Result<(), Failed> {
        if step.done {
            if step.way == Way::Setting {
                self.send(step).await?;
            }
            return Ok(());
        }
        let outcome = match step.way {
            Way::Recorded => self.recorded_step(step).await,
            Way::Setting => self.setting(step).await,
            Way::BuildIndex
            | Way::DropIndex
            | Way::Reindex
            | Way::Detach
            | Way::Repeatable
            | Way::Probed(_)
            | Way::Unknown(_) => self.lone_step(step).await,
        };
        if let Err(Failed::Refused(refusal)) = &outcome {
            let code = refusal.sqlstate.as_deref().unwrap_or("P0001");
            // The failure itself is what must be told; without this note the step merely looks interrupted.
            let _: Result<(), Failed> = self.finish_step(step, Some(code), &Changes::default()).await;
        }
        outcome
    }

    async fn send(&mut self, step: &Step<'_>) -> Result<(), Failed> {
        let sent = raw_sql(AssertSqlSafe(step.sql())).execute(&mut self.conn).await;
        sent.map(drop).map_err(|error| step.refused(&error))
    }

    async fn setting(&mut self, step: &Step<'_>) -> Result<(), Failed> {
        self.send(step).await?;
        self.finish_step(step, None, &Changes::default()).await
    }

    /// The statement and its record in one transaction: it happens once.
    async fn recorded_step(&mut self, step: &Step<'_>) -> Result<(), Failed> {
        self.begin_step(step).await?;
        let opening = format!(
            "BEGIN; SET LOCAL lock_timeout = '{}ms'; SET LOCAL statement_timeout = '{}ms'",
            self.options.lock_timeout.as_millis(),
            self.options.statement_timeout.as_millis(),
        );
        raw_sql(AssertSqlSafe(opening))
            .execute(&mut self.conn)
            .await
            .map_err(|error| step.refused(&error))?;
        let inside = self.inside_recorded(step).await;
        if inside.is_err() {
            // If the session is gone the server has rolled back already.
            let _: Result<_, sqlx::Error> = raw_sql("ROLLBACK").execute(&mut self.conn).await;
        }
        let learned = inside?;
        raw_sql("COMMIT")
            .execute(&mut self.conn)
            .await
            .map_err(|error| step.refused(&error))?;
        self.catalogue.learn(learned);
        Ok(())
    }

    async fn inside_recorded(&mut self, step: &Step<'_>) -> Result<crate::pg::catalogue::Learned, Failed> {
        self.send(step).await?;
        let seen = self.catalogue.changes(&mut self.conn).await;
        let (changes, learned) = seen.map_err(|error| step.refused(&error))?;
        self.finish_step(step, None, &changes).await?;
        Ok(learned)
    }

    /// A statement that the server takes only outside a transaction.
    async fn lone_step(&mut self, step: &Step<'_>) -> Result<(), Failed> {
        match self.find(step).await? {
            Found::Done(changes) if step.begun || step.guarded() => {
                return self.finish_step(step, None, &changes).await;
            }
            Found::Finished => return self.finish_step(step, None, &Changes::default()).await,
            Found::Broken(cures) => self.cure(step, &cures).await?,
            Found::Done(_) | Found::Absent => {}
        }
        self.begin_step(step).await?;
        self.tell_who_is_waited_for(step).await?;
        let sent = self.send(step).await;
        if matches!(sent, Err(Failed::Refused(_)))
            && let Ok(Found::Broken(cures)) = self.find(step).await
        {
            // A half-built unique index refuses rows; if it cannot be removed now, going on will.
            let _: Result<(), Failed> = self.cure(step, &cures).await;
        }
        sent?;
        let changes = match self.find(step).await? {
            Found::Done(changes) => changes,
            Found::Finished | Found::Absent | Found::Broken(_) => Changes::default(),
        };
        self.finish_step(step, None, &changes).await
    }

    async fn find(&mut self, step: &Step<'_>) -> Result<Found, Failed> {
        let script = &step.of.script;
        let Some(statement) = script.statements.get(step.at) else {
            return Ok(Found::Absent);
        };
        settle::find(&mut self.conn, script, *statement, &step.way).await
    }

    async fn cure(&mut self, step: &Step<'_>, cures: &[String]) -> Result<(), Failed> {
        for cure in cures {
            warn!(
                event = "migration_step",
                revision = step.of.id,
                step = step.number(),
                cure,
                "what an interrupted step of {} left is removed: {cure}",
                step.of.id
            );
            let done = raw_sql(AssertSqlSafe(cure.clone())).execute(&mut self.conn).await;
            done.map_err(|error| step.refused(&error))?;
        }
        Ok(())
    }

    async fn tell_who_is_waited_for(&mut self, step: &Step<'_>) -> Result<(), Failed> {
        let old = settle::old_transactions(&mut self.conn).await;
        for other in old.map_err(|error| step.refused(&error))? {
            warn!(
                event = "migration_waits",
                revision = step.of.id,
                step = step.number(),
                pid = other.pid,
                age_seconds = other.age_seconds,
                query = other.query,
                "step {} of {} waits for the transaction of pid {}, {} s old",
                step.number(),
                step.of.id,
                other.pid,
                other.age_seconds
            );
        }
        Ok(())
    }

    async fn begin_step(&mut self, step: &Step<'_>) -> Result<(), Failed> {
        let (id, direction) = (step.of.id, step.of.direction());
        store::begin_step(&mut self.conn, id, direction, step.number())
            .await
            .map_err(|error| step.refused(&error))
    }

    async fn finish_step(
        &mut self,
        step: &Step<'_>,
        sqlstate: Option<&str>,
        changes: &Changes,
    ) -> Result<(), Failed> {
        let at = (step.of.id, step.of.direction(), step.number());
        store::finish_step(&mut self.conn, at, sqlstate, changes)
            .await
            .map_err(|error| step.refused(&error))
    }

    /// All steps are done: the checks, and the record of the whole, in one transaction.
    async fn conclude(
        &mut self,
        whole: &Move<'_>,
        took: Duration,
        attempts: u32,
    ) -> Result<AppliedRevision, Failed> {
        let own = |error: sqlx::Error| refused(&error, &whole.script, None);
        let opening = self.opening(whole.id);
        raw_sql(AssertSqlSafe(opening))
            .execute(&mut self.conn)
            .await
            .map_err(own)?;
        let checked = match whole.record {
            Some(revision) => self.check(revision).await,
            None => Ok(()),
        };
        if let Err(failed) = checked {
            // If the session is gone the server has rolled back already.
            let _: Result<_, sqlx::Error> = raw_sql("ROLLBACK").execute(&mut self.conn).await;
            return Err(failed);
        }
        let changes = store::changed_so_far(&mut self.conn, whole.id)
            .await
            .map_err(own)?;
        let done = applied(whole, changes, took, attempts);
        let said = self.say_done(whole, &done).await;
        self.end(whole, said).await?;
        let read = Catalogue::read(&mut self.conn, &self.options.external_schemas).await;
        self.catalogue = read.map_err(|error| Failed::Lost(sqlx::Error::Protocol(error.to_string())))?;
        Ok(done)
    }

    async fn say_done(&mut self, whole: &Move<'_>, done: &AppliedRevision) -> Result<(), sqlx::Error> {
        let author = self.author();
        if whole.record.is_some() {
            store::complete_revision(&mut self.conn, done).await?;
            store::insert_event(&mut self.conn, "upgrade", whole.id, author).await?;
        } else {
            store::delete_revision(&mut self.conn, whole.id, author).await?;
        }
        self.take_picture(whole.id).await
    }
}
