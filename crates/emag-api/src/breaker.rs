//! The account's circuit: when one account's back end is down for hours, its queue waits instead of burning retries.
//!
//! Always holds: one account's trouble never stops another's calls; while half open, one single call tries; an account
//! fault stays until the credentials change or somebody closes it by hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{AccountFault, ApiError};
use crate::verdict::{Answer, is_outage};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerRules {
    /// Failures in a row that open the circuit.
    pub failures_max: u32,
    /// How long it stays open before one call may try.
    pub open_for: Duration,
}

impl Default for BreakerRules {
    fn default() -> Self {
        // One call that failed all its seven attempts opens it.
        Self {
            failures_max: 7,
            open_for: Duration::from_mins(1),
        }
    }
}

/// What the circuit says now, for status pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    Closed,
    Open {
        retry_after: Duration,
    },
    HalfOpen,
    /// Open until the account is cured.
    Fault(AccountFault),
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    Trying,
    Fault(AccountFault),
}

/// One account's circuit, shared by its clones.
#[derive(Debug, Clone)]
pub struct Breaker {
    rules: BreakerRules,
    state: Arc<Mutex<State>>,
}

/// Leave to send one call; given back with the call's end, or on drop when the caller was cancelled.
#[derive(Debug)]
pub(crate) struct Admission {
    breaker: Breaker,
    trying: bool,
}

impl Breaker {
    pub fn new(rules: BreakerRules) -> Self {
        Self {
            rules,
            state: Arc::new(Mutex::new(State::Closed { failures: 0 })),
        }
    }

    pub fn state(&self) -> BreakerState {
        match *self.lock() {
            State::Closed { .. } => BreakerState::Closed,
            State::Trying => BreakerState::HalfOpen,
            State::Fault(fault) => BreakerState::Fault(fault),
            State::Open { until } => match until.checked_duration_since(Instant::now()) {
                Some(retry_after) if !retry_after.is_zero() => BreakerState::Open { retry_after },
                Some(_) | None => BreakerState::HalfOpen,
            },
        }
    }

    /// Closes the circuit by hand: credentials changed, or an operator cured the account.
    pub fn close(&self) {
        *self.lock() = State::Closed { failures: 0 };
    }

    pub(crate) fn admit(&self) -> Result<Admission, ApiError> {
        let mut state = self.lock();
        let refused = |retry_after, fault| Err(ApiError::CircuitOpen { retry_after, fault });
        match *state {
            State::Closed { .. } => Ok(Admission {
                breaker: self.clone(),
                trying: false,
            }),
            State::Fault(fault) => refused(None, Some(fault)),
            State::Trying => refused(Some(self.rules.open_for), None),
            State::Open { until } => {
                let now = Instant::now();
                if until > now {
                    return refused(Some(until - now), None);
                }
                *state = State::Trying;
                Ok(Admission {
                    breaker: self.clone(),
                    trying: true,
                })
            }
        }
    }

    /// Leave to send whatever the circuit says, to test an account.
    pub(crate) fn admit_always(&self) -> Admission {
        Admission {
            breaker: self.clone(),
            trying: false,
        }
    }

    fn settle(&self, trying: bool, verdict: &Result<Answer, ApiError>) {
        let mut state = self.lock();
        match verdict {
            Ok(_) | Err(ApiError::Refused { .. } | ApiError::Locked { .. }) => {
                *state = State::Closed { failures: 0 }
            }
            Err(ApiError::Account { fault, .. }) => *state = State::Fault(*fault),
            Err(error) if is_outage(error) => self.count_outage(&mut state),
            // Throttled or not understood: neither proof of health nor of an outage.
            Err(
                ApiError::Throttled { .. }
                | ApiError::Transient { .. }
                | ApiError::Unreachable { .. }
                | ApiError::NotUnderstood { .. }
                | ApiError::CircuitOpen { .. }
                | ApiError::FilterIgnored { .. }
                | ApiError::TooManyPages { .. }
                | ApiError::Invalid { .. },
            ) => {
                if trying {
                    *state = State::Open {
                        until: Instant::now(),
                    };
                }
            }
        }
    }

    fn count_outage(&self, state: &mut State) {
        let open = State::Open {
            until: Instant::now() + self.rules.open_for,
        };
        *state = match *state {
            State::Closed { failures } if failures + 1 < self.rules.failures_max => State::Closed {
                failures: failures + 1,
            },
            State::Closed { .. } | State::Trying => open,
            // A straggler that was sent before the circuit opened prolongs nothing.
            State::Open { .. } | State::Fault(_) => *state,
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission {
    pub(crate) fn settle(mut self, verdict: &Result<Answer, ApiError>) {
        self.breaker.settle(self.trying, verdict);
        self.trying = false;
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        // Cancelled while trying: the next call may try instead.
        if self.trying {
            let mut state = self.breaker.lock();
            if matches!(*state, State::Trying) {
                *state = State::Open {
                    until: Instant::now(),
                };
            }
        }
    }
}
