//! The gateway: who may call, how fast, what an unknown address says; faults, clock, control interface and seed.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use axum::http::Method;
use common::{JSON, Shop, basic, noon};
use emag_sandbox::{DEMO_PASSWORD, FBE_USERNAME, MAIN_USERNAME, Options, Sandbox, SeedOptions};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn strangers_are_told_which_of_the_three_ways_they_failed() {
    let shop = Shop::with(json!({"accounts": [
        {"username": MAIN_USERNAME, "allowed_ips": ["10.0.0.9"]}, {"username": "a@b.ro", "password": "x", "api_right": false},
        {"username": "ok@b.ro", "password": "p:w", "allowed_ips": ["127.0.0.1"]}]}));
    let right = "You are not allowed to use this API.";
    let cases = [
        (None, 401, "Authentication required"),
        (Some("Bearer x".to_owned()), 403, right),
        (Some(basic(MAIN_USERNAME, "wrong")), 403, right),
        (Some(basic("a@b.ro", "x")), 403, right),
        (
            Some(basic(MAIN_USERNAME, DEMO_PASSWORD)),
            403,
            "Invalid vendor ip 127.0.0.1",
        ),
        (Some(basic("ok@b.ro", "p:w")), 200, ""),
    ];
    for (auth, status, text) in cases {
        let answer = shop
            .send(Method::POST, "/api-3/vat/read", JSON, auth.as_deref(), "")
            .await;
        assert_eq!(answer.status.as_u16(), status, "{auth:?}");
        assert!(answer.text().contains(text), "{auth:?}: {}", answer.text());
    }
    shop.sandbox
        .change_settings(json!({"ip_whitelist": false}))
        .unwrap();
    assert_eq!(shop.post("/vat/read", json!({})).await.status, 200);
}

#[tokio::test]
async fn unknown_addresses_and_wrong_methods_are_invalid_urls() {
    let shop = Shop::plain();
    let auth = basic(MAIN_USERNAME, DEMO_PASSWORD);
    for (method, path, status) in [
        (Method::POST, "/api-3/vat/read", 200),
        (Method::POST, "/api-3/api-3/order/read", 200),
        (Method::POST, "/api-3/api-3/api-3/order/read", 404),
        (Method::POST, "/vat/read", 404),
        (Method::GET, "/api-3/vat/read", 404),
        (Method::POST, "/api-3/product_offer/match", 404),
        (Method::POST, "/api-3/offer_stock/1", 404),
        (Method::GET, "/", 404),
    ] {
        let answer = shop.send(method.clone(), path, JSON, Some(&auth), "{}").await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        assert!(status == 200 || answer.body == json!({"message": "Invalid URL"}));
    }
}

