//! The decoding kit: every spelling the partner was seen to use, and whatever else may come.

use std::str::FromStr as _;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Europe::{Bucharest, Budapest};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::lenient::{
    GpsrField, LenientBool, LenientDecimal, LenientInt, MaybeObject, OneOrMany, Ownership, WallTime,
    WireNumber, decode_entities, format_wall_time, from_slice, from_utc, same_text, to_utc, vat_percent,
};
use crate::wire::{Category, Envelope, HandlingTime, Offer, Order, VatRate};

fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    from_slice(json.as_bytes()).ok()
}

#[track_caller]
fn check_int(json: &str, expected: Option<LenientInt>) {
    assert_eq!(read::<LenientInt>(json), expected, "{json}");
}

#[test]
fn integers_come_as_numbers_text_and_nothing() {
    let int = |value| Some(LenientInt(Some(value)));
    check_int("14", int(14));
    check_int("\"14\"", int(14));
    check_int("\" 797 \"", int(797));
    check_int("-3", int(-3));
    check_int("14.00", int(14));
    check_int("\"14.0000\"", int(14));
    check_int("1e2", int(100));
    check_int("true", int(1));
    check_int("3120456789", int(3_120_456_789));
    check_int("9223372036854775807", int(i64::MAX));
    for none in ["null", "\"\"", "\"-\"", "[]"] {
        check_int(none, Some(LenientInt(None)));
    }
    for junk in [
        "14.5",
        "\"many\"",
        "{}",
        "[1]",
        "9223372036854775808",
        "\"1_000\"",
        "\"0x10\"",
    ] {
        check_int(junk, None);
    }
}

#[track_caller]
fn check_decimal(json: &str, expected: Option<&str>) {
    let expected = expected.map(|text| Some(Decimal::from_str(text).unwrap()));
    assert_eq!(
        read::<LenientDecimal>(json).map(LenientDecimal::get),
        expected,
        "{json}"
    );
}

#[test]
fn prices_are_exact_whether_number_or_text() {
    check_decimal("206.6116", Some("206.6116"));
    check_decimal("\"967.6613\"", Some("967.6613"));
    check_decimal("0.1", Some("0.1"));
    check_decimal("9007199254740993.1", Some("9007199254740993.1"));
    check_decimal(
        "12345678901234567890.12345678",
        Some("12345678901234567890.12345678"),
    );
    check_decimal("99999999999999999999", Some("99999999999999999999"));
    check_decimal("2.5e-3", Some("0.0025"));
    check_decimal("25E2", Some("2500"));
    check_decimal("-8.2645", Some("-8.2645"));
    for junk in [
        "\"1.2.3\"",
        "\"abc\"",
        "{}",
        "1e999",
        "0.12345678901234567890123456789012",
        "\"e5\"",
        "\".\"",
    ] {
        check_decimal(junk, None);
    }
    assert_eq!(read::<LenientDecimal>("null").unwrap().get(), None);
}

