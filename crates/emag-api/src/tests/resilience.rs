//! Retry, circuit, log and secrets: what an operator sees on a bad day.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, advance};

use super::{PASSWORD, client, parts};
use crate::{
    AccountFault, ApiError, BODY_KEPT_MAX, BreakerState, Client, Credentials, Expected, FakeTransport,
    MemoryCallLog, Reply, Route, UnreachableKind,
};

fn vat() -> Reply {
    Reply::results(&json!([{"vat_id": 1, "vat_rate": 0.21, "is_default": 1}]))
}

#[tokio::test(start_paused = true)]
async fn trouble_at_the_partner_is_tried_seven_times_further_and_further_apart() {
    let partner = FakeTransport::new().always("vat/read", Reply::raw(502, "<html>502</html>"));
    assert_eq!(
        client(&partner).read_vat_rates().await.unwrap_err().name(),
        "transient"
    );
    let arrivals = partner.arrivals();
    let pauses: Vec<_> = arrivals
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_millis())
        .collect();
    // The first pause would be 250 ms; the pace of the bucket asks for more.
    assert_eq!(pauses, [345, 500, 1_000, 2_000, 4_000, 8_000]);
}

#[tokio::test(start_paused = true)]
async fn an_absurd_wait_asked_for_is_cut_to_a_minute() {
    for status in [429, 503] {
        let partner = FakeTransport::new()
            .once(
                "vat/read",
                Reply::raw(status, "").with_header("Retry-After", "999999"),
            )
            .always("vat/read", vat());
        assert!(client(&partner).read_vat_rates().await.is_ok());
        let arrivals = partner.arrivals();
        assert_eq!((arrivals[1] - arrivals[0]).as_secs(), 60, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn chance_spreads_the_retries() {
    let partner = FakeTransport::new()
        .once("vat/read", Reply::raw(500, ""))
        .always("vat/read", vat());
    let mut parts = parts(&partner, &MemoryCallLog::default());
    parts.jitter = std::sync::Arc::new(|bound: u64| bound - 1);
    assert!(Client::new(parts).read_vat_rates().await.is_ok());
    let arrivals = partner.arrivals();
    assert_eq!((arrivals[1] - arrivals[0]).as_millis(), 375);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again() {
    let partner = FakeTransport::new()
        .once("vat/read", Reply::unreachable(UnreachableKind::Closed))
        .once("vat/read", vat().after(Duration::from_hours(1)))
        .once("vat/read", vat());
    assert_eq!(client(&partner).read_vat_rates().await.unwrap().len(), 1);
    assert_eq!(partner.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn refusals_and_riddles_are_not_repeated() {
    for reply in [
        Reply::refused(&["no"]),
        Reply::raw(200, ""),
        Reply::raw(200, "<html>"),
        Reply::raw(404, "{\"message\":\"Invalid URL\"}"),
    ] {
        let partner = FakeTransport::new().always("vat/read", reply);
        assert!(client(&partner).read_vat_rates().await.is_err());
        assert_eq!(partner.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_label_is_never_asked_for_twice() {
    for reply in [
        Reply::raw(500, ""),
        Reply::unreachable(UnreachableKind::Timeout),
        Reply::throttled(),
    ] {
        let partner = FakeTransport::new().always("awb/save", reply);
        assert!(
            client(&partner)
                .call(Route::AwbSave, "", b"{}", &Expected::Envelope)
                .await
                .is_err()
        );
        assert_eq!(partner.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn too_fast_holds_every_caller_of_the_account_back() {
    let partner = FakeTransport::new()
        .once("vat/read", Reply::throttled().with_header("retry-after", "9"))
        .always("vat/read", vat())
        .always("handling_time/read", Reply::results(&json!([1, 2])));
    let first = client(&partner);
    let second = first.clone();
    let start = Instant::now();
    let (rates, times) = tokio::join!(first.read_vat_rates(), second.read_handling_times());
    assert_eq!((rates.unwrap().len(), times.unwrap().len()), (1, 2));
    let later: Vec<_> = partner
        .arrivals()
        .iter()
        .map(|at| (*at - start).as_secs())
        .collect();
    assert_eq!(later, [0, 9, 9]);
}

#[tokio::test(start_paused = true)]
async fn a_locked_order_is_tried_again_after_five_seconds() {
    let partner = FakeTransport::new()
        .once(
            "order/acknowledge/3120456789",
            Reply::refused(&["Resource locked for processing"]),
        )
        .once(
            "order/acknowledge/3120456789",
            Reply::refused(&["The order is already in progress"]),
        );
    assert_eq!(client(&partner).acknowledge(3_120_456_789).await, Ok(()));
    let arrivals = partner.arrivals();
    assert_eq!((arrivals[1] - arrivals[0]).as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_dead_back_end_opens_the_circuit_and_one_call_tries_later() {
    let partner = FakeTransport::new().always("vat/read", Reply::raw(500, ""));
    let client = client(&partner);
    assert!(client.read_vat_rates().await.is_err());
    assert!(matches!(client.breaker().state(), BreakerState::Open { .. }));
    let refused = client.read_vat_rates().await.unwrap_err();
    assert!(
        matches!(
            refused,
            ApiError::CircuitOpen {
                retry_after: Some(_),
                fault: None
            }
        ) && refused.heals_by_itself()
    );
    assert_eq!(partner.requests().len(), 7);

    advance(Duration::from_mins(1)).await;
    assert!(client.read_vat_rates().await.is_err());
    assert_eq!(
        partner.requests().len(),
        8,
        "a try that fails opens it again at once"
    );

    advance(Duration::from_mins(1)).await;
    let _partner = partner.once("vat/read", vat());
    assert!(client.read_vat_rates().await.is_ok());
    assert_eq!(client.breaker().state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_stop_the_account_until_they_change() {
    let body = r#"{"isError":true,"messages":["You are not allowed to use this API."],"results":[]}"#;
    let partner = FakeTransport::new()
        .once("vat/read", Reply::raw(403, body))
        .always("vat/read", vat());
    let client = client(&partner);
    assert_eq!(
        client.read_vat_rates().await.unwrap_err().account_fault(),
        Some(AccountFault::BadCredentials)
    );
    advance(Duration::from_hours(24)).await;
    assert_eq!(
        client.clone().read_vat_rates().await.unwrap_err().name(),
        "circuit_open"
    );
    assert_eq!(partner.requests().len(), 1);
    client
        .clone()
        .replace_credentials(Credentials::new("shop@magflow.test", "another"));
    assert!(client.read_vat_rates().await.is_ok());
    assert_ne!(partner.requests()[0].headers, partner.requests()[1].headers);
}

#[tokio::test(start_paused = true)]
async fn an_address_put_on_the_list_is_found_by_testing_the_connection() {
    let body = r#"{"isError":true,"messages":["Invalid vendor ip 1.2.3.4"],"results":[]}"#;
    let partner = FakeTransport::new()
        .once("vat/read", Reply::raw(403, body))
        .always("vat/read", vat());
    let client = client(&partner);
    assert!(client.read_vat_rates().await.is_err());
    assert_eq!(
        client.breaker().state(),
        BreakerState::Fault(AccountFault::ForeignIp)
    );
    assert!(client.test_connection().await.is_ok());
    assert!(client.read_vat_rates().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn every_sending_is_logged_without_the_password() {
    let echo = format!("<html>{PASSWORD} {}</html>", "x".repeat(BODY_KEPT_MAX));
    let partner = FakeTransport::new()
        .once("offer_stock/7", Reply::raw(500, echo))
        .once("offer_stock/7", Reply::raw(204, ""));
    let log = MemoryCallLog::default();
    let client = Client::new(parts(&partner, &log));
    client.set_stock(7, 21).await.unwrap();
    let records = log.records();
    let seen: Vec<_> = records
        .iter()
        .map(|record| (record.attempt, record.status, record.verdict))
        .collect();
    assert_eq!(seen, [(1, Some(500), "transient"), (2, Some(204), "ok")]);
    assert_eq!(
        (records[0].route, records[0].path.as_str()),
        ("offer_stock", "/offer_stock/7")
    );
    assert_eq!(records[0].request_body, "{\"stock\":21}");
    assert!(records[0].response_body.len() <= BODY_KEPT_MAX + 64);
    let everything = format!("{records:?} {client:?} {:?}", partner.requests());
    assert!(!everything.contains(PASSWORD) && everything.contains("shop@magflow.test"));
}
