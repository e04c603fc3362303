//! The ledger against a real database: races, repeats, losses.

use futures::future::join_all;
use kernel::{Actor, OrderLineId, ProductId, Quantity, WarehouseId};
use testkit::TestDb;

use crate::model::{Cause, Movement, Place, Want};
use crate::{InventoryError, service};

async fn products<const N: usize>(test: &TestDb) -> [ProductId; N] {
    let mut all = [ProductId(0); N];
    for (n, product) in all.iter_mut().enumerate() {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO app.products (sku, name, price_net, currency, vat_percent) VALUES ($1, 'Lampă', 10, 'RON', 21) RETURNING id",
        )
        .bind(format!("BN{n}"))
        .fetch_one(test.db.pool())
        .await
        .unwrap();
        *product = ProductId(id);
    }
    all
}

const MAIN: WarehouseId = WarehouseId(1);

fn receipt(product: ProductId, delta: i64) -> Movement {
    Movement {
        product,
        warehouse: MAIN,
        delta,
        cause: Cause::Receipt,
        reason: None,
        reference: None,
    }
}

async fn post(test: &TestDb, movements: &[Movement]) -> Result<service::Posted, InventoryError> {
    let actor = Actor::system("test");
    let mut tx = test.db.begin(&actor).await.unwrap();
    let posted = service::post(&mut tx, &actor, movements).await?;
    tx.commit().await.unwrap();
    Ok(posted)
}

async fn reserve(test: &TestDb, wants: &[Want]) -> Vec<crate::Outcome> {
    let actor = Actor::system("test");
    let mut tx = test.db.begin(&actor).await.unwrap();
    let outcomes = service::reserve(&mut tx, &actor, wants).await.unwrap();
    tx.commit().await.unwrap();
    outcomes
}

