//! Tests against an eMAG of our own in this process, and a real PostgreSQL.

mod bench;
mod push;
mod sync;
