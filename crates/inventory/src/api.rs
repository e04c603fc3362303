//! REST of stock.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::{ProductId, Quantity, WarehouseId};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};
use web::{Access, ApiActor, AppState, Json, List, Problem, Query, Routes, page_request};

use crate::error::InventoryError;
use crate::model::{LowStockRow, MovementRow, Place, Reservation, Warehouse};
use crate::store::{Condition, LevelFilter, LevelRow, MovementFilter};
use crate::{INVENTORY_ADJUST, INVENTORY_VIEW, service};

#[derive(OpenApi)]
#[openapi(paths(levels, movements, adjust, reservations, low_stock, warehouses))]
struct Contract;

pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

pub(crate) fn routes() -> Routes {
    let view = Access::Needs(INVENTORY_VIEW);
    Routes::new()
        .get("/api/v1/inventory", view, levels)
        .get("/api/v1/inventory/movements", view, movements)
        .post(
            "/api/v1/inventory/adjustments",
            Access::Needs(INVENTORY_ADJUST),
            adjust,
        )
        .get("/api/v1/inventory/reservations", view, reservations)
        .get("/api/v1/inventory/low-stock", view, low_stock)
        .get("/api/v1/inventory/warehouses", view, warehouses)
}

impl From<InventoryError> for Problem {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Denied(denied) => denied.into(),
            InventoryError::NotFound => Self::NotFound,
            InventoryError::NotEnough { on_hand, delta, .. } => kernel::Refusal::new("inventory-not-enough")
                .with("on_hand", on_hand)
                .with("wanted", -delta)
                .into(),
            InventoryError::Quantity(error) => {
                let code = match error {
                    kernel::QuantityError::NotPositive => "inventory-quantity-zero",
                    kernel::QuantityError::TooLarge => "inventory-quantity-too-large",
                };
                Self::field(
                    "quantity_delta",
                    kernel::Refusal::new(code).with("max", Quantity::MAX),
                )
            }
            InventoryError::Refused(refusal) => refusal.into(),
            InventoryError::Cursor(error) => error.into(),
            InventoryError::Database(error) => error.into(),
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct LevelsQuery {
    q: Option<String>,
    warehouse_id: Option<i64>,
    product_id: Option<i64>,
    /// `low`, `out` or `reserved`.
    #[param(value_type = Option<String>)]
    level: Option<Condition>,
    limit: Option<u16>,
    cursor: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/inventory", tag = "inventory", params(LevelsQuery), responses((status = 200, body = List<LevelRow>)))]
async fn levels(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<LevelsQuery>,
) -> Result<List<LevelRow>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let filter = LevelFilter {
        text: query.q,
        warehouse: query.warehouse_id.map(WarehouseId),
        product: query.product_id.map(ProductId),
        condition: query.level,
    };
    let mut conn = state.db.read().await?;
    Ok(List::from_page(
        service::list_levels(&mut conn, &actor, &filter, &page).await?,
    ))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct MovementsQuery {
    product_id: Option<i64>,
    warehouse_id: Option<i64>,
    cause: Option<String>,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// The ledger, newest first.
#[utoipa::path(get, path = "/api/v1/inventory/movements", tag = "inventory", params(MovementsQuery), responses((status = 200, body = List<MovementRow>)))]
async fn movements(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<MovementsQuery>,
) -> Result<List<MovementRow>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let filter = MovementFilter {
        product: query.product_id.map(ProductId),
        warehouse: query.warehouse_id.map(WarehouseId),
        cause: query.cause,
        text: None,
    };
    let mut conn = state.db.read().await?;
    Ok(List::from_page(
        service::list_movements(&mut conn, &actor, &filter, &page).await?,
    ))
}

/// A correction of a level by a difference.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAdjustment {
    product_id: ProductId,
    warehouse_id: WarehouseId,
    quantity_delta: i64,
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct Adjusted {
    movement_ids: Vec<kernel::MovementId>,
    /// Order lines that lost units because the goods are not there.
    lost_order_line_ids: Vec<kernel::OrderLineId>,
    on_hand: i64,
    reserved: i64,
    available: i64,
}

#[utoipa::path(post, path = "/api/v1/inventory/adjustments", tag = "inventory", request_body = NewAdjustment, responses((status = 201, body = Adjusted)))]
async fn adjust(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewAdjustment>,
) -> Result<Response, Problem> {
    let place = Place {
        product: body.product_id,
        warehouse: body.warehouse_id,
    };
    let mut tx = state.db.begin(&actor).await?;
    let posted = service::adjust(
        &mut tx,
        &actor,
        place,
        Quantity(body.quantity_delta),
        &body.reason,
    )
    .await?;
    let levels = service::levels_of(&mut tx, &[place.product]).await?;
    tx.commit().await?;
    let level = levels
        .iter()
        .find(|level| level.warehouse_id == place.warehouse)
        .ok_or(Problem::NotFound)?;
    let answer = Adjusted {
        movement_ids: posted.movements,
        lost_order_line_ids: posted.lost,
        on_hand: level.on_hand,
        reserved: level.reserved,
        available: level.available,
    };
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct ReservationsQuery {
    product_id: i64,
}

/// Promises held for a product, oldest first.
#[utoipa::path(get, path = "/api/v1/inventory/reservations", tag = "inventory", params(ReservationsQuery), responses((status = 200, body = List<Reservation>)))]
async fn reservations(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<ReservationsQuery>,
) -> Result<List<Reservation>, Problem> {
    let mut conn = state.db.read().await?;
    let items = service::reservations_of(&mut conn, &actor, ProductId(query.product_id)).await?;
    let total = i64::try_from(items.len()).ok();
    Ok(List {
        items,
        next_cursor: None,
        total,
    })
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct LowStockQuery {
    limit: Option<u16>,
}

/// Products at or below their reorder point in own warehouses, the emptiest first.
#[utoipa::path(get, path = "/api/v1/inventory/low-stock", tag = "inventory", params(LowStockQuery), responses((status = 200, body = List<LowStockRow>)))]
async fn low_stock(
    State(state): State<AppState>,
    Query(query): Query<LowStockQuery>,
) -> Result<List<LowStockRow>, Problem> {
    let page = page_request(query.limit, None)?;
    let mut conn = state.db.read().await?;
    let rows = i64::try_from(page.limit.rows()).unwrap_or(i64::MAX);
    let summary = service::low_stock_summary(&mut conn, rows).await?;
    Ok(List {
        items: summary.rows,
        next_cursor: None,
        total: Some(summary.low),
    })
}

#[utoipa::path(get, path = "/api/v1/inventory/warehouses", tag = "inventory", responses((status = 200, body = List<Warehouse>)))]
async fn warehouses(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<List<Warehouse>, Problem> {
    let mut conn = state.db.read().await?;
    let items = service::warehouses(&mut conn, &actor).await?;
    let total = i64::try_from(items.len()).ok();
    Ok(List {
        items,
        next_cursor: None,
        total,
    })
}
