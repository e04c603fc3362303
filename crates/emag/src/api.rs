//! REST of the marketplace.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use kernel::{EmagAccountId, ListingId, ProductId, SyncRunId, WarehouseId};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};
use web::{
    Access, ApiActor, AppState, IfMatch, Json, List, Path, Problem, Query, Routes, created, page_request,
    versioned,
};

use crate::context::Context;
use crate::error::EmagError;
use crate::model::{Account, AccountKind, AccountPatch, NewAccount, Run, RunKind, RunMode, RunState};
use crate::service::accounts::{self, Tested};
use crate::service::holds::Decision;
use crate::service::{holds, read, runs};
use crate::store::search::{ListingFilter, ListingView};
use crate::{EMAG_ACCOUNTS, EMAG_PUSH, EMAG_SYNC, EMAG_VIEW};

#[derive(OpenApi)]
#[openapi(paths(
    list_accounts,
    create_account,
    show_account,
    update_account,
    test_account,
    preview,
    push,
    start_sync,
    list_runs,
    show_run,
    listings,
    push_listing,
    list_holds,
    approve,
    reject,
    budget
))]
struct Contract;

pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

pub(crate) fn routes() -> Routes {
    let (view, sync) = (Access::Needs(EMAG_VIEW), Access::Needs(EMAG_SYNC));
    let (manage, send) = (Access::Needs(EMAG_ACCOUNTS), Access::Needs(EMAG_PUSH));
    Routes::new()
        .get("/api/v1/emag/accounts", view, list_accounts)
        .post("/api/v1/emag/accounts", manage, create_account)
        .get("/api/v1/emag/accounts/{id}", view, show_account)
        .patch("/api/v1/emag/accounts/{id}", manage, update_account)
        .post("/api/v1/emag/accounts/{id}/test", manage, test_account)
        .get("/api/v1/emag/accounts/{id}/push-preview", view, preview)
        .post("/api/v1/emag/accounts/{id}/push", send, push)
        .post("/api/v1/emag/sync", sync, start_sync)
        .get("/api/v1/emag/sync", view, list_runs)
        .get("/api/v1/emag/sync/{id}", view, show_run)
        .get("/api/v1/emag/offers", view, listings)
        .post("/api/v1/emag/offers/{id}/push", send, push_listing)
        .get("/api/v1/emag/holds", view, list_holds)
        .post("/api/v1/emag/holds/{id}/approve", send, approve)
        .post("/api/v1/emag/holds/{id}/reject", send, reject)
        .get("/api/v1/emag/budget", view, budget)
}

impl From<EmagError> for Problem {
    fn from(error: EmagError) -> Self {
        match error {
            EmagError::Denied(denied) => denied.into(),
            EmagError::NotFound => Self::NotFound,
            EmagError::Refused(refusal) => match refusal.field {
                Some(field) => Self::field(field, refusal),
                None => refusal.into(),
            },
            EmagError::Stale { current_version } => Self::Stale { current_version },
            EmagError::Busy => Self::Busy {
                retry_after: std::time::Duration::from_secs(2),
            },
            EmagError::Database(error) => error.into(),
            EmagError::Catalog(error) => error.into(),
            EmagError::Inventory(error) => error.into(),
            EmagError::Orders(error) => error.into(),
            other @ (EmagError::Seal | EmagError::Api(_)) => Self::internal(other),
        }
    }
}

/// An account without its password.
#[derive(Serialize, ToSchema)]
struct AccountView {
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
            safety_buffer: account.safety_buffer,
            opened_at: account.opened_at,
            orders_read_until: account.orders_read_until,
            version: account.version,
        }
    }
}

fn whole<T>(items: Vec<T>) -> List<T> {
    let total = i64::try_from(items.len()).ok();
    List {
        items,
        next_cursor: None,
        total,
    }
}

