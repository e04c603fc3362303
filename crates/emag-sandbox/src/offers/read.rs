//! `product_offer/read`, `/count` and `documentation/find_by_eans`.

use serde_json::{Map, Value, json};

use super::{id_of, pnk_of, row, status_code};
use crate::paging::{Page, bounded, choices, id_filter, text_filter};
use crate::reply::Reply;
use crate::state::{Offer, Shop, State};
use crate::value::{Doc, int_at, list_at, text_at};

const VALIDATION_CODES: [i64; 12] = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12];
const TRANSLATION_CODES: [i64; 16] = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17];

struct OfferFilter {
    id: Option<u64>,
    status: Option<Vec<i64>>,
    part_number: Option<String>,
    part_number_key: Option<String>,
    general_stock: Option<i64>,
    estimated_stock: Option<i64>,
    offer_validation: Option<Vec<i64>>,
    validation: Option<Vec<i64>>,
    translation: Option<Vec<i64>>,
}

impl OfferFilter {
    fn of(filters: &Doc) -> Result<OfferFilter, Reply> {
        Ok(OfferFilter {
            id: id_filter(filters, "id")?,
            status: choices(filters, "status", &[0, 1, 2])?,
            part_number: text_filter(filters, "part_number")?,
            part_number_key: text_filter(filters, "part_number_key")?,
            general_stock: bounded(filters, "general_stock", 0, i64::MAX)?,
            estimated_stock: bounded(filters, "estimated_stock", 0, i64::MAX)?,
            offer_validation: choices(filters, "offer_validation_status", &[1, 2])?,
            validation: choices(filters, "validation_status", &VALIDATION_CODES)?,
            translation: choices(filters, "translation_validation_status", &TRANSLATION_CODES)?,
        })
    }

    fn takes(&self, offer: &Offer) -> bool {
        let doc = &offer.doc;
        let one_of = |wanted: &Option<Vec<i64>>, code: Option<i64>| {
            wanted
                .as_ref()
                .is_none_or(|wanted| code.is_some_and(|code| wanted.contains(&code)))
        };
        let exactly = |wanted: &Option<String>, key: &str| {
            wanted.as_ref().is_none_or(|text| *text == text_at(doc, key))
        };
        self.id.is_none_or(|id| id_of(doc) == Some(id))
            && one_of(&self.status, int_at(doc, "status"))
            && exactly(&self.part_number, "part_number")
            && exactly(&self.part_number_key, "part_number_key")
            && self
                .general_stock
                .is_none_or(|most| offer.general_stock() <= most)
            && self
                .estimated_stock
                .is_none_or(|most| offer.estimated_stock() <= most)
            && one_of(
                &self.offer_validation,
                status_code(doc, "offer_validation_status"),
            )
            && one_of(&self.validation, status_code(doc, "validation_status"))
            && one_of(
                &self.translation,
                status_code(doc, "translation_validation_status"),
            )
    }

    /// A specific product shows its manufacturer in full; a list only says whether there is one.
    fn is_specific(&self) -> bool {
        self.id.is_some() || self.part_number.is_some() || self.part_number_key.is_some()
    }
}

pub(crate) fn read(shop: &Shop, filters: &Doc, slip: usize) -> Result<Reply, Reply> {
    let page = Page {
        slip,
        ..Page::of(filters)?
    };
    let filter = OfferFilter::of(filters)?;
    let taken = shop.offers.values().filter(|offer| filter.takes(offer));
    let rows = page
        .cut(taken)
        .into_iter()
        .map(|offer| shown(offer, filter.is_specific()))
        .collect();
    Ok(Reply::rows(rows))
}

pub(crate) fn count(shop: &Shop, filters: &Doc) -> Result<Reply, Reply> {
    let page = Page::of(filters)?;
    let filter = OfferFilter::of(filters)?;
    Ok(Reply::count(
        shop.offers.values().filter(|offer| filter.takes(offer)).count(),
        page.size,
    ))
}

fn shown(offer: &Offer, specific: bool) -> Value {
    let mut doc = crate::value::into_doc(row(offer));
    doc.retain(|key, _| !key.starts_with('_'));
    doc.insert(
        "description".to_owned(),
        json!(escaped(&text_at(&doc, "description"))),
    );
    if !specific {
        for key in ["manufacturer", "eu_representative"] {
            let known = !list_at(&doc, key).is_empty();
            doc.insert(key.to_owned(), json!(known));
        }
    }
    Value::Object(doc)
}

/// Texts come back HTML-escaped, once.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Codes looked up in one call; the rest is dropped with a notice.
const EANS_MAX: usize = 100;

/// Finds catalogue products (every account's approved offers) by EAN.
pub(crate) fn find_by_eans(state: &State, username: &str, query: &[(String, String)]) -> Reply {
    let asked: Vec<&String> = query
        .iter()
        .filter(|(key, _)| key == "eans" || key.starts_with("eans["))
        .map(|(_, ean)| ean)
        .collect();
    let mut results = Map::new();
    for ean in asked.iter().take(EANS_MAX) {
        let mut products: Vec<Value> = Vec::new();
        for (owner, shop) in &state.shops {
            let holders = shop
                .offers
                .values()
                .filter(|offer| list_at(&offer.doc, "ean").iter().any(|code| code == *ean));
            for offer in holders.filter(|offer| !pnk_of(&offer.doc).is_empty()) {
                let known = products
                    .iter()
                    .any(|product| product.get("part_number_key") == offer.doc.get("part_number_key"));
                if !known {
                    products.push(found(state, username, owner, ean, offer));
                }
            }
        }
        results.insert((*ean).clone(), json!({ "products": products }));
    }
    let notices: Vec<String> = (asked.len() > EANS_MAX)
        .then(|| format!("Only the first {EANS_MAX} EAN codes were processed"))
        .into_iter()
        .collect();
    let results = if results.is_empty() {
        json!([])
    } else {
        Value::Object(results)
    };
    let body = json!({"isError": false, "messages": notices, "errors": [], "results": results});
    Reply {
        status: axum::http::StatusCode::OK,
        content: crate::reply::Content::Json(body),
        entities: asked.len(),
    }
}

fn found(state: &State, username: &str, owner: &str, ean: &str, offer: &Offer) -> Value {
    let doc = &offer.doc;
    let pnk = pnk_of(doc);
    let own = state
        .shops
        .get(username)
        .into_iter()
        .flat_map(|shop| shop.offers.values());
    let has_offer = owner == username || own.into_iter().any(|offer| pnk_of(&offer.doc) == pnk);
    let category = int_at(doc, "category_id").unwrap_or(0);
    let template = u64::try_from(category)
        .ok()
        .and_then(|id| crate::catalog::find_category(&state.categories, id));
    let allowed = template
        .and_then(Value::as_object)
        .is_some_and(|doc| int_at(doc, "is_allowed") == Some(1));
    json!({
        "ean": ean, "part_number_key": pnk, "product_name": text_at(doc, "name"), "brand_name": text_at(doc, "brand"),
        "doc_category_id": category, "site_url": format!("http://emag.ro/product_details/pd/{pnk}"),
        "category_name": template.and_then(|template| template.get("name").cloned()).unwrap_or(json!("")),
        "allowed_to_add_offer": allowed, "vendor_has_offer": has_offer, "hotness": "COLD",
        "product_image": "https://img.example/150.png",
    })
}
