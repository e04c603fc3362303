//! Users: list, one user, a new one.

use axum::extract::State;
use axum::response::Response;
use kernel::{Actor, Locale, UserId};
use serde::{Deserialize, Serialize};
use ui::{Args, FlashKind};
use web::{Access, AppState, Form, Page, Path, Problem, Query, Routes, page_request};

use super::{Choice, FormErrors, languages, role_name};
use crate::USERS;
use crate::error::IdentityError;
use crate::model::{Email, Name, NewPassword, User};
use crate::password;
use crate::service::{self, NewUser, UserPatch};
use crate::store::users::UserFilter;

const FIELDS: &[&str] = &["email", "name", "password", "roles", "locale"];

pub(super) fn routes() -> Routes {
    let access = Access::Needs(USERS);
    Routes::new()
        .get("/users", access, list)
        .get("/users/new", access, blank)
        .post("/users/new", access, create)
        .get("/users/{id}", access, show)
        .post("/users/{id}", access, save)
        .post("/users/{id}/password", access, set_password)
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    q: Option<String>,
    /// `active` or `disabled`.
    state: Option<String>,
    cursor: Option<String>,
}

impl ListQuery {
    fn href(&self, state: Option<&str>, cursor: Option<String>) -> String {
        let pairs = [
            ("q", self.q.clone()),
            ("state", state.map(str::to_owned)),
            ("cursor", cursor),
        ];
        web::address("/users", &pairs)
    }

    fn is_active(&self) -> Option<bool> {
        match self.state.as_deref() {
            Some("active") => Some(true),
            Some("disabled") => Some(false),
            Some(_) | None => None,
        }
    }
}

#[derive(Serialize)]
struct ListPage {
    rows: Vec<Row>,
    total: Option<i64>,
    shown: usize,
    text: String,
    views: Vec<View>,
    keep: Vec<Kept>,
    next: Option<String>,
    first: Option<String>,
    filtered: bool,
}

#[derive(Serialize)]
struct View {
    text: String,
    href: String,
    active: bool,
    count: Option<i64>,
}

#[derive(Serialize)]
struct Kept {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Row {
    user: User,
    roles: Vec<String>,
}

async fn list(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let filter = UserFilter {
        text: query.q.clone(),
        is_active: query.is_active(),
    };
    let mut conn = state.db.read().await?;
    let found = service::page_of_users(&mut conn, &page.actor, &filter, request).await?;
    let names = role_choices(&mut conn, &page).await?;
    let chosen = query.state.as_deref();
    let views = [None, Some("active"), Some("disabled")].map(|one| View {
        text: page.t(&format!("identity-users-{}", one.unwrap_or("all"))),
        href: query.href(one, None),
        active: chosen == one,
        count: None,
    });
    let name_of = |code: &String| {
        names
            .iter()
            .find(|role| role.code == *code)
            .map_or_else(|| code.clone(), |role| role.name.clone())
    };
    let rows: Vec<Row> = found
        .items
        .into_iter()
        .map(|user| Row {
            roles: user.roles.iter().map(name_of).collect(),
            user,
        })
        .collect();
    let shown = ListPage {
        shown: rows.len(),
        rows,
        total: found.total,
        text: query.q.clone().unwrap_or_default(),
        views: views.into_iter().collect(),
        keep: query
            .state
            .iter()
            .map(|value| Kept {
                name: "state",
                value: value.clone(),
            })
            .collect(),
        next: found
            .next
            .map(|cursor| query.href(chosen, Some(cursor.as_str().to_owned()))),
        first: query.cursor.as_ref().map(|_| query.href(chosen, None)),
        filtered: query.q.is_some() || query.state.is_some(),
    };
    page.render("identity/users.html", &shown)
}

/// A role as a choice.
#[derive(Serialize)]
struct RoleChoice {
    code: String,
    name: String,
    hint: String,
    checked: bool,
}

async fn role_choices(conn: &mut sqlx::PgConnection, page: &Page) -> Result<Vec<RoleChoice>, Problem> {
    let roles = service::list_roles(conn, &page.actor).await?;
    Ok(roles
        .into_iter()
        .map(|role| RoleChoice {
            name: role_name(page, &role.code, &role.name, role.is_builtin),
            hint: super::word(page, "identity-role-hint-", &role.code, String::new),
            code: role.code,
            checked: false,
        })
        .collect())
}

#[derive(Serialize)]
struct UserPage {
    /// `None` for a new one.
    id: Option<i64>,
    version: i64,
    name: String,
    email: String,
    locale: String,
    is_active: bool,
    is_self: bool,
    last_login_at: Option<kernel::Timestamp>,
    languages: Vec<Choice>,
    roles: Vec<RoleChoice>,
    may_audit: bool,
    errors: FormErrors,
}

impl UserPage {
    fn of(user: &User, page: &Page, errors: FormErrors) -> Self {
        Self {
            id: Some(user.id.0),
            version: user.version,
            name: user.name.clone(),
            email: user.email.clone(),
            locale: user.locale.clone(),
            is_active: user.is_active,
            is_self: page.actor.user_id() == Some(user.id),
            last_login_at: user.last_login_at,
            languages: languages(page),
            roles: Vec::new(),
            may_audit: page.actor.may(crate::AUDIT),
            errors,
        }
    }

