//! Which constraint a statement broke, so that a slice can say it in its own words.

use sqlx::error::ErrorKind;

/// A constraint the database held against us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    Unique(String),
    ForeignKey(String),
    Check(String),
    /// Two transactions waited for each other or overtook one another; the same request may be tried again.
    Conflict,
}

/// Reads the violation out of a database error; `None` for anything else.
pub fn violation(error: &sqlx::Error) -> Option<Violation> {
    let database = error.as_database_error()?;
    if matches!(database.code().as_deref(), Some("40P01" | "40001")) {
        return Some(Violation::Conflict);
    }
    let constraint = database.constraint()?.to_owned();
    match database.kind() {
        ErrorKind::UniqueViolation => Some(Violation::Unique(constraint)),
        ErrorKind::ForeignKeyViolation => Some(Violation::ForeignKey(constraint)),
        ErrorKind::CheckViolation => Some(Violation::Check(constraint)),
        ErrorKind::NotNullViolation | ErrorKind::ExclusionViolation | ErrorKind::Other | _ => None,
    }
}

/// The server is gone, starting, stopping, or has no connection to give: worth another try later.
pub fn is_unreachable(error: &sqlx::Error) -> bool {
    if let Some(database) = error.as_database_error() {
        // Class 57P: operator intervention (shutdown, crash recovery); class 53: no room for a connection.
        return database
            .code()
            .is_some_and(|code| code.starts_with("57P") || code.starts_with("53"));
    }
    matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed
    )
}
