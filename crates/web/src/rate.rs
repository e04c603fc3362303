//! How many requests one caller may make.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::HeaderName;

type Limiter = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;

/// Per address for everybody; generous for people and scripts, tight enough to stop a loop.
#[derive(Clone, Debug)]
pub struct RateLimits {
    limiter: Arc<Limiter>,
    burst: u32,
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
    limit: u32,
    remaining: u32,
    pub(crate) retry_after: Option<Duration>,
}

impl Allowance {
    /// How many requests at once, how many are left, and after how many seconds there is one more.
    pub(crate) fn headers(&self) -> [(HeaderName, u64); 3] {
        let wait = self.retry_after.unwrap_or_default();
        let reset = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
        [
            (HeaderName::from_static("ratelimit-limit"), self.limit.into()),
            (
                HeaderName::from_static("ratelimit-remaining"),
                self.remaining.into(),
            ),
            (HeaderName::from_static("ratelimit-reset"), reset),
        ]
    }
}

impl RateLimits {
    /// `per_second` on average, `burst` at once; zero counts as one.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self {
            limiter: Arc::new(RateLimiter::dashmap(quota).with_middleware()),
            burst: burst.max(1),
        }
    }

    pub(crate) fn check(&self, ip: Option<IpAddr>) -> Allowance {
        let key = ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let (remaining, retry_after) = match self.limiter.check_key(&key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(DefaultClock::default().now()))),
        };
        Allowance {
            limit: self.burst,
            remaining,
            retry_after,
        }
    }

    /// Forgets addresses that have been quiet; called from time to time.
    pub fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}
