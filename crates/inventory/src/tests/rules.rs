//! Who gets what is there, and who loses what is not.

use std::collections::{BTreeMap, HashMap};

use kernel::{OrderLineId, ProductId, ReservationId, WarehouseId};
use proptest::prelude::*;

use crate::model::{Place, Promise, Reservation, Want, cut_youngest, promise};

const PLACE: Place = Place {
    product: ProductId(1),
    warehouse: WarehouseId(1),
};

fn held(id: i64, line: i64, quantity: i64) -> Reservation {
    Reservation {
        id: ReservationId(id),
        product_id: PLACE.product,
        warehouse_id: PLACE.warehouse,
        order_line_id: OrderLineId(line),
        quantity,
        created_at: "2026-11-25T08:00:00Z".parse().unwrap(),
    }
}

fn want(line: i64, quantity: i64) -> Want {
    Want {
        line_id: OrderLineId(line),
        product: PLACE.product,
        warehouse: PLACE.warehouse,
        quantity,
    }
}

/// "line:reserved/short …" for wants over what is available and held.
#[track_caller]
fn check(available: i64, holds: &[Reservation], wants: &[Want], expected: &str) {
    let (outcomes, _) = promise(wants, holds, &HashMap::from([(PLACE, available)]));
    let text: Vec<String> = outcomes
        .iter()
        .map(|o| format!("{}:{}/{}", o.line_id, o.reserved, o.short))
        .collect();
    assert_eq!(text.join(" "), expected);
}

#[test]
fn the_first_comer_gets_the_last_unit_and_the_second_is_short() {
    check(1, &[], &[want(1, 1), want(2, 1)], "1:1/0 2:0/1");
    check(5, &[], &[want(1, 3), want(2, 3)], "1:3/0 2:2/1");
    check(0, &[], &[want(1, 3)], "1:0/3");
}

#[test]
fn a_promise_is_topped_up_and_never_doubled_or_made_smaller() {
    check(5, &[held(9, 1, 2)], &[want(1, 4)], "1:4/0");
    check(0, &[held(9, 1, 2)], &[want(1, 2)], "1:2/0");
    check(5, &[held(9, 1, 4)], &[want(1, 2)], "1:4/0");
}

#[test]
fn a_count_below_what_is_promised_takes_from_the_youngest() {
    let cuts = cut_youngest(
        &BTreeMap::from([(PLACE, 4)]),
        &[held(1, 11, 3), held(2, 12, 2), held(3, 13, 3)],
    );
    let text: Vec<_> = cuts
        .iter()
        .map(|cut| format!("{}→{}", cut.line, cut.quantity))
        .collect();
    assert_eq!(text, ["13→0", "12→1"]);
}

proptest! {
    #[test]
    fn never_more_is_promised_than_is_available(
        available in 0_i64..50,
        quantities in prop::collection::vec((0_i64..5, 1_i64..20), 1..20),
    ) {
        let wants: Vec<Want> = quantities.iter().enumerate().map(|(i, (_, q))| want(i64::try_from(i).unwrap(), *q)).collect();
        let holds: Vec<Reservation> = quantities
            .iter()
            .enumerate()
            .filter(|(_, (have, _))| *have > 0)
            .map(|(i, (have, _))| held(i64::try_from(i).unwrap(), i64::try_from(i).unwrap(), *have))
            .collect();
        let before: i64 = holds.iter().map(|r| r.quantity).sum();
        let (outcomes, changes) = promise(&wants, &holds, &HashMap::from([(PLACE, available)]));
        let after: i64 = outcomes.iter().map(|o| o.reserved).sum();
        prop_assert!(after - before <= available);
        for (outcome, want) in outcomes.iter().zip(&wants) {
            prop_assert!(outcome.reserved + outcome.short >= want.quantity);
        }
        for change in changes {
            let (Promise::New { quantity, .. } | Promise::More { quantity, .. }) = change;
            prop_assert!(quantity > 0);
        }
    }
}
