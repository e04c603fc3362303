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
    "catalog-archived",
    "catalog-column-*",
    "catalog-created",
    "catalog-new",
    "catalog-price-changed-meanwhile",
    "catalog-price-refused",
    "catalog-price-saved",
    "catalog-refused-*",
    "catalog-saved",
    "catalog-view-*",
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
    etag: String,
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
    let (status, etag, location) = (response.status(), header("etag"), header("location"));
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer {
        status,
        etag,
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

#[tokio::test(flavor = "multi_thread")]
async fn the_smallest_product_is_created_read_changed_and_archived_over_rest() {
    let test = testkit::database().await;
    let app = app(&test, &testkit::user(&test).await);
    let body = json!({"sku": "BN1", "name": "Lampă", "price_net": {"amount": "29.7521", "currency": "RON"}, "vat_rate": "21"});
    let made = post(&app, "/api/v1/products", body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(
        made.json()["price_gross"],
        json!({"amount": "36.0000", "currency": "RON"})
    );
    let again = post(&app, "/api/v1/products", body).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(again.json()["errors"][0]["code"], "catalog-refused-sku-taken");

    let path = made.location;
    let change = |version: &str, body: Value| {
        let (app, path, version) = (app.clone(), path.clone(), version.to_owned());
        async move {
            let headers = [JSON, ("if-match", version.as_str())];
            send(&app, Method::PATCH, &path, &headers, body.to_string()).await
        }
    };
    let changed = change(
        &made.etag,
        json!({"sku": "BN2", "price_gross": {"amount": "40", "currency": "RON"}}),
    )
    .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_ne!(changed.etag, made.etag);
    let late = change(&made.etag, json!({"name": "Altfel"})).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED, "{}", late.body);
    let old: Value = serde_json::from_str(&get(&app, "/api/v1/products/by-sku/BN1").await).unwrap();
    assert_eq!(old["sku"], "BN2");

    let gone = send(&app, Method::DELETE, &path, &[], String::new()).await;
    assert_eq!(
        (gone.status, &gone.json()["status"]),
        (StatusCode::OK, &json!("archived"))
    );
    let list = |query: &str| {
        let (app, path) = (app.clone(), format!("/api/v1/products{query}"));
        async move { serde_json::from_str::<Value>(&get(&app, &path).await).unwrap()["total"].clone() }
    };
    assert_eq!(list("").await, 0);
    assert_eq!(list("?status=all&q=lampa&sort=-available&limit=1").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_over_rest() {
    let test = testkit::database().await;
    let app = app(&test, &testkit::user(&test).await);
    let price = json!({"amount": "1", "currency": "RON"});
    for (body, field) in [
        (
            json!({"sku": "A", "name": "x", "price_net": price, "vat_rate": "21", "colour": 1}),
            "colour",
        ),
        (
            json!({"sku": "A", "name": " ", "price_net": price, "vat_rate": "21"}),
            "name",
        ),
        (
            json!({"sku": "A", "name": "x", "price_net": {"amount": "-1", "currency": "RON"}, "vat_rate": "21"}),
            "price_net",
        ),
        (
            json!({"sku": "A", "name": "x", "price_net": price, "vat_rate": "21", "image_url": "javascript:alert(1)"}),
            "image_url",
        ),
        (
            json!({"sku": "A", "name": "x", "price_net": price, "vat_rate": "21", "category_id": 77}),
            "category_id",
        ),
    ] {
        let answer = post(&app, "/api/v1/products", body.clone()).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}: {}",
            answer.body
        );
        assert_eq!(answer.json()["errors"][0]["field"], field, "{body}");
    }
    for (path, status) in [
        ("/api/v1/products/999", 404),
        ("/products/999", 404),
        ("/api/v1/products/by-sku/none", 404),
        ("/api/v1/products?sort=colour", 422),
        ("/api/v1/products?status=gone", 422),
        ("/api/v1/products?limit=0", 422),
        ("/api/v1/products?cursor=bm9wZQ", 422),
        ("/api/v1/products?colour=1", 422),
    ] {
        let answer = send(&app, Method::GET, path, &[], String::new()).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_hostile_names_as_text_and_prices_are_typed_in_place() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    let app = app(&test, &actor);
    let made = post(
        &app,
        "/api/v1/products",
        json!({"sku": "BN1", "name": "<script>alert(1)</script> Lampă", "price_net": {"amount": "10", "currency": "RON"},
               "vat_rate": "21", "image_url": "https://img.example.test/a.jpg"}),
    )
    .await;
    let id = made.json()["id"].as_i64().unwrap();
    for path in [
        "/products".to_owned(),
        "/products?q=lmapa&sort=-price&stock=out".to_owned(),
        "/products?status=archived".to_owned(),
        "/products/new".to_owned(),
        format!("/products/{id}"),
        format!("/products/{id}/edit"),
    ] {
        let page = get(&app, &path).await;
        assert!(!page.contains("<script>alert"), "{path}");
    }
    let list = get(&app, "/products").await;
    assert!(
        list.contains(&format!("/inventory/{id}/1/count")),
        "stock is counted in the list"
    );
    assert!(list.contains("https://img.example.test/a.jpg"));
    let typed = |value: &str, version: i64| {
        let (app, path) = (app.clone(), format!("/products/{id}/price"));
        let body = format!("value={value}&version={version}");
        async move { send(&app, Method::POST, &path, &[FORM, ("hx-request", "true")], body).await }
    };
    let saved = typed("1.234%2C56", 1).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
    assert!(saved.body.contains("1.234,56"), "{}", saved.body);
    let stale = typed("9", 1).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", stale.body);
    let nonsense = typed("abc", 2).await;
    assert_eq!(nonsense.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nonsense.body.contains("abc"), "what was typed stays");
    let new = "sku=BN2&name=Cablu&brand=&eans=&gross=12%2C10&vat=21&reorder_point=3&image_url=&description=";
    let made = send(&app, Method::POST, "/products/new", &[FORM], new.to_owned()).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let taken = send(&app, Method::POST, "/products/new", &[FORM], new.to_owned()).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.body.contains("Cablu"), "what was typed stays");
}
