//! The answer's outer object and the message list in all its spellings (eMAG API 4.4.9 section 4.1).

use serde_json::{Map, Value};

use crate::error::Message;
use crate::lenient;

/// An answer's outer object. `is_error` is `None` when the key is missing or unreadable, which is never a success.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Envelope {
    pub is_error: Option<bool>,
    pub messages: Vec<Message>,
    pub results: Value,
    pub extra: Map<String, Value>,
}

/// The body is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is no JSON object")]
pub struct EnvelopeError;

impl Envelope {
    pub fn parse(body: &[u8]) -> Result<Self, EnvelopeError> {
        let Ok(Value::Object(mut map)) = lenient::from_slice(body) else {
            return Err(EnvelopeError);
        };
        let is_error = map.remove("isError").as_ref().and_then(strict_flag);
        let messages = messages_of(&map);
        for key in ["messages", "message", "errors"] {
            map.remove(key);
        }
        let results = map.remove("results").unwrap_or(Value::Null);
        Ok(Self {
            is_error,
            messages,
            results,
            extra: map,
        })
    }
}

/// Only an explicit yes or no; null, `[]` and junk say nothing.
fn strict_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            None | Some(_) => None,
        },
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "0" | "false" => Some(false),
            "1" | "true" => Some(true),
            _other => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Every message of an object: `messages`, the single `message` key and the `errors` list, as text or objects.
fn messages_of(map: &Map<String, Value>) -> Vec<Message> {
    let mut found = Vec::new();
    for key in ["messages", "message", "errors"] {
        if let Some(value) = map.get(key) {
            collect(value, &mut found);
        }
    }
    found
}

/// A message list is flat or a list of lists; deeper nesting is junk and is kept as its JSON text.
fn collect(value: &Value, found: &mut Vec<Message>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(text) => found.push(Message::plain(text.clone())),
        Value::Number(number) => found.push(Message::plain(number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(object) => found.push(message_of(object)),
    }
}

fn message_of(object: &Map<String, Value>) -> Message {
    let text_at = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let text = ["message", "text", "error", "description"]
        .into_iter()
        .find_map(text_at);
    Message {
        text: text.unwrap_or_else(|| Value::Object(object.clone()).to_string()),
        field: text_at("field"),
    }
}
