//! Through HTTP: what programs and browsers send and get.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use emag_sandbox::{DEMO_PASSWORD, MAIN_USERNAME};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel::{Actor, Locale, PermissionSet};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use ui::{Theme, Ui};
use web::{AppStateBuilder, Authenticator, Identity, Problem, RateLimits, Source};

use super::bench::Shop;
use crate::service::{push, reckon};
use crate::{AccountKind, RunKind};

/// Keys that no template names in full.
const KEYS_IN_CODE: &[&str] = &[
    "emag-account-saved",
    "emag-code-*",
    "emag-connected",
    "emag-connected-with-fault",
    "emag-help-*",
    "emag-hold-*",
    "emag-kind-*",
    "emag-push-*",
    "emag-refused-*",
    "emag-retry-queued",
    "emag-state-*",
    "emag-subject-*",
    "emag-sync-*",
    "emag-test-fault",
    "emag-test-fine",
];

struct Known(Actor);

#[async_trait::async_trait]
impl Authenticator for Known {
    async fn authenticate(&self, _: &http::request::Parts) -> Result<Option<Identity>, Problem> {
        Ok(Some(Identity {
            actor: self.0.clone(),
            source: Source::Bearer,
            user: None,
            theme: Theme::System,
        }))
    }
}

fn app_as(shop: &Shop, actor: Actor) -> Router {
    let ui = Ui::exacting(&[&crate::PAGES]).unwrap();
    let mut builder = AppStateBuilder::new(
        shop.db.db.clone(),
        shop.clock.clone(),
        ui,
        telemetry::Metrics::new().unwrap(),
        Arc::new(Known(actor)),
    )
    .with(shop.context.clone());
    builder.rate = RateLimits::new(10_000, 10_000);
    web::app(builder.build(), crate::routes(), 1 << 20, Vec::new())
}

fn app(shop: &Shop) -> Router {
    app_as(shop, shop.actor.clone())
}

/// Somebody who may do nothing but what is named.
fn weak(shop: &Shop, may: &[&str]) -> Router {
    let permissions: PermissionSet = may.iter().map(|code| (*code).to_owned()).collect();
    app_as(
        shop,
        Actor {
            permissions,
            ..shop.actor.clone()
        },
    )
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer {
        status,
        headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

async fn call(app: &Router, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.map(|body| body.to_string()).unwrap_or_default()))
        .unwrap();
    send(app, request).await
}

