//! Orders: stock figures, acknowledgement, the status matrix, edits, storno, windows.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use axum::http::Method;
use common::Shop;
use emag_sandbox::{FBE_USERNAME, MAIN_USERNAME};
use serde_json::{Value, json};

const HOUR: f64 = 3600.0;

/// Status before, what is sent, and the (line, units) that remain; none = refused.
type StornoCase = (i64, Value, Option<Vec<(i64, i64)>>);

#[tokio::test]
async fn a_new_order_lowers_estimated_stock_and_its_acknowledgement_lowers_general_stock() {
    let shop = Shop::plain();
    let id = shop.place(json!({"products": [{"product_id": 1, "quantity": 3}]}));
    assert!(id > 2_147_483_648);
    assert_eq!(shop.stock(1).await, (10, 7));
    let answer = shop.post(&format!("/order/acknowledge/{id}"), Value::Null).await;
    assert_eq!(
        answer.body,
        json!({"isError": false, "messages": [], "results": []})
    );
    assert_eq!(shop.stock(1).await, (7, 7));
    let again = shop.post(&format!("/order/acknowledge/{id}"), json!({})).await;
    assert!(again.is_error() && again.text().contains("already in progress"));
    assert_eq!(shop.stock(1).await, (7, 7));
    let cancelled = shop
        .post(
            "/order/save",
            json!([{"id": id, "status": 0, "reason_cancellation": 1}]),
        )
        .await;
    assert!(!cancelled.is_error(), "{}", cancelled.text());
    assert_eq!(shop.stock(1).await, (10, 10));
}

/// Goes from one status to another, `hours` after the first was reached; says whether it was allowed.
async fn moved(from: i64, to: i64, hours: f64) -> bool {
    let shop = Shop::plain();
    let id = shop.place(json!({"status": from, "products": [{"product_id": 1, "quantity": 2}]}));
    shop.sandbox.advance_clock(hours * HOUR);
    let saved = shop
        .post(
            "/order/save",
            json!([{"id": id, "status": to, "reason_cancellation": 1}]),
        )
        .await;
    let now = shop.order(id).await["status"].as_i64().unwrap();
    assert_eq!(
        now,
        if saved.is_error() { from } else { to },
        "{from} to {to}: {}",
        saved.text()
    );
    !saved.is_error()
}

#[tokio::test]
async fn the_status_matrix_holds_inside_and_outside_its_windows() {
    let soon = [
        (2, vec![2, 3, 4, 0]),
        (3, vec![3, 4, 0]),
        (4, vec![3, 4, 0, 5]),
        (0, vec![2, 3, 4, 0]),
        (1, vec![]),
        (5, vec![]),
    ];
    for (from, allowed) in soon {
        for to in 0..=5 {
            assert_eq!(
                moved(from, to, 47.0).await,
                allowed.contains(&to),
                "{from} to {to} within 48 h"
            );
        }
    }
    for (from, to, hours, allowed) in [
        (4, 3, 49.0, false),
        (4, 0, 49.0, false),
        (0, 2, 49.0, false),
        (4, 5, 34.0 * 24.0, true),
        (4, 5, 36.0 * 24.0, false),
        (2, 0, 900.0, true),
    ] {
        assert_eq!(
            moved(from, to, hours).await,
            allowed,
            "{from} to {to} after {hours} h"
        );
    }
}

