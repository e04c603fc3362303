//! The daily tidying: sessions that are over and failed log-ins that no longer count.

use ::jobs::{Job, JobFailure, Registry};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::IdentityError;
use crate::service;

/// Removes what no longer counts.
#[derive(Debug, Serialize, Deserialize)]
struct Purge {}

impl Job for Purge {
    const NAME: &'static str = "identity_purge";
    type Context = Context;

    async fn run(self, context: Context) -> Result<(), JobFailure> {
        match service::purge(&context.db, context.clock.now()).await {
            Ok(_rows) => Ok(()),
            Err(IdentityError::Database(error)) => Err(error.into()),
            Err(error) => Err(JobFailure::fault(&error)),
        }
    }
}

/// Declares this slice's jobs and their times.
pub fn register(registry: &mut Registry, context: Context) {
    registry.context(context);
    registry.job::<Purge>();
    // At night in Romania, off the full hour.
    registry.schedule::<Purge>("17 1 * * *");
}
