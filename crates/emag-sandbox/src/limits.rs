//! The marketplace's rate limits: per account and bucket, a sliding second and a sliding minute. A call that is refused
//! here is not counted and not executed.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

/// Which limit a route draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bucket {
    /// `/order…`: 12 a second, 720 a minute.
    Orders,
    /// Everything else together: 3 a second, 180 a minute.
    Other,
    /// `documentation/find_by_eans`: 5 a second, 200 a minute, 5,000 a day.
    EanSearch,
}

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

impl Bucket {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Bucket::Orders => "orders",
            Bucket::Other => "other",
            Bucket::EanSearch => "find_by_eans",
        }
    }

    /// Calls allowed in each window of so many milliseconds; the second comes first.
    fn windows(self) -> &'static [(i64, usize)] {
        match self {
            Bucket::Orders => &[(SECOND_MS, 12), (MINUTE_MS, 720)],
            Bucket::Other => &[(SECOND_MS, 3), (MINUTE_MS, 180)],
            Bucket::EanSearch => &[(SECOND_MS, 5), (MINUTE_MS, 200), (DAY_MS, 5_000)],
        }
    }

    fn per_second(self) -> usize {
        self.windows().first().map_or(0, |(_, most)| *most)
    }
}

/// Whether the call may go on, and the numbers for the two headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant {
    pub(crate) allowed: bool,
    pub(crate) limit: usize,
    pub(crate) remaining: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// Moments of the calls let through, in milliseconds, oldest first.
    passed: BTreeMap<(String, Bucket), VecDeque<i64>>,
}

impl Limits {
    /// Asks for one call now; when `enforced` is false it only counts.
    pub(crate) fn ask(
        &mut self,
        username: &str,
        bucket: Bucket,
        now: DateTime<Utc>,
        enforced: bool,
    ) -> Grant {
        let now = now.timestamp_millis();
        let passed = self.passed.entry((username.to_owned(), bucket)).or_default();
        let longest = bucket
            .windows()
            .iter()
            .map(|(span, _)| *span)
            .max()
            .unwrap_or(MINUTE_MS);
        // A clock set back would leave moments in the future that block for ever.
        passed.retain(|at| *at <= now && now - *at < longest);
        let within = |span: i64| passed.iter().rev().take_while(|at| now - **at < span).count();
        let allowed = !enforced || bucket.windows().iter().all(|(span, most)| within(*span) < *most);
        let used = within(SECOND_MS) + usize::from(allowed);
        if allowed {
            passed.push_back(now);
        }
        let limit = bucket.per_second();
        Grant {
            allowed,
            limit,
            // Where nothing is refused nothing is used up: a client that obeys the header would wait for ever by a clock
            // that stands still.
            remaining: if enforced {
                limit.saturating_sub(used)
            } else {
                limit
            },
        }
    }
}
