//! Offers: reading, the two save routes, stock, and every body encoding.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{FORM, JSON, Shop};
use emag_sandbox::{FBE_USERNAME, MAIN_USERNAME};
use serde_json::{Value, json};

fn new_product(id: u64) -> Value {
    json!({"id": id, "name": "Tocător din bambus", "brand": "Bonavita", "part_number": format!("BN 9{id},"), "category_id": 2801,
        "status": 1, "sale_price": "12.5", "min_sale_price": 10, "max_sale_price": 20, "vat_id": 1,
        "stock": [{"warehouse_id": 1, "value": 4}], "images": [{"url": "https://cdn.example/1.jpg", "display_type": 1}]})
}

#[tokio::test]
async fn every_way_to_send_filters_does_what_the_document_says() {
    let cases = [
        (JSON, r#"{"id":2}"#, 1),
        (JSON, r#"{"id":"2"}"#, 1),
        (JSON, r#"{"data":{"id":2}}"#, 2),
        (FORM, "data[id]=2", 1),
        (FORM, "data%5Bid%5D=2", 1),
        (FORM, "id=2", 1),
        (FORM, "data=%7B%22id%22%3A2%7D", 1),
        (JSON, "", 2),
        ("", "", 2),
        (JSON, r#"{"Id":2}"#, 2),
    ];
    let shop = Shop::plain();
    for (kind, body, rows) in cases {
        let answer = shop.raw("/product_offer/read", kind, body).await;
        assert_eq!(answer.results().as_array().unwrap().len(), rows, "{kind} {body}");
    }
    shop.sandbox
        .change_settings(json!({"read_data_wrapper": "accept"}))
        .unwrap();
    let answer = shop
        .raw("/product_offer/read", JSON, r#"{"data":{"id":2}}"#)
        .await;
    assert_eq!(answer.results().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_way_to_send_a_save_saves() {
    let cases = [
        (JSON, r#"[{"id":1,"sale_price":21}]"#),
        (JSON, r#"{"data":[{"id":"1","sale_price":"21"}]}"#),
        (FORM, "data[0][id]=1&data[0][sale_price]=21"),
        (FORM, "data=%5B%7B%22id%22%3A1%2C%22sale_price%22%3A21%7D%5D"),
    ];
    for (kind, body) in cases {
        let shop = Shop::plain();
        let answer = shop.raw("/offer/save", kind, body).await;
        assert_eq!(
            answer.results()["1"]["isError"],
            json!(false),
            "{body}: {}",
            answer.body
        );
        assert_eq!(shop.offer(1).await["sale_price"], json!(21), "{body}");
    }
}

#[tokio::test]
async fn the_light_route_answers_per_offer_and_never_says_error_at_the_top() {
    let shop = Shop::plain();
    let sent = json!([{"id": 1, "stock": [{"warehouse_id": 1, "value": 9}]},
        {"id": 2, "stock": [{"warehouse_id": 1, "value": -1}]}, {"id": 77, "status": 1}]);
    let answer = shop.post("/offer/save", sent).await;
    assert_eq!(
        answer.body,
        json!({"isError": false, "messages": [], "errors": [], "results": {
            "1": {"isError": false, "messages": ["Offer 1 updated successfully"]},
            "2": {"isError": true, "messages": ["Stock should be 0 or more"]},
            "77": {"isError": true, "messages": ["Offer 77 not found"]}}})
    );
    assert_eq!((shop.stock(1).await, shop.stock(2).await), ((9, 9), (10, 10)));
}

#[tokio::test]
async fn a_bad_field_of_an_offer_is_refused_and_changes_nothing() {
    let bad = [
        json!({"sale_price": 0}),
        json!({"sale_price": "1.23456"}),
        json!({"sale_price": 10_000}),
        json!({"recommended_price": 20}),
        json!({"min_sale_price": 500}),
        json!({"stock": [{"warehouse_id": 1, "value": "1.5"}]}),
        json!({"stock": []}),
        json!({"stock": [{"value": 65_536}]}),
        json!({"handling_time": [{"warehouse_id": 1, "value": 6}]}),
        json!({"vat_id": 9}),
        json!({"status": 3}),
        json!({"currency_type": "USD"}),
    ];
    let shop = Shop::plain();
    let before = shop.offer(1).await;
    for mut sent in bad {
        sent["id"] = json!(1);
        let answer = shop.post("/offer/save", json!([sent])).await;
        assert_eq!(answer.results()["1"]["isError"], json!(true), "{sent}");
        assert_eq!(shop.offer(1).await, before, "{sent}");
    }
}

#[tokio::test]
async fn offer_stock_speaks_in_http_statuses() {
    let shop = Shop::plain();
    for (path, body, status, message) in [
        ("/offer_stock/1", r#"{"stock": 21}"#, 204, Value::Null),
        ("/offer_stock/1", r#"{"stock": "22"}"#, 204, Value::Null),
        (
            "/offer_stock/99",
            r#"{"stock": 21}"#,
            404,
            json!("This offer does not exist"),
        ),
        ("/offer_stock/x", r#"{"stock": 21}"#, 404, json!("Invalid URL")),
        ("/offer_stock/1", "{", 400, json!("Invalid content")),
        (
            "/offer_stock/1",
            r#"{"stock":[{"warehouse_id":1,"value":3}]}"#,
            400,
            json!("Invalid content"),
        ),
        (
            "/offer_stock/1",
            r#"{"stock": -1}"#,
            400,
            json!("Validation errors in your request"),
        ),
    ] {
        let answer = shop.patch(path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body["message"].clone()),
            (status, message),
            "{path} {body}"
        );
        assert!(status != 204 || answer.bytes.is_empty());
    }
    assert_eq!(shop.stock(1).await, (22, 22));
    shop.sandbox
        .change_settings(json!({"lenient_offer_stock": true}))
        .unwrap();
    assert_eq!(
        shop.patch("/offer_stock/1", r#"{"stock":[{"warehouse_id":1,"value":3}]}"#)
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn an_offer_in_a_campaign_is_frozen() {
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: [{"id": 1}]},
        "campaigns": {MAIN_USERNAME: [{"id": 1, "campaign_id": 4, "end_date": "2026-11-25 00:00:00"}]}}));
    let refused = shop.patch("/offer_stock/1", r#"{"stock": 2}"#).await;
    assert_eq!(
        (
            refused.status.as_u16(),
            refused.body["errors"][0]["field"].clone()
        ),
        (400, json!("stock"))
    );
    let light = shop.post("/offer/save", json!([{"id": 1, "status": 0}])).await;
    assert_eq!(light.results()["1"]["isError"], json!(true));
    shop.sandbox.advance_clock(86_400.0);
    assert_eq!(shop.patch("/offer_stock/1", r#"{"stock": 2}"#).await.status, 204);
}

#[tokio::test]
async fn a_new_product_is_created_waits_for_validation_and_then_gets_its_key() {
    let shop = Shop::plain();
    let answer = shop
        .post("/product_offer/save", json!({"data": [new_product(500)]}))
        .await;
    assert_eq!(
        answer.body,
        json!({"isError": false, "messages": [], "results": []})
    );
    let offer = shop.offer(500).await;
    assert_eq!(
        (offer["part_number"].clone(), offer["part_number_key"].clone()),
        (json!("BN9500"), json!(""))
    );
    assert_eq!(offer["validation_status"][0]["value"], json!(1));
    shop.sandbox.set_validation(MAIN_USERNAME, 500, 9).unwrap();
    let key = shop.offer(500).await["part_number_key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        key.len() == 9 && key.starts_with('D') && key.ends_with("BM"),
        "{key}"
    );
}

#[tokio::test]
async fn what_product_save_refuses_is_not_saved_and_what_it_only_dislikes_is() {
    let with = |changes: Value| {
        let mut product = new_product(600);
        product
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        product
    };
    let cases = [
        (
            with(json!({"part_number": "BN1"})),
            "associated with this PN:BN1.",
            false,
        ),
        (with(json!({"ean": ["5949990001237"]})), "5949990001237", false),
        (
            with(json!({"ean": ["59499x"]})),
            "59499x is not a valid EAN.",
            false,
        ),
        (with(json!({"category_id": 9001})), "category", false),
        (with(json!({"sale_price": 99})), "interval", false),
        (with(json!({"status": 2})), "end of life", false),
        (
            with(json!({"images": [{"url": "nothing"}]})),
            "Invalid images",
            true,
        ),
        (
            with(json!({"characteristics": [{"id": 5401, "value": "Turcoaz"}]})),
            "not an allowed value",
            true,
        ),
        (with(json!({"category_id": 77})), "saved as a draft", true),
    ];
    for (product, text, saved) in cases {
        let shop = Shop::plain();
        let answer = shop.post("/product_offer/save", json!([product])).await;
        assert!(
            answer.is_error() && answer.text().contains(text),
            "{text}: {}",
            answer.text()
        );
        assert!(answer.text().contains(" - Product id: 600"));
        assert_eq!(shop.offer(600).await.is_object(), saved, "{text}");
    }
}

#[tokio::test]
async fn an_update_needs_the_offer_keys_and_content_needs_ownership() {
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: [{"id": 1}, {"id": 2, "ownership": 2}]}}));
    let full = json!({"id": 1, "status": 1, "sale_price": 11, "vat_id": 1, "stock": [{"warehouse_id": 1, "value": 3}],
        "handling_time": [{"warehouse_id": 1, "value": 2}]});
    assert!(
        shop.post("/product_offer/save", json!([{"id": 1, "sale_price": 11}]))
            .await
            .is_error()
    );
    assert!(!shop.post("/product_offer/save", json!([full])).await.is_error());
    assert!(
        !shop.post("/product_offer/save", json!([full])).await.is_error(),
        "twice is the same"
    );
    assert_eq!(shop.stock(1).await, (3, 3));
    assert!(
        !shop
            .post("/product_offer/save", json!([{"id": 1, "name": "Alt nume"}]))
            .await
            .is_error()
    );
    assert_eq!(shop.offer(1).await["validation_status"][0]["value"], json!(11));
    assert!(
        shop.post("/product_offer/save", json!([{"id": 2, "name": "Alt nume"}]))
            .await
            .is_error()
    );
}

#[tokio::test]
async fn a_scheduled_price_waits_for_its_day() {
    let shop = Shop::plain();
    let sent = json!({"id": 1, "status": 1, "sale_price": 25, "vat_id": 1, "stock": [{"warehouse_id": 1, "value": 3}],
        "handling_time": [{"warehouse_id": 1, "value": 2}], "start_date": "2026-11-25"});
    assert!(!shop.post("/product_offer/save", json!([sent])).await.is_error());
    assert_eq!(shop.offer(1).await["sale_price"], json!(20));
    shop.sandbox.advance_clock(86_400.0);
    assert_eq!(shop.offer(1).await["sale_price"], json!(25));
}

#[tokio::test]
async fn an_offer_is_attached_once_to_a_product_of_the_catalogue() {
    let shop = Shop::with(
        json!({"offers": {FBE_USERNAME: [{"id": 9, "part_number_key": "DZ7R2KMBM", "ean": ["5949990001237"]}],
        MAIN_USERNAME: []}}),
    );
    let mut attach = new_product(700);
    let keys = attach.as_object_mut().unwrap();
    keys.retain(|key, _| !matches!(key.as_str(), "brand" | "category_id" | "images"));
    keys.insert("part_number_key".to_owned(), json!("DZ7R2KMBM"));
    let answer = shop.post("/product_offer/save", json!([attach])).await;
    assert!(!answer.is_error(), "{}", answer.text());
    let offer = shop.offer(700).await;
    assert_eq!(
        (offer["ownership"].clone(), offer["part_number_key"].clone()),
        (json!(2), json!("DZ7R2KMBM"))
    );
    attach["id"] = json!(701);
    attach["part_number"] = json!("OTHER");
    let second = shop.post("/product_offer/save", json!([attach])).await;
    assert!(
        second
            .text()
            .contains("You already hold an offer associated with this PNK: DZ7R2KMBM."),
        "{}",
        second.text()
    );
    let found = shop
        .get("/api-3/documentation/find_by_eans?eans[]=5949990001237&eans[]=96385074")
        .await;
    assert_eq!(found.results()["96385074"], json!({"products": []}));
    assert_eq!(
        found.results()["5949990001237"]["products"][0]["vendor_has_offer"],
        json!(true)
    );
}

#[tokio::test]
async fn filters_and_pages_of_offers() {
    let offers: Vec<Value> = (1..=230)
        .map(|id| json!({"id": id, "stock": id % 5, "status": id % 2}))
        .collect();
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: offers}}));
    for (filters, rows) in [
        (json!({}), 100),
        (json!({"itemsPerPage": 1000}), 100),
        (json!({"currentPage": 3}), 30),
        (json!({"currentPage": 4}), 0),
        (json!({"itemsPerPage": "7"}), 7),
        (json!({"status": 1, "currentPage": 2}), 15),
        (json!({"general_stock": 0}), 46),
        (json!({"part_number": "SKU7"}), 1),
        (json!({"validation_status": 8}), 0),
        (json!({"id": 9999}), 0),
    ] {
        let answer = shop.post("/product_offer/read", filters.clone()).await;
        assert_eq!(answer.results().as_array().unwrap().len(), rows, "{filters}");
    }
    let count = shop.post("/product_offer/count", json!({"status": 1})).await;
    assert_eq!(
        count.body,
        json!({"isError": false, "messages": [], "errors": [],
            "results": {"noOfItems": "115", "noOfPages": "2", "itemsPerPage": "100"}})
    );
}

#[tokio::test]
async fn offers_have_the_odd_types_of_the_document() {
    let maker = json!([{"name": "Zefir", "address": "Cluj", "email": "a@b.ro"}]);
    let shop = Shop::with(
        json!({"offers": {MAIN_USERNAME: [{"id": 1, "manufacturer": maker, "description": "<p>a</p>"}]}}),
    );
    let one = shop.offer(1).await;
    let all = shop.post("/product_offer/read", json!({})).await.results()[0].clone();
    assert_eq!(
        (one["manufacturer"].clone(), all["manufacturer"].clone()),
        (maker, json!(true))
    );
    assert_eq!(
        (one["eu_representative"].clone(), all["eu_representative"].clone()),
        (json!([]), json!(false))
    );
    assert!(one["validation_status"].is_array() && one["offer_validation_status"].is_object());
    assert_eq!(
        (one["start_date"].clone(), one["description"].clone()),
        (json!([]), json!("&lt;p&gt;a&lt;/p&gt;"))
    );
    assert_eq!(one["recommended_price"], json!(0));
}

#[tokio::test]
async fn categories_vat_and_handling_times() {
    let shop = Shop::plain();
    let list = shop.post("/category/read", json!({})).await;
    assert!(list.results()[0]["characteristics"][0].get("values").is_none());
    let one = shop
        .post(
            "/category/read",
            json!({"id": 2735, "valuesCurrentPage": 2, "valuesPerPage": 3}),
        )
        .await;
    assert_eq!(one.results()[0]["characteristics"][1]["values"], json!(["43 EU"]));
    assert_eq!(
        shop.post("/category/count", json!({})).await.results()["noOfItems"],
        json!("11")
    );
    let vat = shop.post("/vat/read", json!({})).await;
    assert_eq!(
        vat.results()[0],
        json!({"vat_id": 1, "vat_rate": 0.21, "is_default": 1})
    );
    let days = shop.post("/handling_time/read", json!({})).await;
    assert_eq!(days.results()[7], json!({"id": 10, "value": 10}));
}
