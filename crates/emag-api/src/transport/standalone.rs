//! A transport over reqwest, for use outside MagFlow.

use std::sync::Arc;

use super::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use crate::error::UnreachableKind;

/// No answer of the documented routes comes near this.
const BODY_MAX: usize = 32 * 1024 * 1024;

/// Sends through a reqwest client that follows no redirects, so that credentials never leave the configured host.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// Makes its own client. Installs rustls' ring provider unless the program already chose one.
    #[allow(
        clippy::disallowed_methods,
        reason = "the standalone transport is its own home for a client"
    )]
    pub fn new() -> Result<Self, TransportError> {
        // An error means that somebody installed a provider before, which is as good.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            rustls::crypto::ring::default_provider()
                .install_default()
                .unwrap_or_else(|installed: Arc<_>| drop(installed));
        }
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = builder.build().map_err(|error| broken(&error))?;
        Ok(Self { client })
    }
}

#[async_trait::async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut call = self
            .client
            .request(method, &request.url)
            .timeout(request.timeout)
            .body(request.body);
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let mut answer = call.send().await.map_err(|error| broken(&error))?;
        let text =
            |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| broken(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > BODY_MAX {
                return Err(TransportError::new(
                    UnreachableKind::TooLarge,
                    "the answer is too large",
                ));
            }
        }
        Ok(HttpResponse {
            status,
            headers,
            body,
        })
    }
}

/// The URL is left out of the text: a query could hold what a log must not.
fn broken(error: &reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() {
        UnreachableKind::Timeout
    } else if error.is_connect() || error.is_builder() {
        UnreachableKind::Connect
    } else {
        UnreachableKind::Closed
    };
    let mut detail = String::new();
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(inner) = source {
        detail.push_str(&inner.to_string());
        detail.push_str("; ");
        source = inner.source();
    }
    TransportError::new(kind, detail)
}
