//! REST of the marketplace, by what it is about. Handlers read, call, answer.

mod accounts;
mod budget;
mod holds;
mod offers;
mod sync;

use kernel::Refusal;
use utoipa::OpenApi;
use web::{Access, List, Problem, Routes};

pub(crate) use holds::decide;

use crate::error::{EmagError, api_code};
use crate::{EMAG_ACCOUNTS, EMAG_PUSH, EMAG_SYNC, EMAG_VIEW};

#[derive(OpenApi)]
#[openapi(paths(
    accounts::list_accounts,
    accounts::create_account,
    accounts::show_account,
    accounts::update_account,
    accounts::test_account,
    accounts::preview,
    accounts::push,
    sync::start_sync,
    sync::list_runs,
    sync::show_run,
    sync::retry_run,
    sync::retry_failure,
    offers::listings,
    offers::push_listing,
    holds::list_holds,
    holds::approve,
    holds::reject,
    budget::budget
))]
struct Contract;

pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

pub(crate) fn routes() -> Routes {
    let (view, sync) = (Access::Needs(EMAG_VIEW), Access::Needs(EMAG_SYNC));
    let (manage, send) = (Access::Needs(EMAG_ACCOUNTS), Access::Needs(EMAG_PUSH));
    Routes::new()
        .get("/api/v1/emag/accounts", view, accounts::list_accounts)
        .post("/api/v1/emag/accounts", manage, accounts::create_account)
        .get("/api/v1/emag/accounts/{id}", view, accounts::show_account)
        .patch("/api/v1/emag/accounts/{id}", manage, accounts::update_account)
        .post("/api/v1/emag/accounts/{id}/test", manage, accounts::test_account)
        .get("/api/v1/emag/accounts/{id}/push-preview", view, accounts::preview)
        .post("/api/v1/emag/accounts/{id}/push", send, accounts::push)
        .post("/api/v1/emag/sync", sync, sync::start_sync)
        .get("/api/v1/emag/sync", view, sync::list_runs)
        .get("/api/v1/emag/sync/{id}", view, sync::show_run)
        .post("/api/v1/emag/sync/{id}/retry", sync, sync::retry_run)
        .post(
            "/api/v1/emag/sync/{id}/failures/{failure_id}/retry",
            sync,
            sync::retry_failure,
        )
        .get("/api/v1/emag/offers", view, offers::listings)
        .post("/api/v1/emag/offers/{id}/push", send, offers::push_listing)
        .get("/api/v1/emag/holds", view, holds::list_holds)
        .post("/api/v1/emag/holds/{id}/approve", send, holds::approve)
        .post("/api/v1/emag/holds/{id}/reject", send, holds::reject)
        .get("/api/v1/emag/budget", view, budget::budget)
}

impl From<EmagError> for Problem {
    fn from(error: EmagError) -> Self {
        match error {
            EmagError::Denied(denied) => denied.into(),
            EmagError::NotFound => Self::NotFound,
            EmagError::Refused(refusal) => match refusal.field {
                Some(field) => Self::field(field, refusal),
                None => refusal.into(),
            },
            EmagError::Stale { current_version } => Self::Stale { current_version },
            EmagError::Busy => Self::Busy {
                retry_after: std::time::Duration::from_secs(2),
            },
            EmagError::Database(error) => error.into(),
            EmagError::Catalog(error) => error.into(),
            EmagError::Inventory(error) => error.into(),
            EmagError::Orders(error) => error.into(),
            EmagError::Seal => Refusal::new("emag-refused-seal").into(),
            EmagError::Api(error) => {
                tracing::warn!(error = %error, "the marketplace did not serve: {error}");
                Self::Partner(Refusal::new("emag-refused-marketplace").with("reason", api_code(&error)))
            }
        }
    }
}

fn whole<T>(items: Vec<T>) -> List<T> {
    let total = i64::try_from(items.len()).ok();
    List {
        items,
        next_cursor: None,
        total,
    }
}
