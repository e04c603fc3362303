//! Users over REST.

use axum::extract::State;
use axum::response::Response;
use kernel::{Locale, UserId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{
    Access, ApiActor, AppState, IfMatch, Json, List, Path, Problem, Query, Routes, created, page_request,
    versioned,
};

use crate::USERS;
use crate::error::IdentityError;
use crate::model::{Email, Name, NewPassword, User};
use crate::password;
use crate::service::{self, NewUser, UserPatch};
use crate::store::users::UserFilter;

pub(super) fn routes() -> Routes {
    let access = Access::Needs(USERS);
    Routes::new()
        .get("/api/v1/users", access, list)
        .post("/api/v1/users", access, create)
        .get("/api/v1/users/{id}", access, show)
        .patch("/api/v1/users/{id}", access, change)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct UsersQuery {
    limit: Option<u16>,
    cursor: Option<String>,
    /// Part of a name or e-mail.
    q: Option<String>,
    is_active: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUserBody {
    email: String,
    name: String,
    /// 10 to 200 characters.
    password: String,
    /// `ro` when absent.
    locale: Option<Locale>,
    /// Codes of roles; none when absent.
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserPatchBody {
    email: Option<String>,
    name: Option<String>,
    locale: Option<Locale>,
    /// `system`, `light` or `dark`.
    theme: Option<String>,
    is_active: Option<bool>,
    /// Replaces all roles.
    roles: Option<Vec<String>>,
    /// A new password; ends all sessions of the user.
    password: Option<String>,
}

/// Users by e-mail.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(UsersQuery), responses(
    (status = 200, body = List<User>)
))]
pub(super) async fn list(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<UsersQuery>,
) -> Result<List<User>, Problem> {
    let request = page_request(query.limit, query.cursor)?;
    let filter = UserFilter {
        text: query.q,
        is_active: query.is_active,
    };
    let mut conn = state.db.read().await?;
    let page = service::page_of_users(&mut conn, &actor, &filter, request).await?;
    Ok(List::from_page(page))
}

/// Makes a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUserBody, responses(
    (status = 201, body = User),
    (status = 409, description = "identity-email-taken, identity-beyond-own-rights"),
    (status = 422)
))]
pub(super) async fn create(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewUserBody>,
) -> Result<Response, Problem> {
    actor.require(USERS)?;
    let locale = body.locale.unwrap_or_default();
    let new = NewUser::parse(&body.email, &body.name, &body.password, locale, body.roles)?;
    let hash = new.hashed().await?;
    let mut tx = state.db.begin(&actor).await?;
    let user = service::create_user(&mut tx, &actor, &new, &hash).await?;
    tx.commit().await?;
    Ok(created(
        &format!("/api/v1/users/{}", user.id),
        user.version,
        &user,
    ))
}

/// One user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 200, body = User),
    (status = 404)
))]
pub(super) async fn show(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let user = service::get_user(&mut conn, &actor, id).await?;
    Ok(versioned(user.version, &user))
}

/// Changes a user; what is absent stays.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)),
    request_body = UserPatchBody, responses(
    (status = 200, body = User),
    (status = 404),
    (status = 409, description = "identity-last-owner, identity-own-account, identity-own-owner-role, …"),
    (status = 412)
))]
pub(super) async fn change(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<UserId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<UserPatchBody>,
) -> Result<Response, Problem> {
    actor.require(USERS)?;
    let hash = match &body.password {
        Some(text) => Some(hash_for(&state, &actor, id, text).await?),
        None => None,
    };
    let parsed = |result: Result<_, kernel::Refusal>| result.map_err(IdentityError::from);
    let patch = UserPatch {
        email: body
            .email
            .as_deref()
            .map(Email::parse)
            .transpose()
            .map_err(IdentityError::from)?,
        name: parsed(body.name.map(|name| Name::parse(&name, "name")).transpose())?,
        locale: body.locale,
        theme: body.theme,
        is_active: body.is_active,
        roles: body.roles,
    };
    let mut tx = state.db.begin(&actor).await?;
    let mut user = service::update_user(&mut tx, &actor, id, expected, &patch).await?;
    if let Some(hash) = hash {
        service::set_password(&mut tx, &actor, id, &hash).await?;
        user = service::get_user(&mut tx, &actor, id).await?;
    }
    tx.commit().await?;
    Ok(versioned(user.version, &user))
}

async fn hash_for(
    state: &AppState,
    actor: &kernel::Actor,
    id: UserId,
    text: &str,
) -> Result<password::HashedPassword, Problem> {
    let mut conn = state.db.read().await?;
    let user = service::get_user(&mut conn, actor, id).await?;
    drop(conn);
    let email = Email::parse(&user.email).map_err(IdentityError::from)?;
    let new = NewPassword::parse(text, &email).map_err(IdentityError::from)?;
    Ok(password::hash(&new).await?)
}
