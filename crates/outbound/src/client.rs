//! The client: its limits, its trust and how an answer is read.

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use reqwest::redirect;

use crate::message::host;
use crate::{OutboundError, OutboundRequest, OutboundResponse};

/// The largest partner answer known (a page of 100 offers with descriptions) is under 4 MiB.
pub const BODY_BYTES_MAX: usize = 16 << 20;

/// Memory at rest counts: each idle TLS connection holds tens of kilobytes of buffers.
const IDLE_CONNECTIONS_PER_HOST_MAX: usize = 2;
const IDLE_CONNECTION_LIFE: Duration = Duration::from_mins(1);

/// Limits of a client and the name it gives itself.
#[derive(Clone, Debug)]
pub struct OutboundOptions {
    /// For the connection alone, TLS included.
    pub connect_timeout: Duration,
    /// From the first byte asked to the last byte answered.
    pub total_timeout: Duration,
    /// The `User-Agent` header.
    pub user_agent: String,
}

impl Default for OutboundOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            // Some partner routes (labels, large bulks) take over a minute on a bad day.
            total_timeout: Duration::from_secs(90),
            user_agent: concat!("MagFlow/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Sends requests. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: reqwest::Client,
}

#[derive(Clone, Copy)]
enum Trust {
    OperatingSystem,
    Nobody,
}

impl Outbound {
    /// A machine without certificate roots still gets a client: plain `http` works there, and `https` ends in
    /// [`OutboundError::Connect`].
    pub fn new(options: OutboundOptions) -> Result<Self, OutboundError> {
        install_crypto();
        match client(options.clone(), Trust::OperatingSystem) {
            Ok(client) => Ok(Self { client }),
            Err(error) => {
                let client = client(options, Trust::Nobody)?;
                tracing::warn!(error = %error, "no certificate roots on this machine, https calls will fail: {error}");
                Ok(Self { client })
            }
        }
    }

    /// Sends one request once and reads the answer whole. Dropping the future closes the connection.
    pub async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let started = Instant::now();
        let OutboundRequest {
            method,
            url,
            headers,
            body,
            timeout,
        } = request;
        let target = host(&url).to_owned();
        let mut call = self.client.request(method.clone(), url).body(body);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        if let Some(timeout) = timeout {
            call = call.timeout(timeout);
        }
        let result = receive(call).await;
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &result {
            Ok(answer) => {
                let status = answer.status;
                tracing::debug!(%method, host = target, status, elapsed_ms, "{method} {target}: {status}");
            }
            Err(error) => {
                tracing::debug!(%method, host = target, error = %error, elapsed_ms, "{method} {target}: {error}");
            }
        }
        result
    }
}

/// rustls wants one process-wide provider; somebody who installed one before was right too.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            rustls::crypto::ring::default_provider()
                .install_default()
                .unwrap_or_else(|raced: Arc<_>| drop(raced));
        }
    });
}

#[allow(clippy::disallowed_methods, reason = "the one home of the HTTP client")]
fn client(options: OutboundOptions, trust: Trust) -> Result<reqwest::Client, reqwest::Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(options.user_agent)
        .connect_timeout(options.connect_timeout)
        .timeout(options.total_timeout)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST_MAX)
        .pool_idle_timeout(IDLE_CONNECTION_LIFE);
    if matches!(trust, Trust::Nobody) {
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

async fn receive(call: reqwest::RequestBuilder) -> Result<OutboundResponse, OutboundError> {
    let mut answer = call.send().await?;
    let too_large = OutboundError::TooLarge {
        limit_bytes: BODY_BYTES_MAX,
    };
    // An announced length is believed when it is too large, never for reserving memory.
    if answer
        .content_length()
        .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > BODY_BYTES_MAX))
    {
        return Err(too_large);
    }
    let status = answer.status().as_u16();
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(OutboundResponse {
        status,
        headers,
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_certificate_roots_still_gets_a_client() {
        install_crypto();
        assert!(client(OutboundOptions::default(), Trust::Nobody).is_ok());
    }

    #[test]
    fn a_user_agent_that_is_no_header_is_refused() {
        let options = OutboundOptions {
            user_agent: "two\nlines".to_owned(),
            ..OutboundOptions::default()
        };
        assert!(matches!(Outbound::new(options), Err(OutboundError::Invalid(_))));
    }
}
