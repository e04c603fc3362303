//! Who gets in: signed in or not, strong enough or not, with the form's token or without.

use http::StatusCode;

use crate::app::{app, build, from};

/// Status, and for a redirect where it leads.
async fn check(request: &str, expected: &str) {
    let answer = app().ask(request).await;
    let got = format!("{} {}", answer.status.as_u16(), answer.header("location"));
    assert_eq!(got.trim_end(), expected, "{request}");
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_log_in_page_and_back() {
    check("GET /page", "303 /login?next=%2Fpage").await;
    check(
        "GET /page?q=a%20b&page=2",
        "303 /login?next=%2Fpage%3Fq%3Da%2520b%26page%3D2",
    )
    .await;
    check("GET /mine", "303 /login?next=%2Fmine").await;
    check(
        "GET /mine\nauthorization: Bearer nobody",
        "303 /login?next=%2Fmine",
    )
    .await;
    // A form that was lost cannot be come back to.
    check(
        "POST /page\ncontent-type: application/x-www-form-urlencoded\n\nname=a",
        "303 /login",
    )
    .await;
}

#[tokio::test]
async fn a_strange_program_or_fragment_is_told_401() {
    check("GET /api/v1/things", "401").await;
    check("POST /api/v1/things\ncontent-type: application/json\n\n{}", "401").await;
    check("GET /page\nhx-request: true", "401").await;
    check("GET /live", "401").await;
    let answer = app().ask("GET /api/v1/things").await;
    assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="MagFlow""#);
    assert_eq!(answer.json()["code"], "ui-error-unauthenticated");
}

#[tokio::test]
async fn somebody_too_weak_is_refused_by_the_name_of_the_permission() {
    check("GET /mine\nauthorization: Bearer eve", "200").await;
    check("GET /page\nauthorization: Bearer eve", "403").await;
    let answer = app().ask("GET /api/v1/things\nauthorization: Bearer eve").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.json()["params"]["permission"], "things.view");
    assert_eq!(answer.json()["detail"], "E nevoie de permisiunea „things.view”.");
}

#[tokio::test]
async fn somebody_strong_enough_gets_in_and_public_is_for_all() {
    for who in ["authorization: Bearer ana", "cookie: session=ana"] {
        check(&format!("GET /page\n{who}"), "200").await;
        check(&format!("GET /api/v1/things\n{who}"), "200").await;
    }
    check("GET /open", "200").await;
    check("HEAD /open", "200").await;
}

#[tokio::test]
async fn a_form_needs_its_token_in_the_header_or_in_the_field() {
    const FORM: &str = "POST /page\ncookie: session=ana\ncontent-type: application/x-www-form-urlencoded";
    check(&format!("{FORM}\n\nname=a"), "403").await;
    check(&format!("{FORM}\n\nname=a&csrf="), "403").await;
    check(&format!("{FORM}\n\nname=a&csrf=the-wrong-token"), "403").await;
    check(&format!("{FORM}\n\nname=a&csrf=the-right-token"), "303 /page").await;
    check(
        &format!("{FORM}\n\ncsrf=the-right-token&name=%C8%99"),
        "303 /page",
    )
    .await;
    check(&format!("{FORM}\nx-csrf-token: the-wrong-token\n\nname=a"), "403").await;
    check(
        &format!("{FORM}\nx-csrf-token: the-right-token\n\nname=a"),
        "303 /page",
    )
    .await;
    // The header is what counts when there are both.
    check(
        &format!("{FORM}\nx-csrf-token: x\n\nname=a&csrf=the-right-token"),
        "403",
    )
    .await;
}

#[tokio::test]
async fn a_browser_session_needs_the_token_for_json_too_and_a_bearer_never() {
    const JSON: &str = "POST /api/v1/things\ncontent-type: application/json";
    const BODY: &str = "\n\n{\"name\":\"a\"}";
    check(&format!("{JSON}\ncookie: session=ana{BODY}"), "403").await;
    check(
        &format!("{JSON}\ncookie: session=ana\nx-csrf-token: the-right-token{BODY}"),
        "201 /api/v1/things/7",
    )
    .await;
    check(
        &format!("{JSON}\nauthorization: Bearer ana{BODY}"),
        "201 /api/v1/things/7",
    )
    .await;
    // A foreign page can send this kind without asking, with the token unknown to it.
    check(
        &format!("POST /page\ncookie: session=ana\ncontent-type: text/plain{BODY}"),
        "403",
    )
    .await;
}

#[tokio::test]
async fn the_rail_shows_what_the_reader_may_open() {
    let strong = app().ask("GET /page\ncookie: session=ana").await.body;
    assert!(
        strong.contains("href=\"/page\"") && strong.contains("aria-current=\"page\""),
        "{strong}"
    );
    assert!(strong.contains("Ana Pop") && strong.contains("name=\"csrf\" content=\"the-right-token\""));
    let today = strong.find("data-nav=\"nav-today\"").unwrap();
    assert!(
        today < strong.find("data-nav=\"nav-products\"").unwrap(),
        "in the declared order"
    );
    let weak = app().ask("GET /mine\ncookie: session=eve").await.body;
    assert!(!weak.contains("data-nav=\"nav-products\"") && weak.contains("data-nav=\"nav-today\""));
}

