//! The metrics that monitoring relies on, read as Prometheus reads them.

use emag_sandbox::{Options, Sandbox};
use http::StatusCode;
use lineage::Target;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::bench::{Call, HERE, House};
use super::health::account;

/// The sum of all samples of a metric whose line holds all these texts; `None` without any.
async fn figure(house: &House, name: &str, labels: &[&str]) -> Option<f64> {
    let answer = house.ask(Call::new("GET", "/metrics").from(HERE)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let found: Vec<f64> = answer
        .body
        .lines()
        .filter(|line| line.starts_with(&format!("{name} ")) || line.starts_with(&format!("{name}{{")))
        .filter(|line| labels.iter().all(|label| line.contains(label)))
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    (!found.is_empty()).then(|| found.iter().sum())
}

async fn count(house: &House, name: &str, labels: &[&str]) -> f64 {
    figure(house, name, labels).await.unwrap_or_default()
}

#[tokio::test]
async fn every_name_that_needs_no_event_is_there_from_the_first_scrape() {
    let house = House::started().await;
    for name in [
        "migration_errors_total",
        "db_connections_active",
        "db_pool_wait_seconds_count",
        "jobs_current",
        "jobs_oldest_due_seconds",
        "rate_limited_total",
        "stock_oversell_refused_total",
    ] {
        assert!(figure(&house, name, &[]).await.is_some(), "{name}");
    }
    // The scrape itself was the first answer.
    assert!(
        figure(&house, "api_response_seconds_count", &["/metrics"])
            .await
            .is_some()
    );
}

#[tokio::test]
async fn strangers_and_the_world_behind_a_proxy_read_no_figures_without_a_token() {
    let house = House::started().await;
    let token = house.owner().await;
    for path in ["/metrics", "/api/v1/system/metrics"] {
        let far = house.ask(Call::new("GET", path)).await;
        assert!(!far.status.is_success(), "{path} {}", far.status);
        let proxied = Call::new("GET", path)
            .from(HERE)
            .header("x-forwarded-for", "203.0.113.9");
        assert!(!house.ask(proxied).await.status.is_success(), "{path}");
        assert_eq!(house.get(path, &token).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn answers_are_timed_by_route_method_and_status() {
    let house = House::started().await;
    let labels = [
        r#"route="/api/v1/products/{id}""#,
        r#"method="GET""#,
        r#"status="404""#,
    ];
    let token = house.owner().await;
    assert_eq!(figure(&house, "api_response_seconds_count", &labels).await, None);
    house.get("/api/v1/products/77", &token).await;
    assert_eq!(
        figure(&house, "api_response_seconds_count", &labels).await,
        Some(1.0)
    );
}

#[tokio::test]
async fn connections_in_use_and_waits_for_one_are_counted() {
    let house = House::started().await;
    // What was just given back may still be counted.
    let before = count(&house, "db_connections_active", &[]).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(house.test.db.read().await.unwrap());
    }
    let during = count(&house, "db_connections_active", &[]).await;
    assert!(before < 5.0 && during >= 5.0, "{before}, then {during}");
    drop(held);
    let waits = count(&house, "db_pool_wait_seconds_count", &[]).await;
    assert!(count(&house, "db_pool_wait_seconds_count", &[]).await > waits);
}

#[tokio::test]
async fn requests_refused_as_too_many_are_counted() {
    let house = House::started().await;
    let peer = [198, 51, 100, 7].into();
    let mut refused = 0.0;
    for _ in 0..600 {
        let answer = house.ask(Call::new("GET", "/health/live").from(peer)).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused += 1.0;
        }
    }
    assert!(refused > 0.0);
    assert_eq!(figure(&house, "rate_limited_total", &[]).await, Some(refused));
}

#[tokio::test]
async fn the_frame_s_cache_counts_hits_and_misses() {
    let house = House::started().await;
    house.owner().await;
    let cookie = house.cookie("owner@example.test").await;
    for _ in 0..3 {
        let page = house
            .ask(Call::new("GET", "/system").header("cookie", cookie.clone()))
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    }
    let hits = count(&house, "cache_hits_total", &[r#"cache="frame""#]).await;
    let misses = count(&house, "cache_misses_total", &[r#"cache="frame""#]).await;
    assert!(
        misses >= 1.0 && hits + misses >= 3.0,
        "{hits} hits, {misses} misses"
    );
}

#[tokio::test]
async fn a_line_that_wants_more_than_there_is_is_counted_once() {
    let house = House::started().await;
    let token = house.owner().await;
    let product = json!({"sku": "BN1", "name": "Bec", "price_net": {"amount": "10", "currency": "RON"}, "vat_rate": "21"});
    house.post("/api/v1/products", &token, product).await;
    let order = json!({
        "channel": "manual",
        "customer": {"name": "Ion"},
        "lines": [{"sku": "BN1", "quantity": 3}],
    });
    house.post("/api/v1/orders", &token, order).await;
    assert_eq!(
        figure(&house, "stock_oversell_refused_total", &[]).await,
        Some(0.0)
    );
    house.work().await;
    assert_eq!(
        figure(&house, "stock_oversell_refused_total", &[]).await,
        Some(1.0)
    );
    assert!(
        figure(&house, "jobs_current", &[r#"state="waiting""#])
            .await
            .is_some()
    );
}

#[tokio::test]
async fn marketplace_calls_and_what_is_left_of_the_budget_are_told_by_account() {
    let house = House::started().await;
    let token = house.owner().await;
    let sandbox = Sandbox::new(Options::at(kernel::Clock::system().now()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/api-3", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        sandbox
            .serve(listener, std::future::pending::<()>())
            .await
            .unwrap();
    });
    let actor = kernel::Actor::system("test");
    let mut tx = house.test.db.begin(&actor).await.unwrap();
    let made = emag::service::accounts::create(&mut tx, &actor, &house.server.emag, account(&url))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(figure(&house, "emag_requests_total", &[]).await, None);
    house
        .post(
            &format!("/api/v1/emag/accounts/{}/test", made.id),
            &token,
            json!({}),
        )
        .await;
    let login = format!("account=\"{}\"", emag_sandbox::MAIN_USERNAME);
    assert!(count(&house, "emag_requests_total", &[&login]).await >= 1.0);
    // The same login may count on several platforms, each with a budget of its own.
    let account = format!("account=\"emag-ro/{}\"", emag_sandbox::MAIN_USERNAME);
    let left = count(&house, "emag_budget_tokens", &[&account, r#"bucket="other""#]).await;
    assert!((1.0..180.0).contains(&left), "{left}");
    let orders = count(&house, "emag_budget_tokens", &[&account, r#"bucket="orders""#]).await;
    assert!(left + orders < 900.0, "{left} {orders}");
}

#[tokio::test]
async fn a_migration_that_fails_is_counted() {
    let house = House::with(testkit::empty_database().await, &[]);
    // Somebody else's table stands where the first revision makes its own.
    house.execute("CREATE SCHEMA app").await;
    house.execute("CREATE TABLE app.users (id integer)").await;
    let before = count(&house, "migration_errors_total", &[]).await;
    let plant: crate::wiring::Plant = house.server.state.get().unwrap();
    let database = house.test.url().parse().unwrap();
    plant.engine.upgrade(&database, &Target::Head).await.unwrap_err();
    assert!(count(&house, "migration_errors_total", &[]).await > before);
}
