//! Whole units of goods.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

use serde::{Deserialize, Serialize};

/// Why a quantity was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    #[error("the quantity must be above zero")]
    NotPositive,
    #[error("the quantity is larger than {}", Quantity::MAX)]
    TooLarge,
}

/// A signed number of units. Stock levels are at most [`Quantity::MAX`] on either side of zero, which leaves room
/// to add millions of them without overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Quantity(pub i64);

impl Quantity {
    pub const ZERO: Self = Self(0);
    /// A thousand million units: nobody has more, and a typing slip of this size is caught.
    pub const MAX: i64 = 1_000_000_000;

    /// A quantity somebody orders, receives or counts: above zero and sane.
    pub fn positive(units: i64) -> Result<Self, QuantityError> {
        match units {
            i64::MIN..=0 => Err(QuantityError::NotPositive),
            1..=Self::MAX => Ok(Self(units)),
            _ => Err(QuantityError::TooLarge),
        }
    }

    /// A correction: any sign, not zero, and sane.
    pub fn delta(units: i64) -> Result<Self, QuantityError> {
        match units {
            0 => Err(QuantityError::NotPositive),
            _ if units.unsigned_abs() > Self::MAX.unsigned_abs() => Err(QuantityError::TooLarge),
            _ => Ok(Self(units)),
        }
    }

    #[must_use]
    pub fn at_least_zero(self) -> Self {
        Self(self.0.max(0))
    }
}

impl Add for Quantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Quantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Quantity {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_quantities_are_refused() {
        assert_eq!(Quantity::positive(0), Err(QuantityError::NotPositive));
        assert_eq!(Quantity::positive(-4), Err(QuantityError::NotPositive));
        assert_eq!(Quantity::positive(i64::MAX), Err(QuantityError::TooLarge));
        assert_eq!(Quantity::delta(i64::MIN), Err(QuantityError::TooLarge));
        assert_eq!(Quantity::delta(-3), Ok(Quantity(-3)));
    }
}
