//! What can go wrong when selling. Refusals are for people; the rest is a fault or somebody else's word.

use kernel::{CursorError, Denied, MoneyError, Refusal};

use crate::model::CustomerProblem;

/// One field that a person filled in wrongly; `lines.2.sku` for the third line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    pub field: String,
    pub refusal: Refusal,
}

/// Why an order or a customer was not written.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The order, line or customer does not exist.
    #[error("not found")]
    NotFound,
    /// The state of things forbids it.
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    /// The input cannot be right.
    #[error("invalid: {0:?}")]
    Invalid(Vec<FieldProblem>),
    /// Somebody changed it meanwhile.
    #[error("changed meanwhile; the version is now {current_version}")]
    Stale { current_version: i64 },
    #[error("an amount of the order")]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Cursor(#[from] CursorError),
    #[error("the catalogue")]
    Catalog(#[from] catalog::CatalogError),
    #[error("the stock")]
    Inventory(#[from] inventory::InventoryError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Refusal> for OrderError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl OrderError {
    pub(crate) fn field(field: impl Into<String>, refusal: Refusal) -> Self {
        Self::Invalid(vec![FieldProblem {
            field: field.into(),
            refusal,
        }])
    }

    pub(crate) fn customer(prefix: &str, problems: Vec<CustomerProblem>) -> Self {
        Self::Invalid(
            problems
                .into_iter()
                .map(|problem| FieldProblem {
                    field: format!("{prefix}{}", problem.field),
                    refusal: problem.refusal,
                })
                .collect(),
        )
    }
}
