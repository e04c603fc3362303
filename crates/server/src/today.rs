//! The Today page: what must be done now, drawn from what the slices tell.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use emag::AccountHealth;
use kernel::{Money, Timestamp};
use orders::{Desk, SalesDay};
use serde::Serialize;
use ui::Args;
use ui::chart::{Chart, Kind, Point};
use web::{Access, AppState, NavItem, Page, Problem, Routes};

/// Rows of each list; the rest is one click away.
const ROWS: i64 = 8;
const CHART_DAYS: i64 = 14;

pub(crate) const NAV: NavItem = NavItem {
    href: "/",
    icon: "home",
    key: "nav-today",
    access: None,
    order: 10,
};

pub(crate) fn routes() -> Routes {
    Routes::new().get("/", Access::SignedIn, page)
}

#[derive(Serialize)]
struct Today {
    date: NaiveDate,
    has_account: bool,
    may_connect: bool,
    to_ship: i64,
    overdue: i64,
    sales_7: Money,
    orders_7: i64,
    low_stock_count: i64,
    out_of_stock_count: i64,
    last_sync: Option<Timestamp>,
    sync_failures: i64,
    deadlines: Vec<Deadline>,
    attention: Vec<Attention>,
    accounts: Vec<Account>,
    low_stock: Vec<LowStock>,
    chart: String,
}

#[derive(Serialize)]
struct Deadline {
    id: i64,
    number: String,
    customer: String,
    ship_by: Timestamp,
    short: bool,
    unresolved: bool,
}

#[derive(Serialize)]
struct Attention {
    text: String,
    href: &'static str,
}

#[derive(Serialize)]
struct Account {
    id: i64,
    name: String,
    state: &'static str,
    state_text: String,
    at: Option<Timestamp>,
}

#[derive(Serialize)]
struct LowStock {
    id: i64,
    name: String,
    sku: String,
    available: i64,
}

async fn page(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let now = state.clock.now();
    let actor = &page.actor;
    let (desk, days) = if actor.may(orders::ORDERS_VIEW) {
        let desk = orders::desk(&mut conn, now, ROWS).await?;
        (
            desk,
            orders::sales_per_day(&mut conn, state.clock.today(), CHART_DAYS).await?,
        )
    } else {
        (Desk::default(), Vec::new())
    };
    let low = if actor.may(inventory::INVENTORY_VIEW) {
        inventory::low_stock_summary(&mut conn, ROWS).await?
    } else {
        inventory::LowStockSummary::default()
    };
    let accounts = if actor.may(emag::EMAG_VIEW) {
        emag::account_health(&mut conn).await?
    } else {
        Vec::new()
    };
    drop(conn);
    let context = Today {
        date: state.clock.today(),
        has_account: !accounts.is_empty() || !actor.may(emag::EMAG_VIEW),
        may_connect: actor.may(emag::EMAG_ACCOUNTS),
        to_ship: desk.to_ship,
        overdue: desk.overdue,
        sales_7: sum_of_week(&days)?,
        orders_7: days.iter().rev().take(7).map(|day| day.orders).sum(),
        low_stock_count: low.low,
        out_of_stock_count: low.out,
        last_sync: accounts
            .iter()
            .filter_map(|account| account.last_finished_at)
            .max(),
        sync_failures: accounts.iter().map(|account| account.failures).sum(),
        deadlines: deadlines(&desk),
        attention: attention(&page, &desk, &accounts),
        accounts: accounts
            .iter()
            .map(|account| account_row(&page, account))
            .collect(),
        low_stock: low
            .rows
            .into_iter()
            .map(|row| LowStock {
                id: row.product_id.0,
                name: row.name,
                sku: row.sku,
                available: row.available,
            })
            .collect(),
        chart: chart(&page, &days),
    };
    page.render("server/today.html", &context)
}

fn deadlines(desk: &Desk) -> Vec<Deadline> {
    desk.next
        .iter()
        .map(|order| Deadline {
            id: order.id.0,
            number: order.number.clone(),
            customer: order.customer.clone(),
            ship_by: order.ship_by,
            short: order.short_lines > 0,
            unresolved: order.unresolved_lines > 0,
        })
        .collect()
}

fn sum_of_week(days: &[SalesDay]) -> Result<Money, Problem> {
    let currency = days
        .last()
        .map_or(kernel::Currency::RON, |day| day.gross.currency());
    days.iter()
        .rev()
        .take(7)
        .try_fold(Money::zero(currency), |sum, day| sum.plus(day.gross))
        .map_err(Problem::internal)
}

fn attention(page: &Page, desk: &Desk, accounts: &[AccountHealth]) -> Vec<Attention> {
    // Whoever may not see a slice got no figures of it.
    let failures = accounts.iter().map(|account| account.failures).sum();
    let holds = accounts.iter().map(|account| account.holds).sum();
    [
        (
            "today-attention-unresolved",
            desk.unresolved_lines,
            "/orders/unresolved",
        ),
        (
            "today-attention-short",
            desk.short_orders,
            "/orders?view=attention",
        ),
        ("today-attention-failed", failures, "/emag"),
        ("today-attention-holds", holds, "/emag/holds"),
    ]
    .into_iter()
    .filter(|(_, count, _)| *count > 0)
    .map(|(key, count, href)| Attention {
        text: page
            .state
            .ui
            .text(page.locale, key, &Args::new().with("count", count)),
        href,
    })
    .collect()
}

fn account_row(page: &Page, account: &AccountHealth) -> Account {
    let (state, key) = if account.fault.is_some() {
        ("bad", "today-account-fault")
    } else if account.running {
        ("info", "today-account-running")
    } else if account.push_enabled {
        ("good", "today-account-fine")
    } else {
        ("neutral", "today-account-read-only")
    };
    Account {
        id: account.id.0,
        name: account.name.clone(),
        state,
        state_text: page.t(key),
        at: account.last_finished_at,
    }
}

fn chart(page: &Page, days: &[SalesDay]) -> String {
    // Fourteen days of nothing are no picture of anything: the chart says so in words.
    let days = if days.iter().all(|day| day.gross.amount().is_zero()) {
        &[]
    } else {
        days
    };
    let chart = Chart {
        id: "sales".to_owned(),
        kind: Kind::Bars,
        title: page.t("today-sales-chart"),
        x_label: page.t("today-chart-x"),
        y_label: page.t("today-chart-y"),
        points: days
            .iter()
            .map(|day| Point {
                label: day.date.format("%d.%m").to_string(),
                value: day.gross.amount(),
                text: ui::formats::money(day.gross.amount(), day.gross.currency().as_str(), page.locale),
            })
            .collect(),
    };
    page.state.ui.chart(page.locale, &chart)
}
