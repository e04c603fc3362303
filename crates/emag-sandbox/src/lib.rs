//! emag-sandbox
