//! PostgreSQL: the pool, transactions that carry the actor, constraint names, and the embedded server.
//!
//! Always holds: every write happens in a transaction that knows who acts, so the audit trail can name them.
//! Never holds SQL of a slice.

mod about;
pub mod embedded;
mod pool;
mod violation;

pub use about::{server_time, server_version};
pub use pool::{Db, PoolOptions, PoolStatus, Tx};
pub use violation::{Violation, is_unreachable, violation};
