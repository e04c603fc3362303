//! Spacing of calls: one queue per account and bucket (eMAG API 4.4.9 section 5).
//!
//! Always holds: two calls of one queue never leave closer together than its spacing; never more than its numbers leave
//! in any second or minute; a 429 moves everybody's next turn; interactive calls go first, but background ones are
//! let through now and then. Never sends anything itself.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::route::Bucket;
use crate::transport::HttpResponse;

/// Who waits for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// A person or a stock push: goes before a full sync.
    Interactive,
    Background,
}

/// The pace of one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At least this long between two calls.
    pub spacing: Duration,
    pub per_second: u32,
    /// How long a second is taken to be: calls that leave evenly arrive unevenly, and the partner counts arrivals.
    pub second: Duration,
    pub per_minute: u32,
}

impl Limits {
    /// Evenly so far apart and so many a minute, with no bound on a second.
    pub const fn even(spacing: Duration, per_minute: u32) -> Self {
        Self {
            spacing,
            per_second: u32::MAX,
            second: Duration::from_secs(1),
            per_minute,
        }
    }

    /// The documented limits with some milliseconds to spare.
    pub const fn documented(bucket: Bucket) -> Self {
        match bucket {
            // A handful of orders need not wait for an even pace: a second's worth may leave close together.
            Bucket::Orders => Self {
                spacing: Duration::from_millis(25),
                per_second: 12,
                second: Duration::from_millis(1080),
                per_minute: 720,
            },
            // The headers hint at windows of 3 s, so no bursts: at least 340 ms apart.
            Bucket::Other => Self {
                spacing: Duration::from_millis(345),
                per_second: 3,
                second: Duration::from_millis(1035),
                per_minute: 180,
            },
            // 5 a second, but 200 a minute is the tighter one.
            Bucket::Ean => Self {
                spacing: Duration::from_millis(310),
                per_second: 5,
                second: Duration::from_millis(1080),
                per_minute: 200,
            },
        }
    }
}

/// Lets several processes share one account's budget. Each call asks after its local turn came; a budget that cannot be
/// reached answers zero, which leaves the local pace.
#[async_trait::async_trait]
pub trait Budget: Send + Sync {
    /// Takes one call of the common budget and says how long to wait before sending it.
    async fn reserve(&self, account: &str, bucket: Bucket, limits: Limits) -> Duration;
    /// Tells the others to hold back for this long.
    async fn hold_back(&self, account: &str, bucket: Bucket, pause: Duration);
}

/// What an answer's headers say about the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateHint {
    pub remaining: u32,
    pub limit: Option<u32>,
    /// The window the numbers are counted in.
    pub window: Duration,
}

impl RateHint {
    /// Reads `X-RateLimit-Remaining-<window>` and its `Limit` twin; the tightest of several.
    pub fn from_headers(response: &HttpResponse) -> Option<Self> {
        const REMAINING: &str = "x-ratelimit-remaining-";
        let hints = response.headers.iter().filter_map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let window_name = name.strip_prefix(REMAINING)?;
            let remaining = value.trim().parse().ok()?;
            let limit = response.header(&format!("x-ratelimit-limit-{window_name}"));
            let limit = limit.and_then(|limit| limit.trim().parse().ok());
            Some(Self {
                remaining,
                limit,
                window: window_of(window_name)?,
            })
        });
        hints.min_by_key(|hint| (hint.remaining, std::cmp::Reverse(hint.window)))
    }
}

/// `second`, `3second`, `minute` …
fn window_of(name: &str) -> Option<Duration> {
    let unit_at = name.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = name.split_at(unit_at);
    let number: u64 = if number.is_empty() {
        1
    } else {
        number.parse().ok()?
    };
    let unit_seconds = match unit {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _other => return None,
    };
    Some(Duration::from_secs(number.checked_mul(unit_seconds)?))
}

const MINUTE: Duration = Duration::from_mins(1);
/// A waiting background call goes after at most this many interactive ones, so that a busy day starves no sync.
const INTERACTIVE_RUN_MAX: u32 = 8;
/// The headers' word for "budget used up" is trusted for at most this long; a real refusal says so with a 429.
const HINT_PAUSE_MAX: Duration = Duration::from_secs(5);

