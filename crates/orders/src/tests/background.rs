//! The jobs, started by the events of the stock.

use inventory::{Cause, Movement, Place};
use jobs::{Registry, Runner};

use super::bench::{Shop, order};
use super::rim::state;

async fn place_of(shop: &Shop, sku: &str) -> Place {
    let mut conn = shop.test.db.read().await.unwrap();
    Place {
        warehouse: inventory::service::default_warehouse(&mut conn).await.unwrap(),
        product: shop.product(sku).await,
    }
}

/// Registers what the server registers and runs every job that is due, until none is.
async fn run_jobs(shop: &Shop) {
    let mut registry = Registry::default();
    crate::register(&mut registry, &state(shop));
    let runner = Runner::start(&shop.test.db, kernel::Clock::system(), registry, 2)
        .await
        .unwrap();
    runner.run_once().await.unwrap();
    assert_eq!(testkit::jobs(&shop.test).await, []);
}

async fn subscribe(shop: &Shop) {
    let mut conn = shop.test.db.read().await.unwrap();
    jobs::register(&mut conn, &crate::subscriptions()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_fills_the_order_that_waits() {
    let shop = Shop::with("A 1").await;
    subscribe(&shop).await;
    let id = shop.import(order("700", &["A 3"])).await.order_id;
    let place = place_of(&shop, "A").await;
    let mut tx = shop.test.db.begin(&shop.actor).await.unwrap();
    let receipt = Movement {
        product: place.product,
        warehouse: place.warehouse,
        delta: 5,
        cause: Cause::Receipt,
        reason: None,
        reference: None,
    };
    inventory::service::post(&mut tx, &shop.actor, &[receipt])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shop.lines(id).await, "A 1+2");
    run_jobs(&shop).await;
    assert_eq!(
        (shop.lines(id).await, shop.stock("A").await),
        ("A 3+0".into(), "6/3".into())
    );
    assert_eq!(shop.order(id).await.short_lines, 0);
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_below_what_was_promised_makes_the_youngest_order_short() {
    let shop = Shop::with("A 4").await;
    subscribe(&shop).await;
    let old = shop.import(order("700", &["A 2"])).await.order_id;
    let young = shop.import(order("701", &["A 2"])).await.order_id;
    let place = place_of(&shop, "A").await;
    let mut tx = shop.test.db.begin(&shop.actor).await.unwrap();
    inventory::service::count(&mut tx, &shop.actor, place, 3, "numărat")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    run_jobs(&shop).await;
    assert_eq!(
        (shop.lines(old).await, shop.lines(young).await),
        ("A 2+0".into(), "A 1+1".into())
    );
    assert_eq!(
        (shop.stock("A").await, shop.order(young).await.short_lines),
        ("3/3".into(), 1)
    );
    shop.proves_itself().await;
}
