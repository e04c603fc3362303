//! Roles and permissions over REST.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kernel::RoleId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Access, ApiActor, AppState, IfMatch, Json, List, Path, Problem, Routes, created, versioned};

use crate::ROLES;
use crate::error::IdentityError;
use crate::model::{Name, PermissionRow, Role};
use crate::service::{self, NewRole, RolePatch};

pub(super) fn routes() -> Routes {
    let write = Access::Needs(ROLES);
    // Reading is also for who gives roles to users; the service knows.
    let read = Access::SignedIn;
    Routes::new()
        .get("/api/v1/roles", read, list)
        .post("/api/v1/roles", write, create)
        .get("/api/v1/roles/{id}", read, show)
        .patch("/api/v1/roles/{id}", write, change)
        .delete("/api/v1/roles/{id}", write, remove)
        .get("/api/v1/permissions", read, permissions)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRoleBody {
    name: String,
    /// Lower-case letters, digits and `_`; made from the name when absent.
    code: Option<String>,
    /// Codes of permissions.
    #[serde(default)]
    permissions: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RolePatchBody {
    name: Option<String>,
    /// Replaces all permissions.
    permissions: Option<Vec<String>>,
}

fn all<T>(items: Vec<T>) -> List<T> {
    List {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
    }
}

/// All roles; those of the program first.
#[utoipa::path(get, path = "/api/v1/roles", tag = "users", responses((status = 200, body = List<Role>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<List<Role>, Problem> {
    let mut conn = state.db.read().await?;
    Ok(all(service::list_roles(&mut conn, &actor).await?))
}

/// All permissions the program knows.
#[utoipa::path(get, path = "/api/v1/permissions", tag = "users", responses((status = 200, body = List<PermissionRow>)))]
pub(super) async fn permissions(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<List<PermissionRow>, Problem> {
    let mut conn = state.db.read().await?;
    Ok(all(service::list_permissions(&mut conn, &actor).await?))
}

/// Makes a role.
#[utoipa::path(post, path = "/api/v1/roles", tag = "users", request_body = NewRoleBody, responses(
    (status = 201, body = Role),
    (status = 409, description = "identity-role-code-taken, identity-beyond-own-rights")
))]
pub(super) async fn create(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewRoleBody>,
) -> Result<Response, Problem> {
    let new = NewRole {
        name: Name::parse(&body.name, "name").map_err(IdentityError::from)?,
        code: body.code,
        permissions: body.permissions,
    };
    let mut tx = state.db.begin(&actor).await?;
    let role = service::create_role(&mut tx, &actor, &new).await?;
    tx.commit().await?;
    Ok(created(
        &format!("/api/v1/roles/{}", role.id),
        role.version,
        &role,
    ))
}

/// One role.
#[utoipa::path(get, path = "/api/v1/roles/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 200, body = Role),
    (status = 404)
))]
pub(super) async fn show(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<RoleId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let role = service::get_role(&mut conn, &actor, id).await?;
    Ok(versioned(role.version, &role))
}

/// Changes a role; what is absent stays.
#[utoipa::path(patch, path = "/api/v1/roles/{id}", tag = "users", params(("id" = i64, Path)),
    request_body = RolePatchBody, responses(
    (status = 200, body = Role),
    (status = 409, description = "identity-owner-role-fixed, identity-beyond-own-rights"),
    (status = 412)
))]
pub(super) async fn change(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<RoleId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<RolePatchBody>,
) -> Result<Response, Problem> {
    let patch = RolePatch {
        name: body
            .name
            .map(|name| Name::parse(&name, "name"))
            .transpose()
            .map_err(IdentityError::from)?,
        permissions: body.permissions,
    };
    let mut tx = state.db.begin(&actor).await?;
    let role = service::update_role(&mut tx, &actor, id, expected, &patch).await?;
    tx.commit().await?;
    Ok(versioned(role.version, &role))
}

/// Removes a role nobody has.
#[utoipa::path(delete, path = "/api/v1/roles/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 204),
    (status = 409, description = "identity-builtin-role, identity-role-in-use")
))]
pub(super) async fn remove(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<RoleId>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    service::delete_role(&mut tx, &actor, id, expected).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
