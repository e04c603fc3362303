//! What this slice tells the slices to its right, in the same transaction as the change.

use jobs::Event;
use kernel::{OrderId, OrderLineId, ProductId};
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

/// These lines asked for more units than there are; each is told once per shortage, not at every look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OversellRefused {
    pub lines: Vec<OrderLineId>,
}

impl Event for OversellRefused {
    const NAME: &'static str = "orders.oversell_refused";
}

/// A person said which article of ours a channel means by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleNamed {
    pub channel: String,
    pub channel_account: i64,
    pub external_product_id: String,
    pub product: ProductId,
}

impl Event for ArticleNamed {
    const NAME: &'static str = "orders.article_named";
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
