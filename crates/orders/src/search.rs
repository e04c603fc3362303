//! What lists are asked by, and their rows: filters, sort orders, figures for the dashboard.

use chrono::NaiveDate;
use kernel::{CustomerId, Money, OrderId, OrderLineId, Timestamp};

use crate::model::{Channel, CustomerKind, OrderStatus};

/// Which orders are wanted. Everything absent means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    pub channel: Option<Channel>,
    pub customer: Option<CustomerId>,
    /// Only open orders that we ship.
    pub to_ship: bool,
    /// Only open orders with a short or unresolved line.
    pub attention: bool,
    /// Inclusive.
    pub placed_from: Option<Timestamp>,
    /// Exclusive.
    pub placed_before: Option<Timestamp>,
    /// Words of the number or of the customer; diacritics do not matter.
    pub q: Option<String>,
}

/// What the list of orders is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderSort {
    #[default]
    Placed,
    /// Orders without a deadline stand last.
    ShipBy,
    Total,
    Number,
}

impl OrderSort {
    pub const ALL: [Self; 4] = [Self::Placed, Self::ShipBy, Self::Total, Self::Number];

    /// The word in `?sort=`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed_at",
            Self::ShipBy => "ship_by",
            Self::Total => "total",
            Self::Number => "number",
        }
    }

    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Placed => "o.placed_at",
            Self::ShipBy => "COALESCE(o.ship_by, 'infinity')",
            Self::Total => "o.total_gross",
            Self::Number => "o.number",
        }
    }
}

/// What the list of customers is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CustomerSort {
    #[default]
    Name,
    Created,
}

impl CustomerSort {
    pub const ALL: [Self; 2] = [Self::Name, Self::Created];

    /// The word in `?sort=`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Created => "created_at",
        }
    }

    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Name => "c.name",
            Self::Created => "c.created_at",
        }
    }
}

/// Smallest or largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    pub(crate) const fn sql(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }
}

/// Which customers are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    pub kind: Option<CustomerKind>,
    pub channel: Option<Channel>,
    /// Words of the name, e-mail, phone or tax code.
    pub q: Option<String>,
}

/// A row of the list of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRow {
    pub id: CustomerId,
    pub kind: CustomerKind,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub tax_id: Option<String>,
    pub tax_id_suspect: bool,
    pub channel: Channel,
    pub orders: i64,
    pub last_order_at: Option<Timestamp>,
    pub version: i64,
}

/// What the people who pack must know now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desk {
    /// Open orders that we ship.
    pub to_ship: i64,
    /// Of these: the deadline has passed.
    pub overdue: i64,
    /// Open orders with a short line.
    pub short_orders: i64,
    /// Lines of open orders whose article nobody knows.
    pub unresolved_lines: i64,
    /// The next deadlines, overdue ones first.
    pub next: Vec<DeskOrder>,
}

/// An order with a deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskOrder {
    pub id: OrderId,
    pub number: String,
    pub customer: String,
    pub ship_by: Timestamp,
    pub short_lines: i32,
    pub unresolved_lines: i32,
}

/// Sales of one day in Bucharest, in the company's currency; cancelled and returned orders do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SalesDay {
    pub date: NaiveDate,
    pub orders: i64,
    pub gross: Money,
}

/// Orders in one status, for the tabs of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCount {
    pub status: OrderStatus,
    /// Up to [`StatusCount::MOST`]; at that figure there may be more.
    pub orders: i64,
}

impl StatusCount {
    /// Counting further would cost more than the figure is worth.
    pub const MOST: i64 = 100_000;
}

/// A line of an open order whose article nobody knows yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnresolvedLine {
    pub line_id: OrderLineId,
    pub order_id: OrderId,
    pub order_number: String,
    pub channel: Channel,
    /// Which of several shops of the channel.
    pub channel_account: i64,
    pub sku: Option<String>,
    pub external_product_id: Option<String>,
    pub name: String,
    pub quantity: i64,
    pub placed_at: Timestamp,
}

/// Something in the books of orders that contradicts something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub order_id: OrderId,
    pub order_number: String,
    pub line_id: Option<OrderLineId>,
    /// Stable word for what is wrong.
    pub problem: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "order {} ({})", self.order_number, self.order_id)?;
        if let Some(line) = self.line_id {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}
