//! How long somebody who mistyped has to wait. Pure.

use std::time::Duration;

use kernel::Timestamp;

/// Failures are counted over this time.
pub(crate) const WINDOW: chrono::Duration = chrono::Duration::minutes(15);
/// Everybody mistypes; that many cost nothing.
const FREE: i64 = 5;
/// The first wait; each further failure doubles it.
const FIRST_WAIT_SECONDS: i64 = 30;
const WAIT_SECONDS_MAX: i64 = 15 * 60;

/// Failures of one account or one address within the window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Failures {
    pub(crate) count: i64,
    pub(crate) last: Option<Timestamp>,
}

impl Failures {
    /// How much longer until the next try; `None` when it may be made now.
    pub(crate) fn wait(self, now: Timestamp) -> Option<Duration> {
        let beyond = self.count - FREE;
        let last = self.last.filter(|_| beyond >= 0)?;
        let doubled = FIRST_WAIT_SECONDS << beyond.min(10);
        let until = last + chrono::Duration::seconds(doubled.min(WAIT_SECONDS_MAX));
        (until - now).to_std().ok().filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(count: i64, seconds_since_last: i64, expected_wait: Option<u64>) {
        let now: Timestamp = "2026-11-25T08:00:00Z".parse().unwrap();
        let failures = Failures {
            count,
            last: (count > 0).then(|| now - chrono::Duration::seconds(seconds_since_last)),
        };
        assert_eq!(failures.wait(now).map(|wait| wait.as_secs()), expected_wait);
    }

    #[test]
    fn five_mistakes_are_free_and_then_the_wait_doubles() {
        check(0, 0, None);
        check(4, 0, None);
        check(5, 0, Some(30));
        check(5, 29, Some(1));
        check(5, 30, None);
        check(6, 0, Some(60));
        check(8, 0, Some(240));
        check(40, 0, Some(900));
        check(i64::MAX, 0, Some(900));
    }
}
