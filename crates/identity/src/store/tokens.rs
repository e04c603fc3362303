//! API tokens.

use kernel::{ApiTokenId, Timestamp, UserId};
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::{ApiToken, Name};
use crate::secret::{Secret, SecretHash};
use crate::store::sessions::CallerRow;

pub(crate) async fn caller(
    conn: &mut PgConnection,
    hash: SecretHash,
    now: Timestamp,
) -> sqlx::Result<Option<CallerRow>> {
    query_as!(
        CallerRow,
        r#"SELECT u.id AS "user_id: UserId", u.name, u.email, u.locale, u.theme, t.id AS credential_id,
                  '' AS "csrf_token!", t.last_used_at AS "seen_at?", r.is_owner AS "is_owner!",
                  r.permissions AS "permissions!"
             FROM app.api_tokens t JOIN app.users u ON u.id = t.user_id JOIN app.user_rights r ON r.user_id = u.id
            WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)"#,
        hash.bytes(),
        now
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn touch(conn: &mut PgConnection, id: ApiTokenId, now: Timestamp) -> sqlx::Result<()> {
    query!(
        "UPDATE app.api_tokens SET last_used_at = $2 WHERE id = $1",
        id as ApiTokenId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    user: UserId,
    name: &Name,
    secret: &Secret,
    expires_at: Option<Timestamp>,
) -> sqlx::Result<ApiTokenId> {
    let hash = secret.hash();
    query_scalar!(
        r#"INSERT INTO app.api_tokens (user_id, name, token_hash, prefix, expires_at)
           VALUES ($1, $2, $3, $4, $5) RETURNING id AS "id: ApiTokenId""#,
        user as UserId,
        name.as_str(),
        hash.bytes(),
        secret.shown(),
        expires_at
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: ApiTokenId) -> sqlx::Result<Option<ApiToken>> {
    query_as!(
        ApiToken,
        r#"SELECT t.id AS "id: ApiTokenId", t.user_id AS "user_id: UserId", u.email AS user_email, t.name, t.prefix,
                  t.last_used_at, t.expires_at, t.revoked_at, t.created_at
             FROM app.api_tokens t JOIN app.users u ON u.id = t.user_id WHERE t.id = $1"#,
        id as ApiTokenId
    )
    .fetch_optional(conn)
    .await
}

/// Newest first, of one user or of all; before the given id.
pub(crate) async fn list(
    conn: &mut PgConnection,
    user: Option<UserId>,
    before: Option<i64>,
    rows: i64,
) -> sqlx::Result<Vec<ApiToken>> {
    query_as!(
        ApiToken,
        r#"SELECT t.id AS "id: ApiTokenId", t.user_id AS "user_id: UserId", u.email AS user_email, t.name, t.prefix,
                  t.last_used_at, t.expires_at, t.revoked_at, t.created_at
             FROM app.api_tokens t JOIN app.users u ON u.id = t.user_id
            WHERE ($1::bigint IS NULL OR t.user_id = $1) AND ($2::bigint IS NULL OR t.id < $2)
            ORDER BY t.id DESC LIMIT $3"#,
        user.map(|id| id.0),
        before,
        rows
    )
    .fetch_all(conn)
    .await
}

/// Once; a token that is revoked stays revoked since then.
pub(crate) async fn revoke(conn: &mut PgConnection, id: ApiTokenId) -> sqlx::Result<()> {
    query!(
        "UPDATE app.api_tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL",
        id as ApiTokenId
    )
    .execute(conn)
    .await?;
    Ok(())
}
