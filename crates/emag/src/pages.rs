//! Pages of the marketplace: accounts and their health, a run as it happens, listings, what is held.

mod accounts;

use axum::extract::State;
use axum::response::Response;
use kernel::{EmagAccountId, Limit, PageRequest, Param, ProductId, SyncRunId, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use ui::Args;
use web::{Access, AppState, FlashKind, Page, Path, Problem, Query, Routes, page_request};

use crate::context::Context;
use crate::error::EmagError;
use crate::model::{FailureRow, Run, RunKind, RunMode, RunState};
use crate::service::{read, retry, runs};
use crate::store::failures::RETRYING;
use crate::store::search::{ListingFilter, ListingView};
use crate::{EMAG_PUSH, EMAG_SYNC, EMAG_VIEW, api};

pub(crate) fn routes() -> Routes {
    let view = Access::Needs(EMAG_VIEW);
    accounts::routes()
        .post("/emag/accounts/{id}/sync/{kind}", Access::Needs(EMAG_SYNC), start)
        .get("/emag/sync/{id}", view, run)
        .post("/emag/sync/{id}/retry", Access::Needs(EMAG_SYNC), retry_run)
        .post(
            "/emag/sync/{id}/failures/{failure_id}/retry",
            Access::Needs(EMAG_SYNC),
            retry_failure,
        )
        .get("/emag/offers", view, offers)
        .get("/emag/holds", view, list_holds)
        .post("/emag/holds/{id}/{decision}", Access::Needs(EMAG_PUSH), decide)
        .get("/emag/panels/product/{id}", view, product_panel)
}

/// A run as pages show it.
#[derive(Serialize)]
struct RunRow {
    id: i64,
    kind: &'static str,
    state: &'static str,
    badge: &'static str,
    pages_done: i32,
    pages_total: i32,
    rows_read: i32,
    rows_created: i32,
    rows_changed: i32,
    rows_unchanged: i32,
    rows_refused: i32,
    error_code: Option<String>,
    error_detail: Option<String>,
    queued_at: Timestamp,
    finished_at: Option<Timestamp>,
    is_open: bool,
}

impl From<Run> for RunRow {
    fn from(run: Run) -> Self {
        let badge = match run.state {
            RunState::Queued | RunState::Running => "info",
            RunState::Done => "good",
            RunState::Partial => "warn",
            RunState::Failed => "bad",
        };
        Self {
            id: run.id.0,
            kind: run.kind.code(),
            state: run.state.code(),
            badge,
            pages_done: run.pages_done,
            // Without a total the bar grows with what was read and is full at the end.
            pages_total: run
                .pages_total
                .unwrap_or(run.pages_done + 1)
                .max(run.pages_done)
                .max(1),
            rows_read: run.rows_read,
            rows_created: run.rows_created,
            rows_changed: run.rows_changed,
            rows_unchanged: run.rows_unchanged,
            rows_refused: run.rows_refused,
            error_code: run.error_code.map(|code| code.replace('_', "-")),
            error_detail: run.error_detail,
            queued_at: run.queued_at,
            finished_at: run.finished_at,
            is_open: matches!(run.state, RunState::Queued | RunState::Running),
        }
    }
}

async fn start(
    State(state): State<AppState>,
    page: Page,
    Path((id, kind)): Path<(i64, String)>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let kind = match kind.as_str() {
        "offers" => RunKind::Offers,
        "orders" => RunKind::Orders,
        _ => return Err(Problem::NotFound),
    };
    let mut tx = state.db.begin(&page.actor).await?;
    let wanted = (kind, RunMode::Full);
    match runs::start(&mut tx, &page.actor, &context, EmagAccountId(id), wanted).await {
        Ok(run) => {
            tx.commit().await?;
            Ok(page.redirect(&format!("/emag/sync/{}", run.id)))
        }
        Err(error) => refused(&page, &format!("/emag/accounts/{id}"), error),
    }
}

#[derive(Serialize)]
struct RunPage {
    run: RunRow,
    account_id: i64,
    failures: Vec<Failure>,
    /// Something is being done that will change the page by itself.
    is_moving: bool,
    may_sync: bool,
}

#[derive(Serialize)]
struct Failure {
    id: i64,
    subject: String,
    external_id: String,
    text: String,
    detail: Option<String>,
    created_at: Timestamp,
    resolved: bool,
    retrying: bool,
    can_be_retried: bool,
}

const FAILURES_SHOWN: i64 = 200;

fn failure(page: &Page, row: FailureRow) -> Failure {
    let retrying = row.code == RETRYING && row.resolved_at.is_none();
    Failure {
        id: row.id,
        can_be_retried: row.can_be_retried() && !retrying,
        retrying,
        subject: row.subject,
        external_id: row.external_id,
        text: page.t(&format!("emag-code-{}", row.code.replace('_', "-"))),
        detail: row.detail,
        created_at: row.created_at,
        resolved: row.resolved_at.is_some(),
    }
}

async fn run(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let run = runs::get(&mut conn, &page.actor, SyncRunId(id)).await?;
    let failures = runs::failures(&mut conn, &page.actor, run.id, FAILURES_SHOWN).await?;
    let account_id = run.account_id.0;
    let run_row = RunRow::from(run);
    let failures: Vec<Failure> = failures.into_iter().map(|row| failure(&page, row)).collect();
    let context = RunPage {
        account_id,
        is_moving: run_row.is_open || failures.iter().any(|row| row.retrying),
        may_sync: page.actor.may(EMAG_SYNC),
        run: run_row,
        failures,
    };
    page.render("emag/run.html", &context)
}

async fn retry_run(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(&page.actor).await?;
    match retry::run(&mut tx, &page.actor, &context, SyncRunId(id)).await {
        Ok(run) => {
            tx.commit().await?;
            Ok(page.redirect(&format!("/emag/sync/{}", run.id)))
        }
        Err(error) => refused(&page, &format!("/emag/sync/{id}"), error),
    }
}

async fn retry_failure(
    State(state): State<AppState>,
    page: Page,
    Path((id, failure)): Path<(i64, i64)>,
) -> Result<Response, Problem> {
    let to = format!("/emag/sync/{id}");
    let mut tx = state.db.begin(&page.actor).await?;
    match retry::failure(&mut tx, &page.actor, (SyncRunId(id), failure)).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(page.redirect_with(&to, FlashKind::Success, "emag-retry-queued", &Args::new()))
        }
        Err(error) => refused(&page, &to, error),
    }
}

