//! The whole thread: offers in, orders in, reserved, acknowledged once, settled; killed anywhere and gone on.

use emag_sandbox::{FBE_USERNAME, MAIN_USERNAME};

use super::bench::{Pace, Shop};
use crate::{RunKind, RunState};

const HELD: &str = "SELECT COALESCE(sum(quantity), 0)::bigint FROM app.reservations WHERE state = 'held'";

pub(super) async fn nothing_lost_or_doubled(shop: &Shop) {
    let main = i64::try_from(shop.orders_at_emag(MAIN_USERNAME).len()).unwrap();
    // Only an account that is connected brings its orders.
    let has_fbe = shop
        .number("SELECT count(*) FROM app.emag_accounts WHERE kind = 'FBE'")
        .await
        > 0;
    let fbe = if has_fbe {
        shop.orders_at_emag(FBE_USERNAME).len()
    } else {
        0
    };
    let fbe = i64::try_from(fbe).unwrap();
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_orders WHERE type = 3")
            .await,
        main
    );
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_orders WHERE type = 2")
            .await,
        fbe
    );
    assert_eq!(
        shop.number("SELECT count(*) FROM app.sales_orders").await,
        main + fbe
    );
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_orders WHERE ack IN ('wanted', 'sent')")
            .await,
        0
    );
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_orders WHERE ack = 'done' AND settled_at IS NULL")
            .await,
        0
    );
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_orders WHERE type = 2 AND ack <> 'none'")
            .await,
        0
    );
    let mut conn = shop.db.db.read().await.unwrap();
    assert_eq!(inventory::verify(&mut conn).await.unwrap(), []);
    // Every open line of ours is reserved or counted short, once.
    assert_eq!(
        shop.number(
            "SELECT count(*) FROM app.sales_order_lines l JOIN app.sales_orders o ON o.id = l.order_id
              WHERE o.fulfilment = 'own' AND o.status IN ('new', 'confirmed', 'packed') AND l.status = 'active'
                AND l.product_id IS NOT NULL AND l.reserved + l.short <> l.quantity"
        )
        .await,
        0
    );
    assert_eq!(
        shop.number(
            "SELECT count(*) FROM app.sales_order_lines l JOIN app.sales_orders o ON o.id = l.order_id
              WHERE o.fulfilment = 'marketplace' AND l.reserved > 0"
        )
        .await,
        0
    );
    assert_eq!(
        shop.number(HELD).await,
        shop.number("SELECT COALESCE(sum(reserved), 0)::bigint FROM app.sales_order_lines")
            .await
    );
}

#[tokio::test]
async fn a_shop_comes_in_whole_and_a_second_reading_changes_nothing() {
    let shop = Shop::seeded(250, 60, Pace::Free).await;
    let (main, fbe) = (shop.main().await, shop.fbe().await);
    let new = shop
        .orders_at_emag(MAIN_USERNAME)
        .iter()
        .filter(|order| order["status"] == 1)
        .count();
    assert!(new > 0, "the seed has new orders");
    for (account, offers) in [(main, 200), (fbe, 50)] {
        let run = shop.sync(account, RunKind::Offers).await;
        assert_eq!(
            (run.state, run.rows_read, run.rows_created),
            (RunState::Done, offers, offers),
            "{run:?}"
        );
        let run = shop.sync(account, RunKind::Orders).await;
        assert_eq!(run.state, RunState::Done, "{run:?}");
    }
    nothing_lost_or_doubled(&shop).await;
    assert_eq!(shop.acknowledged(), new);
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_listings WHERE product_id IS NULL")
            .await,
        0
    );
    let before = shop.number("SELECT count(*) FROM app.audit_logs").await;
    for account in [main, fbe] {
        let run = shop.sync(account, RunKind::Offers).await;
        assert_eq!((run.state, run.rows_created), (RunState::Done, 0));
        let run = shop.sync(account, RunKind::Orders).await;
        assert_eq!(
            (run.state, run.rows_created, run.rows_changed),
            (RunState::Done, 0, 0),
            "{run:?}"
        );
    }
    nothing_lost_or_doubled(&shop).await;
    assert_eq!(shop.acknowledged(), new);
    let audited = shop
        .number("SELECT count(*) FROM app.audit_logs WHERE table_name <> 'emag_accounts'")
        .await;
    assert!(
        audited <= before,
        "a repeated reading writes nothing about orders and articles"
    );
}

#[tokio::test]
async fn the_stock_that_opens_our_ledger_agrees_with_the_marketplace() {
    let shop = Shop::seeded(200, 80, Pace::Free).await;
    let main = shop.main().await;
    // Orders first, offers second, and both again: the order of the two must not matter.
    shop.sync(main, RunKind::Orders).await;
    shop.sync(main, RunKind::Offers).await;
    shop.sync(main, RunKind::Orders).await;
    nothing_lost_or_doubled(&shop).await;
    // What may be sold here is what eMAG shows: nothing would be sent.
    assert_eq!(
        shop.number("SELECT count(*) FROM app.emag_listings WHERE wanted_stock IS DISTINCT FROM remote_stock AND status = 1").await,
        0,
        "{}",
        shop.text("SELECT COALESCE(string_agg(part_number || ' ' || remote_stock || ' → ' || COALESCE(wanted_stock::text, '-'), ', '), '') FROM app.emag_listings WHERE wanted_stock IS DISTINCT FROM remote_stock AND status = 1").await
    );
}
