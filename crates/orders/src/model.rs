//! The words and rules of selling: orders, lines, customers, the state machine, totals. Pure: no clock, no database.
//!
//! Always holds: a status changes only through [`step`] when people act; the gross of an order is the sum of the gross
//! of its lines, each rounded once, and its shipping. Never knows a marketplace's own words.

mod customer;
mod line;
mod status;
mod tax_id;
mod text_enum;
mod totals;
mod working_days;

pub use customer::{Address, Customer, CustomerKind, CustomerPatch, NewCustomer};
pub(crate) use customer::{CustomerProblem, checked_by_a_person, cleaned};
pub use line::{Line, LineStatus, NewLine};
pub(crate) use line::{LinePlan, PricedLine, plan_lines};
pub use status::{Action, OrderStatus, Step, step};
pub use tax_id::{TaxIdError, check_romanian_tax_id};
pub(crate) use text_enum::text_enum;
pub use totals::{LineTotals, OrderTotals, line_totals, order_totals};
pub use working_days::ship_by_default;

use kernel::{Currency, CustomerId, Money, OrderId, OrderLineId, Timestamp, WarehouseId};

text_enum! {
    /// Where an order comes from.
    Channel {
        /// Typed by a person or sent to the API by a program of the firm.
        Manual => "manual",
        /// The firm's own web shop.
        Shop => "shop",
        /// The eMAG marketplace.
        Emag => "emag",
    }
}

text_enum! {
    /// Who ships.
    Fulfilment {
        /// We ship from our own warehouse, so open lines reserve stock.
        Own => "own",
        /// The marketplace ships from its own stock; nothing of ours is reserved.
        Marketplace => "marketplace",
    }
}

text_enum! {
    /// How the customer pays.
    PaymentMethod {
        CashOnDelivery => "cash_on_delivery",
        BankTransfer => "bank_transfer",
        Card => "card",
        Other => "other",
    }
}

/// An order as it comes in, by hand or from a channel.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub channel: Channel,
    /// Which of several shops of the channel; 0 where there is one.
    pub channel_account: i64,
    /// The channel's own key; the same key again is the same order.
    pub external_id: Option<String>,
    /// What people call it; `None` takes the next own number, `SO-000123`.
    pub number: Option<String>,
    pub customer: NewCustomer,
    pub lines: Vec<NewLine>,
    pub currency: Currency,
    pub placed_at: Timestamp,
    pub fulfilment: Fulfilment,
    pub payment_method: PaymentMethod,
    pub is_paid: bool,
    /// What the customer pays for shipping, with VAT.
    pub shipping_gross: Money,
    /// Taken as it is by [`crate::service::upsert_external`]; an order placed by hand begins as `New`.
    pub status: OrderStatus,
    /// Needed when `status` is `Cancelled`; a channel that gives none is recorded as its own word.
    pub cancel_reason: Option<String>,
    /// Where the goods leave from; `None` is the first own warehouse.
    pub warehouse: Option<WarehouseId>,
    /// `None`: two working days after `placed_at`.
    pub ship_by: Option<Timestamp>,
    pub note: Option<String>,
}

/// An order with its customer and lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub id: OrderId,
    pub number: String,
    pub channel: Channel,
    pub channel_account: i64,
    pub external_id: Option<String>,
    pub status: OrderStatus,
    pub fulfilment: Fulfilment,
    pub currency: Currency,
    /// Goods without VAT.
    pub total_net: Money,
    /// Goods with VAT, and shipping: what the customer pays.
    pub total_gross: Money,
    pub shipping_gross: Money,
    pub payment_method: PaymentMethod,
    pub is_paid: bool,
    pub unresolved_lines: i32,
    pub short_lines: i32,
    pub cancel_reason: Option<String>,
    pub note: Option<String>,
    pub warehouse: Option<WarehouseId>,
    /// Where it goes, as it stood when the order came.
    pub ship_to: Address,
    pub placed_at: Timestamp,
    pub ship_by: Option<Timestamp>,
    pub shipped_at: Option<Timestamp>,
    pub version: i64,
    pub updated_at: Timestamp,
    pub customer: Customer,
    pub lines: Vec<Line>,
}

/// A row of the list of orders.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRow {
    pub id: OrderId,
    pub number: String,
    pub channel: Channel,
    pub external_id: Option<String>,
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub status: OrderStatus,
    pub fulfilment: Fulfilment,
    pub total_gross: Money,
    pub unresolved_lines: i32,
    pub short_lines: i32,
    pub placed_at: Timestamp,
    pub ship_by: Option<Timestamp>,
    pub version: i64,
}

/// What became of one line: how much is promised from stock and how much is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineOutcome {
    pub line_id: OrderLineId,
    pub reserved: i64,
    pub short: i64,
}

/// A placed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub order_id: OrderId,
    /// False when the same external id had been placed before; then nothing was changed.
    pub created: bool,
    /// In the order of the lines.
    pub lines: Vec<LineOutcome>,
}

/// What an order of a channel did to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upserted {
    pub order_id: OrderId,
    pub created: bool,
    /// Whether anything was written; false for a repeated call.
    pub changed: bool,
}
