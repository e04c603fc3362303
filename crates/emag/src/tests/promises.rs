//! What is promised to customers and told to the marketplace: never more than there is, and nothing before it is wanted.

use emag_sandbox::{DEMO_PASSWORD, MAIN_USERNAME};
use kernel::{Currency, Money, Net, ProductId};
use orders::{Channel, Fulfilment, NewCustomer, NewLine, NewOrder, OrderStatus, PaymentMethod};
use serde_json::{Value, json};

use super::bench::Shop;
use crate::service::push::{self, Pushed};
use crate::service::{holds, read, reckon, resolve};
use crate::{AccountKind, RunKind, RunState};

const SECOND: &str = "second@example.test";

fn offer(id: u64, sku: &str, stock: i64) -> Value {
    json!({"id": id, "part_number": sku, "name": format!("Article {sku}"), "sale_price": 100, "min_sale_price": 10,
           "max_sale_price": 1000, "status": 1, "vat_id": 1, "stock": [{"warehouse_id": 1, "value": stock}]})
}

fn account(username: &str) -> Value {
    json!({"username": username, "password": DEMO_PASSWORD, "platform": "emag-ro", "type": "MAIN"})
}

fn bought(id: u64, units: i64) -> Value {
    json!({"products": [{"product_id": id, "quantity": units}]})
}

async fn product(shop: &Shop, sku: &str) -> ProductId {
    let id = sqlx::query_scalar("SELECT id FROM app.products WHERE sku = $1")
        .bind(sku)
        .fetch_one(shop.db.db.pool())
        .await
        .unwrap();
    ProductId(id)
}

/// A manual order of so many units of a code.
fn by_hand(sku: &str, units: i64) -> NewOrder {
    NewOrder {
        channel: Channel::Manual,
        channel_account: 0,
        external_id: None,
        number: None,
        customer: NewCustomer::person("Maria Pop"),
        lines: vec![NewLine::of_sku(sku, units)],
        currency: Currency::RON,
        placed_at: "2026-11-25T07:00:00Z".parse().unwrap(),
        fulfilment: Fulfilment::Own,
        payment_method: PaymentMethod::Card,
        is_paid: true,
        shipping_gross: Money::zero(Currency::RON),
        status: OrderStatus::New,
        cancel_reason: None,
        warehouse: None,
        ship_by: None,
        note: None,
    }
}

