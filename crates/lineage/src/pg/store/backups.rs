//! The backups that were taken, where they are and what they were.

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use crate::pg::backup::BackupReport;

/// What is needed to name and place a backup.
#[derive(Debug)]
pub(crate) struct BackupFacts {
    /// The server's date and time, in UTC, for the name of the file.
    pub(crate) stamp: String,
    pub(crate) database: String,
    pub(crate) server_major: i32,
    pub(crate) lsn: String,
}

/// A recorded backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptBackup {
    pub(crate) file: String,
    pub(crate) bytes: i64,
    pub(crate) sha256: String,
}

/// Asks the server for time, version and place in its log.
pub(crate) async fn backup_facts(conn: &mut PgConnection) -> Result<BackupFacts, sqlx::Error> {
    let row = sqlx::query(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD\"T\"HH24MISSMS') AS stamp, \
         regexp_replace(current_database(), '[^A-Za-z0-9]+', '-', 'g') AS database, \
         current_setting('server_version_num')::integer / 10000 AS major, \
         CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_current_wal_insert_lsn()::text END AS lsn",
    )
    .fetch_one(conn)
    .await?;
    Ok(BackupFacts {
        stamp: row.try_get("stamp")?,
        database: row.try_get("database")?,
        server_major: row.try_get("major")?,
        lsn: row.try_get("lsn")?,
    })
}

/// Records a backup that was read.
pub(crate) async fn insert_backup(
    conn: &mut PgConnection,
    backup: &BackupReport,
    why: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO lineage.backup (file, bytes, sha256, lsn, revision, why) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&backup.file)
    .bind(backup.bytes)
    .bind(&backup.sha256)
    .bind(&backup.lsn)
    .bind(&backup.revision)
    .bind(why)
    .execute(conn)
    .await?;
    Ok(())
}

/// The newest backup of this database.
pub(crate) async fn find_last_backup(conn: &mut PgConnection) -> Result<Option<KeptBackup>, sqlx::Error> {
    let row = sqlx::query("SELECT file, bytes, sha256 FROM lineage.backup ORDER BY id DESC LIMIT 1")
        .fetch_optional(conn)
        .await;
    let read = |row: PgRow| {
        Ok(KeptBackup {
            file: row.try_get("file")?,
            bytes: row.try_get("bytes")?,
            sha256: row.try_get("sha256")?,
        })
    };
    match row {
        Ok(row) => row.map(read).transpose(),
        Err(error) if super::is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
