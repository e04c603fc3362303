//! The first minute: set-up told at the console, the first account from the environment.

use serde_json::json;

use super::bench::{House, settings};
use crate::marketplace::first_account;
use crate::setup::Notice;

#[tokio::test]
async fn the_console_tells_how_to_set_up_until_there_is_a_user() {
    let house = House::started().await;
    let notice = Notice::of(&house.server, "http://127.0.0.1:8080")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(notice.url, "http://127.0.0.1:8080/setup");
    let text = notice.text();
    assert!(
        text.contains(&notice.url) && text.contains(&format!("?code={}", notice.code)),
        "{text}"
    );
    // What the console says opens the page from elsewhere; without it the page asks for the code.
    let page = house.get(&format!("/setup?code={}", notice.code), "").await;
    assert!(page.body.contains("name=\"password\""), "{}", page.body);
    let without = house.get("/setup", "").await;
    assert!(!without.body.contains("name=\"password\""), "{}", without.body);
    house.owner().await;
    assert_eq!(Notice::of(&house.server, "http://x").await.unwrap(), None);
}

#[tokio::test]
async fn the_key_in_the_environment_makes_one_account_that_only_reads() {
    let house = House::started().await;
    let login = settings(&[("EMAG_API_KEY", "shop@example.ro:open-sesame")])
        .emag
        .api_key
        .unwrap();
    let made = first_account(&house.server, &login).await.unwrap().unwrap();
    let actor = kernel::Actor::system("test");
    let mut conn = house.test.db.read().await.unwrap();
    let account = emag::service::accounts::get(&mut conn, &actor, made)
        .await
        .unwrap();
    assert_eq!(
        (account.username.as_str(), account.push_enabled, account.is_active),
        ("shop@example.ro", false, true)
    );
    let kept: String = sqlx::query_scalar("SELECT row_to_json(a)::text FROM app.emag_accounts a")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert!(!kept.contains("open-sesame"), "{kept}");
    assert_eq!(first_account(&house.server, &login).await.unwrap(), None);
}

#[tokio::test]
async fn an_account_that_is_there_is_left_alone_by_the_environment() {
    let house = House::started().await;
    let actor = kernel::Actor::system("test");
    let mut tx = house.test.db.begin(&actor).await.unwrap();
    let mine = super::health::account("http://127.0.0.1:9");
    emag::service::accounts::create(&mut tx, &actor, &house.server.emag, mine)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let login = settings(&[("EMAG_API_KEY", "other:secret")])
        .emag
        .api_key
        .unwrap();
    assert_eq!(first_account(&house.server, &login).await.unwrap(), None);
}

#[tokio::test]
async fn the_night_forgets_old_answers_and_what_identity_no_longer_needs() {
    let house = House::started().await;
    house
        .execute(
            "INSERT INTO app.idempotency_keys (owner_id, key, request_hash, created_at) \
             VALUES (1, 'old', '', '2026-11-20T00:00:00Z'), (1, 'young', '', '2026-11-25T07:00:00Z')",
        )
        .await;
    house
        .execute("SELECT graphile_worker.add_job('server_forget_answers', 'null'::json)")
        .await;
    house
        .execute("SELECT graphile_worker.add_job('identity_purge', 'null'::json)")
        .await;
    house.work().await;
    let kept: Vec<String> = sqlx::query_scalar("SELECT key FROM app.idempotency_keys")
        .fetch_all(house.test.db.pool())
        .await
        .unwrap();
    assert_eq!(kept, ["young"]);
    let waiting: Vec<String> = testkit::jobs(&house.test)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert!(
        !waiting.iter().any(|name| name == "identity_purge"),
        "{waiting:?}"
    );
}

#[tokio::test]
async fn the_budget_is_reckoned_from_the_log_of_calls() {
    let house = House::started().await;
    let actor = kernel::Actor::system("test");
    let mut tx = house.test.db.begin(&actor).await.unwrap();
    let mine = super::health::account("http://127.0.0.1:9");
    emag::service::accounts::create(&mut tx, &actor, &house.server.emag, mine)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    house
        .execute(
            "INSERT INTO app.emag_calls (account_id, called_at, route, method, verdict, attempt, duration_ms) \
             SELECT a.id, at, route, 'POST', 'ok', 1, 5 FROM app.emag_accounts a, (VALUES \
                 ('2026-11-25T07:59:30Z'::timestamptz, '/api-3/order/read'), \
                 ('2026-11-25T07:59:40Z', '/api-3/order/read'), \
                 ('2026-11-25T07:59:50Z', '/api-3/product_offer/save'), \
                 ('2026-11-25T07:50:00Z', '/api-3/product_offer/save')) AS c(at, route)",
        )
        .await;
    let mut conn = house.test.db.read().await.unwrap();
    let now = house.server.state.clock.now();
    let budgets = emag::service::budget::read(&mut conn, &actor, now).await.unwrap();
    let figures: Vec<_> = budgets
        .iter()
        .map(|budget| json!([budget.bucket, budget.used, budget.left, budget.per_minute]))
        .collect();
    assert_eq!(
        figures,
        [
            json!(["orders", 2, 718, 720]),
            json!(["other", 1, 179, 180]),
            json!(["ean", 0, 200, 200])
        ]
    );
}
