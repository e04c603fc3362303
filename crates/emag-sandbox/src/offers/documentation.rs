//! The content half of `product_offer/save`: what makes a documentation error (the offer is saved all the same), what is
//! only a warning, and which codes are refused outright.

use serde_json::Value;

use crate::value::{Doc, id_at, int_at, list_at, text, text_at};

/// Content keys a seller may change only where it owns the documentation.
pub(crate) const CONTENT_KEYS: [&str; 14] = [
    "name",
    "brand",
    "description",
    "category_id",
    "part_number",
    "images",
    "characteristics",
    "family",
    "url",
    "ean",
    "attachments",
    "safety_information",
    "source_language",
    "vendor_category_id",
];

/// Keys stored whoever owns the documentation.
pub(crate) const OWN_KEYS: [&str; 6] = [
    "warranty",
    "emag_club",
    "green_tax",
    "supply_lead_time",
    "manufacturer",
    "eu_representative",
];

const NAME_MAX: usize = 255;
const URL_MAX: usize = 1024;

/// The part number as the server stores it: without spaces, commas and semicolons.
pub(crate) fn stripped(part_number: &str) -> String {
    part_number
        .chars()
        .filter(|letter| !matches!(letter, ' ' | ',' | ';'))
        .collect()
}

/// The EANs of a document as texts; PHP clients send numbers too.
pub(crate) fn eans(doc: &Doc) -> Vec<String> {
    list_at(doc, "ean")
        .iter()
        .filter_map(text)
        .map(|ean| ean.trim().to_owned())
        .filter(|ean| !ean.is_empty())
        .collect()
}

/// 6 to 14 digits. The document's own samples carry wrong check digits, so the check digit is not asked for.
pub(crate) fn is_valid_ean(ean: &str) -> bool {
    (6..=14).contains(&ean.len()) && ean.bytes().all(|letter| letter.is_ascii_digit())
}

/// Everything wrong with the content that does not stop the offer.
pub(crate) fn errors(sent: &Doc, category: Option<&Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    if text_at(sent, "name").chars().count() > NAME_MAX {
        wrong.push("Technical issues: the name is longer than 255 characters".to_owned());
    }
    if sent.contains_key("images") {
        wrong.extend(image_errors(list_at(sent, "images")));
    }
    let url = text_at(sent, "url");
    if !url.is_empty() && !is_url(&url) {
        wrong.push("The url is not valid".to_owned());
    }
    if let Some(category) = category.and_then(Value::as_object) {
        wrong.extend(characteristic_errors(list_at(sent, "characteristics"), category));
    }
    wrong
}

fn image_errors(images: &[Value]) -> Vec<String> {
    let bad = |image: &&Value| !image.get("url").and_then(Value::as_str).is_some_and(is_url);
    let count = images.iter().filter(bad).count();
    if images.is_empty() || count > 0 {
        return vec!["Invalid images: no valid image found in the gallery".to_owned()];
    }
    Vec::new()
}

fn is_url(url: &str) -> bool {
    url.len() <= URL_MAX && (url.starts_with("http://") || url.starts_with("https://")) && !url.contains(' ')
}

fn characteristic_errors(sent: &[Value], category: &Doc) -> Vec<String> {
    let template: Vec<&Doc> = list_at(category, "characteristics")
        .iter()
        .filter_map(Value::as_object)
        .collect();
    let mut wrong = Vec::new();
    for characteristic in sent.iter().filter_map(Value::as_object) {
        let id = id_at(characteristic, "id").unwrap_or(0);
        let Some(rule) = template.iter().find(|rule| id_at(rule, "id") == Some(id)) else {
            wrong.push(format!(
                "Invalid characteristics: {id} is not attached to the category template"
            ));
            continue;
        };
        let value = text_at(characteristic, "value");
        let allowed = list_at(rule, "values");
        if value.is_empty() || value.chars().count() > NAME_MAX {
            wrong.push(format!("Invalid characteristics: the value of {id} is not set"));
        } else if int_at(rule, "allow_new_value") == Some(0)
            && !allowed.is_empty()
            && !allowed.iter().any(|known| known.as_str() == Some(&value))
        {
            wrong.push(format!(
                "Invalid characteristics: {value} is not an allowed value of {id}"
            ));
        } else if int_at(rule, "type_id") == Some(1) && crate::value::decimal(&Value::from(value)).is_none() {
            wrong.push(format!(
                "Invalid characteristics: the value of {id} must be numeric"
            ));
        }
        if !list_at(rule, "tags").is_empty() && text_at(characteristic, "tag").is_empty() {
            wrong.push(format!("Invalid characteristics: {id} needs a tag"));
        }
    }
    wrong
}

/// Mandatory characteristics of the category that a new product lacks.
pub(crate) fn missing_characteristics(sent: &Doc, category: &Value) -> Vec<String> {
    let given: Vec<Option<u64>> = list_at(sent, "characteristics")
        .iter()
        .filter_map(Value::as_object)
        .map(|characteristic| id_at(characteristic, "id"))
        .collect();
    let rules = category
        .get("characteristics")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    rules
        .iter()
        .filter_map(Value::as_object)
        .filter(|rule| int_at(rule, "is_mandatory") == Some(1) && !given.contains(&id_at(rule, "id")))
        .map(|rule| format!("Invalid characteristics: {} is mandatory", text_at(rule, "name")))
        .collect()
}

/// A bad family is only a warning: the product is saved without it.
pub(crate) fn family_warning(sent: &Doc, category: Option<&Value>) -> Option<String> {
    let family = sent.get("family")?.as_object()?;
    if id_at(family, "id") == Some(0) {
        return None;
    }
    let kind = id_at(family, "family_type_id");
    let types = category
        .and_then(|category| category.get("family_types"))
        .and_then(Value::as_array);
    let known = types.is_some_and(|types| {
        types
            .iter()
            .filter_map(Value::as_object)
            .any(|known| kind.is_some() && id_at(known, "id") == kind)
    });
    if !known {
        return Some("Mktp Family: the family type is invalid or was not found".to_owned());
    }
    text_at(family, "name")
        .is_empty()
        .then(|| "Mktp Family: the name is empty".to_owned())
}

/// The GPSR lists: at most ten sets, each complete.
pub(crate) fn contact_errors(sent: &Doc) -> Vec<String> {
    let bounds = [("name", 200), ("address", 500), ("email", 100)];
    let complete = |set: &Value| {
        bounds.iter().all(|(key, most)| {
            set.get(key)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty() && text.chars().count() <= *most)
        })
    };
    ["manufacturer", "eu_representative"]
        .into_iter()
        .filter(|key| {
            let sets = list_at(sent, key);
            sets.len() > 10 || !sets.iter().all(complete)
        })
        .map(|key| format!("The {key} needs at most 10 sets of name, address and email"))
        .collect()
}
