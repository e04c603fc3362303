//! Splitting a span of time into the windows `order/read` accepts (eMAG API 4.4.9 section 21.2).
//!
//! Always holds: every instant of the span lies in a window, neighbours overlap by at least two hours (the wall clock
//! repeats an hour in October), no window is longer than 28 days, and every window comes once per kind of order.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::lenient::from_utc;
use crate::wire::{OrderFilter, OrderKind};

/// The partner takes at most a month; the shortest month has 28 days.
pub const WINDOW_DAYS_MAX: i64 = 28;
/// One hour for the clock change, one for rows that move while they are read.
pub const WINDOW_OVERLAP_HOURS: i64 = 2;
/// A window measured on the wall clock is up to an hour longer than it is in truth.
const CLOCK_CHANGE_HOURS: i64 = 1;

/// One window of one kind of order, by time of modification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderWindow {
    pub kind: OrderKind,
    pub after: DateTime<Utc>,
    pub before: DateTime<Utc>,
    zone: Tz,
}

impl OrderWindow {
    /// The filter that reads this window.
    pub fn filter(&self) -> OrderFilter {
        OrderFilter {
            modified_after: Some(from_utc(self.after, self.zone)),
            modified_before: Some(from_utc(self.before, self.zone)),
            kind: Some(self.kind),
            ..OrderFilter::default()
        }
    }
}

/// The windows that cover `from` to `to`, oldest first, seller-fulfilled before fulfilled by eMAG in each.
///
/// The first one starts two hours before `from`, so that a span that continues an earlier one overlaps it too.
pub fn order_windows(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz) -> Vec<OrderWindow> {
    let overlap = TimeDelta::hours(WINDOW_OVERLAP_HOURS);
    let longest = TimeDelta::days(WINDOW_DAYS_MAX) - TimeDelta::hours(CLOCK_CHANGE_HOURS);
    let mut windows = Vec::new();
    let mut start = from - overlap;
    while start < to {
        let end = to.min(start + longest);
        for kind in [OrderKind::FulfilledBySeller, OrderKind::FulfilledByEmag] {
            windows.push(OrderWindow {
                kind,
                after: start,
                before: end,
                zone,
            });
        }
        if end == to {
            break;
        }
        start = end - overlap;
    }
    windows
}
