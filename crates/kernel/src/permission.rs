//! Permissions are words a slice declares; roles hold sets of them.

use std::collections::BTreeSet;
use std::fmt;

/// The right to do one thing, `slice.verb`. Slices declare constants; the server registers them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission(&'static str);

impl Permission {
    pub const fn new(code: &'static str) -> Self {
        Self(code)
    }

    pub const fn code(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What an actor may do. Empty unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionSet {
    /// The house itself.
    All,
    Only(BTreeSet<String>),
}

impl PermissionSet {
    pub fn contains(&self, permission: Permission) -> bool {
        match self {
            Self::All => true,
            Self::Only(codes) => codes.contains(permission.code()),
        }
    }
}

impl Default for PermissionSet {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

impl FromIterator<String> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = String>>(codes: I) -> Self {
        Self::Only(codes.into_iter().collect())
    }
}
