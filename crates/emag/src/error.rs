//! What can go wrong with the marketplace, with the data a caller needs to decide.

use emag_api::{AccountFault, ApiError};
use kernel::{Denied, Refusal};

/// Why a use case of this slice did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EmagError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("not found")]
    NotFound,
    /// A person can act on it.
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    #[error("changed meanwhile; the version is now {current_version}")]
    Stale { current_version: i64 },
    /// Another process is doing the same thing right now.
    #[error("busy")]
    Busy,
    #[error("a sealed password does not open with this installation's key")]
    Seal,
    #[error("the marketplace: {0}")]
    Api(#[from] ApiError),
    #[error("the database")]
    Database(#[from] sqlx::Error),
    #[error("the catalogue")]
    Catalog(#[from] catalog::CatalogError),
    #[error("the stock")]
    Inventory(#[from] inventory::InventoryError),
    #[error("the orders")]
    Orders(#[from] orders::OrderError),
}

impl From<Refusal> for EmagError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The name of an account's trouble, as the column `fault` keeps it; `None` when the account is not to blame.
pub(crate) fn fault_of(error: &ApiError) -> Option<&'static str> {
    error.account_fault().map(AccountFault::name)
}

/// Code of a failed run or row, as the pages translate it.
pub(crate) fn api_code(error: &ApiError) -> &'static str {
    if let Some(fault) = fault_of(error) {
        return fault;
    }
    match error {
        ApiError::Throttled { .. } => "throttled",
        ApiError::Unreachable { .. } | ApiError::Transient { .. } | ApiError::CircuitOpen { .. } => {
            "unreachable"
        }
        ApiError::Refused { .. }
        | ApiError::Locked { .. }
        | ApiError::Account { .. }
        | ApiError::NotUnderstood { .. }
        | ApiError::FilterIgnored { .. }
        | ApiError::TooManyPages { .. }
        | ApiError::Invalid { .. } => error.name(),
    }
}
