//! The runner: brings a PostgreSQL database along a [`Chain`].
//!
//! Always holds: one runner per database (an advisory lock on the session that runs the DDL, polled, never
//! waited for inside the server); one transaction per revision, with its row in `lineage.revision`, so a kill at
//! any moment leaves nothing to repair, or one record per step, so the next run goes on from there; the applied SQL
//! is stored, so the way back needs no file.
//! Never touches a database for a chain that is not sound, and never a schema named as external.

mod assess;
mod backup;
mod catalogue;
mod doctor;
mod error;
mod moves;
mod rehearse;
mod report;
mod run;
mod session;
mod shadow;
mod snapshot;
mod stamp;
mod store;
mod verify;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use assess::Planned;
pub use backup::{BackupOptions, BackupPolicy, BackupReport};
pub use catalogue::TableLock;
pub use doctor::{DoctorReport, Proof};
pub use error::{EngineError, FailureClass, Holder, SqlFailure};
pub use rehearse::{RehearsalReport, Rehearsed};
pub use report::{AppliedRevision, CheckReport, CurrentReport, Health, MoveReport, PlanReport, StatusReport};
pub use snapshot::Snapshot;
pub use sqlx::postgres::{PgConnectOptions, PgConnection};
pub use stamp::StampReport;
pub use verify::{KeptSchema, VerifyReport};

use crate::core::chain::Chain;
use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::report::Findings;
use crate::core::target::{Direction, Target};
use assess::{Situation, assess, plan_up};

/// The schema of the engine's own tables.
pub(crate) const STATE_SCHEMA: &str = "lineage";

/// Hears what happened, for metrics. Called after the fact; must not block.
pub trait Observer: Send + Sync {
    /// A revision was committed, in either direction.
    fn applied(&self, direction: Direction, revision: &AppliedRevision);
    /// A run ended with an error; `sqlstate` if the database gave one.
    fn failed(&self, class: FailureClass, sqlstate: Option<&str>);
    /// The lock was taken after waiting so long.
    fn lock_waited(&self, waited: Duration);
}

/// How the engine behaves.
#[derive(Clone)]
pub struct EngineOptions {
    /// How long to wait for another runner.
    pub lock_wait: Duration,
    /// How long one statement may wait for a table lock before the revision is rolled back and tried again.
    pub lock_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// Schemas of others, left out of every look at the catalogue.
    pub external_schemas: Vec<String>,
    /// Name and version of the program, for the record.
    pub tool: String,
    /// Name of this machine, for the record; may be empty.
    pub host: String,
    /// Spreads the retries of several runners.
    pub seed: u64,
    /// Backups before a run; none without it.
    pub backup: Option<BackupOptions>,
    /// Hears what happened.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_mins(1),
            lock_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_mins(15),
            external_schemas: Vec::new(),
            tool: concat!("lineage ", env!("CARGO_PKG_VERSION")).to_owned(),
            host: String::new(),
            seed: 0,
            backup: None,
            observer: None,
        }
    }
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOptions")
            .field("lock_wait", &self.lock_wait)
            .field("lock_timeout", &self.lock_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("external_schemas", &self.external_schemas)
            .field("tool", &self.tool)
            .finish_non_exhaustive()
    }
}

/// A chain and the way it is run.
///
/// Commands that only look take a connection (outside a transaction). Commands that change take connection
/// options and open a session of their own: if the caller is cancelled, session and lock die together.
#[derive(Debug)]
pub struct Engine {
    chain: Chain,
    options: EngineOptions,
}

impl Engine {
    /// Puts the two together; nothing is read or written.
    pub fn new(chain: Chain, options: EngineOptions) -> Self {
        Self { chain, options }
    }

    /// The chain.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The last applied revision. Read only.
    pub async fn current(&self, conn: &mut PgConnection) -> Result<CurrentReport, EngineError> {
        let situation = self.look(conn).await?;
        Ok(CurrentReport {
            current: situation.current(),
            found: Findings::default(),
        })
    }

