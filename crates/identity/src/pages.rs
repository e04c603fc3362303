//! Pages of this slice: log-in, set-up, own settings, users, roles, the audit trail.

mod audit;
mod entry;
mod roles;
mod settings;
mod setup;
mod users;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel::{Locale, Refusal};
use serde::Serialize;
use ui::Args;
use web::{Page, Problem, Routes};

use crate::context::Context;
use crate::error::IdentityError;
use crate::secret::{Credential, SESSION_COOKIE, Secret, SecretHash, credential};

pub(crate) fn routes() -> Routes {
    entry::routes()
        .merge(setup::routes())
        .merge(settings::routes())
        .merge(users::routes())
        .merge(roles::routes())
        .merge(audit::routes())
}

/// What was wrong with a form: sentences per field, and one for the whole.
#[derive(Serialize)]
struct FormErrors {
    general: Option<String>,
    #[serde(flatten)]
    fields: BTreeMap<&'static str, Option<String>>,
}

impl FormErrors {
    fn none(fields: &[&'static str]) -> Self {
        Self {
            general: None,
            fields: fields.iter().map(|field| (*field, None)).collect(),
        }
    }

    /// What a person can correct is shown with the form; the rest is a problem of its own.
    fn of(page: &Page, fields: &[&'static str], error: IdentityError) -> Result<Self, Problem> {
        let mut errors = Self::none(fields);
        let refusals = if let Some(refusal) = error.refusal() {
            vec![refusal]
        } else if let IdentityError::Invalid(refusals) = error {
            refusals
        } else if let IdentityError::Stale { current_version } = error {
            vec![Refusal::new("ui-error-stale").with("version", current_version)]
        } else {
            return Err(error.into());
        };
        for refusal in refusals {
            let text = page.state.ui.message(page.locale, &refusal);
            match refusal.field.and_then(|field| errors.fields.get_mut(field)) {
                Some(slot) => *slot = Some(text),
                None => errors.general = Some(text),
            }
        }
        Ok(errors)
    }

    fn status(&self) -> StatusCode {
        if self.general.is_none() && self.fields.values().all(Option::is_none) {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }
}

/// A word chosen at run time, or the plain text when there is none.
fn word(page: &Page, beginning: &str, name: &str, otherwise: impl FnOnce() -> String) -> String {
    let plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let key = format!("{beginning}{name}");
    let text = page.state.ui.text(page.locale, &key, &Args::new());
    if plain && text != key { text } else { otherwise() }
}

/// Name of a role: the program's own are translated.
fn role_name(page: &Page, code: &str, name: &str, is_builtin: bool) -> String {
    if is_builtin {
        word(page, "identity-role-name-", code, || name.to_owned())
    } else {
        name.to_owned()
    }
}

/// The hash of the session cookie of this request.
fn cookie_of(headers: &HeaderMap) -> Option<SecretHash> {
    match credential(headers) {
        Some(Credential::Cookie(hash)) => Some(hash),
        Some(Credential::ApiToken(_) | Credential::Access(_)) | None => None,
    }
}

/// Before there is a session there is no form token; the browser itself says where a form came from.
fn refuse_foreign_form(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    match site {
        Some("cross-site" | "same-site") => Err(Problem::Csrf),
        Some(_) | None => Ok(()),
    }
}

/// Sixty days: the server decides earlier when a session is over.
const COOKIE_SECONDS: u32 = 60 * 24 * 3600;

fn set_session_cookie(headers: &mut HeaderMap, secret: &Secret, context: &Context) {
    session_cookie(headers, secret.expose(), COOKIE_SECONDS, context);
}

fn clear_session_cookie(headers: &mut HeaderMap, context: &Context) {
    session_cookie(headers, "", 0, context);
}

fn session_cookie(headers: &mut HeaderMap, value: &str, seconds: u32, context: &Context) {
    let secure = if context.secure_cookies { "; Secure" } else { "" };
    let text = format!("{SESSION_COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(mut cookie) = HeaderValue::from_str(&text) {
        cookie.set_sensitive(true);
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// A choice in a select.
#[derive(Serialize)]
struct Choice {
    value: String,
    text: String,
}

fn languages(page: &Page) -> Vec<Choice> {
    Locale::ALL
        .iter()
        .map(|locale| Choice {
            value: locale.tag().to_owned(),
            text: page.t(&format!("ui-language-{}", locale.tag())),
        })
        .collect()
}

fn themes(page: &Page) -> Vec<Choice> {
    ["system", "light", "dark"]
        .iter()
        .map(|theme| Choice {
            value: (*theme).to_owned(),
            text: page.t(&format!("ui-theme-{theme}")),
        })
        .collect()
}
