//! The audit trail: who, from where, old and new, and never a secret.

use http::StatusCode;
use serde_json::{Value, json};

use super::bench::{HERE, House, PASSWORD};

const OWNER: &str = "owner@example.test";

#[tokio::test]
async fn a_change_tells_who_from_where_old_and_new_and_never_a_hash() {
    let house = House::new().await;
    let owner = house.person(OWNER, &["owner"]).await;
    let ion = house.person("ion@example.test", &["support"]).await;
    let (token, _) = house.tokens(OWNER).await;
    let path = format!("/api/v1/users/{ion}");
    let body = json!({ "name": "Ion Nou", "password": "altă parolă lungă" });
    assert_eq!(
        house.call("PATCH", &path, &token, Some(body)).await.status,
        StatusCode::OK
    );
    let made = house
        .call(
            "POST",
            "/api/v1/api-tokens",
            &token,
            Some(json!({ "name": "script" })),
        )
        .await
        .json();
    let trail = format!("/api/v1/audit?table=users&record_id={ion}&action=UPDATE&user_id={owner}");
    let found = house.call("GET", &trail, &token, None).await;
    let items = found.json()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2, "{}", found.body);
    assert_eq!(
        items[0]["new_values"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["password_changed_at"]
    );
    let change = &items[1];
    assert_eq!(change["old_values"], json!({ "name": "Ana Test" }));
    assert_eq!(change["new_values"], json!({ "name": "Ion Nou" }));
    assert_eq!(change["user_id"], owner.0);
    assert_eq!(change["actor"], "user");
    assert_eq!(change["ip_address"], HERE);
    assert!(change["user_agent"].as_str().unwrap().contains("Firefox"));
    assert!(change["request_id"].is_string());
    let all: Value = house
        .call("GET", "/api/v1/audit?limit=200", &token, None)
        .await
        .json();
    let text = all.to_string();
    for secret in ["argon2", "hash", PASSWORD, made["token"].as_str().unwrap()] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("api_tokens"));
}

#[tokio::test]
async fn a_token_is_named_as_the_author_and_a_log_in_is_no_change() {
    let house = House::new().await;
    house.person(OWNER, &["owner"]).await;
    let made = crate::create_token_for(&house.test.db, &kernel::Actor::system("shell"), OWNER, "script")
        .await
        .unwrap();
    let role = house
        .call(
            "POST",
            "/api/v1/roles",
            &made.secret,
            Some(json!({ "name": "Nou" })),
        )
        .await;
    assert_eq!(role.status, StatusCode::CREATED, "{}", role.body);
    let found = house
        .call("GET", "/api/v1/audit?table=roles&limit=1", &made.secret, None)
        .await
        .json();
    assert_eq!(found["items"][0]["actor"], format!("token:{}", made.id));
    let before = house.count("SELECT count(*) FROM app.audit_logs").await;
    house.tokens(OWNER).await;
    assert_eq!(house.count("SELECT count(*) FROM app.audit_logs").await, before);
    assert_eq!(house.count("SELECT version FROM app.users").await, 1);
}

#[tokio::test]
async fn the_page_tells_changes_in_words_of_the_reader() {
    let house = House::new().await;
    house.person(OWNER, &["owner"]).await;
    let ion = house.person("ion@example.test", &["support"]).await;
    let mut browser = house.signed_in(OWNER).await;
    let fields = [
        ("name", "<b>Ion</b>"),
        ("email", "ion@example.test"),
        ("locale", "en"),
        ("roles", "support"),
        ("version", "1"),
    ];
    assert_eq!(
        browser.post(&format!("/users/{ion}"), &fields).await.status,
        StatusCode::SEE_OTHER
    );
    let page = browser.get(&format!("/audit?table=users&record_id={ion}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for words in [
        "Ana Test",
        "changed",
        "active",
        "MagFlow · test",
        "created",
        "&lt;b&gt;Ion&lt;/b&gt;",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("<b>Ion"));
    browser
        .post(
            "/settings/profile",
            &[("name", "Ana Test"), ("locale", "ro"), ("theme", "light")],
        )
        .await;
    let page = browser.get("/audit?action=UPDATE&since=2026-11-25").await;
    assert!(
        page.body.contains("a modificat") && page.body.contains("aspect"),
        "{}",
        page.body
    );
    for path in ["/settings", "/users", "/roles", "/roles/new", "/users/new"] {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
    let empty = browser.get("/audit?record_id=999999").await;
    assert!(empty.body.contains("Nicio modificare găsită"));
}

#[tokio::test]
async fn the_trail_is_read_page_by_page_without_gaps() {
    let house = House::new().await;
    house.person(OWNER, &["owner"]).await;
    let (token, _) = house.tokens(OWNER).await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = house
            .call("GET", &format!("/api/v1/audit?limit=7{cursor}"), &token, None)
            .await
            .json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_i64().unwrap()),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert!(seen.is_sorted_by(|a, b| a > b));
    assert_eq!(
        i64::try_from(seen.len()).unwrap(),
        house.count("SELECT count(*) FROM app.audit_logs").await
    );
    for bad in [
        "cursor=nonsense",
        "action=EAT",
        "since=yesterday",
        "nosuch=1",
        "limit=0",
    ] {
        let answer = house
            .call("GET", &format!("/api/v1/audit?{bad}"), &token, None)
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn a_trigger_somebody_switched_off_is_named() {
    let house = House::new().await;
    let mut conn = house.test.db.read().await.unwrap();
    assert_eq!(crate::verify(&mut conn).await.unwrap(), []);
    for sql in [
        "ALTER TABLE app.users DISABLE TRIGGER users_audit",
        "ALTER TABLE app.audit_logs DISABLE TRIGGER audit_logs_append_only",
    ] {
        sqlx::query(sql).execute(&mut *conn).await.unwrap();
    }
    let found: Vec<String> = crate::verify(&mut conn)
        .await
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "the trigger audit_logs.audit_logs_append_only is switched off",
            "the trigger users.users_audit is switched off"
        ]
    );
}
