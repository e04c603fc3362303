//! Categories with their characteristics, VAT rates and handling times.

use serde_json::{Value, json};

use crate::paging::{Page, bounded, id_filter};
use crate::reply::Reply;
use crate::value::{Doc, default_to, id_at, int_at, into_doc, list_at};

/// Days to ship the marketplace knows.
pub(crate) const HANDLING_TIMES: [i64; 11] = [0, 1, 2, 3, 4, 5, 7, 10, 14, 21, 30];

/// VAT ids with their rates as fractions, in hundredths: the first is the default.
const VAT_RATES: [(i64, i64); 3] = [(1, 21), (2, 11), (3, 0)];

/// Values of a characteristic given when no page of them is asked for.
const VALUES_SHOWN: i64 = 256;

pub(crate) fn knows_vat(id: i64) -> bool {
    VAT_RATES.iter().any(|(known, _)| *known == id)
}

/// The fraction string orders carry, such as `0.2100`.
pub(crate) fn vat_fraction(id: i64) -> String {
    let percent = VAT_RATES
        .iter()
        .find(|(known, _)| *known == id)
        .map_or(21, |(_, percent)| *percent);
    format!("0.{percent:02}00")
}

pub(crate) fn vat_read() -> Reply {
    let rate = |percent: i64| {
        if percent == 0 {
            json!(0)
        } else {
            crate::value::number(fraction(percent))
        }
    };
    let row = |(at, (id, percent)): (usize, &(i64, i64))| json!({"vat_id": id, "vat_rate": rate(*percent), "is_default": i64::from(at == 0)});
    Reply::rows(VAT_RATES.iter().enumerate().map(row).collect())
}

fn fraction(percent: i64) -> rust_decimal::Decimal {
    rust_decimal::Decimal::new(percent, 2)
}

pub(crate) fn handling_time_read() -> Reply {
    Reply::rows(
        HANDLING_TIMES
            .iter()
            .map(|days| json!({"id": days, "value": days}))
            .collect(),
    )
}

pub(crate) fn category_read(categories: &[Value], filters: &Doc, slip: usize) -> Result<Reply, Reply> {
    let page = Page {
        slip,
        ..Page::of(filters)?
    };
    let Some(id) = id_filter(filters, "id")? else {
        let rows = categories.iter().map(without_values);
        return Ok(Reply::rows(page.cut(rows)));
    };
    let values_page = bounded(filters, "valuesCurrentPage", 1, 65_535)?.unwrap_or(1);
    let size = bounded(filters, "valuesPerPage", 1, VALUES_SHOWN)?;
    // The text spells the key with a capital once.
    let size = size
        .or(bounded(filters, "ValuesPerPage", 1, VALUES_SHOWN)?)
        .unwrap_or(VALUES_SHOWN);
    let found = find_category(categories, id).map(|category| with_values_page(category, values_page, size));
    Ok(Reply::rows(found.into_iter().collect()))
}

pub(crate) fn category_count(categories: &[Value], filters: &Doc) -> Result<Reply, Reply> {
    let page = Page::of(filters)?;
    let total = match id_filter(filters, "id")? {
        Some(id) => usize::from(find_category(categories, id).is_some()),
        None => categories.len(),
    };
    Ok(Reply::count(total, page.size))
}

pub(crate) fn find_category(categories: &[Value], id: u64) -> Option<&Value> {
    categories
        .iter()
        .find(|category| category.as_object().and_then(|doc| id_at(doc, "id")) == Some(id))
}

fn each_characteristic(category: &Value, mut change: impl FnMut(&mut Doc)) -> Value {
    let mut doc = into_doc(category.clone());
    if let Some(list) = doc.get_mut("characteristics").and_then(Value::as_array_mut) {
        list.iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(&mut change);
    }
    Value::Object(doc)
}

fn without_values(category: &Value) -> Value {
    each_characteristic(category, |characteristic| {
        characteristic.remove("values");
    })
}

fn with_values_page(category: &Value, page: i64, size: i64) -> Value {
    let skip = usize::try_from((page - 1) * size).unwrap_or(0);
    let take = usize::try_from(size).unwrap_or(0);
    each_characteristic(category, |characteristic| {
        let values: Vec<Value> = list_at(characteristic, "values")
            .iter()
            .skip(skip)
            .take(take)
            .cloned()
            .collect();
        characteristic.insert("values".to_owned(), Value::Array(values));
    })
}

