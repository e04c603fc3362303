//! The rim as a browser and a script meet it: a small application with every layer, asked over the router.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod app;
mod guard;
mod hostile;
mod idempotency;
mod input;
mod limits;
mod live;
mod problems;
mod socket;
