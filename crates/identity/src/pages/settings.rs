//! Own settings: name, language, theme, password, sessions, API tokens.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Duration, Utc};
use http::HeaderMap;
use kernel::{ApiTokenId, Limit, Locale, PageRequest, SessionId};
use serde::{Deserialize, Serialize};
use ui::{Args, FlashKind};
use web::{Access, AppState, Form, Page, Path, Problem, Routes};

use super::{Choice, FormErrors, cookie_of, languages, themes};
use crate::context::Context;
use crate::error::IdentityError;
use crate::model::{ApiToken, Name};
use crate::service::{self, NewToken};
use crate::store::sessions as rows;

const FIELDS: &[&str] = &["name", "theme", "current_password", "password", "token_name"];

pub(super) fn routes() -> Routes {
    let own = Access::SignedIn;
    Routes::new()
        .get("/settings", own, show)
        .post("/settings/profile", own, profile)
        .post("/settings/password", own, password)
        .post("/settings/sessions/others/end", own, end_others)
        .post("/settings/sessions/{id}/end", own, end_session)
        .post("/settings/tokens", own, create_token)
        .post("/settings/tokens/{id}/revoke", own, revoke_token)
}

#[derive(Serialize)]
struct SettingsPage {
    name: String,
    email: String,
    locale: String,
    theme: String,
    languages: Vec<Choice>,
    themes: Vec<Choice>,
    sessions: Vec<SessionRow>,
    tokens: Vec<ApiToken>,
    now: DateTime<Utc>,
    /// Shown this once.
    new_token: Option<String>,
    errors: FormErrors,
}