    /// Where the database stands, what is pending and what is wrong. Read only.
    pub async fn status(&self, conn: &mut PgConnection) -> Result<StatusReport, EngineError> {
        let situation = self.look(conn).await?;
        Ok(StatusReport {
            head: self.head(),
            current: situation.current(),
            applied: situation.applied.len(),
            pending: situation.planned(&self.chain, &situation.pending),
            runner: session::holder(conn).await?,
            found: Findings::new(self.all_findings(&situation)),
        })
    }

    /// What `upgrade` with this target would do. Read only.
    pub async fn plan(&self, conn: &mut PgConnection, target: &Target) -> Result<PlanReport, EngineError> {
        let situation = self.look(conn).await?;
        let steps = plan_up(&self.chain, &situation, target)?;
        Ok(PlanReport {
            current: situation.current(),
            steps: situation.planned(&self.chain, &steps),
            found: Findings::new(self.all_findings(&situation)),
        })
    }

    /// Whether database and files agree: at head, nothing edited, missing, unknown or invalid, and the schema what
    /// the revisions made it. Read only.
    pub async fn check(&self, conn: &mut PgConnection) -> Result<CheckReport, EngineError> {
        let situation = self.look(conn).await?;
        let mut findings = self.all_findings(&situation);
        findings.extend(catalogue::unfinished(conn, &self.options.external_schemas).await?);
        findings.extend(self.drift(conn, &situation).await?);
        if let Some(first) = situation
            .pending
            .first()
            .and_then(|at| self.chain.revisions().get(*at))
        {
            let message = format!(
                "{} revision(s) are not applied; the next is `{}`",
                situation.pending.len(),
                first.id
            );
            let place = Place::file(first.file.clone());
            findings.push(Finding::error(Rule::S06, place, message, "run `migrate upgrade`"));
        }
        Ok(CheckReport {
            head: self.head(),
            current: situation.current(),
            found: Findings::new(findings),
        })
    }

    /// How the schema differs from the picture that was taken when the last revision was applied.
    async fn drift(
        &self,
        conn: &mut PgConnection,
        situation: &Situation,
    ) -> Result<Vec<Finding>, EngineError> {
        // Half way between two revisions there is nothing the schema should be.
        let (Some(current), None) = (situation.current(), &situation.interrupted) else {
            return Ok(Vec::new());
        };
        let external = &self.options.external_schemas;
        let kept = store::find_snapshot(conn, &current, external)
            .await
            .map_err(EngineError::state("read the kept picture of the schema"))?;
        let live = Snapshot::read(conn, external).await?;
        match kept.filter(|kept| kept.is_of_the_server_of(&live)) {
            Some(kept) => Ok(kept.drift(&live)),
            None => Ok(vec![no_picture(&current)]),
        }
    }

    /// The short form of `status` for a readiness probe. Read only, one query.
    pub async fn health(&self, conn: &mut PgConnection) -> Result<Health, EngineError> {
        let situation = self.look(conn).await?;
        Ok(Health {
            head: self.head(),
            current: situation.current(),
            pending: situation.pending.len(),
            findings: self.all_findings(&situation),
        })
    }

    async fn look(&self, conn: &mut PgConnection) -> Result<Situation, EngineError> {
        let mut situation = assess(&self.chain, store::list_applied(conn).await?);
        if situation.interrupted.is_some()
            && let Some(holder) = session::holder(conn).await?
        {
            situation.is_being_worked_on(&holder);
        }
        Ok(situation)
    }

    fn head(&self) -> Option<String> {
        self.chain.head().map(|head| head.id.to_string())
    }

    fn all_findings(&self, situation: &Situation) -> Vec<Finding> {
        self.chain
            .findings()
            .iter()
            .chain(&situation.findings)
            .cloned()
            .collect()
    }
}

fn no_picture(current: &str) -> Finding {
    let message = format!("no picture of the schema was kept with `{current}`; drift cannot be told");
    let help = format!("run `migrate stamp {current} --verify`, or wait for the next upgrade");
    Finding::error(Rule::X05, Place::default(), message, help).with_severity(Severity::Note)
}

fn refuse_errors(findings: &[Finding]) -> Result<(), EngineError> {
    let errors: Vec<Finding> = findings
        .iter()
        .filter(|finding| finding.is_error())
        .cloned()
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EngineError::Refused { findings: errors })
    }
}
