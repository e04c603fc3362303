//! The one table of paths, buckets, methods and retry rules (eMAG API 4.4.9 sections 5 and 7).
//!
//! The printed document repeats `/api-3` for some resources and leaves it out for others: paths are joined only here.

use std::time::Duration;

use crate::retry::Retry;
use crate::transport::Method;

/// A rate budget of one account. Calls of one bucket are counted together whatever their route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bucket {
    /// Everything under `/order`: 12 per second and 720 per minute.
    Orders,
    /// Everything else added together: 3 per second and 180 per minute.
    Other,
    /// `documentation/find_by_eans`: 5 per second, 200 per minute, 5 000 per day.
    Ean,
}

impl Bucket {
    /// The name used in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Other => "other",
            Self::Ean => "ean",
        }
    }
}

/// A partner route, with the id where the id is part of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    CategoryRead,
    CategoryCount,
    VatRead,
    HandlingTimeRead,
    ProductOfferRead,
    ProductOfferCount,
    ProductOfferSave,
    OfferSave,
    OfferStock(u64),
    FindByEans,
    OrderRead,
    OrderCount,
    OrderSave,
    OrderAcknowledge(u64),
    OrderUnlockCourier(u64),
    AwbRead,
    AwbSave,
}

/// Catalogue reads were seen to take 60 to 90 s on a bad day.
const READ_TIMEOUT: Duration = Duration::from_secs(90);
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

impl Route {
    /// Name for logs and metrics: the path without ids, so that the number of names stays bounded.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CategoryRead => "category/read",
            Self::CategoryCount => "category/count",
            Self::VatRead => "vat/read",
            Self::HandlingTimeRead => "handling_time/read",
            Self::ProductOfferRead => "product_offer/read",
            Self::ProductOfferCount => "product_offer/count",
            Self::ProductOfferSave => "product_offer/save",
            Self::OfferSave => "offer/save",
            Self::OfferStock(_) => "offer_stock",
            Self::FindByEans => "documentation/find_by_eans",
            Self::OrderRead => "order/read",
            Self::OrderCount => "order/count",
            Self::OrderSave => "order/save",
            Self::OrderAcknowledge(_) => "order/acknowledge",
            Self::OrderUnlockCourier(_) => "order/unlock-courier",
            Self::AwbRead => "awb/read",
            Self::AwbSave => "awb/save",
        }
    }

    /// The path below the API base, with its leading slash.
    pub fn path(self) -> String {
        match self {
            Self::OfferStock(id) => format!("/offer_stock/{id}"),
            Self::OrderAcknowledge(id) => format!("/order/acknowledge/{id}"),
            Self::OrderUnlockCourier(id) => format!("/order/{id}/unlock-courier"),
            Self::CategoryRead
            | Self::CategoryCount
            | Self::VatRead
            | Self::HandlingTimeRead
            | Self::ProductOfferRead
            | Self::ProductOfferCount
            | Self::ProductOfferSave
            | Self::OfferSave
            | Self::FindByEans
            | Self::OrderRead
            | Self::OrderCount
            | Self::OrderSave
            | Self::AwbRead
            | Self::AwbSave => format!("/{}", self.name()),
        }
    }

    pub const fn method(self) -> Method {
        match self {
            Self::OfferStock(_) => Method::Patch,
            Self::FindByEans => Method::Get,
            Self::CategoryRead
            | Self::CategoryCount
            | Self::VatRead
            | Self::HandlingTimeRead
            | Self::ProductOfferRead
            | Self::ProductOfferCount
            | Self::ProductOfferSave
            | Self::OfferSave
            | Self::OrderRead
            | Self::OrderCount
            | Self::OrderSave
            | Self::OrderAcknowledge(_)
            | Self::OrderUnlockCourier(_)
            | Self::AwbRead
            | Self::AwbSave => Method::Post,
        }
    }

    pub const fn bucket(self) -> Bucket {
        match self {
            Self::OrderRead
            | Self::OrderCount
            | Self::OrderSave
            | Self::OrderAcknowledge(_)
            | Self::OrderUnlockCourier(_) => Bucket::Orders,
            Self::FindByEans => Bucket::Ean,
            Self::CategoryRead
            | Self::CategoryCount
            | Self::VatRead
            | Self::HandlingTimeRead
            | Self::ProductOfferRead
            | Self::ProductOfferCount
            | Self::ProductOfferSave
            | Self::OfferSave
            | Self::OfferStock(_)
            | Self::AwbRead
            | Self::AwbSave => Bucket::Other,
        }
    }

    /// Whether the same call may be sent twice. Saves are idempotent by entity id; a label is not.
    pub const fn retry(self) -> Retry {
        match self {
            Self::AwbSave => Retry::Never,
            Self::CategoryRead
            | Self::CategoryCount
            | Self::VatRead
            | Self::HandlingTimeRead
            | Self::ProductOfferRead
            | Self::ProductOfferCount
            | Self::ProductOfferSave
            | Self::OfferSave
            | Self::OfferStock(_)
            | Self::FindByEans
            | Self::OrderRead
            | Self::OrderCount
            | Self::OrderSave
            | Self::OrderAcknowledge(_)
            | Self::OrderUnlockCourier(_)
            | Self::AwbRead => Retry::Idempotent,
        }
    }

    /// How long an answer may take.
    pub const fn timeout(self) -> Duration {
        match self {
            Self::CategoryRead | Self::ProductOfferRead | Self::OrderRead => READ_TIMEOUT,
            Self::CategoryCount
            | Self::VatRead
            | Self::HandlingTimeRead
            | Self::ProductOfferCount
            | Self::ProductOfferSave
            | Self::OfferSave
            | Self::OfferStock(_)
            | Self::FindByEans
            | Self::OrderCount
            | Self::OrderSave
            | Self::OrderAcknowledge(_)
            | Self::OrderUnlockCourier(_)
            | Self::AwbRead
            | Self::AwbSave => WRITE_TIMEOUT,
        }
    }
}
