//! Lists with filters that a person chooses.
