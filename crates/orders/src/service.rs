//! Use cases: permission, load, decide, save, publish - in the caller's transaction.
//!
//! Always holds: an open order that we ship has every unit of its resolved lines either reserved or counted as short;
//! any other order holds nothing. The counters of the order are written in the same transaction as its lines. Never
//! commits, never calls the outside.

mod articles;
mod book;
mod customers;
mod desk;
mod place;
mod read;
mod resolve;
mod shortage;
mod steps;
mod upsert;

pub use customers::{create_customer, get_customer, list_customers, update_customer};
pub use desk::{desk, orders_to_ship, sales_per_day};
pub use place::place;
pub use read::{
    TimelineChange, TimelineEntry, attention, counts_by_status, find_by_external, get, list, order_of_line,
    timeline, unresolved_lines, verify,
};
pub use resolve::{Named, resolve_external, resolve_line};
pub use shortage::{Allocated, allocate_short, reservations_lost};
pub use steps::{cancel, confirm, pack, return_goods, ship};
pub use upsert::upsert_external;

pub(crate) use read::{count_attention, written};
