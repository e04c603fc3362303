//! Pages of stock: levels with counting in place, and the ledger.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kernel::{PageRequest, Param, ProductId, Quantity, Refusal, WarehouseId};
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};
use ui::Args;
use web::{Access, AppState, Form, Page, Path, Problem, Query, Routes, page_request};

use crate::model::{Cause, MovementRow, Place, Reservation, Warehouse};
use crate::store::{Condition, LevelFilter, LevelRow, MovementFilter};
use crate::{INVENTORY_ADJUST, INVENTORY_VIEW, InventoryError, service};

pub(crate) fn routes() -> Routes {
    let view = Access::Needs(INVENTORY_VIEW);
    Routes::new()
        .get("/inventory", view, levels)
        .get("/inventory/movements", view, movements)
        .post(
            "/inventory/{product}/{warehouse}/count",
            Access::Needs(INVENTORY_ADJUST),
            count,
        )
        .post(
            "/inventory/{product}/adjust",
            Access::Needs(INVENTORY_ADJUST),
            adjust,
        )
        .get("/inventory/panels/product/{product}", view, product_panel)
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelsQuery {
    q: Option<String>,
    warehouse: Option<i64>,
    level: Option<Condition>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct LevelsPage {
    rows: Vec<LevelRow>,
    here: String,
    text: String,
    may_adjust: bool,
    views: Vec<View>,
    keep: Vec<Kept>,
    next: Option<String>,
    first: Option<String>,
    filtered: bool,
}

#[derive(Serialize)]
struct View {
    text: String,
    href: String,
    active: bool,
    count: Option<i64>,
}

#[derive(Serialize)]
struct Kept {
    name: &'static str,
    value: String,
}

fn code(condition: Condition) -> &'static str {
    match condition {
        Condition::Low => "low",
        Condition::Out => "out",
        Condition::Reserved => "reserved",
    }
}

impl LevelsQuery {
    fn href(&self, level: Option<Condition>, cursor: Option<String>) -> String {
        let pairs = [
            ("level", level.map(|level| code(level).to_owned())),
            ("warehouse", self.warehouse.map(|id| id.to_string())),
            ("q", self.q.clone()),
            ("cursor", cursor),
        ];
        web::address("/inventory", &pairs)
    }
}

async fn levels(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<LevelsQuery>,
) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let filter = LevelFilter {
        text: query.q.clone(),
        warehouse: query.warehouse.map(WarehouseId),
        product: None,
        condition: query.level,
    };
    let mut conn = state.db.read().await?;
    let found = service::list_levels(&mut conn, &page.actor, &filter, &request).await?;
    let conditions = [
        None,
        Some(Condition::Low),
        Some(Condition::Out),
        Some(Condition::Reserved),
    ]
    .into_iter()
    .map(|level| View {
        text: page.t(&format!("inventory-view-{}", level.map_or("all", code))),
        href: query.href(level, None),
        active: level == query.level,
        count: None,
    });
    let context = LevelsPage {
        rows: found.items,
        here: query.href(query.level, query.cursor.clone()),
        text: query.q.clone().unwrap_or_default(),
        may_adjust: page.actor.may(INVENTORY_ADJUST),
        views: conditions.collect(),
        keep: query
            .level
            .map(|level| Kept {
                name: "level",
                value: code(level).to_owned(),
            })
            .into_iter()
            .collect(),
        next: found
            .next
            .map(|cursor| query.href(query.level, Some(cursor.as_str().to_owned()))),
        first: query.cursor.is_some().then(|| query.href(query.level, None)),
        filtered: query.q.is_some() || query.level.is_some() || query.warehouse.is_some(),
    };
    page.render("inventory/levels.html", &context)
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovementsQuery {
    q: Option<String>,
    product: Option<i64>,
    cause: Option<String>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct MovementsPage {
    rows: Vec<MovementRow>,
    text: String,
    causes: Vec<View>,
    keep: Vec<Kept>,
    next: Option<String>,
    first: Option<String>,
    filtered: bool,
}

impl MovementsQuery {
    fn href(&self, cause: Option<&str>, cursor: Option<String>) -> String {
        let pairs = [
            ("cause", cause.map(str::to_owned)),
            ("product", self.product.map(|id| id.to_string())),
            ("q", self.q.clone()),
            ("cursor", cursor),
        ];
        web::address("/inventory/movements", &pairs)
    }
}

async fn movements(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<MovementsQuery>,
) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let filter = MovementFilter {
        product: query.product.map(ProductId),
        warehouse: None,
        cause: query.cause.clone(),
        text: query.q.clone(),
    };
    let mut conn = state.db.read().await?;
    let found = service::list_movements(&mut conn, &page.actor, &filter, &request).await?;
    let cause = query.cause.as_deref();
    let codes = std::iter::once(None).chain(Cause::ALL.into_iter().map(|cause| Some(cause.code())));
    let context = MovementsPage {
        rows: found.items,
        text: query.q.clone().unwrap_or_default(),
        causes: codes
            .map(|one| View {
                text: page.t(&format!("inventory-cause-{}", one.unwrap_or("all"))),
                href: query.href(one, None),
                active: one == cause,
                count: None,
            })
            .collect(),
        keep: cause
            .map(|cause| Kept {
                name: "cause",
                value: cause.to_owned(),
            })
            .into_iter()
            .collect(),
        next: found
            .next
            .map(|cursor| query.href(cause, Some(cursor.as_str().to_owned()))),
        first: query.cursor.is_some().then(|| query.href(cause, None)),
        filtered: query.q.is_some() || query.cause.is_some() || query.product.is_some(),
    };
    page.render("inventory/movements.html", &context)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountForm {
    value: String,
    /// Where to go back to without JavaScript.
    #[serde(default)]
    back: Option<String>,
}

#[derive(Serialize)]
struct CountCell {
    product_id: i64,
    warehouse_id: i64,
    value: i64,
    typed: Option<String>,
    name: String,
    error: Option<String>,
    saved: bool,
    understood: Option<String>,
}

/// How many are there, typed into the list. The answer is the cell again.
async fn count(
    State(state): State<AppState>,
    page: Page,
    Path((product, warehouse)): Path<(i64, i64)>,
    Form(form): Form<CountForm>,
) -> Result<Response, Problem> {
    let place = Place {
        product: ProductId(product),
        warehouse: WarehouseId(warehouse),
    };
    let mut cell = CountCell {
        product_id: product,
        warehouse_id: warehouse,
        value: 0,
        typed: None,
        name: String::new(),
        error: None,
        saved: true,
        understood: None,
    };
    let done = match ui::input::parse_decimal(&form.value, page.locale) {
        Ok(understood) if understood.value.fract().is_zero() => {
            cell.understood = Some(understood.text);
            write_count(&state, &page, place, understood.value.to_i64().unwrap_or(-1)).await
        }
        Ok(_) => Err(Refusal::new("inventory-count-whole").into()),
        Err(error) => {
            cell.error = Some(state.ui.text(page.locale, error.key(), &error.args(page.locale)));
            Ok(())
        }
    };
    match done {
        Ok(()) => {}
        Err(InventoryError::Refused(refusal)) => cell.error = Some(state.ui.message(page.locale, &refusal)),
        Err(other) => return Err(other.into()),
    }
    cell.saved = cell.error.is_none();
    cell.typed = cell.error.is_some().then(|| form.value.clone());
    let mut conn = state.db.read().await?;
    let levels = service::levels_of(&mut conn, &[place.product]).await?;
    cell.value = levels
        .iter()
        .find(|level| level.warehouse_id == place.warehouse)
        .map_or(0, |level| level.on_hand);
    if !page.is_htmx() {
        let back = form
            .back
            .filter(|back| back.starts_with("/inventory") || back.starts_with("/products"));
        let (kind, key) = if cell.saved {
            (web::FlashKind::Success, "inventory-counted")
        } else {
            (web::FlashKind::Error, "inventory-count-refused")
        };
        return Ok(page.redirect_with(back.as_deref().unwrap_or("/inventory"), kind, key, &Args::new()));
    }
    let mut response = page.fragment("inventory/_count.html", &cell)?;
    if !cell.saved {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

async fn write_count(
    state: &AppState,
    page: &Page,
    place: Place,
    counted: i64,
) -> Result<(), InventoryError> {
    let mut tx = state.db.begin(&page.actor).await?;
    let reason = page.t("inventory-reason-typed");
    service::count(&mut tx, &page.actor, place, counted, &reason).await?;
    tx.commit().await?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdjustForm {
    warehouse: i64,
    delta: String,
    reason: String,
}

/// A difference with its reason, from the dialog on a product's page; leads back there and says how it went.
async fn adjust(
    State(state): State<AppState>,
    page: Page,
    Path(product): Path<i64>,
    Form(form): Form<AdjustForm>,
) -> Result<Response, Problem> {
    let place = Place {
        product: ProductId(product),
        warehouse: WarehouseId(form.warehouse),
    };
    let back = format!("/products/{product}");
    let delta = match ui::input::parse_decimal(&form.delta, page.locale) {
        Ok(understood) if understood.value.fract().is_zero() => understood.value.to_i64().unwrap_or(i64::MAX),
        Ok(_) => return Ok(refused(&page, &back, "inventory-delta-whole", &Args::new())),
        Err(error) => return Ok(refused(&page, &back, error.key(), &error.args(page.locale))),
    };
    let mut tx = state.db.begin(&page.actor).await?;
    let done = service::adjust(&mut tx, &page.actor, place, Quantity(delta), &form.reason).await;
    match done.map_err(Problem::from) {
        Ok(_) => tx.commit().await?,
        Err(Problem::Refused(refusal)) => {
            return Ok(refused(&page, &back, refusal.code, &args_of(&refusal)));
        }
        Err(Problem::Invalid(fields)) => {
            let refusal = fields.first().map(|field| &field.refusal);
            let code = refusal.map_or("inventory-count-refused", |refusal| refusal.code);
            return Ok(refused(
                &page,
                &back,
                code,
                &refusal.map(args_of).unwrap_or_default(),
            ));
        }
        Err(other) => return Err(other),
    }
    Ok(page.redirect_with(&back, web::FlashKind::Success, "inventory-adjusted", &Args::new()))
}

fn refused(page: &Page, back: &str, key: &str, args: &Args) -> Response {
    page.redirect_with(back, web::FlashKind::Error, key, args)
}

fn args_of(refusal: &Refusal) -> Args {
    refusal
        .params
        .iter()
        .fold(Args::new(), |args, (name, value)| match value {
            Param::Number(number) => args.with(name, *number),
            Param::Text(text) => args.with(name, text.clone()),
        })
}

/// A choice of the dialog.
#[derive(Serialize)]
struct Choice {
    value: i64,
    text: String,
}

#[derive(Serialize)]
struct ProductPanel {
    product_id: i64,
    levels: Vec<LevelRow>,
    warehouses: Vec<Warehouse>,
    /// Own warehouses, where a person may correct.
    places: Vec<Choice>,
    reservations: Vec<Reservation>,
    movements: Vec<MovementRow>,
    may_adjust: bool,
}

/// Rows of the ledger beside a product; the rest is one click away.
const PANEL_MOVEMENTS: u16 = 12;

/// Stock of one product, for its page.
async fn product_panel(
    State(state): State<AppState>,
    page: Page,
    Path(product): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let product = ProductId(product);
    let all = PageRequest::default();
    let filter = LevelFilter {
        product: Some(product),
        ..LevelFilter::default()
    };
    let levels = service::list_levels(&mut conn, &page.actor, &filter, &all)
        .await?
        .items;
    let recent = PageRequest {
        limit: kernel::Limit::new(PANEL_MOVEMENTS).unwrap_or_default(),
        after: None,
    };
    let filter = MovementFilter {
        product: Some(product),
        ..MovementFilter::default()
    };
    let movements = service::list_movements(&mut conn, &page.actor, &filter, &recent)
        .await?
        .items;
    let warehouses = service::warehouses(&mut conn, &page.actor).await?;
    let context = ProductPanel {
        product_id: product.0,
        levels,
        places: warehouses
            .iter()
            .filter(|warehouse| warehouse.kind == "own" && warehouse.is_active)
            .map(|warehouse| Choice {
                value: warehouse.id.0,
                text: warehouse.name.clone(),
            })
            .collect(),
        warehouses,
        reservations: service::reservations_of(&mut conn, &page.actor, product).await?,
        movements,
        may_adjust: page.actor.may(INVENTORY_ADJUST),
    };
    page.fragment("inventory/_product.html", &context)
}