async fn never_more_than_there_is(shop: &Shop, orders: i64) {
    assert_eq!(shop.number("SELECT count(*) FROM app.sales_orders").await, orders);
    assert_eq!(
        shop.text("SELECT on_hand || '/' || reserved FROM app.inventory")
            .await,
        "1/1"
    );
    assert_eq!(
        shop.number("SELECT count(*) FROM app.sales_orders WHERE short_lines = 1")
            .await,
        orders - 1,
        "who got nothing is seen as short"
    );
    let mut conn = shop.db.db.read().await.unwrap();
    assert_eq!(inventory::verify(&mut conn).await.unwrap(), []);
    assert_eq!(orders::verify(&mut conn).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_sold_twice_on_one_page_is_promised_once() {
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: [offer(1, "A", 1)]}})).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    shop.sandbox
        .add_orders(MAIN_USERNAME, vec![bought(1, 1), bought(1, 1)])
        .unwrap();
    let run = shop.sync(main, RunKind::Orders).await;
    assert_eq!((run.state, run.rows_created), (RunState::Done, 2), "{run:?}");
    never_more_than_there_is(&shop, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_sold_fifty_times_by_two_accounts_at_once_is_promised_once() {
    let shop = Shop::with(json!({
        "accounts": [account(MAIN_USERNAME), account(SECOND)],
        "offers": {MAIN_USERNAME: [offer(1, "A", 1)], SECOND: [offer(7, "A", 1)]}
    }))
    .await;
    let main = shop.main().await;
    let second = shop.account(SECOND, DEMO_PASSWORD, AccountKind::Main).await;
    shop.sync(main, RunKind::Offers).await;
    shop.sync(second, RunKind::Offers).await;
    shop.sandbox
        .add_orders(MAIN_USERNAME, (0..25).map(|_| bought(1, 1)).collect())
        .unwrap();
    shop.sandbox
        .add_orders(SECOND, (0..25).map(|_| bought(7, 1)).collect())
        .unwrap();
    let (one, two) = tokio::join!(
        shop.sync(main, RunKind::Orders),
        shop.sync(second, RunKind::Orders)
    );
    assert_eq!(
        (one.state, two.state),
        (RunState::Done, RunState::Done),
        "{one:?} {two:?}"
    );
    never_more_than_there_is(&shop, 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_nobody_lists_waits_and_is_reserved_when_it_is_named_or_listed() {
    let shop = Shop::with(
        json!({"offers": {MAIN_USERNAME: [offer(1, "A", 5), offer(2, "B", 5), offer(3, "C", 5)]}}),
    )
    .await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    shop.sandbox
        .add_orders(MAIN_USERNAME, vec![bought(2, 2), bought(2, 1), bought(3, 1)])
        .unwrap();
    // Two of the numbers mean nothing here: a listing that is not known yet, and one without an article.
    sqlx::query("DELETE FROM app.emag_listings WHERE emag_id = 3")
        .execute(shop.db.db.pool())
        .await
        .unwrap();
    sqlx::query("UPDATE app.emag_listings SET product_id = NULL, part_number = '' WHERE emag_id = 2")
        .execute(shop.db.db.pool())
        .await
        .unwrap();
    shop.bend(|request, mut response| {
        if request.url.contains("/order/read") {
            let body = String::from_utf8(response.body).unwrap();
            response.body = body
                .replace("\"ext_part_number\":\"B\"", "\"ext_part_number\":\"OLD-B\"")
                .replace("\"ext_part_number\":\"C\"", "\"ext_part_number\":\"OLD-C\"")
                .into_bytes();
        }
        response
    });
    let run = shop.sync(main, RunKind::Orders).await;
    assert_eq!((run.state, run.rows_created), (RunState::Done, 3), "{run:?}");
    let mut conn = shop.db.db.read().await.unwrap();
    let queue = orders::service::unresolved_lines(&mut conn, &shop.actor, &kernel::PageRequest::default())
        .await
        .unwrap();
    assert_eq!(queue.total, Some(3));
    let line = queue.items[0].line_id;
    assert_eq!(queue.items[0].external_product_id.as_deref(), Some("2"));
    let a = product(&shop, "A").await;
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    let named = orders::service::resolve_line(&mut tx, &shop.actor, line, a)
        .await
        .unwrap();
    resolve::listing_of_line(&mut tx, main, 2, a).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        (named.line.reserved + named.others[0].reserved, named.others.len()),
        (3, 1)
    );
    assert_eq!(
        shop.number(
            "SELECT count(*) FROM app.emag_listings l JOIN app.products p ON p.id = l.product_id \
                      WHERE l.emag_id = 2 AND p.sku = 'A'"
        )
        .await,
        1,
        "the number means the same for the next order"
    );
    // The third one comes with its listing.
    let run = shop.sync(main, RunKind::Offers).await;
    assert_eq!(run.state, RunState::Done);
    assert_eq!(
        shop.number("SELECT count(*) FROM app.sales_order_lines WHERE product_id IS NULL")
            .await,
        0
    );
    assert_eq!(
        shop.number("SELECT sum(reserved)::bigint FROM app.inventory")
            .await,
        4
    );
    assert_eq!(orders::verify(&mut conn).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_what_can_be_sold_and_not_what_lies_on_the_shelf() {
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: [offer(1, "A", 10)]}})).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    shop.send_from(main).await;
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    orders::service::place(&mut tx, &shop.actor, by_hand("A", 3), &shop.clock)
        .await
        .unwrap();
    reckon::stock(&mut tx, None, None, "reservation").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(shop.stock_at_emag(MAIN_USERNAME, 1), 7);
    assert_eq!(shop.number("SELECT on_hand FROM app.inventory").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_only_reads_writes_nothing_whatever_happens_here() {
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: [offer(1, "A", 10), offer(2, "B", 3)]}})).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    shop.sandbox
        .add_orders(MAIN_USERNAME, vec![bought(1, 2)])
        .unwrap();
    shop.sync(main, RunKind::Orders).await;
    let a = product(&shop, "A").await;
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    orders::service::place(&mut tx, &shop.actor, by_hand("A", 3), &shop.clock)
        .await
        .unwrap();
    reprice(&mut tx, &shop, a, "140").await;
    reckon::stock(&mut tx, None, None, "order").await.unwrap();
    reckon::prices(&mut tx, None).await.unwrap();
    tx.commit().await.unwrap();
    shop.sync(main, RunKind::Offers).await;
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::Off);
    assert_eq!(push::price(&shop.context, main).await.unwrap(), Pushed::Off);
    assert_eq!(shop.writes(), Vec::<String>::new());
    let queued = testkit::jobs(&shop.db).await;
    assert!(
        queued.iter().all(|(name, _)| !name.starts_with("emag_push")),
        "{queued:?}"
    );
}

