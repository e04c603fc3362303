//! Loose values: the marketplace's back end is PHP, so `"7"` and `7` are the same number and an absent text may be
//! `null`. Everything here reads or writes one JSON value; nothing knows what the value means.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Bucharest;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value};

/// One object in the marketplace's own shape.
pub(crate) type Doc = Map<String, Value>;

/// A whole number, from a number, a numeric string or a boolean.
pub(crate) fn int(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    if let Some(flag) = value.as_bool() {
        return Some(i64::from(flag));
    }
    decimal(value).filter(|number| number.fract().is_zero())?.to_i64()
}

/// A whole number that is not negative.
pub(crate) fn id(value: &Value) -> Option<u64> {
    int(value).and_then(|number| u64::try_from(number).ok())
}

/// An exact decimal, from a number or a numeric string.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    let text = if let Value::String(text) = value {
        text.trim().to_owned()
    } else if let Value::Number(number) = value {
        number.to_string()
    } else {
        return None;
    };
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// The text of a string or a number.
pub(crate) fn text(value: &Value) -> Option<String> {
    if let Value::String(text) = value {
        return Some(text.clone());
    }
    if let Value::Number(number) = value {
        return Some(number.to_string());
    }
    None
}

/// A decimal as a JSON number (offers show prices so). Prices have at most four decimals, which a double holds.
pub(crate) fn number(value: Decimal) -> Value {
    if value.fract().is_zero()
        && let Some(whole) = value.to_i64()
    {
        return Value::from(whole);
    }
    Value::from(value.to_f64().unwrap_or_default())
}

/// A decimal as the four-digit string orders use.
pub(crate) fn four_decimals(value: Decimal) -> Value {
    Value::from(format!("{:.4}", value.round_dp(4)))
}

/// The key's whole number, if it is there and is one.
pub(crate) fn int_at(doc: &Doc, key: &str) -> Option<i64> {
    doc.get(key).and_then(int)
}

/// The key's id, if it is there and is one.
pub(crate) fn id_at(doc: &Doc, key: &str) -> Option<u64> {
    doc.get(key).and_then(id)
}

/// The key's decimal, if it is there and is one.
pub(crate) fn decimal_at(doc: &Doc, key: &str) -> Option<Decimal> {
    doc.get(key).and_then(decimal)
}

/// The key's text; empty when absent.
pub(crate) fn text_at(doc: &Doc, key: &str) -> String {
    doc.get(key).and_then(text).unwrap_or_default()
}

/// The key's list; empty when absent.
pub(crate) fn list_at<'a>(doc: &'a Doc, key: &str) -> &'a [Value] {
    doc.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Puts `value` under `key` unless something other than null already stands there.
pub(crate) fn default_to(doc: &mut Doc, key: &str, value: Value) {
    if doc.get(key).is_none_or(Value::is_null) {
        doc.insert(key.to_owned(), value);
    }
}

/// An object's map; an empty one for anything else.
pub(crate) fn into_doc(value: Value) -> Doc {
    if let Value::Object(doc) = value {
        doc
    } else {
        Doc::new()
    }
}

/// Bucharest wall time, as the marketplace prints every moment.
pub(crate) fn wall(at: DateTime<Utc>) -> String {
    at.with_timezone(&Bucharest)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The full `YYYY-MM-DD HH:MM:SS`; anything shorter is not a moment.
pub(crate) fn naive(text: &str) -> Option<NaiveDateTime> {
    if text.len() != 19 {
        return None;
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()
}

/// The moment a wall time means. The hour that repeats in October is taken as the earlier one, the hour that is
/// skipped in March as the hour after it.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let local = naive(text)?;
    let zoned = Bucharest.from_local_datetime(&local).earliest().or_else(|| {
        Bucharest
            .from_local_datetime(&(local + TimeDelta::hours(1)))
            .earliest()
    })?;
    Some(zoned.with_timezone(&Utc))
}
