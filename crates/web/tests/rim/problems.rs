//! One problem, three faces: JSON for programs, a page for people, a sentence for a fragment.

use http::StatusCode;

use crate::app::app;

#[tokio::test]
async fn a_program_gets_exactly_the_keys_of_the_contract() {
    for path in [
        "/api/v1/refuse/field",
        "/api/v1/refuse/fault",
        "/api/v1/nowhere",
        "/api/v1/things",
    ] {
        let answer = app().ask(&format!("GET {path}")).await;
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{path}"
        );
        let json = answer.json();
        let keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "type",
                "title",
                "status",
                "detail",
                "code",
                "params",
                "errors",
                "request_id"
            ],
            "{path}"
        );
        assert_eq!(json["type"], "about:blank");
        assert_eq!(json["status"], answer.status.as_u16());
        assert_eq!(json["request_id"], answer.header("x-request-id"));
        assert!(!json["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_refused_field_says_why_in_words() {
    let answer = app().ask("GET /api/v1/refuse/field").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let json = answer.json();
    let error = &json["errors"][0];
    let keys: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["field", "code", "message"]);
    assert_eq!(error["field"], "limit");
    assert_eq!(error["code"], "ui-input-limit");
    assert_eq!(error["message"], "Cel mult 200 rânduri o dată.");
    assert_eq!(json["params"]["max"], 200);
}

#[tokio::test]
async fn the_language_is_the_reader_s_then_the_cookie_s_then_the_browser_s() {
    for (who, expected) in [
        ("x-other: 1", "Adresa este greșită"),
        ("accept-language: en-GB,ro;q=0.5", "The address is wrong"),
        ("accept-language: zh", "Adresa este greșită"),
        (
            "accept-language: ro\ncookie: magflow_locale=en",
            "The address is wrong",
        ),
        ("authorization: Bearer bob", "The address is wrong"),
        (
            "authorization: Bearer ana\naccept-language: en",
            "Adresa este greșită",
        ),
    ] {
        for path in ["/api/v1/refuse/x", "/api/v1/nowhere"] {
            let detail = app().ask(&format!("GET {path}\n{who}")).await.json()["detail"].to_string();
            assert!(detail.contains(expected), "{path} {who}: {detail}");
        }
    }
}

#[tokio::test]
async fn a_person_gets_a_page_with_a_reference_in_their_own_frame() {
    for (who, title, framed) in [
        ("accept-language: ro", "Pagina nu există", false),
        ("accept-language: en", "This page does not exist", false),
        ("cookie: session=ana", "Pagina nu există", true),
        ("cookie: session=bob", "This page does not exist", true),
    ] {
        let answer = app().ask(&format!("GET /nowhere\n{who}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.header("content-type").starts_with("text/html"));
        assert!(answer.body.contains(title), "{who}: {}", answer.body);
        assert!(answer.body.contains(answer.header("x-request-id")));
        assert_eq!(answer.body.contains("data-nav=\"nav-products\""), framed, "{who}");
    }
}

#[tokio::test]
async fn a_fragment_gets_the_sentence_alone() {
    for (who, expected) in [
        (
            "cookie: session=ana",
            "Acțiunea nu este posibilă acum (cod: x-7).",
        ),
        ("cookie: session=bob", "This is not possible now (code: x-7)."),
    ] {
        let answer = app()
            .ask(&format!("GET /refuse/refusal\nhx-request: true\n{who}"))
            .await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.body, expected);
    }
}

#[tokio::test]
async fn a_fault_of_ours_shows_a_reference_and_nothing_from_inside() {
    for what in ["fault", "panic"] {
        for path in ["/refuse", "/api/v1/refuse"] {
            let answer = app().ask(&format!("GET {path}/{what}")).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}/{what}");
            assert!(!answer.body.contains("secret"), "{}", answer.body);
            assert!(answer.body.contains(answer.header("x-request-id")));
        }
    }
}

#[tokio::test]
async fn an_unknown_verb_is_told_which_verbs_there_are() {
    let answer = app().ask("PUT /api/v1/things").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let mut allowed: Vec<_> = answer.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let page = app().ask("DELETE /page\ncookie: session=bob").await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(
        page.body.contains("does not understand that kind of request"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn somebody_busy_says_when_to_come_back() {
    for path in ["/refuse/busy", "/api/v1/refuse/busy"] {
        let answer = app().ask(&format!("GET {path}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (503, "2"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_answer_carries_the_standing_headers() {
    for path in [
        "/open",
        "/nowhere",
        "/api/v1/refuse/field",
        "/refuse/panic",
        "/api/v1/things",
        "/page",
    ] {
        let answer = app().ask(&format!("GET {path}")).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-request-id").len(), 16, "{path}");
        assert_eq!(answer.headers.get_all("x-request-id").iter().count(), 1, "{path}");
    }
}

#[tokio::test]
async fn what_a_stranger_wrote_into_the_address_is_text_on_the_page() {
    let answer = app()
        .ask("GET /nowhere?x=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        .await;
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
}