#[tokio::test]
async fn a_storno_leaves_what_remains_and_refuses_what_changes_nothing() {
    let storno = |products: Value| json!({"status": 4, "is_storno": true, "products": products});
    let a = |units: i64| json!({"id": 11, "product_id": 1, "quantity": units});
    let b = |units: i64| json!({"id": 12, "product_id": 2, "quantity": units});
    let cases: [StornoCase; 9] = [
        (4, storno(json!([a(1), b(2)])), Some(vec![(11, 1), (12, 2)])),
        (4, storno(json!([a(2), b(0)])), Some(vec![(11, 2)])),
        (
            4,
            storno(json!([a(2), {"id": 12, "product_id": 2, "quantity": 2, "status": 0}])),
            Some(vec![(11, 2)]),
        ),
        (4, json!({"status": 4, "products": [a(2), b(1)]}), None),
        (4, storno(json!([a(2), b(2)])), None),
        (3, storno(json!([a(1), b(2)])), None),
        (
            4,
            storno(json!([a(2), b(2), {"product_id": 2, "quantity": -1}])),
            None,
        ),
        (4, storno(json!([a(1)])), Some(vec![(11, 1), (12, 2)])),
        (4, storno(json!([a(0), b(0)])), Some(vec![])),
    ];
    for (status, mut sent, expected) in cases {
        let shop = Shop::plain();
        let id = shop.place(json!({"status": status, "products": [a(2), b(2)]}));
        sent["id"] = json!(id);
        let saved = shop.post("/order/save", json!({"data": [sent]})).await;
        assert_eq!(saved.is_error(), expected.is_none(), "{sent}: {}", saved.text());
        let order = shop.order(id).await;
        let left: Vec<(i64, i64)> = order["products"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| (line["id"].as_i64().unwrap(), line["quantity"].as_i64().unwrap()))
            .collect();
        let wanted = expected.unwrap_or_else(|| vec![(11, 2), (12, 2)]);
        assert_eq!(left, wanted, "{sent}");
        let kept: i64 = left.iter().map(|(_, units)| units).sum();
        assert_eq!(shop.stock(1).await.0 + shop.stock(2).await.0, 20 - kept, "{sent}");
        assert_eq!(
            order["status"],
            json!(if wanted.is_empty() { 5 } else { status }),
            "{sent}"
        );
    }
}

#[tokio::test]
async fn lines_may_be_edited_before_the_order_is_finalized() {
    let line = |units: i64| json!({"id": 11, "product_id": 1, "quantity": units, "sale_price": "20.0000"});
    let cases = [
        ("fewer units", 2, 1, json!([line(1)]), Some(9)),
        ("the line left out", 2, 1, json!([]), Some(10)),
        ("more units", 3, 1, json!([line(4)]), Some(6)),
        ("fewer units on a card order", 2, 3, json!([line(1)]), None),
        (
            "another price",
            2,
            1,
            json!([{"id": 11, "quantity": 2, "sale_price": "19.0000"}]),
            None,
        ),
        (
            "another product",
            2,
            1,
            json!([{"id": 11, "product_id": 2, "quantity": 2}]),
            None,
        ),
        (
            "an unknown line",
            2,
            1,
            json!([line(2), {"id": 99, "quantity": 1}]),
            None,
        ),
        ("a finalized order", 4, 1, json!([line(1)]), None),
        (
            "an added line",
            2,
            1,
            json!([line(2), {"product_id": 1, "name": "x", "quantity": 1, "sale_price": 5}]),
            Some(7),
        ),
        (
            "an added line without a name",
            2,
            1,
            json!([line(2), {"product_id": 1, "quantity": 1, "sale_price": 5}]),
            None,
        ),
    ];
    for (what, status, payment, products, stock) in cases {
        let shop = Shop::plain();
        let order = json!({"status": status, "payment_mode_id": payment, "products": [{"id": 11, "product_id": 1, "quantity": 2}]});
        let id = shop.place(order);
        let saved = shop
            .post(
                "/order/save",
                json!([{"id": id, "status": status, "type": 3, "products": products}]),
            )
            .await;
        assert_eq!(saved.is_error(), stock.is_none(), "{what}: {}", saved.text());
        assert_eq!(shop.stock(1).await.0, stock.unwrap_or(8), "{what}");
    }
}

#[tokio::test]
async fn an_order_save_without_products_leaves_the_lines_alone() {
    let shop = Shop::plain();
    let id = shop.place(json!({"status": 2, "products": [{"product_id": 1, "quantity": 2}]}));
    let saved = shop.post("/order/save", json!([{"id": id, "status": "3"}])).await;
    assert!(!saved.is_error(), "{}", saved.text());
    assert_eq!(shop.order(id).await["products"][0]["quantity"], json!(2));
}

