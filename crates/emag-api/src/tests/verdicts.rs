//! Every answer shape and status of eMAG API 4.4.9 sections 2 and 4, and what each means.

use proptest::prelude::*;
use serde_json::json;

use crate::{
    Accepted, AccountFault, ApiError, Expected, HttpResponse, TransportError, UnreachableKind, judge,
    verdict_name,
};

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![],
        body: body.as_bytes().to_vec(),
    }
}

#[track_caller]
fn check(expected: &Expected, status: u16, body: &str, verdict: &str) {
    let found = judge(expected, &Ok(answer(status, body)));
    assert_eq!(verdict_name(&found), verdict, "{status} {body}: {found:?}");
}

fn sent(ids: &[u64]) -> Expected {
    Expected::EntityMap { sent: ids.to_vec() }
}

fn documented(ids: &[u64]) -> Expected {
    Expected::Documentation { sent: ids.to_vec() }
}

const NOT_ALLOWED: &str =
    r#"{"isError":true,"messages":["You are not allowed to use this API."],"results":[]}"#;
const FOREIGN_IP: &str = r#"{"isError":true,"messages":["Invalid vendor ip 10.0.0.1"],"results":[]}"#;

#[test]
fn the_body_decides_at_status_200() {
    let expected = Expected::Envelope;
    check(
        &expected,
        200,
        r#"{"isError":false,"messages":[],"results":[{"id":1}]}"#,
        "ok",
    );
    check(
        &expected,
        200,
        r#"{"isError":false,"messages":[],"errors":[],"results":{"noOfItems":"797"}}"#,
        "ok",
    );
    check(&expected, 200, r#"{"isError":false,"results":[]}"#, "ok");
    check(&expected, 200, r#"{"isError":"0","results":[]}"#, "ok");
    check(
        &expected,
        200,
        r#"{"isError":true,"messages":["no"],"results":[]}"#,
        "refused",
    );
    check(
        &expected,
        200,
        r#"{"isError":true,"results":[[{"id":1}]],"messages":["no"]}"#,
        "refused",
    );
}

#[test]
fn a_missing_flag_is_never_a_success() {
    for body in [
        r#"{"messages":[],"results":[]}"#,
        r#"{"isError":null,"results":[]}"#,
        r#"{"isError":[],"results":[]}"#,
        r#"{"isError":"perhaps","results":[]}"#,
        r#"{"message":"something"}"#,
        "[]",
        "",
        "null",
        "<html><body>Welcome</body></html>",
        r#"{"isError":false,"results":[{"id"#,
    ] {
        check(&Expected::Envelope, 200, body, "not_understood");
        check(&sent(&[1]), 200, body, "not_understood");
        check(&documented(&[1]), 200, body, "not_understood");
        check(&Expected::Acknowledge, 200, body, "not_understood");
    }
    check(&Expected::Envelope, 204, "", "not_understood");
    check(&Expected::Envelope, 302, "", "not_understood");
}

#[test]
fn account_troubles_are_told_apart_and_never_an_items_fault() {
    #[track_caller]
    fn check(status: u16, body: &str, fault: AccountFault) {
        let found = judge(&documented(&[1]), &Ok(answer(status, body))).unwrap_err();
        assert_eq!(found.account_fault(), Some(fault), "{status} {body}: {found:?}");
        assert!(!found.heals_by_itself());
    }
    check(
        401,
        r#"{"isError":true,"messages":["Authentication required"],"results":[]}"#,
        AccountFault::NoCredentials,
    );
    check(401, "", AccountFault::NoCredentials);
    check(403, NOT_ALLOWED, AccountFault::BadCredentials);
    check(200, NOT_ALLOWED, AccountFault::BadCredentials);
    check(403, "<html>Forbidden</html>", AccountFault::BadCredentials);
    check(403, FOREIGN_IP, AccountFault::ForeignIp);
    check(200, FOREIGN_IP, AccountFault::ForeignIp);
    check(401, FOREIGN_IP, AccountFault::ForeignIp);
    check(500, FOREIGN_IP, AccountFault::ForeignIp);
}

#[test]
fn back_end_trouble_is_transient_whatever_the_body() {
    for status in [408, 500, 502, 503, 504, 520] {
        for body in [
            "",
            "<html>502 Bad Gateway</html>",
            r#"{"message":"down"}"#,
            r#"{"isError":false,"results":[]}"#,
        ] {
            check(&Expected::Envelope, status, body, "transient");
        }
    }
}

#[test]
fn too_fast_is_throttled_and_names_the_wait() {
    check(
        &Expected::Envelope,
        429,
        r#"{"message":"API rate limit exceeded"}"#,
        "throttled",
    );
    check(&Expected::Envelope, 429, "", "throttled");
    check(
        &Expected::Envelope,
        200,
        r#"{"message":"API rate limit exceeded"}"#,
        "throttled",
    );
    let mut response = answer(429, "");
    response.headers.push(("retry-AFTER".to_owned(), "7".to_owned()));
    let seven = Some(std::time::Duration::from_secs(7));
    assert_eq!(
        judge(&Expected::Envelope, &Ok(response)),
        Err(ApiError::Throttled { retry_after: seven })
    );
}

#[test]
fn no_answer_is_unreachable() {
    let lost = Err(TransportError::new(UnreachableKind::Closed, "reset"));
    assert_eq!(verdict_name(&judge(&Expected::Envelope, &lost)), "unreachable");
}

#[test]
fn a_stock_push_is_done_with_an_empty_204() {
    let expected = Expected::Stock;
    check(&expected, 204, "", "ok");
    check(&expected, 404, r#"{"message":"Invalid URL"}"#, "refused");
    check(
        &expected,
        404,
        r#"{"message":"This offer does not exist"}"#,
        "refused",
    );
    check(&expected, 400, r#"{"message":"Invalid content"}"#, "refused");
    check(&expected, 403, NOT_ALLOWED, "account_fault");
    check(&expected, 200, "", "not_understood");
    check(&expected, 404, "<html>nginx</html>", "not_understood");
    let frozen = r#"{"message":"Validation errors in your request","errors":[{"message":"in campaign","field":"stock"}]}"#;
    let Err(ApiError::Refused { status, messages }) = judge(&expected, &Ok(answer(400, frozen))) else {
        panic!()
    };
    assert_eq!((status, messages.len()), (400, 2));
    assert_eq!(
        (messages[1].text.as_str(), messages[1].field.as_deref()),
        ("in campaign", Some("stock"))
    );
}

#[test]
fn offer_save_hides_failures_and_gaps_behind_a_friendly_flag() {
    let body = r#"{"isError":false,"messages":[],"errors":[],"results":{
        "51007":{"isError":false,"messages":["Offer 51007 updated successfully"]},
        "51008":{"isError":true,"messages":["Stock should be 0 or more","Twice"]},
        "51009":{"messages":[]}}}"#;
    let found = judge(&sent(&[51007, 51008, 51009, 51010]), &Ok(answer(200, body)))
        .unwrap()
        .accepted;
    let Accepted::PartialFailure { failed, missing, .. } = found else {
        panic!("{found:?}")
    };
    assert_eq!(
        failed.into_iter().collect::<Vec<_>>(),
        [(51008, vec!["Stock should be 0 or more".into(), "Twice".into()])]
    );
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), [51009, 51010]);

    let all = r#"{"isError":false,"results":{"1":{"isError":false,"messages":[]}}}"#;
    check(&sent(&[1]), 200, all, "ok");
    check(&sent(&[1, 2]), 200, all, "partial_failure");
    check(
        &sent(&[1]),
        200,
        r#"{"isError":false,"messages":[],"results":[]}"#,
        "partial_failure",
    );
    check(
        &sent(&[1]),
        200,
        r#"{"isError":true,"messages":["no"],"results":[]}"#,
        "refused",
    );
    check(
        &sent(&[1]),
        200,
        r#"{"isError":true,"messages":["no"],"results":{"1":{"isError":true}}}"#,
        "partial_failure",
    );
}

