//! Background jobs, schedules and events over the queue library `graphile_worker`, which owns its own schema.
//!
//! Always holds: a job or an event is written in the caller's transaction, so it exists exactly when the change it
//! tells of exists. A job may run twice; it reads the present state and does what is still missing. Never decides
//! anything about a slice's business.

mod enqueue;
mod event;
mod job;
mod runner;

pub use enqueue::{Enqueue, enqueue};
pub use event::{Event, Subscription, publish, register};
pub use job::{Job, JobFailure};
pub use runner::{JobCounts, Registry, Runner, RunnerError, counts, migrate};

/// The schema that the queue library owns; the migration engine leaves it alone.
pub const EXTERNAL_SCHEMA: &str = "graphile_worker";
