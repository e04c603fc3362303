//! The promise to ship, counted in working days of Romania.

use chrono::{Datelike as _, Days, TimeZone as _, Weekday};
use kernel::{BUCHAREST, Timestamp};

/// What the marketplace allows between an order and its hand-over to the courier.
const DAYS_TO_SHIP: u32 = 2;

/// Two working days after the order, at the same time of day in Bucharest. Public holidays are not known here, so the
/// promise is never later than the customer expects.
pub fn ship_by_default(placed_at: Timestamp) -> Timestamp {
    let local = placed_at.with_timezone(&BUCHAREST).naive_local();
    let mut day = local.date();
    let mut left = DAYS_TO_SHIP;
    while left > 0 {
        let Some(next) = day.checked_add_days(Days::new(1)) else {
            return placed_at;
        };
        day = next;
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    // In the hour that does not exist in spring the same moment of the wall clock is an hour earlier in UTC.
    BUCHAREST
        .from_local_datetime(&day.and_time(local.time()))
        .earliest()
        .map_or(placed_at + (day - local.date()), |at| at.to_utc())
}
