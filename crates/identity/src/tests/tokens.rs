//! Programs: access and refresh tokens, API tokens.

use chrono::Duration;
use http::StatusCode;
use serde_json::json;

use super::bench::{Answer, HERE, House, PASSWORD, pair};

const ANA: &str = "ana@example.test";
const ME: &str = "/api/v1/auth/me";

async fn refresh(house: &House, token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    house.call("POST", "/api/v1/auth/refresh", "", Some(body)).await
}

#[tokio::test]
async fn an_access_token_lasts_a_quarter_of_an_hour_and_is_renewed() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    let answer = house.log_in_from(HERE, ANA, PASSWORD).await;
    assert_eq!(answer.json()["token_type"], "Bearer");
    assert_eq!(answer.json()["expires_in"], 900);
    let (access, token) = pair(&answer);
    let me = house.call("GET", ME, &access, None).await.json();
    assert_eq!(me["email"], ANA);
    assert_eq!(
        me["permissions"],
        json!(["catalog.view", "inventory.view", "orders.ship", "orders.view"])
    );
    assert!(me.get("password_hash").is_none());
    house.hand.advance(Duration::minutes(15));
    let over = house.call("GET", ME, &access, None).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        over.header("www-authenticate"),
        r#"Bearer realm="MagFlow", error="invalid_token""#
    );
    let (access, _) = pair(&refresh(&house, &token).await);
    assert_eq!(house.call("GET", ME, &access, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_whole_family() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    let (_, first) = house.tokens(ANA).await;
    let (_, other_login) = house.tokens(ANA).await;
    let (access, second) = pair(&refresh(&house, &first).await);
    assert_ne!(first, second);
    let stolen = refresh(&house, &first).await;
    assert_eq!(
        (stolen.status, stolen.code().as_str()),
        (StatusCode::UNAUTHORIZED, "auth-refresh-token")
    );
    assert_eq!(
        refresh(&house, &second).await.status,
        StatusCode::UNAUTHORIZED,
        "the newer one too"
    );
    assert_eq!(
        house.call("GET", ME, &access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        refresh(&house, &other_login).await.status,
        StatusCode::OK,
        "another log-in is untouched"
    );
}

#[tokio::test]
async fn tokens_that_nobody_made_are_nobody() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    for token in ["", "mfr_", "mfr_x.y", "x", &"m".repeat(100_000)] {
        assert_eq!(refresh(&house, token).await.status, StatusCode::UNAUTHORIZED);
    }
    for token in ["mf_x", "1.1.99999999999.AAAA", "x", &"m".repeat(5000)] {
        assert_eq!(
            house.call("GET", ME, token, None).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
}

#[tokio::test]
async fn a_program_logs_out() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    let (access, token) = house.tokens(ANA).await;
    assert_eq!(
        house
            .call("POST", "/api/v1/auth/logout", &access, None)
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        house.call("GET", ME, &access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(refresh(&house, &token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn time_based_codes_are_refused_until_they_exist() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    let body = json!({ "email": ANA, "password": PASSWORD, "totp": "123456" });
    let answer = house.call("POST", "/api/v1/auth/login", "", Some(body)).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::CONFLICT, "auth-totp-not-enabled")
    );
}

#[tokio::test]
async fn an_api_token_is_shown_once_and_kept_as_a_hash() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    let (access, _) = house.tokens(ANA).await;
    let made = house
        .call(
            "POST",
            "/api/v1/api-tokens",
            &access,
            Some(json!({ "name": "script" })),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let token = made.json()["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("mf_") && token.len() == 46, "{token}");
    let listed = house.call("GET", "/api/v1/api-tokens", &token, None).await;
    assert_eq!(listed.json()["items"][0]["prefix"], token[..10]);
    assert!(!listed.body.contains(&token) && !listed.body.contains("hash"));
    let kept: String = sqlx::query_scalar("SELECT string_agg(t::text, '') FROM app.api_tokens t")
        .fetch_one(house.test.db.pool())
        .await
        .unwrap();
    assert!(!kept.contains(&token));
    let more = house
        .call(
            "POST",
            "/api/v1/api-tokens",
            &token,
            Some(json!({ "name": "child" })),
        )
        .await;
    assert_eq!(
        (more.status, more.code().as_str()),
        (StatusCode::CONFLICT, "identity-token-makes-no-tokens")
    );
    let out = house.call("POST", "/api/v1/auth/logout", &token, None).await;
    assert_eq!(out.code(), "auth-token-has-no-session");
    let id = made.json()["id"].to_string();
    let path = format!("/api/v1/api-tokens/{id}");
    assert_eq!(
        house.call("DELETE", &path, &token, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        house.call("GET", ME, &token, None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_api_token_ends_when_it_should_and_its_use_is_noted_once_a_minute() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    let (access, _) = house.tokens(ANA).await;
    let until = |at: &str| json!({ "name": "script", "expires_at": at });
    let past = house
        .call(
            "POST",
            "/api/v1/api-tokens",
            &access,
            Some(until("2026-11-25T07:59:59Z")),
        )
        .await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    let made = house
        .call(
            "POST",
            "/api/v1/api-tokens",
            &access,
            Some(until("2026-11-25T09:00:00Z")),
        )
        .await;
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let mut seen = Vec::new();
    for seconds in [0, 59, 1] {
        house.hand.advance(Duration::seconds(seconds));
        house.call("GET", ME, &token, None).await;
        let at: chrono::DateTime<chrono::Utc> = sqlx::query_scalar("SELECT last_used_at FROM app.api_tokens")
            .fetch_one(house.test.db.pool())
            .await
            .unwrap();
        seen.push(at.format("%H:%M:%S").to_string());
    }
    assert_eq!(seen, ["08:00:00", "08:00:00", "08:01:00"]);
    house.hand.advance(Duration::hours(1));
    assert_eq!(
        house.call("GET", ME, &token, None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn other_people_s_tokens_are_for_who_looks_after_tokens() {
    let house = House::new().await;
    let ana = house.person(ANA, &["support"]).await;
    house.person("eve@example.test", &["support"]).await;
    house.person("owner@example.test", &["owner"]).await;
    let (hers, _) = house.tokens(ANA).await;
    let (eve, _) = house.tokens("eve@example.test").await;
    let (owner, _) = house.tokens("owner@example.test").await;
    let token = house
        .call("POST", "/api/v1/api-tokens", &hers, Some(json!({ "name": "a" })))
        .await
        .json();
    let list = format!("/api/v1/api-tokens?user_id={ana}");
    let one = format!("/api/v1/api-tokens/{}", token["id"]);
    assert_eq!(
        house.call("GET", &list, &eve, None).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        house.call("DELETE", &one, &eve, None).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        house.call("GET", &list, &owner, None).await.json()["items"][0]["name"],
        "a"
    );
    assert_eq!(
        house.call("DELETE", &one, &owner, None).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn a_repeated_call_for_a_token_makes_no_second_one_and_its_secret_is_kept_nowhere() {
    let house = House::new().await;
    house.person("ana@example.test", &["owner"]).await;
    let (access, refresh) = house.tokens("ana@example.test").await;
    let calls = [
        ("/api/v1/api-tokens", json!({ "name": "script" })),
        (
            "/api/v1/auth/login",
            json!({ "email": "ana@example.test", "password": PASSWORD }),
        ),
        ("/api/v1/auth/refresh", json!({ "refresh_token": refresh })),
    ];
    for (path, body) in calls {
        let first = house.call_once("k1", path, &access, body.clone()).await;
        assert!(first.status.is_success(), "{path} {}", first.body);
        let again = house.call_once("k1", path, &access, body).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{path}");
        assert_eq!(again.json()["code"], "ui-idempotency-shown-once");
        let kept: (Option<Vec<u8>>,) =
            sqlx::query_as("DELETE FROM app.idempotency_keys WHERE key = 'k1' RETURNING body")
                .fetch_one(house.test.db.pool())
                .await
                .unwrap();
        assert_eq!(kept.0, None, "{path}");
    }
    assert_eq!(house.count("SELECT count(*) FROM app.api_tokens").await, 1);
}
