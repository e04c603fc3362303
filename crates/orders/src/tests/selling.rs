//! Orders placed by hand: reserving, running short, shipping, cancelling.

use futures::future::join_all;
use kernel::{Permission, PermissionSet};

use super::bench::{Shop, code, lei, manual, reserved};
use crate::Action::{Cancel, Confirm, Pack, Return, Ship};
use crate::{NewLine, NewOrder, OrderError, OrderStatus, service};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_takes_the_price_of_the_article_and_reserves_at_once() {
    let shop = Shop::with("A 5").await;
    let placed = shop.place(manual(vec![NewLine::of_sku("A", 2)])).await.unwrap();
    assert_eq!((reserved(&placed.lines), placed.created), (2, true));
    let order = shop.order(placed.order_id).await;
    assert_eq!(order.number, "SO-000001");
    assert_eq!(order.total_net, lei("20"));
    assert_eq!(order.total_gross, lei("44.19"));
    assert_eq!(order.lines[0].name, "Articol A");
    assert_eq!(order.ship_by, Some("2026-11-27T07:00:00Z".parse().unwrap()));
    assert_eq!(shop.stock("A").await, "5/2");
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_ordered_fifty_times_at_once_is_promised_once() {
    let shop = Shop::with("A 1").await;
    let tries = (0..50).map(|_| shop.place(manual(vec![NewLine::of_sku("A", 1)])));
    let placed: Vec<_> = join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let winners = placed.iter().filter(|order| reserved(&order.lines) == 1).count();
    assert_eq!((winners, placed.len()), (1, 50));
    assert_eq!(shop.stock("A").await, "1/1");
    let mut conn = shop.test.db.read().await.unwrap();
    let visible = service::attention(&mut conn, &shop.actor, &kernel::PageRequest::default())
        .await
        .unwrap();
    assert_eq!(visible.total, Some(49));
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_goes_to_the_oldest_order_first() {
    let shop = Shop::with("A 1").await;
    let placed_at = |hour: u8| NewOrder {
        placed_at: format!("2026-11-24T{hour:02}:00:00Z").parse().unwrap(),
        ..manual(vec![NewLine::of_sku("A", 2)])
    };
    let young = shop.place(placed_at(12)).await.unwrap().order_id;
    let old = shop.place(placed_at(9)).await.unwrap().order_id;
    assert_eq!(
        (shop.lines(young).await, shop.lines(old).await),
        ("A 1+1".into(), "A 0+2".into())
    );
    assert_eq!(shop.allocate("A").await.units, 0);
    shop.receive("A", 2).await;
    assert_eq!(shop.allocate("A").await.units, 2);
    assert_eq!(
        (shop.lines(young).await, shop.lines(old).await),
        ("A 1+1".into(), "A 2+0".into())
    );
    assert_eq!(shop.order(old).await.short_lines, 0);
    shop.receive("A", 1).await;
    shop.allocate("A").await;
    assert_eq!(shop.lines(young).await, "A 2+0");
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_leave_the_stock_once() {
    let shop = Shop::with("A 5").await;
    let id = shop
        .place(manual(vec![NewLine::of_sku("A", 2)]))
        .await
        .unwrap()
        .order_id;
    assert_eq!(code(shop.act(id, Ship).await), "orders-refused-not-confirmed");
    shop.act(id, Confirm).await.unwrap();
    shop.act(id, Pack).await.unwrap();
    let shipped = shop.act(id, Ship).await.unwrap();
    assert_eq!(
        (shipped.status, shipped.lines[0].shipped),
        (OrderStatus::Shipped, 2)
    );
    assert_eq!(shipped.shipped_at, Some(shop.clock.now()));
    shop.act(id, Ship).await.unwrap();
    assert_eq!(shop.stock("A").await, "3/0");
    assert_eq!(code(shop.act(id, Cancel).await), "orders-refused-already-shipped");
    assert_eq!(shop.act(id, Return).await.unwrap().status, OrderStatus::Returned);
    assert_eq!(shop.stock("A").await, "3/0");
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_order_is_not_shipped() {
    let shop = Shop::with("A 1").await;
    let id = shop
        .place(manual(vec![NewLine::of_sku("A", 2)]))
        .await
        .unwrap()
        .order_id;
    shop.act(id, Confirm).await.unwrap();
    assert_eq!(code(shop.act(id, Ship).await), "orders-refused-short");
    assert_eq!(shop.stock("A").await, "1/1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_its_units_back() {
    let shop = Shop::with("A 2").await;
    let id = shop
        .place(manual(vec![NewLine::of_sku("A", 3)]))
        .await
        .unwrap()
        .order_id;
    let cancelled = shop.act(id, Cancel).await.unwrap();
    assert_eq!(cancelled.cancel_reason.as_deref(), Some("clientul a renunțat"));
    assert_eq!(
        (shop.lines(id).await, cancelled.short_lines),
        ("A 0+0".to_owned(), 0)
    );
    assert_eq!(shop.stock("A").await, "2/0");
    assert_eq!(code(shop.act(id, Confirm).await), "orders-refused-cancelled");
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_external_id_is_the_same_order() {
    let shop = Shop::with("A 5").await;
    let order = || NewOrder {
        external_id: Some("web-7".to_owned()),
        ..manual(vec![NewLine::of_sku("A", 2)])
    };
    let first = shop.place(order()).await.unwrap();
    let again = shop.place(order()).await.unwrap();
    assert_eq!((again.order_id, again.created), (first.order_id, false));
    assert_eq!(again.lines, first.lines);
    assert_eq!(shop.stock("A").await, "5/2");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_typed_wrongly_is_named() {
    let shop = Shop::with("A 5").await;
    let wrong = |lines| async { code(shop.place(manual(lines)).await) };
    assert_eq!(wrong(vec![]).await, "lines: orders-no-lines");
    assert_eq!(
        wrong(vec![NewLine::of_sku("A", 1), NewLine::of_sku("NIX", 1)]).await,
        "lines.1.sku: orders-line-unknown-sku"
    );
    assert_eq!(
        wrong(vec![NewLine::of_sku("A", 0)]).await,
        "lines.0.quantity: orders-line-quantity-not-positive"
    );
    assert_eq!(
        wrong(vec![NewLine::of_sku("A", i64::MAX)]).await,
        "lines.0.quantity: orders-line-quantity-too-large"
    );
    assert_eq!(shop.trail().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sells_without_the_permission() {
    let mut shop = Shop::with("A 5").await;
    let id = shop
        .place(manual(vec![NewLine::of_sku("A", 1)]))
        .await
        .unwrap()
        .order_id;
    shop.actor.permissions = PermissionSet::default();
    let denied = |permission: Permission, error: OrderError| {
        assert!(
            matches!(error, OrderError::Denied(denied) if denied.0 == permission),
            "{error:?}"
        );
    };
    denied(crate::ORDERS_EDIT, shop.place(manual(vec![])).await.unwrap_err());
    denied(crate::ORDERS_EDIT, shop.act(id, Confirm).await.unwrap_err());
    denied(crate::ORDERS_SHIP, shop.act(id, Ship).await.unwrap_err());
    denied(crate::ORDERS_CANCEL, shop.act(id, Cancel).await.unwrap_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_changed_meanwhile_is_not_overwritten() {
    let shop = Shop::with("A 5").await;
    let id = shop
        .place(manual(vec![NewLine::of_sku("A", 1)]))
        .await
        .unwrap()
        .order_id;
    let seen = shop.order(id).await.version;
    shop.act(id, Confirm).await.unwrap();
    let mut tx = shop.test.db.begin(&shop.actor).await.unwrap();
    match service::pack(&mut tx, &shop.actor, (id, Some(seen))).await {
        Err(OrderError::Stale { current_version }) => assert!(current_version > seen),
        other => panic!("{other:?}"),
    }
}
