//! Money: an exact amount and its currency. Rounding is named and happens once; floats never touch it.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Why an amount was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("not an amount of money")]
    NotANumber,
    #[error("an amount has at most {} decimals", Money::MAX_DECIMALS)]
    TooPrecise,
    #[error("the amount is too large")]
    TooLarge,
    #[error("{0} and {1} cannot be added")]
    CurrencyMismatch(Currency, Currency),
    #[error("a currency is three capital letters")]
    NotACurrency,
}

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    pub const RON: Self = Self(*b"RON");
    pub const EUR: Self = Self(*b"EUR");
    pub const HUF: Self = Self(*b"HUF");
    pub const BGN: Self = Self(*b"BGN");

    pub fn as_str(&self) -> &str {
        // Only capital ASCII letters ever get in, so the fallback is never taken.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code: [u8; 3] = text
            .trim()
            .as_bytes()
            .try_into()
            .ok()
            .ok_or(MoneyError::NotACurrency)?;
        if code.iter().all(u8::is_ascii_uppercase) {
            Ok(Self(code))
        } else {
            Err(MoneyError::NotACurrency)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// How a half is rounded. A law or a partner's document decides; the caller names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Away from zero, as fiscal amounts in Romania are rounded.
    HalfUp,
    /// To the even neighbour, for statistics.
    HalfEven,
}

impl Rounding {
    fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
        }
    }
}

/// An amount with at most four decimals, and its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// eMAG keeps four decimals; the database column is `numeric(14,4)`.
    pub const MAX_DECIMALS: u32 = 4;
    /// What a till shows.
    pub const CASH_DECIMALS: u32 = 2;
    /// `numeric(14,4)` holds ten digits before the point.
    const MAX_AMOUNT: i64 = 9_999_999_999;

    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        if amount.normalize().scale() > Self::MAX_DECIMALS {
            return Err(MoneyError::TooPrecise);
        }
        if amount.abs() > Decimal::from(Self::MAX_AMOUNT) {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { amount, currency })
    }

    /// Reads a plain decimal as a program writes it (`123.45`); people's input goes through the screen parser.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        Self::new(
            amount.trim().parse().ok().ok_or(MoneyError::NotANumber)?,
            currency,
        )
    }

    pub fn zero(currency: Currency) -> Self {
        Self {
            amount: Decimal::ZERO,
            currency,
        }
    }

    /// Rounds an exact intermediate result into money.
    pub fn rounded_from(
        amount: Decimal,
        currency: Currency,
        rounding: Rounding,
        decimals: u32,
    ) -> Result<Self, MoneyError> {
        Self::new(
            amount.round_dp_with_strategy(decimals, rounding.strategy()),
            currency,
        )
    }

    pub fn amount(&self) -> Decimal {
        self.amount
    }

    pub fn currency(&self) -> Currency {
        self.currency
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        Self::new(
            self.amount
                .checked_add(other.amount)
                .ok_or(MoneyError::TooLarge)?,
            self.currency,
        )
    }

    /// Exact product; the result may carry more decimals than money keeps and must then be rounded by name.
    pub fn times(self, factor: Decimal) -> Result<Unrounded, MoneyError> {
        let amount = self.amount.checked_mul(factor).ok_or(MoneyError::TooLarge)?;
        Ok(Unrounded {
            amount,
            currency: self.currency,
        })
    }

    pub fn rounded(self, rounding: Rounding, decimals: u32) -> Result<Self, MoneyError> {
        Self::rounded_from(self.amount, self.currency, rounding, decimals)
    }
}

/// An exact amount that is not money yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unrounded {
    amount: Decimal,
    currency: Currency,
}

impl Unrounded {
    pub fn rounded(self, rounding: Rounding, decimals: u32) -> Result<Money, MoneyError> {
        Money::rounded_from(self.amount, self.currency, rounding, decimals)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// On the wire: `{"amount":"123.4500","currency":"RON"}`, always four decimals.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
struct MoneyWire {
    amount: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut amount = self.amount;
        amount.rescale(Self::MAX_DECIMALS);
        MoneyWire {
            amount: amount.to_string(),
            currency: self.currency,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = MoneyWire::deserialize(deserializer)?;
        Self::parse(&wire.amount, wire.currency).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::openapi::{RefOr, schema::Schema};

    impl utoipa::PartialSchema for super::Money {
        fn schema() -> RefOr<Schema> {
            super::MoneyWire::schema()
        }
    }

    impl utoipa::ToSchema for super::Money {
        fn name() -> std::borrow::Cow<'static, str> {
            "Money".into()
        }
    }
}

/// A price or sum **without** VAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Net(pub Money);

/// A price or sum **with** VAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Gross(pub Money);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_that_are_no_money_are_refused() {
        let parse = |text: &str| Money::parse(text, Currency::RON);
        assert_eq!(parse("12.34567"), Err(MoneyError::TooPrecise));
        assert_eq!(parse("NaN"), Err(MoneyError::NotANumber));
        assert_eq!(parse("1e400"), Err(MoneyError::NotANumber));
        assert_eq!(parse("99999999999"), Err(MoneyError::TooLarge));
        assert_eq!(
            parse("12.340000").unwrap().amount().normalize().to_string(),
            "12.34"
        );
    }

    #[test]
    fn lei_and_forints_are_never_added() {
        let (ron, huf) = (Money::zero(Currency::RON), Money::zero(Currency::HUF));
        assert_eq!(
            ron.plus(huf),
            Err(MoneyError::CurrencyMismatch(Currency::RON, Currency::HUF))
        );
    }

    #[test]
    fn the_wire_form_has_four_decimals() {
        let json = serde_json::to_string(&Money::parse("123.45", Currency::RON).unwrap()).unwrap();
        assert_eq!(json, r#"{"amount":"123.4500","currency":"RON"}"#);
        assert!(serde_json::from_str::<Money>(r#"{"amount":"1","currency":"lei"}"#).is_err());
    }

    proptest! {
        #[test]
        fn wire_and_back_is_the_same(units in -10_000_000_000_i64..10_000_000_000) {
            let money = Money::new(Decimal::new(units, 4), Currency::EUR).unwrap();
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }

        #[test]
        fn parts_sum_to_the_whole(parts in prop::collection::vec(-1_000_000_i64..1_000_000, 1..50)) {
            let whole: i64 = parts.iter().sum();
            let sum = parts.iter().try_fold(Money::zero(Currency::RON), |sum, part| {
                sum.plus(Money::new(Decimal::new(*part, 4), Currency::RON)?)
            });
            prop_assert_eq!(sum.unwrap().amount(), Decimal::new(whole, 4));
        }
    }
}
