//! The offer half of a save: price, stock, VAT, handling time, status. One set of rules for both save routes.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::catalog::{HANDLING_TIMES, knows_vat};
use crate::value::{Doc, decimal, decimal_at, int, number};

/// Keys that make an entity an offer save.
pub(crate) const OFFER_KEYS: [&str; 9] = [
    "status",
    "sale_price",
    "recommended_price",
    "min_sale_price",
    "max_sale_price",
    "currency_type",
    "stock",
    "handling_time",
    "vat_id",
];

const PRICE_KEYS: [&str; 4] = [
    "sale_price",
    "recommended_price",
    "min_sale_price",
    "max_sale_price",
];
const STOCK_MAX: i64 = 65_535;
const STOCK_NOT_WHOLE: &str = "The stock field is mandatory. Its value must be a whole (integer) number.";

/// Which keys must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// First save of an offer.
    Create,
    /// `product_offer/save` of a known id.
    Update,
    /// `offer/save`: only what changes.
    Nothing,
}

impl Need {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Need::Create => &[
                "status",
                "sale_price",
                "min_sale_price",
                "max_sale_price",
                "vat_id",
                "stock",
            ],
            Need::Update => &["status", "sale_price", "vat_id", "handling_time", "stock"],
            Need::Nothing => &[],
        }
    }
}

/// The checked values of the keys that were sent, ready to be stored; or every complaint.
pub(crate) fn check(sent: &Doc, current: Option<&Doc>, need: Need) -> Result<Doc, Vec<String>> {
    let mut kept = Doc::new();
    let mut complaints = Vec::new();
    for key in need
        .keys()
        .iter()
        .filter(|key| sent.get(**key).is_none_or(Value::is_null))
    {
        complaints.push(missing(key));
    }
    for (key, value) in OFFER_KEYS.iter().filter_map(|key| Some((*key, sent.get(*key)?))) {
        if value.is_null() {
            continue;
        }
        match check_one(key, value, current.is_some()) {
            Ok(value) => {
                kept.insert(key.to_owned(), value);
            }
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() {
        complaints = price_complaints(&kept, current);
    }
    if complaints.is_empty() {
        Ok(kept)
    } else {
        Err(complaints)
    }
}

fn missing(key: &str) -> String {
    if key == "stock" {
        STOCK_NOT_WHOLE.to_owned()
    } else {
        format!("The field {key} is mandatory")
    }
}

fn check_one(key: &str, value: &Value, exists: bool) -> Result<Value, String> {
    match key {
        "stock" => per_warehouse(value, stock_value),
        "handling_time" => per_warehouse(value, handling_value),
        "status" => status_value(value, exists),
        "vat_id" => match int(value).filter(|id| knows_vat(*id)) {
            Some(id) => Ok(json!(id)),
            None => Err("The vat_id is not valid".to_owned()),
        },
        "currency_type" => match value.as_str() {
            Some("EUR" | "PLN") => Ok(value.clone()),
            _ => Err("The currency_type must be EUR or PLN".to_owned()),
        },
        _ => price_value(key, value),
    }
}

fn price_value(key: &str, value: &Value) -> Result<Value, String> {
    let price = decimal(value).ok_or_else(|| format!("The {key} must be a number"))?;
    if price <= Decimal::ZERO {
        return Err(format!("The {key} must be greater than 0"));
    }
    if price.normalize().scale() > 4 {
        return Err(format!("The {key} may have at most 4 decimals"));
    }
    Ok(number(price))
}

fn status_value(value: &Value, exists: bool) -> Result<Value, String> {
    match int(value) {
        Some(status @ (0 | 1)) => Ok(json!(status)),
        Some(2) if exists => Ok(json!(2)),
        Some(2) => Err("A new offer cannot be end of life".to_owned()),
        _ => Err("The status must be 0, 1 or 2".to_owned()),
    }
}

pub(crate) fn stock_value(value: &Value) -> Result<i64, String> {
    let units = int(value)
        .filter(|_| !value.is_boolean())
        .ok_or_else(|| STOCK_NOT_WHOLE.to_owned())?;
    if units < 0 {
        return Err("Stock should be 0 or more".to_owned());
    }
    if units > STOCK_MAX {
        return Err(format!("Stock should be {STOCK_MAX} or less"));
    }
    Ok(units)
}

fn handling_value(value: &Value) -> Result<i64, String> {
    int(value)
        .filter(|days| HANDLING_TIMES.contains(days))
        .ok_or_else(|| "The handling_time is not one of the allowed values".to_owned())
}

fn per_warehouse(value: &Value, check: fn(&Value) -> Result<i64, String>) -> Result<Value, String> {
    let rows = value.as_array().filter(|rows| !rows.is_empty());
    let rows = rows.ok_or_else(|| check(&Value::Null).err().unwrap_or_default())?;
    let row = |row: &Value| -> Result<Value, String> {
        let warehouse = row.get("warehouse_id").and_then(int).unwrap_or(1);
        let amount = check(row.get("value").unwrap_or(&Value::Null))?;
        Ok(json!({"warehouse_id": warehouse, "value": amount}))
    };
    rows.iter()
        .map(row)
        .collect::<Result<Vec<Value>, String>>()
        .map(Value::Array)
}

/// min ≤ sale ≤ max, max > min, recommended > sale – over what is sent and what is stored. Asked only when a price is
/// sent, so that a stock save never fails for an old price.
fn price_complaints(kept: &Doc, current: Option<&Doc>) -> Vec<String> {
    if !PRICE_KEYS.iter().any(|key| kept.contains_key(*key)) {
        return Vec::new();
    }
    let price = |key: &str| {
        let stored = || current.and_then(|doc| decimal_at(doc, key));
        decimal_at(kept, key)
            .or_else(stored)
            .filter(|price| !price.is_zero())
    };
    let sale = price("sale_price");
    let (min, max) = (price("min_sale_price"), price("max_sale_price"));
    let both = |one: Option<Decimal>, other: Option<Decimal>, wrong: fn(Decimal, Decimal) -> bool| {
        one.zip(other).is_some_and(|(one, other)| wrong(one, other))
    };
    let mut complaints = Vec::new();
    if both(min, max, |min, max| max <= min) {
        complaints.push("The max_sale_price must be greater than the min_sale_price".to_owned());
    }
    if both(sale, min, |sale, min| sale < min) || both(sale, max, |sale, max| sale > max) {
        complaints.push("The sale_price is outside the min_sale_price - max_sale_price interval".to_owned());
    }
    let recommended = decimal_at(kept, "recommended_price");
    if both(recommended, sale, |recommended, sale| recommended <= sale) {
        complaints.push("The recommended_price must be greater than the sale_price".to_owned());
    }
    complaints
}
