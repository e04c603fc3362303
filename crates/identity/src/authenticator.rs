//! Recognises callers: one indexed query per request, so a disabled user or an ended session is out at once.

use async_trait::async_trait;
use http::request::Parts;
use kernel::{Actor, ActorKind, ApiTokenId, Locale, PermissionSet, SessionId, UserId};
use sqlx::PgConnection;
use ui::ShellUser;
use web::{Authenticator, Caller, Identity, Problem, Source};

use crate::context::Context;
use crate::error::IdentityError;
use crate::model::{initials, theme_of};
use crate::secret::{Credential, credential};
use crate::service;
use crate::store::sessions::CallerRow;
use crate::store::{sessions, tokens};

/// The house's [`Authenticator`]: session cookies, API tokens, access tokens.
#[derive(Clone, Debug)]
pub struct Sessions {
    context: Context,
}

/// What the credential was, once it was found.
#[derive(Clone, Copy)]
enum Proof {
    Cookie,
    Access,
    ApiToken,
}

impl Sessions {
    pub fn new(context: Context) -> Self {
        Self { context }
    }

    async fn find(
        &self,
        conn: &mut PgConnection,
        credential: Credential,
    ) -> Result<Option<(CallerRow, Proof)>, IdentityError> {
        let now = self.context.clock.now();
        let (row, proof) = match credential {
            Credential::Cookie(hash) => (sessions::caller_by_cookie(conn, hash, now).await?, Proof::Cookie),
            Credential::ApiToken(hash) => (tokens::caller(conn, hash, now).await?, Proof::ApiToken),
            Credential::Access(token) => {
                let Some(claims) = self.context.access_key().read(&token, now) else {
                    return Ok(None);
                };
                let row = sessions::caller_by_family(conn, claims.session, claims.user, now).await?;
                (row, Proof::Access)
            }
        };
        let Some(row) = row else { return Ok(None) };
        if service::should_note(row.seen_at, now) {
            match proof {
                Proof::Cookie => service::slide(conn, SessionId(row.credential_id), now).await?,
                // Its refresh token moves the session on.
                Proof::Access => {}
                Proof::ApiToken => tokens::touch(conn, ApiTokenId(row.credential_id), now).await?,
            }
        }
        Ok(Some((row, proof)))
    }
}

#[async_trait]
impl Authenticator for Sessions {
    async fn authenticate(&self, parts: &Parts) -> Result<Option<Identity>, Problem> {
        let Some(credential) = credential(&parts.headers) else {
            return Ok(None);
        };
        let mut conn = self.context.db.read().await?;
        let found = self.find(&mut conn, credential).await?;
        Ok(found.map(|(row, proof)| identity(row, proof, Caller::of(parts))))
    }
}

fn identity(row: CallerRow, proof: Proof, caller: Caller) -> Identity {
    let user = row.user_id;
    let kind = match proof {
        Proof::Cookie | Proof::Access => ActorKind::User(user),
        Proof::ApiToken => ActorKind::Token {
            token: ApiTokenId(row.credential_id),
            user,
        },
    };
    let source = match proof {
        Proof::Cookie => Source::Cookie { csrf: row.csrf_token },
        Proof::Access | Proof::ApiToken => Source::Bearer,
    };
    Identity {
        actor: Actor {
            kind,
            permissions: permissions(row.is_owner, row.permissions),
            locale: Locale::from_tag(&row.locale).unwrap_or_default(),
            ip: caller.ip,
            agent: caller.agent,
            request_id: caller.request_id,
        },
        source,
        user: Some(shell_user(user, row.name, row.email)),
        theme: theme_of(&row.theme).unwrap_or_default(),
    }
}

fn permissions(is_owner: bool, codes: Vec<String>) -> PermissionSet {
    if is_owner {
        PermissionSet::All
    } else {
        codes.into_iter().collect()
    }
}

fn shell_user(id: UserId, name: String, email: String) -> ShellUser {
    ShellUser {
        id: id.0,
        initials: initials(&name),
        name,
        email,
    }
}
