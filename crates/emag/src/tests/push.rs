//! Sending: a change here arrives there, only what differs, nothing before the owner switched it on.

use emag_sandbox::MAIN_USERNAME;
use serde_json::json;

use super::bench::Shop;
use crate::RunKind;
use crate::service::push::{self, Pushed};
use crate::service::{holds, reckon};

fn offers(count: u64, stock: i64) -> serde_json::Value {
    let offer = |id: u64| {
        json!({"id": id, "part_number": format!("SKU-{id}"), "name": format!("Article {id}"), "sale_price": 100,
               "min_sale_price": 10, "max_sale_price": 1000, "status": 1, "vat_id": 1,
               "stock": [{"warehouse_id": 1, "value": stock}]})
    };
    json!({"offers": {MAIN_USERNAME: (1..=count).map(offer).collect::<Vec<_>>()}})
}

/// A shop whose sending is switched on, with so many articles of ten units each.
async fn open_shop(articles: u64) -> (Shop, kernel::EmagAccountId) {
    let shop = Shop::with(offers(articles, 10)).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    holds::switch_push(&mut tx, &shop.actor, &shop.context, main, true)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (shop, main)
}

/// Moves the stock of every article and reckons, as the job of the event does.
async fn move_all(shop: &Shop, delta: i64, cause: inventory::Cause) {
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT product_id, warehouse_id FROM app.inventory ORDER BY product_id")
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    let movements: Vec<inventory::Movement> = rows
        .iter()
        .map(|(product, warehouse)| inventory::Movement {
            product: kernel::ProductId(*product),
            warehouse: kernel::WarehouseId(*warehouse),
            delta,
            cause,
            reason: None,
            reference: None,
        })
        .collect();
    inventory::service::post(&mut tx, &shop.actor, &movements)
        .await
        .unwrap();
    reckon::stock(&mut tx, None, None, cause.code()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_new_account_sends_nothing() {
    let shop = Shop::with(offers(1, 10)).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    move_all(&shop, 5, inventory::Cause::Receipt).await;
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::Off);
    assert_eq!(shop.stock_at_emag(MAIN_USERNAME, 1), 10);
    let mut conn = shop.db.db.read().await.unwrap();
    let preview = holds::preview(&mut conn, &shop.actor, main).await.unwrap();
    assert_eq!(
        (preview.stock, preview.rows.len()),
        (1, 1),
        "the table in front of the switch"
    );
    assert_eq!(preview.rows[0].new_value, 15.into());
}

#[tokio::test]
async fn a_stock_change_arrives_and_a_second_sending_sends_nothing() {
    let (shop, main) = open_shop(1).await;
    move_all(&shop, -3, inventory::Cause::Count).await;
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(shop.stock_at_emag(MAIN_USERNAME, 1), 7);
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(shop.calls("/offer_stock/").len(), 1);
}

#[tokio::test]
async fn a_thousand_changes_leave_in_twenty_calls() {
    let (shop, main) = open_shop(1_000).await;
    move_all(&shop, 2, inventory::Cause::Receipt).await;
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(shop.calls("/offer/save").len(), 20);
    assert_eq!(shop.stock_at_emag(MAIN_USERNAME, 777), 12);
}

#[tokio::test]
async fn a_wrong_zero_is_held_and_a_real_sell_out_is_not() {
    let (shop, main) = open_shop(30).await;
    move_all(&shop, -10, inventory::Cause::Correction).await;
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_push_holds WHERE state = 'waiting'")
            .await,
        30
    );
    assert_eq!(shop.stock_at_emag(MAIN_USERNAME, 30), 10, "nothing was sent");
    move_all(&shop, 10, inventory::Cause::Receipt).await;
    move_all(&shop, -10, inventory::Cause::Count).await;
    // The wanted value is what it was when the question was put; a count answers it.
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(shop.stock_at_emag(MAIN_USERNAME, 30), 0);
}
