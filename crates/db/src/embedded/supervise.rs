//! Watches the postmaster and starts it again when it ends unasked. Gives up after a bounded number of
//! attempts in a row, so a server that cannot run becomes a visible failure and not an endless loop.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{error, warn};

use super::logs::prune_logs;
use super::{EmbeddedState, Inner};

const LOOK_EVERY: Duration = Duration::from_millis(250);
const PRUNE_EVERY: Duration = Duration::from_hours(1);
const ATTEMPTS_MAX: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// After this long without a crash the next one is counted from the start again.
const STEADY_AFTER: Duration = Duration::from_mins(1);

/// Runs until the server is stopped on request or given up.
pub(super) async fn run(inner: Arc<Inner>) {
    let mut stopping = inner.stopping.subscribe();
    let mut attempt = 0;
    loop {
        let up_since = Instant::now();
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = wait_end(&inner) => {}
        }
        if *stopping.borrow() {
            return;
        }
        if up_since.elapsed() >= STEADY_AFTER {
            attempt = 0;
        }
        inner.pid.store(0, Ordering::Release);
        warn!(
            event = "postgres_ended",
            "PostgreSQL ended unexpectedly; starting it again"
        );
        loop {
            attempt += 1;
            inner.state.send_replace(EmbeddedState::Restarting { attempt });
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                () = sleep(pause(attempt)) => {}
            }
            let Err(failure) = inner.bring_up().await else {
                break;
            };
            if *stopping.borrow() {
                return;
            }
            if attempt >= ATTEMPTS_MAX {
                let reason = failure.to_string();
                error!(
                    event = "postgres_failed",
                    attempt, "PostgreSQL cannot be started again: {reason}"
                );
                inner.state.send_replace(EmbeddedState::Failed { reason });
                return;
            }
            warn!(
                event = "postgres_restart_failed",
                attempt, "PostgreSQL did not start: {failure}"
            );
        }
    }
}

async fn wait_end(inner: &Inner) {
    let mut pruned = Instant::now();
    while inner.is_running().await {
        if pruned.elapsed() >= PRUNE_EVERY {
            prune_logs(&inner.layout);
            pruned = Instant::now();
        }
        sleep(LOOK_EVERY).await;
    }
}

/// 0.2 s, doubling with each attempt.
fn pause(attempt: u32) -> Duration {
    FIRST_PAUSE * 2_u32.saturating_pow(attempt.saturating_sub(1).min(ATTEMPTS_MAX))
}
