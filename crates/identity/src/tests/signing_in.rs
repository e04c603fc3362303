//! Log-in, throttling, sessions.

use std::sync::atomic::Ordering;

use chrono::Duration;
use http::StatusCode;
use serde_json::json;

use super::bench::{AWAY, HERE, House, PASSWORD};
use crate::password::RECKONED;

const ANA: &str = "ana@example.test";

#[tokio::test]
async fn five_mistakes_are_free_and_the_sixth_try_waits() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    for _ in 0..5 {
        assert_eq!(
            house.log_in_from(HERE, ANA, "wrong").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    for password in ["wrong", PASSWORD] {
        let told = house.log_in_from(AWAY, ANA, password).await;
        assert_eq!(
            told.status,
            StatusCode::TOO_MANY_REQUESTS,
            "the account waits, from anywhere"
        );
        assert_eq!(told.header("retry-after"), "30");
    }
    let mut browser = house.browser(HERE);
    let page = browser.sign_in(ANA, PASSWORD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!page.header("retry-after").is_empty());
    house.hand.advance(Duration::seconds(30));
    assert_eq!(
        house.log_in_from(HERE, ANA, PASSWORD).await.status,
        StatusCode::OK
    );
    assert_eq!(
        house.count("SELECT count(*) FROM app.login_failures").await,
        0,
        "forgiven"
    );
}

#[tokio::test]
async fn one_address_cannot_try_many_accounts() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    for n in 0..5 {
        let answer = house
            .log_in_from(AWAY, &format!("u{n}@example.test"), "wrong")
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let answer = house.log_in_from(AWAY, ANA, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        house.log_in_from(HERE, ANA, PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn many_guesses_at_once_do_not_slip_past_the_counter() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    let tries = (0..30).map(|_| house.log_in_from(HERE, ANA, "wrong"));
    let answers = futures_join(tries).await;
    let checked = answers
        .iter()
        .filter(|status| **status == StatusCode::UNAUTHORIZED)
        .count();
    // Two are being compared when the fifth failure is written.
    assert!((5..=6).contains(&checked), "{checked} passwords were compared");
    assert!(answers.iter().all(StatusCode::is_client_error));
}

async fn futures_join(
    tries: impl Iterator<Item = impl Future<Output = super::bench::Answer>>,
) -> Vec<StatusCode> {
    let mut waiting: Vec<_> = tries.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                done.push(answer.status);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done
}

#[tokio::test]
async fn nobody_learns_whether_a_user_exists() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    let mut seen = Vec::new();
    for (email, ip) in [
        (ANA, HERE),
        ("nobody@example.test", AWAY),
        ("no e-mail at all", AWAY),
    ] {
        let before = RECKONED.load(Ordering::SeqCst);
        let answer = house.log_in_from(ip, email, "wrong").await;
        let mut body = answer.json();
        body["request_id"] = json!(null);
        seen.push((answer.status, body, RECKONED.load(Ordering::SeqCst) - before));
    }
    assert_eq!(seen[0].2, 1, "one hash is reckoned");
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    assert_eq!(seen[0].1["code"], "auth-wrong-credentials");
    let kept: Vec<u8> = sqlx::query_scalar("SELECT subject FROM app.login_failures LIMIT 1")
        .fetch_one(house.test.db.pool())
        .await
        .unwrap();
    assert_eq!(
        kept.len(),
        32,
        "a hash, since people type passwords into the wrong field"
    );
}

#[tokio::test]
async fn a_planted_session_is_not_taken_over() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    let mut victim = house.browser(HERE);
    victim.cookie = Some("planted-by-somebody-else".to_owned());
    victim.sign_in(ANA, PASSWORD).await;
    let first = victim.cookie.clone().unwrap();
    assert_ne!(first, "planted-by-somebody-else");
    let mut other = house.browser(AWAY);
    other.cookie = Some("planted-by-somebody-else".to_owned());
    assert!(!other.is_in().await);
    // Signing in again from a session ends that session.
    assert_eq!(
        victim.sign_in(ANA, PASSWORD).await.status,
        StatusCode::FORBIDDEN,
        "a foreign form"
    );
    victim.get("/settings").await;
    victim
        .post("/login", &[("email", ANA), ("password", PASSWORD)])
        .await;
    assert_ne!(victim.cookie.as_deref(), Some(first.as_str()));
    other.cookie = Some(first);
    assert!(!other.is_in().await);
    assert!(victim.is_in().await);
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    let mut browser = house.browser(HERE);
    let answer = browser.sign_in(ANA, PASSWORD).await;
    let cookie = answer.header("set-cookie");
    for part in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let hash: Vec<u8> = sqlx::query_scalar("SELECT token_hash FROM app.sessions")
        .fetch_one(house.test.db.pool())
        .await
        .unwrap();
    assert_eq!(
        hash,
        crate::secret::SecretHash::of(browser.cookie.as_ref().unwrap()).bytes()
    );
}

#[tokio::test]
async fn a_session_slides_for_sixty_days_and_ends_after_fourteen_idle_ones() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    let mut used = house.signed_in(ANA).await;
    let mut idle = house.signed_in(ANA).await;
    for _ in 0..4 {
        house.hand.advance(Duration::days(13));
        assert!(used.is_in().await);
    }
    assert!(!idle.is_in().await, "not used for 52 days");
    house.hand.advance(Duration::days(8) - Duration::seconds(1));
    assert!(used.is_in().await, "one second before sixty days");
    house.hand.advance(Duration::seconds(1));
    assert!(!used.is_in().await);
    let gone = crate::purge(&house.test.db, house.context.clock.now())
        .await
        .unwrap();
    assert_eq!(gone, 2);
}

