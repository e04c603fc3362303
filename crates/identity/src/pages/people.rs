//! Users and roles for administrators.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kernel::{Cursor, Locale, RoleId, UserId};
use serde::{Deserialize, Serialize};
use ui::Args;
use web::{Access, AppState, FlashKind, Form, Page, Path, Problem, Query, Routes, page_request};

use super::{Message, messages};
use crate::builtin::OWNER;
use crate::context::Context;
use crate::model::{Role, User};
use crate::service::users::{NewUser, UserPatch};
use crate::service::{roles, users};
use crate::store::users::UserFilter;
use crate::{IDENTITY_ROLES, IDENTITY_USERS};

pub(crate) fn routes() -> Routes {
    let (people, rights) = (Access::Needs(IDENTITY_USERS), Access::Needs(IDENTITY_ROLES));
    Routes::new()
        .get("/users", people, list)
        .get("/users/new", people, blank)
        .post("/users/new", people, create)
        .get("/users/{id}", people, show)
        .post("/users/{id}", people, save)
        .get("/roles", rights, matrix)
        .post("/roles", rights, create_role)
        .post("/roles/{id}", rights, save_role)
        .post("/roles/{id}/delete", rights, delete_role)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsersQuery {
    q: Option<String>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct UsersPage {
    users: Vec<User>,
    text: String,
    total: Option<i64>,
    next: Option<String>,
    first: Option<String>,
}

fn address(q: Option<&String>, cursor: Option<&Cursor>) -> String {
    web::address("/users", &[("q", q.cloned()), ("cursor", cursor.map(|cursor| cursor.as_str().to_owned()))])
}

async fn list(State(state): State<AppState>, page: Page, Query(query): Query<UsersQuery>) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let filter = UserFilter { text: query.q.clone(), is_active: None };
    let mut conn = state.db.read().await?;
    let found = users::list(&mut conn, &page.actor, &filter, &request).await?;
    let context = UsersPage {
        users: found.items,
        total: found.total,
        next: found.next.map(|cursor| address(query.q.as_ref(), Some(&cursor))),
        first: query.cursor.is_some().then(|| address(query.q.as_ref(), None)),
        text: query.q.unwrap_or_default(),
    };
    page.render("identity/users.html", &context)
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct UserForm {
    email: String,
    name: String,
    #[serde(skip_serializing)]
    password: String,
    locale: String,
    roles: Vec<String>,
    is_active: Option<String>,
    version: Option<i64>,
}

#[derive(Serialize)]
struct UserPage {
    id: Option<i64>,
    form: UserForm,
    roles: Vec<Choice>,
    errors: Vec<Message>,
}

#[derive(Serialize)]
struct Choice {
    code: String,
    name: String,
    is_builtin: bool,
    chosen: bool,
}

async fn draw(
    state: &AppState,
    page: &Page,
    id: Option<i64>,
    form: UserForm,
    errors: Vec<Message>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let roles = roles::list_roles(&mut conn, &page.actor).await?;
    let roles = roles
        .into_iter()
        .map(|role| Choice {
            chosen: form.roles.contains(&role.code),
            code: role.code,
            name: role.name,
            is_builtin: role.is_builtin,
        })
        .collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page.render_with(status, "identity/user.html", &UserPage { id, form, roles, errors })
}

async fn blank(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    let form = UserForm { locale: page.locale.tag().to_owned(), ..UserForm::default() };
    draw(&state, &page, None, form, Vec::new()).await
}

async fn create(State(state): State<AppState>, page: Page, Form(form): Form<UserForm>) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let new = NewUser {
        email: form.email.clone(),
        name: form.name.clone(),
        password: form.password.clone(),
        locale: Locale::from_tag(&form.locale).unwrap_or_default(),
        roles: form.roles.clone(),
    };
    match users::create(&context, &page.actor, new).await {
        Ok(user) => {
            let args = Args::new().with("name", user.name);
            Ok(page.redirect_with("/users", FlashKind::Success, "identity-user-created", &args))
        }
        Err(error) => {
            let errors = messages(&page, error)?;
            draw(&state, &page, None, form, errors).await
        }
    }
}

async fn show(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let user = users::get(&mut conn, &page.actor, UserId(id)).await?;
    drop(conn);
    let form = UserForm {
        email: user.email,
        name: user.name,
        password: String::new(),
        locale: user.locale,
        roles: user.roles,
        is_active: user.is_active.then(|| "on".to_owned()),
        version: Some(user.version),
    };
    draw(&state, &page, Some(id), form, Vec::new()).await
}

async fn save(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(form): Form<UserForm>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let patch = UserPatch {
        name: Some(form.name.clone()),
        locale: Locale::from_tag(&form.locale),
        is_active: Some(form.is_active.is_some()),
        roles: Some(form.roles.clone()),
        password: Some(form.password.clone()).filter(|password| !password.is_empty()),
    };
    match users::update(&context, &page.actor, UserId(id), form.version, patch).await {
        Ok(user) => {
            let args = Args::new().with("name", user.name);
            Ok(page.redirect_with("/users", FlashKind::Success, "identity-user-saved", &args))
        }
        Err(error) => {
            let errors = messages(&page, error)?;
            draw(&state, &page, Some(id), form, errors).await
        }
    }
}

#[derive(Serialize)]
struct RolesPage {
    roles: Vec<RoleRow>,
    groups: Vec<Group>,
    errors: Vec<Message>,
}

#[derive(Serialize)]
struct RoleRow {
    #[serde(flatten)]
    role: Role,
    is_owner: bool,
}

/// The permissions of one slice.
#[derive(Serialize)]
struct Group {
    slice: String,
    codes: Vec<String>,
}

async fn draw_matrix(state: &AppState, page: &Page, errors: Vec<Message>) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let roles = roles::list_roles(&mut conn, &page.actor).await?;
    let mut groups: Vec<Group> = Vec::new();
    for row in roles::permissions(&mut conn, &page.actor).await? {
        match groups.iter_mut().find(|group| group.slice == row.slice) {
            Some(group) => group.codes.push(row.code),
            None => groups.push(Group { slice: row.slice, codes: vec![row.code] }),
        }
    }
    let roles = roles.into_iter().map(|role| RoleRow { is_owner: role.code == OWNER, role }).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page.render_with(status, "identity/roles.html", &RolesPage { roles, groups, errors })
}

