//! The words and rules of stock: movements, levels, promises. Pure.

use std::collections::{BTreeMap, HashMap};

use kernel::{MovementId, OrderLineId, ProductId, ReservationId, Timestamp, WarehouseId};
use serde::Serialize;
use utoipa::ToSchema;

/// Why units came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// What was there when an account or product came under our care.
    Opening,
    Order,
    Receipt,
    Count,
    Damage,
    Transfer,
    Return,
    Correction,
    /// The marketplace's own figure, mirrored.
    Marketplace,
}

impl Cause {
    pub const ALL: [Self; 9] = [
        Self::Opening,
        Self::Order,
        Self::Receipt,
        Self::Count,
        Self::Damage,
        Self::Transfer,
        Self::Return,
        Self::Correction,
        Self::Marketplace,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Order => "order",
            Self::Receipt => "receipt",
            Self::Count => "count",
            Self::Damage => "damage",
            Self::Transfer => "transfer",
            Self::Return => "return",
            Self::Correction => "correction",
            Self::Marketplace => "marketplace",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }
}

/// A level's place: which product, where. Levels are always locked in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub product: ProductId,
    pub warehouse: WarehouseId,
}

/// One row for the ledger.
#[derive(Clone, Debug)]
pub struct Movement {
    pub product: ProductId,
    pub warehouse: WarehouseId,
    /// Units, signed, not zero.
    pub delta: i64,
    pub cause: Cause,
    pub reason: Option<String>,
    /// What it belongs to; a movement with a reference is posted once for its product and warehouse.
    pub reference: Option<String>,
}

impl Movement {
    pub(crate) fn place(&self) -> Place {
        Place {
            product: self.product,
            warehouse: self.warehouse,
        }
    }
}

/// How much somebody wants promised for an order line, in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    pub line_id: OrderLineId,
    pub product: ProductId,
    pub warehouse: WarehouseId,
    pub quantity: i64,
}

impl Want {
    pub(crate) fn place(&self) -> Place {
        Place {
            product: self.product,
            warehouse: self.warehouse,
        }
    }
}

/// What became of a want: how much is promised now and how much is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub line_id: OrderLineId,
    pub reserved: i64,
    pub short: i64,
}

/// Stock of a product in a warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Level {
    pub product_id: ProductId,
    pub warehouse_id: WarehouseId,
    pub on_hand: i64,
    pub reserved: i64,
    /// On hand less reserved.
    pub available: i64,
}

/// A promise that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reservation {
    pub id: ReservationId,
    pub product_id: ProductId,
    pub warehouse_id: WarehouseId,
    pub order_line_id: OrderLineId,
    pub quantity: i64,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl Reservation {
    pub(crate) fn place(&self) -> Place {
        Place {
            product: self.product_id,
            warehouse: self.warehouse_id,
        }
    }
}

/// A warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warehouse {
    pub id: WarehouseId,
    pub code: String,
    pub name: String,
    /// `own` or `marketplace`.
    pub kind: String,
    pub is_active: bool,
}

/// A row of the ledger as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MovementRow {
    pub id: MovementId,
    pub product_id: ProductId,
    pub sku: String,
    pub product_name: String,
    pub warehouse_id: WarehouseId,
    pub warehouse: String,
    pub delta: i64,
    pub cause: String,
    pub reason: Option<String>,
    pub reference: Option<String>,
    /// Who posted it, where it was a person.
    pub user_name: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A change to a held promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// The line's first promise for the place.
    New {
        line: OrderLineId,
        place: Place,
        quantity: i64,
    },
    /// More for a promise that is held.
    More {
        reservation: ReservationId,
        quantity: i64,
    },
}

/// Gives what is available to the wants, in their order. A promise is never made smaller here, and never more is
/// promised than is on hand.
pub(crate) fn promise(
    wants: &[Want],
    held: &[Reservation],
    available: &HashMap<Place, i64>,
) -> (Vec<Outcome>, Vec<Promise>) {
    let mut left = available.clone();
    let mut outcomes = Vec::with_capacity(wants.len());
    let mut changes = Vec::new();
    for want in wants {
        let have = held
            .iter()
            .find(|r| r.order_line_id == want.line_id && r.place() == want.place());
        let promised = have.map_or(0, |reservation| reservation.quantity);
        let free = left.entry(want.place()).or_default();
        let more = (want.quantity - promised).clamp(0, (*free).max(0));
        *free -= more;
        let reserved = promised + more;
        if more > 0 {
            changes.push(match have {
                Some(reservation) => Promise::More {
                    reservation: reservation.id,
                    quantity: reserved,
                },
                None => Promise::New {
                    line: want.line_id,
                    place: want.place(),
                    quantity: reserved,
                },
            });
        }
        outcomes.push(Outcome {
            line_id: want.line_id,
            reserved,
            short: (want.quantity - reserved).max(0),
        });
    }
    (outcomes, changes)
}

/// A promise that a loss of goods makes smaller; zero ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) reservation: ReservationId,
    pub(crate) line: OrderLineId,
    pub(crate) quantity: i64,
}

/// Which promises lose units so that no more is promised than will be on hand: the youngest first.
/// `excess` is how many units too many are promised in each place; `held` may stand in any order.
pub(crate) fn cut_youngest(excess: &BTreeMap<Place, i64>, held: &[Reservation]) -> Vec<Cut> {
    let mut youngest: Vec<&Reservation> = held.iter().collect();
    youngest.sort_by_key(|reservation| std::cmp::Reverse(reservation.id));
    let mut left = excess.clone();
    let mut cuts = Vec::new();
    for reservation in youngest {
        let Some(too_many) = left.get_mut(&reservation.place()).filter(|units| **units > 0) else {
            continue;
        };
        let lost = reservation.quantity.min(*too_many);
        *too_many -= lost;
        cuts.push(Cut {
            reservation: reservation.id,
            line: reservation.order_line_id,
            quantity: reservation.quantity - lost,
        });
    }
    cuts
}

/// A figure that breaks a promise of this slice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub product_id: ProductId,
    /// `None`: over all own warehouses.
    pub warehouse_id: Option<WarehouseId>,
    pub problem: Problem,
}

/// What does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    LedgerDiffers { on_hand: i64, ledger: i64 },
    ReservationsDiffer { reserved: i64, held: i64 },
    SumDiffers { available: i64, levels: i64 },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "product {}", self.product_id)?;
        if let Some(warehouse) = self.warehouse_id {
            write!(f, " in warehouse {warehouse}")?;
        }
        f.write_str(": ")?;
        match self.problem {
            Problem::LedgerDiffers { on_hand, ledger } => {
                write!(f, "{on_hand} on hand, but the ledger sums to {ledger}")
            }
            Problem::ReservationsDiffer { reserved, held } => {
                write!(f, "{reserved} reserved, but promises of {held} are held")
            }
            Problem::SumDiffers { available, levels } => {
                write!(f, "{available} available, but its levels sum to {levels}")
            }
        }
    }
}

/// What runs low, for the Today page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LowStockSummary {
    /// Products at or below their reorder point, those that are out included.
    pub low: i64,
    pub out: i64,
    pub rows: Vec<LowStockRow>,
}

/// A product that runs low.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LowStockRow {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub available: i64,
    pub reorder_point: i64,
}