#[test]
fn an_exact_decimal_survives_inside_a_flattened_object() {
    let offer: Offer =
        read(r#"{"id":1,"status":1,"sale_price":9007199254740993.25,"weight":9007199254740993.75}"#).unwrap();
    assert_eq!(offer.sale_price.get().unwrap().to_string(), "9007199254740993.25");
    assert_eq!(offer.extra["weight"], Value::from("9007199254740993.75"));
}

#[test]
fn numbers_inside_text_are_left_alone() {
    assert_eq!(
        read::<String>(r#""price 1.5 \" 2.5""#).unwrap(),
        "price 1.5 \" 2.5"
    );
}

#[test]
fn booleans_come_in_four_spellings() {
    for (json, expected) in [
        ("1", Some(true)),
        ("0", Some(false)),
        ("\"1\"", Some(true)),
        ("\"0\"", Some(false)),
        ("true", Some(true)),
        ("\"False\"", Some(false)),
        ("null", None),
        ("[]", None),
    ] {
        assert_eq!(read::<LenientBool>(json).unwrap().get(), expected, "{json}");
    }
    assert!(read::<LenientBool>("2").is_none());
}

#[test]
fn ownership_true_is_own_and_false_is_foreign() {
    for (json, expected) in [
        ("1", Ownership::Own),
        ("true", Ownership::Own),
        ("2", Ownership::Foreign),
        ("\"2\"", Ownership::Foreign),
        ("false", Ownership::Foreign),
        ("null", Ownership::Unknown),
    ] {
        assert_eq!(read::<Ownership>(json).unwrap(), expected, "{json}");
    }
}

#[test]
fn an_empty_object_comes_as_an_empty_list() {
    assert_eq!(read::<MaybeObject<HandlingTime>>("[]").unwrap().0, None);
    assert_eq!(read::<MaybeObject<HandlingTime>>("null").unwrap().0, None);
    assert_eq!(
        read::<MaybeObject<HandlingTime>>(r#"{"id":2,"value":3}"#)
            .unwrap()
            .0,
        Some(HandlingTime { days: 3 })
    );
    assert_eq!(
        read::<MaybeObject<HandlingTime>>(r#"[{"value":3}]"#).unwrap().0,
        Some(HandlingTime { days: 3 })
    );
}

#[test]
fn a_list_may_be_one_element_or_an_object_with_gaps() {
    for json in ["[5]", "5", r#"{"3":5}"#] {
        assert_eq!(read::<OneOrMany<i64>>(json).unwrap().0, [5], "{json}");
    }
    assert!(read::<OneOrMany<i64>>("null").unwrap().is_empty());
}

#[test]
fn gpsr_contacts_are_a_flag_or_a_list() {
    assert_eq!(read::<GpsrField<i64>>("true").unwrap(), GpsrField::Present(true));
    assert_eq!(read::<GpsrField<i64>>("[]").unwrap(), GpsrField::Entries(vec![]));
    assert_eq!(
        read::<GpsrField<i64>>("[7]").unwrap(),
        GpsrField::Entries(vec![7])
    );
}

#[test]
fn vat_is_percent_whether_written_as_fraction_or_percent() {
    for (written, expected) in [
        ("0.2400", "24"),
        ("0.21", "21"),
        ("21", "21"),
        ("0", "0"),
        ("19.00", "19"),
    ] {
        assert_eq!(
            vat_percent(Decimal::from_str(written).unwrap()),
            Decimal::from_str(expected).unwrap(),
            "{written}"
        );
    }
}

#[test]
fn escaped_text_does_not_differ_from_what_was_sent() {
    assert_eq!(decode_entities("&#1050;&lt;br&gt;"), "К<br>");
    assert_eq!(decode_entities("&amp;lt;p&amp;gt;"), "<p>");
    assert!(same_text(
        "<p>Pantofi  u\u{219}ori</p>",
        "&lt;p&gt;Pantofi u&#537;ori&lt;/p&gt;\n"
    ));
    assert!(!same_text("<p>Pantofi</p>", "&lt;p&gt;Pantofi noi&lt;/p&gt;"));
}

#[track_caller]
fn check_time(json: &str, expected: Option<&str>) {
    let found = read::<WallTime>(json)
        .unwrap_or_else(|| panic!("{json} is not read"))
        .get()
        .map(format_wall_time);
    assert_eq!(found.as_deref(), expected, "{json}");
}

#[test]
fn timestamps_come_in_several_forms() {
    check_time(r#""2025-10-02 14:05:11""#, Some("2025-10-02 14:05:11"));
    check_time(r#""2025-10-02 14:05""#, Some("2025-10-02 14:05:00"));
    check_time(r#""2025-10-02""#, Some("2025-10-02 00:00:00"));
    check_time(
        r#"{"date":"2025-04-21 00:00:00.000000","timezone_type":3,"timezone":"Europe\\/Bucharest"}"#,
        Some("2025-04-21 00:00:00"),
    );
    for none in ["null", "[]", "\"\"", r#""0000-00-00 00:00:00""#] {
        check_time(none, None);
    }
    for junk in ["\"yesterday\"", "5", "\"+200000-01-01\"", "{}"] {
        assert!(read::<WallTime>(junk).is_none(), "{junk}");
    }
}

#[test]
fn clock_changes_lose_no_order() {
    let at = |day: (i32, u32, u32), hour, minute| {
        NaiveDate::from_ymd_opt(day.0, day.1, day.2)
            .unwrap()
            .and_hms_opt(hour, minute, 0)
            .unwrap()
    };
    let utc = |wall, zone| to_utc(wall, zone).format("%d %H:%M").to_string();
    assert_eq!(utc(at((2025, 7, 1), 12, 0), Bucharest), "01 09:00");
    assert_eq!(utc(at((2025, 7, 1), 12, 0), Budapest), "01 10:00");
    // The repeated hour is its first pass, the missing one moves forward.
    assert_eq!(utc(at((2025, 10, 26), 3, 30), Bucharest), "26 00:30");
    assert_eq!(utc(at((2025, 3, 30), 3, 30), Bucharest), "30 01:30");
}

#[test]
fn vat_and_handling_rows_are_read_under_either_name() {
    let vat: VatRate = read(r#"{"id":1,"value":"0.21","is_default":"1"}"#).unwrap();
    assert_eq!(
        (
            vat.vat_id,
            vat.vat_rate.get().unwrap().to_string(),
            vat.is_default.is_true()
        ),
        (1, "0.21".into(), true)
    );
    let both: VatRate = read(r#"{"id":9,"vat_id":2,"vat_rate":0.11,"value":3}"#).unwrap();
    assert_eq!(
        (both.vat_id, both.vat_rate.get().unwrap().to_string()),
        (2, "0.11".into())
    );
    assert_eq!(read::<HandlingTime>("7"), Some(HandlingTime { days: 7 }));
    assert_eq!(
        read::<HandlingTime>(r#"{"id":3,"value":"14","name":"x"}"#),
        Some(HandlingTime { days: 14 })
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[-+0-9.eE: T]{0,12}".prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("id".to_owned()),
        Just("status".to_owned()),
        Just("value".to_owned()),
        Just("date".to_owned()),
        Just("isError".to_owned()),
        Just("messages".to_owned()),
        Just("results".to_owned()),
        Just("products".to_owned()),
        Just("validation_status".to_owned()),
        "[0-9]{1,3}",
        "[a-z_]{1,10}",
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

/// Reads the bytes as everything this crate can read.
fn read_as_everything(bytes: &[u8]) {
    drop(from_slice::<LenientInt>(bytes));
    drop(from_slice::<LenientDecimal>(bytes));
    drop(from_slice::<LenientBool>(bytes));
    drop(from_slice::<Ownership>(bytes));
    drop(from_slice::<GpsrField<Value>>(bytes));
    drop(from_slice::<VatRate>(bytes));
    drop(from_slice::<HandlingTime>(bytes));
    drop(from_slice::<Category>(bytes));
    drop(from_slice::<Offer>(bytes));
    drop(from_slice::<Value>(bytes).map(Order::decode));
    drop(Envelope::parse(bytes));
    if let Ok(time) = from_slice::<WallTime>(bytes) {
        time.to_utc(Bucharest).map(|instant| from_utc(instant, Budapest));
    }
}

proptest! {
    #[test]
    fn no_json_makes_it_panic(value in any_json()) {
        read_as_everything(value.to_string().as_bytes());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn no_text_full_of_json_signs_makes_it_panic(text in r#"[\[\]{}:,"\\0-9eE.+\-tfn ]{0,60}"#) {
        read_as_everything(text.as_bytes());
    }

    #[test]
    fn quoting_numbers_changes_no_verdict_on_validity(text in r#"[\[\]{}:,"\\0-9eE.+\-]{0,24}"#) {
        let plain = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(from_slice::<serde::de::IgnoredAny>(text.as_bytes()).is_ok(), plain);
    }

    #[test]
    fn a_decimal_comes_back_as_it_was(mantissa in -(1_i128 << 95)..(1_i128 << 95), scale in 0_u32..=28) {
        let decimal = Decimal::try_from_i128_with_scale(mantissa, scale).unwrap();
        let as_number = serde_json::to_string(&WireNumber(decimal)).unwrap();
        let as_text = serde_json::to_string(&LenientDecimal(Some(decimal))).unwrap();
        prop_assert_eq!(from_slice::<LenientDecimal>(as_number.as_bytes()).unwrap().get(), Some(decimal));
        prop_assert_eq!(from_slice::<LenientDecimal>(as_text.as_bytes()).unwrap().get(), Some(decimal));
    }

    #[test]
    fn an_integer_comes_back_as_it_was(number: i64) {
        let text = serde_json::to_string(&LenientInt(Some(number))).unwrap();
        prop_assert_eq!(from_slice::<LenientInt>(text.as_bytes()).unwrap().get(), Some(number));
    }

    #[test]
    fn an_instant_comes_back_but_for_the_repeated_hour(seconds in 0_i64..4_000_000_000) {
        let instant = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let back = to_utc(from_utc(instant, Bucharest), Bucharest);
        prop_assert!(instant - back == TimeDelta::zero() || instant - back == TimeDelta::hours(1));
    }
}

#[track_caller]
fn mends(json: &[u8], expected: &str) {
    assert_eq!(from_slice::<String>(json).ok().as_deref(), Some(expected));
}

#[test]
fn a_text_cut_in_the_middle_of_a_character_costs_no_other_row() {
    mends(br#""plain \\ud800 \"text\"""#, r#"plain \ud800 "text""#);
    mends(br#""pair \ud83d\ude00""#, "pair \u{1f600}");
    mends(br#""high \ud83d end""#, "high \u{fffd} end");
    mends(br#""low \ude00""#, "low \u{fffd}");
    mends(br#""twice \ud83d\ud83d\ude00""#, "twice \u{fffd}\u{1f600}");
    mends(b"\"half \xc3\"", "half \u{fffd}");
    assert!(from_slice::<String>(br#""\ud83d"#).is_err(), "still no JSON");
    assert!(from_slice::<String>(br#""\u12"#).is_err());
}
