//! Sessions: opened at log-in, sliding with use, ended by their owner.

use chrono::Duration;
use db::Db;
use kernel::{Actor, SessionId, Timestamp, UserId};
use sqlx::PgConnection;
use web::Caller;

use crate::error::IdentityError;
use crate::model::Session;
use crate::secret::{Secret, SecretHash, csrf_token, refresh_family};
use crate::service::login;
use crate::store::sessions::{self as store, NewSession};

/// A session that is not used for so long is over.
const IDLE_DAYS: i64 = 14;
/// However much it is used, one logs in again after this.
const ABSOLUTE_DAYS: i32 = 60;
/// How exactly the last use is kept; a write for every request would serve nobody.
const SEEN_EVERY: Duration = Duration::minutes(1);

/// What kind of session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Browser,
    Refresh,
}

/// A session just opened, with its secret.
pub(crate) struct Opened {
    pub(crate) id: SessionId,
    pub(crate) secret: Secret,
}

pub(crate) async fn open(
    conn: &mut PgConnection,
    user: UserId,
    kind: Kind,
    caller: &Caller,
    now: Timestamp,
) -> Result<Opened, IdentityError> {
    let secret = match kind {
        Kind::Browser => Secret::session(),
        Kind::Refresh => Secret::refresh(),
    };
    let csrf = csrf_token();
    let new = NewSession {
        user,
        hash: secret.hash(),
        family: refresh_family(secret.expose())
            .filter(|_| kind == Kind::Refresh)
            .map(SecretHash::of),
        csrf: &csrf,
        ip: caller.ip.map(|ip| ip.to_string()),
        agent: caller.agent.as_deref(),
        now,
        expires_at: now + Duration::days(IDLE_DAYS),
    };
    let id = store::insert(conn, &new).await?;
    Ok(Opened { id, secret })
}

/// A new session for a browser. The one it came with ends: nobody can plant a session before a log-in and use it
/// afterwards.
pub(crate) async fn open_browser_session(
    conn: &mut PgConnection,
    user: UserId,
    caller: &Caller,
    came_with: Option<SecretHash>,
    now: Timestamp,
) -> Result<Opened, IdentityError> {
    if let Some(hash) = came_with {
        end_session_by_cookie(conn, hash).await?;
    }
    open(conn, user, Kind::Browser, caller, now).await
}

/// Whether the last use is old enough to be written again.
pub(crate) fn should_note(seen_at: Option<Timestamp>, now: Timestamp) -> bool {
    seen_at.is_none_or(|seen| now - seen >= SEEN_EVERY)
}

pub(crate) async fn slide(
    conn: &mut PgConnection,
    id: SessionId,
    now: Timestamp,
) -> Result<(), IdentityError> {
    Ok(store::slide(conn, id, now, now + Duration::days(IDLE_DAYS), ABSOLUTE_DAYS).await?)
}

/// The caller's own sessions.
pub(crate) async fn list_sessions(
    conn: &mut PgConnection,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Session>, IdentityError> {
    let user = actor.user_id().ok_or(IdentityError::NotFound)?;
    Ok(store::list(conn, user, now).await?)
}

/// Ends one of the caller's own sessions.
pub(crate) async fn end_session(
    conn: &mut PgConnection,
    actor: &Actor,
    id: SessionId,
) -> Result<(), IdentityError> {
    let user = actor.user_id().ok_or(IdentityError::NotFound)?;
    if store::delete_of_user(conn, id, user).await? {
        Ok(())
    } else {
        Err(IdentityError::NotFound)
    }
}

/// Log-out of a browser; a session that is over already is no failure.
pub(crate) async fn end_session_by_cookie(
    conn: &mut PgConnection,
    hash: SecretHash,
) -> Result<(), IdentityError> {
    if let Some(id) = store::id_of_cookie(conn, hash).await? {
        store::delete(conn, id).await?;
    }
    Ok(())
}

/// Ends all of the caller's sessions but the one with this cookie; how many.
pub(crate) async fn end_other_sessions(
    conn: &mut PgConnection,
    user: UserId,
    keep: Option<SecretHash>,
) -> Result<u64, IdentityError> {
    let keep = match keep {
        Some(hash) => store::id_of_cookie(conn, hash).await?,
        None => None,
    };
    Ok(store::delete_others(conn, user, keep).await?)
}

/// Removes sessions that are over and failed log-ins that no longer count; how many rows went. For a daily timer.
pub async fn purge(db: &Db, now: Timestamp) -> Result<u64, IdentityError> {
    let failures = login::forget_old_failures(db, now).await?;
    let mut conn = db.read().await?;
    Ok(failures + store::delete_expired(&mut conn, now).await?)
}
