//! emag-api
