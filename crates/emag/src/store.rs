//! The statements of the slice, one function each, by table.

pub(crate) mod accounts;
pub(crate) mod calls;
pub(crate) mod failures;
pub(crate) mod health;
pub(crate) mod holds;
pub(crate) mod listings;
pub(crate) mod neighbours;
pub(crate) mod orders;
pub(crate) mod push;
pub(crate) mod runs;
pub(crate) mod search;
