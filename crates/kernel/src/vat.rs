//! Value added tax rates, as dated data decides them; here only the number and its arithmetic.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Gross, Money, MoneyError, Net, Rounding};

/// A VAT rate in percent, 0 to 100 with at most two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
#[serde(transparent)]
pub struct VatRate(Decimal);

/// The rate is no percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a VAT rate is a percentage between 0 and 100 with at most two decimals")]
pub struct VatRateError;

impl VatRate {
    pub const ZERO: Self = Self(Decimal::ZERO);

    pub fn from_percent(percent: Decimal) -> Result<Self, VatRateError> {
        let percent = percent.normalize();
        if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED || percent.scale() > 2 {
            return Err(VatRateError);
        }
        Ok(Self(percent))
    }

    /// eMAG writes a fraction in orders ("0.2100") and a percent elsewhere (21); a fraction is at most 1.
    pub fn from_fraction_or_percent(value: Decimal) -> Result<Self, VatRateError> {
        if value <= Decimal::ONE {
            Self::from_percent(value * Decimal::ONE_HUNDRED)
        } else {
            Self::from_percent(value)
        }
    }

    pub fn percent(self) -> Decimal {
        self.0
    }

    fn factor(self) -> Decimal {
        Decimal::ONE + self.0 / Decimal::ONE_HUNDRED
    }

    /// Price with tax, in whole bani.
    pub fn gross(self, net: Net) -> Result<Gross, MoneyError> {
        net.0
            .times(self.factor())?
            .rounded(Rounding::HalfUp, Money::CASH_DECIMALS)
            .map(Gross)
    }

    /// Price without tax, with the four decimals that eMAG keeps, so that the way back gives the same gross.
    pub fn net(self, gross: Gross) -> Result<Net, MoneyError> {
        let amount = gross
            .0
            .amount()
            .checked_div(self.factor())
            .ok_or(MoneyError::TooLarge)?;
        Money::rounded_from(amount, gross.0.currency(), Rounding::HalfUp, Money::MAX_DECIMALS).map(Net)
    }
}

impl std::fmt::Display for VatRate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl std::str::FromStr for VatRate {
    type Err = VatRateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_percent(text.trim().parse::<Decimal>().ok().ok_or(VatRateError)?)
    }
}

/// Taken as text or number: `"21"`, `21`, `9.5`.
impl<'de> Deserialize<'de> for VatRate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use proptest::prelude::*;

    #[test]
    fn thirty_six_lei_survive_the_round_trip() {
        let rate: VatRate = "21".parse().unwrap();
        let gross = Gross(Money::parse("36.00", Currency::RON).unwrap());
        let net = rate.net(gross).unwrap();
        assert_eq!(net.0.amount().to_string(), "29.7521");
        assert_eq!(rate.gross(net).unwrap(), gross);
    }

    #[test]
    fn fraction_and_percent_are_told_apart() {
        let rate =
            |text: &str| VatRate::from_fraction_or_percent(text.parse().unwrap()).map(|r| r.to_string());
        assert_eq!(rate("0.2100"), Ok("21".to_owned()));
        assert_eq!(rate("19"), Ok("19".to_owned()));
        assert_eq!(rate("0"), Ok("0".to_owned()));
        assert_eq!(rate("-0.2"), Err(VatRateError));
    }

    proptest! {
        #[test]
        fn gross_to_net_to_gross_is_the_same(bani in 1_i64..10_000_000, rate in 0_u32..=27) {
            let rate = VatRate::from_percent(rate.into()).unwrap();
            let gross = Gross(Money::new(Decimal::new(bani, 2), Currency::RON).unwrap());
            prop_assert_eq!(rate.gross(rate.net(gross).unwrap()).unwrap(), gross);
        }
    }
}
