//! What SQL does to a schema, in our own words.
//!
//! [`model`] holds the effects of statements; [`lower`] makes them from SQL and is the only place that
//! knows the parser. Nothing here judges: the linter applies the effects to its catalogue.
//! No input makes it panic; what cannot be understood becomes [`model::Action::Opaque`].

pub mod describe;
pub(crate) mod lower;
pub mod model;
pub(crate) mod types;
