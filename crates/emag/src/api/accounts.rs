//! Accounts over REST: connect, change, test, look before switching on, switch.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use kernel::{EmagAccountId, ListingId, WarehouseId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiActor, AppState, IfMatch, Json, List, Path, Problem, created, versioned};

use super::whole;
use crate::context::Context;
use crate::model::{Account, AccountKind, AccountPatch, NewAccount};
use crate::service::accounts::{self, Tested};
use crate::service::holds;

/// An account without its password.
#[derive(Serialize, ToSchema)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "switches that a person sets one by one"
)]
pub(crate) struct AccountView {
    id: EmagAccountId,
    name: String,
    platform: String,
    kind: AccountKind,
    username: String,
    base_url: Option<String>,
    currency: String,
    warehouse_id: WarehouseId,
    is_active: bool,
    /// `bad_credentials`, `foreign_ip`, `no_credentials` or `unreachable`.
    fault: Option<String>,
    fault_detail: Option<String>,
    push_enabled: bool,
    push_prices: bool,
    /// Whether new orders are acknowledged at the marketplace.
    acknowledge_orders: bool,
    safety_buffer: i64,
    opened_at: Option<DateTime<Utc>>,
    orders_read_until: Option<DateTime<Utc>>,
    version: i64,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            name: account.name,
            platform: account.platform,
            kind: account.kind,
            username: account.username,
            base_url: account.base_url,
            currency: account.currency,
            warehouse_id: account.warehouse_id,
            is_active: account.is_active,
            fault: account.fault,
            fault_detail: account.fault_detail,
            push_enabled: account.push_enabled,
            push_prices: account.push_prices,
            acknowledge_orders: account.acknowledge_orders,
            safety_buffer: account.safety_buffer,
            opened_at: account.opened_at,
            orders_read_until: account.orders_read_until,
            version: account.version,
        }
    }
}

#[utoipa::path(get, path = "/api/v1/emag/accounts", tag = "emag", responses((status = 200, body = List<AccountView>)))]
pub(crate) async fn list_accounts(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<List<AccountView>, Problem> {
    let mut conn = state.db.read().await?;
    let all = accounts::list(&mut conn, &actor).await?;
    Ok(whole(all.into_iter().map(AccountView::from).collect()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccountBody {
    name: String,
    /// `emag-ro`, `emag-bg`, `emag-hu`, `fd-ro` or `fd-bg`.
    platform: String,
    kind: AccountKind,
    username: String,
    password: String,
    /// Instead of the platform's own address.
    base_url: Option<String>,
    warehouse_id: Option<WarehouseId>,
    #[serde(default)]
    safety_buffer: i64,
    /// Whether new orders are acknowledged at the marketplace; absent means yes.
    acknowledge_orders: Option<bool>,
}

/// A new account sends no stock or price until push is switched on.
#[utoipa::path(post, path = "/api/v1/emag/accounts", tag = "emag", request_body = NewAccountBody, responses((status = 201, body = AccountView)))]
pub(crate) async fn create_account(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewAccountBody>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let new = NewAccount {
        name: body.name,
        platform: body.platform,
        kind: body.kind,
        username: body.username,
        password: body.password,
        base_url: body.base_url,
        warehouse: body.warehouse_id,
        safety_buffer: body.safety_buffer,
        acknowledge_orders: body.acknowledge_orders.unwrap_or(true),
    };
    let mut tx = state.db.begin(&actor).await?;
    let account = accounts::create(&mut tx, &actor, &context, new).await?;
    tx.commit().await?;
    let version = account.version;
    Ok(created(
        &format!("/api/v1/emag/accounts/{}", account.id),
        version,
        &AccountView::from(account),
    ))
}

#[utoipa::path(get, path = "/api/v1/emag/accounts/{id}", tag = "emag", params(("id" = i64, Path)), responses((status = 200, body = AccountView)))]
pub(crate) async fn show_account(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let account = accounts::get(&mut conn, &actor, EmagAccountId(id)).await?;
    Ok(versioned(account.version, &AccountView::from(account)))
}

/// Absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountPatchBody {
    name: Option<String>,
    username: Option<String>,
    password: Option<String>,
    is_active: Option<bool>,
    push_prices: Option<bool>,
    acknowledge_orders: Option<bool>,
    safety_buffer: Option<i64>,
}

#[utoipa::path(patch, path = "/api/v1/emag/accounts/{id}", tag = "emag", params(("id" = i64, Path)), request_body = AccountPatchBody, responses((status = 200, body = AccountView), (status = 412)))]
pub(crate) async fn update_account(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
    IfMatch(version): IfMatch,
    Json(body): Json<AccountPatchBody>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let patch = AccountPatch {
        name: body.name,
        username: body.username,
        password: body.password,
        base_url: None,
        is_active: body.is_active,
        push_prices: body.push_prices,
        acknowledge_orders: body.acknowledge_orders,
        safety_buffer: body.safety_buffer,
    };
    let mut tx = state.db.begin(&actor).await?;
    let account = accounts::update(&mut tx, &actor, &context, (EmagAccountId(id), version), patch).await?;
    tx.commit().await?;
    Ok(versioned(account.version, &AccountView::from(account)))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TestedView {
    ok: bool,
    code: Option<String>,
    detail: Option<String>,
}

impl From<Tested> for TestedView {
    fn from(tested: Tested) -> Self {
        match tested {
            Tested::Fine => Self {
                ok: true,
                code: None,
                detail: None,
            },
            Tested::Fault { code, detail } => Self {
                ok: false,
                code: Some(code.to_owned()),
                detail: Some(detail),
            },
        }
    }
}

/// Calls the marketplace once; a fault is an answer, not an error.
#[utoipa::path(post, path = "/api/v1/emag/accounts/{id}/test", tag = "emag", params(("id" = i64, Path)), responses((status = 200, body = TestedView)))]
pub(crate) async fn test_account(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let tested = accounts::test(&context, &actor, EmagAccountId(id)).await?;
    Ok(axum::Json(TestedView::from(tested)).into_response())
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewView {
    stock_changes: i64,
    price_changes: i64,
    rows: Vec<PreviewRowView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewRowView {
    listing_id: ListingId,
    name: String,
    part_number: String,
    /// `stock` or `price`.
    kind: String,
    old: String,
    new: String,
}

/// What would be sent: old → new.
#[utoipa::path(get, path = "/api/v1/emag/accounts/{id}/push-preview", tag = "emag", params(("id" = i64, Path)), responses((status = 200, body = PreviewView)))]
pub(crate) async fn preview(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let preview = holds::preview(&mut conn, &actor, EmagAccountId(id)).await?;
    let rows = preview.rows.into_iter().map(|row| PreviewRowView {
        listing_id: row.listing_id,
        name: row.name,
        part_number: row.part_number,
        kind: row.kind,
        old: row.old_value.normalize().to_string(),
        new: row.new_value.normalize().to_string(),
    });
    let view = PreviewView {
        stock_changes: preview.stock,
        price_changes: preview.price,
        rows: rows.collect(),
    };
    Ok(axum::Json(view).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushBody {
    enabled: bool,
}

#[utoipa::path(post, path = "/api/v1/emag/accounts/{id}/push", tag = "emag", params(("id" = i64, Path)), request_body = PushBody, responses((status = 200, body = AccountView)))]
pub(crate) async fn push(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
    Json(body): Json<PushBody>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(&actor).await?;
    let account = holds::switch_push(&mut tx, &actor, &context, EmagAccountId(id), body.enabled).await?;
    tx.commit().await?;
    Ok(versioned(account.version, &AccountView::from(account)))
}