#[tokio::test]
async fn windows_need_both_ends_and_at_most_a_month() {
    let month = json!({"createdAfter": "2026-10-24 12:00:00", "createdBefore": "2026-11-24 12:00:00"});
    let longer = json!({"modifiedAfter": "2026-10-24 12:00:00", "modifiedBefore": "2026-11-24 12:00:01"});
    let cases = [
        (
            "/order/read",
            json!({"createdBefore": "2026-11-24 12:00:00"}),
            true,
        ),
        (
            "/order/read",
            json!({"createdAfter": "2026-01-24 12:00:00"}),
            false,
        ),
        (
            "/order/count",
            json!({"createdAfter": "2026-11-24 12:00:00"}),
            true,
        ),
        ("/order/read", month.clone(), false),
        ("/order/count", month, false),
        ("/order/read", longer, true),
        ("/order/read", json!({"createdAfter": "2026-11-24"}), true),
        ("/order/read", json!({"status": 9}), true),
        ("/order/read", json!({"status": ["1", 2]}), false),
        ("/order/read", json!({"itemsPerPage": 0}), true),
        ("/order/read", json!({"currentPage": 65_536}), true),
        ("/order/read", json!({"unheard_of": 5}), false),
    ];
    let shop = Shop::plain();
    for (path, filters, refused) in cases {
        let answer = shop.post(path, filters.clone()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.is_error(), refused, "{path} {filters}: {}", answer.text());
    }
}

#[tokio::test]
async fn fbe_orders_are_seen_only_by_type_2_and_cannot_be_touched() {
    let shop = Shop::with(json!({"offers": {FBE_USERNAME: [{"id": 5}]}}));
    let line = json!({"products": [{"product_id": 5, "quantity": 1}], "status": 2});
    let id = shop.sandbox.add_orders(FBE_USERNAME, vec![line]).unwrap()[0];
    let read = |filters: Value| shop.post_as(FBE_USERNAME, "/order/read", filters);
    assert_eq!(read(json!({})).await.results(), &json!([]));
    assert_eq!(read(json!({"type": 2})).await.results()[0]["id"], json!(id));
    let count = shop.post_as(FBE_USERNAME, "/order/count", json!({})).await;
    assert_eq!(count.results()["noOfItems"], json!("1"));
    for (path, body) in [
        (format!("/order/acknowledge/{id}"), json!({})),
        ("/order/save".to_owned(), json!([{"id": id, "status": 3}])),
        (format!("/order/{id}/unlock-courier"), json!({})),
    ] {
        assert!(shop.post_as(FBE_USERNAME, &path, body).await.is_error(), "{path}");
    }
}

#[tokio::test]
async fn emag_ships_fbe_orders_by_itself_after_six_hours() {
    let shop = Shop::with(json!({"offers": {FBE_USERNAME: [{"id": 5}]}}));
    let order = json!({"products": [{"product_id": 5, "quantity": 2}]});
    let id = shop.sandbox.add_orders(FBE_USERNAME, vec![order]).unwrap()[0];
    for (hours, status, general) in [(5.0, 1, 10), (1.5, 4, 8)] {
        shop.sandbox.advance_clock(hours * HOUR);
        let read = shop
            .post_as(FBE_USERNAME, "/order/read", json!({"type": 2, "id": id}))
            .await;
        assert_eq!(read.results()[0]["status"], json!(status));
        let offer = shop
            .post_as(FBE_USERNAME, "/product_offer/read", json!({"id": 5}))
            .await;
        let stock = (
            offer.results()[0]["general_stock"].clone(),
            offer.results()[0]["estimated_stock"].clone(),
        );
        assert_eq!(stock, (json!(general), json!(8)));
    }
}

