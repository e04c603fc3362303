//! How many requests, and what is measured.

use http::StatusCode;
use web::RateLimits;

use crate::app::{App, build};

fn limited(burst: u32, proxies: &[&str]) -> App {
    let nowhere = db::Db::connect_lazy("postgres://nobody@127.0.0.1:9/none", db::PoolOptions::default());
    build(nowhere.unwrap(), RateLimits::new(1, burst), proxies)
}

#[tokio::test]
async fn too_many_requests_are_told_how_long_to_wait() {
    let app = limited(2, &[]);
    let first = app.ask("GET /open").await;
    assert_eq!(
        (
            first.header("ratelimit-limit"),
            first.header("ratelimit-remaining")
        ),
        ("2", "1")
    );
    assert_eq!(app.ask("GET /open").await.status, StatusCode::OK);
    let page = app.ask("GET /open\naccept-language: en").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.body.contains("Too many requests"), "{}", page.body);
    let third = app.ask("GET /api/v1/refuse/field").await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third.header("retry-after"), "1");
    assert_eq!(
        (
            third.header("ratelimit-remaining"),
            third.header("ratelimit-reset")
        ),
        ("0", "1")
    );
    assert_eq!(third.json()["code"], "ui-error-too-many");
    assert_eq!(app.state.metrics.rate_limited_total.get(), 2);
}

#[tokio::test]
async fn a_neighbour_is_not_punished() {
    let app = limited(1, &["203.0.113.7"]);
    let ask = async |address: &str| {
        app.ask(&format!("GET /open\nx-forwarded-for: {address}"))
            .await
            .status
    };
    assert_eq!(ask("198.51.100.1").await, StatusCode::OK);
    assert_eq!(ask("198.51.100.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask("198.51.100.2").await, StatusCode::OK);
    // A made-up entry in front does not buy a fresh allowance.
    assert_eq!(ask("6.6.6.6, 198.51.100.1").await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn assets_are_not_counted() {
    let app = limited(1, &[]);
    for _ in 0..5 {
        assert_eq!(
            app.ask("GET /assets/none.css").await.status,
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(app.ask("GET /open").await.status, StatusCode::OK);
}

#[tokio::test]
async fn answers_are_measured_by_route_pattern_and_never_by_address() {
    let app = limited(100, &[]);
    app.ask("PATCH /api/v1/things/12345\nauthorization: Bearer ana")
        .await;
    app.ask("GET /made/up/by/a/stranger").await;
    let text = app.state.metrics.render().unwrap();
    assert!(text.contains(r#"route="/api/v1/things/{id}""#), "{text}");
    assert!(
        text.contains(r#"method="PATCH""#) && text.contains(r#"route="other""#),
        "{text}"
    );
    assert!(!text.contains("12345") && !text.contains("stranger"));
}

#[tokio::test]
async fn a_large_page_is_compressed_for_who_asks() {
    let app = limited(100, &[]);
    let response = app
        .open(crate::app::parse("GET /open\naccept-encoding: gzip"))
        .await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(app.ask("GET /open").await.header("content-encoding"), "");
}
