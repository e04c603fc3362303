//! The ledger against a real database: races, repeats, losses.

use futures::future::join_all;
use kernel::{Actor, OrderLineId, ProductId, Quantity, WarehouseId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
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
    assert_eq!(post(&test, &[opening.clone(), opening]).await.unwrap().already, 2);
    let twice = Movement {
        reference: Some("delivery:9".to_owned()),
        ..receipt(lamp, 4)
    };
    let posted = post(&test, &[twice.clone(), twice, receipt(lamp, -4)])
        .await
        .unwrap();
    assert_eq!((posted.movements.len(), posted.already), (2, 1));
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

#[derive(Clone, Debug)]
enum Deed {
    Post(i64),
    Count(i64),
    Reserve(i64, i64),
    Release(i64),
    Ship(i64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        (-20_i64..=20)
            .prop_filter("a movement moves something", |delta| *delta != 0)
            .prop_map(Deed::Post),
        (0_i64..=20).prop_map(Deed::Count),
        (1_i64..=4, 1_i64..=9).prop_map(|(line, units)| Deed::Reserve(line, units)),
        (1_i64..=4).prop_map(Deed::Release),
        (1_i64..=4).prop_map(Deed::Ship),
    ];
    prop::collection::vec(deed, 1..25)
}

/// Does one deed in its own transaction; the change of what is on hand, nothing when it was refused.
async fn do_one(test: &TestDb, product: ProductId, lines: i64, deed: &Deed) -> i64 {
    let actor = Actor::system("test");
    let place = Place {
        product,
        warehouse: MAIN,
    };
    let mut tx = test.db.begin(&actor).await.unwrap();
    let before = on_hand(&mut tx, product).await;
    let done = match *deed {
        Deed::Post(delta) => service::post(&mut tx, &actor, &[receipt(product, delta)])
            .await
            .map(|_| before + delta),
        Deed::Count(units) => service::count(&mut tx, &actor, place, units, "numărat")
            .await
            .map(|_| units),
        Deed::Reserve(line, quantity) => {
            let want = Want {
                line_id: OrderLineId(lines + line),
                product,
                warehouse: MAIN,
                quantity,
            };
            service::reserve(&mut tx, &actor, &[want]).await.map(|_| before)
        }
        Deed::Release(line) => service::release(&mut tx, &actor, &[OrderLineId(lines + line)])
            .await
            .map(|()| before),
        Deed::Ship(line) => {
            let mut held = 0;
            for one in service::reservations_of(&mut tx, &actor, product).await.unwrap() {
                if one.order_line_id == OrderLineId(lines + line) {
                    held += one.quantity;
                }
            }
            service::ship(&mut tx, &actor, &[OrderLineId(lines + line)])
                .await
                .map(|()| before - held)
        }
    };
    match done {
        Ok(expected) => {
            assert_eq!(on_hand(&mut tx, product).await, expected, "{deed:?}");
            tx.commit().await.unwrap();
            expected - before
        }
        Err(InventoryError::NotEnough { .. }) => 0,
        Err(other) => panic!("{deed:?}: {other:?}"),
    }
}

async fn on_hand(conn: &mut sqlx::PgConnection, product: ProductId) -> i64 {
    let levels = service::levels_of(conn, &[product]).await.unwrap();
    levels.first().map_or(0, |level| level.on_hand)
}

/// Whatever is done in whatever order: the level is the sum of what was posted, and no more is promised than is there.
#[test]
fn whatever_happens_the_level_is_the_sum_of_the_ledger() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime.block_on(testkit::database());
    let cases: Vec<ProductId> = runtime.block_on(products::<24>(&test)).to_vec();
    let next = std::cell::Cell::new(0_usize);
    let config = Config {
        cases: 24,
        max_shrink_iters: 0,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&deeds(), |deeds| {
            let product = cases[next.get() % cases.len()];
            next.set(next.get() + 1);
            runtime.block_on(async {
                let mut sum = 0;
                for deed in &deeds {
                    sum += do_one(&test, product, product.0 * 100, deed).await;
                }
                let mut conn = test.db.read().await.unwrap();
                prop_assert_eq!(on_hand(&mut conn, product).await, sum);
                prop_assert!(service::verify(&mut conn).await.unwrap().is_empty());
                Ok(())
            })
        })
        .unwrap();
    runtime.block_on(async { drop(test) });
}

#[tokio::test]
async fn ten_thousand_movements_are_one_posting() {
    let test = testkit::database().await;
    sqlx::query(
        "INSERT INTO app.products (sku, name, price_net, currency, vat_percent)
         SELECT 'M' || n, 'Articol', 10, 'RON', 21 FROM generate_series(1, 10000) n",
    )
    .execute(test.db.pool())
    .await
    .unwrap();
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM app.products ORDER BY id DESC")
        .fetch_all(test.db.pool())
        .await
        .unwrap();
    let movements: Vec<Movement> = ids.iter().map(|id| receipt(ProductId(*id), 3)).collect();
    assert_eq!(post(&test, &movements).await.unwrap().movements.len(), 10_000);
    assert_eq!(figures(&test, ProductId(ids[0])).await, (3, 0));
}
