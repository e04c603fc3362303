//! Reading pages that have no totals, no order and no end of surprises.

use chrono::{TimeDelta, TimeZone as _, Utc};
use chrono_tz::Europe::Bucharest;
use serde_json::{Value, json};

use super::{body_of, client};
use crate::wire::{CategoryFilter, OfferFilter, OfferStatus, OrderFilter, OrderKind};
use crate::{ApiError, FakeTransport, PageEnd, Reply, order_windows};

fn offers(ids: impl IntoIterator<Item = u64>) -> Value {
    ids.into_iter()
        .map(|id| json!({"id": id, "status": 1, "name": format!("Produs {id}")}))
        .collect()
}

/// Serves these pages in turn, of ten rows each.
async fn read(pages: &[Value]) -> (Vec<u64>, usize, Option<PageEnd>, usize) {
    let mut partner = FakeTransport::new();
    for page in pages {
        partner = partner.once("product_offer/read", Reply::results(page));
    }
    let mut reader = client(&partner)
        .read_offers(OfferFilter::default())
        .items_per_page(10);
    let (mut ids, mut repeated, mut end) = (vec![], 0, None);
    while let Some(page) = reader.next().await.unwrap() {
        ids.extend(page.rows.iter().map(|offer| offer.id));
        repeated += page.repeated;
        end = page.end;
    }
    (ids, repeated, end, partner.requests().len())
}

#[tokio::test(start_paused = true)]
async fn reading_ends_on_a_short_an_empty_and_a_repeated_page() {
    let full = || offers(1..=10);
    assert_eq!(
        read(&[full(), offers(11..=13)]).await,
        ((1..=13).collect(), 0, Some(PageEnd::Short), 2)
    );
    assert_eq!(
        read(&[full(), json!([])]).await,
        ((1..=10).collect(), 0, Some(PageEnd::Empty), 2)
    );
    assert_eq!(read(&[json!([])]).await, (vec![], 0, Some(PageEnd::Empty), 1));
    let (ids, repeated, end, calls) = read(&[full(), offers(11..=20), offers((1..=10).rev())]).await;
    assert_eq!(
        (ids, repeated, end, calls),
        ((1..=20).collect(), 10, Some(PageEnd::Repeated), 3)
    );
}

#[tokio::test(start_paused = true)]
async fn rows_that_slip_between_pages_come_once() {
    let (ids, repeated, end, _) = read(&[offers(1..=10), offers(9..=18), offers([18, 19])]).await;
    assert_eq!(
        (ids, repeated, end),
        ((1..=19).collect(), 3, Some(PageEnd::Short))
    );
}