/// Fills what a short category leaves out.
pub(crate) fn complete_category(category: Value) -> Value {
    let mut doc = into_doc(category);
    default_to(&mut doc, "id", json!(1));
    let id = int_at(&doc, "id").unwrap_or(1);
    default_to(&mut doc, "name", json!(format!("Categoria {id}")));
    for (key, value) in [
        ("is_allowed", 1),
        ("parent_id", 0),
        ("is_ean_mandatory", 0),
        ("is_warranty_mandatory", 0),
    ] {
        default_to(&mut doc, key, json!(value));
    }
    default_to(&mut doc, "characteristics", json!([]));
    default_to(&mut doc, "family_types", json!([]));
    each_characteristic(&Value::Object(doc), |characteristic| {
        let defaults = [
            ("type_id", 11),
            ("display_order", 1),
            ("is_mandatory", 0),
            ("is_filter", 0),
            ("allow_new_value", 1),
        ];
        for (key, value) in defaults {
            default_to(characteristic, key, json!(value));
        }
        default_to(characteristic, "values", json!([]));
        default_to(characteristic, "tags", json!([]));
    })
}

/// Category ids the seeded offers use, in the order of the seeded product groups.
pub(crate) const SEEDED_CATEGORIES: [(u64, &str); 8] = [
    (2801, "Ustensile de bucătărie"),
    (2802, "Organizare și depozitare"),
    (1410, "Scule de mână și accesorii"),
    (1420, "Burghie, freze și discuri"),
    (506, "Huse și folii telefoane"),
    (510, "Încărcătoare și cabluri"),
    (3110, "Accesorii auto interior"),
    (3120, "Electrice auto și iluminat"),
];

/// Two categories the seller may not publish in, for refusals.
const FOREIGN_CATEGORIES: [(u64, &str); 2] = [(9001, "Suplimente alimentare"), (9002, "Jocuri video")];

/// The categories of a sandbox that was given none.
pub(crate) fn default_categories() -> Vec<Value> {
    let seeded = SEEDED_CATEGORIES
        .iter()
        .map(|(id, name)| category(*id, name, true));
    let foreign = FOREIGN_CATEGORIES
        .iter()
        .map(|(id, name)| category(*id, name, false));
    let mut all: Vec<Value> = seeded.chain(foreign).collect();
    all.push(shoes());
    all
}

fn category(id: u64, name: &str, allowed: bool) -> Value {
    complete_category(json!({
        "id": id, "name": name, "is_allowed": i64::from(allowed), "parent_id": id / 1000 * 1000,
        "characteristics": [
            {"id": 5401, "name": "Culoare", "type_id": 11, "is_mandatory": 0, "is_filter": 1, "allow_new_value": 0,
             "display_order": 1, "values": ["Alb", "Albastru", "Argintiu", "Galben", "Gri", "Maro", "Multicolor", "Negru",
             "Portocaliu", "Roșu", "Roz", "Transparent", "Verde"]},
            {"id": 5704, "name": "Material", "type_id": 11, "is_filter": 1, "display_order": 2,
             "values": ["Aluminiu", "Bumbac", "Cauciuc", "Lemn", "Oțel inoxidabil", "Plastic", "Silicon", "Sticlă", "TPU"]},
            {"id": 6878, "name": "Greutate", "type_id": 2, "display_order": 3, "values": []},
            {"id": 7764, "name": "Reutilizabil", "type_id": 20, "allow_new_value": 0, "display_order": 4,
             "values": ["Da", "Nu", "N/A"]}]
    }))
}

/// A category with a mandatory characteristic, tags, a family type and a mandatory EAN.
fn shoes() -> Value {
    complete_category(json!({
        "id": 2735, "name": "Pantofi sport", "parent_id": 2700, "is_ean_mandatory": 1,
        "characteristics": [
            {"id": 5401, "name": "Culoare", "type_id": 11, "display_order": 2, "is_mandatory": 1, "is_filter": 1,
             "allow_new_value": 0, "values": ["Alb", "Negru"]},
            {"id": 6506, "name": "Marime", "type_id": 60, "display_order": 1, "is_mandatory": 1, "is_filter": 1,
             "allow_new_value": 0, "values": ["40 EU", "41 EU", "42 EU", "43 EU"], "tags": ["original", "converted"]}],
        "family_types": [{"id": 95, "name": "Marime", "characteristics": [
            {"characteristic_id": 6506, "characteristic_family_type_id": 2, "is_foldable": 1, "display_order": 1}]}]
    }))
}
