//! How the accounts stand, in one look.

use kernel::{EmagAccountId, Timestamp};

/// How one account in use stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountHealth {
    pub id: EmagAccountId,
    pub name: String,
    pub fault: Option<String>,
    pub push_enabled: bool,
    /// A run is queued or under way.
    pub running: bool,
    /// Rows and pages that could not be taken and are not resolved.
    pub failures: i64,
    /// Changes that wait for a person.
    pub holds: i64,
    pub last_finished_at: Option<Timestamp>,
}

/// How far the first reading of all accounts has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstReading {
    pub unread_accounts: i64,
    pub offers: i64,
    pub orders: i64,
}
