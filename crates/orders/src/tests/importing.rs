//! Orders of a channel: once, in line with the channel, without losing what was done here.

use super::bench::{Shop, line, order};
use crate::OrderStatus::{Cancelled, Confirmed, New, Packed, Returned, Shipped};
use crate::{Action, Fulfilment, NewOrder, OrderStatus, service};

fn in_status(external: &str, lines: &[&str], status: OrderStatus) -> NewOrder {
    NewOrder {
        status,
        ..order(external, lines)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_comes_twice_is_one_order_and_changes_nothing() {
    let shop = Shop::with("A 5, B 1").await;
    let first = shop.import(order("700", &["A 2", "B 3"])).await;
    assert!(first.created && first.changed);
    let (version, trail) = (shop.order(first.order_id).await.version, shop.trail().await);
    let again = shop.import(order("700", &["A 2", "B 3"])).await;
    assert_eq!(
        (again.order_id, again.created, again.changed),
        (first.order_id, false, false)
    );
    assert_eq!(
        (shop.order(first.order_id).await.version, shop.trail().await),
        (version, trail)
    );
    assert_eq!(shop.lines(first.order_id).await, "A 2+0, B 1+2");
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_quantities_and_lines_move_their_reservations() {
    let shop = Shop::with("A 5, B 5").await;
    let id = shop.import(order("700", &["A 2", "B 3"])).await.order_id;
    shop.import(order("700", &["A 4", "B 1"])).await;
    assert_eq!(
        (shop.stock("A").await, shop.stock("B").await),
        ("5/4".into(), "5/1".into())
    );
    shop.import(order("700", &["A 4"])).await;
    assert_eq!(shop.lines(id).await, "A 4+0, B 0+0 x");
    assert_eq!(shop.stock("B").await, "5/0");
    shop.import(order("700", &["A 4 x", "B 2"])).await;
    assert_eq!(shop.lines(id).await, "A 0+0 x, B 2+0");
    shop.import(order("700", &["A 0", "B 2"])).await;
    let order = shop.order(id).await;
    assert_eq!(order.lines[0].quantity, 4);
    assert_eq!(order.total_gross, super::bench::lei("91.99"));
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_may_move_from_any_status_to_any() {
    let shop = Shop::with("A 1000").await;
    let mut n = 0;
    for from in OrderStatus::ALL {
        for to in OrderStatus::ALL {
            n += 1;
            let number = n.to_string();
            let id = shop.import(in_status(&number, &["A 2"], *from)).await.order_id;
            shop.import(in_status(&number, &["A 2"], *to)).await;
            let order = shop.order(id).await;
            assert_eq!(order.status, *to, "{from} -> {to}");
            let left = i64::from(from.is_open() && matches!(to, Shipped | Returned)) * 2;
            let held = i64::from(to.is_open()) * 2;
            assert_eq!(
                (order.lines[0].shipped, order.lines[0].reserved),
                (left, held),
                "{from} -> {to}"
            );
        }
    }
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_that_comes_back_reserves_again() {
    let shop = Shop::with("A 2").await;
    let id = shop.import(order("700", &["A 2"])).await.order_id;
    shop.import(in_status("700", &["A 2"], Cancelled)).await;
    assert_eq!(shop.stock("A").await, "2/0");
    assert_eq!(shop.order(id).await.cancel_reason.as_deref(), Some("emag"));
    shop.import(in_status("700", &["A 2"], Confirmed)).await;
    assert_eq!(
        (shop.stock("A").await, shop.order(id).await.cancel_reason),
        ("2/2".into(), None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_sent_are_not_taken_again_when_the_channel_steps_back() {
    let shop = Shop::with("A 5").await;
    let id = shop.import(in_status("700", &["A 2"], Confirmed)).await.order_id;
    shop.import(in_status("700", &["A 2"], Shipped)).await;
    assert_eq!(shop.stock("A").await, "3/0");
    shop.import(in_status("700", &["A 2"], Packed)).await;
    assert_eq!(
        (shop.stock("A").await, shop.lines(id).await),
        ("3/0".into(), "A 0+0".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_repeats_itself_does_not_undo_what_was_done_here() {
    let shop = Shop::with("A 5").await;
    let id = shop.import(in_status("700", &["A 2"], Confirmed)).await.order_id;
    shop.act(id, Action::Pack).await.unwrap();
    assert!(!shop.import(in_status("700", &["A 2"], Confirmed)).await.changed);
    assert_eq!(shop.order(id).await.status, Packed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_marketplace_ships_reserves_nothing_of_ours() {
    let shop = Shop::with("A 5").await;
    let fbe = |status| NewOrder {
        fulfilment: Fulfilment::Marketplace,
        ..in_status("700", &["A 2"], status)
    };
    let id = shop.import(fbe(New)).await.order_id;
    shop.import(fbe(Shipped)).await;
    assert_eq!(
        (shop.stock("A").await, shop.lines(id).await),
        ("5/0".into(), "A 0+0".into())
    );
    assert_eq!(
        super::bench::code(shop.act(id, Action::Cancel).await),
        "orders-refused-marketplace-ships"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_article_waits_in_the_queue_until_somebody_names_it() {
    let shop = Shop::with("A 5").await;
    let id = shop.import(order("700", &["A 1", "NIX 2"])).await.order_id;
    assert_eq!(shop.lines(id).await, "A 1+0, NIX 0+0 ?");
    let mut conn = shop.test.db.read().await.unwrap();
    let queue = service::unresolved_lines(&mut conn, &shop.actor, &kernel::PageRequest::default())
        .await
        .unwrap();
    assert_eq!(queue.items.len(), 1);
    let line_id = queue.items[0].line_id;
    let product = shop.product("A").await;
    let mut tx = shop.test.db.begin(&shop.actor).await.unwrap();
    let outcome = service::resolve_line(&mut tx, &shop.actor, line_id, product)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!((outcome.line.reserved, outcome.line.short), (2, 0));
    assert_eq!(shop.order(id).await.unresolved_lines, 0);
    // The channel still knows no article; what a person said stays.
    assert!(!shop.import(order("700", &["A 1", "NIX 2"])).await.changed);
    assert_eq!(shop.stock("A").await, "5/3");
    shop.proves_itself().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_kept_as_text_and_break_nothing() {
    let shop = Shop::with("A 5").await;
    let mut hostile = order("700", &["A 1"]);
    hostile.customer.name = format!(
        "<script>alert(1)</script>\u{0}'; DROP TABLE app.sales_orders; --{}",
        "ș".repeat(900)
    );
    hostile.customer.phone = Some("\u{0}\u{202e}0722".to_owned());
    hostile.customer.billing.city = Some("x\u{0}y".to_owned());
    hostile.lines[0].name = Some(format!("{{{{ 7*7 }}}}\u{0}{}", "名".repeat(2000)));
    hostile.note = Some("\u{0}".to_owned());
    let mut twice = line("A 1");
    twice
        .external_line_id
        .clone_from(&hostile.lines[0].external_line_id);
    hostile.lines.push(twice);
    let id = shop.import(hostile.clone()).await.order_id;
    let order = shop.order(id).await;
    assert!(
        order
            .customer
            .name
            .starts_with("<script>alert(1)</script> '; DROP TABLE")
    );
    assert_eq!(order.customer.name.chars().count(), 300);
    assert_eq!(order.lines.len(), 2);
    assert!(!shop.import(hostile).await.changed);
    let mut nameless = super::bench::order("701", &["A 1"]);
    nameless.customer.name = "\u{0} \t".to_owned();
    nameless.customer.external_id = None;
    let id = shop.import(nameless).await.order_id;
    assert_eq!(shop.order(id).await.customer.name, "–");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_of_one_order_at_once_make_one_order() {
    let shop = Shop::with("A 5").await;
    let done = futures::future::join_all((0..8).map(|_| shop.import(order("700", &["A 2"])))).await;
    assert_eq!(done.iter().filter(|one| one.created).count(), 1);
    assert!(done.iter().all(|one| one.order_id == done[0].order_id));
    assert_eq!(shop.stock("A").await, "5/2");
}
