//! Text fields: missing, null and `[]` are empty, numbers are text, HTML entities are undone before comparing.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::kind_of;

/// A text field; every spelling of "none" but `"-"` is the empty text (a dash may be a real name).
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Array(items) if items.is_empty() => Ok(String::new()),
        other @ (Value::Array(_) | Value::Object(_)) => Err(D::Error::custom(format!(
            "{} where text belongs",
            kind_of(&other)
        ))),
    }
}

/// The partner escapes what it has already escaped, seldom more than twice.
const ESCAPED_TIMES_MAX: usize = 3;

/// `text` with its HTML entities undone, also where it was escaped several times over.
pub fn decode_entities(text: &str) -> Cow<'_, str> {
    let mut current = Cow::Borrowed(text);
    for _ in 0..ESCAPED_TIMES_MAX {
        let decoded = html_escape::decode_html_entities(current.as_ref()).into_owned();
        if decoded == current {
            break;
        }
        current = Cow::Owned(decoded);
    }
    current
}

/// Whether two texts say the same once entities, line ends and runs of blanks are set aside: the test before any diff.
pub fn same_text(sent: &str, read: &str) -> bool {
    let (sent, read) = (decode_entities(sent), decode_entities(read));
    sent.split_whitespace().eq(read.split_whitespace())
}
