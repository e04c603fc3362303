//! Roles: the table of who may do what, and one role.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use kernel::{Actor, RoleId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use ui::{Args, FlashKind};
use web::{Access, AppState, Form, Page, Path, Problem, Routes};

use super::{FormErrors, role_name, word};
use crate::ROLES;
use crate::builtin::OWNER;
use crate::error::IdentityError;
use crate::model::{Name, PermissionRow, Role};
use crate::service::{self, NewRole, RolePatch};

const FIELDS: &[&str] = &["name", "code", "permissions"];

pub(super) fn routes() -> Routes {
    let access = Access::Needs(ROLES);
    Routes::new()
        .get("/roles", access, list)
        .get("/roles/new", access, blank)
        .post("/roles/new", access, create)
        .get("/roles/{id}", access, show)
        .post("/roles/{id}", access, save)
        .post("/roles/{id}/delete", access, remove)
}

#[derive(Serialize)]
struct MatrixPage {
    roles: Vec<Heading>,
    groups: Vec<MatrixGroup>,
}

#[derive(Serialize)]
struct Heading {
    id: i64,
    name: String,
    users: i64,
}

#[derive(Serialize)]
struct MatrixGroup {
    name: String,
    rows: Vec<MatrixRow>,
}

#[derive(Serialize)]
struct MatrixRow {
    words: String,
    code: String,
    granted: Vec<bool>,
}

/// A permission in words: `orders.ship` is found under `identity-perm-orders-ship`.
fn permission_words(page: &Page, code: &str) -> String {
    word(page, "identity-perm-", &code.replace('.', "-"), || {
        code.to_owned()
    })
}

fn slice_words(page: &Page, slice: &str) -> String {
    word(page, "identity-slice-", slice, || slice.to_owned())
}

/// Permissions by slice, in the order of the table.
fn by_slice(rows: Vec<PermissionRow>) -> Vec<(String, Vec<PermissionRow>)> {
    let mut groups: Vec<(String, Vec<PermissionRow>)> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some((slice, group)) if *slice == row.slice => group.push(row),
            Some(_) | None => groups.push((row.slice.clone(), vec![row])),
        }
    }
    groups
}

async fn list(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let roles = service::list_roles(&mut conn, &page.actor).await?;
    let permissions = service::list_permissions(&mut conn, &page.actor).await?;
    let groups = by_slice(permissions)
        .into_iter()
        .map(|(slice, rows)| MatrixGroup {
            name: slice_words(&page, &slice),
            rows: rows
                .into_iter()
                .map(|row| MatrixRow {
                    words: permission_words(&page, &row.code),
                    granted: roles
                        .iter()
                        .map(|role| role.code == OWNER || role.permissions.contains(&row.code))
                        .collect(),
                    code: row.code,
                })
                .collect(),
        });
    let shown = MatrixPage {
        groups: groups.collect(),
        roles: roles
            .iter()
            .map(|role| Heading {
                id: role.id.0,
                name: role_name(&page, &role.code, &role.name, role.is_builtin),
                users: role.users,
            })
            .collect(),
    };
    page.render("identity/roles.html", &shown)
}

#[derive(Serialize)]
struct RolePage {
    /// `None` for a new one.
    id: Option<i64>,
    version: i64,
    title: String,
    name: String,
    is_builtin: bool,
    is_owner: bool,
    users: i64,
    groups: Vec<ChoiceGroup>,
    errors: FormErrors,
}

#[derive(Serialize)]
struct ChoiceGroup {
    name: String,
    choices: Vec<PermissionChoice>,
}

#[derive(Serialize)]
struct PermissionChoice {
    code: String,
    words: String,
    checked: bool,
    /// Nobody gives what they lack.
    disabled: bool,
}

async fn choices(
    conn: &mut PgConnection,
    page: &Page,
    chosen: &BTreeSet<String>,
    all: bool,
) -> Result<Vec<ChoiceGroup>, Problem> {
    let permissions = service::list_permissions(conn, &page.actor).await?;
    let may_give = |code: &str| match &page.actor.permissions {
        kernel::PermissionSet::All => true,
        kernel::PermissionSet::Only(own) => own.contains(code),
    };
    Ok(by_slice(permissions)
        .into_iter()
        .map(|(slice, rows)| ChoiceGroup {
            name: slice_words(page, &slice),
            choices: rows
                .into_iter()
                .map(|row| PermissionChoice {
                    words: permission_words(page, &row.code),
                    checked: all || chosen.contains(&row.code),
                    disabled: all || !may_give(&row.code),
                    code: row.code,
                })
                .collect(),
        })
        .collect())
}

