//! Through HTTP: what programs and browsers send and get.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel::Actor;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use ui::{Theme, Ui};
use web::{AppStateBuilder, Authenticator, Identity, Problem, RateLimits, Source};

use super::bench::{Shop, order};

/// Keys that no template names in full.
const KEYS_IN_CODE: &[&str] = &[
    "orders-channel-*",
    "orders-chip-*",
    "orders-customer-kind-*",
    "orders-article-named",
    "orders-customers-company",
    "orders-customers-person",
    "orders-done-*",
    "orders-do-*",
    "orders-line-*",
    "orders-payment-*",
    "orders-placed",
    "orders-refused-*",
    "orders-status-*",
    "orders-story-*",
    "orders-view-*",
    "orders-cancel-reason-missing",
    "orders-customer-name-empty",
    "orders-customer-name-too-long",
    "orders-customer-saved",
    "orders-customer-tax-id-check-digit",
    "orders-customer-tax-id-shape",
    "orders-external-id-missing",
    "orders-no-lines",
    "orders-paid",
    "orders-shipping-amount",
    "orders-sort-unknown",
    "orders-too-many-lines",
    "orders-unpaid",
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

pub(super) fn state(shop: &Shop) -> web::AppState {
    let ui = Ui::exacting(&[&crate::PAGES]).unwrap();
    let mut builder = AppStateBuilder::new(
        shop.test.db.clone(),
        shop.clock.clone(),
        ui,
        telemetry::Metrics::new().unwrap(),
        Arc::new(Known(shop.actor.clone())),
    );
    builder.rate = RateLimits::new(10_000, 10_000);
    builder.build()
}

pub(super) fn app(shop: &Shop) -> Router {
    web::app(state(shop), crate::routes(), 1 << 20, Vec::new())
}

pub(super) async fn send(
    app: &Router,
    method: Method,
    path: &str,
    kind: &str,
    body: String,
) -> (StatusCode, String, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .body(Body::from(body))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let (status, location) = (
        response.status(),
        response
            .headers()
            .get("location")
            .map_or("", |at| at.to_str().unwrap())
            .to_owned(),
    );
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, location, String::from_utf8(bytes.to_vec()).unwrap())
}

