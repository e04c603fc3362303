//! The vocabulary of the house: typed ids, money, quantities, codes, the clock, pages, permissions, actors, refusals.
//!
//! Always holds: a value of these types cannot be wrong, because it was parsed at the edge. Never does any I/O and
//! knows no business rule of a slice.

mod actor;
mod clock;
mod code;
mod ids;
mod locale;
mod money;
mod page;
mod permission;
mod quantity;
mod refusal;
mod vat;

pub use actor::{Actor, ActorKind, Denied, RequestId};
pub use clock::{Clock, ManualClock};
pub use code::{CodeError, Ean, Sku, normalise_text};
pub use ids::*;
pub use locale::{BUCHAREST, Locale};
pub use money::{Currency, Gross, Money, MoneyError, Net, Rounding};
pub use page::{Cursor, CursorError, Limit, Page, PageRequest};
pub use permission::{Permission, PermissionSet};
pub use quantity::{Quantity, QuantityError};
pub use refusal::{Param, Refusal};
pub use vat::{VatRate, VatRateError};

/// Times inside the house are always UTC; zones exist only at the edge.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
