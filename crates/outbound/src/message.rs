//! One call and its answer, as plain values.

use std::fmt;
use std::time::Duration;

use http::Method;

/// One call, ready to send. Headers may hold credentials, so `Debug` shows neither them nor the body.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundRequest {
    pub method: Method,
    /// Absolute, `http` or `https`.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Give up earlier than the client's own limit; `None` leaves that limit.
    pub timeout: Option<Duration>,
}

impl OutboundRequest {
    /// A call without headers and body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
        }
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

impl fmt::Debug for OutboundRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundRequest")
            .field("method", &self.method)
            .field("host", &host(&self.url))
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer as it came, whatever its status; a redirect is an answer too.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundResponse {
    pub status: u16,
    /// Names in lower case; bytes that are no UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// At most [`BODY_BYTES_MAX`](crate::BODY_BYTES_MAX) bytes, in whatever encoding they came.
    pub body: Vec<u8>,
}

impl OutboundResponse {
    /// The first header of that name; names are compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for OutboundResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Host and port of an address, without the credentials, path and query that a log must not hold.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_learns_the_host_and_nothing_else() {
        for (url, expected) in [
            ("https://api.example.ro/v1/x?token=s", "api.example.ro"),
            ("https://ana:secret@api.example.ro:8443/x", "api.example.ro:8443"),
            ("http://h?token=s", "h"),
            ("http://h#token", "h"),
            ("http://ana:p@q@h/", "h"),
            ("nonsense", "nonsense"),
            ("", ""),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }

    #[test]
    fn debug_shows_no_credentials() {
        let request = OutboundRequest::new(Method::POST, "https://u:hush@h/hush?hush")
            .header("Authorization", "Basic hush")
            .body("hush");
        let response = OutboundResponse {
            status: 200,
            headers: vec![("set-cookie".to_owned(), "hush".to_owned())],
            body: b"hush".to_vec(),
        };
        let shown = format!("{request:?} {response:?}");
        assert!(!shown.contains("hush"), "{shown}");
        assert!(shown.contains("\"h\"") && shown.contains("200"), "{shown}");
    }
}
