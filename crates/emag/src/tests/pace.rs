//! The timed reading of a whole shop at the documented pace. Tells figures; judges nothing, since machines differ.

use std::time::Instant;

use super::bench::{Pace, Shop};
use super::sync::nothing_lost_or_doubled;
use crate::{RunKind, RunState};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes as long as the documented pace asks; run by hand"]
async fn a_whole_shop_comes_in_as_fast_as_the_pace_allows() {
    let shop = Shop::seeded(2_500, 500, Pace::Documented).await;
    let main = shop.main().await;
    let began = Instant::now();
    let (offers, orders) = tokio::join!(
        async {
            let run = shop.sync(main, RunKind::Offers).await;
            (run, began.elapsed())
        },
        async {
            let run = shop.sync(main, RunKind::Orders).await;
            (run, began.elapsed())
        }
    );
    let took = began.elapsed().as_secs_f64();
    let calls = |bucket: &str| {
        let calls = shop.sandbox.calls(0);
        u32::try_from(calls.iter().filter(|call| call.bucket == bucket).count()).unwrap()
    };
    let (other, order) = (calls("other"), calls("orders"));
    let floor = (f64::from(other) * 0.34).max(f64::from(order) / 12.0);
    eprintln!(
        "{took:.1} s; offers {:.1} s in {other} calls, orders {:.1} s in {order} calls; floor {floor:.1} s, ratio {:.2}",
        offers.1.as_secs_f64(),
        orders.1.as_secs_f64(),
        took / floor
    );
    assert_eq!((offers.0.state, orders.0.state), (RunState::Done, RunState::Done));
    nothing_lost_or_doubled(&shop).await;
}
