//! Numbers, money and dates as people here write them.
//!
//! Romanian: `1.234,56 lei`, `24.11.2026, 14:05`. English: `RON 1,234.56`, `24 Nov 2026, 14:05`.
//! Times are UTC inside and shown in the firm's time zone, Europe/Bucharest. Nothing here rounds
//! silently: money is shown with two decimals and with more only when they are asked for.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeDelta, Timelike, Utc};
use chrono_tz::Europe::Bucharest;
use kernel::Locale;
use rust_decimal::{Decimal, RoundingStrategy};

/// What is written where a value is absent.
pub const ABSENT: &str = "–";

/// Decimals of money on screen.
const MONEY_DECIMALS: u32 = 2;

const ENGLISH_MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The sign between whole and fraction.
pub(crate) fn decimal_sign(locale: Locale) -> char {
    match locale {
        Locale::Ro => ',',
        Locale::En => '.',
    }
}

/// The sign between groups of three digits.
pub(crate) fn group_sign(locale: Locale) -> char {
    match locale {
        Locale::Ro => '.',
        Locale::En => ',',
    }
}

/// `1.234,5` or `1,234.5`; trailing zeros of the fraction are dropped.
pub fn number(value: Decimal, locale: Locale) -> String {
    written(value.normalize(), locale)
}

/// A number with exactly `decimals` places, rounded half away from zero.
pub fn fixed(value: Decimal, decimals: u32, locale: Locale) -> String {
    let mut rounded = value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(decimals);
    written(rounded, locale)
}

/// A quantity: whole pieces without decimals, metres and kilograms with as many as they have.
pub fn quantity(value: Decimal, locale: Locale) -> String {
    number(value, locale)
}

/// A number as it is put into an input field: the language's decimal sign and no groups, so that
/// [`crate::input::parse_decimal`] reads back exactly this value.
pub fn editable(value: Decimal, locale: Locale) -> String {
    value
        .normalize()
        .to_string()
        .replace('.', &decimal_sign(locale).to_string())
}

/// An amount as it is put into an input field: like [`editable`], with two decimals at least.
pub fn editable_amount(amount: Decimal, locale: Locale) -> String {
    let mut shown = amount.normalize();
    if shown.scale() < MONEY_DECIMALS {
        shown.rescale(MONEY_DECIMALS);
    }
    shown.to_string().replace('.', &decimal_sign(locale).to_string())
}

/// Percent points: `21` is `21 %` in Romanian and `21%` in English.
pub fn percent(points: Decimal, locale: Locale) -> String {
    let digits = number(points, locale);
    match locale {
        Locale::Ro => format!("{digits} %"),
        Locale::En => format!("{digits}%"),
    }
}

/// `1.234,56 lei`, `1.234,56 EUR` in Romanian; `RON 1,234.56` in English.
pub fn money(amount: Decimal, currency: &str, locale: Locale) -> String {
    with_currency(&fixed(amount, MONEY_DECIMALS, locale), currency, locale)
}

/// Money with every decimal it has, two at least: net prices carry four.
pub fn money_exact(amount: Decimal, currency: &str, locale: Locale) -> String {
    let decimals = amount.normalize().scale().max(MONEY_DECIMALS);
    with_currency(&fixed(amount, decimals, locale), currency, locale)
}

fn with_currency(digits: &str, currency: &str, locale: Locale) -> String {
    match locale {
        Locale::Ro => format!("{digits} {}", unit(currency, locale)),
        Locale::En => format!("{currency} {digits}"),
    }
}

/// A currency as it stands beside an input field: `lei` in Romanian, else its code.
pub fn unit(currency: &str, locale: Locale) -> &str {
    match (locale, currency) {
        (Locale::Ro, "RON") => "lei",
        (Locale::Ro | Locale::En, code) => code,
    }
}

fn written(value: Decimal, locale: Locale) -> String {
    let plain = value.abs().to_string();
    let (whole, fraction) = plain
        .split_once('.')
        .map_or((plain.as_str(), None), |(w, f)| (w, Some(f)));
    let mut text = String::with_capacity(plain.len() + plain.len() / 3 + 1);
    if value.is_sign_negative() && !value.is_zero() {
        // The true minus sign is as wide as a digit, so columns stay aligned.
        text.push('−');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(group_sign(locale));
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push(decimal_sign(locale));
        text.push_str(fraction);
    }
    text
}

/// The calendar day in Bucharest at that moment.
pub fn local_day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Bucharest).date_naive()
}

/// `24.11.2026` or `24 Nov 2026`.
pub fn date(day: NaiveDate, locale: Locale) -> String {
    match locale {
        Locale::Ro => day.format("%d.%m.%Y").to_string(),
        Locale::En => format!("{} {} {}", day.day(), english_month(day), day.year()),
    }
}

/// `24.11.2026, 14:05` or `24 Nov 2026, 14:05`, local time.
pub fn datetime(at: DateTime<Utc>, locale: Locale) -> String {
    let local = at.with_timezone(&Bucharest);
    format!(
        "{}, {:02}:{:02}",
        date(local.date_naive(), locale),
        local.hour(),
        local.minute()
    )
}

/// `14:05`, local time.
pub fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Bucharest).format("%H:%M").to_string()
}

/// The exact moment for machines: `2026-11-24T12:05:00Z`.
pub fn isotime(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn english_month(day: NaiveDate) -> &'static str {
    ENGLISH_MONTHS
        .get(day.month0() as usize)
        .copied()
        .unwrap_or(ABSENT)
}

/// A length of time in its two largest units, without sign: `1 z 3 h`, `14 h 20 min`, `5 min`. `app.js` counts on in
/// the same form.
pub fn span(length: TimeDelta, locale: Locale) -> String {
    let minutes = length.abs().num_minutes();
    let (days, hours, minutes) = (minutes / (24 * 60), minutes / 60 % 24, minutes % 60);
    let day = match locale {
        Locale::Ro => "z",
        Locale::En => "d",
    };
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} {day} {hours} h"),
    }
}

/// How far a moment lies from now, in the largest unit that says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// Less than a minute, either way.
    Now,
    /// In the past.
    Past(u32, Unit),
    /// In the future.
    Ahead(u32, Unit),
    /// A month or more: better written as a date.
    Far,
}

/// Units of [`Distance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 60 seconds.
    Minutes,
    /// 60 minutes.
    Hours,
    /// 24 hours.
    Days,
}

/// The distance between a moment and now, whole units rounded down.
pub fn distance(at: DateTime<Utc>, now: DateTime<Utc>) -> Distance {
    let gap = now - at;
    let size = gap.abs();
    let whole = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let (count, unit) = if size < TimeDelta::minutes(1) {
        return Distance::Now;
    } else if size < TimeDelta::hours(1) {
        (whole(size.num_minutes()), Unit::Minutes)
    } else if size < TimeDelta::days(1) {
        (whole(size.num_hours()), Unit::Hours)
    } else if size < TimeDelta::days(30) {
        (whole(size.num_days()), Unit::Days)
    } else {
        return Distance::Far;
    };
    if gap > TimeDelta::zero() {
        Distance::Past(count, unit)
    } else {
        Distance::Ahead(count, unit)
    }
}
