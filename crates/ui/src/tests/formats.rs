use chrono::{DateTime, TimeDelta, Utc};
use kernel::Locale;
use rust_decimal::Decimal;

use crate::formats::{self, Distance, Unit};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[track_caller]
fn check_money(amount: &str, currency: &str, romanian: &str, english: &str) {
    assert_eq!(formats::money(d(amount), currency, Locale::Ro), romanian);
    assert_eq!(formats::money(d(amount), currency, Locale::En), english);
}

#[test]
fn money_reads_as_people_write_it() {
    check_money("1234.5600", "RON", "1.234,56 lei", "RON 1,234.56");
    check_money("0", "RON", "0,00 lei", "RON 0.00");
    check_money("-12.5", "EUR", "−12,50 EUR", "EUR −12.50");
    check_money("999.995", "RON", "1.000,00 lei", "RON 1,000.00");
    check_money("-0.004", "RON", "0,00 lei", "RON 0.00");
    check_money("123456789.1", "HUF", "123.456.789,10 HUF", "HUF 123,456,789.10");
    check_money("100", "RON", "100,00 lei", "RON 100.00");
}

#[test]
fn net_prices_keep_their_four_decimals() {
    assert_eq!(
        formats::money_exact(d("29.7521"), "RON", Locale::Ro),
        "29,7521 lei"
    );
    assert_eq!(formats::money_exact(d("36.0000"), "RON", Locale::Ro), "36,00 lei");
}

#[test]
fn numbers_drop_zeros_that_say_nothing() {
    for (value, romanian, english) in [
        ("1234567", "1.234.567", "1,234,567"),
        ("12.500", "12,5", "12.5"),
        ("-1000", "−1.000", "−1,000"),
        ("999", "999", "999"),
        ("100", "100", "100"),
        ("0.000", "0", "0"),
    ] {
        assert_eq!(formats::number(d(value), Locale::Ro), romanian);
        assert_eq!(formats::number(d(value), Locale::En), english);
    }
    assert_eq!(formats::percent(d("21"), Locale::Ro), "21 %");
    assert_eq!(formats::percent(d("12.40"), Locale::En), "12.4%");
}

#[test]
fn prices_in_fields_have_two_decimals_and_no_groups() {
    assert_eq!(formats::editable_amount(d("1234.5000"), Locale::Ro), "1234,50");
    assert_eq!(formats::editable_amount(d("29.7521"), Locale::En), "29.7521");
    assert_eq!(formats::editable(d("84.000"), Locale::Ro), "84");
}

#[test]
fn times_are_shown_in_bucharest_in_summer_and_winter() {
    let (winter, summer) = (at("2026-11-24T12:05:00Z"), at("2026-07-01T21:30:00Z"));
    assert_eq!(formats::datetime(winter, Locale::Ro), "24.11.2026, 14:05");
    assert_eq!(formats::datetime(winter, Locale::En), "24 Nov 2026, 14:05");
    assert_eq!(formats::datetime(summer, Locale::Ro), "02.07.2026, 00:30");
    assert_eq!(
        formats::date(formats::local_day(summer), Locale::En),
        "2 Jul 2026"
    );
    assert_eq!(formats::time(summer), "00:30");
    assert_eq!(formats::isotime(winter), "2026-11-24T12:05:00Z");
}

#[test]
fn a_span_is_told_in_its_two_largest_units() {
    for (seconds, romanian, english) in [
        (59, "0 min", "0 min"),
        (-300, "5 min", "5 min"),
        (3600, "1 h 0 min", "1 h 0 min"),
        (-86_340, "23 h 59 min", "23 h 59 min"),
        (97_200, "1 z 3 h", "1 d 3 h"),
    ] {
        let length = TimeDelta::seconds(seconds);
        assert_eq!(formats::span(length, Locale::Ro), romanian, "{seconds} s");
        assert_eq!(formats::span(length, Locale::En), english, "{seconds} s");
    }
}

#[test]
fn distances_use_the_largest_unit_that_says_something() {
    let now = at("2026-11-24T12:00:00Z");
    for (seconds, expected) in [
        (59, Distance::Now),
        (-59, Distance::Now),
        (60, Distance::Past(1, Unit::Minutes)),
        (3599, Distance::Past(59, Unit::Minutes)),
        (3600, Distance::Past(1, Unit::Hours)),
        (-7200, Distance::Ahead(2, Unit::Hours)),
        (86_400, Distance::Past(1, Unit::Days)),
        (30 * 86_400, Distance::Far),
    ] {
        assert_eq!(
            formats::distance(now - TimeDelta::seconds(seconds), now),
            expected,
            "{seconds} s"
        );
    }
}
