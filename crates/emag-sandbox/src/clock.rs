//! The sandbox's own time: it may stand still, run faster than the wall or be set. Limits, order windows and the
//! simulated trade follow it and nothing else.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// Thousand years of milliseconds: a bound for advances, far inside what a date can hold.
const ADVANCE_MAX_MS: f64 = 3.0e13;

/// A clock that starts where it is told and runs `rate` times as fast as the wall (0 = it stands still).
#[derive(Debug)]
pub(crate) struct VirtualClock {
    base: DateTime<Utc>,
    anchor: Instant,
    rate: f64,
}

impl VirtualClock {
    pub(crate) fn new(base: DateTime<Utc>, rate: f64) -> VirtualClock {
        VirtualClock {
            base,
            anchor: Instant::now(),
            rate,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.base + milliseconds(self.anchor.elapsed().as_secs_f64() * 1000.0 * self.rate)
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    pub(crate) fn set(&mut self, at: DateTime<Utc>) {
        self.base = at;
        self.anchor = Instant::now();
    }

    pub(crate) fn set_rate(&mut self, rate: f64) {
        self.set(self.now());
        self.rate = rate;
    }

    pub(crate) fn advance(&mut self, seconds: f64) {
        self.set(self.now() + milliseconds(seconds * 1000.0));
    }
}

/// A span from a float; out-of-range and not-a-number become the bound or zero.
#[allow(
    clippy::cast_possible_truncation,
    reason = "clamped to a range an i64 holds exactly"
)]
pub(crate) fn milliseconds(amount: f64) -> TimeDelta {
    let bounded = if amount.is_nan() {
        0.0
    } else {
        amount.clamp(-ADVANCE_MAX_MS, ADVANCE_MAX_MS)
    };
    TimeDelta::milliseconds(bounded.round() as i64)
}
