//! A rehearsal: the newest backup restored into a throw-away database, and what is pending run there and back.
//!
//! So the next upgrade is tried on real data before it is run on them: how long it takes, which tables it locks, whether
//! its checks hold, whether the way back works.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::core::finding::Finding;
use crate::core::report::{Exit, Findings, Report};
use crate::core::target::Target;
use crate::pg::assess::plan_up;
use crate::pg::backup::{Programs, prove, run_restore};
use crate::pg::catalogue::TableLock;
use crate::pg::error::EngineError;
use crate::pg::run::Runner;
use crate::pg::session::open;
use crate::pg::shadow::{Shadow, Shadows};
use crate::pg::store;
use crate::pg::verify::{Stairs, VerifyReport};
use crate::pg::{Engine, PgConnectOptions, PgConnection, refuse_errors};

/// One revision as it was rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsed {
    /// Its id.
    pub revision: String,
    /// Its title.
    pub title: String,
    /// How long the way up took.
    pub up_ms: i64,
    /// How long the way back took; none without one.
    pub down_ms: Option<i64>,
    /// Tables that were there before and that it locked against writers or readers.
    pub locks: Vec<TableLock>,
}

/// How a rehearsal went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RehearsalReport {
    /// The backup that was restored.
    pub backup: String,
    /// The last revision in it.
    pub from: Option<String>,
    /// What was pending.
    pub revisions: Vec<Rehearsed>,
    /// Promises of the program that the data broke afterwards.
    pub breaches: Vec<String>,
    /// What was found on the way.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for RehearsalReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        // Writing to a String cannot fail.
        let mut line = |text: String| {
            let _: std::fmt::Result = writeln!(out, "{text}");
        };
        line(format!(
            "restored {} at {}",
            self.backup,
            self.from.as_deref().unwrap_or("base")
        ));
        for one in &self.revisions {
            let down = one
                .down_ms
                .map_or_else(|| "no way back".to_owned(), |ms| format!("down {ms} ms"));
            line(format!(
                "{} {}: up {} ms, {down}",
                one.revision, one.title, one.up_ms
            ));
            for lock in &one.locks {
                line(format!("  locks {} ({})", lock.table, lock.mode));
            }
        }
        for breach in &self.breaches {
            line(format!("broken: {breach}"));
        }
        if self.revisions.is_empty() {
            line("nothing is pending".to_owned());
        }
        out
    }

    fn exit(&self) -> Exit {
        if self.breaches.is_empty() {
            Exit::of(&self.found.findings)
        } else {
            Exit::Findings
        }
    }
}

impl Engine {
    /// Restores a backup (the newest recorded one, unless a file is given) into a throw-away database on the same server
    /// and runs what is pending there: up, down and up again. `judge` is asked at the end whether the data still keep the
    /// program's promises, and answers with those that are broken.
    pub async fn rehearse<J>(
        &self,
        database: &PgConnectOptions,
        file: Option<&Path>,
        judge: J,
    ) -> Result<RehearsalReport, EngineError>
    where
        J: AsyncFnOnce(&PgConnectOptions) -> Vec<String>,
    {
        refuse_errors(self.chain.findings())?;
        let mut conn = open(database).await?;
        let facts = store::backup_facts(&mut conn)
            .await
            .map_err(EngineError::state("ask the server about itself"))?;
        let file = match file {
            Some(file) => file.to_owned(),
            None => newest_backup(&mut conn).await?,
        };
        let given = self
            .options
            .backup
            .as_ref()
            .and_then(|backup| backup.programs.as_deref());
        let programs = Programs::find(given, facts.server_major).await?;
        let mut shadows = Shadows::of(database).await?;
        let shadow = shadows.make().await?;
        let rehearsed = match run_restore(&programs, &shadow.options, &file).await {
            Ok(()) => self.rehearse_in(&shadow, &file, judge).await,
            Err(error) => Err(error),
        };
        shadows.drop(shadow).await?;
        shadows.close().await;
        rehearsed
    }

    async fn rehearse_in<J>(
        &self,
        scratch: &Shadow,
        file: &Path,
        judge: J,
    ) -> Result<RehearsalReport, EngineError>
    where
        J: AsyncFnOnce(&PgConnectOptions) -> Vec<String>,
    {
        let mut runner = Runner::start_in_shadow(&self.chain, &self.options, scratch).await?;
        let situation = self.look(runner.connection()).await?;
        refuse_errors(&situation.findings)?;
        let mut revisions = Vec::new();
        let mut findings: Vec<Finding> = Vec::new();
        let mut proved = VerifyReport::default();
        let mut stairs = Stairs::begin(runner, &self.options.external_schemas).await?;
        for at in plan_up(&self.chain, &situation, &Target::Head)? {
            let Some(revision) = self.chain.revisions().get(at) else {
                continue;
            };
            match stairs.step(revision, &mut proved, &mut findings).await {
                Ok(timed) => revisions.push(Rehearsed {
                    revision: revision.id.to_string(),
                    title: revision.title.clone(),
                    up_ms: timed.up_ms,
                    down_ms: timed.down_ms,
                    locks: timed.locks,
                }),
                Err(EngineError::Sql(failure)) => {
                    findings.push(failure.finding.clone());
                    break;
                }
                Err(other) => return Err(other),
            }
        }
        stairs.end().await;
        let arrived = !findings.iter().any(Finding::is_error);
        let breaches = if arrived {
            judge(&scratch.options).await
        } else {
            Vec::new()
        };
        Ok(RehearsalReport {
            backup: file.display().to_string(),
            from: situation.current(),
            revisions,
            breaches,
            found: Findings::new(findings),
        })
    }
}

/// The newest recorded backup, if it is still what it was.
async fn newest_backup(conn: &mut PgConnection) -> Result<PathBuf, EngineError> {
    let kept = store::find_last_backup(conn)
        .await
        .map_err(EngineError::state("look for the newest backup"))?;
    let Some(kept) = kept else {
        return Err(EngineError::backup(
            "no backup is recorded; take one with `migrate backup`",
        ));
    };
    prove(&kept).await?;
    Ok(kept.file.into())
}
