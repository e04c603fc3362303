//! The use cases of stock, on one locked write path.
//!
//! Whoever changes stock first takes the levels it touches, in the order of their keys, and only then reads and
//! writes promises and ledger; so two writers wait for each other but never in a circle. `reserve`, `release`, `ship`
//! and `post` are called by slices that have asked for their own permission; `adjust` and `count` ask here.

use std::collections::{BTreeMap, HashMap, HashSet};

use kernel::{
    Actor, MovementId, OrderLineId, Page, PageRequest, ProductId, Quantity, Refusal, WarehouseId,
    normalise_text,
};
use sqlx::PgConnection;

use crate::error::InventoryError;
use crate::events::{ReservationsLost, StockChanged, UnitsFreed};
use crate::model::{
    Cause, Finding, Level, LowStockSummary, Movement, MovementRow, Outcome, Place, Reservation, Want,
    Warehouse, cut_youngest, promise,
};
use crate::store::{self, LevelFilter, LevelRow, MovementFilter};
use crate::{INVENTORY_ADJUST, INVENTORY_VIEW, STOCK};

/// What posting did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    pub movements: Vec<MovementId>,
    /// Movements whose reference was in the ledger already; nothing was posted for them.
    pub already: usize,
    /// Order lines that lost units because the goods are not there.
    pub lost: Vec<OrderLineId>,
}

/// Postings are bounded, so that one cannot hold the levels for minutes.
pub const MOVEMENTS_PER_POSTING_MAX: usize = 50_000;
const REASON_CHARS_MAX: usize = 300;

fn distinct(places: impl IntoIterator<Item = Place>) -> Vec<Place> {
    let mut places: Vec<Place> = places.into_iter().collect();
    places.sort_unstable();
    places.dedup();
    places
}

async fn lock(conn: &mut PgConnection, places: &[Place]) -> Result<Vec<Level>, InventoryError> {
    store::lock_levels(conn, places)
        .await
        .map_err(InventoryError::of_write)
}

async fn tell(conn: &mut PgConnection, places: &[Place], cause: &str) -> Result<(), sqlx::Error> {
    let mut products: Vec<ProductId> = places.iter().map(|place| place.product).collect();
    products.dedup();
    let ids: Vec<i64> = products.iter().map(|product| product.0).collect();
    jobs::publish(
        &mut *conn,
        &StockChanged {
            products,
            cause: cause.to_owned(),
        },
    )
    .await?;
    web::live::tell_rows(&mut *conn, STOCK, &ids).await?;
    web::live::tell(conn, STOCK).await
}

async fn tell_freed(
    conn: &mut PgConnection,
    products: impl IntoIterator<Item = ProductId>,
) -> Result<(), sqlx::Error> {
    let mut products: Vec<ProductId> = products.into_iter().collect();
    products.sort_unstable();
    products.dedup();
    if products.is_empty() {
        return Ok(());
    }
    jobs::publish(conn, &UnitsFreed { products }).await
}

/// Takes the levels of everything that a transaction is going to touch in several calls, so that these calls find them
/// taken, and two such transactions do not meet in a circle.
pub async fn hold(
    conn: &mut PgConnection,
    warehouse: WarehouseId,
    products: &[ProductId],
) -> Result<(), InventoryError> {
    let places = distinct(products.iter().map(|&product| Place { product, warehouse }));
    if !places.is_empty() {
        lock(conn, &places).await?;
    }
    Ok(())
}

/// Promises units to order lines, in the order given: what is there is promised, the rest is short. A line that holds
/// a promise is topped up, never doubled, never made smaller.
pub async fn reserve(
    conn: &mut PgConnection,
    _: &Actor,
    wants: &[Want],
) -> Result<Vec<Outcome>, InventoryError> {
    if wants.is_empty() {
        return Ok(Vec::new());
    }
    let places = distinct(wants.iter().map(Want::place));
    let levels = lock(conn, &places).await?;
    let lines: Vec<OrderLineId> = wants.iter().map(|want| want.line_id).collect();
    let held = store::held_by_lines(&mut *conn, &lines).await?;
    let available: HashMap<Place, i64> = levels
        .iter()
        .map(|level| {
            (
                Place {
                    product: level.product_id,
                    warehouse: level.warehouse_id,
                },
                level.available,
            )
        })
        .collect();
    let (outcomes, changes) = promise(wants, &held, &available);
    if !changes.is_empty() {
        store::save_promises(&mut *conn, &changes).await?;
        tell(conn, &places, "reservation").await?;
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.short > 0) {
        tracing::info!(
            event = "oversell_refused",
            order_line_id = %outcome.line_id,
            short = outcome.short,
            "order line {} is short of {} units",
            outcome.line_id,
            outcome.short
        );
    }
    Ok(outcomes)
}

