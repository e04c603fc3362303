//! What the catalogue tells the rest of the house, in the transaction of the change.

use kernel::ProductId;
use serde::{Deserialize, Serialize};

/// Net price or VAT rate of these articles changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChanged {
    pub products: Vec<ProductId>,
}

impl jobs::Event for PriceChanged {
    const NAME: &'static str = "catalog.price_changed";
}

/// Anything about these articles changed; also told of new ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductChanged {
    pub products: Vec<ProductId>,
}

impl jobs::Event for ProductChanged {
    const NAME: &'static str = "catalog.product_changed";
}
