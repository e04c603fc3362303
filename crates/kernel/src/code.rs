//! Codes of articles: the seller's own SKU and the EAN/GTIN printed on goods.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a code was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error("the code is empty")]
    Empty,
    #[error("the code is longer than {max} characters")]
    TooLong { max: usize },
    #[error("the code holds a character that is not allowed")]
    BadCharacter,
    #[error("the check digit does not fit")]
    CheckDigit,
}

/// Removes control characters and surrounding blanks, and folds runs of blanks into one.
/// For names and codes typed or pasted by people; hostile text stays text.
pub fn normalise_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(c);
    }
    out
}

/// The seller's own code of an article; compared exactly, kept as typed but for blanks around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Sku(String);

impl Sku {
    /// eMAG takes 25 characters as a part number; other channels and old codes are longer.
    pub const MAX_CHARS: usize = 64;

    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let text = normalise_text(text);
        if text.is_empty() {
            return Err(CodeError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(CodeError::TooLong { max: Self::MAX_CHARS });
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sku {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// An EAN-8, UPC-A, EAN-13 or GTIN-14 with a valid check digit (GS1 General Specifications, section 7.9).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Ean(String);

impl Ean {
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let digits: Vec<u32> = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .map(|c| c.to_digit(10).ok_or(CodeError::BadCharacter))
            .collect::<Result<_, _>>()?;
        if digits.is_empty() {
            return Err(CodeError::Empty);
        }
        if !matches!(digits.len(), 8 | 12 | 13 | 14) {
            return Err(CodeError::TooLong { max: 14 });
        }
        // From the right, the check digit has weight 1, its neighbour 3, and so on in turn.
        let sum: u32 = digits
            .iter()
            .rev()
            .zip([1, 3].into_iter().cycle())
            .map(|(d, w)| d * w)
            .sum();
        if !sum.is_multiple_of(10) {
            return Err(CodeError::CheckDigit);
        }
        Ok(Self(
            digits.iter().filter_map(|d| char::from_digit(*d, 10)).collect(),
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ean {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ean_with_a_wrong_check_digit_is_refused() {
        for good in [
            "5949990001234".to_owned() + "",
            "4006381333931".into(),
            "96385074".into(),
            "036000291452".into(),
        ] {
            let fits = Ean::parse(&good).is_ok();
            assert_eq!(fits, good != "5949990001234", "{good}");
        }
        assert_eq!(Ean::parse("4006381333932"), Err(CodeError::CheckDigit));
        assert_eq!(Ean::parse("ABCDEFGHIJKLM"), Err(CodeError::BadCharacter));
        assert_eq!(Ean::parse(""), Err(CodeError::Empty));
        assert_eq!(Ean::parse("123"), Err(CodeError::TooLong { max: 14 }));
    }

    #[test]
    fn a_sku_keeps_its_text_but_not_its_blanks() {
        assert_eq!(Sku::parse("  BN 12\t7 \n").unwrap().as_str(), "BN 12 7");
        assert_eq!(Sku::parse("\u{0}"), Err(CodeError::Empty));
        assert_eq!(Sku::parse(&"x".repeat(65)), Err(CodeError::TooLong { max: 64 }));
    }
}
