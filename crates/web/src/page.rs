//! A page being answered: who asks, in which language, and how it is drawn.

use axum::extract::FromRequestParts;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use kernel::{Actor, Locale, PermissionSet, RequestId};
use serde::Serialize;
use ui::{Args, FlashKind, NavEntry, Shell, Theme};

use crate::auth::{Identity, Source};
use crate::flash::{self, cookie_value};
use crate::{AppState, Caller, Problem};

/// Language and theme of somebody who is not signed in.
pub(crate) const LOCALE_COOKIE: &str = "magflow_locale";
pub(crate) const THEME_COOKIE: &str = "magflow_theme";

/// Entries of the rail from this place on are administration and stand apart from the daily work.
const RAIL_APART_FROM: u16 = 800;

/// The page extractor: its handler reads, calls, and ends in [`Page::render`] or [`Page::redirect`].
pub struct Page {
    pub actor: Actor,
    pub locale: Locale,
    pub state: AppState,
    /// The frame, ready to be drawn; a handler may set the title.
    pub shell: Shell,
    is_htmx: bool,
    had_flash: bool,
}

impl FromRequestParts<AppState> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Ok(Self::of(parts, state).await)
    }
}

impl Page {
    pub(crate) async fn of(parts: &Parts, state: &AppState) -> Self {
        let identity = parts.extensions.get::<Identity>();
        let locale = locale_of(parts, identity);
        let flash = flash::take(&parts.headers);
        let is_htmx = parts.headers.contains_key("hx-request");
        let mut shell = Shell {
            locale,
            theme: identity.map_or_else(|| theme_cookie(parts), |identity| identity.theme),
            path: parts
                .uri
                .path_and_query()
                .map_or("/", http::uri::PathAndQuery::as_str)
                .to_owned(),
            request_id: parts
                .extensions
                .get::<RequestId>()
                .map(|id| id.0.clone())
                .unwrap_or_default(),
            now: state.clock.now(),
            flash: flash.clone().into_iter().collect(),
            ..Shell::default()
        };
        let actor = match identity {
            Some(identity) => {
                shell.user.clone_from(&identity.user);
                if let Source::Cookie { csrf } = &identity.source {
                    shell.csrf.clone_from(csrf);
                }
                if !is_htmx {
                    fill_nav(&mut shell, state, &identity.actor, parts.uri.path()).await;
                }
                identity.actor.clone()
            }
            None => anonymous(locale, parts),
        };
        Self {
            actor,
            locale,
            state: state.clone(),
            shell,
            is_htmx,
            had_flash: flash.is_some(),
        }
    }

    /// Draws a whole page.
    pub fn render<T: Serialize>(&self, template: &str, page: &T) -> Result<Response, Problem> {
        self.render_with(StatusCode::OK, template, page)
    }

    /// Draws a whole page with another status, such as 422 for a form with mistakes.
    pub fn render_with<T: Serialize>(
        &self,
        status: StatusCode,
        template: &str,
        page: &T,
    ) -> Result<Response, Problem> {
        let html = self.state.ui.render(template, &self.shell, page)?;
        let mut response = (status, Html(html)).into_response();
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.had_flash {
            flash::clear(response.headers_mut(), self.state.secure_cookies());
        }
        Ok(response)
    }

    /// Draws a part of a page.
    pub fn fragment<T: Serialize>(&self, template: &str, page: &T) -> Result<Response, Problem> {
        let html = self.state.ui.fragment(template, &self.shell, page)?;
        let mut response = Html(html).into_response();
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    /// Sends the browser on (303, so that a form is not sent twice).
    pub fn redirect(&self, to: &str) -> Response {
        if self.is_htmx {
            let mut response = StatusCode::NO_CONTENT.into_response();
            if let Ok(to) = HeaderValue::from_str(to) {
                response.headers_mut().insert("hx-redirect", to);
            }
            return response;
        }
        Redirect::to(to).into_response()
    }

    /// Sends the browser on with a message for the next page.
    pub fn redirect_with(&self, to: &str, kind: FlashKind, key: &str, args: &Args) -> Response {
        let mut response = self.redirect(to);
        let text = self.state.ui.text(self.locale, key, args);
        flash::set(response.headers_mut(), kind, &text, self.state.secure_cookies());
        response
    }

    /// Whether a part of a page was asked for by the page itself.
    pub fn is_htmx(&self) -> bool {
        self.is_htmx
    }

    /// Who acted, when it was no person: the system's own actors have names in every language.
    pub fn system_actor(&self, name: &str) -> String {
        let key = format!("ui-actor-{}", name.replace([' ', '_'], "-"));
        let text = self.t(&key);
        if text == key { name.to_owned() } else { text }
    }

    /// A word of the reader's language.
    pub fn t(&self, key: &str) -> String {
        self.state.ui.text(self.locale, key, &Args::new())
    }
}

fn anonymous(locale: Locale, parts: &Parts) -> Actor {
    let mut actor = Actor {
        permissions: PermissionSet::default(),
        locale,
        ..Actor::system("anonymous")
    };
    Caller::of(parts).sign(&mut actor);
    actor
}

fn locale_of(parts: &Parts, identity: Option<&Identity>) -> Locale {
    identity
        .map(|identity| identity.actor.locale)
        .or_else(|| cookie_value(&parts.headers, LOCALE_COOKIE).and_then(Locale::from_tag))
        .or_else(|| {
            let accepted = parts.headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            Locale::from_accept_language(accepted)
        })
        .unwrap_or_default()
}

fn theme_cookie(parts: &Parts) -> Theme {
    match cookie_value(&parts.headers, THEME_COOKIE) {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

async fn fill_nav(shell: &mut Shell, state: &AppState, actor: &Actor, path: &str) {
    let (counts, sync) = state.extras().extras(actor, shell.locale).await;
    let visible: Vec<_> = state
        .nav()
        .iter()
        .filter(|item| item.access.is_none_or(|permission| actor.may(permission)))
        .collect();
    // The longest address that begins the path is where we are.
    let here = visible
        .iter()
        .filter(|item| {
            path == item.href || (item.href != "/" && path.starts_with(&format!("{}/", item.href)))
        })
        .max_by_key(|item| item.href.len())
        .map(|item| item.href);
    shell.sync = sync;
    let first_apart = visible
        .iter()
        .find(|item| item.order >= RAIL_APART_FROM)
        .map(|item| item.href);
    shell.nav = visible
        .iter()
        .map(|item| NavEntry {
            apart: first_apart == Some(item.href),
            href: item.href.to_owned(),
            icon: item.icon.to_owned(),
            key: item.key.to_owned(),
            active: here == Some(item.href),
            count: counts.get(item.key).copied(),
        })
        .collect();
}
