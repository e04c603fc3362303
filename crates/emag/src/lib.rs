//! emag
