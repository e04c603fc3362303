//! Offers: what a seller has in the marketplace, read and saved over three routes.

mod documentation;
mod fields;
mod light;
mod read;
mod save;
mod stock;

use serde_json::{Value, json};

use crate::state::Offer;
use crate::value::{Doc, decimal_at, default_to, id_at, int_at, number, text_at};

pub(crate) use light::save as light_save;
pub(crate) use read::{count, find_by_eans, read};
pub(crate) use save::{apply_scheduled, save as product_save, set_validation};
pub(crate) use stock::patch as patch_stock;

/// Words for a validation status code.
pub(crate) fn validation_text(code: i64) -> &'static str {
    match code {
        0 => "Draft",
        1 => "Awaiting MKTP validation",
        2 => "Awaiting brand validation",
        3 => "Awaiting EAN approval",
        4 => "New documentation, validation pending",
        5 => "Rejected brand",
        6 => "Rejected EAN",
        8 => "Rejected documentation",
        9 => "Approved documentation",
        10 => "Blocked",
        11 => "Update awaiting approval",
        12 => "Update rejected",
        _ => "",
    }
}

/// The one-element list the marketplace shows a validation status as.
pub(crate) fn validation_status(code: i64, errors: &[String]) -> Value {
    json!([{"value": code, "description": validation_text(code), "errors": errors}])
}

/// The code inside a status given as list, object or bare number.
pub(crate) fn status_code(doc: &Doc, key: &str) -> Option<i64> {
    let value = doc.get(key)?;
    let entry = value.as_array().map_or(Some(value), |list| list.first())?;
    crate::value::int(
        entry
            .as_object()
            .and_then(|object| object.get("value"))
            .unwrap_or(entry),
    )
}

/// An offer from a short document: the missing keys get what a plain, approved, saleable offer has.
pub(crate) fn complete(mut doc: Doc, id: u64, currency: &str) -> Offer {
    doc.insert("id".to_owned(), json!(id));
    let general = doc.remove("general_stock");
    let value = general.as_ref().and_then(crate::value::int).unwrap_or(10);
    if !doc.get("stock").is_some_and(Value::is_array) {
        let stated = int_at(&doc, "stock").unwrap_or(value);
        doc.insert("stock".to_owned(), json!([{"warehouse_id": 1, "value": stated}]));
    }
    defaults_of_price(&mut doc);
    let texts = [
        ("part_number_key", made_up_pnk(id)),
        ("part_number", format!("SKU{id}")),
        ("name", format!("Produs {id}")),
        ("brand", "Fără marcă".to_owned()),
        ("currency", currency.to_owned()),
        ("description", String::new()),
        ("url", String::new()),
        ("safety_information", String::new()),
    ];
    for (key, value) in texts {
        default_to(&mut doc, key, json!(value));
    }
    let numbers = [
        ("category_id", 2801),
        ("warranty", 0),
        ("status", 1),
        ("vat_id", 1),
        ("number_of_offers", 1),
        ("buy_button_rank", 1),
        ("ownership", 1),
        ("genius_eligibility", 1),
        ("genius_eligibility_type", 1),
        ("genius_computed", 0),
        ("emag_club", 1),
        ("supply_lead_time", 14),
    ];
    for (key, value) in numbers {
        default_to(&mut doc, key, json!(value));
    }
    for key in [
        "ean",
        "images",
        "characteristics",
        "attachments",
        "start_date",
        "translation_validation_status",
    ] {
        default_to(&mut doc, key, json!([]));
    }
    for key in ["manufacturer", "eu_representative"] {
        default_to(&mut doc, key, json!([]));
    }
    default_to(
        &mut doc,
        "handling_time",
        json!([{"warehouse_id": 1, "value": 1}]),
    );
    for key in ["vendor_category_id", "family", "doc_errors"] {
        doc.entry(key).or_insert(Value::Null);
    }
    statuses(&mut doc);
    Offer { doc, held: 0 }
}

fn statuses(doc: &mut Doc) {
    let code = status_code(doc, "validation_status").unwrap_or(9);
    if !doc.get("validation_status").is_some_and(Value::is_array) {
        doc.insert("validation_status".to_owned(), validation_status(code, &[]));
    }
    let code = status_code(doc, "offer_validation_status").unwrap_or(1);
    let description = if code == 1 { "Saleable" } else { "Invalid price" };
    let status = json!({"value": code, "description": description, "errors": null});
    if !doc.get("offer_validation_status").is_some_and(Value::is_object) {
        doc.insert("offer_validation_status".to_owned(), status);
    }
}

fn defaults_of_price(doc: &mut Doc) {
    default_to(doc, "sale_price", json!(10));
    let price = decimal_at(doc, "sale_price").unwrap_or_default();
    let scaled = |percent: i64| number((price * rust_decimal::Decimal::new(percent, 2)).round_dp(4));
    default_to(doc, "recommended_price", json!(0));
    default_to(doc, "min_sale_price", scaled(50));
    default_to(doc, "max_sale_price", scaled(300));
}

/// A key for an offer that came without one: nine characters, `D…BM`, always the same for the same id.
pub(crate) fn made_up_pnk(id: u64) -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut rest = id;
    let mut middle = String::new();
    for _ in 0..6 {
        let at = usize::try_from(rest % 36).unwrap_or(0);
        middle.insert(0, char::from(LETTERS.get(at).copied().unwrap_or(b'0')));
        rest /= 36;
    }
    format!("D{middle}BM")
}

/// The offer as the marketplace shows it, stock figures included; the sandbox's own keys stay in.
pub(crate) fn row(offer: &Offer) -> Value {
    let mut doc = offer.doc.clone();
    doc.insert("general_stock".to_owned(), json!(offer.general_stock()));
    doc.insert("estimated_stock".to_owned(), json!(offer.estimated_stock()));
    let alone = int_at(&doc, "number_of_offers") == Some(1);
    for (best, own) in [
        ("best_offer_sale_price", "sale_price"),
        ("best_offer_recommended_price", "recommended_price"),
    ] {
        if alone || !doc.contains_key(best) {
            let price = doc.get(own).cloned().unwrap_or(json!(0));
            doc.insert(best.to_owned(), price);
        }
    }
    Value::Object(doc)
}

/// Whether two offers name the same seller-side product id.
pub(crate) fn id_of(doc: &Doc) -> Option<u64> {
    id_at(doc, "id")
}

pub(crate) fn pnk_of(doc: &Doc) -> String {
    text_at(doc, "part_number_key")
}