#[tokio::test]
async fn the_fourth_call_of_a_second_is_refused_and_not_executed() {
    let shop = Shop::plain();
    shop.sandbox
        .change_settings(json!({"rate_limits": true}))
        .unwrap();
    for remaining in [2, 1, 0] {
        let answer = shop.patch("/offer_stock/1", r#"{"stock": 1}"#).await;
        assert_eq!(
            answer.headers["x-ratelimit-remaining-3second"],
            remaining.to_string().as_str()
        );
    }
    let refused = shop.patch("/offer_stock/1", r#"{"stock": 9}"#).await;
    assert_eq!(
        (refused.status.as_u16(), refused.body),
        (429, json!({"message": "API rate limit exceeded"}))
    );
    assert_eq!(refused.headers["content-type"], "application/json; charset=utf-8");
    assert!(
        shop.post("/order/read", json!({})).await.results().is_array(),
        "orders have a bucket of their own"
    );
    assert_eq!(
        shop.post_as(FBE_USERNAME, "/vat/read", json!({})).await.status,
        200,
        "and every account its own"
    );
    shop.sandbox.advance_clock(1.0);
    assert_eq!(shop.stock(1).await.0, 1);
}

#[tokio::test]
async fn an_impatient_caller_gets_180_calls_a_minute_and_720_on_orders() {
    for (path, per_second, per_minute) in [("/vat/read", 3, 180), ("/order/count", 12, 720)] {
        let shop = Shop::plain();
        shop.sandbox
            .change_settings(json!({"rate_limits": true}))
            .unwrap();
        let mut passed = 0;
        // One call a second more than allowed.
        for _ in 0..60 {
            for _ in 0..=per_second {
                passed += i32::from(shop.post(path, json!({})).await.status == 200);
            }
            shop.sandbox.advance_clock(1.0);
        }
        assert_eq!(passed, per_minute, "{path}");
    }
}

#[tokio::test]
async fn too_many_entities_or_elements_save_nothing() {
    let shop = Shop::plain();
    let many: Vec<Value> = (0..51).map(|_| json!({"id": 1, "sale_price": 21})).collect();
    for path in ["/offer/save", "/product_offer/save", "/order/save"] {
        assert!(shop.post(path, json!(many)).await.is_error(), "{path}");
    }
    let wide: Vec<i64> = (0..4001).collect();
    let answer = shop
        .post("/offer/save", json!([{"id": 1, "sale_price": 21, "x": wide}]))
        .await;
    assert_eq!(
        answer.body["messages"],
        json!(["Maximum input vars of 4000 exceeded"])
    );
    assert_eq!(
        answer.body["message"],
        json!("Maximum input vars of 4000 exceeded")
    );
    assert_eq!(shop.offer(1).await["sale_price"], json!(20));
}

#[tokio::test]
async fn each_fault_shows_as_it_should_and_executes_or_not() {
    let cases = [
        ("429", 429, false),
        ("500", 500, false),
        ("500_after", 500, true),
        ("502_html", 502, false),
        ("504_html", 504, false),
        ("504_html_after", 504, true),
        ("drop", 502, false),
        ("drop_after", 502, true),
        ("timeout", 502, false),
        ("timeout_after", 502, true),
        ("empty_200", 200, true),
        ("missing_is_error", 200, true),
        ("partial", 200, false),
    ];
    for (fault, status, executed) in cases {
        let shop = Shop::plain();
        let plan = json!({"rate": {fault: 1.0}, "routes": ["offer/save"], "seed": 1, "timeout_ms": 0});
        assert_eq!(
            shop.control(Method::PUT, "/_sandbox/faults", plan).await.status,
            200,
            "{fault}"
        );
        let answer = shop
            .post("/offer/save", json!([{"id": 1, "sale_price": 21}]))
            .await;
        assert_eq!(answer.status.as_u16(), status, "{fault}");
        assert_eq!(
            answer.body.get("isError").is_some(),
            fault == "partial",
            "{fault}"
        );
        let price = if executed { 21 } else { 20 };
        assert_eq!(shop.offer(1).await["sale_price"], json!(price), "{fault}");
        shop.control(Method::PUT, "/_sandbox/faults", json!({})).await;
        assert_eq!(
            shop.post("/offer/save", json!([{"id": 1, "status": 1}]))
                .await
                .results()["1"]["isError"],
            json!(false)
        );
    }
}

#[tokio::test]
async fn duplicate_rows_repeat_some_offers_and_lose_none() {
    let offers: Vec<Value> = (1..=450).map(|id| json!({ "id": id })).collect();
    let shop = Shop::with(json!({"offers": {MAIN_USERNAME: offers}}));
    shop.sandbox
        .set_faults(serde_json::from_value(json!({"rate": {"duplicate_rows": 0.7}, "seed": 3})).unwrap())
        .unwrap();
    let mut rows: Vec<u64> = Vec::new();
    for page in 1.. {
        let answer = shop
            .post("/product_offer/read", json!({ "currentPage": page }))
            .await;
        let ids: Vec<u64> = answer
            .results()
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_u64().unwrap())
            .collect();
        rows.extend(&ids);
        if ids.len() < 100 {
            break;
        }
    }
    let distinct: BTreeSet<u64> = rows.iter().copied().collect();
    assert_eq!(distinct.len(), 450);
    assert!(rows.len() > 450, "{}", rows.len());
}

#[tokio::test]
async fn a_truncated_page_is_no_json_and_a_locked_order_stays_new() {
    let shop = Shop::plain();
    let id = shop.place(json!({"products": [{"product_id": 1, "quantity": 1}]}));
    let plan = json!({"rate": {"truncated_page": 1.0, "locked": 0.0}, "at_most": 1});
    shop.sandbox
        .set_faults(serde_json::from_value(plan).unwrap())
        .unwrap();
    let cut = shop.post("/order/read", json!({})).await;
    assert!(cut.status == 200 && cut.body.is_null() && !cut.bytes.is_empty());
    shop.sandbox
        .set_faults(serde_json::from_value(json!({"rate": {"locked": 1.0}})).unwrap())
        .unwrap();
    let locked = shop.post(&format!("/order/acknowledge/{id}"), json!({})).await;
    assert!(locked.text().contains("Resource locked for processing"));
    assert_eq!(shop.order(id).await["status"], json!(1));
}

#[tokio::test]
async fn control_documents_with_mistakes_are_refused_and_change_nothing() {
    let shop = Shop::plain();
    let before = shop.sandbox.state();
    for (method, path, body) in [
        (
            Method::PUT,
            "/_sandbox/faults",
            json!({"rate": {"earthquake": 0.1}}),
        ),
        (Method::PUT, "/_sandbox/faults", json!({"rate": {"500": 2}})),
        (Method::PUT, "/_sandbox/faults", json!({"latency_ms": [5, 1]})),
        (Method::PUT, "/_sandbox/settings", json!({"rate_limit": true})),
        (Method::POST, "/_sandbox/clock", json!({"rate": -1})),
        (Method::POST, "/_sandbox/clock", json!({"at": "noon"})),
        (Method::PUT, "/_sandbox/state", json!({"offerz": {}})),
        (Method::PUT, "/_sandbox/state", json!({"offers": []})),
        (
            Method::POST,
            "/_sandbox/orders",
            json!({"username": "nobody", "orders": []}),
        ),
        (
            Method::POST,
            "/_sandbox/orders",
            json!({"username": MAIN_USERNAME, "orders": [
            {"products": [{"product_id": 1, "quantity": 1}]}, {"products": [{"quantity": 1}]}]}),
        ),
    ] {
        assert_eq!(
            shop.control(method, path, body.clone()).await.status,
            422,
            "{path} {body}"
        );
    }
    assert_eq!(shop.sandbox.state(), before);
}

#[tokio::test]
async fn the_call_log_says_who_called_what() {
    let shop = Shop::plain();
    shop.post("/order/read", json!({})).await;
    shop.post("/offer/save", json!([{"id": 1}, {"id": 2}])).await;
    shop.send(Method::POST, "/api-3/nowhere", JSON, None, "").await;
    let log = shop
        .control(Method::GET, "/_sandbox/calls?since=1", Value::Null)
        .await
        .body;
    assert_eq!(
        log,
        json!([
            {"n": 2, "at": "2026-11-24T10:00:00Z", "username": MAIN_USERNAME, "method": "POST", "path": "/api-3/offer/save",
             "bucket": "other", "status": 200, "is_error": false, "entities": 2, "fault": null},
            {"n": 3, "at": "2026-11-24T10:00:00Z", "username": "", "method": "POST", "path": "/api-3/nowhere",
             "bucket": "none", "status": 404, "is_error": null, "entities": 0, "fault": null}])
    );
    let health = shop.control(Method::GET, "/_sandbox/health", Value::Null).await;
    assert_eq!(health.status, 200);
}

#[tokio::test]
async fn a_dropped_call_closes_the_connection_without_a_byte() {
    let sandbox = Sandbox::new(Options::frozen_at(noon()));
    sandbox
        .set_state(json!({"offers": {MAIN_USERNAME: [{"id": 1}]}}))
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = sandbox.clone();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        server
            .serve(listener, async { stopped.await.unwrap_or_default() })
            .await
    });
    let auth = basic(MAIN_USERNAME, DEMO_PASSWORD);
    let request = format!(
        "PATCH /api-3/offer_stock/1 HTTP/1.1\r\nHost: x\r\nAuthorization: {auth}\r\nContent-Type: application/json\r\n\
         Content-Length: 12\r\nConnection: close\r\n\r\n{{\"stock\": 77}}"
    )
    .replace("Content-Length: 12", "Content-Length: 13");
    for (plan, stock) in [
        (json!({"rate": {"drop": 1}}), 10),
        (json!({"rate": {"drop_after": 1}}), 77),
    ] {
        sandbox.set_faults(serde_json::from_value(plan).unwrap()).unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{read:?} {}", String::from_utf8_lossy(&answer));
        assert_eq!(
            sandbox.state()["offers"][MAIN_USERNAME][0]["general_stock"],
            json!(stock)
        );
    }
    sandbox
        .set_faults(serde_json::from_value(json!({})).unwrap())
        .unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    stop.send(()).unwrap();
    tasks.join_next().await.unwrap().unwrap().unwrap();
}

fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (f64::from(u32::try_from(values.len()).unwrap()) * share).floor();
    values
        .into_iter()
        .enumerate()
        .find(|(place, _)| f64::from(u32::try_from(*place).unwrap()) >= at)
        .unwrap()
        .1
}

fn seeded() -> Value {
    let seed = SeedOptions {
        offers: 2_500,
        orders: 500,
        seed: 7,
        now: noon(),
    };
    Sandbox::new(Options {
        seed: Some(seed),
        ..Options::frozen_at(noon())
    })
    .state()
}

#[test]
fn the_seed_gives_the_same_data_twice() {
    assert_eq!(seeded(), seeded());
}

#[test]
fn seeded_names_and_prices_have_the_sizes_of_a_real_shop() {
    let state = seeded();
    let main = state["offers"][MAIN_USERNAME].as_array().unwrap();
    let names: Vec<f64> = main
        .iter()
        .map(|offer| f64::from(u32::try_from(offer["name"].as_str().unwrap().chars().count()).unwrap()))
        .collect();
    let prices: Vec<f64> = main
        .iter()
        .map(|offer| offer["sale_price"].as_f64().unwrap() * 1.21)
        .collect();
    for (what, value, least, most) in [
        ("name median", percentile(names.clone(), 0.5), 57.0, 69.0),
        ("name p95", percentile(names, 0.95), 100.0, 130.0),
        ("price median", percentile(prices.clone(), 0.5), 12.0, 16.0),
        ("price p95", percentile(prices, 0.95), 80.0, 120.0),
    ] {
        assert!((least..most).contains(&value), "{what} {value}");
    }
}