#[tokio::test]
async fn unlock_courier_lifts_the_enforced_list_and_the_first_label_finalizes() {
    let shop = Shop::plain();
    let id = shop.place(json!({"status": 2, "enforced_vendor_courier_accounts": [],
        "products": [{"product_id": 1, "quantity": 1}]}));
    let party = json!({"name": "Ion Pop", "contact": "Ion", "phone1": "0722000000", "locality_id": 7, "street": "Str. Lunga"});
    let awb = json!({"order_id": id, "sender": party, "receiver": party, "parcel_number": 1, "envelope_number": 0, "cod": 0});
    assert!(shop.post("/awb/save", awb.clone()).await.is_error());
    assert!(
        !shop
            .post(&format!("/order/{id}/unlock-courier"), Value::Null)
            .await
            .is_error()
    );
    shop.sandbox.advance_clock(60.0);
    let label = shop.post("/awb/save", json!({"data": [awb]})).await;
    assert!(!label.is_error(), "{}", label.text());
    let order = shop.order(id).await;
    assert_eq!(
        (order["status"].clone(), order["modified"].clone()),
        (json!(4), json!("2026-11-24 12:01:00"))
    );
    let emag_id = &label.results()["awb"][0]["emag_id"];
    let read = shop.post("/awb/read", json!({ "emag_id": emag_id })).await;
    assert_eq!(read.results()[0]["order_id"], json!(id));
    let pdf = shop
        .get(&format!("/awb/read_pdf?emag_id={emag_id}&awb_format=A6"))
        .await;
    assert!(pdf.bytes.starts_with(b"%PDF") && pdf.headers["content-type"] == "application/pdf");
    assert!(shop.get("/api-3/awb/read_pdf?emag_id=1").await.is_error());
}

#[tokio::test]
async fn orders_have_the_odd_types_of_the_document() {
    let shop = Shop::plain();
    let id = shop.place(json!({"products": [{"product_id": 1, "quantity": 1}]}));
    let order = shop.order(id).await;
    assert_eq!(order["details"], json!([]));
    assert_eq!(order["shipping_tax"], json!("0.0000"));
    assert_eq!(order["date"], json!("2026-11-24 12:00:00"));
    assert!(order.get("_sandbox").is_none());
    let line = &order["products"][0];
    assert_eq!(
        (line["sale_price"].clone(), line["vat"].clone()),
        (json!("20.0000"), json!("0.2100"))
    );
    assert_eq!(
        (line["part_number"].clone(), line["ext_part_number"].clone()),
        (json!("DAAA111BM"), json!("BN1"))
    );
    assert_eq!(order["customer"]["billing_locality_id"], json!("7"));
}

#[tokio::test]
async fn the_state_can_be_taken_out_and_put_back_unchanged() {
    let shop = Shop::plain();
    shop.place(json!({"products": [{"product_id": 1, "quantity": 3}]}));
    let taken = shop.place(json!({"status": 2, "products": [{"product_id": 2, "quantity": 4}]}));
    let before = shop
        .control(Method::GET, "/_sandbox/state", Value::Null)
        .await
        .body;
    assert_eq!(
        shop.control(Method::PUT, "/_sandbox/state", before.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        shop.control(Method::GET, "/_sandbox/state", Value::Null)
            .await
            .body,
        before
    );
    shop.post(
        "/order/save",
        json!([{"id": taken, "status": 0, "reason_cancellation": 2}]),
    )
    .await;
    assert_eq!(shop.stock(2).await, (10, 10));
    assert_eq!(shop.stock(1).await, (10, 7));
}

#[tokio::test]
async fn orders_arrive_by_themselves_when_trade_is_on() {
    let shop = Shop::plain();
    shop.sandbox
        .change_settings(json!({"trade_orders_per_hour": {MAIN_USERNAME: 2.0}}))
        .unwrap();
    shop.sandbox.state();
    shop.sandbox.advance_clock(1.5 * HOUR);
    let orders = shop
        .post("/order/read", json!({"status": 1}))
        .await
        .results()
        .as_array()
        .unwrap()
        .len();
    assert!(orders >= 1, "{orders}");
    let (general, estimated) = shop.stock(1).await;
    let (general2, estimated2) = shop.stock(2).await;
    assert!(general + general2 == 20 && estimated + estimated2 < 20);
}
