//! The layers around all routes, outermost first: request id and standing headers, compression, log and metrics,
//! drawing of problems, rate limit, time limit, body limit, idempotency, catching of panics.

use std::any::Any;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::RequestId;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use crate::auth::is_for_programs;
use crate::page::Page;
use crate::problem::{Carried, ProblemField, params_as_json};
use crate::{AppState, Caller, Problem, ProblemBody, Routes, idempotency, live};

/// Nothing a person or program waits for takes longer; long work runs in the background.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// Everything inside a page comes from here, and nothing else may frame it or be sent to by its forms.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' https: data:; object-src 'none'; \
     base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// All routes with all layers.
pub fn app(state: AppState, routes: Routes, body_limit_bytes: usize, trusted_proxies: Vec<IpAddr>) -> Router {
    let compression = CompressionLayer::new().gzip(true).compress_when(
        SizeAbove::new(1024)
            .and(NotForContentType::SSE)
            .and(NotForContentType::IMAGES),
    );
    routes
        .merge(live::routes())
        .into_router()
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(idempotency::layer))
        .layer(DefaultBodyLimit::max(body_limit_bytes))
        .layer(from_fn(limit_time))
        .layer(from_fn_with_state(state.clone(), limit_rate))
        .layer(from_fn_with_state(state.clone(), draw_problems))
        .layer(from_fn_with_state(state.clone(), observe))
        .layer(compression)
        .layer(from_fn_with_state((state.clone(), trusted_proxies), prepare))
        .with_state(state)
}

async fn prepare(
    State((state, proxies)): State<(AppState, Vec<IpAddr>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = telemetry::request_id();
    let request_id = RequestId(id.clone());
    let caller = Caller::new(
        request.headers(),
        request.extensions(),
        &proxies,
        request_id.clone(),
    );
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(request_id);
    request.extensions_mut().insert(state);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What is shown to one person is kept by nobody, unless the handler knows better.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A panic is a fault of ours like any other: one answer, one log line, and the next request is served.
#[allow(clippy::needless_pass_by_value, reason = "the layer calls it with a box")]
fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without words");
    Problem::fault(format!("a handler panicked: {text}")).into_response()
}

async fn observe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", MatchedPath::as_str)
        .to_owned();
    let id = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.clone())
        .unwrap_or_default();
    let response = next.run(request).await;
    let status = response.status();
    let seconds = started.elapsed().as_secs_f64();
    state
        .metrics
        .api_response_seconds
        .with_label_values(&[route.as_str(), method.as_str(), status.as_str()])
        .observe(seconds);
    let elapsed_ms = started.elapsed().as_millis();
    tracing::debug!(request_id = %id, %method, route, status = status.as_u16(), elapsed_ms, "{method} {route} {status}");
    response
}

async fn limit_rate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    // Assets are embedded and cached; counting them would only punish a first visit.
    if request.uri().path().starts_with("/assets/") {
        return next.run(request).await;
    }
    let caller = request.extensions().get::<Caller>().and_then(|caller| caller.ip);
    let allowance = state.rate().check(caller);
    let mut response = match allowance.retry_after {
        Some(retry_after) => {
            state.metrics.rate_limited_total.inc();
            Problem::TooMany { retry_after }.into_response()
        }
        None => next.run(request).await,
    };
    for (name, value) in allowance.headers() {
        response.headers_mut().insert(name, value.into());
    }
    response
}

async fn limit_time(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == "/live" || path.starts_with("/ws/") {
        return next.run(request).await;
    }
    match tokio::time::timeout(ANSWER_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Problem::Busy {
            retry_after: Duration::from_secs(5),
        }
        .into_response(),
    }
}

