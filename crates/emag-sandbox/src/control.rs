//! The control interface under `/_sandbox`: state, orders, clock, faults, settings, call log. JSON, no Basic
//! authentication, and answered to the loopback only unless the sandbox was told otherwise.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post, put};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Sandbox;
use crate::net::Peer;

pub(crate) fn routes(sandbox: &Sandbox) -> Router {
    Router::new()
        .route("/_sandbox/health", get(health))
        .route("/_sandbox/state", get(state).put(put_state))
        .route("/_sandbox/orders", post(add_orders))
        .route("/_sandbox/clock", get(clock).post(set_clock))
        .route("/_sandbox/faults", get(faults).put(set_faults))
        .route("/_sandbox/settings", get(settings).put(set_settings))
        .route("/_sandbox/validation", put(set_validation))
        .route("/_sandbox/calls", get(calls))
        .layer(from_fn_with_state(sandbox.clone(), loopback_only))
        .with_state(sandbox.clone())
}

async fn loopback_only(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<axum::extract::ConnectInfo<Peer>>();
    let is_local = peer.is_none_or(|peer| peer.0.address.ip().to_canonical().is_loopback());
    if is_local || sandbox.control_is_open() {
        next.run(request).await
    } else {
        problem(
            StatusCode::FORBIDDEN,
            "the control interface answers to the loopback only",
        )
    }
}

fn problem(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "error": detail }))).into_response()
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body)
        .map_err(|fault| Box::new(problem(StatusCode::UNPROCESSABLE_ENTITY, &fault.to_string())))
}

fn done<T: serde::Serialize>(outcome: Result<T, String>) -> Response {
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(complaint) => problem(StatusCode::UNPROCESSABLE_ENTITY, &complaint),
    }
}

async fn health(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"status": "ready", "now": sandbox.now()}))
}

async fn state(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(sandbox.state())
}

async fn put_state(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    match parsed::<Value>(&body) {
        Ok(document) => done(
            sandbox
                .set_state(document)
                .map(|()| json!({"status": "replaced"})),
        ),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOrders {
    username: String,
    orders: Vec<Value>,
}

async fn add_orders(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    match parsed::<NewOrders>(&body) {
        Ok(new) => done(
            sandbox
                .add_orders(&new.username, new.orders)
                .map(|ids| json!({ "ids": ids })),
        ),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    advance_seconds: Option<f64>,
    at: Option<DateTime<Utc>>,
    rate: Option<f64>,
}

async fn clock(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"now": sandbox.now(), "rate": sandbox.clock_rate()}))
}

async fn set_clock(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let change = match parsed::<ClockChange>(&body) {
        Ok(change) => change,
        Err(response) => return *response,
    };
    if change.rate.is_some_and(|rate| !(0.0..=1.0e6).contains(&rate)) {
        return problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "rate lies between 0 and 1000000",
        );
    }
    if let Some(at) = change.at {
        sandbox.set_clock(at);
    }
    if let Some(rate) = change.rate {
        sandbox.set_clock_rate(rate);
    }
    if let Some(seconds) = change.advance_seconds {
        sandbox.advance_clock(seconds);
    }
    clock(State(sandbox)).await.into_response()
}

async fn faults(State(sandbox): State<Sandbox>) -> Response {
    Json(sandbox.faults()).into_response()
}

async fn set_faults(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    match parsed(&body) {
        Ok(plan) => done(sandbox.set_faults(plan).map(|()| sandbox.faults())),
        Err(response) => *response,
    }
}

async fn settings(State(sandbox): State<Sandbox>) -> Response {
    Json(sandbox.settings()).into_response()
}

async fn set_settings(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    match parsed::<Value>(&body) {
        Ok(changes) => done(sandbox.change_settings(changes).map(|()| sandbox.settings())),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Validation {
    username: String,
    id: u64,
    status: i64,
}

/// The test hook for human validation.
async fn set_validation(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    match parsed::<Validation>(&body) {
        Ok(hook) => done(
            sandbox
                .set_validation(&hook.username, hook.id, hook.status)
                .map(|()| json!({"status": "set"})),
        ),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn calls(State(sandbox): State<Sandbox>, Query(query): Query<Since>) -> Response {
    Json(sandbox.calls(query.since)).into_response()
}
