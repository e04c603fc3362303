//! The pure rules: states, sums, tax codes, deadlines.

use kernel::{Currency, Money};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::bench::{lei, vat};
use crate::OrderStatus::{Cancelled, Confirmed, New, Packed, Returned, Shipped};
use crate::{
    Action, OrderStatus, Step, TaxIdError, check_romanian_tax_id, line_totals, order_totals, ship_by_default,
    step,
};

#[test]
fn every_state_answers_every_action() {
    #[track_caller]
    fn check(from: OrderStatus, expected: [&str; 5]) {
        let answers = Action::ALL.map(|action| match step(from, action) {
            Ok(Step::To(status)) => status.as_str().to_owned(),
            Ok(Step::Already) => "already".to_owned(),
            Err(refusal) => refusal.code.replace("orders-refused-", "!"),
        });
        assert_eq!(answers, expected, "{from}");
    }
    // confirm, pack, ship, cancel, return
    check(
        New,
        [
            "confirmed",
            "!not-confirmed",
            "!not-confirmed",
            "cancelled",
            "!not-shipped",
        ],
    );
    check(
        Confirmed,
        ["already", "packed", "shipped", "cancelled", "!not-shipped"],
    );
    check(
        Packed,
        ["already", "already", "shipped", "cancelled", "!not-shipped"],
    );
    check(
        Shipped,
        [
            "!already-shipped",
            "!already-shipped",
            "already",
            "!already-shipped",
            "returned",
        ],
    );
    check(
        Cancelled,
        ["!cancelled", "!cancelled", "!cancelled", "already", "!cancelled"],
    );
    check(
        Returned,
        ["!returned", "!returned", "!returned", "!returned", "already"],
    );
}

#[test]
fn a_tax_code_is_checked_by_its_last_digit() {
    #[track_caller]
    fn check(text: &str, expected: Result<(), TaxIdError>) {
        assert_eq!(check_romanian_tax_id(text), expected, "{text}");
    }
    check("RO14399840", Ok(()));
    check("14399840", Ok(()));
    check("ro 1439 9840", Ok(()));
    check("RO14399841", Err(TaxIdError::CheckDigit));
    check("RO14399480", Err(TaxIdError::CheckDigit));
    check("", Err(TaxIdError::Shape));
    check("RO", Err(TaxIdError::Shape));
    check("RO1", Err(TaxIdError::Shape));
    check("12345678901", Err(TaxIdError::Shape));
    check("RO01234567", Err(TaxIdError::Shape));
    check("RO١٤٣٩٩٨٤٠", Err(TaxIdError::Shape));
    check("DE14399840", Err(TaxIdError::Shape));
}

#[test]
fn two_working_days_jump_over_the_weekend() {
    #[track_caller]
    fn check(placed: &str, expected: &str) {
        let by = ship_by_default(placed.parse().unwrap());
        assert_eq!(by, expected.parse::<kernel::Timestamp>().unwrap(), "{placed}");
    }
    check("2026-11-25T08:00:00Z", "2026-11-27T08:00:00Z"); // Wednesday
    check("2026-11-26T08:00:00Z", "2026-11-30T08:00:00Z"); // Thursday
    check("2026-11-28T08:00:00Z", "2026-12-01T08:00:00Z"); // Saturday
    // Summer time ends on Sunday: the wall clock counts.
    check("2026-10-23T08:00:00Z", "2026-10-27T09:00:00Z");
}

#[test]
fn a_line_is_rounded_once_and_its_discount_counts() {
    let line = |price: &str, quantity, discount: &str, discount_vat: &str| {
        let t = line_totals(lei(price), quantity, vat("21"), lei(discount), lei(discount_vat)).unwrap();
        format!("{} {}", t.net.amount().normalize(), t.gross.amount())
    };
    assert_eq!(line("29.7521", 1, "0", "0"), "29.7521 36.00");
    assert_eq!(line("29.7521", 100, "0", "0"), "2975.21 3600.00");
    assert_eq!(line("0.0413", 1, "0", "0"), "0.0413 0.05");
    assert_eq!(line("29.7521", 2, "-8.2645", "-1.7355"), "51.2397 62.00");
}

proptest! {
    #[test]
    fn the_parts_of_an_order_sum_to_the_whole(
        lines in prop::collection::vec((0_i64..100_000_000, 1_i64..500, 0_u32..=27, 0_i64..10_000), 0..30),
        shipping in 0_i64..10_000,
    ) {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|(price, quantity, rate, discount)| {
                let money = |units| Money::new(Decimal::new(units, 4), Currency::RON).unwrap();
                let rate = kernel::VatRate::from_percent(rate.into()).unwrap();
                line_totals(money(price), quantity, rate, money(-discount), money(0)).unwrap()
            })
            .collect();
        for line in &lines {
            prop_assert_eq!(line.net.amount() + line.vat.amount(), line.gross.amount());
            prop_assert!(line.gross.amount().normalize().scale() <= 2);
        }
        let shipping = Money::new(Decimal::new(shipping, 2), Currency::RON).unwrap();
        let whole = order_totals(lines.clone(), shipping, Currency::RON).unwrap();
        let parts: Decimal = lines.iter().map(|line| line.gross.amount()).sum();
        prop_assert_eq!(whole.gross.amount(), parts + shipping.amount());
        prop_assert_eq!(whole.gross.amount(), whole.net.amount() + whole.vat.amount() + shipping.amount());
    }
}
