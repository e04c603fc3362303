//! The parts of `magflow migrate` that prove something: in shadow databases, on backups, in the surroundings.

use std::path::{Path, PathBuf};

use lineage::pg::{BackupOptions, BackupPolicy, Engine, EngineOptions, KeptSchema};
use lineage::{Chain, Exit, install_hook};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use telemetry::Metrics;

use crate::boot::Boot;
use crate::cli::{Backups, Hook, Prove};
use crate::migrations::{chain, finish, finish_files, options, show};
use crate::report::{Output, say};
use crate::verify;

/// Below the data directory.
const BACKUPS: &str = "backups";
/// What the hook runs.
const LINTER: &str = "magflow migrate lint --dir";

/// The options with a place for backups.
pub(crate) fn options_with(boot: &Boot, backups: Backups, metrics: Option<&Metrics>) -> EngineOptions {
    EngineOptions {
        backup: Some(BackupOptions {
            policy: match backups {
                Backups::Never => BackupPolicy::Never,
                Backups::Destructive => BackupPolicy::Destructive,
                Backups::Always => BackupPolicy::Always,
            },
            directory: boot.data_dir().join(BACKUPS),
            programs: boot.settings.database.pg_bin_dir.clone(),
        }),
        ..options(metrics)
    }
}

/// Runs one of them.
pub(crate) async fn run(command: Prove, boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    if let Prove::Hook(Hook::Install { dir }) = command {
        let revisions = dir.display().to_string();
        let linter = format!("{LINTER} '{revisions}'");
        return Ok(finish_files(
            install_hook(Path::new("."), &revisions, &linter),
            output,
        ));
    }
    let database = boot.database().await?;
    let target = &database.options;
    let exit = match command {
        Prove::Verify { dir, schema } => verify_chain(&engine(dir, boot), target, schema, output).await?,
        Prove::Stamp {
            revision, force, why, ..
        } => {
            let why = why.filter(|_| force);
            let engine = engine(None, boot);
            finish(engine.stamp(target, &revision, why.as_deref()).await, output)
        }
        Prove::Backup => finish(engine(None, boot).backup(target).await, output),
        Prove::Rehearse { backup } => {
            let engine = engine(None, boot);
            finish(
                engine.rehearse(target, backup.as_deref(), broken_promises).await,
                output,
            )
        }
        Prove::Doctor { dir, fix } => show(&engine(dir, boot).doctor(target, fix).await, output),
        Prove::Hook(_) => Exit::Fine,
    };
    database.close().await;
    Ok(exit)
}

fn engine(dir: Option<PathBuf>, boot: &Boot) -> Engine {
    let chain = dir.map_or_else(chain, Chain::look_at);
    Engine::new(chain, options_with(boot, Backups::Destructive, None))
}

async fn verify_chain(
    engine: &Engine,
    target: &PgConnectOptions,
    schema: Option<PathBuf>,
    output: Output,
) -> anyhow::Result<Exit> {
    let kept = match schema {
        Some(path) => Some(KeptSchema {
            sql: std::fs::read_to_string(&path)?,
            file: path.display().to_string(),
        }),
        None => None,
    };
    Ok(finish(engine.verify(target, kept.as_ref()).await, output))
}

/// What `magflow verify all` would say about a database.
async fn broken_promises(scratch: &PgConnectOptions) -> Vec<String> {
    let found = async {
        let mut conn = PgConnection::connect_with(scratch).await?;
        verify::all(&mut conn).await
    };
    match found.await {
        Ok(breaches) => breaches,
        Err(error) => {
            say(&format!(
                "error: the promises of the data could not be looked at: {error:#}"
            ));
            vec![format!("{error:#}")]
        }
    }
}
