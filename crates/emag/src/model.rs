//! The slice's words and decisions. Pure: no clock, no database, no call.

mod account;
mod code;
mod health;
mod offer;
mod order;
mod push;
mod run;

pub use account::{Account, AccountKind, AccountPatch, NewAccount};
pub(crate) use code::text_code;
pub use health::{AccountHealth, FirstReading};
pub(crate) use offer::{ListingRow, listing_of, without_nul};
pub(crate) use order::{ImportedOrder, Shop, ack_after, translate};
pub(crate) use push::{
    GENUINE_CAUSES, PriceChange, PriceDecision, StockChange, decide_price, split_zeros, wanted_stock,
};
pub use push::{Hold, PreviewRow};
pub use run::{FailureRow, Run, RunKind, RunMode, RunState};
pub(crate) use run::{NAMELESS, OffersCursor, OrderPage, OrdersCursor, Tally};
