//! Lists and figures over the whole set.

use chrono::Duration;
use kernel::{Limit, PageRequest};

use super::bench::{Shop, lei, manual, order};
use crate::{
    Action, CustomerFilter, CustomerSort, Direction, NewLine, NewOrder, OrderFilter, OrderSort, OrderStatus,
    service,
};

async fn found(shop: &Shop, filter: OrderFilter) -> Vec<String> {
    let mut conn = shop.test.db.read().await.unwrap();
    let sort = (OrderSort::Placed, Direction::Ascending);
    let page = service::list(&mut conn, &shop.actor, &filter, sort, &PageRequest::default())
        .await
        .unwrap();
    page.items.into_iter().map(|row| row.number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sort_walks_over_every_order_once() {
    let shop = Shop::with("A 100").await;
    for n in 0..7_i64 {
        let mut one = order(&format!("70{n}"), &["A 1"]);
        // Two at the same moment, so that the number of the row decides.
        one.placed_at += Duration::hours(n / 2);
        shop.import(one).await;
    }
    let mut conn = shop.test.db.read().await.unwrap();
    for sort in OrderSort::ALL {
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut seen = Vec::new();
            let mut page = PageRequest {
                limit: Limit::new(3).unwrap(),
                after: None,
            };
            loop {
                let part = service::list(
                    &mut conn,
                    &shop.actor,
                    &OrderFilter::default(),
                    (sort, direction),
                    &page,
                )
                .await
                .unwrap();
                assert_eq!(part.total, Some(7));
                seen.extend(part.items.into_iter().map(|row| row.id));
                match part.next {
                    Some(next) => page.after = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen.len(), 7, "{sort:?} {direction:?}");
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 7, "{sort:?} {direction:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_found_by_number_and_by_customer_without_diacritics() {
    let shop = Shop::with("A 1").await;
    shop.import(order("7001234", &["A 1"])).await;
    let mut other = order("8009876", &["A 1"]);
    other.customer.external_id = Some("c-2".to_owned());
    other.customer.name = "50% & Fiii_SRL".to_owned();
    shop.import(other).await;
    let q = |text: &str| OrderFilter {
        q: Some(text.to_owned()),
        ..OrderFilter::default()
    };
    assert_eq!(found(&shop, q("0123")).await, ["7001234"]);
    assert_eq!(found(&shop, q("tarana ionut")).await, ["7001234"]);
    assert_eq!(found(&shop, q("50% fiii_srl")).await, ["8009876"]);
    assert_eq!(found(&shop, q("_%_")).await, Vec::<String>::new());
    let attention = OrderFilter {
        attention: true,
        ..OrderFilter::default()
    };
    assert_eq!(found(&shop, attention).await, ["8009876"]);
    let mut conn = shop.test.db.read().await.unwrap();
    let filter = CustomerFilter {
        q: Some("TARANA".to_owned()),
        ..CustomerFilter::default()
    };
    let sort = (CustomerSort::Name, Direction::Ascending);
    let page = service::list_customers(&mut conn, &shop.actor, &filter, sort, &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(
        (page.items[0].name.as_str(), page.items[0].orders),
        ("Ionuț Țărână", 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_counts_what_is_to_ship_and_what_was_sold() {
    let shop = Shop::with("A 100").await;
    let placed_at = |at: &str| NewOrder {
        placed_at: at.parse().unwrap(),
        ..manual(vec![NewLine::of_sku("A", 1)])
    };
    // Monday 10:00 UTC: due today at the same hour; the Friday before: overdue. 23:30 UTC is the next day in Bucharest.
    shop.place(placed_at("2026-11-23T10:00:00Z")).await.unwrap();
    shop.place(placed_at("2026-11-20T10:00:00Z")).await.unwrap();
    let gone = shop
        .place(placed_at("2026-11-24T23:30:00Z"))
        .await
        .unwrap()
        .order_id;
    let mut conn = shop.test.db.read().await.unwrap();
    let desk = service::desk(&mut conn, shop.clock.now(), 2).await.unwrap();
    assert_eq!((desk.to_ship, desk.overdue, desk.short_orders), (3, 1, 0));
    let next: Vec<_> = desk.next.iter().map(|order| order.number.as_str()).collect();
    assert_eq!(next, ["SO-000002", "SO-000001"]);
    assert_eq!(service::orders_to_ship(&mut conn).await.unwrap(), 3);
    let sales = |days: Vec<crate::SalesDay>| {
        days.into_iter()
            .map(|d| {
                format!(
                    "{} {} {}",
                    d.date.format("%d"),
                    d.orders,
                    d.gross.amount().normalize()
                )
            })
            .collect::<Vec<_>>()
    };
    let days = service::sales_per_day(&mut conn, shop.clock.today(), 4)
        .await
        .unwrap();
    assert_eq!(sales(days), ["22 0 0", "23 1 32.09", "24 0 0", "25 1 32.09"]);
    shop.act(gone, Action::Cancel).await.unwrap();
    let days = service::sales_per_day(&mut conn, shop.clock.today(), 1)
        .await
        .unwrap();
    assert_eq!((days[0].orders, days[0].gross), (0, lei("0")));
    let counts = service::counts_by_status(&mut conn, &shop.actor).await.unwrap();
    let of = |status| counts.iter().find(|count| count.status == status).unwrap().orders;
    assert_eq!(
        (
            of(OrderStatus::New),
            of(OrderStatus::Cancelled),
            of(OrderStatus::Shipped)
        ),
        (2, 1, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_an_order_names_who_did_what() {
    let shop = Shop::with("A 1").await;
    let id = shop
        .place(manual(vec![NewLine::of_sku("A", 1)]))
        .await
        .unwrap()
        .order_id;
    shop.act(id, Action::Confirm).await.unwrap();
    let order = shop.order(id).await;
    let mut conn = shop.test.db.read().await.unwrap();
    let story = service::timeline(&mut conn, &shop.actor, &order).await.unwrap();
    assert_eq!(story[0].who, "Ana Test");
    assert_eq!(
        story[0].change,
        service::TimelineChange::Changed {
            line: None,
            column: "status".to_owned(),
            old: Some("new".to_owned()),
            new: Some("confirmed".to_owned()),
        }
    );
    assert_eq!(story.last().unwrap().change, service::TimelineChange::Placed);
}
