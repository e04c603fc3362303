//! The pictures of the schema, taken in the transaction that ended a run.

use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use crate::pg::snapshot::Snapshot;

/// Pictures older than this many are of no use: a database is compared with the last one.
const KEPT: i64 = 5;

/// Keeps the picture that belongs to a revision, and forgets the oldest.
pub(crate) async fn keep_snapshot(
    conn: &mut PgConnection,
    revision: &str,
    snapshot: &Snapshot,
) -> Result<(), sqlx::Error> {
    let objects = snapshot
        .to_json()
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(
        "INSERT INTO lineage.snapshot (revision, fingerprint, objects) VALUES ($1, $2, $3::jsonb) \
         ON CONFLICT (revision) DO UPDATE SET taken_at = clock_timestamp(), fingerprint = $2, objects = $3::jsonb",
    )
    .bind(revision)
    .bind(snapshot.fingerprint())
    .bind(objects)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "DELETE FROM lineage.snapshot WHERE revision NOT IN (SELECT s.revision FROM lineage.snapshot s \
         JOIN lineage.revision r ON r.id = s.revision ORDER BY r.seq DESC LIMIT $1)",
    )
    .bind(KEPT)
    .execute(conn)
    .await?;
    Ok(())
}

/// The picture kept with a revision, if there is one.
pub(crate) async fn find_snapshot(
    conn: &mut PgConnection,
    revision: &str,
    external: &[String],
) -> Result<Option<Snapshot>, sqlx::Error> {
    let kept: Result<Option<String>, sqlx::Error> =
        sqlx::query_scalar("SELECT objects::text FROM lineage.snapshot WHERE revision = $1")
            .bind(revision)
            .fetch_optional(conn)
            .await;
    let kept = match kept {
        // A database of an earlier format has no such table yet.
        Err(error) if super::is_missing(&error) => None,
        other => other?,
    };
    kept.map(|text| Snapshot::from_json(&text, external))
        .transpose()
        .map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The newest picture of all.
pub(crate) struct LastSnapshot {
    pub(crate) revision: String,
    pub(crate) snapshot: Snapshot,
    /// The schema as the run after it found it.
    pub(crate) found_by_next: Option<Snapshot>,
}

/// The picture of the newest revision that has one.
pub(crate) async fn find_last_snapshot(
    conn: &mut PgConnection,
    external: &[String],
) -> Result<Option<LastSnapshot>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT s.revision, s.objects::text AS objects, s.found_by_next::text AS found FROM lineage.snapshot s \
         JOIN lineage.revision r ON r.id = s.revision ORDER BY r.seq DESC LIMIT 1",
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let read = |text: String| {
        Snapshot::from_json(&text, external).map_err(|error| sqlx::Error::Decode(error.into()))
    };
    let found: Option<String> = row.try_get("found")?;
    Ok(Some(LastSnapshot {
        revision: row.try_get("revision")?,
        snapshot: read(row.try_get("objects")?)?,
        found_by_next: found.map(read).transpose()?,
    }))
}

/// Keeps how a run found the schema, beside the picture of the revision it begins at.
pub(crate) async fn keep_found(
    conn: &mut PgConnection,
    revision: &str,
    found: &Snapshot,
) -> Result<(), sqlx::Error> {
    let found = found
        .to_json()
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query("UPDATE lineage.snapshot SET found_by_next = $2::jsonb WHERE revision = $1")
        .bind(revision)
        .bind(found)
        .execute(conn)
        .await?;
    Ok(())
}
