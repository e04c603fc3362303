//! Numbers as people type them.
//!
//! `1.234,56`, `1234.56`, `1 234,56`, `1,234.56` and `14` all mean what they look like in either
//! language. A single group of three behind the language's *grouping* sign (`1.234` in Romanian) is
//! refused: half the keyboards type that sign where a decimal is meant, and a price wrong by a
//! thousand costs more than one more keystroke. The answer always says what was understood.

use kernel::Locale;
use rust_decimal::Decimal;

use crate::formats;

/// More characters than any amount needs.
const TEXT_MAX: usize = 40;

/// A number and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// The exact value.
    pub value: Decimal,
    /// The value written back in the person's language, to be shown beside the field.
    pub text: String,
}

/// Why a text is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// Nothing was typed.
    #[error("empty")]
    Empty,
    /// Longer than any amount, or more digits than can be kept.
    #[error("too long")]
    TooLong,
    /// Letters or signs that no number has, or groups that are not of three.
    #[error("not a number")]
    NotANumber,
    /// Two readings, a thousandfold apart.
    #[error("ambiguous: {grouped} or {decimal}")]
    Ambiguous {
        /// Reading with the sign as a thousands separator.
        grouped: Decimal,
        /// Reading with the sign as a decimal point.
        decimal: Decimal,
    },
}

impl InputError {
    /// The translation key of the sentence that explains it.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Empty => "ui-input-empty",
            Self::TooLong => "ui-input-too-long",
            Self::NotANumber => "ui-input-not-a-number",
            Self::Ambiguous { .. } => "ui-input-ambiguous",
        }
    }

    /// The values that sentence needs: the two readings of an ambiguous text, as they would be typed.
    pub fn args(&self, locale: Locale) -> crate::Args {
        match self {
            Self::Empty | Self::TooLong | Self::NotANumber => crate::Args::new(),
            Self::Ambiguous { grouped, decimal } => crate::Args::new()
                .with("grouped", formats::editable(*grouped, locale))
                .with("decimal", formats::editable(*decimal, locale)),
        }
    }
}

/// Reads a number in either notation; the language settles what the notation leaves open.
pub fn parse_decimal(text: &str, locale: Locale) -> Result<Understood, InputError> {
    let text = text.trim_matches(is_blank);
    if text.is_empty() {
        return Err(InputError::Empty);
    }
    if text.chars().count() > TEXT_MAX {
        return Err(InputError::TooLong);
    }
    let (negative, digits) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start_matches(is_blank)),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let sign = |value: Decimal| if negative { -value } else { value };
    let value = match read(digits, locale)? {
        Reading::Clear(value) => sign(value),
        Reading::Double { grouped, decimal } => {
            return Err(InputError::Ambiguous {
                grouped: sign(grouped),
                decimal: sign(decimal),
            });
        }
    };
    Ok(Understood {
        value,
        text: formats::number(value, locale),
    })
}

enum Reading {
    Clear(Decimal),
    Double { grouped: Decimal, decimal: Decimal },
}

fn read(text: &str, locale: Locale) -> Result<Reading, InputError> {
    let last_dot = text.rfind('.');
    let last_comma = text.rfind(',');
    let spaced = text.contains(is_blank);
    match (last_dot, last_comma) {
        (Some(dot), Some(comma)) if spaced || dot == comma => Err(InputError::NotANumber),
        (Some(dot), Some(comma)) => {
            let (at, group) = if dot > comma { (dot, ',') } else { (comma, '.') };
            clear(ungrouped(&text[..at], |c| c == group)?, &text[at + 1..])
        }
        (Some(at), None) => one_sign(text, at, '.', locale),
        (None, Some(at)) => one_sign(text, at, ',', locale),
        (None, None) if spaced => clear(ungrouped(text, is_blank)?, ""),
        (None, None) => clear(text.to_owned(), ""),
    }
}

/// Only dots or only commas.
fn one_sign(text: &str, at: usize, sign: char, locale: Locale) -> Result<Reading, InputError> {
    if text.matches(sign).count() > 1 {
        return clear(ungrouped(text, |c| c == sign)?, "");
    }
    let (whole, fraction) = (&text[..at], &text[at + 1..]);
    if whole.contains(is_blank) {
        return clear(ungrouped(whole, is_blank)?, fraction);
    }
    let could_be_group = fraction.len() == 3 && matches!(whole.len(), 1..=3) && !whole.starts_with('0');
    if could_be_group && sign == formats::group_sign(locale) {
        return Ok(Reading::Double {
            grouped: value(whole, fraction, "")?,
            decimal: value(whole, "", fraction)?,
        });
    }
    clear(whole.to_owned(), fraction)
}

/// Joins groups of three; the first may be shorter, and at least two must stand there.
fn ungrouped(text: &str, is_sign: impl Fn(char) -> bool) -> Result<String, InputError> {
    let groups: Vec<&str> = text.split(is_sign).collect();
    let well_formed = match groups.split_first() {
        Some((first, rest)) => matches!(first.len(), 1..=3) && rest.iter().all(|group| group.len() == 3),
        None => false,
    };
    if well_formed {
        Ok(groups.concat())
    } else {
        Err(InputError::NotANumber)
    }
}

fn clear(whole: String, fraction: &str) -> Result<Reading, InputError> {
    let whole = if whole.is_empty() && !fraction.is_empty() {
        "0".to_owned()
    } else {
        whole
    };
    value(&whole, "", fraction).map(Reading::Clear)
}

fn value(whole: &str, more: &str, fraction: &str) -> Result<Decimal, InputError> {
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || ![whole, more, fraction].into_iter().all(all_digits) {
        return Err(InputError::NotANumber);
    }
    let plain = if fraction.is_empty() {
        format!("{whole}{more}")
    } else {
        format!("{whole}{more}.{fraction}")
    };
    // Digits only, so the one thing that can still be wrong is their number; exact, so nothing is rounded away.
    Decimal::from_str_exact(&plain).or(Err(InputError::TooLong))
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
}
