//! Articles: codes, names, prices, VAT, and how they are found.
//!
//! Always holds: an article has one current code, and every code it ever had still finds it; the net price is what is
//! kept, the gross one is reckoned from it. Never knows a marketplace or a supplier; reads stock figures only to show
//! and filter them in its list (docs/decisions/0005).

mod api;
mod error;
mod events;
mod model;
mod pages;
pub mod service;
mod store;

pub use api::openapi;
pub use error::CatalogError;
pub use events::{PriceChanged, ProductChanged};
pub use model::{
    Category, ChannelArticle, ChannelOutcome, NewProduct, OldSku, PriceChange, Product, ProductFilter,
    ProductPatch, ProductRow, ProductSort, ProductStatus, SortKey, StockFilter, StockLevels,
};
pub use service::{resolve_eans, resolve_many, upsert_from_channel, vat_rate_on};

use kernel::Permission;
use web::NavItem;

/// See articles, prices and own stock in lists.
pub const CATALOG_VIEW: Permission = Permission::new("catalog.view");
/// Create, change and archive articles.
pub const CATALOG_EDIT: Permission = Permission::new("catalog.edit");
/// Change prices and VAT rates.
pub const CATALOG_PRICE: Permission = Permission::new("catalog.price");

pub const PERMISSIONS: &[Permission] = &[CATALOG_VIEW, CATALOG_EDIT, CATALOG_PRICE];

/// Templates and words.
pub static PAGES: ui::SlicePages = ui::slice_pages!(
    "catalog",
    templates: ["list.html", "show.html", "form.html", "_price.html"]
);

/// The entry of the menu.
pub fn nav() -> &'static [NavItem] {
    const NAV: &[NavItem] = &[NavItem {
        href: "/products",
        icon: "package",
        key: "nav-products",
        access: Some(CATALOG_VIEW),
        order: 30,
    }];
    NAV
}

/// REST and pages.
pub fn routes() -> web::Routes {
    api::routes().merge(pages::routes())
}

#[cfg(test)]
mod tests;
