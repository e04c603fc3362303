//! Log-in and log-out.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Access, AppState, Caller, Form, Page, Problem, Query, Routes};

use super::{Message, clear_cookie, messages, session_hash, set_cookie};
use crate::context::Context;
use crate::error::IdentityError;
use crate::model::local_path;
use crate::service::login::{self, Origin};
use crate::service::setup;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/login", Access::Public, form)
        .post("/login", Access::Public, sign_in)
        .post("/logout", Access::Public, sign_out)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginQuery {
    next: Option<String>,
}

#[derive(Serialize)]
struct LoginPage {
    email: String,
    next: String,
    errors: Vec<Message>,
}

async fn form(State(state): State<AppState>, page: Page, Query(query): Query<LoginQuery>) -> Result<Response, Problem> {
    let next = query.next.as_deref().and_then(local_path).unwrap_or("/").to_owned();
    if page.actor.user_id().is_some() {
        return Ok(page.redirect(&next));
    }
    let mut conn = state.db.read().await?;
    if setup::is_needed(&mut conn).await? {
        return Ok(page.redirect("/setup"));
    }
    page.render("identity/login.html", &LoginPage { email: String::new(), next, errors: Vec::new() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(state): State<AppState>,
    page: Page,
    caller: Caller,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let next = local_path(&form.next).unwrap_or("/").to_owned();
    let origin = Origin { ip: caller.ip, agent: caller.agent };
    match login::check_password(&context, &form.email, &form.password, &origin).await {
        Ok(user) => {
            let secret = login::open_session(&context, user, &origin, session_hash(&headers)).await?;
            let mut response = page.redirect(&next);
            set_cookie(response.headers_mut(), &secret, context.secure_cookies);
            Ok(response)
        }
        Err(error @ (IdentityError::WrongCredentials | IdentityError::AccountDisabled)) => {
            let context = LoginPage { email: form.email, next, errors: messages(&page, error)? };
            page.render_with(StatusCode::UNAUTHORIZED, "identity/login.html", &context)
        }
        Err(other) => Err(other.into()),
    }
}

async fn sign_out(State(state): State<AppState>, page: Page, headers: HeaderMap) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    if let Some(hash) = session_hash(&headers) {
        login::close_session(&context, hash).await?;
    }
    let mut response = page.redirect("/login");
    clear_cookie(response.headers_mut(), context.secure_cookies);
    Ok(response)
}