/// One account's queue for one bucket, shared by its clones.
#[derive(Clone)]
pub struct Pacer {
    account: Arc<str>,
    bucket: Bucket,
    limits: Limits,
    budget: Option<Arc<dyn Budget>>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    interactive: VecDeque<Arc<Ticket>>,
    background: VecDeque<Arc<Ticket>>,
    interactive_run: u32,
    next_slot: Option<Instant>,
    /// When the calls of the last minute left, oldest first; never longer than the per-minute number.
    sent: VecDeque<Instant>,
}

#[derive(Default)]
struct Ticket {
    turn: Notify,
}

impl Pacer {
    pub fn new(account: &str, bucket: Bucket, limits: Limits, budget: Option<Arc<dyn Budget>>) -> Self {
        Self {
            account: account.into(),
            bucket,
            limits,
            budget,
            state: Arc::default(),
        }
    }

    /// Waits for this caller's turn. Dropping the future gives the place up.
    pub async fn acquire(&self, priority: Priority) {
        let place = self.line_up(priority);
        while let Some(wait) = self.try_leave(&place.ticket) {
            match wait {
                Wait::Until(instant) => sleep_until(instant).await,
                Wait::ForTurn => place.ticket.turn.notified().await,
            }
        }
        drop(place);
        if let Some(budget) = &self.budget {
            let pause = budget.reserve(&self.account, self.bucket, self.limits).await;
            tokio::time::sleep(pause).await;
        }
    }

    /// Moves everybody's next turn at least this far away: the partner said "too fast".
    pub async fn hold_back(&self, pause: Duration) {
        self.push_slot(Instant::now() + pause);
        if let Some(budget) = &self.budget {
            budget.hold_back(&self.account, self.bucket, pause).await;
        }
    }

    /// Obeys "nothing left" in the headers where our own calls do not explain it, so somebody else uses the account.
    ///
    /// Even pacing uses the window up by itself, and the sample headers name a limit of 1: waiting a window each time
    /// would then halve the pace for nothing.
    pub fn heed(&self, hint: RateHint) {
        if hint.remaining > 0 {
            return;
        }
        let now = Instant::now();
        let window = hint.window + self.limits.spacing;
        let ours = self
            .lock()
            .sent
            .iter()
            .filter(|sent| now.duration_since(**sent) <= window)
            .count();
        let limit = hint.limit.and_then(|limit| usize::try_from(limit).ok());
        let unexplained = limit.is_some_and(|limit| ours < limit);
        if unexplained {
            self.push_slot(now + hint.window.min(HINT_PAUSE_MAX));
        }
    }

    /// How many callers wait.
    pub fn waiting(&self) -> usize {
        let state = self.lock();
        state.interactive.len() + state.background.len()
    }

    /// How many calls of the minute are left; none while the partner wants us to hold back.
    pub fn left(&self) -> u32 {
        let now = Instant::now();
        let state = self.lock();
        let is_held_back = state
            .next_slot
            .is_some_and(|slot| slot > now + self.limits.spacing);
        if is_held_back {
            return 0;
        }
        let recent = state
            .sent
            .iter()
            .filter(|sent| now.duration_since(**sent) < MINUTE);
        self.limits
            .per_minute
            .saturating_sub(u32::try_from(recent.count()).unwrap_or(u32::MAX))
    }

    fn push_slot(&self, earliest: Instant) {
        let mut state = self.lock();
        state.next_slot = Some(state.next_slot.map_or(earliest, |slot| slot.max(earliest)));
    }

