//! The commands that move a schema: upgrade, downgrade, resume.

use crate::core::finding::{Finding, Place, Rule};
use crate::core::target::{Direction, Target};
use crate::pg::assess::{Interrupted, Situation, plan_down, plan_up};
use crate::pg::error::EngineError;
use crate::pg::report::{AppliedRevision, MoveReport};
use crate::pg::run::Runner;
use crate::pg::{Engine, PgConnectOptions, refuse_errors, session};

impl Engine {
    /// Applies revisions up to `target` (head, `+n` or a revision), each once, whoever else tries.
    /// Already there: one query, no lock.
    pub async fn upgrade(
        &self,
        database: &PgConnectOptions,
        target: &Target,
    ) -> Result<MoveReport, EngineError> {
        let outcome = self.upgrade_inner(database, target).await;
        self.tell(outcome)
    }

    /// Takes revisions back, newest first, by the SQL stored when they were applied:
    /// the last `n`, all after a revision, or all (`base`). The files are not needed.
    pub async fn downgrade(
        &self,
        database: &PgConnectOptions,
        target: &Target,
    ) -> Result<MoveReport, EngineError> {
        let outcome = self.downgrade_inner(database, target).await;
        self.tell(outcome)
    }

    async fn upgrade_inner(
        &self,
        database: &PgConnectOptions,
        target: &Target,
    ) -> Result<MoveReport, EngineError> {
        refuse_errors(self.chain.findings())?;
        let mut conn = session::open(database).await?;
        let situation = self.look(&mut conn).await?;
        refuse_errors(&situation.stopping())?;
        if situation.interrupted.is_none() && plan_up(&self.chain, &situation, target)?.is_empty() {
            return Ok(MoveReport::nothing(Direction::Up, situation.current()));
        }
        let mut runner = Runner::start(&self.chain, &self.options, database, conn).await?;
        let situation = self.look(runner.connection()).await?;
        refuse_errors(&situation.stopping())?;
        let mut report = MoveReport::nothing(Direction::Up, situation.current());
        let planned = plan_up(&self.chain, &situation, target)?;
        let scripts: Vec<&str> = self.scripts(&planned);
        self.backup_before(&mut runner, database, &scripts).await?;
        self.plan_picture(&mut runner, &situation, &planned).await?;
        if let Some(half) = &situation.interrupted {
            report.revisions.push(self.go_on(&mut runner, half).await?);
        }
        for at in planned {
            let Some(revision) = self.chain.revisions().get(at) else {
                continue;
            };
            let done = runner.apply(revision).await?;
            report.current = Some(done.revision.clone());
            report.revisions.push(done);
        }
        runner.finish().await;
        Ok(report)
    }

    fn scripts(&self, planned: &[usize]) -> Vec<&str> {
        let revisions = planned.iter().filter_map(|at| self.chain.revisions().get(*at));
        revisions.map(|revision| revision.up.sql.as_str()).collect()
    }

    /// The last revision of an upgrade takes a picture of the schema along.
    async fn plan_picture(
        &self,
        runner: &mut Runner<'_>,
        situation: &Situation,
        planned: &[usize],
    ) -> Result<(), EngineError> {
        let last = planned.last().and_then(|at| self.chain.revisions().get(*at));
        let half = situation.interrupted.as_ref().map(|half| half.id.clone());
        let Some(last) = last.map(|revision| revision.id.to_string()).or(half) else {
            return Ok(());
        };
        runner.end_with_picture(last.clone(), last, situation).await
    }

    /// The last of `count` revisions that are taken back, `last`, takes one along for the revision below it.
    async fn plan_picture_below(
        &self,
        runner: &mut Runner<'_>,
        situation: &Situation,
        count: usize,
        last: &str,
    ) -> Result<(), EngineError> {
        let left = situation.applied.len().saturating_sub(count);
        match situation.applied.get(..left).and_then(<[_]>::last) {
            Some(below) => {
                runner
                    .end_with_picture(last.to_owned(), below.id.clone(), situation)
                    .await
            }
            None => Ok(()),
        }
    }

