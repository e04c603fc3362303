//! The rim between HTTP and the slices: state, actors, guards, strict extractors, problems, live updates, limits.
//!
//! Always holds: a handler runs only after its route's declared access was granted and, for a browser, the CSRF token
//! matched; every failure leaves as one [`Problem`] that is drawn as a page, a fragment or RFC 9457 JSON and logged
//! once. Never knows a slice.

mod access;
mod address;
mod auth;
mod caller;
mod extract;
mod flash;
mod idempotency;
mod layers;
pub mod live;
mod page;
mod problem;
mod rate;
mod reply;
mod routes;
mod socket;
mod state;

pub use access::Access;
pub use address::address;
pub use auth::{ApiActor, Authenticator, Identity, Source};
pub use caller::Caller;
pub use extract::{Form, IfMatch, Json, Path, Query, page_request};
pub use idempotency::{ShownOnce, purge_answers};
pub use kernel::{Limit, PageRequest};
pub use layers::app;
pub use live::LiveHub;
pub use page::Page;
pub use problem::{FieldError, Problem, ProblemBody};
pub use rate::RateLimits;
pub use reply::{List, created, versioned};
pub use routes::{RouteEntry, Routes};
pub use socket::{News, Upgrade};
pub use state::{AppState, AppStateBuilder, NavItem, ShellExtras};
pub use ui::FlashKind;
