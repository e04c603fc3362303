//! Log-in of programs.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use kernel::{ActorKind, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Access, ApiActor, AppState, Caller, Json, Problem, Routes, ShownOnce};

use crate::context::Context;
use crate::error::IdentityError;
use crate::model::User;
use crate::secret::{Credential, credential};
use crate::service::{self, Attempt, TokenPair};
use crate::store::sessions as rows;

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/api/v1/auth/login", Access::Public, login)
        .post("/api/v1/auth/refresh", Access::Public, refresh)
        .post("/api/v1/auth/logout", Access::SignedIn, logout)
        .get("/api/v1/auth/me", Access::SignedIn, me)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginBody {
    email: String,
    password: String,
    /// Time-based codes are not enabled yet; sending one is refused.
    totp: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshBody {
    refresh_token: String,
}

/// Give `access_token` as `Authorization: Bearer …`; exchange `refresh_token` for the next pair before it ends.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Counts once: each use gives a new one.
    refresh_token: String,
}

impl From<TokenPair> for Tokens {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access_token,
            token_type: "Bearer",
            expires_in: pair.expires_in,
            refresh_token: pair.refresh_token.expose().to_owned(),
        }
    }
}

/// The caller themselves.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    #[serde(flatten)]
    user: User,
    /// What this caller may do; `["*"]` for an owner.
    permissions: Vec<String>,
}

/// Exchanges e-mail and password for tokens.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginBody, security(()), responses(
    (status = 200, body = Tokens),
    (status = 401, description = "auth-wrong-credentials, auth-account-disabled"),
    (status = 409, description = "auth-totp-not-enabled"),
    (status = 429, description = "Too many failed log-ins; see Retry-After")
))]
pub(super) async fn login(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<LoginBody>,
) -> Result<ShownOnce<axum::Json<Tokens>>, Problem> {
    if body.totp.is_some() {
        return Err(IdentityError::TotpNotEnabled.into());
    }
    let context: Context = state.get()?;
    let attempt = Attempt {
        email: &body.email,
        password: &body.password,
        caller: &caller,
    };
    let pair = service::log_in_for_tokens(&context, &attempt).await?;
    Ok(ShownOnce(axum::Json(pair.into())))
}

/// Exchanges a refresh token for the next pair. One that was used before ends its whole family.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshBody, security(()), responses(
    (status = 200, body = Tokens),
    (status = 401, description = "auth-refresh-token")
))]
pub(super) async fn refresh(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<RefreshBody>,
) -> Result<ShownOnce<axum::Json<Tokens>>, Problem> {
    let context: Context = state.get()?;
    let pair = service::refresh(&context, &body.refresh_token, &caller).await?;
    Ok(ShownOnce(axum::Json(pair.into())))
}

/// Ends the session behind the access token or the cookie.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", responses(
    (status = 204),
    (status = 409, description = "auth-token-has-no-session: an API token is revoked, not logged out")
))]
pub(super) async fn logout(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(&actor).await?;
    match credential(&headers) {
        Some(Credential::Cookie(hash)) => service::end_session_by_cookie(&mut tx, hash).await?,
        Some(Credential::Access(token)) => {
            if let Some(claims) = context.access_key().read(&token, state.clock.now()) {
                rows::delete(&mut tx, claims.session).await?;
            }
        }
        Some(Credential::ApiToken(_)) => return Err(Refusal::new("auth-token-has-no-session").into()),
        None => return Err(Problem::Unauthenticated),
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who the caller is and what they may do.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", responses((status = 200, body = Me)))]
pub(super) async fn me(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<axum::Json<Me>, Problem> {
    let id = match actor.kind {
        ActorKind::User(user) | ActorKind::Token { user, .. } => user,
        ActorKind::System { .. } => return Err(Problem::NotFound),
    };
    let mut conn = state.db.read().await?;
    let user = service::get_user(&mut conn, &actor, id).await?;
    let permissions = match actor.permissions {
        kernel::PermissionSet::All => vec!["*".to_owned()],
        kernel::PermissionSet::Only(codes) => codes.into_iter().collect(),
    };
    Ok(axum::Json(Me { user, permissions }))
}
