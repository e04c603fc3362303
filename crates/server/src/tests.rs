//! The whole wired program over a database of its own.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod bench;
mod figures;
mod health;
mod links;
mod live;
mod routes;
mod starting;
