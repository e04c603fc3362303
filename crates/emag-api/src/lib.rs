//! The eMAG Marketplace API 4.4.9 as the partner really answers it: typed requests, verdicts, paging, pacing, retry.
//!
//! Always holds:
//! - an answer is judged by its body, never by its status alone; a missing `isError` is never a success;
//! - money and every other decimal pass exactly, never through a binary float;
//! - every call of one account and bucket goes through one [`Pacer`], spaced evenly and pushed back together by a 429;
//! - a password appears in no log record, no error and no `Debug` text.
//!
//! It never decides what a shop should sell, stores nothing, and knows no other part of MagFlow.

mod breaker;
mod bulk;
mod calllog;
mod client;
mod credentials;
mod error;
#[cfg(any(feature = "fake", test))]
mod fake;
pub mod lenient;
mod pacing;
mod paging;
mod platform;
mod retry;
mod route;
mod transport;
mod verdict;
mod windows;
pub mod wire;

#[cfg(test)]
mod tests;

pub use breaker::{Breaker, BreakerRules, BreakerState};
pub use bulk::{BulkOutcome, ELEMENTS_PER_CALL_MAX, ENTITIES_PER_CALL_MAX, EntityOutcome};
pub use calllog::{BODY_KEPT_MAX, CallLog, CallRecord, NoCallLog};
pub use client::{Client, ClientParts, WallClock};
pub use credentials::Credentials;
pub use error::{AccountFault, ApiError, FieldProblem, InvalidField, Message, UnreachableKind};
#[cfg(any(feature = "fake", test))]
pub use fake::{FakeTransport, MemoryCallLog, Reply};
pub use pacing::{Budget, Limits, Pacer, Pacers, Priority, RateHint};
pub use paging::{ITEMS_PER_PAGE_MAX, PAGES_MAX, Page, PageEnd, PageReader, Row, UnreadableRow};
pub use platform::{Endpoint, Platform};
pub use retry::{Jitter, NoJitter, Retry, RetryRules};
pub use route::{Bucket, Route};
#[cfg(feature = "reqwest")]
pub use transport::ReqwestTransport;
pub use transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};
pub use verdict::{Accepted, Answer, Expected, REFUSED_NOT_SAVED, judge, verdict_name};
pub use windows::{OrderWindow, WINDOW_DAYS_MAX, WINDOW_OVERLAP_HOURS, order_windows};