/// Takes promises back; a line without one is fine.
pub async fn release(
    conn: &mut PgConnection,
    _: &Actor,
    lines: &[OrderLineId],
) -> Result<(), InventoryError> {
    let Some((places, held)) = locked_promises(conn, lines).await? else {
        return Ok(());
    };
    store::end_promises(&mut *conn, &held, "released").await?;
    tell(&mut *conn, &places, "release").await?;
    tell_freed(conn, held.iter().map(|reservation| reservation.product_id)).await?;
    Ok(())
}

/// What was promised to these lines leaves the stock, once.
pub async fn ship(
    conn: &mut PgConnection,
    actor: &Actor,
    lines: &[OrderLineId],
) -> Result<(), InventoryError> {
    let Some((places, held)) = locked_promises(conn, lines).await? else {
        return Ok(());
    };
    store::end_promises(&mut *conn, &held, "shipped").await?;
    let movements: Vec<Movement> = held
        .iter()
        .map(|reservation| Movement {
            product: reservation.product_id,
            warehouse: reservation.warehouse_id,
            delta: -reservation.quantity,
            cause: Cause::Order,
            reason: None,
            reference: Some(format!(
                "order-line:{}:{}",
                reservation.order_line_id, reservation.id
            )),
        })
        .collect();
    let rows: Vec<&Movement> = movements.iter().collect();
    store::insert_movements(&mut *conn, &rows, actor.user_id()).await?;
    tell(conn, &places, Cause::Order.code()).await?;
    Ok(())
}

/// The promises of lines, with their levels locked. Promises are read again under the lock.
async fn locked_promises(
    conn: &mut PgConnection,
    lines: &[OrderLineId],
) -> Result<Option<(Vec<Place>, Vec<Reservation>)>, InventoryError> {
    let places = distinct(
        store::held_by_lines(&mut *conn, lines)
            .await?
            .iter()
            .map(Reservation::place),
    );
    if places.is_empty() {
        return Ok(None);
    }
    lock(conn, &places).await?;
    let held = store::held_by_lines(conn, lines).await?;
    Ok(if held.is_empty() {
        None
    } else {
        Some((places, held))
    })
}

/// Adds movements to the ledger. One whose reference is there already, or earlier in the same posting, is left out. What pushes a level below its
/// promises takes units from the youngest promises, and says whose; what would push it below zero is refused.
pub async fn post(
    conn: &mut PgConnection,
    actor: &Actor,
    movements: &[Movement],
) -> Result<Posted, InventoryError> {
    if movements.is_empty() {
        return Ok(Posted::default());
    }
    check(movements)?;
    let places = distinct(movements.iter().map(Movement::place));
    let levels = lock(conn, &places).await?;
    let references: Vec<String> = movements
        .iter()
        .filter_map(|movement| movement.reference.clone())
        .collect();
    let mut known: HashSet<(String, Place)> = store::posted_references(&mut *conn, &references)
        .await?
        .into_iter()
        .collect();
    let fresh: Vec<&Movement> = movements
        .iter()
        .filter(|m| {
            m.reference
                .as_ref()
                .is_none_or(|reference| known.insert((reference.clone(), m.place())))
        })
        .collect();
    let mut posted = Posted {
        already: movements.len() - fresh.len(),
        ..Posted::default()
    };
    if fresh.is_empty() {
        return Ok(posted);
    }
    posted.lost = make_room(conn, &levels, &fresh).await?;
    posted.movements = store::insert_movements(&mut *conn, &fresh, actor.user_id())
        .await
        .map_err(InventoryError::of_write)?;
    let cause = fresh
        .first()
        .map_or("correction", |movement| movement.cause.code());
    tell(&mut *conn, &places, cause).await?;
    let came_in = fresh.iter().filter(|movement| movement.delta > 0);
    tell_freed(conn, came_in.map(|movement| movement.product)).await?;
    Ok(posted)
}