    async fn downgrade_inner(
        &self,
        database: &PgConnectOptions,
        target: &Target,
    ) -> Result<MoveReport, EngineError> {
        let mut conn = session::open(database).await?;
        if plan_down(&self.look(&mut conn).await?, target)?.is_empty() {
            let situation = self.look(&mut conn).await?;
            return Ok(MoveReport::nothing(Direction::Down, situation.current()));
        }
        let mut runner = Runner::start(&self.chain, &self.options, database, conn).await?;
        let situation = self.look(runner.connection()).await?;
        let damaged = situation.findings.iter().filter(|f| f.rule == Rule::X04);
        refuse_errors(&damaged.cloned().collect::<Vec<_>>())?;
        let ids = plan_down(&situation, target)?;
        let stored = runner.stored(&ids).await?;
        let scripts: Vec<&str> = stored.iter().filter_map(|one| one.down_sql.as_deref()).collect();
        self.backup_before(&mut runner, database, &scripts).await?;
        let mut report = MoveReport::nothing(Direction::Down, situation.current());
        if let Some(last) = ids.last() {
            self.plan_picture_below(&mut runner, &situation, ids.len(), last)
                .await?;
        }
        for revision in &stored {
            report.revisions.push(runner.revert(revision).await?);
        }
        report.current = self.look(runner.connection()).await?.current();
        runner.finish().await;
        Ok(report)
    }

    /// Finishes what was interrupted, whichever way it was going; nothing else.
    pub async fn resume(&self, database: &PgConnectOptions) -> Result<MoveReport, EngineError> {
        let outcome = self.resume_inner(database).await;
        self.tell(outcome)
    }

    async fn resume_inner(&self, database: &PgConnectOptions) -> Result<MoveReport, EngineError> {
        let mut conn = session::open(database).await?;
        let situation = self.look(&mut conn).await?;
        if situation.interrupted.is_none() {
            return Ok(MoveReport::nothing(Direction::Up, situation.current()));
        }
        let mut runner = Runner::start(&self.chain, &self.options, database, conn).await?;
        let situation = self.look(runner.connection()).await?;
        let Some(half) = &situation.interrupted else {
            return Ok(MoveReport::nothing(Direction::Up, situation.current()));
        };
        match half.direction {
            Direction::Up => self.plan_picture(&mut runner, &situation, &[]).await,
            Direction::Down => {
                self.plan_picture_below(&mut runner, &situation, 1, &half.id)
                    .await
            }
        }?;
        let mut report = MoveReport::nothing(half.direction, None);
        report.revisions.push(self.go_on(&mut runner, half).await?);
        report.current = self.look(runner.connection()).await?.current();
        runner.finish().await;
        Ok(report)
    }

    /// On the way up by the file, which may have been corrected; on the way back by the stored SQL.
    async fn go_on(
        &self,
        runner: &mut Runner<'_>,
        half: &Interrupted,
    ) -> Result<AppliedRevision, EngineError> {
        match (half.direction, self.chain.get(&half.id)) {
            (Direction::Up, Some(revision)) => runner.apply(revision).await,
            (Direction::Up, None) => {
                let message = format!("`{}` was interrupted, and its file is missing", half.id);
                let help = "restore the file, or take the revision back with `migrate downgrade -1`";
                let finding = Finding::error(Rule::S01, Place::default(), message, help);
                Err(EngineError::Refused {
                    findings: vec![finding],
                })
            }
            (Direction::Down, _) => {
                let stored = runner.stored(std::slice::from_ref(&half.id)).await?;
                let Some(stored) = stored.first() else {
                    return Err(EngineError::State {
                        doing: "read the interrupted revision",
                        source: sqlx::Error::RowNotFound,
                    });
                };
                runner.revert(stored).await
            }
        }
    }

    fn tell(&self, outcome: Result<MoveReport, EngineError>) -> Result<MoveReport, EngineError> {
        if let (Err(error), Some(observer)) = (&outcome, &self.options.observer) {
            observer.failed(error.class(), error.sqlstate());
        }
        outcome
    }
}
