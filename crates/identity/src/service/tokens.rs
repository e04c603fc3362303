//! API tokens: own ones for everybody, all of them for who looks after tokens.

use kernel::{Actor, ActorKind, ApiTokenId, Page, PageRequest, Refusal, Timestamp, UserId};
use sqlx::PgConnection;

use crate::TOKENS;
use crate::error::IdentityError;
use crate::model::{ApiToken, Name};
use crate::secret::Secret;
use crate::store::tokens as store;

/// A token somebody wants for themselves.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: Name,
    /// `None`: until it is revoked.
    pub expires_at: Option<Timestamp>,
}

/// A token just made: the secret is known only now.
#[derive(Clone, Debug)]
pub struct CreatedToken {
    pub token: ApiToken,
    pub secret: Secret,
}

/// A token of the caller's own. A token cannot make another one: a stolen one would outlive its own end.
pub async fn create_token(
    conn: &mut PgConnection,
    actor: &Actor,
    new: &NewToken,
    now: Timestamp,
) -> Result<CreatedToken, IdentityError> {
    let user = match &actor.kind {
        ActorKind::User(user) => *user,
        ActorKind::Token { .. } => return Err(IdentityError::TokenMakesNoTokens),
        ActorKind::System { .. } => return Err(IdentityError::NotFound),
    };
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(Refusal::new("identity-token-expiry-past").on("expires_at").into());
    }
    create_for(conn, user, new).await
}

pub(crate) async fn create_for(
    conn: &mut PgConnection,
    user: UserId,
    new: &NewToken,
) -> Result<CreatedToken, IdentityError> {
    let secret = Secret::api_token();
    let id = store::insert(conn, user, &new.name, &secret, new.expires_at).await?;
    let token = store::find(conn, id).await?.ok_or(IdentityError::NotFound)?;
    Ok(CreatedToken { token, secret })
}

/// Newest first: of one user, or (`None`) of everybody. Other people's need the permission.
pub async fn list_tokens(
    conn: &mut PgConnection,
    actor: &Actor,
    of: Option<UserId>,
    request: PageRequest,
) -> Result<Page<ApiToken>, IdentityError> {
    if of.is_none() || of != actor.user_id() {
        actor.require(TOKENS)?;
    }
    let before = match &request.after {
        Some(cursor) => Some(
            cursor
                .open::<i64>()
                .map_err(|error| IdentityError::Cursor(error.into()))?,
        ),
        None => None,
    };
    let rows = store::list(conn, of, before, request.limit.probe()).await?;
    Ok(Page::cut(rows, request.limit, None, |token| token.id))
}

/// From now on the token is nobody. Somebody else's token does not exist for who may not look after tokens.
pub async fn revoke_token(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ApiTokenId,
) -> Result<(), IdentityError> {
    let token = store::find(conn, id).await?.ok_or(IdentityError::NotFound)?;
    if actor.user_id() != Some(token.user_id) && !actor.may(TOKENS) {
        return Err(IdentityError::NotFound);
    }
    Ok(store::revoke(conn, id).await?)
}
