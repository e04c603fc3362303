//! What this slice tells the slices to its right, in the same transaction as the change.

use jobs::Event;
use kernel::OrderId;
use serde::{Deserialize, Serialize};

/// An order came in, by hand or from a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlaced {
    pub order: OrderId,
}

/// An order will not be sent; its reservations are free again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelled {
    pub order: OrderId,
}

/// The goods left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipped {
    pub order: OrderId,
}

impl Event for OrderPlaced {
    const NAME: &'static str = "orders.placed";
}

impl Event for OrderCancelled {
    const NAME: &'static str = "orders.cancelled";
}

impl Event for OrderShipped {
    const NAME: &'static str = "orders.shipped";
}
