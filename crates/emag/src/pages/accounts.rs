//! Accounts: connect, test, look before switching on.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kernel::{Actor, EmagAccountId, Limit, PageRequest, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use ui::Args;
use web::{Access, AppState, FlashKind, Form, Page, Path, Problem, Routes};

use super::RunRow;
use crate::context::Context;
use crate::error::EmagError;
use crate::model::{Account, AccountKind, AccountPatch, NewAccount, RunKind, RunMode};
use crate::service::accounts::{self, Tested};
use crate::service::{holds, read, runs};
use crate::{EMAG_ACCOUNTS, EMAG_PUSH, EMAG_SYNC, EMAG_VIEW};

pub(crate) fn routes() -> Routes {
    let (view, manage) = (Access::Needs(EMAG_VIEW), Access::Needs(EMAG_ACCOUNTS));
    Routes::new()
        .get("/emag", view, list)
        .get("/emag/accounts/new", manage, blank)
        .post("/emag/accounts/new", manage, connect)
        .get("/emag/accounts/{id}", view, show)
        .post("/emag/accounts/{id}", manage, save)
        .post("/emag/accounts/{id}/test", manage, test)
        .post("/emag/accounts/{id}/push", Access::Needs(EMAG_PUSH), push)
}

/// An account as pages show it.
#[derive(Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "a template asks each of them by name"
)]
struct AccountRow {
    id: i64,
    name: String,
    platform: String,
    kind: &'static str,
    username: String,
    base_url: Option<String>,
    is_active: bool,
    fault: Option<String>,
    fault_detail: Option<String>,
    push_enabled: bool,
    push_prices: bool,
    acknowledge_orders: bool,
    safety_buffer: i64,
    is_open: bool,
    orders_read_until: Option<Timestamp>,
    version: i64,
    is_main: bool,
}

impl From<Account> for AccountRow {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.0,
            name: account.name,
            platform: account.platform,
            kind: account.kind.code(),
            username: account.username,
            base_url: account.base_url,
            is_active: account.is_active,
            fault: account.fault.map(|fault| fault.replace('_', "-")),
            fault_detail: account.fault_detail,
            push_enabled: account.push_enabled,
            push_prices: account.push_prices,
            acknowledge_orders: account.acknowledge_orders,
            safety_buffer: account.safety_buffer,
            is_open: account.opened_at.is_some(),
            orders_read_until: account.orders_read_until,
            version: account.version,
            is_main: account.kind == AccountKind::Main,
        }
    }
}

#[derive(Serialize)]
struct ListPage {
    accounts: Vec<WithRuns>,
    holds: i64,
    may_connect: bool,
}

#[derive(Serialize)]
struct WithRuns {
    account: AccountRow,
    runs: Vec<RunRow>,
}

const RUNS_IN_LIST: u16 = 4;
const RUNS_ON_PAGE: u16 = 20;

async fn with_runs(
    conn: &mut PgConnection,
    actor: &Actor,
    account: Account,
    limit: u16,
) -> Result<WithRuns, EmagError> {
    let newest = PageRequest {
        limit: Limit::new(limit).unwrap_or_default(),
        after: None,
    };
    let runs = read::runs(conn, actor, Some(account.id), &newest).await?;
    Ok(WithRuns {
        account: account.into(),
        runs: runs.items.into_iter().map(RunRow::from).collect(),
    })
}

async fn list(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let mut rows = Vec::new();
    for account in accounts::list(&mut conn, &page.actor).await? {
        rows.push(with_runs(&mut conn, &page.actor, account, RUNS_IN_LIST).await?);
    }
    let holds = crate::account_health(&mut conn)
        .await?
        .iter()
        .map(|account| account.holds)
        .sum();
    page.render(
        "emag/accounts.html",
        &ListPage {
            accounts: rows,
            holds,
            may_connect: page.actor.may(EMAG_ACCOUNTS),
        },
    )
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    name: String,
    platform: String,
    kind: String,
    username: String,
    #[serde(skip_serializing)]
    password: String,
    base_url: String,
    acknowledge_orders: Option<String>,
}

#[derive(Serialize)]
struct FormPage {
    fields: Fields,
    field: String,
    error: Option<String>,
}

async fn blank(page: Page) -> Result<Response, Problem> {
    let fields = Fields {
        platform: "emag-ro".to_owned(),
        kind: "MAIN".to_owned(),
        acknowledge_orders: Some("on".to_owned()),
        ..Fields::default()
    };
    page.render(
        "emag/form.html",
        &FormPage {
            fields,
            field: String::new(),
            error: None,
        },
    )
}

