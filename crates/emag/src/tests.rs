//! Tests against an eMAG of our own in this process, and a real PostgreSQL.

mod bench;
mod crossing;
mod pace;
mod promises;
mod push;
mod rim;
mod sync;
mod trouble;
