//! Stock: an append-only ledger, levels that are its sum, and promises of units to order lines.
//!
//! Always holds: on-hand and reserved are never negative and never more is reserved than is on hand, held by the
//! database as well; every change has a cause; what is posted with a reference is posted once. Never knows who
//! ordered or which marketplace shows the goods.

mod api;
mod error;
mod events;
mod live;
mod model;
mod pages;
pub mod service;
mod store;

pub use api::openapi;
pub use error::InventoryError;
pub use events::{ReservationsLost, StockChanged, UnitsFreed};
pub use model::{
    Cause, Finding, Level, LowStockRow, LowStockSummary, Movement, MovementRow, Outcome, Place, Problem,
    Reservation, Want, Warehouse,
};
pub use service::{low_stock_summary, verify};
pub use store::{Condition, LevelFilter, LevelRow, MovementFilter};

use kernel::Permission;
use web::NavItem;

/// See levels and movements.
pub const INVENTORY_VIEW: Permission = Permission::new("inventory.view");
/// Correct and count.
pub const INVENTORY_ADJUST: Permission = Permission::new("inventory.adjust");

/// What open pages and programs follow.
pub const STOCK: &str = "stock";

pub const PERMISSIONS: &[Permission] = &[INVENTORY_VIEW, INVENTORY_ADJUST];

/// Templates and words.
pub static PAGES: ui::SlicePages = ui::slice_pages!(
    "inventory",
    templates: ["levels.html", "movements.html", "_count.html", "_product.html"]
);

/// The entry of the menu.
pub fn nav() -> &'static [NavItem] {
    const NAV: &[NavItem] = &[NavItem {
        href: "/inventory",
        icon: "boxes",
        key: "nav-stock",
        access: Some(INVENTORY_VIEW),
        order: 40,
    }];
    NAV
}

/// REST, pages and the stream of levels.
pub fn routes() -> web::Routes {
    api::routes().merge(pages::routes()).merge(live::routes())
}

#[cfg(test)]
mod tests;
