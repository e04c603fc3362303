//! Integers, decimals, booleans and open enumerations.

use std::str::FromStr as _;

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{is_none, kind_of};

/// An integer written as number, text or boolean; `None` for every spelling of "none".
///
/// `14`, `"14"`, `"14.00"` and `true` are integers; `"14.5"` and `"many"` are errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct LenientInt(pub Option<i64>);

impl LenientInt {
    pub const fn get(self) -> Option<i64> {
        self.0
    }

    /// The value as an id or a count: `None` also for zero and below, which the partner uses for "none".
    pub fn positive(self) -> Option<u64> {
        self.0
            .and_then(|value| u64::try_from(value).ok())
            .filter(|value| *value > 0)
    }
}

impl<'de> Deserialize<'de> for LenientInt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        int_of(&value).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for LenientInt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// An exact decimal written as number or text. Serialises as text, the form order rows use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct LenientDecimal(pub Option<Decimal>);

impl LenientDecimal {
    pub const fn get(self) -> Option<Decimal> {
        self.0
    }
}

impl<'de> Deserialize<'de> for LenientDecimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        decimal_of(&value).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for LenientDecimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(value) => serializer.collect_str(&value),
            None => serializer.serialize_none(),
        }
    }
}

/// A decimal on its way out: written as a JSON number with exactly its own digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WireNumber(pub Decimal);

impl Serialize for WireNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?;
        digits.serialize(serializer)
    }
}

impl From<Decimal> for WireNumber {
    fn from(value: Decimal) -> Self {
        Self(value)
    }
}

/// A boolean written as `0`/`1`, `"0"`/`"1"`, `"true"`/`"false"` or a boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LenientBool(pub Option<bool>);

impl LenientBool {
    pub const fn get(self) -> Option<bool> {
        self.0
    }

    /// Whether it was said to be true; silence is no.
    pub fn is_true(self) -> bool {
        self.0 == Some(true)
    }
}

impl<'de> Deserialize<'de> for LenientBool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        bool_of(&value).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for LenientBool {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.map(u8::from).serialize(serializer)
    }
}

/// Who may edit the product's content: `1` or `true` this seller, `2` or `false` somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ownership {
    Own,
    Foreign,
    #[default]
    Unknown,
}

impl<'de> Deserialize<'de> for Ownership {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = match value {
            // `false` stands for 2 here, unlike everywhere else where it is 0.
            Value::Bool(false) => Some(2),
            Value::Null
            | Value::Bool(true)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => int_of(&value).map_err(D::Error::custom)?,
        };
        Ok(match number {
            Some(1) => Self::Own,
            Some(2) => Self::Foreign,
            None | Some(_) => Self::Unknown,
        })
    }
}

/// A VAT rate in percent whatever its writing: `0.21` and `21` are both 21. Orders write fractions, invoices percents.
pub fn vat_percent(rate: Decimal) -> Decimal {
    if rate.abs() <= Decimal::ONE {
        (rate * Decimal::ONE_HUNDRED).normalize()
    } else {
        rate.normalize()
    }
}

/// An id that must be there: positive, at most 64 bits, number or text.
pub(crate) fn required_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let id = int_of(&value).map_err(D::Error::custom)?;
    id.and_then(|id| u64::try_from(id).ok())
        .filter(|id| *id > 0)
        .ok_or_else(|| D::Error::custom("an id is missing"))
}

pub(super) fn int_of(value: &Value) -> Result<Option<i64>, String> {
    if is_none(value) {
        return Ok(None);
    }
    match value {
        Value::Bool(flag) => Ok(Some(i64::from(*flag))),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Ok(Some(whole)),
            None => whole_part(&number.to_string()).map(Some),
        },
        Value::String(text) => whole_part(text.trim()).map(Some),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("{} where a number belongs", kind_of(value)))
        }
    }
}

fn whole_part(text: &str) -> Result<i64, String> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole);
    }
    let decimal = parse_decimal(text)?;
    if !decimal.fract().is_zero() {
        return Err("a fraction where a whole number belongs".to_owned());
    }
    i64::try_from(decimal).map_err(|_out_of_range| "a number beyond 64 bits".to_owned())
}

pub(super) fn decimal_of(value: &Value) -> Result<Option<Decimal>, String> {
    if is_none(value) {
        return Ok(None);
    }
    match value {
        Value::Number(number) => parse_decimal(&number.to_string()).map(Some),
        Value::String(text) => parse_decimal(text.trim()).map(Some),
        Value::Bool(flag) => Ok(Some(Decimal::from(u8::from(*flag)))),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("{} where an amount belongs", kind_of(value)))
        }
    }
}

/// Exact or not at all: more digits than a decimal can hold are an error, never a rounding.
fn parse_decimal(text: &str) -> Result<Decimal, String> {
    let not_a_number = || "text that is no number".to_owned();
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (
            digits,
            exponent.parse::<i32>().map_err(|_not_whole| not_a_number())?,
        ),
        None => (text, 0),
    };
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+');
    if !digits.bytes().all(plain) || !digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(not_a_number());
    }
    let base = Decimal::from_str_exact(digits).or_else(|_inexact| Decimal::from_str(digits));
    let base = base.map_err(|_unreadable| not_a_number())?;
    if !same_digits(digits, base) {
        return Err("more digits than an amount can hold".to_owned());
    }
    shift(base, exponent).ok_or_else(|| "an amount out of range".to_owned())
}

/// Guards against a silent rounding: the value must keep every written decimal that is not a closing zero.
fn same_digits(written: &str, value: Decimal) -> bool {
    let decimals = written
        .split_once('.')
        .map_or("", |(_, decimals)| decimals)
        .trim_end_matches('0')
        .len();
    usize::try_from(value.normalize().scale()).is_ok_and(|scale| scale == decimals)
}

/// `value` times ten to the power of `exponent`, if that can be held exactly.
fn shift(value: Decimal, exponent: i32) -> Option<Decimal> {
    if exponent == 0 {
        return Some(value);
    }
    let value = value.normalize();
    let scale = i64::from(value.scale()) - i64::from(exponent);
    let (mantissa, scale) = match u32::try_from(scale) {
        Ok(scale) => (value.mantissa(), scale),
        Err(_negative) => {
            let zeros = u32::try_from(-scale).ok()?;
            (value.mantissa().checked_mul(10_i128.checked_pow(zeros)?)?, 0)
        }
    };
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

pub(super) fn bool_of(value: &Value) -> Result<Option<bool>, String> {
    if let Value::String(text) = value {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => return Ok(Some(true)),
            "false" => return Ok(Some(false)),
            _other => {}
        }
    }
    match int_of(value)? {
        None => Ok(None),
        Some(0) => Ok(Some(false)),
        Some(1) => Ok(Some(true)),
        Some(_) => Err("a number that is neither 0 nor 1".to_owned()),
    }
}

/// Declares an enumeration the partner may extend without notice: a code not listed is kept as `Other`.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A code newer than this table.
            Other(i64),
        }

        impl $name {
            pub const fn from_code(code: i64) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            pub const fn code(self) -> i64 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(other) => other,
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = $crate::lenient::LenientInt::deserialize(deserializer)?;
                let code = code.get().ok_or_else(|| serde::de::Error::custom("a code is missing"))?;
                Ok(Self::from_code(code))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.code())
            }
        }
    };
}
pub(crate) use open_enum;
