//! The state machine of an order. Every pair of state and action is named, so that a new state breaks the build and
//! not the warehouse.

use kernel::Refusal;

use super::text_enum;

text_enum! {
    /// Where an order stands.
    OrderStatus {
        /// Came in; nobody has looked yet. Own stock is already reserved.
        New => "new",
        /// Accepted; to be packed.
        Confirmed => "confirmed",
        /// In a parcel; to be handed over.
        Packed => "packed",
        /// Handed to the courier; the goods have left the stock.
        Shipped => "shipped",
        /// Will not be sent; what was reserved is free again.
        Cancelled => "cancelled",
        /// Came back after shipping. What is sellable of it is booked in by a person who has looked at it.
        Returned => "returned",
    }
}

impl OrderStatus {
    /// Open orders hold reservations; the others do not.
    pub const fn is_open(self) -> bool {
        match self {
            Self::New | Self::Confirmed | Self::Packed => true,
            Self::Shipped | Self::Cancelled | Self::Returned => false,
        }
    }
}

/// What people do to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Confirm,
    Pack,
    Ship,
    Cancel,
    Return,
}

impl Action {
    pub const ALL: [Self; 5] = [Self::Confirm, Self::Pack, Self::Ship, Self::Cancel, Self::Return];

    /// The word in addresses and translation keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Pack => "pack",
            Self::Ship => "ship",
            Self::Cancel => "cancel",
            Self::Return => "return",
        }
    }
}

/// What an action does to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    To(OrderStatus),
    /// It was done before; doing it twice changes nothing.
    Already,
}

/// Whether an action is legal in a state. The refusal names the obstacle.
pub fn step(from: OrderStatus, action: Action) -> Result<Step, Refusal> {
    use OrderStatus::{Cancelled, Confirmed, New, Packed, Returned, Shipped};
    let refused = |code| Err(Refusal::new(code));
    match action {
        Action::Confirm => match from {
            New => Ok(Step::To(Confirmed)),
            Confirmed | Packed => Ok(Step::Already),
            Shipped => refused("orders-refused-already-shipped"),
            Cancelled => refused("orders-refused-cancelled"),
            Returned => refused("orders-refused-returned"),
        },
        Action::Pack => match from {
            New => refused("orders-refused-not-confirmed"),
            Confirmed => Ok(Step::To(Packed)),
            Packed => Ok(Step::Already),
            Shipped => refused("orders-refused-already-shipped"),
            Cancelled => refused("orders-refused-cancelled"),
            Returned => refused("orders-refused-returned"),
        },
        Action::Ship => match from {
            New => refused("orders-refused-not-confirmed"),
            Confirmed | Packed => Ok(Step::To(Shipped)),
            Shipped => Ok(Step::Already),
            Cancelled => refused("orders-refused-cancelled"),
            Returned => refused("orders-refused-returned"),
        },
        Action::Cancel => match from {
            New | Confirmed | Packed => Ok(Step::To(Cancelled)),
            Shipped => refused("orders-refused-already-shipped"),
            Cancelled => Ok(Step::Already),
            Returned => refused("orders-refused-returned"),
        },
        Action::Return => match from {
            New | Confirmed | Packed => refused("orders-refused-not-shipped"),
            Shipped => Ok(Step::To(Returned)),
            Cancelled => refused("orders-refused-cancelled"),
            Returned => Ok(Step::Already),
        },
    }
}
