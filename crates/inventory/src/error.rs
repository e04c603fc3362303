//! What can go wrong with stock.

use kernel::{CursorError, Denied, ProductId, QuantityError, Refusal, WarehouseId};

/// Why nothing was written or shown.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("no such product or warehouse")]
    NotFound,
    /// More would leave than is there.
    #[error("product {product} in warehouse {warehouse}: {on_hand} on hand, {delta} asked")]
    NotEnough {
        product: ProductId,
        warehouse: WarehouseId,
        on_hand: i64,
        delta: i64,
    },
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A field that a person can mend.
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    #[error(transparent)]
    Cursor(#[from] CursorError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Refusal> for InventoryError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl InventoryError {
    /// A broken foreign key means that the product or the warehouse does not exist.
    pub(crate) fn of_write(error: sqlx::Error) -> Self {
        match db::violation(&error) {
            Some(db::Violation::ForeignKey(_)) => Self::NotFound,
            Some(db::Violation::Unique(_) | db::Violation::Check(_) | db::Violation::Conflict) | None => {
                Self::Database(error)
            }
        }
    }
}