#[test]
fn seeded_accounts_share_articles_and_their_orders_hold_stock() {
    let state = seeded();
    let main = state["offers"][MAIN_USERNAME].as_array().unwrap();
    let fbe = state["offers"][FBE_USERNAME].as_array().unwrap();
    assert_eq!((main.len(), fbe.len()), (2_000, 500));
    let codes = |offers: &[Value]| -> BTreeSet<String> {
        offers
            .iter()
            .map(|offer| offer["part_number"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(codes(main).intersection(&codes(fbe)).count(), 400);
    let with_ean = main.iter().filter(|offer| offer["ean"][0].is_string()).count();
    assert!((400..600).contains(&with_ean), "{with_ean}");
    assert!(
        main.iter()
            .all(|offer| offer["estimated_stock"].as_i64().unwrap() >= 0)
    );
    let orders = state["orders"][MAIN_USERNAME].as_array().unwrap();
    assert_eq!(orders.len(), 400);
    assert!(
        orders
            .iter()
            .all(|order| order["modified"].as_str().unwrap() <= "2026-11-24 12:00:00")
    );
    let held = main
        .iter()
        .filter(|offer| offer["estimated_stock"] != offer["general_stock"])
        .count();
    assert!((20..150).contains(&held), "{held}");
    let statuses: BTreeSet<i64> = orders
        .iter()
        .map(|order| order["status"].as_i64().unwrap())
        .collect();
    assert_eq!(statuses, BTreeSet::from([0, 1, 2, 3, 4, 5]));
    assert!(
        state["orders"][FBE_USERNAME]
            .as_array()
            .unwrap()
            .iter()
            .all(|order| order["type"] == json!(2))
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9 .,;%&\\[\\]ăș]{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("1"),
            Just("2026-11-24 12:00:00"),
            Just("-1"),
            Just("99999999999999999999999999999999")
        ]
        .prop_map(Value::from),
        (0_i64..4).prop_map(Value::from),
    ];
    let keys = prop_oneof![
        Just("data"),
        Just("id"),
        Just("status"),
        Just("products"),
        Just("quantity"),
        Just("stock"),
        Just("value"),
        Just("sale_price"),
        Just("currentPage"),
        Just("itemsPerPage"),
        Just("name"),
        Just("brand"),
        Just("part_number"),
        Just("ean"),
        Just("images"),
        Just("characteristics"),
        Just("family"),
        Just("is_storno"),
        Just("start_date"),
        Just("createdAfter"),
        Just("createdBefore"),
        Just("order_id"),
        Just("sender"),
        Just("receiver"),
        Just("0"),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|fields| {
                Value::Object(
                    fields
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

const PATHS: [&str; 14] = [
    "category/read",
    "category/count",
    "product_offer/read",
    "product_offer/count",
    "product_offer/save",
    "offer/save",
    "order/read",
    "order/count",
    "order/save",
    "order/acknowledge/1",
    "awb/save",
    "awb/read",
    "rma/read",
    "locality/read",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_body_whatever_breaks_the_server(body in any_json(), at in 0..PATHS.len(), raw in ".{0,60}", kind in 0..3) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let shop = Shop::plain();
            shop.place(json!({"status": 2, "id": 1, "products": [{"product_id": 1, "quantity": 1}]}));
            let text = if kind == 0 { raw } else { body.to_string() };
            let kind = if kind == 2 { JSON } else { common::FORM };
            let path = PATHS[at];
            let answer = shop.raw(&format!("/{path}"), kind, &text).await;
            assert_eq!(answer.status, 200, "{path} {text}");
            assert!(answer.body["isError"].is_boolean(), "{path} {text}: {}", answer.body);
            let stock = shop.patch("/offer_stock/1", &text).await;
            assert!(matches!(stock.status.as_u16(), 204 | 400), "{text}");
            let state = shop.control(Method::PUT, "/_sandbox/state", body).await;
            assert!(matches!(state.status.as_u16(), 200 | 422));
            assert_eq!(shop.control(Method::GET, "/_sandbox/state", Value::Null).await.status, 200);
        });
    }
}