/// Connects, tests once, and starts the first readings.
async fn connect(
    State(state): State<AppState>,
    page: Page,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let kind = if fields.kind == "FBE" {
        AccountKind::Fbe
    } else {
        AccountKind::Main
    };
    let new = NewAccount {
        name: fields.name.clone(),
        platform: fields.platform.clone(),
        kind,
        username: fields.username.clone(),
        password: fields.password.clone(),
        base_url: Some(fields.base_url.trim().to_owned()).filter(|url| !url.is_empty()),
        warehouse: None,
        safety_buffer: 0,
        acknowledge_orders: fields.acknowledge_orders.is_some(),
    };
    let mut tx = state.db.begin(&page.actor).await?;
    let account = match accounts::create(&mut tx, &page.actor, &context, new).await {
        Ok(account) => account,
        Err(EmagError::Refused(refusal)) => {
            let error = Some(state.ui.message(page.locale, &refusal));
            let context = FormPage {
                fields,
                field: refusal.field.unwrap_or_default().to_owned(),
                error,
            };
            return page.render_with(StatusCode::UNPROCESSABLE_ENTITY, "emag/form.html", &context);
        }
        Err(other) => return Err(other.into()),
    };
    tx.commit().await?;
    let address = format!("/emag/accounts/{}", account.id);
    if let Tested::Fault { code, .. } = accounts::test(&context, &page.actor, account.id).await? {
        let args = Args::new().with("what", page.t(&format!("emag-code-{}", code.replace('_', "-"))));
        return Ok(page.redirect_with(&address, FlashKind::Error, "emag-connected-with-fault", &args));
    }
    if page.actor.may(EMAG_SYNC) {
        let mut tx = state.db.begin(&page.actor).await?;
        for kind in [RunKind::Offers, RunKind::Orders] {
            runs::start(&mut tx, &page.actor, &context, account.id, (kind, RunMode::Full)).await?;
        }
        tx.commit().await?;
    }
    Ok(page.redirect_with(&address, FlashKind::Success, "emag-connected", &Args::new()))
}

#[derive(Serialize)]
struct ShowPage {
    account: AccountRow,
    runs: Vec<RunRow>,
    stock_changes: i64,
    price_changes: i64,
    preview: Vec<Difference>,
    may_manage: bool,
    may_sync: bool,
    may_push: bool,
}

/// One line of "would send: old → new".
#[derive(Serialize)]
struct Difference {
    name: String,
    part_number: String,
    kind: String,
    old: Decimal,
    new: Decimal,
}

async fn show(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let account = accounts::get(&mut conn, &page.actor, EmagAccountId(id)).await?;
    let preview = holds::preview(&mut conn, &page.actor, account.id).await?;
    let found = with_runs(&mut conn, &page.actor, account, RUNS_ON_PAGE).await?;
    let context = ShowPage {
        account: found.account,
        runs: found.runs,
        stock_changes: preview.stock,
        price_changes: preview.price,
        preview: preview
            .rows
            .into_iter()
            .map(|row| Difference {
                name: row.name,
                part_number: row.part_number,
                kind: row.kind,
                old: row.old_value.normalize(),
                new: row.new_value.normalize(),
            })
            .collect(),
        may_manage: page.actor.may(EMAG_ACCOUNTS),
        may_sync: page.actor.may(EMAG_SYNC),
        may_push: page.actor.may(EMAG_PUSH),
    };
    page.render("emag/account.html", &context)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaveForm {
    name: String,
    username: String,
    #[serde(default)]
    password: String,
    safety_buffer: i64,
    #[serde(default)]
    push_prices: Option<String>,
    #[serde(default)]
    acknowledge_orders: Option<String>,
    #[serde(default)]
    is_active: Option<String>,
    version: i64,
}

async fn save(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(form): Form<SaveForm>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(&page.actor).await?;
    let before = accounts::get(&mut tx, &page.actor, EmagAccountId(id)).await?;
    let patch = AccountPatch {
        name: Some(form.name),
        // Only a change clears the fault.
        username: Some(form.username).filter(|username| *username != before.username),
        password: Some(form.password).filter(|password| !password.is_empty()),
        base_url: None,
        is_active: Some(form.is_active.is_some()),
        push_prices: Some(form.push_prices.is_some()),
        acknowledge_orders: Some(form.acknowledge_orders.is_some()),
        safety_buffer: Some(form.safety_buffer),
    };
    accounts::update(
        &mut tx,
        &page.actor,
        &context,
        (before.id, Some(form.version)),
        patch,
    )
    .await?;
    tx.commit().await?;
    Ok(page.redirect_with(
        &format!("/emag/accounts/{id}"),
        FlashKind::Success,
        "emag-account-saved",
        &Args::new(),
    ))
}

async fn test(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let address = format!("/emag/accounts/{id}");
    match accounts::test(&context, &page.actor, EmagAccountId(id)).await? {
        Tested::Fine => Ok(page.redirect_with(&address, FlashKind::Success, "emag-test-fine", &Args::new())),
        Tested::Fault { code, .. } => {
            let args = Args::new().with("what", page.t(&format!("emag-code-{}", code.replace('_', "-"))));
            Ok(page.redirect_with(&address, FlashKind::Error, "emag-test-fault", &args))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PushForm {
    enabled: bool,
}

async fn push(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(form): Form<PushForm>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(&page.actor).await?;
    holds::switch_push(&mut tx, &page.actor, &context, EmagAccountId(id), form.enabled).await?;
    tx.commit().await?;
    let key = if form.enabled {
        "emag-push-on-done"
    } else {
        "emag-push-off-done"
    };
    Ok(page.redirect_with(
        &format!("/emag/accounts/{id}"),
        FlashKind::Success,
        key,
        &Args::new(),
    ))
}