async fn draw(
    state: &AppState,
    page: &Page,
    role: Option<&Role>,
    form: RoleForm,
    errors: FormErrors,
) -> Result<Response, Problem> {
    let is_owner = role.is_some_and(|role| role.code == OWNER);
    let chosen = form.permissions.into_iter().collect();
    let mut conn = state.db.read().await?;
    let shown = RolePage {
        id: role.map(|role| role.id.0),
        version: role.map_or(0, |role| role.version),
        title: role.map_or_else(
            || page.t("identity-role-new"),
            |role| role_name(page, &role.code, &role.name, role.is_builtin),
        ),
        name: form.name,
        is_builtin: role.is_some_and(|role| role.is_builtin),
        is_owner,
        users: role.map_or(0, |role| role.users),
        groups: choices(&mut conn, page, &chosen, is_owner).await?,
        errors,
    };
    page.render_with(shown.errors.status(), "identity/role.html", &shown)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    permissions: Vec<String>,
    version: Option<i64>,
}

async fn blank(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    let form = RoleForm {
        name: String::new(),
        permissions: Vec::new(),
        version: None,
    };
    draw(&state, &page, None, form, FormErrors::none(FIELDS)).await
}

fn done(page: &Page, key: &str, name: String) -> Response {
    page.redirect_with("/roles", FlashKind::Success, key, &Args::new().with("name", name))
}

async fn create(
    State(state): State<AppState>,
    page: Page,
    Form(form): Form<RoleForm>,
) -> Result<Response, Problem> {
    match make(&state, &page.actor, &form).await {
        Ok(role) => Ok(done(&page, "identity-done-role-made", role.name)),
        Err(error) => {
            let errors = FormErrors::of(&page, FIELDS, error)?;
            draw(&state, &page, None, form, errors).await
        }
    }
}

async fn make(state: &AppState, actor: &Actor, form: &RoleForm) -> Result<Role, IdentityError> {
    let new = NewRole {
        code: None,
        name: Name::parse(&form.name, "name")?,
        permissions: form.permissions.clone(),
    };
    let mut tx = state.db.begin(actor).await?;
    let role = service::create_role(&mut tx, actor, &new).await?;
    tx.commit().await?;
    Ok(role)
}

async fn show(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<RoleId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let role = service::get_role(&mut conn, &page.actor, id).await?;
    drop(conn);
    let form = RoleForm {
        name: role.name.clone(),
        permissions: role.permissions.clone(),
        version: None,
    };
    draw(&state, &page, Some(&role), form, FormErrors::none(FIELDS)).await
}

async fn save(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<RoleId>,
    Form(form): Form<RoleForm>,
) -> Result<Response, Problem> {
    match change(&state, &page.actor, id, &form).await {
        Ok(role) => {
            let name = role_name(&page, &role.code, &role.name, role.is_builtin);
            Ok(done(&page, "identity-done-role-saved", name))
        }
        Err(error) => {
            let errors = FormErrors::of(&page, FIELDS, error)?;
            let mut conn = state.db.read().await?;
            let role = service::get_role(&mut conn, &page.actor, id).await?;
            drop(conn);
            draw(&state, &page, Some(&role), form, errors).await
        }
    }
}

async fn change(state: &AppState, actor: &Actor, id: RoleId, form: &RoleForm) -> Result<Role, IdentityError> {
    let mut tx = state.db.begin(actor).await?;
    let before = service::get_role(&mut tx, actor, id).await?;
    let patch = RolePatch {
        // The program's own names are translated; the form does not ask for them.
        name: if before.is_builtin {
            None
        } else {
            Some(Name::parse(&form.name, "name")?)
        },
        permissions: Some(form.permissions.clone()),
    };
    let role = service::update_role(&mut tx, actor, id, form.version, &patch).await?;
    tx.commit().await?;
    Ok(role)
}

async fn remove(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<RoleId>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let role = service::get_role(&mut tx, &page.actor, id).await?;
    service::delete_role(&mut tx, &page.actor, id, None).await?;
    tx.commit().await?;
    Ok(done(&page, "identity-done-role-removed", role.name))
}
