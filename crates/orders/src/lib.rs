//! Customers and sales orders: what was sold to whom, what is promised, what is short, what left.
//!
//! Always holds: an order of a channel exists once however often it arrives; an open order that we ship has every unit
//! of its known articles either reserved or counted as short; totals are the sum of their parts. Never writes stock
//! itself (that is `inventory`), never knows a marketplace's wire words (that is the marketplace's slice).

mod api;
mod error;
mod events;
mod jobs;
mod model;
mod pages;
mod search;
pub mod service;
mod store;
#[cfg(test)]
mod tests;

pub use api::openapi;
pub use error::{FieldProblem, OrderError};
pub use events::{ArticleNamed, OrderCancelled, OrderPlaced, OrderShipped, OversellRefused};
pub use jobs::{register, subscriptions};
pub use model::{
    Action, Address, Channel, Customer, CustomerKind, CustomerPatch, Fulfilment, Line, LineOutcome,
    LineStatus, LineTotals, NewCustomer, NewLine, NewOrder, Order, OrderRow, OrderStatus, OrderTotals,
    PaymentMethod, Placed, Step, TaxIdError, Upserted, check_romanian_tax_id, line_totals, order_totals,
    ship_by_default, step,
};
pub use pages::nav;
pub use search::{
    CustomerFilter, CustomerRow, CustomerSort, Desk, DeskOrder, Direction, Finding, OrderFilter, OrderSort,
    SalesDay, StatusCount, UnresolvedLine,
};
pub use service::{desk, orders_to_ship, sales_per_day, verify};

use kernel::Permission;

pub const ORDERS_VIEW: Permission = Permission::new("orders.view");
pub const ORDERS_EDIT: Permission = Permission::new("orders.edit");
pub const ORDERS_SHIP: Permission = Permission::new("orders.ship");
pub const ORDERS_CANCEL: Permission = Permission::new("orders.cancel");
pub const CUSTOMERS_VIEW: Permission = Permission::new("customers.view");
pub const CUSTOMERS_EDIT: Permission = Permission::new("customers.edit");

/// Everything this slice lets an administrator grant.
pub const PERMISSIONS: &[Permission] = &[
    ORDERS_VIEW,
    ORDERS_EDIT,
    ORDERS_SHIP,
    ORDERS_CANCEL,
    CUSTOMERS_VIEW,
    CUSTOMERS_EDIT,
];

/// Templates and words.
pub static PAGES: ui::SlicePages = ui::slice_pages!(
    "orders",
    templates: ["_table.html", "customer.html", "customers.html", "list.html", "new.html", "show.html", "unresolved.html"]
);

/// REST and pages.
pub fn routes() -> web::Routes {
    api::routes().merge(pages::routes())
}