/// The name by which callers say that they rely on references.
pub use post as post_once;

fn check(movements: &[Movement]) -> Result<(), InventoryError> {
    if movements.len() > MOVEMENTS_PER_POSTING_MAX {
        let max = i64::try_from(MOVEMENTS_PER_POSTING_MAX).unwrap_or(i64::MAX);
        return Err(Refusal::new("inventory-too-many-movements")
            .with("max", max)
            .into());
    }
    for movement in movements {
        Quantity::delta(movement.delta)?;
    }
    Ok(())
}

/// Takes promises back where fewer units will be on hand than are promised; refuses to go below zero.
async fn make_room(
    conn: &mut PgConnection,
    levels: &[Level],
    movements: &[&Movement],
) -> Result<Vec<OrderLineId>, InventoryError> {
    let mut deltas: BTreeMap<Place, i64> = BTreeMap::new();
    for movement in movements {
        *deltas.entry(movement.place()).or_default() += movement.delta;
    }
    let mut excess = BTreeMap::new();
    for level in levels {
        let place = Place {
            product: level.product_id,
            warehouse: level.warehouse_id,
        };
        let delta = deltas.get(&place).copied().unwrap_or(0);
        let left = level.on_hand + delta;
        if left < 0 {
            return Err(InventoryError::NotEnough {
                product: place.product,
                warehouse: place.warehouse,
                on_hand: level.on_hand,
                delta,
            });
        }
        if left > Quantity::MAX {
            return Err(kernel::QuantityError::TooLarge.into());
        }
        if left < level.reserved {
            excess.insert(place, level.reserved - left);
        }
    }
    if excess.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<Place> = excess.keys().copied().collect();
    let held = store::held_in_places(&mut *conn, &places).await?;
    let cuts = cut_youngest(&excess, &held);
    store::save_cuts(&mut *conn, &cuts).await?;
    let lines: Vec<OrderLineId> = cuts.iter().map(|cut| cut.line).collect();
    jobs::publish(conn, &ReservationsLost { lines: lines.clone() }).await?;
    Ok(lines)
}

/// A person puts a level right by a difference, with a reason.
pub async fn adjust(
    conn: &mut PgConnection,
    actor: &Actor,
    place: Place,
    delta: Quantity,
    reason: &str,
) -> Result<Posted, InventoryError> {
    actor.require(INVENTORY_ADJUST)?;
    let reason = reason_of(reason)?;
    own_warehouse(conn, place.warehouse).await?;
    let movement = Movement {
        product: place.product,
        warehouse: place.warehouse,
        delta: Quantity::delta(delta.0)?.0,
        cause: Cause::Correction,
        reason: Some(reason),
        reference: None,
    };
    post(conn, actor, &[movement]).await
}

/// A person says how many are there; the difference is posted, if there is one.
pub async fn count(
    conn: &mut PgConnection,
    actor: &Actor,
    place: Place,
    counted: i64,
    reason: &str,
) -> Result<Posted, InventoryError> {
    actor.require(INVENTORY_ADJUST)?;
    let reason = reason_of(reason)?;
    if !(0..=Quantity::MAX).contains(&counted) {
        return Err(Refusal::new("inventory-count-out-of-range").on("counted").into());
    }
    own_warehouse(conn, place.warehouse).await?;
    let levels = lock(conn, &[place]).await?;
    let on_hand = levels.first().ok_or(InventoryError::NotFound)?.on_hand;
    if on_hand == counted {
        return Ok(Posted::default());
    }
    let movement = Movement {
        product: place.product,
        warehouse: place.warehouse,
        delta: counted - on_hand,
        cause: Cause::Count,
        reason: Some(reason),
        reference: None,
    };
    post(conn, actor, &[movement]).await
}

