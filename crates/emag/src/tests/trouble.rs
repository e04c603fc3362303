//! A marketplace in trouble: nothing is lost, nothing doubled, nothing half-written, and a failed run says so.

use emag_api::{HttpRequest, HttpResponse};
use emag_sandbox::{DEMO_PASSWORD, FBE_USERNAME, MAIN_USERNAME};
use serde_json::{Value, json};

use super::bench::{Pace, Shop};
use super::sync::nothing_lost_or_doubled;
use crate::service::{accounts, retry, runs};
use crate::{AccountKind, AccountPatch, RunKind, RunMode, RunState};

/// Each row of the answers to a route, changed.
fn rows(shop: &Shop, route: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) {
    shop.bend(move |request: &HttpRequest, mut response: HttpResponse| {
        if request.url.contains(route)
            && let Ok(mut body) = serde_json::from_slice::<Value>(&response.body)
        {
            for row in body["results"].as_array_mut().into_iter().flatten() {
                change(row);
            }
            response.body = body.to_string().into_bytes();
        }
        response
    });
}

fn offers(count: u64) -> Value {
    let offer = |id: u64| {
        json!({"id": id, "part_number": format!("SKU-{id}"), "name": format!("Article {id}"), "sale_price": 100,
               "min_sale_price": 10, "max_sale_price": 1000, "status": 1, "vat_id": 1,
               "stock": [{"warehouse_id": 1, "value": 10}]})
    };
    json!({"offers": {MAIN_USERNAME: (1..=count).map(offer).collect::<Vec<_>>()}})
}

fn order(products: &[(u64, i64)]) -> Value {
    let lines: Vec<Value> = products
        .iter()
        .map(|(id, units)| json!({"product_id": id, "quantity": units}))
        .collect();
    json!({"products": lines})
}

