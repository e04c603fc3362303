//! Two writers of the same listings, or of the same stock.

use std::time::Duration;

use emag_sandbox::MAIN_USERNAME;
use serde_json::json;

use super::bench::Shop;
use crate::store;
use crate::{RunKind, RunState};

const ARTICLES: u64 = 60;
const ROUNDS: i64 = 80;

fn offer(id: u64) -> serde_json::Value {
    json!({"id": id, "part_number": format!("SKU-{id}"), "name": format!("Article {id}"), "sale_price": 100,
           "status": 1, "stock": [{"warehouse_id": 1, "value": 90}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_orders_and_the_first_offers_stopped_each_other() {
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: [offer(1), offer(2)]}})).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    // The older order takes the level that comes second in the order of keys.
    let bought = |id: u64| json!({"products": [{"product_id": id, "quantity": 1}]});
    shop.sandbox
        .add_orders(MAIN_USERNAME, vec![bought(2), bought(1)])
        .unwrap();
    let mut openings = shop.db.db.begin(&shop.actor).await.unwrap();
    receive(&shop, &mut openings, 1).await;
    let second = async {
        // Meanwhile the page of orders wants what is held here.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        receive(&shop, &mut openings, 2).await;
        openings.commit().await.unwrap();
    };
    let (run, ()) = tokio::join!(shop.sync(main, RunKind::Orders), second);
    assert_eq!((run.state, shop.acknowledged()), (RunState::Done, 2));
    // Counted when its session says so, at the latest a second after it happened.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(shop.number(deadlocks).await, 0);
}

async fn receive(shop: &Shop, tx: &mut db::Tx, emag_id: i64) {
    let (product, warehouse) = sqlx::query_as(
        "SELECT l.product_id, a.warehouse_id FROM app.emag_listings l JOIN app.emag_accounts a ON a.id = l.account_id
          WHERE l.emag_id = $1",
    )
    .bind(emag_id)
    .fetch_one(shop.db.db.pool())
    .await
    .unwrap();
    let movement = inventory::Movement {
        product: kernel::ProductId(product),
        warehouse: kernel::WarehouseId(warehouse),
        delta: 1,
        cause: inventory::Cause::Receipt,
        reason: None,
        reference: None,
    };
    inventory::service::post(tx, &shop.actor, &[movement])
        .await
        .unwrap();
}

#[tokio::test]
async fn acknowledging_while_stocks_were_reckoned_ended_in_a_deadlock() {
    let offers: Vec<_> = (1..=ARTICLES).map(offer).collect();
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: offers}})).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    let lines: Vec<_> = (1..=ARTICLES)
        .rev()
        .map(|id| json!({"product_id": id, "quantity": 1}))
        .collect();
    shop.sandbox
        .add_orders(MAIN_USERNAME, vec![json!({"products": lines})])
        .unwrap();
    shop.sync(main, RunKind::Orders).await;
    let listings: Vec<i64> = sqlx::query_scalar("SELECT id FROM app.emag_listings ORDER BY emag_id DESC")
        .fetch_all(shop.db.db.pool())
        .await
        .unwrap();

    let reckoning = async {
        for round in 0..ROUNDS {
            let wanted: Vec<i64> = listings.iter().map(|id| id + round).collect();
            let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
            store::listings::set_wanted_stock(&mut tx, &listings, &wanted, "order").await?;
            tx.commit().await.unwrap();
        }
        Ok::<(), sqlx::Error>(())
    };
    let acknowledging = async {
        for _round in 0..ROUNDS {
            let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
            sqlx::query("UPDATE app.emag_orders SET ack = 'wanted'")
                .execute(&mut *tx)
                .await
                .unwrap();
            let now = shop.context.clock().now();
            let marked = store::orders::mark_sent(&mut tx, main, 10, false, now).await?;
            assert_eq!(marked.len(), 1);
            tx.commit().await.unwrap();
        }
        Ok::<(), sqlx::Error>(())
    };
    let (reckoned, acknowledged) = tokio::join!(reckoning, acknowledging);
    reckoned.unwrap();
    acknowledged.unwrap();
}
