//! A refusal is something a person can act on: a code that is a translation key, and its values.

use std::collections::BTreeMap;

use serde::Serialize;

/// A value inside a refusal; numbers stay numbers so that plurals work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Param {
    Number(i64),
    Text(String),
}

impl From<i64> for Param {
    fn from(n: i64) -> Self {
        Self::Number(n)
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// What was refused and why. HTML flash, JSON problem and GraphQL extension are drawn from the same value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Translation key, `slice-what-happened`.
    pub code: &'static str,
    pub params: BTreeMap<&'static str, Param>,
    /// The input field it belongs to, when there is one.
    pub field: Option<&'static str>,
}

impl Refusal {
    pub fn new(code: &'static str) -> Self {
        Self {
            code,
            params: BTreeMap::new(),
            field: None,
        }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Param>) -> Self {
        self.params.insert(name, value.into());
        self
    }

    #[must_use]
    pub fn on(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }
}
