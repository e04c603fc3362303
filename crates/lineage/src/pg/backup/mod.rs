//! Backups before something is lost, and the proof that they can be read.
//!
//! Always holds: a backup counts only after `pg_restore` has read its table of contents and its size and hash are
//! recorded; one that fails stops the run before anything is changed. Old files are never removed from here.

mod programs;
mod risk;

use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::fs;
use tokio::io::AsyncReadExt as _;
use tracing::info;

use crate::core::finding::Finding;
use crate::core::hash::hexadecimal;
use crate::core::report::{Exit, Findings, Report};
use crate::pg::error::EngineError;
use crate::pg::run::Runner;
use crate::pg::session::open;
use crate::pg::store::{self, KeptBackup};
use crate::pg::{Engine, PgConnectOptions};

pub(crate) use programs::{Programs, run_restore};
pub(crate) use risk::may_lose_data;

/// When a backup is taken before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackupPolicy {
    /// Not by this program.
    Never,
    /// Before a run that may lose data: drops, deletes, changes of type, and what cannot be looked into.
    #[default]
    Destructive,
    /// Before every run that changes something.
    Always,
}

/// When, where to and with which programs backups are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupOptions {
    /// When.
    pub policy: BackupPolicy,
    /// Where the files go; made if need be.
    pub directory: PathBuf,
    /// Where `pg_dump` and `pg_restore` are; without it the usual places are searched.
    pub programs: Option<PathBuf>,
}

/// A backup that was taken and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// The file, in the custom format of `pg_dump`.
    pub file: String,
    /// Its size.
    pub bytes: i64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// How far the server's log was when it began.
    pub lsn: String,
    /// The last applied revision in it.
    pub revision: Option<String>,
    /// Always empty: what goes wrong is an error.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for BackupReport {
    fn render_text(&self) -> String {
        format!(
            "{}\n  {} bytes, sha256 {}\n  restore it into an empty database with: pg_restore --dbname NAME '{}'\n",
            self.file, self.bytes, self.sha256, self.file
        )
    }

    fn exit(&self) -> Exit {
        Exit::Fine
    }
}

impl Engine {
    /// Takes a backup now and reads it.
    pub async fn backup(&self, database: &PgConnectOptions) -> Result<BackupReport, EngineError> {
        let conn = open(database).await?;
        let mut runner = Runner::start(&self.chain, &self.options, database, conn).await?;
        let report = self.take_backup(&mut runner, database, "asked for").await?;
        runner.finish().await;
        Ok(report)
    }

    /// Takes the backup that the policy wants before a run of these scripts.
    pub(crate) async fn backup_before(
        &self,
        runner: &mut Runner<'_>,
        database: &PgConnectOptions,
        scripts: &[&str],
    ) -> Result<(), EngineError> {
        let policy = self
            .options
            .backup
            .as_ref()
            .map_or(BackupPolicy::Never, |backup| backup.policy);
        let why = match policy {
            BackupPolicy::Always => "before a run",
            BackupPolicy::Destructive if scripts.iter().any(|sql| may_lose_data(sql)) => {
                "before a run that may lose data"
            }
            BackupPolicy::Never | BackupPolicy::Destructive => return Ok(()),
        };
        // Nothing of ours is in a database to which nothing was applied.
        if self.look(runner.connection()).await?.current().is_none() {
            return Ok(());
        }
        self.take_backup(runner, database, why).await.map(drop)
    }

    async fn take_backup(
        &self,
        runner: &mut Runner<'_>,
        database: &PgConnectOptions,
        why: &str,
    ) -> Result<BackupReport, EngineError> {
        let failed = EngineError::state("ask the server about itself");
        let Some(options) = &self.options.backup else {
            return Err(EngineError::backup("no directory for backups was given"));
        };
        let facts = store::backup_facts(runner.connection()).await.map_err(failed)?;
        let programs = Programs::find(options.programs.as_deref(), facts.server_major).await?;
        let directory = &options.directory;
        fs::create_dir_all(directory).await.map_err(|error| {
            EngineError::backup(format!("{} cannot be made: {error}", directory.display()))
        })?;
        let revision = self.look(runner.connection()).await?.current();
        let at = revision.as_deref().unwrap_or("base");
        let file = directory.join(format!("{}_{}_{at}.dump", facts.stamp, facts.database));
        let begun = file.with_extension("part");
        for_us_alone(&begun).await.map_err(|error| {
            EngineError::backup(format!("{} cannot be written: {error}", begun.display()))
        })?;
        programs.dump(database, &begun).await?;
        programs.read(&begun).await?;
        let (bytes, sha256) = measure(&begun).await?;
        fs::rename(&begun, &file)
            .await
            .map_err(|error| EngineError::backup(format!("{} cannot be kept: {error}", file.display())))?;
        let report = BackupReport {
            file: file.display().to_string(),
            bytes,
            sha256,
            lsn: facts.lsn,
            revision,
            found: Findings::new(Vec::<Finding>::new()),
        };
        store::insert_backup(runner.connection(), &report, why)
            .await
            .map_err(EngineError::state("record the backup"))?;
        info!(
            event = "migration_backup_taken",
            file = report.file,
            bytes = report.bytes,
            "backup {} taken and read, {} bytes",
            report.file,
            report.bytes
        );
        Ok(report)
    }
}

/// Makes an empty file that other users of the machine cannot read, since all data will be in it.
async fn for_us_alone(file: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(file).await.map(drop)
}

/// Size and SHA-256 of a file.
async fn measure(file: &Path) -> Result<(i64, String), EngineError> {
    let failed =
        |error: std::io::Error| EngineError::backup(format!("{} cannot be read: {error}", file.display()));
    let mut source = fs::File::open(file).await.map_err(failed)?;
    let mut digest = Sha256::new();
    let mut bytes = 0_i64;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = source.read(&mut buffer).await.map_err(failed)?;
        if count == 0 {
            source.sync_all().await.map_err(failed)?;
            return Ok((bytes, hexadecimal(&digest.finalize())));
        }
        digest.update(buffer.get(..count).unwrap_or_default());
        bytes += i64::try_from(count).unwrap_or(0);
    }
}

/// Proves that a recorded backup is still what it was when it was taken.
pub(crate) async fn prove(kept: &KeptBackup) -> Result<(), EngineError> {
    let file = Path::new(&kept.file);
    let (bytes, sha256) = measure(file).await?;
    if (bytes, &sha256) == (kept.bytes, &kept.sha256) {
        return Ok(());
    }
    Err(EngineError::backup(format!(
        "{} is not the file that was recorded: {bytes} bytes instead of {}, or other bytes",
        kept.file, kept.bytes
    )))
}