#[tokio::test]
async fn a_message_is_shown_on_the_next_page_and_then_forgotten() {
    let app = app();
    let sent = app
        .ask("POST /page\nauthorization: Bearer ana\ncontent-type: application/x-www-form-urlencoded\n\nname=a")
        .await;
    let cookie = sent.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(
        sent.header("set-cookie")
            .contains("HttpOnly; SameSite=Lax; Secure")
    );
    let next = app
        .ask(&format!("GET /page\nauthorization: Bearer ana\ncookie: {cookie}"))
        .await;
    assert!(next.body.contains("flash is-success"), "{}", next.body);
    assert!(
        next.header("set-cookie")
            .starts_with("magflow_flash=; Path=/; Max-Age=0")
    );
    let forged = app
        .ask("GET /page\nauthorization: Bearer ana\ncookie: magflow_flash=%%%")
        .await;
    assert!(!forged.body.contains("flash is-"));
}

#[tokio::test]
async fn a_redirect_of_a_fragment_moves_the_whole_page() {
    let answer = app()
        .ask("POST /page\nhx-request: true\nauthorization: Bearer ana\ncontent-type: application/x-www-form-urlencoded\n\nname=a")
        .await;
    assert_eq!(
        (answer.status, answer.header("hx-redirect")),
        (StatusCode::NO_CONTENT, "/page")
    );
}

#[tokio::test]
async fn the_actor_knows_where_the_request_came_from() {
    let answer = app()
        .ask("GET /who\nuser-agent: Firefox\nx-forwarded-for: 198.51.100.1")
        .await;
    let id = answer.header("x-request-id");
    assert_eq!(answer.body, format!("203.0.113.7 203.0.113.7 Firefox {id}"));
    let signed_in = app().ask("GET /who\nauthorization: Bearer ana").await;
    assert!(signed_in.body.starts_with("203.0.113.7 203.0.113.7"));
}

#[tokio::test]
async fn a_forwarded_address_is_believed_only_from_a_proxy_of_ours() {
    let nowhere =
        || db::Db::connect_lazy("postgres://nobody@127.0.0.1:9/none", db::PoolOptions::default()).unwrap();
    let behind = build(nowhere(), web::RateLimits::default(), &["203.0.113.7"]);
    let answer = behind
        .ask("GET /who\nx-forwarded-for: 6.6.6.6\nx-forwarded-for: 198.51.100.1")
        .await;
    assert!(
        answer.body.starts_with("198.51.100.1 198.51.100.1"),
        "{}",
        answer.body
    );
    let open = build(nowhere(), web::RateLimits::default(), &["10.0.0.1"]);
    let answer = open.ask("GET /who\nx-forwarded-for: 198.51.100.1").await;
    assert!(answer.body.starts_with("203.0.113.7"), "{}", answer.body);
}

#[tokio::test]
async fn a_log_in_that_cannot_be_checked_now_is_no_refusal() {
    let answer = app().ask("GET /api/v1/things\nauthorization: Bearer down").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
}

#[test]
fn every_route_declares_its_access() {
    let table = crate::app::routes();
    assert_eq!(table.table().len(), 14);
    assert!(
        table
            .table()
            .iter()
            .any(|route| route.method == "PATCH" && route.path == "/api/v1/things/{id}")
    );
}

#[tokio::test]
async fn figures_are_for_the_neighbourhood_and_for_who_may_see_them() {
    let app = app();
    for (peer, headers, expected) in [
        ("127.0.0.1", "", StatusCode::OK),
        ("10.0.0.9", "", StatusCode::OK),
        ("203.0.113.7", "", StatusCode::UNAUTHORIZED),
        (
            "203.0.113.7",
            "authorization: Bearer eve\n",
            StatusCode::FORBIDDEN,
        ),
        ("203.0.113.7", "authorization: Bearer ana\n", StatusCode::OK),
        // The whole world comes through a proxy of this machine.
        (
            "127.0.0.1",
            "x-forwarded-for: 203.0.113.7\n",
            StatusCode::UNAUTHORIZED,
        ),
        (
            "203.0.113.7",
            "x-forwarded-for: 127.0.0.1\n",
            StatusCode::UNAUTHORIZED,
        ),
    ] {
        let answer = app
            .send(from(peer, format!("GET /figures\n{headers}").trim_end()))
            .await;
        assert_eq!(answer.status, expected, "{peer} {headers}");
    }
}

#[tokio::test]
async fn a_refused_caller_is_told_how_to_sign_in() {
    let app = app();
    let challenge = |answer: &crate::app::Answer| {
        (
            answer.status.as_u16(),
            answer.header("www-authenticate").to_owned(),
        )
    };
    let none = app.ask("GET /api/v1/mine").await;
    assert_eq!(challenge(&none), (401, r#"Bearer realm="MagFlow""#.to_owned()));
    let wrong = app.ask("GET /api/v1/mine\nauthorization: Bearer nobody").await;
    assert_eq!(
        challenge(&wrong),
        (401, r#"Bearer realm="MagFlow", error="invalid_token""#.to_owned())
    );
    let forbidden = app.ask("GET /api/v1/things\nauthorization: Bearer eve").await;
    assert_eq!(challenge(&forbidden), (403, String::new()));
}

#[tokio::test]
async fn what_anybody_may_ask_is_answered_while_the_database_is_away() {
    let app = app();
    let mine = app.ask("GET /api/v1/mine\nauthorization: Bearer down").await;
    assert_eq!(mine.status, StatusCode::SERVICE_UNAVAILABLE);
    let open = app.ask("GET /who\nauthorization: Bearer down").await;
    assert_eq!(open.status, StatusCode::OK);
    let figures = from("10.0.0.9", "GET /figures\nauthorization: Bearer down");
    assert_eq!(app.send(figures).await.status, StatusCode::OK);
}
