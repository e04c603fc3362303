//! The queue of lines whose article nobody knows: named once, reserved at once, everywhere.

use http::{Method, StatusCode};
use kernel::{Actor, OrderId, PermissionSet};
use serde_json::{Value, json};

use super::bench::{Shop, code, order};
use super::rim::{app, get, post, send, submit};
use crate::{NewOrder, service};

/// An order whose only line is an article the channel calls by this number and nobody else knows.
fn unknown(external: &str, account: i64, number: &str, units: i64) -> NewOrder {
    let mut order = order(external, &[&format!("NIX-{number} {units}")]);
    order.channel_account = account;
    order.lines[0].external_product_id = Some(number.to_owned());
    order
}

async fn line_of(shop: &Shop, id: OrderId) -> kernel::OrderLineId {
    shop.order(id).await.lines[0].id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_named_once_is_named_on_every_line_of_that_shop_and_the_oldest_gets_the_units() {
    let shop = Shop::with("A 5").await;
    let mut late = unknown("701", 1, "99", 3);
    late.placed_at += chrono::Duration::hours(1);
    let late = shop.import(late).await.order_id;
    let early = shop.import(unknown("700", 1, "99", 4)).await.order_id;
    let elsewhere = shop.import(unknown("702", 2, "99", 1)).await.order_id;
    let other = shop.import(unknown("703", 1, "98", 1)).await.order_id;
    let product = shop.product("A").await;
    let mut tx = shop.test.db.begin(&shop.actor).await.unwrap();
    let named = service::resolve_line(&mut tx, &shop.actor, line_of(&shop, late).await, product)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!((named.line.reserved, named.line.short), (1, 2));
    assert_eq!(named.others.len(), 1);
    assert_eq!(shop.lines(early).await, "NIX-99 4+0");
    assert_eq!(shop.lines(late).await, "NIX-99 1+2");
    assert_eq!(
        shop.lines(elsewhere).await,
        "NIX-99 0+0 ?",
        "another shop's number 99"
    );
    assert_eq!(shop.lines(other).await, "NIX-98 0+0 ?");
    assert_eq!(shop.stock("A").await, "5/5");
    shop.proves_itself().await;
    let told = testkit::jobs(&shop.test).await;
    assert!(told.is_empty(), "nobody has subscribed in this test: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_naming_one_line_at_once_reserve_it_once() {
    let shop = Shop::with("A 5, B 5").await;
    let id = shop.import(unknown("700", 1, "99", 2)).await.order_id;
    let line = line_of(&shop, id).await;
    let (a, b) = (shop.product("A").await, shop.product("B").await);
    let name = async |product| {
        let mut tx = shop.test.db.begin(&shop.actor).await.unwrap();
        let done = service::resolve_line(&mut tx, &shop.actor, line, product).await;
        tx.commit().await.unwrap();
        done
    };
    let (one, two) = tokio::join!(name(a), name(b));
    assert_ne!(one.is_ok(), two.is_ok(), "one of the two answers counts");
    assert_eq!(
        code(if one.is_ok() { two } else { one }),
        "orders-refused-line-resolved"
    );
    let (a, b) = (shop.stock("A").await, shop.stock("B").await);
    assert!(
        (a.as_str(), b.as_str()) == ("5/2", "5/0") || (a.as_str(), b.as_str()) == ("5/0", "5/2"),
        "{a} {b}"
    );
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_order_learns_its_article_and_takes_no_stock() {
    let shop = Shop::with("A 5").await;
    let mut gone = unknown("700", 1, "99", 2);
    gone.status = crate::OrderStatus::Shipped;
    let gone = shop.import(gone).await.order_id;
    let open = shop.import(unknown("701", 1, "99", 1)).await.order_id;
    let app = app(&shop);
    let list: Value = serde_json::from_str(&get(&app, "/api/v1/orders/unresolved-lines").await).unwrap();
    assert_eq!(
        (list["total"].as_i64(), list["items"].as_array().unwrap().len()),
        (Some(1), 1)
    );
    let body = json!({"product_id": shop.product("A").await});
    let path = format!("/api/v1/orders/lines/{}/resolve", line_of(&shop, open).await);
    let (status, named) = post(&app, &path, body.clone()).await;
    assert_eq!(
        (status, &named["reserved"]),
        (StatusCode::OK, &json!(1)),
        "{named}"
    );
    assert_eq!(named["others"].as_array().unwrap().len(), 1);
    assert_eq!(shop.lines(gone).await, "NIX-99 0+0");
    assert_eq!(shop.stock("A").await, "5/1");
    let (status, again) = post(&app, &path, body).await;
    assert_eq!(
        (status, &again["reserved"]),
        (StatusCode::OK, &json!(1)),
        "twice is once"
    );
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_named_is_refused_by_its_reason() {
    let shop = Shop::with("A 5, B 5").await;
    let id = shop.import(order("700", &["A 1", "NIX 2"])).await.order_id;
    let app = app(&shop);
    let (known, waiting) = {
        let lines = shop.order(id).await.lines;
        (lines[0].id, lines[1].id)
    };
    let b = shop.product("B").await;
    for (path, body, status, code) in [
        (
            known,
            json!({"product_id": b}),
            409,
            "orders-refused-line-resolved",
        ),
        (waiting, json!({"product_id": 999_999}), 422, "ui-error-invalid"),
        (
            waiting,
            json!({"product_id": b, "colour": 1}),
            422,
            "ui-error-invalid",
        ),
        (waiting, json!({}), 422, "ui-error-invalid"),
        (
            kernel::OrderLineId(999_999),
            json!({"product_id": b}),
            404,
            "ui-error-not-found-text",
        ),
    ] {
        let (found, problem) = post(&app, &format!("/api/v1/orders/lines/{path}/resolve"), body).await;
        assert_eq!(
            (found.as_u16(), problem["code"].as_str().unwrap()),
            (status, code),
            "{path}: {problem}"
        );
    }
    for path in ["?colour=1", "?cursor=x", "?limit=0"] {
        let path = format!("/api/v1/orders/unresolved-lines{path}");
        let (status, _, _) = send(&app, Method::GET, &path, "text/plain", String::new()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    let viewer = Shop {
        actor: Actor {
            permissions: PermissionSet::default(),
            ..shop.actor.clone()
        },
        test: shop.test,
        clock: shop.clock,
    };
    let weak = super::rim::app(&viewer);
    let (status, _) = post(
        &weak,
        &format!("/api/v1/orders/lines/{waiting}/resolve"),
        json!({"product_id": b}),
    )
    .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    for path in ["/api/v1/orders/unresolved-lines", "/orders/unresolved"] {
        let (status, _, _) = send(&weak, Method::GET, path, "text/plain", String::new()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_walks_the_queue_page_by_page() {
    let shop = Shop::with("A 500").await;
    let app = app(&shop);
    assert!(
        get(&app, "/orders/unresolved")
            .await
            .contains("Toate articolele sunt cunoscute")
    );
    for n in 0..60 {
        shop.import(unknown(&format!("7{n:02}"), 1, &format!("{}", 900 + n), 1))
            .await;
    }
    let first: Value =
        serde_json::from_str(&get(&app, "/api/v1/orders/unresolved-lines?limit=50").await).unwrap();
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/api/v1/orders/unresolved-lines?limit=50&cursor={cursor}");
    let second: Value = serde_json::from_str(&get(&app, &path).await).unwrap();
    assert_eq!(
        (second["items"].as_array().unwrap().len(), &second["next_cursor"]),
        (10, &Value::Null)
    );
    let line = second["items"][0]["line_id"].as_i64().unwrap();
    let shown = get(
        &app,
        &format!("/orders/unresolved?cursor={cursor}&line={line}&find=Articol"),
    )
    .await;
    assert!(
        shown.contains(&format!("action=\"/orders/unresolved/{line}\"")),
        "{shown}"
    );
    let product = shop.product("A").await;
    let (status, to, _) = submit(
        &app,
        &format!("/orders/unresolved/{line}"),
        &format!("product={product}&cursor={cursor}"),
    )
    .await;
    assert_eq!((status, to.contains("cursor=")), (StatusCode::SEE_OTHER, true));
    assert!(
        !get(&app, &format!("/orders/unresolved?cursor={cursor}"))
            .await
            .contains(&format!("line-{line}\""))
    );
    let (status, _, _) = submit(&app, &format!("/orders/unresolved/{line}"), "product=999999").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "the refusal is told on the page");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_ordered_fifty_times_at_once_over_rest_is_promised_once() {
    let shop = Shop::with("A 1").await;
    let app = app(&shop);
    let app = &app;
    let tries = (0..50).map(|n| async move {
        let body = json!({"channel": "shop", "external_id": format!("w-{n}"), "customer": {"name": "Ana"},
            "lines": [{"sku": "A", "quantity": 1}]});
        // A program that is told to come back comes back.
        loop {
            let (status, order) = post(app, "/api/v1/orders", body.clone()).await;
            if status != StatusCode::SERVICE_UNAVAILABLE {
                assert_eq!(status, StatusCode::CREATED, "{order}");
                break order;
            }
        }
    });
    let orders = futures::future::join_all(tries).await;
    let sum = |field: &str| -> i64 {
        orders
            .iter()
            .map(|order| order["lines"][0][field].as_i64().unwrap())
            .sum()
    };
    assert_eq!(
        (sum("reserved"), sum("short")),
        (1, 49),
        "who got nothing is seen as short"
    );
    assert_eq!(shop.stock("A").await, "1/1");
    shop.proves_itself().await;
}