#[tokio::test(start_paused = true)]
async fn one_unreadable_row_costs_no_other_row() {
    let page = json!([{"id": 1, "status": 1}, {"id": "2", "status": 1, "sale_price": {"a": 1}}, {"status": 1}, 7, {"id": 3, "status": "1"}]);
    let partner = FakeTransport::new().once("product_offer/read", Reply::results(&page));
    let (rows, unreadable) = client(&partner)
        .read_offers(OfferFilter::default())
        .all()
        .await
        .unwrap();
    assert_eq!(rows.iter().map(|offer| offer.id).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(
        unreadable.iter().map(|row| row.id).collect::<Vec<_>>(),
        [Some(2), None, None]
    );
    assert!(
        unreadable[0].problem.contains("an amount belongs") && unreadable[0].excerpt.contains("sale_price")
    );
}

#[tokio::test(start_paused = true)]
async fn filters_go_at_the_top_level_and_pages_are_at_most_100() {
    let partner = FakeTransport::new().always("product_offer/read", Reply::results(&json!([])));
    let filter = OfferFilter {
        status: Some(OfferStatus::Active),
        ..OfferFilter::default()
    };
    let mut reader = client(&partner)
        .read_offers(filter)
        .items_per_page(5_000)
        .from_page(4);
    reader.next().await.unwrap();
    assert_eq!(
        body_of(&partner.requests()[0]),
        json!({"status": 1, "currentPage": 4, "itemsPerPage": 100})
    );
    assert_eq!(
        partner.requests()[0].url,
        "http://partner.test/api-3/product_offer/read"
    );
    assert_eq!((reader.next_page(), reader.next().await), (5, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn a_filter_the_partner_ignored_is_noticed() {
    let partner = FakeTransport::new()
        .always("product_offer/read", Reply::results(&offers([5, 6])))
        .always(
            "order/read",
            Reply::results(&json!([{"id": 1, "status": 1, "type": 3, "modified": "2025-10-02 14:00:00"}])),
        );
    let client = client(&partner);
    let ignored = |key, row_id| ApiError::FilterIgnored { key, row_id };
    let filter = OfferFilter {
        status: Some(OfferStatus::Inactive),
        ..OfferFilter::default()
    };
    assert_eq!(
        client.read_offers(filter).next().await.unwrap_err(),
        ignored("status", 5)
    );
    assert_eq!(client.read_offer(9).await.unwrap_err(), ignored("id", 5));
    assert_eq!(client.read_offer(6).await.unwrap().unwrap().id, 6);
    let wrong_kind = OrderFilter {
        kind: Some(OrderKind::FulfilledByEmag),
        ..OrderFilter::default()
    };
    assert_eq!(
        client.read_orders(wrong_kind).next().await.unwrap_err(),
        ignored("type", 1)
    );
    let midnight = Utc.with_ymd_and_hms(2025, 11, 1, 0, 0, 0).unwrap().naive_utc();
    let later = OrderFilter {
        modified_after: Some(midnight),
        ..OrderFilter::default()
    };
    assert_eq!(
        client.read_orders(later).next().await.unwrap_err(),
        ignored("modifiedAfter", 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_page_is_read_again_from_where_it_stood() {
    let mut partner = FakeTransport::new().once("product_offer/read", Reply::results(&offers(1..=10)));
    for _ in 0..7 {
        partner = partner.once("product_offer/read", Reply::raw(502, "<html>502</html>"));
    }
    let client = client(&partner);
    let mut reader = client.read_offers(OfferFilter::default()).items_per_page(10);
    assert_eq!(reader.next().await.unwrap().unwrap().rows.len(), 10);
    assert_eq!(reader.next().await.unwrap_err().name(), "transient");
    assert_eq!(reader.next_page(), 2);
    client.breaker().close();
    let _partner = partner.once("product_offer/read", Reply::results(&offers([11])));
    assert_eq!(reader.next().await.unwrap().unwrap().rows[0].id, 11);
}

#[tokio::test(start_paused = true)]
async fn an_endless_partner_meets_the_cap() {
    let partner = FakeTransport::new().answering("product_offer/read", |request| {
        let page = body_of(request)["currentPage"].as_u64().unwrap();
        Reply::results(&offers(page * 100..page * 100 + 100))
    });
    let reader = client(&partner).read_offers(OfferFilter::default()).pages_max(3);
    assert_eq!(reader.all().await, Err(ApiError::TooManyPages { pages: 3 }));
    assert_eq!(partner.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn counts_are_text_with_odd_names() {
    let partner = FakeTransport::new()
        .always(
            "order/count",
            Reply::results(&json!({"noOfItems": "797", "noOfPages": "8", "itemsPerPage": "100"})),
        )
        .always("category/count", Reply::results(&json!([])));
    let count = client(&partner)
        .count_orders(&OrderFilter::default())
        .await
        .unwrap();
    assert_eq!((count.items.get(), count.pages.get()), (Some(797), Some(8)));
    assert_eq!(
        client(&partner).count_categories().await.unwrap_err().name(),
        "not_understood"
    );
}

#[tokio::test(start_paused = true)]
async fn one_category_comes_with_its_values() {
    let category = json!([{"id": 2735, "name": "Pantofi sport", "is_allowed": 1, "parent_id": null, "characteristics": [
        {"id": 5401, "name": "Culoare", "allow_new_value": 0, "values": ["Alb"], "tags": []}], "family_types": [], "nou": 1}]);
    let partner = FakeTransport::new().always("category/read", Reply::results(&category));
    let filter = CategoryFilter {
        id: Some(2735),
        values_page: Some(1),
        values_per_page: Some(10),
    };
    let found = client(&partner).read_category(&filter).await.unwrap().unwrap();
    assert_eq!(
        (found.characteristics[0].values.len(), found.extra["nou"].clone()),
        (1, json!(1))
    );
    assert_eq!(
        body_of(&partner.requests()[0]),
        json!({"id": 2735, "valuesCurrentPage": 1, "valuesPerPage": 10})
    );
}

#[test]
fn order_windows_cover_overlap_and_stay_under_a_month() {
    let from = Utc.with_ymd_and_hms(2025, 9, 1, 0, 0, 0).unwrap();
    let to = from + TimeDelta::days(90);
    let windows = order_windows(from, to, Bucharest);
    let sellers: Vec<_> = windows
        .iter()
        .filter(|window| window.kind == OrderKind::FulfilledBySeller)
        .collect();
    assert_eq!(windows.len(), sellers.len() * 2);
    assert!(sellers[0].after <= from - TimeDelta::hours(2) && sellers.last().unwrap().before == to);
    assert!(
        sellers
            .windows(2)
            .all(|pair| pair[0].before - pair[1].after >= TimeDelta::hours(2))
    );
    for window in &windows {
        let filter = window.filter();
        let length = filter.modified_before.unwrap() - filter.modified_after.unwrap();
        assert!(length <= TimeDelta::days(28), "{length}");
    }
    assert_eq!(order_windows(to, to, Bucharest).len(), 2);
    let body = serde_json::to_value(windows[1].filter()).unwrap();
    assert_eq!(
        (body["type"].clone(), body["modifiedAfter"].clone()),
        (json!(2), json!("2025-09-01 01:00:00"))
    );
}
