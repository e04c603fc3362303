//! How many requests one caller may make.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

/// Per address for everybody; generous for people and scripts, tight enough to stop a loop.
#[derive(Clone, Debug)]
pub struct RateLimits {
    limiter: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    per_second: u32,
}

/// A page fetches a dozen things at once; an import script runs at tens per second.
const PER_SECOND: u32 = 100;
const BURST: u32 = 400;

impl Default for RateLimits {
    fn default() -> Self {
        Self::new(PER_SECOND, BURST)
    }
}

/// What the answer's headers say.
pub(crate) struct Allowance {
    pub(crate) limit: u32,
    pub(crate) retry_after: Option<Duration>,
}

impl RateLimits {
    /// `per_second` on average, `burst` at once; zero counts as one.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self {
            limiter: Arc::new(DefaultKeyedRateLimiter::keyed(quota)),
            per_second,
        }
    }

    pub(crate) fn check(&self, ip: Option<IpAddr>) -> Allowance {
        let key = ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let retry_after = self
            .limiter
            .check_key(&key)
            .err()
            .map(|until| until.wait_time_from(DefaultClock::default().now()));
        Allowance {
            limit: self.per_second,
            retry_after,
        }
    }

    /// Forgets addresses that have been quiet; called from time to time.
    pub fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}
