//! The statements of this slice, one function each.

pub(crate) mod audit;
pub(crate) mod failures;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod users;
