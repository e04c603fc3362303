//! Time is an argument. Only entry points create [`Clock::system`]; tests move a [`ManualClock`].

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::{BUCHAREST, Timestamp};

/// Tells the time; cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The wall clock of this machine.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until its hand is moved.
    pub fn manual(start: Timestamp) -> (Self, ManualClock) {
        let now = Arc::new(Mutex::new(start));
        (Self(Source::Manual(Arc::clone(&now))), ManualClock(now))
    }

    #[allow(clippy::disallowed_methods, reason = "the one home of the wall clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Utc::now(),
            Source::Manual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Today in Romania, which is where trade days begin and end.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&BUCHAREST).date_naive()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::System => f.write_str("Clock::system"),
            Source::Manual(_) => write!(f, "Clock::manual({})", self.now()),
        }
    }
}

/// The hand of a manual clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }

    pub fn set(&self, to: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_day_ends_at_midnight_in_bucharest() {
        let late = "2025-07-31T21:30:00Z".parse::<Timestamp>().unwrap();
        let (clock, hand) = Clock::manual(late);
        assert_eq!(clock.today().to_string(), "2025-08-01");
        hand.advance(Duration::hours(-1));
        assert_eq!(clock.today().to_string(), "2025-07-31");
    }
}
