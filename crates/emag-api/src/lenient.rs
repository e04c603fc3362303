//! The decoding kit for a PHP back end: numbers as text and back, `[]` for an empty object, booleans in four spellings.
//!
//! Always holds: a decimal is read from its written digits and never passes through a binary float; junk where a number
//! belongs is an error of that row, never a silent zero; nothing here panics on any input.
//! `null`, a missing key, `""`, `"-"` and `[]` all mean "none".

mod numbers;
mod shapes;
mod text;
mod time;

pub use numbers::{LenientBool, LenientDecimal, LenientInt, Ownership, WireNumber, vat_percent};
pub use shapes::{GpsrField, MaybeObject, OneOrMany};
pub use text::{decode_entities, same_text};
pub use time::{WallTime, format_wall_time, from_utc, to_utc};

pub(crate) use numbers::{open_enum, required_id};
pub(crate) use shapes::elements;
pub(crate) use text::text;

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Longer runs of digits do not surely fit the 64-bit integers of the JSON reader, which would then fall back to a float.
const PLAIN_DIGITS_MAX: usize = 18;

/// Reads JSON so that every number which is not a plain integer stays exact: its digits arrive as text.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let quoted = quote_inexact_numbers(bytes);
    serde_json::from_slice(&quoted).or_else(|error| match mended_texts(&quoted) {
        Some(mended) => serde_json::from_slice(&mended),
        None => Err(error),
    })
}

/// Puts quotation marks around the JSON numbers a binary float could bend (`206.6116`, `1e-2`, 20 digits).
///
/// Every decoder of this kit takes numbers as text, so only the float detour disappears. Text inside strings and
/// malformed numbers are left as they are.
fn quote_inexact_numbers(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let end = end_of_number(bytes, at);
                let token = bytes.get(at..end).unwrap_or_default();
                if is_inexact(token) && is_json_number(token) {
                    out.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
                    out.push(b'"');
                    out.extend_from_slice(token);
                    out.push(b'"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(bytes);
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The index after the closing quotation mark of the string that opens at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_number(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    start + rest.iter().take_while(|byte| is_part(byte)).count()
}

fn is_inexact(token: &[u8]) -> bool {
    token.len() > PLAIN_DIGITS_MAX || token.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

fn is_json_number(token: &[u8]) -> bool {
    // The reader's own grammar decides, so that quoting never makes a broken document valid.
    serde_json::from_slice::<&serde_json::value::RawValue>(token).is_ok()
}

/// Whether a value is one of the spellings of "none".
fn is_none(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => matches!(text.trim(), "" | "-"),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// What a value is, for error texts; never its content.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The partner stores what sellers type, and cuts it where it pleases: half of a surrogate pair, or half of a character.
/// One such text must not cost the other rows of its page. `None` when there is nothing of the kind.
fn mended_texts(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let mut mended = String::with_capacity(text.len());
    let mut changed = matches!(text, std::borrow::Cow::Owned(_));
    let mut rest = text.as_ref();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let (taken, kept) = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, true),
            (Some(0xD800..=0xDFFF), _) => (6, false),
            (Some(_), _) => (6, true),
            // A plain escape is a backslash and the character after it.
            (None, _) => (1 + escape.chars().nth(1).map_or(0, char::len_utf8), true),
        };
        let (this, after) = escape.split_at(taken);
        mended.push_str(if kept { this } else { "\\ufffd" });
        changed |= !kept;
        rest = after;
    }
    mended.push_str(rest);
    changed.then(|| mended.into_bytes())
}

/// The UTF-16 unit of an escape like `\u00e9` that the text begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}
