//! Strict input: what is not understood is refused by name.

use crate::app::{BODY_LIMIT, app};

/// Status, code and field of the first error.
async fn check(request: &str, expected: &str) {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let answer = app()
        .ask(&format!("{head}\nauthorization: Bearer ana\n\n{body}"))
        .await;
    let json = answer.json();
    let got = if answer.status.is_success() {
        format!("{} {}", answer.status.as_u16(), answer.body)
    } else {
        let field = json["errors"][0]["field"].as_str().unwrap_or("-");
        format!(
            "{} {} {field}",
            answer.status.as_u16(),
            json["code"].as_str().unwrap()
        )
    };
    let got = match json["errors"][0]["code"].as_str() {
        Some(code) => format!(
            "{} {code} {}",
            answer.status.as_u16(),
            json["errors"][0]["field"].as_str().unwrap()
        ),
        None => got,
    };
    assert_eq!(got, expected, "{request}\n{}", answer.body);
}

const POST: &str = "POST /api/v1/things\ncontent-type: application/json\n\n";

#[tokio::test]
async fn a_json_field_that_is_unknown_missing_doubled_or_wrong_is_named() {
    for (body, expected) in [
        (
            r#"{"name":"a","colour":"red"}"#,
            "422 ui-input-unknown-field colour",
        ),
        (
            r#"{"name":"a","size":{"width":1,"name":"b","depth":2}}"#,
            "422 ui-input-unknown-field size.depth",
        ),
        (
            r#"{"name":"a","size":{"width":1,"name":"b","size":2}}"#,
            "422 ui-input-unknown-field size.size",
        ),
        ("{}", "422 ui-input-missing name"),
        (
            r#"{"name":"a","size":{"width":1}}"#,
            "422 ui-input-missing size.name",
        ),
        (r#"{"name":"a","name":"b"}"#, "422 ui-input-not-understood name"),
        (r#"{"name":7}"#, "422 ui-input-not-understood name"),
        (
            r#"{"name":"a","size":{"width":-1,"name":"b"}}"#,
            "422 ui-input-not-understood size.width",
        ),
        (
            r#"{"name":"a","size":{"width":70000,"name":"b"}}"#,
            "422 ui-input-not-understood size.width",
        ),
    ] {
        check(&format!("{POST}{body}"), expected).await;
    }
    check(
        &format!("{POST}{}", r#"{"name":"ș"}"#),
        r#"201 {"name":"ș","size":null}"#,
    )
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_json_is_malformed() {
    let deep = "[".repeat(1000);
    for body in [
        "",
        "{",
        "nonsense",
        r#"{"name":"a"} tail"#,
        r#"{"name":"\ud800"}"#,
        r#"{"size":NaN}"#,
        &deep,
    ] {
        let shown: String = body.chars().take(20).collect();
        let answer = app()
            .ask(&format!(
                "POST /api/v1/things\nauthorization: Bearer ana\ncontent-type: application/json\n\n{body}"
            ))
            .await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 422),
            "{shown}: {}",
            answer.body
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    check(&format!("{POST}nonsense"), "400 ui-error-malformed -").await;
}

#[tokio::test]
async fn a_nul_character_which_no_database_keeps_is_refused_at_the_door() {
    check(
        &format!("{POST}{}", r#"{"name":"a\u0000b"}"#),
        "400 ui-error-malformed -",
    )
    .await;
    check(
        &format!("{POST}{}", r#"{"name":"a\\u0000b"}"#),
        r#"201 {"name":"a\\u0000b","size":null}"#,
    )
    .await;
    check("GET /api/v1/things?q=a%00b", "422 ui-input-not-understood q").await;
    check("GET /api/v1/refuse/a%00b", "404 ui-error-not-found-text -").await;
}

#[tokio::test]
async fn another_kind_of_body_is_refused_by_its_kind() {
    let body = r#"{"name":"a"}"#;
    for (kind, expected) in [
        ("content-type: text/plain", "415 ui-error-media-type -"),
        ("content-type: application/jsonp", "415 ui-error-media-type -"),
        (
            "content-type: application/x-www-form-urlencoded",
            "415 ui-error-media-type -",
        ),
        ("x-other: 1", "415 ui-error-media-type -"),
        (
            "content-type: Application/JSON; charset=utf-8",
            r#"201 {"name":"a","size":null}"#,
        ),
    ] {
        check(&format!("POST /api/v1/things\n{kind}\n\n{body}"), expected).await;
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_every_form() {
    let long = "x".repeat(BODY_LIMIT);
    check(
        &format!("{POST}{{\"name\":\"{long}\"}}"),
        "413 ui-error-too-large -",
    )
    .await;
    check(&format!("POST /api/v1/orders\nidempotency-key: k\ncontent-type: application/json\n\n{{\"fail\":\"{long}\"}}"), "413 ui-error-too-large -").await;
    let form = format!(
        "POST /page\ncookie: session=ana\ncontent-type: application/x-www-form-urlencoded\n\ncsrf=the-right-token&name={long}"
    );
    assert_eq!(app().ask(&form).await.status.as_u16(), 413);
}

#[tokio::test]
async fn a_query_parameter_is_understood_or_named() {
    for (query, expected) in [
        ("", "200 {\"items\":[\"50\"],\"next_cursor\":null,\"total\":null}"),
        (
            "?",
            "200 {\"items\":[\"50\"],\"next_cursor\":null,\"total\":null}",
        ),
        (
            "?limit=200&q=caf%C3%A9+a",
            "200 {\"items\":[\"café a\",\"200\"],\"next_cursor\":null,\"total\":null}",
        ),
        (
            "?status=new&status=done",
            "200 {\"items\":[\"new\",\"done\",\"50\"],\"next_cursor\":null,\"total\":null}",
        ),
        // The empty field of a filter form.
        (
            "?q=&limit=",
            "200 {\"items\":[\"50\"],\"next_cursor\":null,\"total\":null}",
        ),
        ("?colour=red", "422 ui-input-unknown-field colour"),
        ("?limit=many", "422 ui-input-not-understood limit"),
        ("?limit=0", "422 ui-input-limit limit"),
        ("?limit=201", "422 ui-input-limit limit"),
        ("?limit=-1", "422 ui-input-not-understood limit"),
        ("?limit=99999999", "422 ui-input-not-understood limit"),
    ] {
        check(&format!("GET /api/v1/things{query}"), expected).await;
    }
}

#[tokio::test]
async fn a_path_that_does_not_parse_does_not_exist() {
    for id in ["x", "1.5", "99999999999999999999", "1%20"] {
        check(
            &format!("PATCH /api/v1/things/{id}"),
            "404 ui-error-not-found-text -",
        )
        .await;
    }
}

#[tokio::test]
async fn a_lost_update_is_refused_with_the_present_version() {
    for (given, expected) in [
        ("x-other: 1", "200 5"),
        ("if-match: *", "200 5"),
        ("if-match: \"3\"", "200 5"),
        ("if-match: W/\"3\"", "200 5"),
        ("if-match: \"2\"", "412 ui-error-stale -"),
        ("if-match: \"\"", "400 ui-error-malformed -"),
        ("if-match: \"abc\"", "400 ui-error-malformed -"),
        ("if-match: \"1\", \"3\"", "400 ui-error-malformed -"),
    ] {
        check(&format!("PATCH /api/v1/things/5\n{given}"), expected).await;
    }
    let answer = app()
        .ask("PATCH /api/v1/things/5\nauthorization: Bearer ana\nif-match: \"2\"")
        .await;
    assert_eq!(answer.json()["params"]["version"], 3);
    let done = app()
        .ask("PATCH /api/v1/things/5\nauthorization: Bearer ana")
        .await;
    assert_eq!(done.header("etag"), "\"4\"");
}

#[tokio::test]
async fn a_form_is_as_strict_as_the_rest() {
    const FORM: &str =
        "POST /page\nauthorization: Bearer ana\ncontent-type: application/x-www-form-urlencoded\n\n";
    for (body, status) in [
        ("name=a", 303),
        ("name=a&x=1", 422),
        ("", 422),
        ("name=%00", 422),
        ("name=a&csrf=any", 303),
    ] {
        assert_eq!(
            app().ask(&format!("{FORM}{body}")).await.status.as_u16(),
            status,
            "{body}"
        );
    }
    let json = "POST /page\nauthorization: Bearer ana\ncontent-type: application/json\n\n{}";
    assert_eq!(app().ask(json).await.status.as_u16(), 415);
}
