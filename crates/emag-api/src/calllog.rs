//! One record per sending, for the thirty days the partner demands (eMAG API 4.4.9 section 5).
//!
//! Always holds: no password and no `Authorization` header is in a record; bodies are bounded.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::route::Bucket;
use crate::transport::Method;

/// How much of a body is kept.
pub const BODY_KEPT_MAX: usize = 64 * 1024;

/// One sending of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    pub at: DateTime<Utc>,
    /// The account's user name.
    pub account: String,
    pub route: &'static str,
    pub path: String,
    pub bucket: Bucket,
    pub method: Method,
    pub request_body: String,
    /// `None` when no answer came.
    pub status: Option<u16>,
    pub response_body: String,
    /// See [`crate::verdict_name`].
    pub verdict: &'static str,
    pub duration: Duration,
    /// Counts from 1.
    pub attempt: u32,
}

/// Takes the records. It must not fail the call: a log that cannot be written is the log's own trouble.
#[async_trait::async_trait]
pub trait CallLog: Send + Sync {
    async fn record(&self, record: CallRecord);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCallLog;

#[async_trait::async_trait]
impl CallLog for NoCallLog {
    async fn record(&self, _record: CallRecord) {}
}

/// A body as bounded text, cut at a character.
pub(crate) fn bounded(body: &[u8]) -> String {
    let kept = body.get(..BODY_KEPT_MAX).unwrap_or(body);
    let mut text = String::from_utf8_lossy(kept).into_owned();
    while text.len() > BODY_KEPT_MAX {
        text.pop();
    }
    text
}
