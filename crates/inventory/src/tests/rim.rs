//! Through HTTP: what programs and browsers send and get.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel::Actor;
use serde_json::{Value, json};
use testkit::TestDb;
use tower::ServiceExt as _;
use ui::{Theme, Ui};
use web::{AppStateBuilder, Authenticator, Identity, Problem, RateLimits, Source};

/// Keys that no template names in full.
const KEYS_IN_CODE: &[&str] = &[
    "inventory-adjusted",
    "inventory-cause-*",
    "inventory-count-*",
    "inventory-counted",
    "inventory-delta-whole",
    "inventory-marketplace-warehouse",
    "inventory-not-enough",
    "inventory-quantity-*",
    "inventory-reason-*",
    "inventory-too-many-movements",
    "inventory-view-*",
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

fn app(test: &TestDb, actor: &Actor) -> Router {
    let mut builder = AppStateBuilder::new(
        test.db.clone(),
        testkit::clock().0,
        Ui::exacting(&[&crate::PAGES]).unwrap(),
        telemetry::Metrics::new().unwrap(),
        Arc::new(Known(actor.clone())),
    );
    builder.rate = RateLimits::new(10_000, 10_000);
    web::app(builder.build(), crate::routes(), 1 << 20, Vec::new())
}

/// What came back: status, a header of interest, body.
struct Answer {
    status: StatusCode,
    location: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn send(app: &Router, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app
        .clone()
        .oneshot(request.body(Body::from(body)).unwrap())
        .await
        .unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let (status, location) = (response.status(), header("location"));
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer {
        status,
        location,
        body: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn get(app: &Router, path: &str) -> String {
    let answer = send(app, Method::GET, path, &[], String::new()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer.body
}

async fn post(app: &Router, path: &str, body: Value) -> Answer {
    send(app, Method::POST, path, &[JSON], body.to_string()).await
}

#[test]
fn every_word_exists_in_both_languages_and_is_used() {
    let gaps = Ui::exacting(&[&crate::PAGES]).unwrap().missing_keys(KEYS_IN_CODE);
    assert!(gaps.is_empty(), "{gaps}");
}

async fn product(test: &TestDb) -> i64 {
    sqlx::query_scalar(
        "INSERT INTO app.products (sku, name, price_net, currency, vat_percent, reorder_point)
         VALUES ('BN1', '<script>alert(1)</script>', 10, 'RON', 21, 5) RETURNING id",
    )
    .fetch_one(test.db.pool())
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_is_posted_read_back_and_refused_with_its_reason_over_rest() {
    let test = testkit::database().await;
    let app = app(&test, &testkit::user(&test).await);
    let id = product(&test).await;
    let adjust = |product: i64, warehouse: i64, delta: i64, reason: &str| {
        let body = json!({"product_id": product, "warehouse_id": warehouse, "quantity_delta": delta, "reason": reason});
        let app = app.clone();
        async move { post(&app, "/api/v1/inventory/adjustments", body).await }
    };
    let done = adjust(id, 1, 4, "găsite").await;
    assert_eq!(
        (done.status, &done.json()["available"]),
        (StatusCode::CREATED, &json!(4))
    );
    for (product, warehouse, delta, reason, status) in [
        (id, 1, -5, "sparte", 409),
        (id, 1, 0, "x", 422),
        (id, 1, i64::MAX, "x", 422),
        (id, 9, 1, "x", 404),
        (id + 9, 1, 1, "x", 404),
    ] {
        let refused = adjust(product, warehouse, delta, reason).await;
        assert_eq!(refused.status.as_u16(), status, "{delta}: {}", refused.body);
    }
    let read = |path: &str| {
        let (app, path) = (app.clone(), format!("/api/v1/inventory{path}"));
        async move { serde_json::from_str::<Value>(&get(&app, &path).await).unwrap() }
    };
    assert_eq!(
        read(&format!("?product_id={id}&level=low")).await["items"][0]["on_hand"],
        4
    );
    let ledger = read("/movements").await;
    assert_eq!(
        (&ledger["items"][0]["delta"], &ledger["items"][0]["reason"]),
        (&json!(4), &json!("găsite"))
    );
    assert_eq!(read("/low-stock").await["total"], 1);
    assert_eq!(
        read(&format!("/reservations?product_id={id}")).await["items"],
        json!([])
    );
    assert_eq!(read("/warehouses").await["items"][0]["code"], "MAIN");
    for path in [
        "/api/v1/inventory?colour=1",
        "/api/v1/inventory?cursor=bm9wZQ",
        "/api/v1/inventory?level=blue",
    ] {
        let answer = send(&app, Method::GET, path, &[], String::new()).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path}: {}",
            answer.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_counted_and_corrected_in_the_pages() {
    let test = testkit::database().await;
    let app = app(&test, &testkit::user(&test).await);
    let id = product(&test).await;
    let htmx = [FORM, ("hx-request", "true")];
    let count = |value: &str| {
        let (app, path, body) = (
            app.clone(),
            format!("/inventory/{id}/1/count"),
            format!("value={value}"),
        );
        async move { send(&app, Method::POST, &path, &htmx, body).await }
    };
    assert_eq!(count("7").await.status, StatusCode::OK);
    assert_eq!(count("2%2C5").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(count("-1").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let path = format!("/inventory/{id}/adjust");
    for body in [
        "warehouse=1&delta=-3&reason=sparte",
        "warehouse=1&delta=-9&reason=prea+multe",
        "warehouse=1&delta=x&reason=y",
    ] {
        let answer = send(&app, Method::POST, &path, &[FORM], body.to_owned()).await;
        assert_eq!(
            (answer.status, answer.location),
            (StatusCode::SEE_OTHER, format!("/products/{id}")),
            "{body}"
        );
    }
    let level: i64 = sqlx::query_scalar("SELECT on_hand FROM app.inventory WHERE product_id = $1")
        .bind(id)
        .fetch_one(test.db.pool())
        .await
        .unwrap();
    assert_eq!(level, 4);
    for path in [
        "/inventory".to_owned(),
        "/inventory?level=low&q=script".to_owned(),
        "/inventory?level=reserved".to_owned(),
        "/inventory/movements".to_owned(),
        "/inventory/movements?cause=damage".to_owned(),
        format!("/inventory/panels/product/{id}"),
    ] {
        let page = get(&app, &path).await;
        assert!(!page.contains("<script>alert"), "{path}");
    }
    assert!(
        get(&app, &format!("/inventory/panels/product/{id}"))
            .await
            .contains("sparte")
    );
}
