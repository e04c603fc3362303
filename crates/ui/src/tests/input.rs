use kernel::Locale;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::formats;
use crate::input::{InputError, parse_decimal};

#[track_caller]
fn check(text: &str, expected: &str) {
    for locale in Locale::ALL {
        let understood = parse_decimal(text, locale).map(|u| u.value);
        assert_eq!(
            understood,
            Ok(expected.parse().unwrap()),
            "{text:?} in {locale:?}"
        );
    }
}

#[track_caller]
fn refuse(text: &str, expected: &InputError) {
    for locale in Locale::ALL {
        assert_eq!(
            parse_decimal(text, locale).as_ref(),
            Err(expected),
            "{text:?} in {locale:?}"
        );
    }
}

#[test]
fn both_notations_are_understood_in_both_languages() {
    check("1.234,56", "1234.56");
    check("1,234.56", "1234.56");
    check("1234.56", "1234.56");
    check("1234,56", "1234.56");
    check("1 234,56", "1234.56");
    check("1\u{a0}234\u{202f}567.5", "1234567.5");
    check("14", "14");
    check(" 14,5 ", "14.5");
    check("1.234.567", "1234567");
    check("1,234,567.891", "1234567.891");
    check("0,125", "0.125");
    check("0.125", "0.125");
    check(",5", "0.5");
    check("29,7521", "29.7521");
    check("-3", "-3");
    check("−1.234,50", "-1234.50");
    check("+7", "7");
    check("1234.567", "1234.567");
}

#[test]
fn what_is_no_number_is_refused() {
    refuse("", &InputError::Empty);
    refuse(" \u{a0}", &InputError::Empty);
    for text in [
        "abc",
        "12 lei",
        "1.23.456",
        "1,2345,678",
        "1 23",
        "12 3456",
        "1.234,56,7",
        "1,234.567,8",
        "-",
        ".",
        "1e5",
        "--2",
        "1.234 567,8",
        "٣",
        "1..2",
        "12.34.56",
    ] {
        refuse(text, &InputError::NotANumber);
    }
    refuse(&"9".repeat(41), &InputError::TooLong);
    refuse(&"9".repeat(40), &InputError::TooLong);
}

#[test]
fn a_thousandfold_doubt_is_asked_and_not_guessed() {
    let doubt = InputError::Ambiguous {
        grouped: Decimal::from(14_500),
        decimal: Decimal::new(14_500, 3),
    };
    assert_eq!(parse_decimal("14.500", Locale::Ro), Err(doubt.clone()));
    assert_eq!(parse_decimal("14,500", Locale::En), Err(doubt));
    // The language's own decimal sign leaves no doubt.
    assert_eq!(
        parse_decimal("14,500", Locale::Ro).unwrap().value,
        Decimal::new(14_500, 3)
    );
    assert_eq!(
        parse_decimal("14.500", Locale::En).unwrap().value,
        Decimal::new(14_500, 3)
    );
}

#[test]
fn the_answer_says_what_was_understood() {
    assert_eq!(parse_decimal("1234.5", Locale::Ro).unwrap().text, "1.234,5");
    assert_eq!(parse_decimal("1234,5", Locale::En).unwrap().text, "1,234.5");
}

fn any_locale() -> impl Strategy<Value = Locale> {
    prop_oneof![Just(Locale::Ro), Just(Locale::En)]
}

proptest! {
    #[test]
    fn what_a_field_shows_is_read_back(units in any::<i64>(), scale in 0_u32..=6, locale in any_locale()) {
        let value = Decimal::new(units, scale);
        let shown = formats::editable(value, locale);
        prop_assert_eq!(parse_decimal(&shown, locale).unwrap().value, value);
    }

    #[test]
    fn money_with_groups_is_read_back(cents in any::<i64>(), written in any_locale(), read in any_locale()) {
        let value = Decimal::new(cents, 2);
        let shown = formats::fixed(value, 2, written);
        prop_assert_eq!(parse_decimal(&shown, read).unwrap().value, value);
    }

    #[test]
    fn nothing_typed_can_break_it(text in any::<String>(), locale in any_locale()) {
        let _ = parse_decimal(&text, locale);
    }

    #[test]
    fn signs_and_digits_never_gain_or_lose_digits(text in "[0-9., -]{1,14}", locale in any_locale()) {
        if let Ok(understood) = parse_decimal(&text, locale) {
            let digits = |text: &str| {
                let all: String = text.chars().filter(char::is_ascii_digit).collect();
                all.trim_start_matches('0').to_owned()
            };
            prop_assert_eq!(digits(&understood.value.to_string()), digits(&text));
        }
    }
}
