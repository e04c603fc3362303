//! Figures for the dashboard and the frame of pages. Whoever draws them has asked whether the person may see orders;
//! a figure in the frame is drawn for everybody at once, so there is no actor here.

use chrono::{Days, NaiveDate};
use kernel::{Currency, Money, Timestamp};
use sqlx::PgConnection;

use crate::error::OrderError;
use crate::search::{Desk, SalesDay};
use crate::store;

/// More days than a chart can show.
const DAYS_MAX: i64 = 366;
/// More rows than a dashboard can show.
const ROWS_MAX: i64 = 100;

/// How many open orders we have to ship.
pub async fn orders_to_ship(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    store::count_to_ship(conn).await
}

/// What is to be shipped and what stands in the way, with the next deadlines.
pub async fn desk(conn: &mut PgConnection, now: Timestamp, rows: i64) -> Result<Desk, OrderError> {
    let figures = store::count_desk(&mut *conn, now).await?;
    Ok(Desk {
        to_ship: figures.to_ship,
        overdue: figures.overdue,
        short_orders: figures.short_orders,
        unresolved_lines: figures.unresolved_lines,
        next: store::list_deadlines(conn, rows.clamp(0, ROWS_MAX)).await?,
    })
}

/// Sales of the last days, today included, oldest first; every day is there.
pub async fn sales_per_day(
    conn: &mut PgConnection,
    today: NaiveDate,
    days: i64,
) -> Result<Vec<SalesDay>, OrderError> {
    let back = Days::new(days.clamp(1, DAYS_MAX).unsigned_abs() - 1);
    let from = today.checked_sub_days(back).unwrap_or(today);
    let currency: Currency = match store::company_currency(&mut *conn).await? {
        Some(code) => code.parse()?,
        None => Currency::RON,
    };
    let rows = store::sum_sales_per_day(conn, from, today, currency.as_str()).await?;
    rows.into_iter()
        .map(|row| {
            // A day's sum may be larger than one amount may be; then the day is a fault worth seeing.
            Ok(SalesDay {
                date: row.day,
                orders: row.orders,
                gross: Money::new(row.gross, currency)?,
            })
        })
        .collect()
}
