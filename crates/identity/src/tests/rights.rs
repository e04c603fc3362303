//! Roles, rights and the owner who must remain.

use http::StatusCode;
use kernel::{Actor, Permission, PermissionSet};
use serde_json::{Value, json};

use super::bench::{House, PASSWORD, WORDS};
use crate::{IdentityError, UserPatch, sync_permissions, update_user};

const OWNER: &str = "owner@example.test";

async fn patch(house: &House, bearer: &str, path: &str, body: Value) -> (StatusCode, String) {
    let answer = house.call("PATCH", path, bearer, Some(body)).await;
    let code = if answer.status.is_success() {
        String::new()
    } else {
        answer.code()
    };
    (answer.status, code)
}

#[tokio::test]
async fn the_last_active_owner_stays() {
    let house = House::new().await;
    let owner = house.person(OWNER, &["owner"]).await;
    let second = house.person("second@example.test", &["owner"]).await;
    let (first_token, _) = house.tokens(OWNER).await;
    let at = |id| format!("/api/v1/users/{id}");
    let refused = |code: &str| (StatusCode::CONFLICT, code.to_owned());
    let disable = json!({ "is_active": false });
    assert_eq!(
        patch(&house, &first_token, &at(owner), disable.clone()).await,
        refused("identity-own-account")
    );
    let roles = json!({ "roles": ["support"] });
    assert_eq!(
        patch(&house, &first_token, &at(owner), roles.clone()).await,
        refused("identity-own-owner-role")
    );
    assert_eq!(
        patch(&house, &first_token, &at(second), disable.clone()).await.0,
        StatusCode::OK
    );
    // The house itself may not do it either, by command.
    let error = crate::disable_by_email(&house.test.db, &Actor::system("shell"), OWNER).await;
    assert!(matches!(error, Err(IdentityError::LastOwner)), "{error:?}");
    assert_eq!(
        patch(&house, &first_token, &at(second), json!({ "is_active": true }))
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!(
        patch(&house, &first_token, &at(second), roles).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn two_owners_who_disable_each_other_at_once_leave_one() {
    let house = House::new().await;
    let a = house.person("a@example.test", &["owner"]).await;
    let b = house.person("b@example.test", &["owner"]).await;
    let gone = UserPatch {
        is_active: Some(false),
        ..UserPatch::default()
    };
    let disable = async |id| {
        let actor = Actor::system("test");
        let mut tx = house.test.db.begin(&actor).await.unwrap();
        let done = update_user(&mut tx, &actor, id, None, &gone).await.is_ok();
        tx.commit().await.unwrap();
        done
    };
    let (first, second) = tokio::join!(disable(a), disable(b));
    assert!(first ^ second);
}

#[tokio::test]
async fn nobody_hands_out_rights_they_lack() {
    let house = House::new().await;
    let owner = house.person(OWNER, &["owner"]).await;
    let (owner_token, _) = house.tokens(OWNER).await;
    let body =
        json!({ "name": "People", "permissions": ["identity.users", "identity.roles", "orders.view"] });
    let role = house
        .call("POST", "/api/v1/roles", &owner_token, Some(body))
        .await;
    assert_eq!(role.status, StatusCode::CREATED, "{}", role.body);
    assert_eq!(role.json()["code"], "people");
    let eve = house.person("eve@example.test", &["people"]).await;
    let (token, _) = house.tokens("eve@example.test").await;
    let beyond = (StatusCode::CONFLICT, "identity-beyond-own-rights".to_owned());
    let own = format!("/api/v1/users/{eve}");
    assert_eq!(
        patch(&house, &token, &own, json!({ "roles": ["owner"] })).await,
        beyond
    );
    assert_eq!(
        patch(&house, &token, &own, json!({ "roles": ["buyer"] })).await,
        beyond
    );
    let boss = format!("/api/v1/users/{owner}");
    assert_eq!(patch(&house, &token, &boss, json!({ "name": "x" })).await, beyond);
    assert_eq!(
        patch(&house, &token, &boss, json!({ "password": "parolă nouă nouă" })).await,
        beyond
    );
    let at = format!("/api/v1/roles/{}", role.json()["id"]);
    assert_eq!(
        patch(&house, &token, &at, json!({ "permissions": ["catalog.edit"] })).await,
        beyond
    );
    let new = json!({ "email": "x@example.test", "name": "X", "password": PASSWORD, "roles": ["owner"] });
    let made = house.call("POST", "/api/v1/users", &token, Some(new)).await;
    assert_eq!((made.status, made.code()), beyond);
    assert_eq!(house.count("SELECT count(*) FROM app.users").await, 2);
}

#[tokio::test]
async fn each_role_reaches_what_it_may_and_nothing_else() {
    let house = House::new().await;
    house.person(OWNER, &["owner"]).await;
    let paths = [
        "/api/v1/users",
        "/api/v1/roles",
        "/api/v1/permissions",
        "/api/v1/audit",
        "/api/v1/api-tokens",
    ];
    for (role, expected) in [
        ("owner", [200, 200, 200, 200, 200]),
        ("accountant", [403, 403, 403, 200, 200]),
        ("support", [403, 403, 403, 403, 200]),
        ("warehouse", [403, 403, 403, 403, 200]),
        ("", [401, 401, 401, 401, 401]),
    ] {
        let token = if role.is_empty() {
            String::new()
        } else {
            let email = format!("{role}1@example.test");
            house.person(&email, &[role]).await;
            house.tokens(&email).await.0
        };
        for (path, status) in paths.iter().zip(expected) {
            let answer = house.call("GET", path, &token, None).await;
            assert_eq!(answer.status.as_u16(), status, "{role} {path}");
        }
    }
    let mut support = house.signed_in("support1@example.test").await;
    for page in ["/users", "/users/new", "/roles", "/audit"] {
        assert_eq!(support.get(page).await.status, StatusCode::FORBIDDEN, "{page}");
    }
    let home = support.get("/settings").await;
    assert!(
        !home.body.contains("href=\"/users\""),
        "the rail names only what one may open"
    );
}

#[tokio::test]
async fn a_role_of_the_program_keeps_what_people_changed() {
    let house = House::new().await;
    house.person(OWNER, &["owner"]).await;
    let (token, _) = house.tokens(OWNER).await;
    let roles = house.call("GET", "/api/v1/roles", &token, None).await.json();
    let find = |code: &str| {
        roles["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|role| role["code"] == code)
            .cloned()
            .unwrap()
    };
    let support = find("support");
    let at = format!("/api/v1/roles/{}", support["id"]);
    let less = json!({ "permissions": ["orders.view"] });
    assert_eq!(patch(&house, &token, &at, less).await.0, StatusCode::OK);
    let mut words = WORDS.to_vec();
    words.push(Permission::new("orders.refund"));
    for _ in 0..2 {
        let mut tx = house.test.db.begin(&Actor::system("start")).await.unwrap();
        sync_permissions(&mut tx, &words).await.unwrap();
        tx.commit().await.unwrap();
    }
    let now = house.call("GET", &at, &token, None).await.json();
    assert_eq!(
        now["permissions"],
        json!(["orders.refund", "orders.view"]),
        "only the new word was added"
    );
    let owner = house
        .call(
            "GET",
            &format!("/api/v1/roles/{}", find("owner")["id"]),
            &token,
            None,
        )
        .await
        .json();
    assert_eq!(owner["permissions"].as_array().unwrap().len(), words.len());
    let me = house.call("GET", "/api/v1/auth/me", &token, None).await.json();
    assert_eq!(me["permissions"], json!(["*"]));
}

#[tokio::test]
async fn roles_that_must_stay_stay() {
    let house = House::new().await;
    house.person(OWNER, &["owner"]).await;
    let (token, _) = house.tokens(OWNER).await;
    let id = async |code: &'static str| -> i64 {
        sqlx::query_scalar("SELECT id FROM app.roles WHERE code = $1")
            .bind(code)
            .fetch_one(house.test.db.pool())
            .await
            .unwrap()
    };
    let owner = format!("/api/v1/roles/{}", id("owner").await);
    let fixed = patch(&house, &token, &owner, json!({ "permissions": [] })).await;
    assert_eq!(fixed.1, "identity-owner-role-fixed");
    assert_eq!(
        house.call("DELETE", &owner, &token, None).await.code(),
        "identity-builtin-role"
    );
    let made = house
        .call(
            "POST",
            "/api/v1/roles",
            &token,
            Some(json!({ "name": "Șef depozit" })),
        )
        .await
        .json();
    assert_eq!(made["code"], "sef_depozit");
    let twice = house
        .call(
            "POST",
            "/api/v1/roles",
            &token,
            Some(json!({ "name": "Sef depozit" })),
        )
        .await;
    assert_eq!(twice.code(), "identity-role-code-taken");
    house.person("x@example.test", &["sef_depozit"]).await;
    let own = format!("/api/v1/roles/{}", made["id"]);
    assert_eq!(
        house.call("DELETE", &own, &token, None).await.code(),
        "identity-role-in-use"
    );
    let unknown = house
        .call("PATCH", &own, &token, Some(json!({ "permissions": ["no.such"] })))
        .await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(unknown.json()["errors"][0]["field"], "permissions");
}

#[tokio::test]
async fn a_lost_update_is_refused() {
    let house = House::new().await;
    let owner = house.person(OWNER, &["owner"]).await;
    let mut browser = house.signed_in(OWNER).await;
    let actor = Actor::system("test");
    let mut tx = house.test.db.begin(&actor).await.unwrap();
    let named = UserPatch {
        name: Some(crate::Name::parse("B", "name").unwrap()),
        ..UserPatch::default()
    };
    let user = update_user(&mut tx, &actor, owner, Some(1), &named)
        .await
        .unwrap();
    assert_eq!(user.version, 2);
    let stale = update_user(&mut tx, &actor, owner, Some(1), &named).await;
    assert!(matches!(stale, Err(IdentityError::Stale { current_version: 2 })));
    tx.commit().await.unwrap();
    let fields = [
        ("name", "C"),
        ("email", OWNER),
        ("locale", "en"),
        ("roles", "owner"),
        ("is_active", "on"),
        ("version", "1"),
    ];
    let page = browser.post(&format!("/users/{owner}"), &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("value=\"C\""), "what was typed stays");
    let mut again = fields;
    again[5].1 = "2";
    assert_eq!(
        browser.post(&format!("/users/{owner}"), &again).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn users_are_kept_through_the_pages_with_hostile_names_as_text() {
    let house = House::new().await;
    house.person(OWNER, &["owner"]).await;
    let mut browser = house.signed_in(OWNER).await;
    let bad = browser
        .post(
            "/users/new",
            &[
                ("name", ""),
                ("email", "no"),
                ("password", "x"),
                ("locale", "ro"),
                ("is_active", "on"),
            ],
        )
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.body.contains("This is not an e-mail address.") && bad.body.contains("Type a name."));
    let hostile = "<img src=x onerror=alert(1)> O'Neil";
    let fields = [
        ("name", hostile),
        ("email", "Ion@Example.TEST"),
        ("password", PASSWORD),
        ("locale", "ro"),
        ("roles", "support"),
        ("roles", "buyer"),
        ("is_active", "on"),
    ];
    assert_eq!(
        browser.post("/users/new", &fields).await.status,
        StatusCode::SEE_OTHER
    );
    let twice = browser.post("/users/new", &fields).await;
    assert!(twice.body.contains("There is a user with this e-mail already."));
    let list = browser.get("/users?q=oneil").await;
    assert_eq!(list.status, StatusCode::OK);
    let found = browser.get("/users?q=ION%40").await;
    assert!(
        found.body.contains("ion@example.test") && found.body.contains("Buyer, Support"),
        "{}",
        found.body
    );
    assert!(!found.body.contains("<img src=x"));
    let id = house
        .count("SELECT id FROM app.users WHERE email = 'ion@example.test'")
        .await;
    let page = browser.get(&format!("/users/{id}")).await;
    assert!(page.status.is_success() && !page.body.contains("<img src=x"));
    let password = browser
        .post(
            &format!("/users/{id}/password"),
            &[("password", "parolă nouă nouă")],
        )
        .await;
    assert_eq!(password.status, StatusCode::SEE_OTHER);
    for page in [
        "/users?state=disabled",
        "/users?state=active",
        "/roles",
        "/roles/new",
    ] {
        assert_eq!(browser.get(page).await.status, StatusCode::OK, "{page}");
    }
}

#[tokio::test]
async fn roles_are_kept_through_the_pages() {
    let house = House::new().await;
    house.person(OWNER, &["owner"]).await;
    let mut browser = house.signed_in(OWNER).await;
    let made = browser
        .post(
            "/roles/new",
            &[("name", "Ambalare"), ("permissions", "orders.view")],
        )
        .await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    let role = house
        .count("SELECT id FROM app.roles WHERE code = 'ambalare'")
        .await;
    let shown = browser.get(&format!("/roles/{role}")).await;
    assert!(shown.body.contains("See orders"), "{}", shown.body);
    let saved = browser
        .post(
            &format!("/roles/{role}"),
            &[
                ("name", "Ambalare"),
                ("permissions", "orders.ship"),
                ("version", "1"),
            ],
        )
        .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    assert_eq!(
        browser.post(&format!("/roles/{role}/delete"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn every_use_case_asks_for_its_permission() {
    let house = House::new().await;
    let owner = house.person(OWNER, &["owner"]).await;
    let nobody = Actor {
        permissions: PermissionSet::default(),
        ..Actor::system("nobody")
    };
    let mut conn = house.test.db.read().await.unwrap();
    let denied = |error: IdentityError| matches!(error, IdentityError::Denied(_));
    assert!(denied(
        update_user(&mut conn, &nobody, owner, None, &UserPatch::default())
            .await
            .unwrap_err()
    ));
    assert!(denied(crate::list_users(&mut conn, &nobody).await.unwrap_err()));
    assert!(denied(crate::list_roles(&mut conn, &nobody).await.unwrap_err()));
    assert!(denied(
        crate::list_all_tokens(&mut conn, &nobody).await.unwrap_err()
    ));
    let filter = crate::AuditFilter::default();
    let page = kernel::PageRequest::default();
    assert!(denied(
        crate::audit_log(&mut conn, &nobody, &filter, page)
            .await
            .unwrap_err()
    ));
    let db = &house.test.db;
    assert!(denied(
        crate::create_user_with_role(db, &nobody, "x@y.ro", "X", "owner", PASSWORD)
            .await
            .unwrap_err()
    ));
    assert!(denied(
        crate::set_password_by_email(db, &nobody, OWNER, "altă parolă lungă")
            .await
            .unwrap_err()
    ));
}

#[test]
fn every_word_is_there_in_both_languages_and_used() {
    let ui = ui::Ui::exacting(&[&crate::PAGES]).unwrap();
    let gaps = ui.missing_keys(crate::WORDS_IN_CODE);
    assert!(gaps.is_empty(), "{gaps}");
}

#[test]
fn every_rest_route_is_in_the_contract() {
    let contract = serde_json::to_value(crate::openapi()).unwrap();
    for route in crate::routes().table() {
        if route.path.starts_with("/api/") {
            let operation = &contract["paths"][&route.path][route.method.to_lowercase()];
            assert!(operation.is_object(), "{} {}", route.method, route.path);
        }
    }
}