/// A refusal goes back to the page it came from, in words; anything else is a problem.
fn refused(page: &Page, to: &str, error: EmagError) -> Result<Response, Problem> {
    if let EmagError::Refused(refusal) = error {
        let args = refusal
            .params
            .iter()
            .fold(Args::new(), |args, (name, value)| match value {
                Param::Number(number) => args.with(name, *number),
                Param::Text(text) => args.with(name, text.clone()),
            });
        return Ok(page.redirect_with(to, FlashKind::Error, refusal.code, &args));
    }
    Err(error.into())
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct OffersQuery {
    q: Option<String>,
    account: Option<i64>,
    #[serde(default)]
    differing: bool,
    cursor: Option<String>,
}

impl OffersQuery {
    fn href(&self, differing: bool, cursor: Option<String>) -> String {
        web::address(
            "/emag/offers",
            &[
                ("q", self.q.clone()),
                ("account", self.account.map(|id| id.to_string())),
                ("differing", differing.then(|| "true".to_owned())),
                ("cursor", cursor),
            ],
        )
    }
}

#[derive(Serialize)]
struct OffersPage {
    rows: Vec<Listing>,
    text: String,
    all_href: String,
    differing_href: String,
    differing: bool,
    filtered: bool,
    next: Option<String>,
    first: Option<String>,
}

#[derive(Serialize)]
struct Listing {
    #[serde(flatten)]
    view: ListingView,
    remote: Amount,
    wanted: Option<Amount>,
    stock_differs: bool,
    price_differs: bool,
}

/// As the money filter takes it.
#[derive(Serialize)]
struct Amount {
    amount: Decimal,
    currency: String,
}

impl From<ListingView> for Listing {
    fn from(listing: ListingView) -> Self {
        let amount = |amount| Amount {
            amount,
            currency: listing.currency.clone(),
        };
        Self {
            remote: amount(listing.remote_price),
            wanted: listing.wanted_price.map(amount),
            stock_differs: listing
                .wanted_stock
                .is_some_and(|wanted| wanted != listing.remote_stock),
            price_differs: listing
                .wanted_price
                .is_some_and(|wanted| wanted != listing.remote_price),
            view: listing,
        }
    }
}

async fn offers(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<OffersQuery>,
) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let filter = ListingFilter {
        account: query.account.map(EmagAccountId),
        product: None,
        text: query.q.clone(),
        differing: query.differing,
    };
    let mut conn = state.db.read().await?;
    let found = read::listings(&mut conn, &page.actor, &filter, &request).await?;
    let context = OffersPage {
        rows: found.items.into_iter().map(Listing::from).collect(),
        text: query.q.clone().unwrap_or_default(),
        all_href: query.href(false, None),
        differing_href: query.href(true, None),
        differing: query.differing,
        filtered: query.differing || query.q.is_some() || query.account.is_some(),
        next: found
            .next
            .map(|cursor| query.href(query.differing, Some(cursor.as_str().to_owned()))),
        first: query.cursor.is_some().then(|| query.href(query.differing, None)),
    };
    page.render("emag/offers.html", &context)
}