/// Runs until one goes through, as the timer would; how often.
async fn until_through(shop: &Shop, account: kernel::EmagAccountId, kind: RunKind) -> usize {
    for tries in 1..=8 {
        let run = shop.sync(account, kind).await;
        if run.state == RunState::Done {
            return tries;
        }
        assert!(
            run.state != RunState::Failed || run.error_code.is_some(),
            "a failed run says why: {run:?}"
        );
    }
    panic!("no run of {kind:?} went through");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_twentieth_of_all_answers_failing_loses_and_doubles_nothing() {
    let shop = Shop::seeded(250, 60, Pace::Free).await;
    let (main, fbe) = (shop.main().await, shop.fbe().await);
    let new: Vec<u64> = shop
        .orders_at_emag(MAIN_USERNAME)
        .iter()
        .filter(|order| order["status"] == 1)
        .map(|order| order["id"].as_u64().unwrap())
        .collect();
    let plan = json!({
        "rate": {"429": 0.01, "500": 0.008, "500_after": 0.004, "502_html": 0.008, "drop": 0.005, "drop_after": 0.005,
                 "timeout": 0.004, "timeout_after": 0.004, "partial": 0.01, "duplicate_rows": 0.05},
        "timeout_ms": 20, "seed": 11
    });
    shop.sandbox
        .set_faults(serde_json::from_value(plan).unwrap())
        .unwrap();
    for (account, offers) in [(main, 200), (fbe, 50)] {
        until_through(&shop, account, RunKind::Offers).await;
        until_through(&shop, account, RunKind::Orders).await;
        let mut conn = shop.db.db.read().await.unwrap();
        let listed: i64 = sqlx::query_scalar("SELECT count(*) FROM app.emag_listings WHERE account_id = $1")
            .bind(account.0)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert_eq!(listed, offers);
    }
    shop.sandbox.set_faults(emag_sandbox::Faults::default()).unwrap();
    // What was asked for and never answered is looked at by the next run.
    shop.sync(main, RunKind::Orders).await;
    nothing_lost_or_doubled(&shop).await;
    for id in &new {
        let carried_out = shop
            .calls(&format!("/order/acknowledge/{id}"))
            .iter()
            .filter(|call| call.status == 200 && call.is_error == Some(false))
            .count();
        assert!(
            carried_out <= 1,
            "order {id} was acknowledged {carried_out} times"
        );
    }
    let acknowledged = shop
        .number("SELECT count(*) FROM app.emag_orders WHERE ack = 'done'")
        .await;
    assert_eq!(usize::try_from(acknowledged).unwrap(), new.len());
    assert!(
        shop.orders_at_emag(MAIN_USERNAME)
            .iter()
            .all(|order| order["status"] != 1),
        "nothing is left as new at eMAG"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_stop_the_account_and_new_ones_cure_it() {
    let shop = Shop::with(offers(3)).await;
    let main = shop.account(MAIN_USERNAME, "wrong", AccountKind::Main).await;
    let run = shop.sync(main, RunKind::Offers).await;
    assert_eq!(
        (run.state, run.error_code.as_deref(), run.rows_read),
        (RunState::Failed, Some("bad_credentials"), 0)
    );
    assert_eq!(
        shop.account_row(main).await.fault.as_deref(),
        Some("bad_credentials")
    );
    let calls = shop.sandbox.calls(0).len();
    assert_eq!(calls, 1, "bad requests count against the budget");
    let run = shop.sync(main, RunKind::Orders).await;
    assert_eq!(run.error_code.as_deref(), Some("bad_credentials"));
    assert_eq!(
        shop.sandbox.calls(0).len(),
        calls,
        "not asked again before it is cured"
    );
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    let patch = AccountPatch {
        password: Some(DEMO_PASSWORD.to_owned()),
        ..AccountPatch::default()
    };
    accounts::update(&mut tx, &shop.actor, &shop.context, (main, None), patch)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let run = shop.sync(main, RunKind::Offers).await;
    assert_eq!((run.state, run.rows_created), (RunState::Done, 3), "{run:?}");
    assert_eq!(shop.account_row(main).await.fault, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_address_is_named_as_such() {
    let mut state = offers(1);
    state["accounts"] = json!([{"username": MAIN_USERNAME, "password": DEMO_PASSWORD, "platform": "emag-ro", "type": "MAIN",
                                "allowed_ips": ["203.0.113.7"]}]);
    let shop = Shop::with(state).await;
    let main = shop.main().await;
    let run = shop.sync(main, RunKind::Offers).await;
    assert_eq!(
        (run.state, run.error_code.as_deref()),
        (RunState::Failed, Some("foreign_ip")),
        "{run:?}"
    );
    assert_eq!(shop.account_row(main).await.fault.as_deref(), Some("foreign_ip"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_nobody_understands_is_a_failed_run_and_never_an_empty_shop() {
    let shop = Shop::with(offers(3)).await;
    let main = shop.main().await;
    for (route, text) in [
        ("/product_offer/", "<html><body>Service unavailable</body></html>"),
        (
            "/product_offer/",
            "{\"isError\":false,\"results\":[{\"id\":1,\"na",
        ),
        ("/product_offer/read", ""),
        ("/product_offer/read", "[]"),
        ("/product_offer/read", "{\"messages\":[],\"results\":[]}"),
        ("/product_offer/read", "\u{0}\u{1}\u{2}"),
    ] {
        shop.answer(route, text);
        let run = shop.sync(main, RunKind::Offers).await;
        assert_eq!(
            (run.state, run.error_code.as_deref(), run.rows_read),
            (RunState::Failed, Some("not_understood"), 0),
            "{route} {text}: {run:?}"
        );
        assert_eq!(shop.account_row(main).await.opened_at, None);
    }
    for text in ["<html></html>", "{\"isError\":false,\"results\":[{", "{}"] {
        shop.answer("/order/", text);
        let run = shop.sync(main, RunKind::Orders).await;
        assert_eq!(
            (run.state, run.error_code.as_deref()),
            (RunState::Failed, Some("not_understood")),
            "{text}: {run:?}"
        );
        assert_eq!(shop.account_row(main).await.orders_read_until, None);
    }
    shop.straighten();
    assert_eq!(shop.sync(main, RunKind::Offers).await.rows_created, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marketplace_that_is_down_is_a_failed_run_and_never_success_with_nothing() {
    let shop = Shop::with(offers(3)).await;
    let main = shop.main().await;
    shop.cut(true);
    for kind in [RunKind::Offers, RunKind::Orders] {
        let run = shop.sync(main, kind).await;
        assert_eq!(
            (run.state, run.error_code.as_deref(), run.rows_read),
            (RunState::Failed, Some("unreachable"), 0),
            "{run:?}"
        );
    }
    let account = shop.account_row(main).await;
    assert_eq!(
        (account.fault.as_deref(), account.may_call()),
        (Some("unreachable"), true),
        "an outage is tried again by itself"
    );
    assert_eq!(account.orders_read_until, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_come_in_as_texts_and_cost_no_other_row() {
    let shop = Shop::with(offers(4)).await;
    let main = shop.main().await;
    shop.sandbox
        .add_orders(MAIN_USERNAME, vec![order(&[(1, 1)]), order(&[(2, 1)])])
        .unwrap();
    // No two alike, so that nothing can be pressed together.
    let long: String = (0..10_000_u32)
        .filter_map(|n| char::from_u32(0x4e00 + n * 7919 % 20_000))
        .collect();
    let start: String = long.chars().take(24).collect();
    // As bytes, since half a pair is no text in any of our languages.
    let hostile = |n: u64| match n % 4 {
        0 => "<script>alert(1)</script>\\u0000'; DROP TABLE app.products; --".to_owned(),
        1 => long.clone(),
        2 => "\u{202e}\u{1f4a9}\u{200f}שלום {{ 7*7 }} %s".to_owned(),
        _ => "half \\ud83d end \\udc00".to_owned(),
    };
    let texts: Vec<String> = (0..4).map(hostile).collect();
    shop.bend(move |request, mut response| {
        if request.url.ends_with("/read") {
            let mut body = String::from_utf8(response.body).unwrap();
            for (n, text) in texts.iter().enumerate() {
                body = body
                    .replace(&format!("Article {n}"), text)
                    .replace(&format!("Article {}", n + 4), text);
            }
            response.body = body.into_bytes();
        }
        response
    });
    let run = shop.sync(main, RunKind::Offers).await;
    assert_eq!((run.state, run.rows_created), (RunState::Done, 4), "{run:?}");
    let run = shop.sync(main, RunKind::Orders).await;
    assert_eq!((run.state, run.rows_created), (RunState::Done, 2), "{run:?}");
    assert_eq!(
        shop.text("SELECT string_agg(left(name, 24), '|' ORDER BY emag_id) FROM app.emag_listings")
            .await,
        format!(
            "{start}|\u{202e}\u{1f4a9}\u{200f}שלום {{{{ 7*7 }}}} %s|half \u{fffd} end \u{fffd}|<script>alert(1)</script"
        )
    );
    assert_eq!(
        shop.number("SELECT count(*) FROM app.products WHERE length(name) <= 500")
            .await,
        4
    );
    nothing_lost_or_doubled(&shop).await;
    // The acknowledged orders have lowered two stocks; after that nothing moves.
    shop.sync(main, RunKind::Offers).await;
    let again = shop.sync(main, RunKind::Offers).await;
    assert_eq!(
        (again.rows_changed, again.rows_unchanged),
        (0, 4),
        "twice is once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_order_stops_no_other_and_comes_in_when_it_is_mended() {
    let shop = Shop::with(offers(3)).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    let lines = vec![order(&[(1, 1)]), order(&[(2, 1)]), order(&[(3, 1)])];
    let ids = shop.sandbox.add_orders(MAIN_USERNAME, lines).unwrap();
    let bad = ids[1];
    rows(&shop, "/order/read", move |row| {
        if row["id"].as_u64() == Some(bad) {
            row["products"][0]["quantity"] = json!(-4);
        }
    });
    let run = shop.sync(main, RunKind::Orders).await;
    assert_eq!(
        (run.state, run.rows_created, run.rows_refused),
        (RunState::Partial, 2, 1),
        "{run:?}"
    );
    assert_eq!(shop.acknowledged(), 2, "what was not written is not acknowledged");
    let failures = shop.failures(run.id).await;
    let [failure] = failures.as_slice() else {
        panic!("{failures:?}")
    };
    assert_eq!(
        (
            failure.subject.as_str(),
            failure.external_id.clone(),
            failure.code.as_str()
        ),
        ("order", bad.to_string(), "quantity-invalid")
    );
    // Still bad: the reason comes back. Twice the wish is one wish.
    shop.retry(run.id, failure.id).await;
    let failures = shop.failures(run.id).await;
    assert_eq!(
        (failures.len(), failures[0].code.as_str()),
        (1, "quantity-invalid")
    );
    shop.straighten();
    shop.retry(run.id, failure.id).await;
    assert!(shop.failures(run.id).await[0].resolved_at.is_some());
    assert_eq!(
        shop.run(run.id).await.state,
        RunState::Done,
        "nothing is left on its list"
    );
    assert_eq!(shop.acknowledged(), 3);
    nothing_lost_or_doubled(&shop).await;
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    let refused = retry::failure(&mut tx, &shop.actor, (run.id, failure.id)).await;
    assert!(
        matches!(refused, Err(crate::EmagError::Refused(ref why)) if why.code == "emag-refused-resolved")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_nobody_could_read_is_listed_and_read_again() {
    let shop = Shop::with(offers(250)).await;
    let main = shop.main().await;
    let is_page = |request: &HttpRequest, page: u64| {
        request.url.contains("/product_offer/read")
            && serde_json::from_slice::<Value>(&request.body).is_ok_and(|body| body["currentPage"] == page)
    };
    shop.bend(move |request, mut response| {
        if is_page(request, 2) {
            response.body.truncate(1_000);
        }
        response
    });
    let run = shop.sync(main, RunKind::Offers).await;
    assert_eq!((run.state, run.rows_created), (RunState::Partial, 150), "{run:?}");
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_listings WHERE missing_since IS NOT NULL")
            .await,
        0
    );
    let failures = shop.failures(run.id).await;
    assert_eq!(
        (failures[0].subject.as_str(), failures[0].external_id.as_str()),
        ("page", "2"),
        "{failures:?}"
    );
    shop.straighten();
    shop.retry(run.id, failures[0].id).await;
    assert_eq!(shop.number("SELECT count(*) FROM app.emag_listings").await, 250);
    assert_eq!(shop.run(run.id).await.state, RunState::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_page_nobody_could_read_come_with_the_next_run() {
    let shop = Shop::with(offers(1)).await;
    let main = shop.main().await;
    shop.sync(main, RunKind::Offers).await;
    shop.sync(main, RunKind::Orders).await;
    let before = shop.account_row(main).await.orders_read_until.unwrap();
    shop.hands.advance(chrono::Duration::hours(3));
    shop.sandbox.advance_clock(3.0 * 3600.0);
    shop.sandbox
        .add_orders(MAIN_USERNAME, (0..150).map(|_| order(&[(1, 1)])).collect())
        .unwrap();
    shop.bend(|request, mut response| {
        if request.url.contains("/order/read")
            && String::from_utf8_lossy(&request.body).contains("\"currentPage\":2")
        {
            response.body.truncate(500);
        }
        response
    });
    let run = shop.queue(main, RunKind::Orders, RunMode::Incremental).await;
    runs::work(&shop.context, run).await.unwrap();
    let done = shop.run(run).await;
    assert_eq!(done.state, RunState::Partial, "{done:?}");
    assert_eq!(shop.failures(run).await[0].external_id, "0/2");
    assert_eq!(
        shop.account_row(main).await.orders_read_until,
        Some(before),
        "the next run begins where this one was blind"
    );
    shop.straighten();
    let next = shop.queue(main, RunKind::Orders, RunMode::Incremental).await;
    runs::work(&shop.context, next).await.unwrap();
    assert_eq!(shop.run(next).await.state, RunState::Done);
    assert_eq!(
        shop.run(run).await.state,
        RunState::Done,
        "what it left out was read"
    );
    nothing_lost_or_doubled(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_repeat_come_short_or_empty_end_the_reading_and_lose_no_offer() {
    let shop = Shop::with(offers(200)).await;
    let main = shop.main().await;
    // Past its end the partner serves the last page again, for ever.
    let last = std::sync::Mutex::new(None);
    shop.bend(move |request, response| {
        if !request.url.contains("/product_offer/read") {
            return response;
        }
        let mut last = last.lock().unwrap();
        if String::from_utf8_lossy(&response.body).contains("\"results\":[]") {
            return last.clone().unwrap_or(response);
        }
        *last = Some(response.clone());
        response
    });
    let run = shop.sync(main, RunKind::Offers).await;
    assert_eq!((run.state, run.rows_created), (RunState::Done, 200), "{run:?}");
    // The first page comes a row short: the offers behind it are not taken for gone.
    shop.bend(|request, mut response| {
        if request.url.contains("/product_offer/read") {
            let mut body: Value = serde_json::from_slice(&response.body).unwrap();
            drop(body["results"].as_array_mut().and_then(Vec::pop));
            response.body = body.to_string().into_bytes();
        }
        response
    });
    let run = shop.sync(main, RunKind::Offers).await;
    assert_eq!(run.state, RunState::Partial, "{run:?}");
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_listings WHERE missing_since IS NOT NULL")
            .await,
        0
    );
    shop.straighten();
    let run_again = shop.sync(main, RunKind::Offers).await;
    assert_eq!(run_again.state, RunState::Done);
    assert_eq!(
        shop.run(run.id).await.state,
        RunState::Done,
        "the whole run covers the page"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_switched_off_reads_nothing() {
    let shop = Shop::with(offers(1)).await;
    let main = shop.main().await;
    let queued = shop.queue(main, RunKind::Offers, RunMode::Full).await;
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    let patch = AccountPatch {
        is_active: Some(false),
        ..AccountPatch::default()
    };
    accounts::update(&mut tx, &shop.actor, &shop.context, (main, None), patch)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    runs::work(&shop.context, queued).await.unwrap();
    let run = shop.run(queued).await;
    assert_eq!(
        (run.state, run.error_code.as_deref()),
        (RunState::Failed, Some("inactive"))
    );
    assert!(shop.sandbox.calls(0).is_empty());
    let mut tx = shop.db.db.begin(&shop.actor).await.unwrap();
    let started = runs::start(
        &mut tx,
        &shop.actor,
        &shop.context,
        main,
        (RunKind::Offers, RunMode::Full),
    )
    .await;
    assert!(matches!(started, Err(crate::EmagError::Refused(why)) if why.code == "emag-refused-inactive"));
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_of_one_account_leaves_the_other_alone() {
    let shop = Shop::seeded(40, 10, Pace::Free).await;
    let main = shop.main().await;
    let fbe = shop.account(FBE_USERNAME, "wrong", AccountKind::Fbe).await;
    let (bad, good) = tokio::join!(shop.sync(fbe, RunKind::Offers), shop.sync(main, RunKind::Offers));
    assert_eq!((bad.state, good.state), (RunState::Failed, RunState::Done));
}
