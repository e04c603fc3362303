//! API tokens over REST.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::StatusCode;
use kernel::{ApiTokenId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{
    Access, ApiActor, AppState, Json, List, Path, Problem, Query, Routes, ShownOnce, created, page_request,
};

use crate::error::IdentityError;
use crate::model::{ApiToken, Name};
use crate::service::{self, NewToken};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/api-tokens", Access::SignedIn, list)
        .post("/api/v1/api-tokens", Access::SignedIn, create)
        .delete("/api/v1/api-tokens/{id}", Access::SignedIn, revoke)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct TokensQuery {
    limit: Option<u16>,
    cursor: Option<String>,
    /// Somebody else's tokens; needs `identity.tokens`. Own ones when absent.
    user_id: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTokenBody {
    name: String,
    /// Counts until then; without an end when absent.
    expires_at: Option<DateTime<Utc>>,
}

/// A token just made.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedTokenBody {
    #[serde(flatten)]
    info: ApiToken,
    /// The secret. It is shown only now.
    token: String,
}

/// Tokens, newest first.
#[utoipa::path(get, path = "/api/v1/api-tokens", tag = "users", params(TokensQuery), responses(
    (status = 200, body = List<ApiToken>)
))]
pub(super) async fn list(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<TokensQuery>,
) -> Result<List<ApiToken>, Problem> {
    let request = page_request(query.limit, query.cursor)?;
    let of = query.user_id.map(UserId).or(actor.user_id());
    let mut conn = state.db.read().await?;
    let page = service::list_tokens(&mut conn, &actor, of, request).await?;
    Ok(List::from_page(page))
}

/// Makes a token of the caller's own.
#[utoipa::path(post, path = "/api/v1/api-tokens", tag = "users", request_body = NewTokenBody, responses(
    (status = 201, body = CreatedTokenBody),
    (status = 409, description = "identity-token-makes-no-tokens; ui-idempotency-shown-once when the key is repeated")
))]
pub(super) async fn create(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewTokenBody>,
) -> Result<ShownOnce<Response>, Problem> {
    let new = NewToken {
        name: Name::parse(&body.name, "name").map_err(IdentityError::from)?,
        expires_at: body.expires_at,
    };
    let mut tx = state.db.begin(&actor).await?;
    let made = service::create_token(&mut tx, &actor, &new, state.clock.now()).await?;
    tx.commit().await?;
    let location = format!("/api/v1/api-tokens/{}", made.token.id);
    let body = CreatedTokenBody {
        info: made.token,
        token: made.secret.expose().to_owned(),
    };
    Ok(ShownOnce(created(&location, 1, &body)))
}

/// Revokes a token; from now on it is nobody.
#[utoipa::path(delete, path = "/api/v1/api-tokens/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 204),
    (status = 404)
))]
pub(super) async fn revoke(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<ApiTokenId>,
) -> Result<StatusCode, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    service::revoke_token(&mut tx, &actor, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
