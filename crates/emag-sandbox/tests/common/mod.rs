//! A sandbox with a standing clock and a caller that speaks to it through its router.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests"
)]

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use emag_sandbox::{DEMO_PASSWORD, MAIN_USERNAME, Options, Sandbox};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn results(&self) -> &Value {
        &self.body["results"]
    }

    pub(crate) fn is_error(&self) -> bool {
        self.body["isError"].as_bool().expect("isError")
    }

    pub(crate) fn text(&self) -> String {
        self.body["messages"].to_string()
    }
}

pub(crate) fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{username}:{password}")))
}

impl Shop {
    /// The given state, without rate limits.
    pub(crate) fn with(state: Value) -> Shop {
        let sandbox = Sandbox::new(Options::frozen_at(noon()));
        sandbox.set_state(state).unwrap();
        sandbox.change_settings(json!({"rate_limits": false})).unwrap();
        Shop { sandbox }
    }

    /// Two offers, ten units each.
    pub(crate) fn plain() -> Shop {
        Shop::with(json!({"offers": {MAIN_USERNAME: [
            {"id": 1, "part_number": "BN1", "sale_price": 20, "ean": ["5949990001237"], "part_number_key": "DAAA111BM"},
            {"id": 2, "part_number": "BN2", "sale_price": 30}]}}))
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        auth: Option<&str>,
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(auth) = auth {
            request = request.header(header::AUTHORIZATION, auth);
        }
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.sandbox.router().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer {
            status,
            headers,
            bytes,
            body,
        }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_as(MAIN_USERNAME, path, body).await
    }

    pub(crate) async fn post_as(&self, username: &str, path: &str, body: Value) -> Answer {
        let auth = basic(username, DEMO_PASSWORD);
        self.send(
            Method::POST,
            &format!("/api-3{path}"),
            JSON,
            Some(&auth),
            &body.to_string(),
        )
        .await
    }

    pub(crate) async fn raw(&self, path: &str, kind: &str, body: &str) -> Answer {
        let auth = basic(MAIN_USERNAME, DEMO_PASSWORD);
        self.send(Method::POST, &format!("/api-3{path}"), kind, Some(&auth), body)
            .await
    }

    pub(crate) async fn patch(&self, path: &str, body: &str) -> Answer {
        let auth = basic(MAIN_USERNAME, DEMO_PASSWORD);
        self.send(Method::PATCH, &format!("/api-3{path}"), JSON, Some(&auth), body)
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let auth = basic(MAIN_USERNAME, DEMO_PASSWORD);
        self.send(Method::GET, path, "", Some(&auth), "").await
    }

    pub(crate) async fn control(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(method, path, JSON, None, &body.to_string()).await
    }

    pub(crate) async fn offer(&self, id: u64) -> Value {
        self.post("/product_offer/read", json!({ "id": id }))
            .await
            .results()[0]
            .clone()
    }

    pub(crate) async fn order(&self, id: u64) -> Value {
        self.post("/order/read", json!({ "id": id })).await.results()[0].clone()
    }

    pub(crate) fn place(&self, order: Value) -> u64 {
        self.sandbox.add_orders(MAIN_USERNAME, vec![order]).unwrap()[0]
    }

    /// `(general_stock, estimated_stock)` of an offer.
    pub(crate) async fn stock(&self, id: u64) -> (i64, i64) {
        let offer = self.offer(id).await;
        (
            offer["general_stock"].as_i64().unwrap(),
            offer["estimated_stock"].as_i64().unwrap(),
        )
    }
}
