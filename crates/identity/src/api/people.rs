//! Users, roles, permissions, API tokens.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use kernel::{ApiTokenId, Cursor, Locale, RoleId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Access, ApiActor, AppState, IfMatch, Json, List, Path, Problem, Query, Routes, created, page_request, versioned};

use crate::context::Context;
use crate::model::{ApiToken, PermissionRow, Role, User};
use crate::service::users::{NewUser, UserPatch};
use crate::service::{roles, tokens, users};
use crate::store::users::UserFilter;
use crate::{IDENTITY_ROLES, IDENTITY_USERS};

pub(crate) fn routes() -> Routes {
    let (people, rights) = (Access::Needs(IDENTITY_USERS), Access::Needs(IDENTITY_ROLES));
    Routes::new()
        .get("/api/v1/users", people, list_users)
        .post("/api/v1/users", people, create_user)
        .get("/api/v1/users/{id}", people, show_user)
        .patch("/api/v1/users/{id}", people, update_user)
        .get("/api/v1/roles", rights, list_roles)
        .post("/api/v1/roles", rights, create_role)
        .get("/api/v1/roles/{id}", rights, show_role)
        .patch("/api/v1/roles/{id}", rights, update_role)
        .delete("/api/v1/roles/{id}", rights, delete_role)
        .get("/api/v1/permissions", rights, list_permissions)
        .get("/api/v1/api-tokens", Access::SignedIn, list_tokens)
        .post("/api/v1/api-tokens", Access::SignedIn, create_token)
        .delete("/api/v1/api-tokens/{id}", Access::SignedIn, revoke_token)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct UsersQuery {
    q: Option<String>,
    is_active: Option<bool>,
    limit: Option<u16>,
    cursor: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(UsersQuery), responses((status = 200, body = List<User>)))]
