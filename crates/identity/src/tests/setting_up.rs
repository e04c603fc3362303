//! The one-time set-up.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use kernel::{Actor, Refusal};
use sqlx::PgConnection;
use web::Problem;

use super::bench::{AWAY, Answer, Browser, HERE, House, PASSWORD};
use crate::{SetupAccount, SetupHook};

/// Takes accounts whose password is right, and writes them down.
struct Marketplace;

#[async_trait]
impl SetupHook for Marketplace {
    fn platforms(&self) -> Vec<(String, String)> {
        vec![("emag-ro".to_owned(), "eMAG România".to_owned())]
    }

    async fn connect(
        &self,
        conn: &mut PgConnection,
        owner: &Actor,
        account: SetupAccount,
    ) -> Result<(), Problem> {
        if account.password != "right" {
            return Err(Refusal::new("identity-name-empty").into());
        }
        sqlx::query("UPDATE app.company SET name = $1")
            .bind(format!("{} of {:?}", account.name, owner.user_id().is_some()))
            .execute(conn)
            .await?;
        Ok(())
    }
}

async fn set_up(browser: &mut Browser, more: &[(&str, &str)]) -> Answer {
    let fields = [
        ("name", "Ana Popescu"),
        ("email", "ana@example.test"),
        ("password", PASSWORD),
        ("company", "Lumina SRL"),
        ("tax_id", "ro 12345678"),
        ("locale", "ro"),
        ("theme", "dark"),
    ];
    let fields: Vec<_> = fields.into_iter().chain(more.iter().copied()).collect();
    browser.post_bare("/setup", &fields).await
}

#[tokio::test]
async fn the_first_visitor_at_the_machine_becomes_the_owner_once() {
    let house = House::new().await;
    let mut browser = house.browser(HERE);
    assert_eq!(browser.get("/login").await.header("location"), "/setup");
    let page = browser.get("/setup").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(
        !page.body.contains("account_password"),
        "nobody here knows marketplaces"
    );
    let done = set_up(&mut browser, &[]).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/"),
        "{}",
        done.body
    );
    assert!(browser.is_in().await);
    assert_eq!(browser.get("/users").await.status, StatusCode::OK);
    let firm: (String, String, String) = sqlx::query_as("SELECT name, tax_id, currency FROM app.company")
        .fetch_one(house.test.db.pool())
        .await
        .unwrap();
    assert_eq!(
        firm,
        ("Lumina SRL".to_owned(), "RO12345678".to_owned(), "RON".to_owned())
    );
    let mut late = house.browser(HERE);
    assert_eq!(late.get("/setup").await.status, StatusCode::NOT_FOUND);
    assert_eq!(set_up(&mut late, &[]).await.status, StatusCode::NOT_FOUND);
    let code = house.context.setup_code();
    assert_eq!(
        late.get(&format!("/setup?code={code}")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn from_elsewhere_only_the_code_opens_it() {
    let house = House::new().await;
    let mut away = house.browser(AWAY);
    let page = away.get("/setup").await;
    assert!(
        page.body.contains("name=\"code\"") && !page.body.contains("name=\"company\""),
        "{}",
        page.body
    );
    for code in ["", "AAAAA-AAAAA-AAAAA-AAAAA"] {
        let refused = set_up(&mut away, &[("code", code)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
    }
    assert_eq!(house.count("SELECT count(*) FROM app.users").await, 0);
    let code = house.context.setup_code().to_lowercase();
    assert_eq!(
        set_up(&mut away, &[("code", &code)]).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn two_at_once_make_one_owner() {
    let house = House::new().await;
    let (mut a, mut b) = (house.browser(HERE), house.browser(HERE));
    let other = [
        ("name", "Eve"),
        ("email", "eve@example.test"),
        ("password", PASSWORD),
        ("company", "E"),
        ("locale", "en"),
        ("theme", "light"),
    ];
    let (first, second) = tokio::join!(set_up(&mut a, &[]), b.post_bare("/setup", &other));
    let homes = [&first, &second].map(|answer| answer.header("location") == "/");
    assert!(homes[0] ^ homes[1], "{first:?} {second:?}");
    assert_eq!(house.count("SELECT count(*) FROM app.users").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM app.company").await, 1);
}

#[tokio::test]
async fn a_refused_marketplace_account_undoes_the_whole_set_up() {
    let house = House::with(Some(Arc::new(Marketplace))).await;
    let mut browser = house.browser(HERE);
    assert!(browser.get("/setup").await.body.contains("eMAG România"));
    let account = |password| {
        [
            ("account_username", "api"),
            ("account_password", password),
            ("account_platform", "emag-ro"),
            ("account_kind", "MAIN"),
            ("account_acknowledges", "on"),
            ("account_name", ""),
        ]
    };
    let refused = set_up(&mut browser, &account("wrong")).await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        refused.body
    );
    assert!(!refused.body.contains(PASSWORD) && !refused.body.contains("value=\"wrong\""));
    assert_eq!(house.count("SELECT count(*) FROM app.users").await, 0);
    assert_eq!(
        set_up(&mut browser, &account("")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        set_up(&mut browser, &account("right")).await.status,
        StatusCode::SEE_OTHER
    );
    let name: String = sqlx::query_scalar("SELECT name FROM app.company")
        .fetch_one(house.test.db.pool())
        .await
        .unwrap();
    assert_eq!(name, "api of true");
}

#[tokio::test]
async fn mistakes_are_told_together_and_what_was_typed_stays() {
    let house = House::new().await;
    let mut browser = house.browser(HERE);
    let fields = [
        ("name", " "),
        ("email", "ana"),
        ("password", "short"),
        ("company", ""),
        ("tax_id", "<x>"),
        ("locale", "en"),
        ("theme", "dark"),
    ];
    let page = browser.post_bare("/setup", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in [
        "This is not an e-mail address.",
        "Type a name.",
        "A tax id has at most",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(page.body.contains("value=\"ana\"") && !page.body.contains("value=\"short\""));
}

#[tokio::test]
async fn a_request_passed_on_by_a_proxy_is_not_from_this_machine() {
    let house = House::new().await;
    let allowed = |is_forwarded, code| {
        let caller = web::Caller {
            ip: Some(HERE.parse().unwrap()),
            is_forwarded,
            ..web::Caller::default()
        };
        crate::service::setup_allowed(&house.context, &caller, code)
    };
    assert!(allowed(false, None));
    assert!(!allowed(true, None));
    let code = house.context.setup_code();
    assert!(allowed(true, Some(&code)));
    assert_eq!(code.len(), 23, "{code}");
}