#[test]
fn a_documentation_error_still_saved_the_offer() {
    let body =
        r#"{"isError":true,"messages":["Invalid images - Product id: 2","General remark"],"results":[]}"#;
    let found = judge(&documented(&[1, 2]), &Ok(answer(200, body)))
        .unwrap()
        .accepted;
    let Accepted::OkWithRemarks { remarks } = found else {
        panic!("{found:?}")
    };
    assert_eq!(remarks[&2], ["Invalid images - Product id: 2"]);
    assert_eq!(remarks[&0], ["General remark"]);
    check(
        &documented(&[1]),
        200,
        r#"{"isError":false,"messages":["Mktp Family: name invalid"],"results":[]}"#,
        "ok_with_remarks",
    );
    check(
        &documented(&[1]),
        200,
        r#"{"isError":false,"messages":[],"results":[]}"#,
        "ok",
    );
    check(
        &documented(&[1]),
        200,
        r#"{"isError":true,"messages":[],"results":[]}"#,
        "refused",
    );
}

#[test]
fn the_closed_list_of_texts_means_nothing_was_saved() {
    for text in [
        "Maximum input vars of 4000 exceeded",
        "You already hold a Product associated with this PN:ZR2-42-NG.",
        "You already hold an offer associated with this PNK: DZ7R2KMBM.",
        "The product you have tried to associate this offer to is a duplicated product. Please associate the offer to product with PNK DABCDEFBM",
        "594999 is not a valid EAN. - Product id: 7",
    ] {
        let body = json!({"isError": true, "messages": [text], "results": []}).to_string();
        check(&documented(&[7]), 200, &body, "refused");
    }
    let message_key = r#"{"isError":true,"message":"Maximum input vars of 4000 exceeded"}"#;
    check(&documented(&[7, 8]), 200, message_key, "refused");
}

