//! One revision after another, each up, down and up again.

use sqlx::{AssertSqlSafe, raw_sql};

use crate::core::finding::{Finding, Place, Rule};
use crate::core::revision::{Down, Revision};
use crate::ddl::lower::lower;
use crate::pg::catalogue::TableLock;
use crate::pg::error::EngineError;
use crate::pg::run::Runner;
use crate::pg::snapshot::Snapshot;

use super::{VerifyReport, finding};

/// A climb along a chain.
pub(crate) struct Stairs<'a> {
    runner: Runner<'a>,
    external: &'a [String],
    /// The schema where we stand.
    here: Snapshot,
}

/// How long a revision took, and what it locked.
pub(crate) struct Timed {
    pub(crate) up_ms: i64,
    pub(crate) down_ms: Option<i64>,
    pub(crate) locks: Vec<TableLock>,
}

impl<'a> Stairs<'a> {
    /// Stands where the runner's database stands.
    pub(crate) async fn begin(mut runner: Runner<'a>, external: &'a [String]) -> Result<Self, EngineError> {
        runner.locks = Some(Vec::new());
        let here = Snapshot::read(runner.connection(), external).await?;
        Ok(Self {
            runner,
            external,
            here,
        })
    }

    /// The schema at the end.
    pub(crate) async fn end(self) -> Snapshot {
        self.runner.finish().await;
        self.here
    }

    /// Up, and if there is a way back, down and up again; each time the whole schema is compared.
    pub(crate) async fn step(
        &mut self,
        revision: &Revision,
        report: &mut VerifyReport,
        findings: &mut Vec<Finding>,
    ) -> Result<Timed, EngineError> {
        let (above, up_ms) = self.up(revision).await?;
        let locks = self.runner.locks.clone().unwrap_or_default();
        let mut down_ms = None;
        if is_guarded(revision) {
            findings.extend(self.twice(revision, &above).await?);
            report.run_twice += 1;
        }
        match &revision.down {
            Down::Irreversible(_) => report.irreversible += 1,
            Down::Sql(_) => {
                down_ms = Some(self.down(revision, findings).await?);
                let (again, _) = self.up(revision).await?;
                findings.extend(differs_again(revision, &above, &again));
                report.restored += 1;
            }
        }
        self.here = above;
        Ok(Timed {
            up_ms,
            down_ms,
            locks,
        })
    }

    async fn up(&mut self, revision: &Revision) -> Result<(Snapshot, i64), EngineError> {
        let took = self.runner.apply(revision).await?.duration_ms;
        let above = Snapshot::read(self.runner.connection(), self.external).await?;
        Ok((above, took))
    }

    async fn down(&mut self, revision: &Revision, findings: &mut Vec<Finding>) -> Result<i64, EngineError> {
        let mut took = 0;
        let stored = self.runner.stored(&[revision.id.to_string()]).await?;
        for stored in &stored {
            took += self.runner.revert(stored).await?.duration_ms;
        }
        let below = Snapshot::read(self.runner.connection(), self.external).await?;
        let place = down_place(revision);
        let differences = self.here.differences(&below);
        findings.extend(differences.iter().map(|one| {
            let when = format!("after `{}` was taken back", revision.id);
            let help = "make the way back undo what the way up did";
            finding(Rule::R02, place.clone(), one, &when, help)
        }));
        Ok(took)
    }

    /// Runs a guarded revision once more, without its record; what it does then is not kept.
    async fn twice(&mut self, revision: &Revision, above: &Snapshot) -> Result<Vec<Finding>, EngineError> {
        let conn = self.runner.connection();
        let help = "correct the guard, or take it out";
        let failed = EngineError::state("run a revision twice");
        if revision.transactional {
            raw_sql("BEGIN").execute(&mut *conn).await.map_err(failed)?;
        }
        let mut refused = None;
        for statement in &revision.up.statements {
            let sql = statement.text(&revision.up.sql).to_owned();
            if let Err(error) = raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await {
                let place = revision.place_in(&revision.up, statement.start);
                let message = format!(
                    "run a second time, this guarded statement fails: {}",
                    said(&error)
                );
                refused = Some(Finding::error(Rule::V02, place, message, help));
                break;
            }
        }
        let now = match (&refused, revision.transactional) {
            (Some(_), _) => None,
            (None, true) => {
                let read = Snapshot::read_inside(&mut *conn, self.external).await;
                Some(read.map_err(EngineError::state("take a picture of the schema"))?)
            }
            (None, false) => Some(Snapshot::read(&mut *conn, self.external).await?),
        };
        if revision.transactional {
            raw_sql("ROLLBACK")
                .execute(&mut *conn)
                .await
                .map_err(EngineError::state("roll back"))?;
        }
        let changed = now.map(|now| above.differences(&now)).unwrap_or_default();
        let when = format!("after a second run of `{}`", revision.id);
        let place = Place::file(&revision.file);
        let changed = changed
            .iter()
            .map(|one| finding(Rule::V02, place.clone(), one, &when, help));
        Ok(refused.into_iter().chain(changed).collect())
    }
}

/// The server's own words, without the driver's around them.
fn said(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(answer) => answer.message().to_owned(),
        None => error.to_string(),
    }
}

fn differs_again(revision: &Revision, first: &Snapshot, again: &Snapshot) -> Vec<Finding> {
    let when = format!("after `{}` was applied again", revision.id);
    let help = "make the way back undo everything, and the way up say everything";
    let differences = first.differences(again);
    let place = Place::file(&revision.file);
    differences
        .iter()
        .map(|one| finding(Rule::V01, place.clone(), one, &when, help))
        .collect()
}

fn down_place(revision: &Revision) -> Place {
    match &revision.down {
        Down::Sql(section) => {
            let first = section.statements.first().map_or(0, |statement| statement.start);
            revision.place_in(section, first)
        }
        Down::Irreversible(_) => Place::file(&revision.file),
    }
}

/// Every effect is guarded, so the author means it to run twice.
fn is_guarded(revision: &Revision) -> bool {
    let effects = lower(&revision.up.sql, &revision.up.statements);
    !effects.is_empty() && effects.iter().all(|effect| effect.guard.holds())
}