/// Draws a problem for whoever asked: a page, a toast, or RFC 9457 JSON. Logs it once.
async fn draw_problems(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut head = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(Carried(problem)) = response.extensions_mut().remove::<Carried>() else {
        return response;
    };
    recognise(&mut head, &state, &problem).await;
    let page = Page::of(&head, &state).await;
    log(&problem, &page.shell.request_id, head.uri.path());
    let mut drawn = if is_for_programs(head.uri.path()) {
        problem_json(&problem, &page)
    } else if page.is_htmx() {
        toast(&problem, &page)
    } else {
        problem_page(&problem, &page)
    };
    if let Some(seconds) = problem.retry_after() {
        drawn
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.status() == StatusCode::UNAUTHORIZED {
        let challenge = challenge(head.headers.contains_key(header::AUTHORIZATION));
        drawn.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    // `Allow`, a cookie to forget: whatever stood beside the problem stays.
    for (name, value) in response.headers() {
        if !drawn.headers().contains_key(name) {
            drawn.headers_mut().append(name, value.clone());
        }
    }
    drawn
}

/// How to prove who one is (RFC 6750); a token that does not count is told from none.
fn challenge(had_token: bool) -> HeaderValue {
    HeaderValue::from_static(if had_token {
        r#"Bearer realm="MagFlow", error="invalid_token""#
    } else {
        r#"Bearer realm="MagFlow""#
    })
}

/// The guard's knowledge of the caller went down with the request, so it is asked again: a person reads of a problem
/// in their own language and frame. Not while the house is in need, and never a reason to fail.
async fn recognise(head: &mut http::request::Parts, state: &AppState, problem: &Problem) {
    if matches!(
        problem,
        Problem::TooMany { .. } | Problem::Busy { .. } | Problem::Unauthenticated
    ) {
        return;
    }
    match state.authenticator().authenticate(head).await {
        Ok(Some(identity)) => {
            head.extensions.insert(identity);
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(error = %error, "the reader of a problem is not known: {error}"),
    }
}

fn log(problem: &Problem, request_id: &str, path: &str) {
    let Problem::Internal(source) = problem else {
        return;
    };
    let mut chain = source.to_string();
    let mut cause = source.source();
    while let Some(inner) = cause {
        chain.push_str(": ");
        chain.push_str(&inner.to_string());
        cause = inner.source();
    }
    tracing::error!(
        request_id,
        path,
        error = chain,
        "request {request_id} failed: {chain}"
    );
}

fn problem_json(problem: &Problem, page: &Page) -> Response {
    let refusal = problem.refusal();
    let say = |refusal: &kernel::Refusal| page.state.ui.message(page.locale, refusal);
    let field_error = |field: &str, refusal: &kernel::Refusal| ProblemField {
        field: field.to_owned(),
        code: refusal.code.to_owned(),
        message: say(refusal),
    };
    let errors = if let Problem::Invalid(fields) = problem {
        fields
            .iter()
            .map(|error| field_error(&error.field, &error.refusal))
            .collect()
    } else {
        refusal
            .field
            .map(|field| field_error(field, &refusal))
            .into_iter()
            .collect()
    };
    let status = problem.status();
    let body = ProblemBody {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: status.as_u16(),
        detail: say(&refusal),
        code: refusal.code.to_owned(),
        params: params_as_json(&refusal),
        errors,
        request_id: page.shell.request_id.clone(),
    };
    let json = serde_json::to_vec(&body).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], json).into_response()
}

fn words(problem: &Problem, page: &Page) -> String {
    let say = |refusal: &kernel::Refusal| page.state.ui.message(page.locale, refusal);
    if let Problem::Invalid(fields) = problem {
        return fields
            .iter()
            .map(|error| say(&error.refusal))
            .collect::<Vec<_>>()
            .join(" ");
    }
    say(&problem.refusal())
}

/// htmx swaps nothing on an error; the page's script shows the text.
fn toast(problem: &Problem, page: &Page) -> Response {
    let text = words(problem, page);
    (
        problem.status(),
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        text,
    )
        .into_response()
}

#[derive(serde::Serialize)]
struct ErrorPage {
    kind: &'static str,
    detail: Option<String>,
    back: Option<String>,
}

fn problem_page(problem: &Problem, page: &Page) -> Response {
    let detail = match problem.kind() {
        "not-found" | "internal" => None,
        _ => Some(words(problem, page)),
    };
    let context = ErrorPage {
        kind: problem.kind(),
        detail,
        back: None,
    };
    match page.render_with(problem.status(), "ui/error.html", &context) {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(error = ?error, "the error page itself failed");
            (StatusCode::INTERNAL_SERVER_ERROR, Body::from("500")).into_response()
        }
    }
}
