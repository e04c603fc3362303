//! Open pages hear what changed, when it is committed and not before.

use futures::StreamExt as _;
use http::StatusCode;
use tokio::task::JoinSet;
use web::RateLimits;

use crate::app::{App, build, parse};

/// The next events of an open stream, as text.
struct Stream(axum::body::BodyDataStream);

impl Stream {
    async fn open(app: &App) -> Self {
        let response = app
            .open(parse(
                "GET /live\nauthorization: Bearer ana\naccept-encoding: gzip",
            ))
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"));
        Self(response.into_body().into_data_stream())
    }

    async fn next(&mut self) -> String {
        let bytes = self.0.next().await.unwrap().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// Reads until the text comes.
    async fn until(&mut self, text: &str) {
        while !self.next().await.contains(text) {}
    }
}

#[tokio::test]
async fn a_committed_change_reaches_every_open_page_and_a_rolled_back_one_none() {
    let test = testkit::database().await;
    let app = build(test.db.clone(), RateLimits::default(), &[]);
    let mut listeners = JoinSet::new();
    let (hub, pool) = (app.state.live.clone(), test.db.pool().clone());
    listeners.spawn(async move { hub.listen(pool).await });
    let (mut one, mut two) = (Stream::open(&app).await, Stream::open(&app).await);
    assert!(one.next().await.starts_with("event: version\ndata: "));
    // The listener is connected: everything may have changed before.
    one.until(r#"{"topic":null}"#).await;

    let mut tx = test.db.pool().begin().await.unwrap();
    web::live::tell(&mut tx, "order-11").await.unwrap();
    tx.rollback().await.unwrap();
    let mut tx = test.db.pool().begin().await.unwrap();
    web::live::tell(&mut tx, "order-12").await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(
        one.next().await,
        "event: changed\ndata: {\"topic\":\"order-12\"}\n\n"
    );
    two.until("order-12").await;
}

#[tokio::test]
async fn a_lost_connection_of_the_listener_makes_every_page_look_again() {
    let test = testkit::database().await;
    let app = build(test.db.clone(), RateLimits::default(), &[]);
    let mut listeners = JoinSet::new();
    let (hub, pool) = (app.state.live.clone(), test.db.pool().clone());
    listeners.spawn(async move { hub.listen(pool).await });
    let mut page = Stream::open(&app).await;
    page.until(r#"{"topic":null}"#).await;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
        .execute(test.db.pool())
        .await
        .unwrap();
    page.until(r#"{"topic":null}"#).await;
    let mut conn = test.db.read().await.unwrap();
    web::live::tell(&mut conn, "stock").await.unwrap();
    page.until("stock").await;
}

#[tokio::test]
async fn a_page_that_fell_far_behind_refreshes_everything() {
    let test = testkit::database().await;
    let app = build(test.db.clone(), RateLimits::default(), &[]);
    let mut listeners = JoinSet::new();
    let (hub, pool) = (app.state.live.clone(), test.db.pool().clone());
    listeners.spawn(async move { hub.listen(pool).await });
    let mut fast = Stream::open(&app).await;
    fast.until(r#"{"topic":null}"#).await;
    let mut slow = Stream::open(&app).await;
    let mut tx = test.db.pool().begin().await.unwrap();
    for n in 0..400 {
        web::live::tell(&mut tx, &format!("order-{n}")).await.unwrap();
    }
    tx.commit().await.unwrap();
    fast.until("order-399").await;
    slow.until(r#"{"topic":null}"#).await;
}
