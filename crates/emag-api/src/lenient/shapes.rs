//! Values whose outer shape changes from answer to answer.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::is_none;

/// An object, or `[]`, null or `""` where PHP had nothing to encode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaybeObject<T>(pub Option<T>);

impl<T> Default for MaybeObject<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> MaybeObject<T> {
    pub const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for MaybeObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        if is_none(&value) {
            return Ok(Self(None));
        }
        // A list of one object instead of the object was seen on several keys.
        if let Value::Array(items) = &mut value
            && items.len() == 1
            && let Some(only) = items.pop()
        {
            value = only;
        }
        serde_json::from_value(value)
            .map(|object| Self(Some(object)))
            .map_err(D::Error::custom)
    }
}

/// A list, one bare element, or nothing; also a PHP array whose keys had gaps and so arrives as an object `{"0":…,"2":…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> std::ops::Deref for OneOrMany<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if is_none(&value) {
            return Ok(Self::default());
        }
        elements(value)
            .into_iter()
            .map(serde_json::from_value)
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(D::Error::custom)
    }
}

/// The elements of a list in any of its disguises.
pub(crate) fn elements(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Object(map) if is_numbered(&map) => map.into_iter().map(|(_, item)| item).collect(),
        Value::Null => Vec::new(),
        single @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![single],
    }
}

fn is_numbered(map: &serde_json::Map<String, Value>) -> bool {
    !map.is_empty()
        && map
            .keys()
            .all(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `manufacturer` and `eu_representative`: on list reads only whether there is something, on single reads the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GpsrField<T> {
    /// Only presence is known.
    Present(bool),
    Entries(Vec<T>),
}

impl<T> Default for GpsrField<T> {
    fn default() -> Self {
        Self::Present(false)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for GpsrField<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match value {
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Null => {
                let flag = super::numbers::bool_of(&value).map_err(D::Error::custom)?;
                Ok(Self::Present(flag.unwrap_or(false)))
            }
            list @ (Value::Array(_) | Value::Object(_)) => {
                let entries = elements(list)
                    .into_iter()
                    .map(serde_json::from_value)
                    .collect::<Result<_, _>>();
                entries.map(Self::Entries).map_err(D::Error::custom)
            }
        }
    }
}
