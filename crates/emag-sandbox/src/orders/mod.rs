//! Orders: read, acknowledged, changed and reversed, never created through the API.

mod acknowledge;
mod lines;
mod read;
mod save;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::catalog::vat_fraction;
use crate::state::State;
use crate::value::{Doc, decimal, default_to, four_decimals, id_at, int_at, into_doc, naive, text_at, wall};

pub(crate) use acknowledge::{acknowledge, unlock_courier};
pub(crate) use read::{count, read};
pub(crate) use save::{Desk, save};

/// Cancellation reasons of the document.
pub(crate) fn is_cancellation_reason(code: i64) -> bool {
    matches!(code, 1..=3 | 15..=43)
}

/// Fills what a partial order leaves out; a line needs only its product and quantity.
pub(crate) fn complete(
    state: &mut State,
    username: &str,
    doc: &mut Doc,
    id: u64,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let order_type = state
        .account(username)
        .map_or(3, |account| account.kind.order_type());
    doc.insert("id".to_owned(), json!(id));
    let at = wall(now);
    let numbers = [
        ("status", 1),
        ("type", order_type),
        ("is_complete", 1),
        ("payment_mode_id", 1),
        ("payment_status", 0),
    ];
    for (key, value) in numbers {
        default_to(doc, key, json!(value));
        let number = int_at(doc, key).ok_or_else(|| format!("order {id}: {key} is not a whole number"))?;
        doc.insert(key.to_owned(), json!(number));
    }
    if !(0..=5).contains(&int_at(doc, "status").unwrap_or(0)) || !matches!(int_at(doc, "type"), Some(2 | 3)) {
        return Err(format!("order {id}: status is 0 to 5 and type 2 or 3"));
    }
    default_to(doc, "date", json!(at));
    let date = text_at(doc, "date");
    default_to(doc, "modified", json!(date));
    if let Some(key) = ["date", "modified"]
        .into_iter()
        .find(|key| naive(&text_at(doc, key)).is_none())
    {
        return Err(format!("order {id}: {key} is not YYYY-MM-DD HH:MM:SS"));
    }
    for (key, value) in [
        ("delivery_mode", "courier"),
        ("detailed_payment_method", ""),
        ("observation", ""),
    ] {
        default_to(doc, key, json!(value));
    }
    for key in [
        "details",
        "shipping_tax_voucher_split",
        "products",
        "attachments",
        "vouchers",
    ] {
        default_to(doc, key, json!([]));
    }
    for (key, value) in [("cashed_co", 0), ("cashed_cod", 0)] {
        default_to(doc, key, json!(value));
    }
    let shipping = doc.get("shipping_tax").and_then(decimal).unwrap_or_default();
    doc.insert("shipping_tax".to_owned(), four_decimals(shipping));
    default_to(doc, "is_storno", json!(false));
    doc.entry("reason_cancellation").or_insert(Value::Null);
    doc.entry("enforced_vendor_courier_accounts")
        .or_insert(Value::Null);
    let customer = complete_customer(doc.remove("customer"), id);
    doc.insert("customer".to_owned(), customer);
    let lines = doc.remove("products").unwrap_or_default();
    let Value::Array(lines) = lines else {
        return Err(format!("order {id}: products is a list"));
    };
    let lines: Result<Vec<Value>, String> = lines
        .into_iter()
        .map(|line| complete_line(state, username, line, &date).map_err(|text| format!("order {id}: {text}")))
        .collect();
    doc.insert("products".to_owned(), Value::Array(lines?));
    Ok(())
}

fn complete_line(state: &mut State, username: &str, line: Value, date: &str) -> Result<Value, String> {
    let mut line = into_doc(line);
    let product = id_at(&line, "product_id").ok_or("a line needs its product_id")?;
    let quantity = int_at(&line, "quantity")
        .filter(|units| *units >= 0)
        .ok_or("a line needs its quantity")?;
    let id = id_at(&line, "id").unwrap_or_else(|| state.new_line_id());
    let currency = state
        .account(username)
        .map_or("RON", crate::state::Account::currency);
    let empty = Doc::new();
    let offer = state
        .shops
        .get(username)
        .and_then(|shop| shop.offers.get(&product))
        .map_or(&empty, |offer| &offer.doc);
    line.insert("id".to_owned(), json!(id));
    line.insert("product_id".to_owned(), json!(product));
    line.insert("quantity".to_owned(), json!(quantity));
    // In an order `part_number` is the marketplace's key and `ext_part_number` the seller's code.
    let texts = [
        ("part_number", text_at(offer, "part_number_key")),
        ("ext_part_number", text_at(offer, "part_number")),
        ("name", text_at(offer, "name")),
        ("currency", currency.to_owned()),
        ("vat", vat_fraction(int_at(offer, "vat_id").unwrap_or(1))),
        ("created", date.to_owned()),
        ("modified", date.to_owned()),
        ("serial_numbers", String::new()),
    ];
    for (key, value) in texts {
        default_to(&mut line, key, json!(value));
    }
    default_to(&mut line, "status", json!(1));
    let price = line
        .get("sale_price")
        .and_then(decimal)
        .or_else(|| offer.get("sale_price").and_then(decimal));
    line.insert("sale_price".to_owned(), four_decimals(price.unwrap_or_default()));
    for key in ["details", "product_voucher_split", "recycle_warranties"] {
        default_to(&mut line, key, json!([]));
    }
    Ok(Value::Object(line))
}

fn complete_customer(customer: Option<Value>, order: u64) -> Value {
    let mut doc = customer.map(into_doc).unwrap_or_default();
    default_to(&mut doc, "id", json!(order % 2_000_000_000));
    default_to(&mut doc, "name", json!("Ion Pop"));
    let name = text_at(&doc, "name");
    default_to(&mut doc, "email", json!(format!("{order:010x}@emag.ro")));
    default_to(&mut doc, "phone_1", json!("0722000000"));
    let phone = text_at(&doc, "phone_1");
    default_to(&mut doc, "gender", json!("M"));
    for key in ["company", "billing_name", "shipping_contact"] {
        default_to(&mut doc, key, json!(name));
    }
    for key in ["billing_phone", "shipping_phone"] {
        default_to(&mut doc, key, json!(phone));
    }
    for key in ["legal_entity", "is_vat_payer"] {
        default_to(&mut doc, key, json!(0));
    }
    for key in [
        "code",
        "registration_number",
        "bank",
        "iban",
        "fax",
        "phone_2",
        "phone_3",
    ] {
        default_to(&mut doc, key, json!(""));
    }
    let place = [
        ("country", "RO"),
        ("suburb", "Cluj"),
        ("city", "Cluj-Napoca"),
        ("locality_id", "7"),
        ("street", "Str. Lunga 2"),
        ("postal_code", "400100"),
    ];
    for side in ["billing", "shipping"] {
        for (key, value) in place {
            default_to(&mut doc, &format!("{side}_{key}"), json!(value));
        }
    }
    Value::Object(doc)
}
