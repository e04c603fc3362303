//! What can go wrong with an article.

use kernel::{CursorError, Denied, MoneyError, Refusal};

use crate::Product;

/// Why nothing was written or shown.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("no such product")]
    NotFound,
    /// A field that a person can mend; [`Refusal::field`] names it.
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    /// Changed meanwhile; here is how it stands now.
    #[error("changed meanwhile; the version is now {}", .current.version)]
    Stale { current: Box<Product> },
    #[error("a price")]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Cursor(#[from] CursorError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Refusal> for CatalogError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