    fn line_up(&self, priority: Priority) -> Place<'_> {
        let ticket = Arc::new(Ticket::default());
        let mut state = self.lock();
        match priority {
            Priority::Interactive => state.interactive.push_back(Arc::clone(&ticket)),
            Priority::Background => state.background.push_back(Arc::clone(&ticket)),
        }
        Place { pacer: self, ticket }
    }

    /// Leaves if it is this ticket's turn and time, else says what to wait for.
    fn try_leave(&self, ticket: &Arc<Ticket>) -> Option<Wait> {
        let mut state = self.lock();
        let is_first = state.head().is_some_and(|head| Arc::ptr_eq(head, ticket));
        if !is_first {
            return Some(Wait::ForTurn);
        }
        let now = Instant::now();
        let slot = state.earliest(self.limits);
        match slot {
            Some(slot) if slot > now => Some(Wait::Until(slot)),
            Some(_) | None => {
                state.leave(now, self.limits);
                None
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Wait {
    Until(Instant),
    ForTurn,
}

impl State {
    fn background_is_due(&self) -> bool {
        !self.background.is_empty()
            && (self.interactive.is_empty() || self.interactive_run >= INTERACTIVE_RUN_MAX)
    }

    fn head(&self) -> Option<&Arc<Ticket>> {
        if self.background_is_due() {
            self.background.front()
        } else {
            self.interactive.front()
        }
    }

    fn earliest(&self, limits: Limits) -> Option<Instant> {
        let second = self.freed(limits.per_second, limits.second);
        let minute = self.freed(limits.per_minute, MINUTE);
        self.next_slot.max(second).max(minute)
    }

    /// When a window that holds so many calls has room for the next one.
    fn freed(&self, calls: u32, window: Duration) -> Option<Instant> {
        let oldest = self.sent.len().checked_sub(usize::try_from(calls).ok()?)?;
        self.sent.get(oldest).map(|sent| *sent + window)
    }

    fn leave(&mut self, now: Instant, limits: Limits) {
        if self.background_is_due() {
            self.background.pop_front();
            self.interactive_run = 0;
        } else {
            self.interactive.pop_front();
            self.interactive_run = if self.background.is_empty() {
                0
            } else {
                self.interactive_run + 1
            };
        }
        self.next_slot = Some(now + limits.spacing);
        self.sent.push_back(now);
        let kept = usize::try_from(limits.per_minute).unwrap_or(usize::MAX).max(1);
        while self.sent.len() > kept {
            self.sent.pop_front();
        }
        self.call_next();
    }

    fn call_next(&self) {
        if let Some(head) = self.head() {
            // Keeps the wake-up if that caller is not listening yet.
            head.turn.notify_one();
        }
    }
}

/// A place in the queue, given up on drop.
struct Place<'a> {
    pacer: &'a Pacer,
    ticket: Arc<Ticket>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.pacer.lock();
        let before = state.interactive.len() + state.background.len();
        state
            .interactive
            .retain(|ticket| !Arc::ptr_eq(ticket, &self.ticket));
        state
            .background
            .retain(|ticket| !Arc::ptr_eq(ticket, &self.ticket));
        if state.interactive.len() + state.background.len() < before {
            state.call_next();
        }
    }
}

/// The queues of all accounts, so that every client of one account shares them.
#[derive(Clone, Default)]
pub struct Pacers {
    budget: Option<Arc<dyn Budget>>,
    overrides: Arc<HashMap<Bucket, Limits>>,
    queues: Arc<Mutex<HashMap<(String, Bucket), Pacer>>>,
}

impl Pacers {
    /// Documented limits, this process alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shares the budget with other processes.
    #[must_use]
    pub fn with_budget(mut self, budget: Arc<dyn Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Other limits for one bucket; queues already handed out keep theirs.
    #[must_use]
    pub fn with_limits(mut self, bucket: Bucket, limits: Limits) -> Self {
        Arc::make_mut(&mut self.overrides).insert(bucket, limits);
        self
    }

    /// What is left of each budget that was used in this process, by account key and bucket.
    pub fn left(&self) -> Vec<(String, Bucket, u32)> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues
            .iter()
            .map(|((account, bucket), pacer)| (account.clone(), *bucket, pacer.left()))
            .collect()
    }

    /// The queue of an account and bucket. The account key holds platform and user name.
    pub fn of(&self, account: &str, bucket: Bucket) -> Pacer {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry((account.to_owned(), bucket)).or_insert_with(|| {
            let limits = self
                .overrides
                .get(&bucket)
                .copied()
                .unwrap_or_else(|| Limits::documented(bucket));
            Pacer::new(account, bucket, limits, self.budget.clone())
        });
        queue.clone()
    }
}
