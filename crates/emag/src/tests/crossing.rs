//! Two writers of the same listings.

use emag_sandbox::MAIN_USERNAME;
use serde_json::json;

use super::bench::Shop;
use crate::RunKind;
use crate::store;

const ARTICLES: u64 = 60;
const ROUNDS: i64 = 80;

#[tokio::test]
async fn acknowledging_while_stocks_were_reckoned_ended_in_a_deadlock() {
    let offer = |id: u64| {
        json!({"id": id, "part_number": format!("SKU-{id}"), "name": format!("Article {id}"), "sale_price": 100,
               "status": 1, "stock": [{"warehouse_id": 1, "value": 90}]})
    };
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
