//! A person's own settings: name, password, sessions, API tokens.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use kernel::{ApiTokenId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use ui::Args;
use web::{Access, AppState, FlashKind, Form, Page, Path, Problem, Routes};

use super::{Message, messages, session_hash};
use crate::context::Context;
use crate::error::IdentityError;
use crate::model::{ApiToken, Session, User};
use crate::service::users::{self, Profile};
use crate::service::{login, tokens};

pub(crate) fn routes() -> Routes {
    let own = Access::SignedIn;
    Routes::new()
        .get("/settings", own, show)
        .post("/settings/profile", own, save_profile)
        .post("/settings/password", own, change_password)
        .post("/settings/tokens", own, create_token)
        .post("/settings/tokens/{id}/revoke", own, revoke_token)
        .post("/settings/sessions/{id}/end", own, end_session)
}

#[derive(Serialize)]
struct SettingsPage {
    user: User,
    sessions: Vec<Session>,
    current: Option<SessionId>,
    tokens: Vec<ApiToken>,
    /// Shown only in the answer to its making.
    made: Option<String>,
    errors: Vec<Message>,
}

const TOKENS_SHOWN: i64 = 100;

fn me(page: &Page) -> Result<UserId, Problem> {
    page.actor.user_id().ok_or(Problem::NotFound)
}

async fn draw(
    state: &AppState,
    page: &Page,
    headers: &HeaderMap,
    made: Option<String>,
    errors: Vec<Message>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let id = me(page)?;
    let mut conn = state.db.read().await?;
    let user = users::get(&mut conn, &page.actor, id).await?;
    let current = login::own_session(&mut conn, session_hash(headers)).await?;
    let tokens = tokens::own(&mut conn, id, None, TOKENS_SHOWN).await?;
    drop(conn);
    let sessions = users::own_sessions(&context, id).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page.render_with(status, "identity/settings.html", &SettingsPage { user, sessions, current, tokens, made, errors })
}

async fn show(State(state): State<AppState>, page: Page, headers: HeaderMap) -> Result<Response, Problem> {
    draw(&state, &page, &headers, None, Vec::new()).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileForm {
    name: String,
}

async fn save_profile(
    State(state): State<AppState>,
    page: Page,
    headers: HeaderMap,
    Form(form): Form<ProfileForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let profile = Profile { name: Some(form.name), locale: None, theme: None };
    match users::set_profile(&mut tx, me(&page)?, &profile).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(page.redirect_with("/settings", FlashKind::Success, "identity-profile-saved", &Args::new()))
        }
        Err(error) => {
            let errors = messages(&page, error)?;
            draw(&state, &page, &headers, None, errors).await
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordForm {
    current_password: String,
    password: String,
}

async fn change_password(
    State(state): State<AppState>,
    page: Page,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let mut conn = state.db.read().await?;
    let keep = login::own_session(&mut conn, session_hash(&headers)).await?;
    drop(conn);
    let words = (form.current_password.as_str(), form.password.as_str());
    match users::change_own_password(&context, &page.actor, me(&page)?, words, keep).await {
        Ok(()) => Ok(page.redirect_with("/settings", FlashKind::Success, "identity-password-changed", &Args::new())),
        Err(error) => {
            let errors = messages(&page, error)?;
            draw(&state, &page, &headers, None, errors).await
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenForm {
    token_name: String,
}

async fn create_token(
    State(state): State<AppState>,
    page: Page,
    headers: HeaderMap,
    Form(form): Form<TokenForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let made = tokens::create(&mut tx, &page.actor, me(&page)?, &form.token_name, None, state.clock.now()).await;
    match made {
        Ok(made) => {
            tx.commit().await?;
            draw(&state, &page, &headers, Some(made.secret.expose().to_owned()), Vec::new()).await
        }
        Err(error) => {
            drop(tx);
            let errors = messages(&page, error)?;
            draw(&state, &page, &headers, None, errors).await
        }
    }
}

async fn revoke_token(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    tokens::revoke(&mut tx, &page.actor, ApiTokenId(id), state.clock.now()).await?;
    tx.commit().await?;
    Ok(page.redirect_with("/settings", FlashKind::Success, "identity-token-revoked", &Args::new()))
}

async fn end_session(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    match users::end_own_session(&context, me(&page)?, SessionId(id)).await {
        Ok(()) | Err(IdentityError::NotFound) => {
            Ok(page.redirect_with("/settings", FlashKind::Success, "identity-session-ended", &Args::new()))
        }
        Err(other) => Err(other.into()),
    }
}
