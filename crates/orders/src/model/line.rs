//! Lines of an order, and what a changed order of a channel does to the lines on record.

use std::collections::{HashMap, HashSet};

use kernel::{Currency, Gross, Money, MoneyError, Net, OrderLineId, ProductId, VatRate};

use super::{LineTotals, OrderStatus, line_totals, text_enum};

text_enum! {
    /// Whether a line counts.
    LineStatus {
        Active => "active",
        /// Cancelled or gone from the channel's order; kept for the record, counts in no sum.
        Cancelled => "cancelled",
    }
}

/// A line as it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The channel's own key of the line; the same key again is the same line.
    pub external_line_id: Option<String>,
    /// `None` with a `sku`: found by the code, also by an old one.
    pub product: Option<ProductId>,
    pub sku: Option<String>,
    pub external_product_id: Option<String>,
    /// What the channel calls the article; `None` takes the product's name.
    pub name: Option<String>,
    /// Above zero.
    pub quantity: i64,
    /// Price of one unit; `None` takes the product's.
    pub price_net: Option<Net>,
    /// `None` takes the product's.
    pub vat: Option<VatRate>,
    /// Vouchers and discounts of the whole line, zero or below.
    pub discount_net: Money,
    /// The VAT of the discount, zero or below.
    pub discount_vat: Money,
    /// False for a line the channel cancelled.
    pub active: bool,
}

impl NewLine {
    /// A line of a code and a quantity, at the product's price.
    pub fn of_sku(sku: impl Into<String>, quantity: i64) -> Self {
        Self {
            external_line_id: None,
            product: None,
            sku: Some(sku.into()),
            external_product_id: None,
            name: None,
            quantity,
            price_net: None,
            vat: None,
            discount_net: Money::zero(Currency::RON),
            discount_vat: Money::zero(Currency::RON),
            active: true,
        }
    }

    /// A line of a product and a quantity, at the product's price.
    pub fn of_product(product: ProductId, quantity: i64) -> Self {
        Self {
            product: Some(product),
            sku: None,
            ..Self::of_sku("", quantity)
        }
    }
}

/// A line on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: OrderLineId,
    pub position: i32,
    pub external_line_id: Option<String>,
    /// `None`: unresolved; nobody knows yet which article this is.
    pub product: Option<ProductId>,
    pub sku: Option<String>,
    pub external_product_id: Option<String>,
    pub name: String,
    pub quantity: i64,
    pub price_net: Net,
    pub vat: VatRate,
    pub discount_net: Money,
    pub discount_vat: Money,
    pub status: LineStatus,
    /// Units promised from stock.
    pub reserved: i64,
    /// Units wanted and not promised.
    pub short: i64,
    /// Units that left the stock.
    pub shipped: i64,
}

impl Line {
    pub fn totals(&self) -> Result<LineTotals, MoneyError> {
        line_totals(
            self.price_net.0,
            self.quantity,
            self.vat,
            self.discount_net,
            self.discount_vat,
        )
    }

    /// Price of one unit with VAT, before discounts.
    pub fn price_gross(&self) -> Result<Gross, MoneyError> {
        self.vat.gross(self.price_net)
    }

    pub fn is_unresolved(&self) -> bool {
        self.status == LineStatus::Active && self.product.is_none()
    }

    /// Units that should be promised from our stock while the order stands like this.
    pub(crate) fn wanted(&self, order: OrderStatus, ships_itself: bool) -> i64 {
        let counts = order.is_open() && ships_itself && self.status == LineStatus::Active;
        if counts && self.product.is_some() {
            (self.quantity - self.shipped).max(0)
        } else {
            0
        }
    }
}

/// A line with everything known that is stored of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PricedLine {
    pub(crate) external_line_id: Option<String>,
    pub(crate) product: Option<ProductId>,
    pub(crate) sku: Option<String>,
    pub(crate) external_product_id: Option<String>,
    pub(crate) name: String,
    /// Zero: the channel says that nothing of it is left.
    pub(crate) quantity: i64,
    pub(crate) price_net: Net,
    pub(crate) vat: VatRate,
    pub(crate) discount_net: Money,
    pub(crate) discount_vat: Money,
    pub(crate) status: LineStatus,
}

impl PricedLine {
    /// The product that stays on the line: one that was found before (perhaps by a person) is kept as long as the
    /// channel means the same article.
    fn product_over(&self, old: &Line) -> Option<ProductId> {
        let same_article = self.sku == old.sku && self.external_product_id == old.external_product_id;
        if same_article {
            old.product.or(self.product)
        } else {
            self.product
        }
    }

    fn says_the_same(&self, old: &Line) -> bool {
        self.product == old.product
            && self.sku == old.sku
            && self.external_product_id == old.external_product_id
            && self.name == old.name
            && self.quantity == old.quantity
            && self.price_net == old.price_net
            && self.vat == old.vat
            && self.discount_net == old.discount_net
            && self.discount_vat == old.discount_vat
            && self.status == old.status
    }
}

/// What must be written so that the lines on record say what the channel says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinePlan {
    pub(crate) insert: Vec<PricedLine>,
    pub(crate) update: Vec<(OrderLineId, PricedLine)>,
    /// Gone from the channel's order.
    pub(crate) cancel: Vec<OrderLineId>,
    /// Lines whose article changes: their promise is of the old one and must end first.
    pub(crate) release: Vec<OrderLineId>,
}

impl LinePlan {
    pub(crate) fn is_empty(&self) -> bool {
        self.insert.is_empty() && self.update.is_empty() && self.cancel.is_empty()
    }
}

/// Compares by the channel's line keys; a line without one is compared by its place.
pub(crate) fn plan_lines(old: &[Line], new: Vec<PricedLine>) -> LinePlan {
    let key = |external: Option<&String>, place: usize| match external {
        Some(id) => (Some(id.clone()), 0),
        None => (None, place),
    };
    let on_record: HashMap<_, _> = old
        .iter()
        .enumerate()
        .map(|(place, line)| (key(line.external_line_id.as_ref(), place), line))
        .collect();
    let mut seen = HashSet::new();
    let mut plan = LinePlan::default();
    for (place, mut line) in new.into_iter().enumerate() {
        match on_record.get(&key(line.external_line_id.as_ref(), place)) {
            None => plan.insert.push(line),
            Some(old) => {
                seen.insert(old.id);
                line.product = line.product_over(old);
                // Of a line of which nothing is left the record keeps how many there were.
                if line.quantity == 0 {
                    line.quantity = old.quantity;
                }
                if old.product.is_some() && line.product != old.product {
                    plan.release.push(old.id);
                }
                if !line.says_the_same(old) {
                    plan.update.push((old.id, line));
                }
            }
        }
    }
    plan.cancel = old
        .iter()
        .filter(|line| !seen.contains(&line.id) && line.status == LineStatus::Active)
        .map(|line| line.id)
        .collect();
    plan
}
