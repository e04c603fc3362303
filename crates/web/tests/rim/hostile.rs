//! Whatever comes in, the answer is a refusal of the caller's and never a fault of ours.

use axum::body::Body;
use http::{HeaderValue, Request};
use proptest::prelude::*;

use crate::app::{App, app};

/// Answers below 500 for any request whatever.
fn check(app: &App, runtime: &tokio::runtime::Runtime, request: Request<Body>) {
    let shown = format!("{request:?}");
    let answer = runtime.block_on(app.send(request));
    assert!(answer.status.as_u16() < 500, "{shown}: {}", answer.body);
}

fn ground() -> (App, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let app = runtime.block_on(async { app() });
    (app, runtime)
}

#[test]
fn any_bytes_as_body_query_and_headers() {
    let (app, runtime) = ground();
    let bytes = || prop::collection::vec(any::<u8>(), 0..200);
    let kinds = prop::sample::select(vec!["application/json", "application/x-www-form-urlencoded", "x"]);
    let paths = prop::sample::select(vec!["/api/v1/things", "/page", "/api/v1/orders", "/nowhere"]);
    let verbs = prop::sample::select(vec!["GET", "POST", "PATCH", "DELETE", "BREW"]);
    proptest!(|(body in bytes(), query in "[!-~]{0,60}", header in bytes(), kind in kinds, path in paths, verb in verbs)| {
        let Ok(uri) = format!("{path}?{query}").parse::<http::Uri>() else { return Ok(()) };
        let mut request = Request::builder().method(verb).uri(uri).header("content-type", kind);
        if let Ok(value) = HeaderValue::from_bytes(&header) {
            for name in ["cookie", "x-csrf-token", "accept-language", "if-match", "x-forwarded-for", "user-agent", "accept-encoding"] {
                request = request.header(name, value.clone());
            }
        }
        let request = request.header("authorization", "Bearer ana").body(Body::from(body)).unwrap();
        check(&app, &runtime, request);
    });
}

#[test]
fn a_json_that_is_nearly_right() {
    let (app, runtime) = ground();
    let text = r#"\{"name":("[^"]{0,30}"|null|[0-9]{1,30}|\[\]|\{\})(,"size":\{"width":-?[0-9e.]{1,9},"name":"[^"]{0,9}"\})?\}"#;
    proptest!(|(body in text)| {
        let request = Request::post("/api/v1/things")
            .header("content-type", "application/json")
            .header("authorization", "Bearer ana")
            .body(Body::from(body))
            .unwrap();
        check(&app, &runtime, request);
    });
}
