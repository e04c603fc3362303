//! Makes the database cluster. It is built beside its place and moved in when complete, so a killed
//! `initdb` leaves something that is recognised and swept away, never something that looks finished.
//! Nothing that may hold somebody's data is ever removed.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rand::Rng as _;
use tracing::{info, warn};

use super::SUPERUSER;
use super::account::Account;
use super::binaries::Binaries;
use super::error::{EmbeddedError, IoContext as _};
use super::layout::{Layout, Secret, UNFINISHED_PREFIX, sync_parent, write_whole};

/// Ids from here on belong to databases made by users; below are PostgreSQL's own three.
const FIRST_USER_DATABASE: u32 = 16_384;

const PROGRESS_EVERY: Duration = Duration::from_secs(3);

/// What lies at the cluster's place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnDisk {
    Nothing,
    Complete,
    /// Parts of a cluster in which no database was ever made.
    Incomplete,
}

/// Looks at the cluster's place; refuses a damaged cluster that holds databases.
pub(super) fn inspect(cluster: &Path) -> Result<OnDisk, EmbeddedError> {
    if !cluster.exists() {
        return Ok(OnDisk::Nothing);
    }
    let missing = ["PG_VERSION", "global/pg_control", "postgresql.conf"]
        .into_iter()
        .find(|name| fs::metadata(cluster.join(name)).map_or(true, |meta| meta.len() == 0));
    let Some(missing) = missing else {
        return Ok(OnDisk::Complete);
    };
    if has_user_databases(cluster)? {
        return Err(EmbeddedError::Damaged {
            cluster: cluster.to_path_buf(),
            missing,
        });
    }
    Ok(OnDisk::Incomplete)
}

fn has_user_databases(cluster: &Path) -> Result<bool, EmbeddedError> {
    let base = cluster.join("base");
    if !base.is_dir() {
        return Ok(false);
    }
    for entry in fs::read_dir(&base).doing("read", &base)? {
        let name = entry.doing("read", &base)?.file_name();
        let id: Option<u32> = name.to_str().and_then(|name| name.parse().ok());
        if id.is_some_and(|id| id >= FIRST_USER_DATABASE) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes the cluster unless a complete one is there.
pub(super) async fn ensure(
    layout: &Layout,
    account: &Account,
    binaries: &Binaries,
    secret: &Secret,
) -> Result<(), EmbeddedError> {
    sweep_unfinished(layout)?;
    match inspect(&layout.cluster())? {
        OnDisk::Complete => return Ok(()),
        OnDisk::Nothing => {}
        OnDisk::Incomplete => set_aside(layout)?,
    }
    let name = format!("{UNFINISHED_PREFIX}{:08x}", rand::rng().random::<u32>());
    let fresh = layout.pg_root().join(name);
    let password = layout.data_dir.join("postgres.initpw");
    write_whole(&password, secret.reveal(), 0o600)?;
    account.own(&password)?;
    let made = initdb(account, binaries, &fresh, &password).await;
    fs::remove_file(&password).doing("remove", &password)?;
    made?;
    let cluster = layout.cluster();
    fs::rename(&fresh, &cluster).doing("move into place", &cluster)?;
    sync_parent(&cluster)
}

/// Removes what a killed `initdb` left; only ever ours, under a name no finished cluster has.
fn sweep_unfinished(layout: &Layout) -> Result<(), EmbeddedError> {
    let root = layout.pg_root();
    for entry in fs::read_dir(&root).doing("read", &root)? {
        let entry = entry.doing("read", &root)?;
        let unfinished = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(UNFINISHED_PREFIX));
        if unfinished {
            info!("removing the unfinished database {}", entry.path().display());
            fs::remove_dir_all(entry.path()).doing("remove", &entry.path())?;
        }
    }
    Ok(())
}

fn set_aside(layout: &Layout) -> Result<(), EmbeddedError> {
    let aside = layout
        .pg_root()
        .join(format!("data.incomplete-{:08x}", rand::rng().random::<u32>()));
    let cluster = layout.cluster();
    warn!(
        "the database in {} was never completed; moved to {}",
        cluster.display(),
        aside.display()
    );
    fs::rename(&cluster, &aside).doing("set aside", &cluster)
}

async fn initdb(
    account: &Account,
    binaries: &Binaries,
    fresh: &Path,
    password: &Path,
) -> Result<(), EmbeddedError> {
    info!(
        event = "postgres_initialising",
        "creating the database with PostgreSQL {}", binaries.major
    );
    let program = binaries.initdb();
    let parent = fresh.parent().unwrap_or(fresh);
    let child = account
        .command(&program, parent)
        .arg("--pgdata")
        .arg(fresh)
        .args([
            "--username",
            SUPERUSER,
            "--encoding=UTF8",
            "--locale-provider=icu",
            "--icu-locale=ro-RO",
        ])
        .args(["--locale=C.UTF-8", "--auth=scram-sha-256", "--data-checksums"])
        .arg("--pwfile")
        .arg(password)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .doing("run", &program)?;
    let started = tokio::time::Instant::now();
    let done = child.wait_with_output();
    tokio::pin!(done);
    let output = loop {
        tokio::select! {
            output = &mut done => break output.doing("run", &program)?,
            () = tokio::time::sleep(PROGRESS_EVERY) => {
                let elapsed_s = started.elapsed().as_secs();
                info!(event = "postgres_initialising", elapsed_s, "creating the database: {elapsed_s} s so far");
            }
        }
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(EmbeddedError::Tool {
        tool: "initdb",
        status: output.status,
        output: super::logs::last_lines(&said),
    })
}

#[cfg(test)]
mod tests {
    use super::{OnDisk, inspect};

    #[track_caller]
    fn check(files: &[&str], dirs: &[&str], expected: Option<&OnDisk>) {
        let root = tempfile::tempdir().unwrap();
        for dir in dirs {
            std::fs::create_dir_all(root.path().join(dir)).unwrap();
        }
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        assert_eq!(inspect(root.path()).ok().as_ref(), expected, "{files:?} {dirs:?}");
    }

    #[test]
    fn only_a_cluster_without_databases_counts_as_incomplete() {
        let whole = ["PG_VERSION", "global/pg_control", "postgresql.conf"];
        check(&whole, &["base/1", "base/16384"], Some(&OnDisk::Complete));
        check(&[], &[], Some(&OnDisk::Incomplete));
        check(&["PG_VERSION"], &["base/1", "base/5"], Some(&OnDisk::Incomplete));
        check(
            &["PG_VERSION", "postgresql.conf"],
            &["base/1", "base/16390"],
            None,
        );
    }
}