pub(super) async fn list_users(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<UsersQuery>,
) -> Result<List<User>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let filter = UserFilter { text: query.q, is_active: query.is_active };
    let mut conn = state.db.read().await?;
    Ok(List::from_page(users::list(&mut conn, &actor, &filter, &page).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUserBody {
    email: String,
    name: String,
    password: String,
    #[serde(default)]
    locale: Locale,
    /// Codes of roles.
    #[serde(default)]
    roles: Vec<String>,
}

#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUserBody, responses((status = 201, body = User)))]
pub(super) async fn create_user(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewUserBody>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let new = NewUser {
        email: body.email,
        name: body.name,
        password: body.password,
        locale: body.locale,
        roles: body.roles,
    };
    let user = users::create(&context, &actor, new).await?;
    Ok(created(&format!("/api/v1/users/{}", user.id), user.version, &user))
}

#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 200, body = User)))]
pub(super) async fn show_user(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let user = users::get(&mut conn, &actor, UserId(id)).await?;
    Ok(versioned(user.version, &user))
}

/// Absent fields stay. A new password ends the user's sessions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserPatchBody {
    name: Option<String>,
    locale: Option<Locale>,
    is_active: Option<bool>,
    roles: Option<Vec<String>>,
    password: Option<String>,
}

#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)), request_body = UserPatchBody, responses((status = 200, body = User), (status = 412)))]
pub(super) async fn update_user(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
    IfMatch(version): IfMatch,
    Json(body): Json<UserPatchBody>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let patch = UserPatch {
        name: body.name,
        locale: body.locale,
        is_active: body.is_active,
        roles: body.roles,
        password: body.password,
    };
    let user = users::update(&context, &actor, UserId(id), version, patch).await?;
    Ok(versioned(user.version, &user))
}

fn whole<T>(items: Vec<T>) -> List<T> {
    let total = i64::try_from(items.len()).ok();
    List { items, next_cursor: None, total }
}

#[utoipa::path(get, path = "/api/v1/roles", tag = "users", responses((status = 200, body = List<Role>)))]
pub(super) async fn list_roles(State(state): State<AppState>, ApiActor(actor): ApiActor) -> Result<List<Role>, Problem> {
    let mut conn = state.db.read().await?;
    Ok(whole(roles::list_roles(&mut conn, &actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRoleBody {
    name: String,
    #[serde(default)]
    permissions: Vec<String>,
}

#[utoipa::path(post, path = "/api/v1/roles", tag = "users", request_body = NewRoleBody, responses((status = 201, body = Role)))]
pub(super) async fn create_role(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewRoleBody>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let role = roles::create(&mut tx, &actor, &body.name, &body.permissions).await?;
    tx.commit().await?;
    Ok(created(&format!("/api/v1/roles/{}", role.id), role.version, &role))
}

#[utoipa::path(get, path = "/api/v1/roles/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 200, body = Role)))]
pub(super) async fn show_role(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let role = roles::get(&mut conn, &actor, RoleId(id)).await?;
    Ok(versioned(role.version, &role))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RolePatchBody {
    name: Option<String>,
    permissions: Option<Vec<String>>,
}

#[utoipa::path(patch, path = "/api/v1/roles/{id}", tag = "users", params(("id" = i64, Path)), request_body = RolePatchBody, responses((status = 200, body = Role), (status = 412)))]
pub(super) async fn update_role(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
    IfMatch(version): IfMatch,
    Json(body): Json<RolePatchBody>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let change = (body.name.as_deref(), body.permissions.as_deref());
    let role = roles::update(&mut tx, &actor, RoleId(id), version, change).await?;
    tx.commit().await?;
    Ok(versioned(role.version, &role))
}

#[utoipa::path(delete, path = "/api/v1/roles/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 204)))]
pub(super) async fn delete_role(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    roles::delete(&mut tx, &actor, RoleId(id)).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[utoipa::path(get, path = "/api/v1/permissions", tag = "users", responses((status = 200, body = List<PermissionRow>)))]
pub(super) async fn list_permissions(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<List<PermissionRow>, Problem> {
    let mut conn = state.db.read().await?;
    Ok(whole(roles::permissions(&mut conn, &actor).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct TokensQuery {
    limit: Option<u16>,
    cursor: Option<String>,
}

/// The caller's own tokens.
#[utoipa::path(get, path = "/api/v1/api-tokens", tag = "users", params(TokensQuery), responses((status = 200, body = List<ApiToken>)))]
pub(super) async fn list_tokens(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<TokensQuery>,
) -> Result<List<ApiToken>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let before = page.after.as_ref().map(Cursor::open::<i64>).transpose()?;
    let user = actor.user_id().ok_or(Problem::NotFound)?;
    let mut conn = state.db.read().await?;
    let rows = tokens::own(&mut conn, user, before, page.limit.probe()).await?;
    Ok(List::from_page(kernel::Page::cut(rows, page.limit, None, |token| token.id.0)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTokenBody {
    name: String,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct MadeTokenView {
    id: ApiTokenId,
    /// Shown only now.
    token: String,
}

#[utoipa::path(post, path = "/api/v1/api-tokens", tag = "users", request_body = NewTokenBody, responses((status = 201, body = MadeTokenView)))]
pub(super) async fn create_token(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewTokenBody>,
) -> Result<Response, Problem> {
    let user = actor.user_id().ok_or(Problem::NotFound)?;
    let mut tx = state.db.begin(&actor).await?;
    let made = tokens::create(&mut tx, &actor, user, &body.name, body.expires_at, state.clock.now()).await?;
    tx.commit().await?;
    let view = MadeTokenView { id: made.id, token: made.secret.expose().to_owned() };
    Ok((StatusCode::CREATED, axum::Json(view)).into_response())
}

#[utoipa::path(delete, path = "/api/v1/api-tokens/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 204)))]
pub(super) async fn revoke_token(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    tokens::revoke(&mut tx, &actor, ApiTokenId(id), state.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
