//! The pace, on a paused clock: what the partner sees is when calls leave.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, advance, timeout};

use crate::{Bucket, HttpResponse, Limits, Pacer, Pacers, Priority, RateHint};

fn pacer(spacing_ms: u64, per_minute: u32) -> Pacer {
    Pacer::new(
        "shop",
        Bucket::Other,
        Limits::even(Duration::from_millis(spacing_ms), per_minute),
        None,
    )
}

/// Lets `count` callers go at once and says when each left, in milliseconds from now.
async fn departures(pacer: &Pacer, count: usize) -> Vec<u128> {
    let start = Instant::now();
    let left = Mutex::new(Vec::new());
    let callers = (0..count).map(|_| async {
        pacer.acquire(Priority::Background).await;
        left.lock().unwrap().push(start.elapsed().as_millis());
    });
    join_all(callers).await;
    left.into_inner().unwrap()
}

async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) {
    let mut waiting: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if waiting.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn calls_of_the_common_bucket_are_never_closer_than_340_ms_nor_over_180_a_minute() {
    let pacer = Pacers::new().of("shop", Bucket::Other);
    let left = departures(&pacer, 400).await;
    assert!(left.windows(2).all(|pair| pair[1] - pair[0] >= 340), "{left:?}");
    assert!(left.windows(181).all(|window| window[180] - window[0] >= 60_000));
    assert!(
        left[399] <= 399 * 340 * 12 / 10,
        "slower than it must be: {}",
        left[399]
    );
}

#[tokio::test(start_paused = true)]
async fn order_calls_keep_12_a_second_and_720_a_minute() {
    let pacer = Pacers::new().of("shop", Bucket::Orders);
    let left = departures(&pacer, 1_500).await;
    assert!(left.windows(13).all(|window| window[12] - window[0] >= 1_050));
    assert!(left.windows(721).all(|window| window[720] - window[0] >= 60_000));
    assert!(
        left[1_499] <= 1_499 * 100,
        "slower than it must be: {}",
        left[1_499]
    );
}

#[tokio::test(start_paused = true)]
async fn a_handful_of_order_calls_waits_for_no_even_pace() {
    let pacer = Pacers::new().of("shop", Bucket::Orders);
    let left = departures(&pacer, 12).await;
    assert!(left[11] <= 300, "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn the_minute_is_kept_even_where_the_spacing_would_allow_more() {
    let left = departures(&pacer(10, 5), 11).await;
    assert!(
        left.windows(6).all(|window| window[5] - window[0] >= 60_000),
        "{left:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_speed_moves_everybody() {
    let pacer = pacer(100, 1_000);
    pacer.acquire(Priority::Background).await;
    let other = pacer.clone();
    let start = Instant::now();
    pacer.hold_back(Duration::from_secs(7)).await;
    other.acquire(Priority::Interactive).await;
    assert_eq!(start.elapsed().as_secs(), 7);
    // A shorter pause never brings the turn forward.
    pacer.hold_back(Duration::from_secs(9)).await;
    pacer.hold_back(Duration::from_secs(1)).await;
    other.acquire(Priority::Background).await;
    assert_eq!(start.elapsed().as_secs(), 16);
}

#[tokio::test(start_paused = true)]
async fn a_stock_push_overtakes_a_full_sync_but_does_not_starve_it() {
    let pacer = pacer(100, 1_000);
    pacer.acquire(Priority::Background).await;
    let order = Mutex::new(Vec::new());
    let caller = |name: &'static str, priority| {
        let (pacer, order) = (&pacer, &order);
        async move {
            pacer.acquire(priority).await;
            order.lock().unwrap().push(name);
        }
    };
    let mut callers: Vec<_> = (0..3).map(|_| caller("sync", Priority::Background)).collect();
    callers.extend((0..10).map(|_| caller("push", Priority::Interactive)));
    join_all(callers).await;
    let order = order.into_inner().unwrap();
    assert_eq!(order[..8], ["push"; 8]);
    assert_eq!(order[8], "sync");
    assert_eq!(order.iter().filter(|name| **name == "sync").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gives_up_leaves_no_gap() {
    let pacer = pacer(1_000, 1_000);
    let start = Instant::now();
    pacer.acquire(Priority::Background).await;
    let gives_up = timeout(Duration::from_millis(200), pacer.acquire(Priority::Background));
    let stays = async {
        pacer.acquire(Priority::Background).await;
        start.elapsed().as_millis()
    };
    let (gave_up, left) = tokio::join!(gives_up, stays);
    assert!(gave_up.is_err());
    assert_eq!((left, pacer.waiting()), (1_000, 0));
}

#[tokio::test(start_paused = true)]
async fn each_account_and_bucket_has_its_own_queue() {
    let pacers = Pacers::new();
    let start = Instant::now();
    for (account, bucket) in [("a", Bucket::Other), ("b", Bucket::Other), ("a", Bucket::Orders)] {
        pacers.of(account, bucket).acquire(Priority::Background).await;
    }
    assert_eq!(start.elapsed().as_millis(), 0);
    pacers
        .clone()
        .of("a", Bucket::Other)
        .acquire(Priority::Background)
        .await;
    assert!(
        start.elapsed().as_millis() >= 340,
        "the same queue whoever asks for it"
    );
}

fn hint(headers: &[(&str, &str)]) -> Option<RateHint> {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    RateHint::from_headers(&HttpResponse {
        status: 200,
        headers,
        body: vec![],
    })
}

#[test]
fn rate_headers_are_read_whatever_their_case() {
    let found = hint(&[
        ("x-ratelimit-LIMIT-3second", "1"),
        ("X-RateLimit-Remaining-3second", "0"),
    ]);
    assert_eq!(
        found,
        Some(RateHint {
            remaining: 0,
            limit: Some(1),
            window: Duration::from_secs(3)
        })
    );
    let tightest = hint(&[
        ("X-RateLimit-Remaining-second", "2"),
        ("X-RateLimit-Remaining-minute", "0"),
    ])
    .unwrap();
    assert_eq!((tightest.remaining, tightest.window), (0, Duration::from_mins(1)));
    for junk in ["", "many", "-1", "99999999999999999999"] {
        assert_eq!(hint(&[("X-RateLimit-Remaining-second", junk)]), None, "{junk}");
    }
    assert_eq!(hint(&[("X-RateLimit-Remaining-99999999999999999day", "0")]), None);
}

#[tokio::test(start_paused = true)]
async fn nothing_left_slows_down_only_when_somebody_else_used_it() {
    let nothing_left = |limit| RateHint {
        remaining: 0,
        limit: Some(limit),
        window: Duration::from_secs(1),
    };
    let pacer = pacer(350, 180);
    pacer.acquire(Priority::Background).await;
    // The sample headers of the document: a limit of 1, used up by this very call.
    pacer.heed(nothing_left(1));
    let start = Instant::now();
    pacer.acquire(Priority::Background).await;
    assert_eq!(start.elapsed().as_millis(), 350);
    advance(Duration::from_secs(10)).await;
    pacer.acquire(Priority::Background).await;
    pacer.heed(nothing_left(3));
    let start = Instant::now();
    pacer.acquire(Priority::Background).await;
    assert_eq!(start.elapsed().as_millis(), 1_000);
}

struct SharedBudget(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl crate::Budget for SharedBudget {
    async fn reserve(&self, account: &str, bucket: Bucket, _limits: Limits) -> Duration {
        self.0
            .lock()
            .unwrap()
            .push(format!("reserve {account} {}", bucket.name()));
        Duration::from_secs(3)
    }

    async fn hold_back(&self, account: &str, _bucket: Bucket, pause: Duration) {
        self.0
            .lock()
            .unwrap()
            .push(format!("hold {account} {}", pause.as_secs()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_shared_between_processes_is_asked_and_told() {
    let budget = Arc::new(SharedBudget(Mutex::default()));
    let pacer = Pacers::new()
        .with_budget(budget.clone())
        .of("shop", Bucket::Orders);
    let start = Instant::now();
    pacer.acquire(Priority::Background).await;
    assert_eq!(start.elapsed().as_secs(), 3);
    pacer.hold_back(Duration::from_secs(5)).await;
    assert_eq!(*budget.0.lock().unwrap(), ["reserve shop orders", "hold shop 5"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_minute_falls_with_calls_and_comes_back_with_time() {
    let pacers = Pacers::new().with_limits(Bucket::Other, Limits::even(Duration::from_millis(10), 3));
    let pacer = pacers.of("shop", Bucket::Other);
    assert_eq!(pacers.left(), [("shop".to_owned(), Bucket::Other, 3)]);
    pacer.acquire(Priority::Background).await;
    pacer.acquire(Priority::Background).await;
    assert_eq!(pacer.left(), 1);
    advance(Duration::from_secs(61)).await;
    assert_eq!(pacer.left(), 3);
    pacer.hold_back(Duration::from_secs(5)).await;
    assert_eq!(pacer.left(), 0);
    advance(Duration::from_secs(6)).await;
    assert_eq!(pacer.left(), 3);
}