#[tokio::test]
async fn a_disabled_user_is_out_everywhere_at_once() {
    let house = House::new().await;
    house.person("owner@example.test", &["owner"]).await;
    let ana = house.person(ANA, &["support"]).await;
    let mut browser = house.signed_in(ANA).await;
    let (access, refresh) = house.tokens(ANA).await;
    let made = browser
        .post("/settings/tokens", &[("token_name", "script"), ("days", "")])
        .await;
    let token = made.body.split("mf_").nth(1).unwrap().split('<').next().unwrap();
    let token = format!("mf_{token}");
    let me = "/api/v1/auth/me";
    for bearer in [&access, &token] {
        assert_eq!(house.call("GET", me, bearer, None).await.status, StatusCode::OK);
    }
    crate::disable_by_email(&house.test.db, &kernel::Actor::system("test"), ANA)
        .await
        .unwrap();
    assert!(!browser.is_in().await);
    for bearer in [&access, &token] {
        assert_eq!(
            house.call("GET", me, bearer, None).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let again = house
        .call(
            "POST",
            "/api/v1/auth/refresh",
            "",
            Some(json!({ "refresh_token": refresh })),
        )
        .await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (StatusCode::UNAUTHORIZED, "auth-refresh-token")
    );
    let log_in = house.log_in_from(HERE, ANA, PASSWORD).await;
    assert_eq!(
        (log_in.status, log_in.code().as_str()),
        (StatusCode::UNAUTHORIZED, "auth-account-disabled")
    );
    assert_eq!(
        house.log_in_from(HERE, ANA, "wrong").await.code(),
        "auth-wrong-credentials",
        "{ana}"
    );
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    let mut here = house.signed_in(ANA).await;
    let mut there = house.signed_in(ANA).await;
    let (access, _) = house.tokens(ANA).await;
    let new = "altă propoziție scurtă";
    let refused = here
        .post(
            "/settings/password",
            &[("current_password", "wrong"), ("password", new)],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("The current password does not match."));
    let weak = here
        .post(
            "/settings/password",
            &[("current_password", PASSWORD), ("password", "scurt")],
        )
        .await;
    assert!(weak.body.contains("at least 10 characters"), "{}", weak.body);
    let done = here
        .post(
            "/settings/password",
            &[("current_password", PASSWORD), ("password", new)],
        )
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(here.is_in().await);
    assert!(!there.is_in().await);
    assert_eq!(
        house.call("GET", "/api/v1/auth/me", &access, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        house.log_in_from(HERE, ANA, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(house.log_in_from(HERE, ANA, new).await.status, StatusCode::OK);
}

#[tokio::test]
async fn sessions_are_seen_and_ended_by_their_owner_only() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    house.person("eve@example.test", &["support"]).await;
    let mut ana = house.signed_in(ANA).await;
    let mut phone = house.signed_in(ANA).await;
    let mut eve = house.signed_in("eve@example.test").await;
    let page = ana.get("/settings").await;
    assert!(
        page.body.contains("Firefox, Linux") && page.body.contains("this one"),
        "{}",
        page.body
    );
    let id = house.count("SELECT max(id) FROM app.sessions WHERE user_id = (SELECT id FROM app.users WHERE email LIKE 'ana%')").await;
    let end = format!("/settings/sessions/{id}/end");
    assert_eq!(eve.post(&end, &[]).await.status, StatusCode::NOT_FOUND);
    assert!(phone.is_in().await);
    assert_eq!(ana.post(&end, &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!phone.is_in().await);
    house.signed_in(ANA).await;
    assert_eq!(
        ana.post("/settings/sessions/others/end", &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(ana.is_in().await && eve.is_in().await);
    assert_eq!(house.count("SELECT count(*) FROM app.sessions").await, 2);
}

#[tokio::test]
async fn leaving_needs_the_form_token_and_ends_the_session() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    let mut browser = house.signed_in(ANA).await;
    let kept = browser.cookie.clone();
    assert_eq!(
        browser.post_bare("/logout", &[]).await.status,
        StatusCode::FORBIDDEN
    );
    assert!(browser.is_in().await);
    let out = browser.post("/logout", &[]).await;
    assert_eq!(
        (out.status, out.header("location")),
        (StatusCode::SEE_OTHER, "/login")
    );
    assert_eq!(browser.cookie, None);
    browser.cookie = kept;
    assert!(!browser.is_in().await);
}

#[tokio::test]
async fn after_the_log_in_one_lands_on_this_server() {
    let house = House::new().await;
    house.person(ANA, &["support"]).await;
    for (next, lands) in [
        ("/orders?status=new", "/orders?status=new"),
        ("https://evil.test/", "/"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("", "/"),
    ] {
        let mut browser = house.browser(HERE);
        let fields = [("email", ANA), ("password", PASSWORD), ("next", next)];
        let answer = browser.post_bare("/login", &fields).await;
        assert_eq!(answer.header("location"), lands, "{next}");
    }
    let mut browser = house.browser(HERE);
    let page = browser.get("/login?next=%2Forders").await;
    assert!(
        page.body.contains("name=\"next\" value=\"/orders\""),
        "{}",
        page.body
    );
    assert_eq!(
        browser.get("/users").await.header("location"),
        "/login?next=%2Fusers"
    );
}

#[tokio::test]
async fn hostile_text_in_the_form_stays_text() {
    let house = House::new().await;
    house.person(ANA, &["owner"]).await;
    let mut browser = house.browser(HERE);
    for email in [
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "a@b\u{202e}c",
        &"x".repeat(5000),
    ] {
        let page = browser.sign_in(email, "wrong").await;
        assert!(page.status.is_client_error(), "{email}");
        assert!(!page.body.contains("<script>alert"));
    }
    let nul = house.log_in_from(AWAY, "a\u{0}b@example.test", "x").await;
    assert!(nul.status.is_client_error());
}