async fn matrix(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    draw_matrix(&state, &page, Vec::new()).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleForm {
    name: String,
    #[serde(default)]
    permissions: Vec<String>,
    #[serde(default)]
    version: Option<i64>,
}

async fn create_role(State(state): State<AppState>, page: Page, Form(form): Form<RoleForm>) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    match roles::create(&mut tx, &page.actor, &form.name, &form.permissions).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(page.redirect_with("/roles", FlashKind::Success, "identity-role-saved", &Args::new()))
        }
        Err(error) => {
            drop(tx);
            let errors = messages(&page, error)?;
            draw_matrix(&state, &page, errors).await
        }
    }
}

async fn save_role(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(form): Form<RoleForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let change = (Some(form.name.as_str()), Some(form.permissions.as_slice()));
    match roles::update(&mut tx, &page.actor, RoleId(id), form.version, change).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(page.redirect_with("/roles", FlashKind::Success, "identity-role-saved", &Args::new()))
        }
        Err(error) => {
            drop(tx);
            let errors = messages(&page, error)?;
            draw_matrix(&state, &page, errors).await
        }
    }
}

async fn delete_role(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    match roles::delete(&mut tx, &page.actor, RoleId(id)).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(page.redirect_with("/roles", FlashKind::Success, "identity-role-deleted", &Args::new()))
        }
        Err(error) => {
            drop(tx);
            let errors = messages(&page, error)?;
            draw_matrix(&state, &page, errors).await
        }
    }
}