async fn reprice(conn: &mut sqlx::PgConnection, shop: &Shop, id: ProductId, net: &str) {
    let patch = catalog::ProductPatch {
        price: Some(catalog::PriceChange::Net(Net(
            Money::parse(net, Currency::RON).unwrap()
        ))),
        ..catalog::ProductPatch::default()
    };
    catalog::service::update(conn, &shop.actor, id, None, patch)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_rises_by_a_quarter_is_asked_about_first() {
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: [offer(1, "A", 10), offer(2, "B", 10)]}})).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    shop.send_from(main).await;
    let (a, b) = (product(&shop, "A").await, product(&shop, "B").await);
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    reprice(&mut tx, &shop, a, "125").await;
    reprice(&mut tx, &shop, b, "119").await;
    reckon::prices(&mut tx, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(push::price(&shop.context, main).await.unwrap(), Pushed::InStep);
    let price = |id| shop.offer_at_emag(MAIN_USERNAME, id)["sale_price"].to_string();
    assert!(price(1).contains("100"), "{}", price(1));
    assert!(price(2).contains("119"), "{}", price(2));
    let mut conn = shop.db.db.read().await.unwrap();
    let held = read::holds(
        &mut conn,
        &shop.actor,
        Some("waiting"),
        &kernel::PageRequest::default(),
    )
    .await
    .unwrap();
    assert_eq!(
        (held.items.len(), held.items[0].reason.as_str()),
        (1, "price_jump")
    );
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    holds::decide(
        &mut tx,
        &shop.actor,
        &shop.context,
        held.items[0].id,
        holds::Decision::Approve,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(push::price(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert!(price(1).contains("125"), "{}", price(1));
}

async fn correct_to_zero(shop: &Shop, skus: std::ops::RangeInclusive<u64>) {
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    for n in skus {
        let movement = inventory::Movement {
            product: product(shop, &format!("Z{n}")).await,
            warehouse: kernel::WarehouseId(1),
            delta: -5,
            cause: inventory::Cause::Correction,
            reason: None,
            reference: None,
        };
        inventory::service::post(&mut tx, &shop.actor, &[movement])
            .await
            .unwrap();
    }
    reckon::stock(&mut tx, None, None, "correction").await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twenty_first_zero_within_an_hour_is_asked_about() {
    let offers: Vec<Value> = (1..=22).map(|n| offer(n, &format!("Z{n}"), 5)).collect();
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: offers}})).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    shop.send_from(main).await;
    correct_to_zero(&shop, 1..=20).await;
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(
        (
            shop.stock_at_emag(MAIN_USERNAME, 1),
            shop.stock_at_emag(MAIN_USERNAME, 20)
        ),
        (0, 0)
    );
    correct_to_zero(&shop, 21..=21).await;
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(shop.stock_at_emag(MAIN_USERNAME, 21), 5, "held");
    assert_eq!(
        shop.number(
            "SELECT count(*) FROM app.emag_push_holds WHERE state = 'waiting' AND reason = 'many_zeros'"
        )
        .await,
        1
    );
    // An hour later the next one goes by itself; the one that was asked about still waits for its answer.
    shop.hands.advance(chrono::Duration::minutes(61));
    correct_to_zero(&shop, 22..=22).await;
    assert_eq!(push::stock(&shop.context, main).await.unwrap(), Pushed::InStep);
    assert_eq!(
        (
            shop.stock_at_emag(MAIN_USERNAME, 21),
            shop.stock_at_emag(MAIN_USERNAME, 22)
        ),
        (5, 0)
    );
}

#[tokio::test]
async fn a_shop_that_was_only_tried_here_lost_its_new_orders_to_us() {
    let offers = json!([{"id": 1, "part_number": "A", "name": "A", "sale_price": 10, "status": 1,
                         "stock": [{"warehouse_id": 1, "value": 10}]}]);
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: offers}})).await;
    let main = shop.main().await;
    acknowledge_orders(&shop, main, false).await;
    shop.sync(main, RunKind::Offers).await;
    shop.sandbox
        .add_orders(MAIN_USERNAME, vec![bought(1, 4)])
        .unwrap();
    shop.sync(main, RunKind::Orders).await;
    shop.sync(main, RunKind::Orders).await;
    assert!(shop.calls("/order/acknowledge/").is_empty());
    assert_eq!(shop.orders_at_emag(MAIN_USERNAME)[0]["status"], 1);
    assert_eq!(
        shop.number("SELECT sum(reserved)::bigint FROM app.inventory")
            .await,
        4
    );
    assert_eq!(
        shop.number("SELECT wanted_stock FROM app.emag_listings").await,
        10,
        "eMAG takes the four units off itself when somebody acknowledges"
    );

    acknowledge_orders(&shop, main, true).await;
    shop.sync(main, RunKind::Orders).await;
    assert_eq!(shop.acknowledged(), 1);
    assert_eq!(shop.orders_at_emag(MAIN_USERNAME)[0]["status"], 2);
    assert_eq!(shop.number("SELECT wanted_stock FROM app.emag_listings").await, 6);
}

async fn acknowledge_orders(shop: &Shop, account: kernel::EmagAccountId, yes: bool) {
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    let patch = crate::AccountPatch {
        acknowledge_orders: Some(yes),
        ..Default::default()
    };
    crate::service::accounts::update(&mut tx, &shop.actor, &shop.context, (account, None), patch)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}