#[test]
fn one_refused_product_of_many_is_named_or_left_open() {
    let body = r#"{"isError":true,"messages":["1 is not a valid EAN. - Product id: 8","You already hold a Product associated with this PN:X."]}"#;
    let found = judge(&documented(&[7, 8, 9]), &Ok(answer(200, body)))
        .unwrap()
        .accepted;
    let Accepted::PartialFailure {
        failed, unassigned, ..
    } = found
    else {
        panic!("{found:?}")
    };
    assert_eq!(failed.keys().copied().collect::<Vec<_>>(), [8]);
    assert_eq!(
        unassigned,
        ["You already hold a Product associated with this PN:X."]
    );
}

#[test]
fn an_order_already_taken_on_is_a_success_and_a_locked_one_waits() {
    let expected = Expected::Acknowledge;
    check(
        &expected,
        200,
        r#"{"isError":false,"messages":[],"results":[]}"#,
        "ok",
    );
    check(
        &expected,
        200,
        r#"{"isError":true,"messages":["Order is already in progress"],"results":[]}"#,
        "ok",
    );
    check(
        &expected,
        200,
        r#"{"isError":true,"messages":["Resource locked for processing"],"results":[]}"#,
        "locked",
    );
    check(
        &expected,
        200,
        r#"{"isError":true,"messages":["Order not found"],"results":[]}"#,
        "refused",
    );
    check(
        &Expected::Envelope,
        200,
        r#"{"isError":true,"messages":["already in progress"],"results":[]}"#,
        "refused",
    );
}

#[test]
fn messages_are_read_in_every_spelling() {
    for (body, expected) in [
        (json!({"isError": true, "messages": ["a", "b"]}), vec!["a", "b"]),
        (json!({"isError": true, "messages": "a"}), vec!["a"]),
        (json!({"isError": true, "message": "a"}), vec!["a"]),
        (
            json!({"isError": true, "messages": [{"message": "a"}, {"text": "b"}, {"error": "c"}, {"description": "d"}]}),
            vec!["a", "b", "c", "d"],
        ),
        (
            json!({"isError": true, "messages": [], "errors": [{"message": "e", "field": "stock"}]}),
            vec!["e"],
        ),
        (json!({"isError": true, "messages": [["a"], ""]}), vec!["a"]),
        (json!({"isError": true, "messages": {"text": "a"}}), vec!["a"]),
    ] {
        let Err(ApiError::Refused { messages, .. }) =
            judge(&Expected::Envelope, &Ok(answer(200, &body.to_string())))
        else {
            panic!("{body}")
        };
        assert_eq!(
            messages
                .iter()
                .map(|message| message.text.as_str())
                .collect::<Vec<_>>(),
            expected,
            "{body}"
        );
    }
}

#[test]
fn an_unreadable_body_is_kept_to_500_bytes() {
    let body = "ș".repeat(4_000);
    let Err(ApiError::NotUnderstood { sample, .. }) = judge(&Expected::Envelope, &Ok(answer(200, &body)))
    else {
        panic!()
    };
    assert!(sample.len() <= 500 && sample.starts_with("șșș"));
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_and_only_the_flag_makes_a_success(
        status in 100_u16..600,
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
        text in r#"\{("isError":(true|false|null|0|"1"),?)?("messages":(\[\]|"x"|\{\}),?)?("results":(\[\]|\{"1":5\}|7))?\}"#,
    ) {
        for body in [bytes, text.into_bytes()] {
            for expected in [Expected::Envelope, Expected::Acknowledge, Expected::Stock, sent(&[1]), documented(&[1])] {
                let response = HttpResponse { status, headers: vec![], body: body.clone() };
                let verdict = judge(&expected, &Ok(response));
                let flagged = String::from_utf8_lossy(&body).contains("isError");
                prop_assert!(verdict.is_err() || flagged || (status == 204 && expected == Expected::Stock));
            }
        }
    }
}
