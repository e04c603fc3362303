//! What happened to stock; written in the transaction that did it.

use jobs::Event;
use kernel::{OrderLineId, ProductId};
use serde::{Deserialize, Serialize};

/// On-hand or reserved units of these products changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockChanged {
    pub products: Vec<ProductId>,
    /// A movement's cause, or `reservation` / `release`.
    pub cause: String,
}

impl Event for StockChanged {
    const NAME: &'static str = "inventory.stock_changed";
}

/// More units of these products are available than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitsFreed {
    pub products: Vec<ProductId>,
}

impl Event for UnitsFreed {
    const NAME: &'static str = "inventory.units_freed";
}

/// A count or damage left less than was promised: these order lines lost units, the youngest promise first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationsLost {
    pub lines: Vec<OrderLineId>,
}

impl Event for ReservationsLost {
    const NAME: &'static str = "inventory.reservations_lost";
}