#[utoipa::path(get, path = "/api/v1/emag/accounts", tag = "emag", responses((status = 200, body = List<AccountView>)))]
async fn list_accounts(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<List<AccountView>, Problem> {
    let mut conn = state.db.read().await?;
    let all = accounts::list(&mut conn, &actor).await?;
    Ok(whole(all.into_iter().map(AccountView::from).collect()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAccountBody {
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
}

/// A new account only reads until push is switched on.
#[utoipa::path(post, path = "/api/v1/emag/accounts", tag = "emag", request_body = NewAccountBody, responses((status = 201, body = AccountView)))]
async fn create_account(
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
async fn show_account(
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
struct AccountPatchBody {
    name: Option<String>,
    username: Option<String>,
    password: Option<String>,
    is_active: Option<bool>,
    push_prices: Option<bool>,
    safety_buffer: Option<i64>,
}

#[utoipa::path(patch, path = "/api/v1/emag/accounts/{id}", tag = "emag", params(("id" = i64, Path)), request_body = AccountPatchBody, responses((status = 200, body = AccountView), (status = 412)))]
async fn update_account(
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
        safety_buffer: body.safety_buffer,
    };
    let mut tx = state.db.begin(&actor).await?;
    let account = accounts::update(&mut tx, &actor, &context, (EmagAccountId(id), version), patch).await?;
    tx.commit().await?;
    Ok(versioned(account.version, &AccountView::from(account)))
}

#[derive(Serialize, ToSchema)]
struct TestedView {
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
async fn test_account(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let tested = accounts::test(&context, &actor, EmagAccountId(id)).await?;
    Ok(axum::Json(TestedView::from(tested)).into_response())
}

#[derive(Serialize, ToSchema)]
struct PreviewView {
    stock_changes: i64,
    price_changes: i64,
    rows: Vec<PreviewRowView>,
}

#[derive(Serialize, ToSchema)]
struct PreviewRowView {
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
async fn preview(
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
struct PushBody {
    enabled: bool,
}

#[utoipa::path(post, path = "/api/v1/emag/accounts/{id}/push", tag = "emag", params(("id" = i64, Path)), request_body = PushBody, responses((status = 200, body = AccountView)))]
async fn push(
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

#[derive(Serialize, ToSchema)]
struct RunView {
    id: SyncRunId,
    account_id: EmagAccountId,
    kind: RunKind,
    mode: RunMode,
    state: RunState,
    pages_done: i32,
    pages_total: Option<i32>,
    rows_read: i32,
    rows_created: i32,
    rows_changed: i32,
    rows_unchanged: i32,
    rows_refused: i32,
    error_code: Option<String>,
    error_detail: Option<String>,
    queued_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            account_id: run.account_id,
            kind: run.kind,
            mode: run.mode,
            state: run.state,
            pages_done: run.pages_done,
            pages_total: run.pages_total,
            rows_read: run.rows_read,
            rows_created: run.rows_created,
            rows_changed: run.rows_changed,
            rows_unchanged: run.rows_unchanged,
            rows_refused: run.rows_refused,
            error_code: run.error_code,
            error_detail: run.error_detail,
            queued_at: run.queued_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartBody {
    account_id: EmagAccountId,
    kind: RunKind,
    #[serde(default = "full")]
    mode: RunMode,
}

fn full() -> RunMode {
    RunMode::Full
}

/// Starts a run in the background; refused while one of its kind runs for the account.
#[utoipa::path(post, path = "/api/v1/emag/sync", tag = "emag", request_body = StartBody, responses((status = 202, body = RunView), (status = 409)))]
async fn start_sync(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<StartBody>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(&actor).await?;
    let run = runs::start(&mut tx, &actor, &context, body.account_id, (body.kind, body.mode)).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, axum::Json(RunView::from(run))).into_response())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct RunsQuery {
    account_id: Option<i64>,
    limit: Option<u16>,
}

#[utoipa::path(get, path = "/api/v1/emag/sync", tag = "emag", params(RunsQuery), responses((status = 200, body = List<RunView>)))]
async fn list_runs(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<RunsQuery>,
) -> Result<List<RunView>, Problem> {
    let page = page_request(query.limit, None)?;
    let mut conn = state.db.read().await?;
    let rows = i64::try_from(page.limit.rows()).unwrap_or(i64::MAX);
    let found = read::runs(&mut conn, &actor, query.account_id.map(EmagAccountId), rows).await?;
    Ok(List {
        items: found.into_iter().map(RunView::from).collect(),
        next_cursor: None,
        total: None,
    })
}

#[derive(Serialize, ToSchema)]
struct RunDetail {
    #[serde(flatten)]
    run: RunView,
    failures: Vec<FailureView>,
}

#[derive(Serialize, ToSchema)]
struct FailureView {
    /// `page`, `offer`, `order` or `acknowledge`.
    subject: String,
    external_id: String,
    code: String,
    detail: Option<String>,
    created_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
}

const FAILURES_SHOWN: i64 = 500;

#[utoipa::path(get, path = "/api/v1/emag/sync/{id}", tag = "emag", params(("id" = i64, Path)), responses((status = 200, body = RunDetail)))]
async fn show_run(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let run = runs::get(&mut conn, &actor, SyncRunId(id)).await?;
    let failures = runs::failures(&mut conn, &actor, run.id, FAILURES_SHOWN).await?;
    let failures = failures.into_iter().map(|row| FailureView {
        subject: row.subject,
        external_id: row.external_id,
        code: row.code,
        detail: row.detail,
        created_at: row.created_at,
        resolved_at: row.resolved_at,
    });
    Ok(axum::Json(RunDetail {
        run: run.into(),
        failures: failures.collect(),
    })
    .into_response())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct ListingsQuery {
    q: Option<String>,
    account_id: Option<i64>,
    product_id: Option<i64>,
    /// Only those where the marketplace holds something else than it should.
    #[serde(default)]
    differing: bool,
    limit: Option<u16>,
    cursor: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/emag/offers", tag = "emag", params(ListingsQuery), responses((status = 200, body = List<ListingView>)))]
async fn listings(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<ListingsQuery>,
) -> Result<List<ListingView>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let filter = ListingFilter {
        account: query.account_id.map(EmagAccountId),
        product: query.product_id.map(ProductId),
        text: query.q,
        differing: query.differing,
    };
    let mut conn = state.db.read().await?;
    Ok(List::from_page(
        read::listings(&mut conn, &actor, &filter, &page).await?,
    ))
}

/// Tries a refused or waiting listing again at once.
#[utoipa::path(post, path = "/api/v1/emag/offers/{id}/push", tag = "emag", params(("id" = i64, Path)), responses((status = 202)))]
async fn push_listing(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    holds::retry_listing(&mut tx, &actor, ListingId(id)).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

#[derive(Serialize, ToSchema)]
struct HoldView {
    id: i64,
    account_id: EmagAccountId,
    listing_id: ListingId,
    name: String,
    part_number: String,
    /// `stock` or `price`.
    kind: String,
    /// `many_zeros` or `price_jump`.
    reason: String,
    old: String,
    new: String,
    state: String,
    created_at: DateTime<Utc>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct HoldsQuery {
    /// `waiting` (the default), `approved`, `rejected` or `outdated`.
    state: Option<String>,
    limit: Option<u16>,
}

#[utoipa::path(get, path = "/api/v1/emag/holds", tag = "emag", params(HoldsQuery), responses((status = 200, body = List<HoldView>)))]
async fn list_holds(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<HoldsQuery>,
) -> Result<List<HoldView>, Problem> {
    let page = page_request(query.limit, None)?;
    let wanted = query.state.as_deref().unwrap_or("waiting");
    let rows = i64::try_from(page.limit.rows()).unwrap_or(i64::MAX);
    let mut conn = state.db.read().await?;
    let found = holds::list(&mut conn, &actor, Some(wanted), None, rows).await?;
    let items = found.into_iter().map(|hold| HoldView {
        id: hold.id,
        account_id: hold.account_id,
        listing_id: hold.listing_id,
        name: hold.name,
        part_number: hold.part_number,
        kind: hold.kind,
        reason: hold.reason,
        old: hold.old_value.normalize().to_string(),
        new: hold.new_value.normalize().to_string(),
        state: hold.state,
        created_at: hold.created_at,
    });
    Ok(List {
        items: items.collect(),
        next_cursor: None,
        total: None,
    })
}

#[utoipa::path(post, path = "/api/v1/emag/holds/{id}/approve", tag = "emag", params(("id" = i64, Path)), responses((status = 204)))]
async fn approve(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    decide(&state, &actor, id, true).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[utoipa::path(post, path = "/api/v1/emag/holds/{id}/reject", tag = "emag", params(("id" = i64, Path)), responses((status = 204)))]
async fn reject(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    decide(&state, &actor, id, false).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn decide(
    state: &AppState,
    actor: &kernel::Actor,
    id: i64,
    approved: bool,
) -> Result<(), Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(actor).await?;
    let decision = if approved {
        Decision::Approve
    } else {
        Decision::Reject
    };
    holds::decide(&mut tx, actor, &context, id, decision).await?;
    tx.commit().await?;
    Ok(())
}

#[derive(Serialize, ToSchema)]
struct BudgetView {
    account_id: EmagAccountId,
    account: String,
    /// Calls that wait for their turn.
    waiting_orders: usize,
    waiting_other: usize,
}

/// How many calls wait in each account's queues, in this process.
#[utoipa::path(get, path = "/api/v1/emag/budget", tag = "emag", responses((status = 200, body = List<BudgetView>)))]
async fn budget(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<List<BudgetView>, Problem> {
    let context: Context = state.get()?;
    let mut conn = state.db.read().await?;
    let all = accounts::list(&mut conn, &actor).await?;
    Ok(whole(
        all.into_iter()
            .map(|account| {
                let (waiting_orders, waiting_other) = context.waiting(account.id);
                BudgetView {
                    account_id: account.id,
                    account: account.name,
                    waiting_orders,
                    waiting_other,
                }
            })
            .collect(),
    ))
}