    fn of_form(form: &UserForm, page: &Page, errors: FormErrors) -> Self {
        Self {
            id: None,
            version: form.version.unwrap_or_default(),
            name: form.name.clone(),
            email: form.email.clone(),
            locale: form.locale.tag().to_owned(),
            is_active: form.is_active.is_some(),
            is_self: false,
            last_login_at: None,
            languages: languages(page),
            roles: Vec::new(),
            may_audit: false,
            errors,
        }
    }
}

async fn draw(
    state: &AppState,
    page: &Page,
    mut shown: UserPage,
    chosen: &[String],
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    shown.roles = role_choices(&mut conn, page).await?;
    for role in &mut shown.roles {
        role.checked = chosen.contains(&role.code);
    }
    page.render_with(shown.errors.status(), "identity/user.html", &shown)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserForm {
    name: String,
    email: String,
    locale: Locale,
    #[serde(default)]
    roles: Vec<String>,
    /// Of a new user only.
    password: Option<String>,
    is_active: Option<String>,
    version: Option<i64>,
}

async fn blank(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    let form = UserForm {
        name: String::new(),
        email: String::new(),
        locale: Locale::Ro,
        roles: Vec::new(),
        password: None,
        is_active: Some("on".to_owned()),
        version: None,
    };
    let shown = UserPage::of_form(&form, &page, FormErrors::none(FIELDS));
    draw(&state, &page, shown, &[]).await
}

async fn create(
    State(state): State<AppState>,
    page: Page,
    Form(form): Form<UserForm>,
) -> Result<Response, Problem> {
    match make(&state, &page.actor, &form).await {
        Ok(user) => {
            let args = Args::new().with("name", user.name.clone());
            Ok(page.redirect_with("/users", FlashKind::Success, "identity-done-user-made", &args))
        }
        Err(error) => {
            let shown = UserPage::of_form(&form, &page, FormErrors::of(&page, FIELDS, error)?);
            draw(&state, &page, shown, &form.roles).await
        }
    }
}

async fn make(state: &AppState, actor: &Actor, form: &UserForm) -> Result<User, IdentityError> {
    let password = form.password.as_deref().unwrap_or_default();
    let new = NewUser::parse(&form.email, &form.name, password, form.locale, form.roles.clone())?;
    let hash = new.hashed().await?;
    let mut tx = state.db.begin(actor).await?;
    let user = service::create_user(&mut tx, actor, &new, &hash).await?;
    tx.commit().await?;
    Ok(user)
}

async fn show(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let user = service::get_user(&mut conn, &page.actor, id).await?;
    drop(conn);
    let roles = user.roles.clone();
    draw(
        &state,
        &page,
        UserPage::of(&user, &page, FormErrors::none(FIELDS)),
        &roles,
    )
    .await
}

async fn save(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<UserId>,
    Form(form): Form<UserForm>,
) -> Result<Response, Problem> {
    match change(&state, &page.actor, id, &form).await {
        Ok(user) => {
            let args = Args::new().with("name", user.name.clone());
            Ok(page.redirect_with("/users", FlashKind::Success, "identity-done-user-saved", &args))
        }
        Err(error) => {
            let mut conn = state.db.read().await?;
            let user = service::get_user(&mut conn, &page.actor, id).await?;
            drop(conn);
            // What was typed stays, with the version that is there now: sending again overwrites knowingly.
            let typed = UserPage {
                name: form.name.clone(),
                email: form.email.clone(),
                locale: form.locale.tag().to_owned(),
                is_active: form.is_active.is_some(),
                ..UserPage::of(&user, &page, FormErrors::of(&page, FIELDS, error)?)
            };
            draw(&state, &page, typed, &form.roles).await
        }
    }
}

async fn change(state: &AppState, actor: &Actor, id: UserId, form: &UserForm) -> Result<User, IdentityError> {
    let patch = UserPatch {
        email: Some(Email::parse(&form.email)?),
        name: Some(Name::parse(&form.name, "name")?),
        locale: Some(form.locale),
        theme: None,
        is_active: Some(form.is_active.is_some()),
        roles: Some(form.roles.clone()),
    };
    let mut tx = state.db.begin(actor).await?;
    let user = service::update_user(&mut tx, actor, id, form.version, &patch).await?;
    tx.commit().await?;
    Ok(user)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordForm {
    password: String,
}

async fn set_password(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<UserId>,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let user = service::get_user(&mut conn, &page.actor, id).await?;
    drop(conn);
    match write_password(&state, &page.actor, &user, &form.password).await {
        Ok(()) => {
            let args = Args::new().with("name", user.name.clone());
            Ok(page.redirect_with("/users", FlashKind::Success, "identity-done-user-password", &args))
        }
        Err(error) => {
            let roles = user.roles.clone();
            let shown = UserPage::of(&user, &page, FormErrors::of(&page, FIELDS, error)?);
            draw(&state, &page, shown, &roles).await
        }
    }
}

async fn write_password(
    state: &AppState,
    actor: &Actor,
    user: &User,
    text: &str,
) -> Result<(), IdentityError> {
    let new = NewPassword::parse(text, &Email::parse(&user.email)?)?;
    let hash = password::hash(&new).await?;
    let mut tx = state.db.begin(actor).await?;
    service::set_password(&mut tx, actor, user.id, &hash).await?;
    tx.commit().await?;
    Ok(())
}
