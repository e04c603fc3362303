//! The only HTTP client of the house: every call to the outside leaves through [`Outbound`].
//!
//! Always holds: a request is sent at most once and has a time limit; an answer has a size limit; certificates are
//! checked against the roots of the operating system; credentials never travel to a host that was not asked, since
//! redirects are handed back and not followed. Never: it keeps no cookies, asks no system proxy, judges no status,
//! tries nothing again (that is the caller's policy) and writes no header, body, path or query into a log.

mod client;
mod error;
mod message;

pub use client::{BODY_BYTES_MAX, Outbound, OutboundOptions};
pub use error::OutboundError;
pub use http::Method;
pub use message::{OutboundRequest, OutboundResponse};
