//! Who calls: the trait that the identity slice implements, and the guard in front of every handler.

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::Method;
use http::request::Parts;
use kernel::Actor;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use subtle::ConstantTimeEq as _;
use ui::{ShellUser, Theme};

use crate::extract::is_form;
use crate::{Access, AppState, Caller, Problem};

/// How the caller proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A browser session; writes need its CSRF token.
    Cookie { csrf: String },
    /// A token in the `Authorization` header, which no foreign page can make a browser send.
    Bearer,
}

/// A caller who was recognised.
#[derive(Clone, Debug)]
pub struct Identity {
    pub actor: Actor,
    pub source: Source,
    /// For the frame of pages.
    pub user: Option<ShellUser>,
    pub theme: Theme,
}

/// Recognises callers.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// `None` for a caller without credentials or with ones that no longer count.
    async fn authenticate(&self, parts: &Parts) -> Result<Option<Identity>, Problem>;
}

/// The actor of an API call.
#[derive(Clone, Debug)]
pub struct ApiActor(pub Actor);

impl FromRequestParts<AppState> for ApiActor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let identity = parts
            .extensions
            .get::<Identity>()
            .ok_or(Problem::Unauthenticated)?;
        Ok(Self(identity.actor.clone()))
    }
}

/// Runs before every handler.
pub(crate) async fn guard(access: Access, request: Request, next: Next) -> Response {
    match admit(access, request).await {
        Ok(request) => next.run(request).await,
        Err((Problem::Unauthenticated, Some(target))) => Redirect::to(&target).into_response(),
        Err((problem, _)) => problem.into_response(),
    }
}

type Refused = (Problem, Option<String>);

async fn admit(access: Access, request: Request) -> Result<Request, Refused> {
    let (parts, body) = request.into_parts();
    let Some(state) = parts.extensions.get::<AppState>().cloned() else {
        return Err((Problem::fault("the application state is missing"), None));
    };
    let caller = Caller::of(&parts);
    let is_nearby = caller.is_nearby();
    let mut identity = match state.authenticator().authenticate(&parts).await {
        Ok(identity) => identity,
        // What anybody may ask, health and figures above all, is answered while the database is away.
        Err(problem) if is_open_to_all(access, is_nearby) => {
            tracing::debug!(error = %problem, "a caller is not known: {problem}");
            None
        }
        Err(problem) => return Err((problem, None)),
    };
    if let Some(identity) = &mut identity {
        caller.sign(&mut identity.actor);
    }
    if !is_open_to_all(access, is_nearby) {
        grant(access, identity.as_ref(), &parts)?;
    }
    let mut request = Request::from_parts(parts, body);
    if let Some(identity) = identity {
        if let (Source::Cookie { csrf }, true) = (&identity.source, writes(request.method())) {
            request = check_csrf(csrf, request)
                .await
                .map_err(|problem| (problem, None))?;
        }
        request.extensions_mut().insert(identity);
    }
    Ok(request)
}

fn grant(access: Access, identity: Option<&Identity>, parts: &Parts) -> Result<(), Refused> {
    let Some(identity) = identity else {
        return match access {
            Access::Public => Ok(()),
            Access::SignedIn | Access::Needs(_) => Err((Problem::Unauthenticated, login_target(parts))),
            // Monitoring asks, which would take a log-in page for an answer.
            Access::NearbyOr(_) => Err((Problem::Unauthenticated, None)),
        };
    };
    match access {
        Access::Public | Access::SignedIn => Ok(()),
        Access::Needs(permission) | Access::NearbyOr(permission) => identity
            .actor
            .require(permission)
            .map_err(|denied| (denied.into(), None)),
    }
}

fn is_open_to_all(access: Access, is_nearby: bool) -> bool {
    match access {
        Access::Public => true,
        Access::NearbyOr(_) => is_nearby,
        Access::SignedIn | Access::Needs(_) => false,
    }
}

fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether programs ask here, which read JSON; the pages that explain the interface are for people.
pub(crate) fn is_for_programs(path: &str) -> bool {
    (path.starts_with("/api/") && path != "/api/docs") || path.starts_with("/ws/")
}

/// A person is sent to the log-in page and back; a program and a fragment are told 401.
fn login_target(parts: &Parts) -> Option<String> {
    let path = parts.uri.path();
    if is_for_programs(path) || path == "/live" || parts.headers.contains_key("hx-request") {
        return None;
    }
    if writes(&parts.method) || path == "/" {
        return Some("/login".to_owned());
    }
    let back = parts
        .uri
        .path_and_query()
        .map_or(path, http::uri::PathAndQuery::as_str);
    Some(format!(
        "/login?next={}",
        utf8_percent_encode(back, NON_ALPHANUMERIC)
    ))
}

async fn check_csrf(expected: &str, request: Request) -> Result<Request, Problem> {
    let matches = |given: &str| bool::from(given.as_bytes().ct_eq(expected.as_bytes()));
    if let Some(given) = request
        .headers()
        .get("x-csrf-token")
        .and_then(|value| value.to_str().ok())
    {
        return if matches(given) {
            Ok(request)
        } else {
            Err(Problem::Csrf)
        };
    }
    if !is_form(request.headers()) {
        return Err(Problem::Csrf);
    }
    let (parts, body) = request.into_parts();
    let limited = Request::from_parts(parts.clone(), body);
    let bytes = crate::extract::body(limited).await?;
    let fields: Vec<(String, String)> = serde_html_form::from_bytes(&bytes).unwrap_or_default();
    if !fields
        .iter()
        .any(|(name, value)| name == "csrf" && matches(value))
    {
        return Err(Problem::Csrf);
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
