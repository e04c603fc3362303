//! Log-in and log-out.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel::Refusal;
use serde::{Deserialize, Serialize};
use web::{Access, AppState, Caller, Form, Page, Problem, Query, Routes};

use super::{clear_session_cookie, cookie_of, refuse_foreign_form, set_session_cookie};
use crate::context::Context;
use crate::error::IdentityError;
use crate::model::local_path;
use crate::service::{self, Attempt};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/login", Access::Public, show)
        .post("/login", Access::Public, sign_in)
        .post("/logout", Access::SignedIn, sign_out)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginForm {
    email: String,
    password: String,
    next: Option<String>,
}

#[derive(Serialize)]
struct LoginPage {
    email: String,
    next: String,
    error: Option<String>,
}

/// Where to go after the log-in: a path of this server, or home.
fn target(next: Option<&str>) -> String {
    next.and_then(local_path).unwrap_or("/").to_owned()
}

async fn show(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<Target>,
) -> Result<Response, Problem> {
    let next = target(query.next.as_deref());
    if page.actor.user_id().is_some() {
        return Ok(page.redirect(&next));
    }
    let mut conn = state.db.read().await?;
    if service::needs_setup(&mut conn).await? {
        return Ok(page.redirect("/setup"));
    }
    let empty = LoginPage {
        email: String::new(),
        next,
        error: None,
    };
    page.render("identity/login.html", &empty)
}

async fn sign_in(
    State(state): State<AppState>,
    page: Page,
    caller: Caller,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    refuse_foreign_form(&headers)?;
    let context: Context = state.get()?;
    let attempt = Attempt {
        email: &form.email,
        password: &form.password,
        caller: &caller,
    };
    let user = match service::log_in(&context, &attempt).await {
        Ok(user) => user,
        Err(error) => return again(&page, &form, error),
    };
    let mut tx = state.db.begin(&page.actor).await?;
    let opened =
        service::open_browser_session(&mut tx, user, &caller, cookie_of(&headers), state.clock.now()).await?;
    tx.commit().await?;
    let mut response = page.redirect(&target(form.next.as_deref()));
    set_session_cookie(response.headers_mut(), &opened.secret, &context);
    Ok(response)
}

/// The form with the reason; never with the password.
fn again(page: &Page, form: &LoginForm, error: IdentityError) -> Result<Response, Problem> {
    let mut wait = None;
    let (status, refusal) = if let IdentityError::TooMany { retry_after } = error {
        let seconds = i64::try_from(retry_after.as_secs())
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        wait = Some(seconds);
        let refusal = Refusal::new("ui-error-too-many").with("seconds", seconds);
        (StatusCode::TOO_MANY_REQUESTS, refusal)
    } else if let Some(refusal) = error.refusal() {
        (StatusCode::UNAUTHORIZED, refusal)
    } else {
        return Err(error.into());
    };
    let shown = LoginPage {
        next: target(form.next.as_deref()),
        email: form.email.chars().take(254).collect(),
        error: Some(page.state.ui.message(page.locale, &refusal)),
    };
    let mut response = page.render_with(status, "identity/login.html", &shown)?;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

async fn sign_out(
    State(state): State<AppState>,
    page: Page,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    if let Some(hash) = cookie_of(&headers) {
        let mut tx = state.db.begin(&page.actor).await?;
        service::end_session_by_cookie(&mut tx, hash).await?;
        tx.commit().await?;
    }
    let mut response = page.redirect("/login");
    clear_session_cookie(response.headers_mut(), &context);
    Ok(response)
}
