//! Whose trouble an error is: that of one row, of two transactions that met, or ours.

use crate::error::EmagError;

/// The order itself cannot be written; anything else is trouble of ours and must stop the page.
pub(crate) fn concerns_the_order(error: &EmagError) -> bool {
    let is_refused = matches!(
        error,
        EmagError::Orders(
            orders::OrderError::Refused(_) | orders::OrderError::Invalid(_) | orders::OrderError::Money(_)
        )
    );
    is_refused || database_error(error).is_some_and(is_about_a_row)
}

/// The database's word inside an error of any slice.
fn database_error(error: &EmagError) -> Option<&sqlx::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref::<sqlx::Error>() {
            return Some(found);
        }
        cause = inner.source();
    }
    // Transparent wrappers show their inner error as themselves.
    if let EmagError::Database(found)
    | EmagError::Orders(
        orders::OrderError::Database(found)
        | orders::OrderError::Inventory(inventory::InventoryError::Database(found))
        | orders::OrderError::Catalog(catalog::CatalogError::Database(found)),
    )
    | EmagError::Inventory(inventory::InventoryError::Database(found))
    | EmagError::Catalog(catalog::CatalogError::Database(found)) = error
    {
        return Some(found);
    }
    None
}

/// Two transactions were in each other's way: the same work may be done again.
pub(crate) fn is_conflict(error: &EmagError) -> bool {
    database_error(error).is_some_and(|error| db::violation(error) == Some(db::Violation::Conflict))
}

/// How often work is done again when another transaction was in its way.
const TRIES: u32 = 4;

/// Does one transaction's work; again if another transaction was in the way.
pub(crate) async fn despite_conflicts<T, F>(work: impl Fn() -> F) -> Result<T, EmagError>
where
    F: Future<Output = Result<T, EmagError>>,
{
    let mut tries = 1;
    loop {
        match work().await {
            Err(error) if tries < TRIES && is_conflict(&error) => tries += 1,
            done => return done,
        }
    }
}

/// A constraint or a value the database cannot hold (classes 22, 23 and 54), as opposed to trouble of the database itself.
pub(crate) fn is_about_a_row(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
}
