//! Saving in bulk: nothing is lost, nothing is believed that was not said.

use std::str::FromStr as _;

use rust_decimal::Decimal;
use serde_json::json;

use super::{body_of, client};
use crate::lenient::WireNumber;
use crate::wire::{CharacteristicValue, OfferUpdate, ProductSave, WarehouseAmount};
use crate::{ApiError, EntityOutcome, FakeTransport, Reply};

fn price(text: &str) -> WireNumber {
    WireNumber(Decimal::from_str(text).unwrap())
}

fn stock_of(id: u64) -> OfferUpdate {
    OfferUpdate {
        id,
        stock: vec![WarehouseAmount::single(3)],
        ..OfferUpdate::default()
    }
}

/// A partner that updates every offer it is sent.
fn obliging() -> FakeTransport {
    FakeTransport::new().answering("/offer/save", |request| {
        let body = body_of(request);
        let rows = body["data"].as_array().unwrap().iter();
        Reply::results(
            &rows
                .map(|row| (row["id"].to_string(), json!({"isError": false, "messages": []})))
                .collect(),
        )
    })
}

#[tokio::test(start_paused = true)]
async fn a_thousand_changes_leave_in_twenty_calls() {
    let partner = obliging();
    let changes: Vec<_> = (1..=1_000).map(stock_of).collect();
    let outcome = client(&partner).save_offers(&changes).await;
    assert!(outcome.is_clean() && outcome.entities.len() == 1_000);
    assert_eq!(partner.requests().len(), 20);
    let arrivals = partner.arrivals();
    assert!(
        arrivals
            .windows(2)
            .all(|pair| (pair[1] - pair[0]).as_millis() >= 340)
    );
}

#[tokio::test(start_paused = true)]
async fn a_price_leaves_with_exactly_its_own_digits() {
    let partner = obliging();
    let change = OfferUpdate {
        id: 51_007,
        sale_price: Some(price("206.6110")),
        ..OfferUpdate::default()
    };
    client(&partner).save_offers(&[change]).await;
    assert_eq!(
        partner.requests()[0].body,
        br#"{"data":[{"id":51007,"sale_price":206.6110}]}"#
    );
}

#[tokio::test(start_paused = true)]
async fn what_would_be_refused_is_not_sent() {
    let partner = obliging();
    let bad = [
        OfferUpdate {
            id: 0,
            ..OfferUpdate::default()
        },
        OfferUpdate {
            id: 1,
            sale_price: Some(price("0")),
            ..OfferUpdate::default()
        },
        OfferUpdate {
            id: 2,
            sale_price: Some(price("1.23456")),
            ..OfferUpdate::default()
        },
        OfferUpdate {
            id: 3,
            sale_price: Some(price("9")),
            min_sale_price: Some(price("10")),
            ..OfferUpdate::default()
        },
        OfferUpdate {
            id: 4,
            stock: vec![WarehouseAmount::single(65_536)],
            ..OfferUpdate::default()
        },
        OfferUpdate {
            id: 5,
            sale_price: Some(price("9")),
            recommended_price: Some(price("9")),
            ..OfferUpdate::default()
        },
    ];
    let outcome = client(&partner).save_offers(&bad).await;
    assert!(
        outcome
            .entities
            .values()
            .all(|one| matches!(one, EntityOutcome::Invalid(_))),
        "{outcome:?}"
    );
    assert_eq!((outcome.entities.len(), partner.requests().len()), (6, 0));
    assert_eq!(
        client(&partner).set_stock(1, 65_536).await.unwrap_err().name(),
        "invalid"
    );
}

#[tokio::test(start_paused = true)]
async fn every_offer_gets_its_own_outcome() {
    let results = json!({"1": {"isError": false, "messages": []}, "2": {"isError": true, "messages": ["Offer 2 not found"]}});
    let partner = FakeTransport::new().always("/offer/save", Reply::results(&results));
    let outcome = client(&partner)
        .save_offers(&[stock_of(1), stock_of(2), stock_of(3)])
        .await;
    assert_eq!(outcome.entities[&1], EntityOutcome::Saved);
    assert_eq!(
        outcome.entities[&2],
        EntityOutcome::Refused(vec!["Offer 2 not found".into()])
    );
    assert_eq!(outcome.entities[&3], EntityOutcome::Unclear(vec![]));
}

#[tokio::test(start_paused = true)]
async fn when_the_partner_is_down_the_rest_of_the_list_waits() {
    let partner = FakeTransport::new().always("/offer/save", Reply::raw(503, ""));
    let changes: Vec<_> = (1..=120).map(stock_of).collect();
    let outcome = client(&partner).save_offers(&changes).await;
    assert_eq!(outcome.entities.len(), 120);
    assert!(matches!(
        outcome.entities[&50],
        EntityOutcome::Failed(ApiError::Transient { .. })
    ));
    assert_eq!(outcome.entities[&51], EntityOutcome::NotSent);
    assert_eq!(partner.requests().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_offer_named_twice_is_sent_once_as_last_said() {
    let partner = obliging();
    let last = OfferUpdate {
        id: 1,
        stock: vec![WarehouseAmount::single(9)],
        ..OfferUpdate::default()
    };
    client(&partner)
        .save_offers(&[stock_of(1), stock_of(2), last])
        .await;
    let body = body_of(&partner.requests()[0]);
    assert_eq!(body["data"].as_array().unwrap().len(), 2);
    assert_eq!(body["data"][1]["stock"][0]["value"], 9);
}

#[tokio::test(start_paused = true)]
async fn big_products_are_split_before_4000_elements() {
    let partner = FakeTransport::new().always("product_offer/save", Reply::results(&json!([])));
    let big = |id, values: u64| ProductSave {
        id,
        characteristics: (1..=values)
            .map(|id| CharacteristicValue {
                id,
                value: "Negru".into(),
                tag: None,
            })
            .collect(),
        ..ProductSave::default()
    };
    let products = [big(1, 900), big(2, 900), big(3, 900), big(4, 2_001)];
    let outcome = client(&partner).save_products(&products).await;
    assert!(matches!(outcome.entities[&4], EntityOutcome::Invalid(_)));
    let sizes: Vec<_> = partner
        .requests()
        .iter()
        .map(|r| body_of(r)["data"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn product_saves_tell_remarks_refusals_and_doubts_apart() {
    let product = |id| ProductSave {
        id,
        ..ProductSave::default()
    };
    let partner = FakeTransport::new().always(
        "product_offer/save",
        Reply::refused(&[
            "Invalid images - Product id: 1",
            "X is not a valid EAN. - Product id: 2",
        ]),
    );
    let outcome = client(&partner)
        .save_products(&[product(1), product(2), product(3)])
        .await
        .entities;
    assert_eq!(
        outcome[&1],
        EntityOutcome::SavedWithRemarks(vec!["Invalid images - Product id: 1".into()])
    );
    assert!(matches!(outcome[&2], EntityOutcome::Refused(_)));
    let nameless = "You already hold a Product associated with this PN:ZR2.";
    let partner = FakeTransport::new().always("product_offer/save", Reply::refused(&[nameless]));
    let outcome = client(&partner)
        .save_products(&[product(1), product(2)])
        .await
        .entities;
    assert!(
        outcome
            .values()
            .all(|one| *one == EntityOutcome::Unclear(vec![nameless.into()]))
    );
    let outcome = client(&partner).save_products(&[product(1)]).await.entities;
    assert_eq!(outcome[&1], EntityOutcome::Refused(vec![nameless.into()]));
}