async fn get(app: &Router, path: &str) -> Value {
    let answer = call(app, Method::GET, path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.json()
}

async fn post(app: &Router, path: &str, body: Value) -> (u16, Value) {
    let answer = call(app, Method::POST, path, Some(body)).await;
    let value = if answer.text.is_empty() {
        Value::Null
    } else {
        answer.json()
    };
    (answer.status.as_u16(), value)
}

async fn page(app: &Router, path: &str) -> String {
    let answer = call(app, Method::GET, path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.text
}

/// Somebody who may do everything and reads this language.
fn app_in(shop: &Shop, locale: Locale) -> Router {
    app_as(
        shop,
        Actor {
            locale,
            ..shop.actor.clone()
        },
    )
}

async fn submit(app: &Router, path: &str, form: &str) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    send(app, request).await
}

fn offers(count: u64) -> Value {
    let offer = |id: u64| {
        json!({"id": id, "part_number": format!("SKU-{id}"), "name": format!("Article {id}"), "sale_price": 100,
               "min_sale_price": 10, "max_sale_price": 1000, "status": 1, "vat_id": 1,
               "stock": [{"warehouse_id": 1, "value": 10}]})
    };
    json!({"offers": {MAIN_USERNAME: (1..=count).map(offer).collect::<Vec<_>>()}})
}

fn new_account(shop: &Shop) -> Value {
    json!({"name": "eMAG RO", "platform": "emag-ro", "kind": "MAIN", "username": MAIN_USERNAME,
           "password": DEMO_PASSWORD, "base_url": shop.url})
}

#[test]
fn every_word_exists_in_both_languages_and_is_used() {
    let gaps = Ui::exacting(&[&crate::PAGES]).unwrap().missing_keys(KEYS_IN_CODE);
    assert!(gaps.is_empty(), "{gaps}");
}

#[test]
fn every_api_route_is_in_the_contract() {
    let contract = serde_json::to_value(crate::openapi()).unwrap();
    let routes = crate::routes();
    let api = routes
        .table()
        .iter()
        .filter(|route| route.path.starts_with("/api/"));
    for route in api {
        let method = route.method.to_lowercase();
        assert!(
            contract["paths"][&route.path][&method].is_object(),
            "{} {}",
            route.method,
            route.path
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_tested_changed_and_its_password_never_shown() {
    let shop = Shop::with(offers(2)).await;
    let app = app(&shop);
    let answer = call(
        &app,
        Method::POST,
        "/api/v1/emag/accounts",
        Some(new_account(&shop)),
    )
    .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert!(!answer.text.contains(DEMO_PASSWORD));
    let path = answer.header("location").to_owned();
    assert_eq!(get(&app, "/api/v1/emag/accounts").await["total"], 1);
    let (status, tested) = post(&app, &format!("{path}/test"), json!({})).await;
    assert_eq!((status, &tested["ok"]), (200, &json!(true)), "{tested}");
    let etag = call(&app, Method::GET, &path, None)
        .await
        .header("etag")
        .to_owned();
    let changing = |body: Value, version: &str| {
        Request::builder()
            .method(Method::PATCH)
            .uri(&path)
            .header("content-type", "application/json")
            .header("if-match", version)
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    let changed = send(
        &app,
        changing(json!({"name": "Magazin", "safety_buffer": 2}), &etag),
    )
    .await;
    assert_eq!(
        (changed.status, &changed.json()["name"]),
        (StatusCode::OK, &json!("Magazin"))
    );
    assert_ne!(changed.header("etag"), etag);
    let lost = send(&app, changing(json!({"name": "Alt magazin"}), &etag)).await;
    assert_eq!(lost.status, StatusCode::PRECONDITION_FAILED, "{}", lost.text);
    assert_eq!(get(&app, &path).await["name"], "Magazin");
    assert_eq!(
        get(&app, "/api/v1/emag/budget").await["items"][0]["account"],
        "Magazin"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_account_is_named() {
    let shop = Shop::with(offers(1)).await;
    let app = app(&shop);
    let with = |field: &str, value: Value| {
        let mut body = new_account(&shop);
        body[field] = value;
        body
    };
    for (body, field) in [
        (with("name", json!(" ")), "name"),
        (with("platform", json!("emag-xx")), "platform"),
        (with("password", json!("")), "password"),
        (with("base_url", json!("http://example.test")), "base_url"),
        (
            with("base_url", json!("https://user:pass@example.test")),
            "base_url",
        ),
        (with("safety_buffer", json!(-1)), "safety_buffer"),
        (with("warehouse_id", json!(999)), "warehouse_id"),
        (with("colour", json!(1)), "colour"),
    ] {
        let (status, problem) = post(&app, "/api/v1/emag/accounts", body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    assert_eq!(
        post(&app, "/api/v1/emag/accounts", new_account(&shop)).await.0,
        201
    );
    let (status, twice) = post(&app, "/api/v1/emag/accounts", new_account(&shop)).await;
    assert_eq!(
        (status, &twice["errors"][0]["code"]),
        (422, &json!("emag-refused-login-twice"))
    );
    for path in ["accounts/99", "sync/99", "accounts/99/push-preview"] {
        let answer = call(&app, Method::GET, &format!("/api/v1/emag/{path}"), None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        "sync?colour=1",
        "sync?cursor=x",
        "sync?limit=0",
        "offers?cursor=x",
        "holds?state=blue",
    ] {
        let answer = call(&app, Method::GET, &format!("/api/v1/emag/{path}"), None).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path}: {}",
            answer.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_does_without_the_permission() {
    let shop = Shop::with(offers(1)).await;
    let main = shop.main().await;
    let run = shop.queue(main, RunKind::Offers, crate::RunMode::Full).await;
    let nobody = weak(&shop, &[]);
    let viewer = weak(&shop, &["emag.view"]);
    let routes = crate::routes();
    for route in routes.table() {
        let path = route
            .path
            .replace("{id}", &main.to_string())
            .replace("{failure_id}", "1")
            .replace("{kind}", "offers")
            .replace("{decision}", "approve");
        let method: Method = route.method.parse().unwrap();
        let answer = call(&nobody, method.clone(), &path, Some(json!({}))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        if method != Method::GET {
            let answer = call(&viewer, method.clone(), &path, Some(json!({}))).await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "who only looks: {method} {path}"
            );
        }
    }
    get(&viewer, &format!("/api/v1/emag/sync/{run}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_started_watched_paged_and_done_again() {
    let shop = Shop::with(offers(2)).await;
    let app = app(&shop);
    let main = shop.main().await;
    let start = json!({"account_id": main, "kind": "offers"});
    let (status, run) = post(&app, "/api/v1/emag/sync", start.clone()).await;
    assert_eq!(
        (status, &run["state"], &run["mode"]),
        (202, &json!("queued"), &json!("full")),
        "{run}"
    );
    let (status, refused) = post(&app, "/api/v1/emag/sync", start).await;
    assert_eq!((status, &refused["code"]), (409, &json!("emag-refused-running")));
    let (status, _) = post(
        &app,
        "/api/v1/emag/sync",
        json!({"account_id": main, "kind": "colour"}),
    )
    .await;
    assert_eq!(status, 422);
    let (status, _) = post(
        &app,
        "/api/v1/emag/sync",
        json!({"account_id": 99, "kind": "orders"}),
    )
    .await;
    assert_eq!(status, 404);
    let id = kernel::SyncRunId(run["id"].as_i64().unwrap());
    let path = format!("/api/v1/emag/sync/{id}");
    let (status, refused) = post(&app, &format!("{path}/retry"), json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &json!("emag-refused-running")));
    crate::service::runs::work(&shop.context, id).await.unwrap();
    assert_eq!(get(&app, &path).await["state"], "done");
    let (status, again) = post(&app, &format!("{path}/retry"), json!({})).await;
    assert_eq!(
        (status, &again["kind"], &again["state"]),
        (202, &json!("offers"), &json!("queued"))
    );
    assert_ne!(again["id"], run["id"]);
    let first = get(&app, "/api/v1/emag/sync?limit=1").await;
    assert_eq!(first["items"][0]["id"], again["id"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(&app, &format!("/api/v1/emag/sync?limit=1&cursor={cursor}")).await;
    assert_eq!(
        (&second["items"][0]["id"], &second["next_cursor"]),
        (&run["id"], &Value::Null)
    );
}

/// A shop with an order that could not be taken in; its run.
async fn shop_with_a_failure() -> (Shop, kernel::EmagAccountId, kernel::SyncRunId) {
    let shop = Shop::with(offers(2)).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    shop.sandbox
        .add_orders(
            MAIN_USERNAME,
            vec![json!({"products": [{"product_id": 1, "quantity": 1}]})],
        )
        .unwrap();
    shop.bend(|request, mut response| {
        if request.url.contains("/order/read") {
            let body = String::from_utf8(response.body).unwrap();
            response.body = body
                .replace("\"currency\":\"RON\"", "\"currency\":\"<b>?\"")
                .into_bytes();
        }
        response
    });
    let run = shop.sync(main, RunKind::Orders).await;
    assert_eq!(run.rows_refused, 1, "{run:?}");
    (shop, main, run.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_refused_is_tried_again_over_rest_and_on_the_page() {
    let (shop, _, run) = shop_with_a_failure().await;
    let app = app(&shop);
    let shown = get(&app, &format!("/api/v1/emag/sync/{run}")).await;
    let failure = &shown["failures"][0];
    assert_eq!(
        (&failure["code"], &failure["resolved_at"]),
        (&json!("currency-unknown"), &Value::Null),
        "{shown}"
    );
    let id = failure["id"].as_i64().unwrap();
    let html = page(&app, &format!("/emag/sync/{run}")).await;
    assert!(
        html.contains(&format!("/emag/sync/{run}/failures/{id}/retry")) && !html.contains("<b>?"),
        "{html}"
    );
    let path = format!("/api/v1/emag/sync/{run}/failures/{id}/retry");
    let (status, row) = post(&app, &path, json!({})).await;
    assert_eq!((status, &row["code"]), (202, &json!("retrying")));
    assert_eq!(post(&app, &path, json!({})).await.0, 202, "twice is once");
    let html = page(&app, &format!("/emag/sync/{run}")).await;
    assert!(
        html.contains("se încearcă din nou") && !html.contains("failures/"),
        "{html}"
    );
    let queued = testkit::jobs(&shop.db).await;
    assert_eq!(
        queued
            .iter()
            .filter(|(name, _)| name == "emag_retry_failure")
            .count(),
        1
    );
    shop.straighten();
    crate::service::retry::work(&shop.context, id).await.unwrap();
    let shown = get(&app, &format!("/api/v1/emag/sync/{run}")).await;
    assert_eq!(
        (&shown["state"], shown["failures"][0]["resolved_at"].is_string()),
        (&json!("done"), true),
        "{shown}"
    );
    let (status, refused) = post(&app, &path, json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &json!("emag-refused-resolved")));
    let other = format!("/api/v1/emag/sync/{}/failures/{id}/retry", run.0 - 1);
    assert_eq!(
        post(&app, &other, json!({})).await.0,
        404,
        "a failure of another run"
    );
    let answer = submit(&app, &format!("/emag/sync/{run}/failures/{id}/retry"), "").await;
    assert_eq!(
        answer.status,
        StatusCode::SEE_OTHER,
        "the refusal is told on the page"
    );
    let answer = submit(&app, &format!("/emag/sync/{run}/retry"), "").await;
    assert!(
        answer.header("location").starts_with("/emag/sync/"),
        "{}",
        answer.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_is_previewed_switched_on_and_held_changes_decided_over_rest() {
    let shop = Shop::with(offers(30)).await;
    let app = app(&shop);
    let main = shop.main().await;
    let path = format!("/api/v1/emag/accounts/{main}");
    let (status, refused) = post(&app, &format!("{path}/push"), json!({"enabled": true})).await;
    assert_eq!((status, &refused["code"]), (409, &json!("emag-refused-not-read")));
    shop.sync(main, RunKind::Offers).await;
    sqlx::query(
        "INSERT INTO app.stock_movements (product_id, warehouse_id, delta, cause) \
         SELECT product_id, warehouse_id, -on_hand, 'correction' FROM app.inventory",
    )
    .execute(shop.db.db.pool())
    .await
    .unwrap();
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    reckon::stock(&mut tx, None, None, "correction").await.unwrap();
    tx.commit().await.unwrap();
    let preview = get(&app, &format!("{path}/push-preview")).await;
    assert_eq!(
        (
            &preview["stock_changes"],
            &preview["rows"][0]["old"],
            &preview["rows"][0]["new"]
        ),
        (&json!(30), &json!("10"), &json!("0"))
    );
    let (status, account) = post(&app, &format!("{path}/push"), json!({"enabled": true})).await;
    assert_eq!((status, &account["push_enabled"]), (200, &json!(true)));
    push::stock(&shop.context, main).await.unwrap();
    let held = get(&app, "/api/v1/emag/holds?limit=20").await;
    assert_eq!(held["items"].as_array().unwrap().len(), 20);
    let cursor = held["next_cursor"].as_str().unwrap();
    let rest = get(&app, &format!("/api/v1/emag/holds?limit=20&cursor={cursor}")).await;
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["next_cursor"]),
        (10, &Value::Null)
    );
    let (yes, no) = (&held["items"][0], &held["items"][1]);
    for (hold, decision) in [(yes, "approve"), (no, "reject")] {
        let path = format!("/api/v1/emag/holds/{}/{decision}", hold["id"]);
        assert_eq!(post(&app, &path, json!({})).await.0, 204);
        let (status, twice) = post(&app, &path, json!({})).await;
        assert_eq!(
            (status, &twice["code"]),
            (409, &json!("emag-refused-hold-decided"))
        );
    }
    assert_eq!(
        post(&app, "/api/v1/emag/holds/999999/approve", json!({})).await.0,
        404
    );
    push::stock(&shop.context, main).await.unwrap();
    let listing = yes["listing_id"].as_i64().unwrap();
    let listed = get(&app, "/api/v1/emag/offers?differing=true&limit=200").await;
    let still: Vec<i64> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert!(
        still.len() == 29 && !still.contains(&listing),
        "what was approved has gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_offer_is_found_and_sent_again_over_rest() {
    let shop = Shop::with(offers(30)).await;
    let app = app(&shop);
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    let listed = get(&app, "/api/v1/emag/offers?limit=1").await;
    let listing = listed["items"][0]["id"].as_i64().unwrap();
    let push_one = format!("/api/v1/emag/offers/{listing}/push");
    assert_eq!(
        call(&app, Method::POST, &push_one, None).await.status,
        StatusCode::ACCEPTED
    );
    assert_eq!(
        call(&app, Method::POST, "/api/v1/emag/offers/999999/push", None)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let found = get(
        &app,
        &format!("/api/v1/emag/offers?q=article%2017&account_id={main}"),
    )
    .await;
    assert_eq!(found["items"][0]["part_number"], "SKU-17");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_drawn_empty_full_and_faulty_in_both_languages() {
    let (shop, main, run) = shop_with_a_failure().await;
    let bad = shop
        .account("nobody@example.test", "wrong", AccountKind::Main)
        .await;
    let failed = shop.sync(bad, RunKind::Orders).await;
    let empty = Shop::with(json!({})).await;
    let product = shop.number("SELECT min(id) FROM app.products").await;
    for (language, said) in [
        (Locale::Ro, "utilizator sau parolă greșite"),
        (Locale::En, "wrong user or password"),
    ] {
        let (full_app, empty_app) = (app_in(&shop, language), app_in(&empty, language));
        for path in [
            "/emag",
            "/emag/offers",
            "/emag/holds",
            "/emag/accounts/new",
            "/emag/offers?q=nimic&differing=true",
        ] {
            page(&empty_app, path).await;
            page(&full_app, path).await;
        }
        for path in [
            format!("/emag/accounts/{main}"),
            format!("/emag/accounts/{bad}"),
            format!("/emag/sync/{run}"),
            format!("/emag/sync/{}", failed.id),
            format!("/emag/panels/product/{product}"),
            format!("/emag/offers?account={main}"),
        ] {
            page(&full_app, &path).await;
        }
        let html = page(&full_app, &format!("/emag/accounts/{bad}")).await;
        assert!(html.contains(said), "{html}");
    }
    let viewer = weak(&shop, &["emag.view"]);
    let html = page(&viewer, &format!("/emag/sync/{run}")).await;
    assert!(!html.contains("/retry"), "who may not, sees no button");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_walked_from_the_form_to_sending() {
    let shop = Shop::with(offers(2)).await;
    let app = app(&shop);
    let form = format!(
        "name=Magazin&platform=emag-ro&kind=MAIN&username={MAIN_USERNAME}&base_url={}",
        shop.url
    );
    let answer = submit(&app, "/emag/accounts/new", &format!("{form}&password=")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("Magazin"), "what was typed comes back");
    let answer = submit(
        &app,
        "/emag/accounts/new",
        &format!("{form}&password={DEMO_PASSWORD}"),
    )
    .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let path = answer.header("location").to_owned();
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_sync_runs WHERE state = 'queued'")
            .await,
        2
    );
    let answer = submit(&app, &format!("{path}/sync/offers"), "").await;
    assert_eq!(
        answer.header("location"),
        path,
        "one is running already, and the page says so"
    );
    assert_eq!(
        submit(&app, &format!("{path}/sync/colour"), "").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        submit(&app, &format!("{path}/test"), "").await.status,
        StatusCode::SEE_OTHER
    );
    let fields = format!("name=Alt&username={MAIN_USERNAME}&password=&safety_buffer=1&is_active=on");
    let answer = submit(&app, &path, &format!("{fields}&version=1")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let stale = submit(&app, &path, &format!("{fields}&version=1")).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let answer = submit(&app, &format!("{path}/push"), "enabled=false").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        submit(&app, "/emag/holds/99/approve", "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[test]
fn a_marketplace_that_is_down_is_told_as_such_and_not_as_a_fault_of_ours() {
    let down = emag_api::ApiError::Unreachable {
        kind: emag_api::UnreachableKind::Connect,
    };
    let problem = Problem::from(crate::EmagError::Api(down));
    assert_eq!(problem.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(
        Problem::from(crate::EmagError::Seal).status(),
        StatusCode::CONFLICT
    );
}
