//! Sessions of browsers and families of refresh tokens.

use kernel::{SessionId, Timestamp, UserId};
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::Session;
use crate::secret::SecretHash;

/// The caller behind a credential, with all they may do.
pub(crate) struct CallerRow {
    pub(crate) user_id: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) locale: String,
    pub(crate) theme: String,
    /// Id of the session or of the API token.
    pub(crate) credential_id: i64,
    pub(crate) csrf_token: String,
    pub(crate) seen_at: Option<Timestamp>,
    pub(crate) is_owner: bool,
    pub(crate) permissions: Vec<String>,
}

pub(crate) async fn caller_by_cookie(
    conn: &mut PgConnection,
    hash: SecretHash,
    now: Timestamp,
) -> sqlx::Result<Option<CallerRow>> {
    query_as!(
        CallerRow,
        r#"SELECT u.id AS "user_id: UserId", u.name, u.email, u.locale, u.theme, s.id AS credential_id, s.csrf_token,
                  s.last_seen_at AS "seen_at?", r.is_owner AS "is_owner!", r.permissions AS "permissions!"
             FROM app.sessions s JOIN app.users u ON u.id = s.user_id JOIN app.user_rights r ON r.user_id = u.id
            WHERE s.token_hash = $1 AND s.kind = 'browser' AND s.expires_at > $2"#,
        hash.bytes(),
        now
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn caller_by_family(
    conn: &mut PgConnection,
    session: SessionId,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<Option<CallerRow>> {
    query_as!(
        CallerRow,
        r#"SELECT u.id AS "user_id: UserId", u.name, u.email, u.locale, u.theme, s.id AS credential_id, s.csrf_token,
                  s.last_seen_at AS "seen_at?", r.is_owner AS "is_owner!", r.permissions AS "permissions!"
             FROM app.sessions s JOIN app.users u ON u.id = s.user_id JOIN app.user_rights r ON r.user_id = u.id
            WHERE s.id = $1 AND s.user_id = $2 AND s.kind = 'refresh' AND s.expires_at > $3"#,
        session as SessionId,
        user as UserId,
        now
    )
    .fetch_optional(conn)
    .await
}

/// A new session or family. `family` only for refresh tokens.
pub(crate) struct NewSession<'a> {
    pub(crate) user: UserId,
    pub(crate) hash: SecretHash,
    pub(crate) family: Option<SecretHash>,
    pub(crate) csrf: &'a str,
    pub(crate) ip: Option<String>,
    pub(crate) agent: Option<&'a str>,
    pub(crate) now: Timestamp,
    pub(crate) expires_at: Timestamp,
}

pub(crate) async fn insert(conn: &mut PgConnection, new: &NewSession<'_>) -> sqlx::Result<SessionId> {
    let family = new.family.as_ref().map(SecretHash::bytes);
    query_scalar!(
        r#"INSERT INTO app.sessions
               (user_id, kind, token_hash, family_hash, csrf_token, ip_address, user_agent, created_at, last_seen_at,
                expires_at)
           VALUES ($1, CASE WHEN $3::bytea IS NULL THEN 'browser' ELSE 'refresh' END, $2, $3, $4, $5::text::inet, $6,
                   $7, $7, $8)
           RETURNING id AS "id: SessionId""#,
        new.user as UserId,
        new.hash.bytes(),
        family,
        new.csrf,
        new.ip,
        new.agent,
        new.now,
        new.expires_at
    )
    .fetch_one(conn)
    .await
}

/// Moves the expiry on, never beyond the absolute end.
pub(crate) async fn slide(
    conn: &mut PgConnection,
    id: SessionId,
    now: Timestamp,
    idle: Timestamp,
    absolute_days: i32,
) -> sqlx::Result<()> {
    query!(
        "UPDATE app.sessions SET last_seen_at = $2, expires_at = LEAST($3, created_at + make_interval(days => $4))
          WHERE id = $1",
        id as SessionId,
        now,
        idle,
        absolute_days
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A family of refresh tokens, locked.
pub(crate) struct FamilyRow {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) is_alive: bool,
}

pub(crate) async fn lock_family(
    conn: &mut PgConnection,
    family: SecretHash,
    now: Timestamp,
) -> sqlx::Result<Option<FamilyRow>> {
    query_as!(
        FamilyRow,
        r#"SELECT s.id AS "id: SessionId", s.user_id AS "user_id: UserId", s.token_hash,
                  (s.expires_at > $2 AND u.is_active) AS "is_alive!"
             FROM app.sessions s JOIN app.users u ON u.id = s.user_id
            WHERE s.family_hash = $1 FOR UPDATE OF s"#,
        family.bytes(),
        now
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn rotate(conn: &mut PgConnection, id: SessionId, next: SecretHash) -> sqlx::Result<()> {
    query!(
        "UPDATE app.sessions SET token_hash = $2 WHERE id = $1",
        id as SessionId,
        next.bytes()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Newest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<Vec<Session>> {
    query_as!(
        Session,
        r#"SELECT id AS "id: SessionId", kind, host(ip_address) AS ip_address, user_agent, created_at, last_seen_at,
                  expires_at
             FROM app.sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id DESC LIMIT 100"#,
        user as UserId,
        now
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn id_of_cookie(
    conn: &mut PgConnection,
    hash: SecretHash,
) -> sqlx::Result<Option<SessionId>> {
    query_scalar!(
        r#"SELECT id AS "id: SessionId" FROM app.sessions WHERE token_hash = $1"#,
        hash.bytes()
    )
    .fetch_optional(conn)
    .await
}

/// Whether the user had such a session.
pub(crate) async fn delete_of_user(
    conn: &mut PgConnection,
    id: SessionId,
    user: UserId,
) -> sqlx::Result<bool> {
    let done = query!(
        "DELETE FROM app.sessions WHERE id = $1 AND user_id = $2",
        id as SessionId,
        user as UserId
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn delete(conn: &mut PgConnection, id: SessionId) -> sqlx::Result<()> {
    query!("DELETE FROM app.sessions WHERE id = $1", id as SessionId)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends all sessions of a user but one; how many ended.
pub(crate) async fn delete_others(
    conn: &mut PgConnection,
    user: UserId,
    keep: Option<SessionId>,
) -> sqlx::Result<u64> {
    let done = query!(
        "DELETE FROM app.sessions WHERE user_id = $1 AND ($2::bigint IS NULL OR id <> $2)",
        user as UserId,
        keep.map(|id| id.0)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

pub(crate) async fn delete_expired(conn: &mut PgConnection, now: Timestamp) -> sqlx::Result<u64> {
    let done = query!("DELETE FROM app.sessions WHERE expires_at <= $1", now)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}
