//! The marketplace: seller accounts, their offers and orders, and what they should hold.
//!
//! Always holds: an order is imported, reserved and acknowledged once however often it is read or the process dies; a
//! new account sends no stock or price until its owner says so; what looks like an accident is asked about first; no call
//! is made inside a transaction. Never decides prices, never writes stock levels itself (that is `inventory`).

mod api;
mod calllog;
mod context;
mod error;
mod jobs;
mod model;
mod pages;
mod secret;
pub mod service;
mod store;

#[cfg(test)]
mod tests;

pub use api::openapi;
pub use context::{Context, ContextParts, NoObserver, Observer};
pub use error::EmagError;
pub use jobs::{on_start, register, subscriptions};
pub use model::{
    Account, AccountHealth, AccountKind, AccountPatch, FailureRow, FirstReading, Hold, NewAccount,
    PreviewRow, Run, RunKind, RunMode, RunState,
};
pub use service::health::{account_health, first_reading};

use kernel::Permission;
use web::NavItem;

/// See accounts, runs, listings and holds.
pub const EMAG_VIEW: Permission = Permission::new("emag.view");
/// Start synchronisations, retry failures.
pub const EMAG_SYNC: Permission = Permission::new("emag.sync");
/// Connect and change accounts.
pub const EMAG_ACCOUNTS: Permission = Permission::new("emag.accounts");
/// Switch sending on and off, decide what is held.
pub const EMAG_PUSH: Permission = Permission::new("emag.push");

pub const PERMISSIONS: &[Permission] = &[EMAG_VIEW, EMAG_SYNC, EMAG_ACCOUNTS, EMAG_PUSH];

/// Templates and words.
pub static PAGES: ui::SlicePages = ui::slice_pages!(
    "emag",
    templates: ["accounts.html", "account.html", "form.html", "run.html", "offers.html", "holds.html", "_error.html", "_product.html"]
);

/// The entry of the menu.
pub fn nav() -> &'static [NavItem] {
    const NAV: &[NavItem] = &[NavItem {
        href: "/emag",
        icon: "store",
        key: "nav-emag",
        access: Some(EMAG_VIEW),
        order: 50,
    }];
    NAV
}

/// REST and pages.
pub fn routes() -> web::Routes {
    api::routes().merge(pages::routes())
}