fn reason_of(reason: &str) -> Result<String, InventoryError> {
    let reason = normalise_text(reason);
    if reason.is_empty() {
        return Err(Refusal::new("inventory-reason-missing").on("reason").into());
    }
    Ok(reason.chars().take(REASON_CHARS_MAX).collect())
}

/// Goods that lie at the marketplace are counted there; a correction here would be overwritten.
async fn own_warehouse(conn: &mut PgConnection, warehouse: WarehouseId) -> Result<(), InventoryError> {
    let all = store::list_warehouses(conn).await?;
    let found = all
        .iter()
        .find(|w| w.id == warehouse)
        .ok_or(InventoryError::NotFound)?;
    if found.kind == "own" {
        return Ok(());
    }
    Err(Refusal::new("inventory-marketplace-warehouse")
        .with("warehouse", found.name.as_str())
        .on("warehouse_id")
        .into())
}

/// Levels of products in every warehouse.
pub async fn levels_of(
    conn: &mut PgConnection,
    products: &[ProductId],
) -> Result<Vec<Level>, InventoryError> {
    Ok(store::levels_of(conn, products).await?)
}

/// What may be sold of each product from a warehouse; products never seen there are left out.
pub async fn sellable(
    conn: &mut PgConnection,
    products: &[ProductId],
    warehouse: WarehouseId,
) -> Result<Vec<(ProductId, i64)>, InventoryError> {
    let levels = store::levels_of(conn, products).await?;
    Ok(levels
        .into_iter()
        .filter(|level| level.warehouse_id == warehouse)
        .map(|level| (level.product_id, level.available))
        .collect())
}

/// Where goods leave from unless somebody says otherwise.
pub async fn default_warehouse(conn: &mut PgConnection) -> Result<WarehouseId, InventoryError> {
    store::first_own_warehouse(conn)
        .await?
        .ok_or(InventoryError::NotFound)
}

/// A warehouse that mirrors goods lying at a marketplace; the same code is the same warehouse.
pub async fn marketplace_warehouse(
    conn: &mut PgConnection,
    code: &str,
    name: &str,
) -> Result<WarehouseId, InventoryError> {
    Ok(store::add_warehouse(conn, code, name, "marketplace").await?)
}

pub async fn warehouses(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<Warehouse>, InventoryError> {
    actor.require(INVENTORY_VIEW)?;
    Ok(store::list_warehouses(conn).await?)
}

pub async fn list_levels(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &LevelFilter,
    page: &PageRequest,
) -> Result<Page<LevelRow>, InventoryError> {
    actor.require(INVENTORY_VIEW)?;
    let rows = store::list_levels(conn, filter, page).await?;
    let keys = |row: &LevelRow| (row.product_name.clone(), row.product_id.0, row.warehouse_id.0);
    Ok(Page::cut(rows, page.limit, None, keys))
}

pub async fn list_movements(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &MovementFilter,
    page: &PageRequest,
) -> Result<Page<MovementRow>, InventoryError> {
    actor.require(INVENTORY_VIEW)?;
    let rows = store::list_movements(conn, filter, page).await?;
    Ok(Page::cut(rows, page.limit, None, |row| row.id.0))
}

/// Promises held for a product, oldest first.
pub async fn reservations_of(
    conn: &mut PgConnection,
    actor: &Actor,
    product: ProductId,
) -> Result<Vec<Reservation>, InventoryError> {
    actor.require(INVENTORY_VIEW)?;
    Ok(store::held_of_product(conn, product).await?)
}

/// What runs low in own warehouses.
pub async fn low_stock_summary(
    conn: &mut PgConnection,
    rows: i64,
) -> Result<LowStockSummary, InventoryError> {
    let (low, out, rows) = store::low_stock(conn, rows).await?;
    Ok(LowStockSummary { low, out, rows })
}

/// Proves that levels are the sum of the ledger and of the promises, and an article's stock that of its levels; empty
/// when they are.
pub async fn verify(conn: &mut PgConnection) -> Result<Vec<Finding>, InventoryError> {
    Ok(store::find_differences(conn).await?)
}
