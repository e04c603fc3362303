//! Categories, VAT rates, handling times and the three counts (eMAG API 4.4.9 sections 6, 8 and 9).

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::lenient::{LenientBool, LenientDecimal, LenientInt, OneOrMany, required_id, text};

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Category {
    #[serde(deserialize_with = "required_id")]
    pub id: u64,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    /// Whether this seller may publish here.
    #[serde(default)]
    pub is_allowed: LenientBool,
    #[serde(default)]
    pub parent_id: LenientInt,
    #[serde(default)]
    pub is_ean_mandatory: LenientBool,
    #[serde(default)]
    pub is_warranty_mandatory: LenientBool,
    #[serde(default)]
    pub characteristics: OneOrMany<Characteristic>,
    #[serde(default)]
    pub family_types: OneOrMany<FamilyType>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Characteristic {
    #[serde(deserialize_with = "required_id")]
    pub id: u64,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default)]
    pub type_id: LenientInt,
    #[serde(default)]
    pub display_order: LenientInt,
    #[serde(default)]
    pub is_mandatory: LenientBool,
    #[serde(default)]
    pub is_filter: LenientBool,
    /// Whether a value outside `values` is accepted.
    #[serde(default)]
    pub allow_new_value: LenientBool,
    /// Only when one category is read; the first 256 unless paged. Text, seldom numbers.
    #[serde(default)]
    pub values: OneOrMany<Value>,
    #[serde(default)]
    pub tags: OneOrMany<String>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FamilyType {
    #[serde(deserialize_with = "required_id")]
    pub id: u64,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default)]
    pub characteristics: OneOrMany<FamilyCharacteristic>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FamilyCharacteristic {
    #[serde(deserialize_with = "required_id")]
    pub characteristic_id: u64,
    #[serde(default)]
    pub characteristic_family_type_id: LenientInt,
    #[serde(default)]
    pub is_foldable: LenientBool,
    #[serde(default)]
    pub display_order: LenientInt,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Filters of `category/read`; sent as top-level keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CategoryFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    #[serde(rename = "valuesCurrentPage", skip_serializing_if = "Option::is_none")]
    pub values_page: Option<u32>,
    #[serde(rename = "valuesPerPage", skip_serializing_if = "Option::is_none")]
    pub values_per_page: Option<u32>,
}

/// A VAT id usable on offers. The row is not documented, so both spellings seen are taken.
#[derive(Debug, Clone, PartialEq)]
pub struct VatRate {
    pub vat_id: u64,
    /// Fraction or percent as written; see [`crate::lenient::vat_percent`].
    pub vat_rate: LenientDecimal,
    pub is_default: LenientBool,
    pub extra: Map<String, Value>,
}

impl<'de> Deserialize<'de> for VatRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        #[derive(Deserialize)]
        struct Row {
            #[serde(default)]
            vat_id: LenientInt,
            #[serde(default)]
            id: LenientInt,
            #[serde(default)]
            vat_rate: LenientDecimal,
            #[serde(default)]
            value: LenientDecimal,
            #[serde(default)]
            is_default: LenientBool,
            #[serde(flatten)]
            extra: Map<String, Value>,
        }
        let row = Row::deserialize(deserializer)?;
        let vat_id = row.vat_id.positive().or(row.id.positive());
        let vat_rate = LenientDecimal(row.vat_rate.get().or(row.value.get()));
        let vat_id = vat_id.ok_or_else(|| D::Error::custom("a VAT row without id"))?;
        Ok(Self {
            vat_id,
            vat_rate,
            is_default: row.is_default,
            extra: row.extra,
        })
    }
}

/// An allowed number of days until shipping; the row is a bare integer or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlingTime {
    pub days: u32,
}

impl<'de> Deserialize<'de> for HandlingTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(default)]
            value: LenientInt,
            #[serde(default)]
            id: LenientInt,
        }
        use serde::de::Error as _;
        let days = match Value::deserialize(deserializer)? {
            row @ Value::Object(_) => {
                let row: Row = serde_json::from_value(row).map_err(D::Error::custom)?;
                row.value.get().or(row.id.get())
            }
            bare @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                LenientInt::deserialize(bare).map_err(D::Error::custom)?.get()
            }
        };
        let days = days.and_then(|days| u32::try_from(days).ok());
        days.map(|days| Self { days })
            .ok_or_else(|| D::Error::custom("a handling time without days"))
    }
}

/// How much there is to read; the numbers arrive as text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Count {
    #[serde(default, rename = "noOfItems")]
    pub items: LenientInt,
    #[serde(default, rename = "noOfPages")]
    pub pages: LenientInt,
    #[serde(default, rename = "itemsPerPage")]
    pub items_per_page: LenientInt,
}
