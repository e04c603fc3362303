//! Request bodies in every form the marketplace takes: bare JSON, JSON under `data`, PHP-style form fields
//! (`data[0][id]=7`), plain form fields, and `data=<json>`. The result is one JSON value; what it means is not asked here.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::value::Doc;

/// PHP stops at a nesting level too; deeper keys are dropped.
const FORM_DEPTH_MAX: usize = 16;

/// A decoded body, still with its `data` wrapper if it had one.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    value: Value,
    form: bool,
}

impl Input {
    /// `None` when the bytes are neither JSON nor a form.
    pub(crate) fn parse(content_type: &str, bytes: &[u8]) -> Option<Input> {
        let text = std::str::from_utf8(bytes).ok()?.trim();
        if text.is_empty() {
            return Some(Input {
                value: Value::Object(Map::new()),
                form: false,
            });
        }
        let looks_json = text.starts_with('{') || text.starts_with('[');
        let is_form = content_type
            .to_ascii_lowercase()
            .contains("x-www-form-urlencoded");
        if looks_json && !is_form || content_type.to_ascii_lowercase().contains("json") {
            let value = serde_json::from_str(text).ok()?;
            return Some(Input { value, form: false });
        }
        Some(Input {
            value: parse_form(text),
            form: true,
        })
    }

    /// The filters of a read or count. `accept_wrapper` also takes them out of a JSON `data`; a form's `data` is always
    /// taken, as in the document's own sample.
    pub(crate) fn filters(&self, accept_wrapper: bool) -> Doc {
        let Value::Object(top) = &self.value else {
            return Doc::new();
        };
        let mut filters = top.clone();
        if let Some(wrapped) = filters.remove("data")
            && (self.form || accept_wrapper)
            && let Value::Object(inner) = unwrap_json_text(wrapped)
        {
            filters.extend(inner);
        }
        filters
    }

    /// The payload of a save.
    pub(crate) fn payload(&self) -> Value {
        if let Value::Object(top) = &self.value
            && let Some(wrapped) = top.get("data")
        {
            return numbered_to_list(unwrap_json_text(wrapped.clone()));
        }
        numbered_to_list(self.value.clone())
    }

    /// The body as it came.
    pub(crate) fn raw(&self) -> &Value {
        &self.value
    }

    /// Scalar leaves, as PHP counts input variables.
    pub(crate) fn elements(&self) -> usize {
        leaves(&self.value)
    }
}

fn leaves(value: &Value) -> usize {
    if let Value::Array(items) = value {
        return items.iter().map(leaves).sum();
    }
    if let Value::Object(fields) = value {
        return fields.values().map(leaves).sum();
    }
    1
}

/// `data=<json>`: the legacy form that carries a whole document in one field.
fn unwrap_json_text(value: Value) -> Value {
    if let Value::String(text) = &value
        && let Ok(inner) = serde_json::from_str::<Value>(text)
        && (inner.is_object() || inner.is_array())
    {
        return inner;
    }
    value
}

/// PHP knows one kind of array: an object whose keys are all numbers is a list.
fn numbered_to_list(value: Value) -> Value {
    if let Value::Object(fields) = value {
        if !fields.is_empty() && fields.keys().all(|key| is_number(key)) {
            return Value::Array(fields.into_iter().map(|(_, item)| item).collect());
        }
        return Value::Object(fields);
    }
    value
}

fn is_number(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Query-string pairs, decoded, in order.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn parse_form(text: &str) -> Value {
    let mut root = Map::new();
    for (key, value) in pairs(text) {
        let path = key_path(&key);
        if path.len() <= FORM_DEPTH_MAX {
            insert(&mut root, &path, value);
        }
    }
    Value::Object(root.into_iter().map(|(key, value)| (key, lists(value))).collect())
}

/// `data[0][id]` → `data`, `0`, `id`.
fn key_path(key: &str) -> Vec<String> {
    let (head, rest) = key.split_once('[').unwrap_or((key, ""));
    let mut path = vec![head.to_owned()];
    if !rest.is_empty() {
        path.extend(rest.split('[').map(|part| part.trim_end_matches(']').to_owned()));
    }
    path
}

fn insert(node: &mut Map<String, Value>, path: &[String], value: String) {
    let Some((head, rest)) = path.split_first() else {
        return;
    };
    let key = if head.is_empty() {
        node.len().to_string()
    } else {
        head.clone()
    };
    if rest.is_empty() {
        node.insert(key, Value::String(value));
        return;
    }
    let child = node.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !child.is_object() {
        *child = Value::Object(Map::new());
    }
    if let Value::Object(inner) = child {
        insert(inner, rest, value);
    }
}

fn lists(value: Value) -> Value {
    if let Value::Object(fields) = value {
        let inner: Map<String, Value> = fields.into_iter().map(|(key, item)| (key, lists(item))).collect();
        return numbered_to_list(Value::Object(inner));
    }
    value
}
