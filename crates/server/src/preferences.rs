//! Language and theme, from the menu of every page: kept with the user, or in a cookie before log-in.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, header};
use kernel::Locale;
use serde::Deserialize;
use web::{Access, AppState, Form, Page, Problem, Routes};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preferences {
    back: Option<String>,
    locale: Option<Locale>,
    theme: Option<ThemeChoice>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ThemeChoice {
    System,
    Light,
    Dark,
}

impl ThemeChoice {
    fn tag(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

pub(crate) fn routes() -> Routes {
    Routes::new().post("/preferences", Access::Public, save)
}

async fn save(
    State(state): State<AppState>,
    page: Page,
    Form(wish): Form<Preferences>,
) -> Result<Response, Problem> {
    if let Some(user) = page.actor.user_id() {
        let mut tx = state.db.begin(&page.actor).await?;
        let theme = wish.theme.map(ThemeChoice::tag);
        identity::set_preferences(&mut tx, user, wish.locale, theme).await?;
        tx.commit().await?;
    }
    let back = wish
        .back
        .filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'));
    let mut response = page.redirect(back.as_deref().unwrap_or("/"));
    let secure = if state.secure_cookies() { "; Secure" } else { "" };
    let locale = wish.locale.map(|locale| ("magflow_locale", locale.tag()));
    let theme = wish.theme.map(|theme| ("magflow_theme", theme.tag()));
    for (name, value) in [locale, theme].into_iter().flatten() {
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}
