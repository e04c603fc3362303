//! When a call is sent again. Only what heals by itself is repeated: too fast, locked, in trouble, unreachable.

use std::time::Duration;

use crate::error::{ApiError, UnreachableKind};

/// Whether the same call may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Twice is the same as once.
    Idempotent,
    /// A second call may make a second thing, for example a second label. Never repeated here.
    Never,
}

/// Chance as an argument: spreads retries so that many callers do not come back together.
pub trait Jitter: Send + Sync {
    /// A number below `bound`; 0 when `bound` is 0.
    fn below(&self, bound: u64) -> u64;
}

/// No spread at all, for tests and single callers.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJitter;

impl Jitter for NoJitter {
    fn below(&self, _bound: u64) -> u64 {
        0
    }
}

impl<F: Fn(u64) -> u64 + Send + Sync> Jitter for F {
    fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self(bound).min(bound - 1) }
    }
}

/// How often and how far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRules {
    /// Sendings in all, the first included.
    pub attempts: u32,
    /// The first pause; each further one is twice as long.
    pub first_pause: Duration,
    pub pause_max: Duration,
    /// The partner works on an order for some seconds and says so.
    pub locked_pause: Duration,
}

impl Default for RetryRules {
    fn default() -> Self {
        Self {
            // 16 s in all: an answer lost on the way is asked for again at once, a restart over there is outlasted.
            attempts: 7,
            first_pause: Duration::from_millis(250),
            pause_max: Duration::from_mins(1),
            locked_pause: Duration::from_secs(5),
        }
    }
}

impl RetryRules {
    /// The pause before sending number `attempt + 1`, or `None` to give up. `attempt` counts from 1.
    pub fn pause(
        &self,
        policy: Retry,
        attempt: u32,
        error: &ApiError,
        jitter: &dyn Jitter,
    ) -> Option<Duration> {
        if policy == Retry::Never || attempt >= self.attempts {
            return None;
        }
        match error {
            ApiError::Throttled { retry_after } | ApiError::Transient { retry_after, .. } => {
                // A longer wait is left to the next call: nobody is kept waiting for an hour.
                Some(retry_after.map_or_else(
                    || self.back_off(attempt, jitter),
                    |asked| asked.min(self.pause_max),
                ))
            }
            ApiError::Unreachable { kind } => match kind {
                UnreachableKind::Connect | UnreachableKind::Timeout | UnreachableKind::Closed => {
                    Some(self.back_off(attempt, jitter))
                }
                UnreachableKind::TooLarge => None,
            },
            ApiError::Locked { .. } => Some(self.locked_pause),
            ApiError::Refused { .. }
            | ApiError::Account { .. }
            | ApiError::NotUnderstood { .. }
            | ApiError::CircuitOpen { .. }
            | ApiError::FilterIgnored { .. }
            | ApiError::TooManyPages { .. }
            | ApiError::Invalid { .. } => None,
        }
    }

    /// The first pause, then twice as long each time, to the cap, plus up to half as much again by chance.
    fn back_off(&self, attempt: u32, jitter: &dyn Jitter) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        let pause = self
            .first_pause
            .saturating_mul(1 << doublings)
            .min(self.pause_max);
        let half = u64::try_from(pause.as_millis() / 2).unwrap_or(0);
        (pause + Duration::from_millis(jitter.below(half + 1))).min(self.pause_max)
    }
}