#[derive(Serialize)]
struct SessionRow {
    id: i64,
    is_current: bool,
    is_program: bool,
    device: String,
    ip: Option<String>,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

/// "Firefox, Windows": enough to recognise one's own devices.
fn device(agent: &str) -> Option<String> {
    let first = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(sign, _)| agent.contains(sign))
            .map(|(_, name)| *name)
    };
    let program = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
        ("python", "Python"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    let words: Vec<&str> = program.into_iter().chain(system).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

async fn show(State(state): State<AppState>, page: Page, headers: HeaderMap) -> Result<Response, Problem> {
    draw(&state, &page, &headers, FormErrors::none(FIELDS), None).await
}

async fn draw(
    state: &AppState,
    page: &Page,
    headers: &HeaderMap,
    errors: FormErrors,
    new_token: Option<String>,
) -> Result<Response, Problem> {
    let id = page.actor.user_id().ok_or(Problem::Unauthenticated)?;
    let now = state.clock.now();
    let mut conn = state.db.read().await?;
    let user = service::get_user(&mut conn, &page.actor, id).await?;
    let current = match cookie_of(headers) {
        Some(hash) => rows::id_of_cookie(&mut conn, hash).await?,
        None => None,
    };
    let sessions = service::list_sessions(&mut conn, &page.actor, now).await?;
    let request = PageRequest {
        limit: Limit::new(Limit::MAX).unwrap_or_default(),
        after: None,
    };
    let tokens = service::list_tokens(&mut conn, &page.actor, Some(id), request).await?;
    let sessions = sessions.into_iter().map(|session| SessionRow {
        id: session.id.0,
        is_current: Some(session.id) == current,
        is_program: session.kind == "refresh",
        device: session
            .user_agent
            .as_deref()
            .and_then(device)
            .unwrap_or_else(|| page.t("identity-agent-unknown")),
        ip: session.ip_address,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
    });
    let status = errors.status();
    let shown = SettingsPage {
        name: user.name,
        email: user.email,
        locale: user.locale,
        theme: user.theme,
        languages: languages(page),
        themes: themes(page),
        sessions: sessions.collect(),
        tokens: tokens.items,
        now,
        new_token,
        errors,
    };
    page.render_with(status, "identity/settings.html", &shown)
}

fn saved(page: &Page, key: &str) -> Response {
    page.redirect_with("/settings", FlashKind::Success, key, &Args::new())
}

/// Back to the form with the reason.
async fn again(
    state: &AppState,
    page: &Page,
    headers: &HeaderMap,
    error: IdentityError,
) -> Result<Response, Problem> {
    draw(state, page, headers, FormErrors::of(page, FIELDS, error)?, None).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileForm {
    name: String,
    locale: Locale,
    theme: String,
}

async fn profile(
    State(state): State<AppState>,
    page: Page,
    headers: HeaderMap,
    Form(form): Form<ProfileForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let name = Name::parse(&form.name, "name").map_err(IdentityError::from);
    let outcome = match &name {
        Ok(name) => service::change_own_profile(&mut tx, &page.actor, name, form.locale, &form.theme).await,
        Err(_) => Ok(()),
    };
    if let Err(error) = name.map(|_| ()).and(outcome) {
        return again(&state, &page, &headers, error).await;
    }
    tx.commit().await?;
    Ok(saved(&page, "identity-done-profile"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordForm {
    current_password: String,
    password: String,
    /// Hidden, so that password managers know whose it is.
    username: Option<String>,
}

async fn password(
    State(state): State<AppState>,
    page: Page,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Problem> {
    drop(form.username);
    let context: Context = state.get()?;
    let both = (form.current_password.as_str(), form.password.as_str());
    match service::change_own_password(&context, &page.actor, both, cookie_of(&headers)).await {
        Ok(()) => Ok(saved(&page, "identity-done-password-changed")),
        Err(error) => again(&state, &page, &headers, error).await,
    }
}

async fn end_session(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<SessionId>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    service::end_session(&mut tx, &page.actor, id).await?;
    tx.commit().await?;
    Ok(saved(&page, "identity-done-session-ended"))
}

async fn end_others(
    State(state): State<AppState>,
    page: Page,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = page.actor.user_id().ok_or(Problem::Unauthenticated)?;
    let mut tx = state.db.begin(&page.actor).await?;
    service::end_other_sessions(&mut tx, user, cookie_of(&headers)).await?;
    tx.commit().await?;
    Ok(saved(&page, "identity-done-sessions-ended"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenForm {
    token_name: String,
    /// Days; empty for ever.
    days: String,
}

/// More than ten years is for ever, and would say so.
const TOKEN_DAYS_MAX: i64 = 3660;

async fn create_token(
    State(state): State<AppState>,
    page: Page,
    headers: HeaderMap,
    Form(form): Form<TokenForm>,
) -> Result<Response, Problem> {
    let now = state.clock.now();
    let days = form
        .days
        .parse::<i64>()
        .ok()
        .filter(|days| (1..=TOKEN_DAYS_MAX).contains(days));
    if days.is_none() && !form.days.is_empty() {
        return Err(Problem::field(
            "days",
            kernel::Refusal::new("identity-token-expiry-past"),
        ));
    }
    let name = match Name::parse(&form.token_name, "token_name") {
        Ok(name) => name,
        Err(refusal) => return again(&state, &page, &headers, refusal.into()).await,
    };
    let new = NewToken {
        name,
        expires_at: days.map(|days| now + Duration::days(days)),
    };
    let mut tx = state.db.begin(&page.actor).await?;
    let made = match service::create_token(&mut tx, &page.actor, &new, now).await {
        Ok(made) => made,
        Err(error) => return again(&state, &page, &headers, error).await,
    };
    tx.commit().await?;
    let secret = made.secret.expose().to_owned();
    draw(&state, &page, &headers, FormErrors::none(FIELDS), Some(secret)).await
}

async fn revoke_token(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<ApiTokenId>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    service::revoke_token(&mut tx, &page.actor, id).await?;
    tx.commit().await?;
    Ok(saved(&page, "identity-done-token-revoked"))
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn people_recognise_their_devices() {
        let check = |agent, expected: Option<&str>| assert_eq!(device(agent).as_deref(), expected);
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
            Some("Edge, Windows"),
        );
        check(
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
            Some("Firefox, Linux"),
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            Some("Safari, iPhone"),
        );
        check("curl/8.5.0", Some("curl"));
        check("<script>", None);
    }
}