pub(super) async fn get(app: &Router, path: &str) -> String {
    let (status, _, body) = send(app, Method::GET, path, "text/plain", String::new()).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

pub(super) async fn post(app: &Router, path: &str, body: Value) -> (StatusCode, Value) {
    let (status, _, body) = send(app, Method::POST, path, "application/json", body.to_string()).await;
    (status, serde_json::from_str(&body).unwrap())
}

pub(super) async fn submit(app: &Router, path: &str, form: &str) -> (StatusCode, String, String) {
    send(
        app,
        Method::POST,
        path,
        "application/x-www-form-urlencoded",
        form.to_owned(),
    )
    .await
}

#[test]
fn every_word_exists_in_both_languages_and_is_used() {
    let gaps = Ui::exacting(&[&crate::PAGES]).unwrap().missing_keys(KEYS_IN_CODE);
    assert!(gaps.is_empty(), "{gaps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_smallest_order_is_placed_once_over_rest() {
    let shop = Shop::with("A 5").await;
    let app = app(&shop);
    let body = json!({"channel": "manual", "external_id": "w-1", "customer": {"name": "Ana"},
        "lines": [{"sku": "A", "quantity": 2}]});
    let (status, first) = post(&app, "/api/v1/orders", body.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    assert_eq!(first["lines"][0]["reserved"], 2);
    assert_eq!(
        first["total_gross"],
        json!({"amount": "24.2000", "currency": "RON"})
    );
    let (status, again) = post(&app, "/api/v1/orders", body).await;
    assert_eq!((status, &again["id"]), (StatusCode::OK, &first["id"]));
    let path = format!("/api/v1/orders/{}", first["id"]);
    let (status, confirmed) = post(&app, &format!("{path}/confirm"), json!({})).await;
    assert_eq!(
        (status, &confirmed["status"]),
        (StatusCode::OK, &json!("confirmed"))
    );
    let (status, shipped) = post(&app, &format!("{path}/ship"), json!({})).await;
    assert_eq!(
        (status, &shipped["lines"][0]["shipped"]),
        (StatusCode::OK, &json!(2))
    );
    let (status, refused) = post(&app, &format!("{path}/cancel"), json!({})).await;
    assert_eq!(
        (status, &refused["code"]),
        (StatusCode::CONFLICT, &json!("orders-refused-already-shipped"))
    );
    let list: Value =
        serde_json::from_str(&get(&app, "/api/v1/orders?status=shipped&sort=-total").await).unwrap();
    assert_eq!(
        (list["total"].as_i64(), &list["items"][0]["id"]),
        (Some(1), &first["id"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_over_rest() {
    let shop = Shop::with("A 5").await;
    let app = app(&shop);
    let (status, problem) = post(
        &app,
        "/api/v1/orders",
        json!({"channel": "manual", "customer": {"name": ""},
        "lines": [{"sku": "A", "quantity": 1}]}),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"][0]["field"], "customer.name");
    let (status, problem) = post(
        &app,
        "/api/v1/orders",
        json!({"channel": "manual", "customer": {"name": "x"},
        "lines": [], "colour": 1}),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["errors"][0]["field"], "colour");
    for path in ["/api/v1/orders/999", "/orders/999", "/customers/999"] {
        let (status, _, _) = send(&app, Method::GET, path, "text/plain", String::new()).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        "/api/v1/orders?sort=colour",
        "/api/v1/orders?colour=1",
        "/api/v1/orders?cursor=x",
    ] {
        let (status, _, _) = send(&app, Method::GET, path, "text/plain", String::new()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_changed_over_rest() {
    let shop = Shop::with("A 5").await;
    let app = app(&shop);
    let (status, ana) = post(&app, "/api/v1/customers", json!({"name": "Ana"})).await;
    assert_eq!(status, StatusCode::CREATED);
    let path = format!("/api/v1/customers/{}", ana["id"]);
    let change = json!({"phone": "0722", "billing": {"city": "Iași"}}).to_string();
    let (status, _, body) = send(&app, Method::PATCH, &path, "application/json", change).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let changed: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&changed["name"], &changed["billing"]["city"]),
        (&json!("Ana"), &json!("Iași"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_drawn_in_every_state() {
    let shop = Shop::with("A 5").await;
    let app = app(&shop);
    for path in [
        "/orders",
        "/orders?q=nimic",
        "/orders/new",
        "/customers",
        "/customers?kind=company",
    ] {
        get(&app, path).await;
    }
    let mut hostile = order("700", &["A 9", "NIX 1"]);
    hostile.customer.name = "<script>alert(1)</script>".to_owned();
    hostile.note = Some("<b>notă</b>".to_owned());
    let id = shop.import(hostile).await.order_id;
    let list = get(
        &app,
        "/orders?view=attention&channel=emag&from=2026-11-01&to=2026-11-30&q=script&sort=-ship_by",
    )
    .await;
    assert!(
        list.contains("&lt;script&gt;") && !list.contains("<script>alert"),
        "escaped"
    );
    for view in ["to_ship", "new"] {
        assert!(
            get(&app, &format!("/orders?view={view}"))
                .await
                .contains(">700</a>")
        );
    }
    assert!(!get(&app, "/orders?view=shipped").await.contains(">700</a>"));
    let line = shop.order(id).await.lines[1].id;
    let shown = get(&app, &format!("/orders/{id}?line={line}&find=Articol")).await;
    assert!(
        shown.contains(&format!("/orders/{id}/lines/{line}/resolve")) && !shown.contains("<script>alert")
    );
    let customer = shop.order(id).await.customer.id;
    assert!(
        get(&app, &format!("/customers/{customer}"))
            .await
            .contains(">700</a>")
    );
    for (status, number) in [
        (crate::OrderStatus::Cancelled, "701"),
        (crate::OrderStatus::Shipped, "702"),
    ] {
        let mut other = order(number, &["A 1"]);
        other.status = status;
        let id = shop.import(other).await.order_id;
        get(&app, &format!("/orders/{id}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_walked_from_the_form_to_the_parcel() {
    let shop = Shop::with("A 5").await;
    let app = app(&shop);
    let rows = "name=Ana&kind=person&payment=card&sku=&quantity=&price=&sku=A&quantity=2&price=1.234,56";
    let (status, _, body) = submit(&app, "/orders/new", &format!("{rows}&shipping=abc&press=save")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        body.contains("1.234,56"),
        "what was typed and understood comes back"
    );
    let unknown = rows.replace("sku=A", "sku=NIX");
    let (status, _, body) = submit(&app, "/orders/new", &format!("{unknown}&press=save")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        body.contains("NIX") && body.contains("field-error"),
        "a wrong code is named at its line"
    );
    let (status, _, found) = submit(&app, "/orders/new", &format!("{rows}&find=Articol&press=find")).await;
    assert!(status == StatusCode::OK && found.contains("add:A"));
    let (status, to, _) = submit(&app, "/orders/new", &format!("{rows}&shipping=10&press=save")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let id: i64 = to.rsplit('/').next().unwrap().parse().unwrap();
    let placed = shop.order(kernel::OrderId(id)).await;
    assert_eq!(
        (placed.lines[0].reserved, placed.total_net),
        (2, super::bench::lei("2469.12"))
    );
    let line = placed.lines[0].id;
    let by_line = format!("/orders/lines/{line}");
    let (status, of_line, _) = send(&app, Method::GET, &by_line, "text/plain", String::new()).await;
    assert_eq!(
        (status, of_line),
        (StatusCode::SEE_OTHER, format!("{to}#line-{line}"))
    );
    submit(
        &app,
        &format!("{to}/confirm"),
        &format!("version={}", placed.version),
    )
    .await;
    let (status, _, _) = submit(
        &app,
        &format!("{to}/ship"),
        &format!("version={}", placed.version),
    )
    .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let now = shop.order(kernel::OrderId(id)).await;
    assert_eq!(now.status, crate::OrderStatus::Confirmed, "the page was stale");
    submit(&app, &format!("{to}/ship"), &format!("version={}", now.version)).await;
    assert_eq!(shop.stock("A").await, "3/0");
    let page = get(&app, &to).await;
    assert!(page.contains("Expediată") && page.contains("a schimbat starea"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unresolved_line_is_named_on_the_page() {
    let shop = Shop::with("A 5").await;
    let app = app(&shop);
    let id = shop.import(order("700", &["NIX 2"])).await.order_id;
    let line = shop.order(id).await.lines[0].id;
    let product = shop.product("A").await;
    let path = format!("/orders/{id}/lines/{line}/resolve");
    let (status, _, _) = submit(&app, &path, &format!("product={product}")).await;
    assert_eq!(
        (status, shop.lines(id).await.as_str()),
        (StatusCode::SEE_OTHER, "NIX 2+0")
    );
}

#[test]
fn every_api_route_is_in_the_contract() {
    let contract = serde_json::to_value(crate::openapi()).unwrap();
    for route in crate::routes()
        .table()
        .iter()
        .filter(|route| route.path.starts_with("/api/"))
    {
        let method = route.method.to_lowercase();
        assert!(
            contract["paths"][&route.path][&method].is_object(),
            "{} {}",
            route.method,
            route.path
        );
    }
}