async fn figures(test: &TestDb, product: ProductId) -> (i64, i64) {
    let mut conn = test.db.read().await.unwrap();
    let levels = service::levels_of(&mut conn, &[product]).await.unwrap();
    assert!(
        service::verify(&mut conn).await.unwrap().is_empty(),
        "levels follow the ledger"
    );
    (levels[0].on_hand, levels[0].reserved)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_wanted_fifty_times_at_once_is_promised_once() {
    let test = testkit::database().await;
    let [lamp] = products(&test).await;
    post(&test, &[receipt(lamp, 1)]).await.unwrap();
    let wants: Vec<[Want; 1]> = (1..=50)
        .map(|line| {
            [Want {
                line_id: OrderLineId(line),
                product: lamp,
                warehouse: MAIN,
                quantity: 1,
            }]
        })
        .collect();
    let outcomes = join_all(wants.iter().map(|want| reserve(&test, want)))
        .await
        .concat();
    assert_eq!(outcomes.iter().map(|o| o.reserved).sum::<i64>(), 1);
    assert_eq!(outcomes.iter().map(|o| o.short).sum::<i64>(), 49);
    assert_eq!(figures(&test, lamp).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_over_the_same_articles_in_opposite_order_never_deadlock() {
    let test = testkit::database().await;
    let all: [ProductId; 6] = products(&test).await;
    let receipts: Vec<_> = all.iter().map(|product| receipt(*product, 1000)).collect();
    post(&test, &receipts).await.unwrap();
    let rounds: Vec<Vec<Want>> = (0..40)
        .map(|round| {
            let mut wants: Vec<Want> = all
                .iter()
                .zip(0_i64..)
                .map(|(product, n)| Want {
                    line_id: OrderLineId(round * 10 + n),
                    product: *product,
                    warehouse: MAIN,
                    quantity: 2,
                })
                .collect();
            if round % 2 == 0 {
                wants.reverse();
            }
            wants
        })
        .collect();
    join_all(rounds.iter().map(|wants| reserve(&test, wants))).await;
    for product in all {
        assert_eq!(figures(&test, product).await, (1000, 80));
    }
}

#[tokio::test]
async fn a_posting_with_a_reference_repeated_is_posted_once() {
    let test = testkit::database().await;
    let [lamp] = products(&test).await;
    let opening = Movement {
        reference: Some("opening:1".to_owned()),
        ..receipt(lamp, 7)
    };
    assert_eq!(
        post(&test, std::slice::from_ref(&opening))
            .await
            .unwrap()
            .movements
            .len(),
        1
    );
    assert_eq!(post(&test, &[opening]).await.unwrap().already, 1);
    assert_eq!(figures(&test, lamp).await, (7, 0));
}

#[tokio::test]
async fn a_count_below_what_is_promised_is_posted_and_names_who_lost() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    let [lamp] = products(&test).await;
    post(&test, &[receipt(lamp, 5)]).await.unwrap();
    for line in [1, 2] {
        reserve(
            &test,
            &[Want {
                line_id: OrderLineId(line),
                product: lamp,
                warehouse: MAIN,
                quantity: 2,
            }],
        )
        .await;
    }
    let mut tx = test.db.begin(&actor).await.unwrap();
    let place = Place {
        product: lamp,
        warehouse: MAIN,
    };
    let posted = service::count(&mut tx, &actor, place, 3, "numărat")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(posted.lost, [OrderLineId(2)]);
    assert_eq!(figures(&test, lamp).await, (3, 3));
}

#[tokio::test]
async fn more_than_is_there_never_leaves() {
    let test = testkit::database().await;
    let [lamp] = products(&test).await;
    post(&test, &[receipt(lamp, 2)]).await.unwrap();
    let refused = post(&test, &[receipt(lamp, -3)]).await;
    assert!(
        matches!(
            refused,
            Err(InventoryError::NotEnough {
                on_hand: 2,
                delta: -3,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(figures(&test, lamp).await, (2, 0));
}

#[tokio::test]
async fn shipping_twice_takes_the_goods_once() {
    let test = testkit::database().await;
    let [lamp] = products(&test).await;
    post(&test, &[receipt(lamp, 5)]).await.unwrap();
    reserve(
        &test,
        &[Want {
            line_id: OrderLineId(1),
            product: lamp,
            warehouse: MAIN,
            quantity: 2,
        }],
    )
    .await;
    let actor = Actor::system("test");
    for _ in 0..2 {
        let mut tx = test.db.begin(&actor).await.unwrap();
        service::ship(&mut tx, &actor, &[OrderLineId(1)]).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(figures(&test, lamp).await, (3, 0));
}

#[tokio::test]
async fn a_level_written_behind_the_ledgers_back_is_refused() {
    let test = testkit::database().await;
    let [lamp] = products(&test).await;
    post(&test, &[receipt(lamp, 5)]).await.unwrap();
    for sql in [
        "UPDATE app.inventory SET on_hand = 9",
        "DELETE FROM app.inventory",
        "UPDATE app.stock_movements SET delta = 9",
        "DELETE FROM app.stock_movements",
        "INSERT INTO app.inventory (product_id, warehouse_id, on_hand) SELECT product_id, warehouse_id + 0, 3 FROM app.inventory",
    ] {
        assert!(sqlx::query(sql).execute(test.db.pool()).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn an_adjustment_without_permission_or_reason_changes_nothing() {
    let test = testkit::database().await;
    let [lamp] = products(&test).await;
    let mut actor = testkit::user(&test).await;
    let mut conn = test.db.read().await.unwrap();
    let place = Place {
        product: lamp,
        warehouse: MAIN,
    };
    let blank = service::adjust(&mut conn, &actor, place, Quantity(3), "  ").await;
    assert!(matches!(blank, Err(InventoryError::Refused(_))), "{blank:?}");
    let unknown = Place {
        product: ProductId(999_999),
        warehouse: MAIN,
    };
    let nowhere = service::adjust(&mut conn, &actor, unknown, Quantity(3), "x").await;
    assert!(matches!(nowhere, Err(InventoryError::NotFound)), "{nowhere:?}");
    actor.permissions = kernel::PermissionSet::default();
    let denied = service::adjust(&mut conn, &actor, place, Quantity(3), "x").await;
    assert!(matches!(denied, Err(InventoryError::Denied(_))), "{denied:?}");
}