#[derive(Serialize)]
struct HoldsPage {
    holds: Vec<HoldRow>,
    may_decide: bool,
}

#[derive(Serialize)]
struct HoldRow {
    id: i64,
    name: String,
    part_number: String,
    kind: String,
    reason: String,
    old: Decimal,
    new: Decimal,
    created_at: Timestamp,
}

const HOLDS_SHOWN: u16 = 200;

async fn list_holds(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let newest = PageRequest {
        limit: Limit::new(HOLDS_SHOWN).unwrap_or_default(),
        after: None,
    };
    let found = read::holds(&mut conn, &page.actor, Some("waiting"), &newest).await?;
    let holds = found
        .items
        .into_iter()
        .map(|hold| HoldRow {
            id: hold.id,
            name: hold.name,
            part_number: hold.part_number,
            kind: hold.kind,
            reason: hold.reason.replace('_', "-"),
            old: hold.old_value.normalize(),
            new: hold.new_value.normalize(),
            created_at: hold.created_at,
        })
        .collect();
    page.render(
        "emag/holds.html",
        &HoldsPage {
            holds,
            may_decide: page.actor.may(EMAG_PUSH),
        },
    )
}

async fn decide(
    State(state): State<AppState>,
    page: Page,
    Path((id, decision)): Path<(i64, String)>,
) -> Result<Response, Problem> {
    let approved = match decision.as_str() {
        "approve" => true,
        "reject" => false,
        _ => return Err(Problem::NotFound),
    };
    api::decide(&state, &page.actor, id, approved).await?;
    let key = if approved {
        "emag-hold-approved"
    } else {
        "emag-hold-rejected"
    };
    Ok(page.redirect_with("/emag/holds", FlashKind::Success, key, &Args::new()))
}

#[derive(Serialize)]
struct ProductPanel {
    product_id: i64,
    rows: Vec<Listing>,
}

/// The listings of one product, for its page.
async fn product_panel(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let filter = ListingFilter {
        product: Some(ProductId(id)),
        ..ListingFilter::default()
    };
    let found = read::listings(&mut conn, &page.actor, &filter, &PageRequest::default()).await?;
    let context = ProductPanel {
        product_id: id,
        rows: found.items.into_iter().map(Listing::from).collect(),
    };
    page.fragment("emag/_product.html", &context)
}
