//! Where eMAG's calls arrive: reads the request, has the world carry it out, and lets the answer leave as the drawn fault
//! says – late, never, or not at all.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::limits::Grant;
use crate::net::Peer;
use crate::reply::Reply;
use crate::world::{Ending, Incoming};
use crate::{BODY_MAX_BYTES, Sandbox};

const LIMIT_HEADER: HeaderName = HeaderName::from_static("x-ratelimit-limit-3second");
const REMAINING_HEADER: HeaderName = HeaderName::from_static("x-ratelimit-remaining-3second");

pub(crate) fn routes(sandbox: &Sandbox) -> Router {
    Router::new().fallback(call).with_state(sandbox.clone())
}

async fn call(State(sandbox): State<Sandbox>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let peer = parts
        .extensions
        .get::<ConnectInfo<Peer>>()
        .map(|info| info.0.clone());
    let Ok(body) = to_bytes(body, BODY_MAX_BYTES).await else {
        return Reply::message(StatusCode::PAYLOAD_TOO_LARGE, "Request size limit exceeded").into_response();
    };
    let address = peer.as_ref().map_or_else(
        || "127.0.0.1".to_owned(),
        |peer| peer.address.ip().to_canonical().to_string(),
    );
    let incoming = Incoming {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
        peer: &address,
    };
    let outcome = sandbox.world().receive(&incoming);
    if outcome.latency_ms > 0 {
        wait(&sandbox, outcome.latency_ms).await;
    }
    match outcome.ending {
        Ending::Answer => {}
        Ending::Drop => cut(peer.as_ref()),
        Ending::Silence(span_ms) => {
            wait(&sandbox, span_ms).await;
            cut(peer.as_ref());
        }
    }
    let mut response = outcome.reply.into_response();
    if let Some(grant) = outcome.grant {
        add_limit_headers(&mut response, grant);
    }
    response
}

fn cut(peer: Option<&Peer>) {
    if let Some(peer) = peer {
        peer.cut();
    }
}

/// Waits on the wall clock, but not beyond the sandbox's end.
async fn wait(sandbox: &Sandbox, span_ms: u64) {
    let mut stopping = sandbox.stopping();
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(span_ms)) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

fn add_limit_headers(response: &mut Response<Body>, grant: Grant) {
    let headers = response.headers_mut();
    headers.insert(LIMIT_HEADER, HeaderValue::from(grant.limit));
    headers.insert(REMAINING_HEADER, HeaderValue::from(grant.remaining));
    headers.insert(header::SERVER, HeaderValue::from_static("kong/0.12.1"));
}
