//! The marketplace's address book: which path and method means which action, and which rate bucket it draws on.

use axum::http::Method;

use crate::limits::Bucket;

/// One action of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    CategoryRead,
    CategoryCount,
    VatRead,
    HandlingTimeRead,
    OfferRead,
    OfferCount,
    ProductOfferSave,
    OfferSave,
    OfferStock(u64),
    FindByEans,
    OrderRead,
    OrderCount,
    OrderSave,
    OrderAcknowledge(u64),
    UnlockCourier(u64),
    LocalityRead,
    LocalityCount,
    CourierAccountsRead,
    AddressesRead,
    AwbSave,
    AwbRead,
    AwbReadPdf,
    RmaRead,
    RmaCount,
    MessageRead,
    MessageCount,
    MessageSave,
}

impl Route {
    /// `None` for an unknown path or the wrong method; both are `Invalid URL`.
    pub(crate) fn find(method: &Method, path: &str) -> Option<Route> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let bare = segments
            .iter()
            .position(|segment| *segment != "api-3")
            .unwrap_or(segments.len());
        let rest = segments.get(bare..).unwrap_or_default();
        // Two prefixes are what the document's resource table spells; labels are printed without any.
        let allowed = matches!(bare, 1 | 2) || matches!(rest, ["awb", "read_pdf" | "read_zpl"]);
        if !allowed {
            return None;
        }
        if method == Method::POST {
            Route::posted(rest)
        } else if method == Method::PATCH {
            if let ["offer_stock", id] = rest {
                id.parse().ok().map(Route::OfferStock)
            } else {
                None
            }
        } else if method == Method::GET {
            match rest {
                ["documentation", "find_by_eans"] => Some(Route::FindByEans),
                ["awb", "read_pdf"] => Some(Route::AwbReadPdf),
                _ => None,
            }
        } else {
            None
        }
    }

    fn posted(rest: &[&str]) -> Option<Route> {
        Some(match rest {
            ["category", "read"] => Route::CategoryRead,
            ["category", "count"] => Route::CategoryCount,
            ["vat", "read"] => Route::VatRead,
            ["handling_time", "read"] => Route::HandlingTimeRead,
            ["product_offer", "read"] => Route::OfferRead,
            ["product_offer", "count"] => Route::OfferCount,
            ["product_offer", "save"] => Route::ProductOfferSave,
            ["offer", "save"] => Route::OfferSave,
            ["order", "read"] => Route::OrderRead,
            ["order", "count"] => Route::OrderCount,
            ["order", "save"] => Route::OrderSave,
            ["order", "acknowledge", id] => Route::OrderAcknowledge(id.parse().ok()?),
            ["order", id, "unlock-courier"] => Route::UnlockCourier(id.parse().ok()?),
            ["locality", "read"] => Route::LocalityRead,
            ["locality", "count"] => Route::LocalityCount,
            ["courier_accounts", "read"] => Route::CourierAccountsRead,
            ["addresses", "read"] => Route::AddressesRead,
            ["awb", "save"] => Route::AwbSave,
            ["awb", "read"] => Route::AwbRead,
            ["rma", "read"] => Route::RmaRead,
            ["rma", "count"] => Route::RmaCount,
            ["message", "read"] => Route::MessageRead,
            ["message", "count"] => Route::MessageCount,
            ["message", "save"] => Route::MessageSave,
            _ => return None,
        })
    }

    /// The name faults are chosen by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Route::CategoryRead => "category/read",
            Route::CategoryCount => "category/count",
            Route::VatRead => "vat/read",
            Route::HandlingTimeRead => "handling_time/read",
            Route::OfferRead => "product_offer/read",
            Route::OfferCount => "product_offer/count",
            Route::ProductOfferSave => "product_offer/save",
            Route::OfferSave => "offer/save",
            Route::OfferStock(_) => "offer_stock",
            Route::FindByEans => "documentation/find_by_eans",
            Route::OrderRead => "order/read",
            Route::OrderCount => "order/count",
            Route::OrderSave => "order/save",
            Route::OrderAcknowledge(_) => "order/acknowledge",
            Route::UnlockCourier(_) => "order/unlock-courier",
            Route::LocalityRead => "locality/read",
            Route::LocalityCount => "locality/count",
            Route::CourierAccountsRead => "courier_accounts/read",
            Route::AddressesRead => "addresses/read",
            Route::AwbSave => "awb/save",
            Route::AwbRead => "awb/read",
            Route::AwbReadPdf => "awb/read_pdf",
            Route::RmaRead => "rma/read",
            Route::RmaCount => "rma/count",
            Route::MessageRead => "message/read",
            Route::MessageCount => "message/count",
            Route::MessageSave => "message/save",
        }
    }

    pub(crate) fn bucket(self) -> Bucket {
        if self == Route::FindByEans {
            Bucket::EanSearch
        } else if self.name().starts_with("order/") {
            Bucket::Orders
        } else {
            Bucket::Other
        }
    }

    /// Saves of lists, which may carry at most fifty entities.
    pub(crate) fn is_list_save(self) -> bool {
        matches!(
            self,
            Route::ProductOfferSave | Route::OfferSave | Route::OrderSave
        )
    }

    pub(crate) fn is_paged_read(self) -> bool {
        matches!(
            self,
            Route::CategoryRead | Route::OfferRead | Route::OrderRead | Route::LocalityRead | Route::RmaRead
        )
    }
}
