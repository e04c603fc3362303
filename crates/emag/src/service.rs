//! The use cases: connect accounts, read offers and orders, reckon what the marketplace should hold, send it.

pub mod accounts;
pub(crate) mod acknowledge;
pub mod budget;
pub(crate) mod fault;
pub mod health;
pub mod holds;
pub(crate) mod offers;
pub(crate) mod orders;
pub mod push;
pub mod read;
pub(crate) mod reckon;
pub(crate) mod resolve;
pub mod retry;
pub mod runs;
pub(crate) mod sweep;
