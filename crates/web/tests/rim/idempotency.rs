//! `Idempotency-Key`: the same call twice is one deed and the same answer.

use std::sync::atomic::Ordering;

use chrono::Duration;
use http::StatusCode;
use testkit::TestDb;
use web::RateLimits;

use crate::app::{Answer, App, build, parse};

async fn start() -> (TestDb, App) {
    let test = testkit::database().await;
    let app = build(test.db.clone(), RateLimits::default(), &[]);
    (test, app)
}

fn call(who: &str, key: &str, body: &str) -> String {
    format!(
        "POST /api/v1/orders\nauthorization: Bearer {who}\nidempotency-key: {key}\ncontent-type: application/json\n\n{body}"
    )
}

fn done(app: &App) -> usize {
    app.work.done.load(Ordering::SeqCst)
}

fn seen(answer: &Answer) -> (u16, &str, &str, &str) {
    let replayed = answer.header("idempotent-replayed");
    (
        answer.status.as_u16(),
        answer.header("location"),
        &answer.body,
        replayed,
    )
}

#[tokio::test]
async fn the_same_call_again_gets_the_first_answer() {
    let (_test, app) = start().await;
    let first = app.ask(&call("ana", "k1", "{}")).await;
    assert_eq!(seen(&first), (201, "/api/v1/orders/1", "1", ""));
    for _ in 0..2 {
        let again = app.ask(&call("ana", "k1", "{}")).await;
        assert_eq!(seen(&again), (201, "/api/v1/orders/1", "1", "true"));
        assert_eq!(again.header("etag"), first.header("etag"));
        assert_eq!(again.header("content-type"), "application/json");
    }
    assert_eq!(done(&app), 1);
}

#[tokio::test]
async fn another_key_another_caller_or_no_key_is_another_deed() {
    let (_test, app) = start().await;
    for request in [
        call("ana", "k1", "{}"),
        call("ana", "k2", "{}"),
        call("bob", "k1", "{}"),
    ] {
        assert_eq!(app.ask(&request).await.status, StatusCode::CREATED);
    }
    let bare = "POST /api/v1/orders\nauthorization: Bearer ana\ncontent-type: application/json\n\n{}";
    app.ask(bare).await;
    app.ask(bare).await;
    assert_eq!(done(&app), 5);
}

#[tokio::test]
async fn the_key_of_one_call_does_not_serve_another() {
    let (_test, app) = start().await;
    app.ask(&call("ana", "k1", "{}")).await;
    let other = app.ask(&call("ana", "k1", r#"{"fail":"no"}"#)).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(other.json()["code"], "ui-idempotency-other-body");
    let path = call("ana", "k1", "{}").replace("/orders", "/things");
    assert_eq!(app.ask(&path).await.json()["code"], "ui-idempotency-other-body");
    assert_eq!(done(&app), 1);
}

#[tokio::test]
async fn what_failed_may_be_tried_again_under_the_same_key() {
    let (_test, app) = start().await;
    for (body, status) in [
        (r#"{"fail":"refused"}"#, 409),
        (r#"{"x":1}"#, 422),
        (r#"{"fail":"panic"}"#, 500),
    ] {
        assert_eq!(
            app.ask(&call("ana", "k1", body)).await.status.as_u16(),
            status,
            "{body}"
        );
    }
    assert_eq!(
        app.ask(&call("eve", "k1", "{}")).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.ask(&call("ana", "k1", "{}")).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn two_at_once_are_one_deed_and_the_second_is_told_to_wait() {
    let (_test, app) = start().await;
    let held = app.work.gate.acquire_many(1000).await.unwrap();
    let first = call("ana", "k1", "{}");
    let (first, second) = tokio::join!(app.ask(&first), async {
        app.work.begun.acquire().await.unwrap().forget();
        let second = app.ask(&call("ana", "k1", "{}")).await;
        drop(held);
        second
    });
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!((second.status.as_u16(), second.header("retry-after")), (503, "1"));
    assert_eq!(
        seen(&app.ask(&call("ana", "k1", "{}")).await),
        (201, "/api/v1/orders/1", "1", "true")
    );
    assert_eq!(done(&app), 1);
}

#[tokio::test]
async fn a_caller_who_hangs_up_in_the_middle_finds_the_answer_when_asking_again() {
    let (_test, app) = start().await;
    let held = app.work.gate.acquire_many(1000).await.unwrap();
    tokio::select! {
        _ = app.open(parse(&call("ana", "k1", "{}"))) => panic!("the gate is closed"),
        permit = app.work.begun.acquire() => permit.unwrap().forget(),
    }
    drop(held);
    let again = loop {
        let again = app.ask(&call("ana", "k1", "{}")).await;
        if again.status != StatusCode::SERVICE_UNAVAILABLE {
            break again;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(seen(&again), (201, "/api/v1/orders/1", "1", "true"));
    assert_eq!(done(&app), 1);
}

#[tokio::test]
async fn a_claim_of_a_process_that_died_is_over_after_five_minutes() {
    let (test, app) = start().await;
    sqlx::query(
        "INSERT INTO app.idempotency_keys (owner_id, key, request_hash, created_at) VALUES (1, 'k1', $1, $2)",
    )
    .bind(vec![0_u8; 32])
    .bind(app.state.clock.now())
    .execute(test.db.pool())
    .await
    .unwrap();
    assert_ne!(
        app.ask(&call("ana", "k1", "{}")).await.status,
        StatusCode::CREATED
    );
    app.hand.advance(Duration::minutes(6));
    assert_eq!(
        app.ask(&call("ana", "k1", "{}")).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn an_odd_key_is_refused() {
    let (_test, app) = start().await;
    let long = "k".repeat(256);
    for key in ["", &long] {
        let answer = app.ask(&call("ana", key, "{}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.json()["errors"][0]["field"], "Idempotency-Key");
    }
    assert_eq!(
        app.ask(&call("nobody", "k1", "{}")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(done(&app), 0);
}

#[tokio::test]
async fn an_answer_with_a_secret_is_given_once_and_kept_nowhere() {
    let (test, app) = start().await;
    let call = "POST /api/v1/keys\nauthorization: Bearer ana\nidempotency-key: k1\naccept-language: en\n\n";
    let first = app.ask(call).await;
    assert_eq!(
        (first.status, first.body.as_str()),
        (StatusCode::CREATED, "\"a-secret-key\"")
    );
    for _ in 0..2 {
        let again = app.ask(call).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert_eq!(again.json()["code"], "ui-idempotency-shown-once");
        assert!(!again.body.contains("a-secret-key"));
    }
    let kept: String = sqlx::query_scalar("SELECT row_to_json(k)::text FROM app.idempotency_keys k")
        .fetch_one(test.db.pool())
        .await
        .unwrap();
    assert!(kept.contains("\"body\":null"), "{kept}");
}

#[tokio::test]
async fn a_kept_answer_is_forgotten_after_a_day_and_not_before() {
    let (test, app) = start().await;
    let key = call("ana", "k1", "{}");
    app.ask(&key).await;
    for (wait, forgotten) in [(Duration::hours(23), 0), (Duration::hours(2), 1)] {
        app.hand.advance(wait);
        let mut conn = test.db.read().await.unwrap();
        let purged = web::purge_answers(&mut conn, app.state.clock.now())
            .await
            .unwrap();
        assert_eq!(purged, forgotten);
    }
    assert_eq!(seen(&app.ask(&key).await).1, "/api/v1/orders/2");
}
