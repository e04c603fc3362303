//! Who may call a route. Every route declares one; there is no default.

use kernel::Permission;

/// The access a route declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: log-in, health, assets.
    Public,
    /// Anybody who is signed in; the handler sees only the actor's own things.
    SignedIn,
    /// Holders of the permission.
    Needs(Permission),
    /// Anybody on this machine or its private network, such as monitoring; from elsewhere holders of the permission.
    NearbyOr(Permission),
}
