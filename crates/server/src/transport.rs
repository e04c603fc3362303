//! Gives the marketplace client the house's one HTTP client.

use async_trait::async_trait;
use emag_api::{HttpRequest, HttpResponse, Method, Transport, TransportError, UnreachableKind};
use outbound::{Outbound, OutboundError, OutboundRequest};

/// Adapts [`Outbound`] to the marketplace client's seam.
pub(crate) struct OverOutbound(pub(crate) Outbound);

#[async_trait]
impl Transport for OverOutbound {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = match request.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
            Method::Patch => http::Method::PATCH,
        };
        let call = OutboundRequest {
            method,
            url: request.url,
            headers: request
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body: request.body,
            timeout: Some(request.timeout),
        };
        let response = self
            .0
            .send(call)
            .await
            .map_err(|error| TransportError::new(kind(&error), error.to_string()))?;
        Ok(HttpResponse {
            status: response.status,
            headers: response.headers,
            body: response.body,
        })
    }
}

fn kind(error: &OutboundError) -> UnreachableKind {
    match error {
        OutboundError::Timeout => UnreachableKind::Timeout,
        OutboundError::Connect(_) | OutboundError::Invalid(_) => UnreachableKind::Connect,
        OutboundError::Dropped(_) => UnreachableKind::Closed,
        OutboundError::TooLarge { .. } => UnreachableKind::TooLarge,
    }
}
