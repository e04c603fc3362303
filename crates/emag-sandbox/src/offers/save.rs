//! `product_offer/save`: the only route that creates. Each entity is handled on its own, but the answer has one verdict
//! and one list of messages for all (eMAG API 4.4.9, product and offer section).
//!
//! Three outcomes per entity: saved; saved although the answer says error (the documentation was at fault); not saved.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Europe::Bucharest;
use serde_json::{Value, json};

use super::documentation::{
    CONTENT_KEYS, OWN_KEYS, contact_errors, eans, errors, family_warning, is_valid_ean,
    missing_characteristics, stripped,
};
use super::fields::{Need, OFFER_KEYS, check};
use super::{complete, pnk_of, status_code, validation_status};
use crate::catalog::find_category;
use crate::reply::Reply;
use crate::state::{Offer, State};
use crate::value::{Doc, id_at, int_at, text_at, wall};

/// Larger ids than the printed 16,777,215 are accepted in practice.
const ID_MAX: u64 = 4_294_967_295;
const START_DATE_MAX_DAYS: u64 = 60;
/// Where a scheduled change waits for its day.
const SCHEDULED: &str = "_scheduled";

/// What became of one entity.
enum Outcome {
    Saved { warnings: Vec<String> },
    SavedWithErrors(Vec<String>),
    Refused(Vec<String>),
}

struct Saver<'a> {
    state: &'a mut State,
    username: &'a str,
    now: DateTime<Utc>,
}

/// Saves the list. `failing` is the entity a fault was drawn for; `remark` makes the answer an error although all is
/// saved.
pub(crate) fn save(
    state: &mut State,
    username: &str,
    entities: &[Value],
    now: DateTime<Utc>,
    (failing, remark): (Option<usize>, bool),
) -> Reply {
    let mut saver = Saver { state, username, now };
    let mut is_error = false;
    let mut messages = Vec::new();
    for (at, entity) in entities.iter().enumerate() {
        let empty = Doc::new();
        let sent = entity.as_object().unwrap_or(&empty);
        let outcome = if failing == Some(at) {
            Outcome::Refused(vec!["Internal error, please try again".to_owned()])
        } else {
            saver.save_one(sent)
        };
        let texts = match outcome {
            Outcome::Saved { warnings } => warnings,
            Outcome::SavedWithErrors(texts) | Outcome::Refused(texts) => {
                is_error = true;
                texts
            }
        };
        let id = text_at(sent, "id");
        messages.extend(texts.into_iter().map(|text| format!("{text} - Product id: {id}")));
    }
    if remark
        && let Some(id) = entities
            .first()
            .and_then(Value::as_object)
            .map(|sent| text_at(sent, "id"))
    {
        is_error = true;
        messages.push(format!(
            "Invalid images: no valid image found in the gallery - Product id: {id}"
        ));
    }
    Reply::envelope(is_error, &messages, json!([])).with_entities(entities.len())
}

impl Saver<'_> {
    fn save_one(&mut self, sent: &Doc) -> Outcome {
        let Some(id) = id_at(sent, "id").filter(|id| (1..=ID_MAX).contains(id)) else {
            return Outcome::Refused(vec![
                "The field id is mandatory and must be a positive integer".to_owned(),
            ]);
        };
        let bad_codes: Vec<String> = eans(sent)
            .iter()
            .filter(|ean| !is_valid_ean(ean))
            .map(|ean| format!("{ean} is not a valid EAN."))
            .collect();
        if !bad_codes.is_empty() {
            return Outcome::Refused(bad_codes);
        }
        if let Some(refusal) = self.code_conflict(id, sent) {
            return Outcome::Refused(vec![refusal]);
        }
        let exists = self.state.shop(self.username).offers.contains_key(&id);
        let attaches =
            sent.contains_key("part_number_key") || !sent.contains_key("brand") && sent.contains_key("ean");
        let outcome = match (exists, attaches) {
            (true, _) => self.update(id, sent),
            (false, true) => self.attach(id, sent),
            (false, false) => self.create(id, sent),
        };
        outcome.unwrap_or_else(Outcome::Refused)
    }

    /// A part number or EAN of the entity that another offer of this seller already has.
    fn code_conflict(&mut self, id: u64, sent: &Doc) -> Option<String> {
        let part_number = stripped(&text_at(sent, "part_number"));
        let sent_eans = eans(sent);
        let others = self
            .state
            .shop(self.username)
            .offers
            .iter()
            .filter(|(other, _)| **other != id);
        for (other, offer) in others {
            if !part_number.is_empty() && stripped(&text_at(&offer.doc, "part_number")) == part_number {
                return Some(format!(
                    "You already hold a Product associated with this PN:{part_number}."
                ));
            }
            if let Some(ean) = eans(&offer.doc).iter().find(|ean| sent_eans.contains(ean)) {
                return Some(format!(
                    "EAN {ean} is already associated with your product {other}."
                ));
            }
        }
        None
    }

    fn update(&mut self, id: u64, sent: &Doc) -> Result<Outcome, Vec<String>> {
        let frozen = self.state.shop(self.username).in_campaign(id, self.now);
        let category = self.category_of(sent, id);
        let now = self.now;
        let Some(offer) = self.state.shop(self.username).offers.get_mut(&id) else {
            return Err(Vec::new());
        };
        let touches_offer = OFFER_KEYS.iter().any(|key| sent.contains_key(*key));
        let need = if touches_offer {
            Need::Update
        } else {
            Need::Nothing
        };
        let kept = check(sent, Some(&offer.doc), need)?;
        let start = start_date(sent, now)?;
        if frozen {
            return Err(vec![
                "The offer is in an active campaign and cannot be updated".to_owned(),
            ]);
        }
        match start {
            Some(day) => schedule(&mut offer.doc, &day, kept),
            None => offer.doc.extend(kept),
        }
        store(&mut offer.doc, sent, &OWN_KEYS);
        let changed = CONTENT_KEYS.iter().any(|key| {
            sent.get(*key)
                .is_some_and(|value| differs(offer.doc.get(*key), value))
        });
        if !changed {
            return Ok(Outcome::Saved { warnings: Vec::new() });
        }
        if int_at(&offer.doc, "ownership") != Some(1) {
            return Ok(Outcome::SavedWithErrors(vec![
                "You do not own the documentation of this product".to_owned(),
            ]));
        }
        Ok(update_content(offer, sent, category.as_ref()))
    }

    fn category_of(&mut self, sent: &Doc, id: u64) -> Option<Value> {
        let stored = self
            .state
            .shop(self.username)
            .offers
            .get(&id)
            .and_then(|offer| id_at(&offer.doc, "category_id"));
        let category = id_at(sent, "category_id").or(stored)?;
        find_category(&self.state.categories, category).cloned()
    }

    /// An offer on a product that is in the catalogue already.
    fn attach(&mut self, id: u64, sent: &Doc) -> Result<Outcome, Vec<String>> {
        let by_key = text_at(sent, "part_number_key");
        if !by_key.is_empty() && sent.contains_key("ean") {
            return Err(vec!["Send either part_number_key or ean, not both".to_owned()]);
        }
        if text_at(sent, "name").is_empty() {
            return Err(vec!["The field name is mandatory".to_owned()]);
        }
        let codes = eans(sent);
        let product = self.catalogue(|doc| {
            if by_key.is_empty() {
                eans(doc).iter().any(|ean| codes.contains(ean))
            } else {
                pnk_of(doc) == by_key
            }
        });
        let product = product.ok_or_else(|| vec!["The product to attach to was not found".to_owned()])?;
        let kept = check(sent, None, Need::Create)?;
        self.insert_attached(id, sent, &product, kept)
    }

    fn insert_attached(
        &mut self,
        id: u64,
        sent: &Doc,
        product: &Doc,
        kept: Doc,
    ) -> Result<Outcome, Vec<String>> {
        let pnk = pnk_of(product);
        let shop = self.state.shop(self.username);
        if shop.offers.values().any(|offer| pnk_of(&offer.doc) == pnk) {
            return Err(vec![format!(
                "You already hold an offer associated with this PNK: {pnk}."
            )]);
        }
        let mut doc = kept;
        store(&mut doc, sent, &OWN_KEYS);
        for key in ["name", "part_number"] {
            store(&mut doc, sent, &[key]);
        }
        for key in ["part_number_key", "category_id", "brand", "ean"] {
            store(&mut doc, product, &[key]);
        }
        doc.insert("ownership".to_owned(), json!(2));
        self.insert(id, doc);
        Ok(Outcome::Saved { warnings: Vec::new() })
    }

    fn create(&mut self, id: u64, sent: &Doc) -> Result<Outcome, Vec<String>> {
        let part_number = stripped(&text_at(sent, "part_number"));
        let named = ["name", "brand"].iter().all(|key| !text_at(sent, key).is_empty());
        if !named || part_number.is_empty() || part_number.chars().count() > 25 {
            let text =
                "The fields name, brand and part_number (1 to 25 characters) are mandatory for a new product";
            return Err(vec![text.to_owned()]);
        }
        let category =
            id_at(sent, "category_id").and_then(|id| find_category(&self.state.categories, id).cloned());
        if category
            .as_ref()
            .is_some_and(|category| category.get("is_allowed").and_then(crate::value::int) != Some(1))
        {
            return Err(vec!["You do not have access to this category".to_owned()]);
        }
        let touches_offer = OFFER_KEYS.iter().any(|key| sent.contains_key(*key));
        if !touches_offer {
            return Ok(self.create_draft(
                id,
                sent,
                &["category_id", "images", "description", "sale_price", "stock"],
            ));
        }
        let kept = check(sent, None, Need::Create)?;
        let codes = eans(sent);
        if !codes.is_empty()
            && let Some(product) = self.catalogue(|doc| eans(doc).iter().any(|ean| codes.contains(ean)))
        {
            return self.insert_attached(id, sent, &product, kept);
        }
        let Some(category) = category else {
            let outcome = self.create_draft(id, sent, &["category_id"]);
            if let Some(offer) = self.state.shop(self.username).offers.get_mut(&id) {
                offer.doc.extend(kept);
            }
            return Ok(outcome);
        };
        Ok(self.create_complete(id, sent, &category, kept))
    }

    fn create_complete(&mut self, id: u64, sent: &Doc, category: &Value, kept: Doc) -> Outcome {
        let mut doc = kept;
        store(&mut doc, sent, &OWN_KEYS);
        store(&mut doc, sent, &CONTENT_KEYS);
        let mut wrong = errors(sent, Some(category));
        wrong.extend(missing_characteristics(sent, category));
        wrong.extend(contact_errors(sent));
        if category.get("is_ean_mandatory").and_then(crate::value::int) == Some(1) && eans(sent).is_empty() {
            wrong.push("The EAN is mandatory in this category".to_owned());
        }
        let warning = family_warning(sent, Some(category));
        if warning.is_some() {
            doc.remove("family");
        }
        let code = if wrong.is_empty() { 1 } else { 8 };
        doc.insert("validation_status".to_owned(), validation_status(code, &wrong));
        doc.insert(
            "doc_errors".to_owned(),
            if wrong.is_empty() {
                Value::Null
            } else {
                json!(wrong)
            },
        );
        self.insert_new(id, doc);
        if wrong.is_empty() {
            Outcome::Saved {
                warnings: warning.into_iter().collect(),
            }
        } else {
            Outcome::SavedWithErrors(wrong)
        }
    }

    fn create_draft(&mut self, id: u64, sent: &Doc, needed: &[&str]) -> Outcome {
        let missing: Vec<&str> = needed
            .iter()
            .copied()
            .filter(|key| !sent.contains_key(*key))
            .collect();
        let text = format!(
            "The product was saved as a draft. To publish it you need: {}",
            missing.join(", ")
        );
        let mut doc = Doc::new();
        store(&mut doc, sent, &OWN_KEYS);
        store(&mut doc, sent, &CONTENT_KEYS);
        doc.insert("status".to_owned(), json!(0));
        doc.insert("stock".to_owned(), json!([{"warehouse_id": 1, "value": 0}]));
        doc.insert(
            "validation_status".to_owned(),
            validation_status(0, std::slice::from_ref(&text)),
        );
        doc.insert("doc_errors".to_owned(), json!([text]));
        self.insert_new(id, doc);
        Outcome::SavedWithErrors(vec![text])
    }

    /// A product nobody has validated: it has no key yet.
    fn insert_new(&mut self, id: u64, mut doc: Doc) {
        doc.insert("part_number_key".to_owned(), json!(""));
        self.insert(id, doc);
    }

    fn insert(&mut self, id: u64, mut doc: Doc) {
        let currency = self
            .state
            .account(self.username)
            .map_or("RON", crate::state::Account::currency);
        let part_number = stripped(&text_at(&doc, "part_number"));
        doc.insert("part_number".to_owned(), json!(part_number));
        if !doc.contains_key("handling_time") {
            doc.insert(
                "handling_time".to_owned(),
                json!([{"warehouse_id": 1, "value": 0}]),
            );
        }
        let offer = complete(doc, id, currency);
        self.state.shop(self.username).offers.insert(id, offer);
    }

    /// A product of the catalogue: any approved offer of any account.
    fn catalogue(&self, wanted: impl Fn(&Doc) -> bool) -> Option<Doc> {
        let mut offers = self.state.shops.values().flat_map(|shop| shop.offers.values());
        offers
            .find(|offer| !pnk_of(&offer.doc).is_empty() && wanted(&offer.doc))
            .map(|offer| offer.doc.clone())
    }
}

fn update_content(offer: &mut Offer, sent: &Doc, category: Option<&Value>) -> Outcome {
    let wrong: Vec<String> = errors(sent, category)
        .into_iter()
        .chain(contact_errors(sent))
        .collect();
    let warning = family_warning(sent, category);
    let keys: Vec<&str> = CONTENT_KEYS
        .into_iter()
        .filter(|key| *key != "family" || warning.is_none())
        .collect();
    store(&mut offer.doc, sent, &keys);
    let part_number = stripped(&text_at(&offer.doc, "part_number"));
    offer.doc.insert("part_number".to_owned(), json!(part_number));
    let code = match (status_code(&offer.doc, "validation_status"), wrong.is_empty()) {
        (Some(9 | 11 | 12), true) => 11,
        (Some(9 | 11 | 12), false) => 12,
        (_, true) => 1,
        (_, false) => 8,
    };
    offer
        .doc
        .insert("validation_status".to_owned(), validation_status(code, &wrong));
    offer.doc.insert(
        "doc_errors".to_owned(),
        if wrong.is_empty() {
            Value::Null
        } else {
            json!(wrong)
        },
    );
    if wrong.is_empty() {
        Outcome::Saved {
            warnings: warning.into_iter().collect(),
        }
    } else {
        Outcome::SavedWithErrors(wrong)
    }
}

fn store(doc: &mut Doc, sent: &Doc, keys: &[&str]) {
    for key in keys {
        if let Some(value) = sent.get(*key).filter(|value| !value.is_null()) {
            let value = if *key == "ean" {
                json!(eans(sent))
            } else {
                value.clone()
            };
            doc.insert((*key).to_owned(), value);
        }
    }
}

/// Whether a sent value changes the stored one; `"7"` and `7` are the same.
fn differs(stored: Option<&Value>, sent: &Value) -> bool {
    let stored = stored.unwrap_or(&Value::Null);
    stored != sent
        && (crate::value::text(stored).is_none() || crate::value::text(stored) != crate::value::text(sent))
}

/// The day from which the change counts, checked: from tomorrow to sixty days ahead.
fn start_date(sent: &Doc, now: DateTime<Utc>) -> Result<Option<String>, Vec<String>> {
    let Some(value) = sent
        .get("start_date")
        .filter(|value| !value.as_array().is_some_and(Vec::is_empty))
    else {
        return Ok(None);
    };
    let text = value.as_str().unwrap_or_default();
    let today = now.with_timezone(&Bucharest).date_naive();
    let last = today
        .checked_add_days(Days::new(START_DATE_MAX_DAYS))
        .unwrap_or(today);
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|day| *day > today && *day <= last);
    day.map(|day| Some(day.to_string()))
        .ok_or_else(|| vec!["The start_date must lie between tomorrow and 60 days from now".to_owned()])
}

/// Puts the change aside until its day; price bounds count at once.
fn schedule(doc: &mut Doc, day: &str, kept: Doc) {
    let (later, at_once): (Doc, Doc) = kept
        .into_iter()
        .partition(|(key, _)| !matches!(key.as_str(), "min_sale_price" | "max_sale_price"));
    doc.extend(at_once);
    doc.insert("start_date".to_owned(), json!(day));
    doc.insert(SCHEDULED.to_owned(), Value::Object(later));
}

/// Carries out the scheduled changes whose day has come.
pub(crate) fn apply_scheduled(state: &mut State, now: DateTime<Utc>) {
    let now = wall(now);
    for offer in state.shops.values_mut().flat_map(|shop| shop.offers.values_mut()) {
        let due =
            offer.doc.contains_key(SCHEDULED) && text_at(&offer.doc, "start_date").as_str() <= now.as_str();
        if due && let Some(Value::Object(later)) = offer.doc.remove(SCHEDULED) {
            offer.doc.extend(later);
            offer.doc.insert("start_date".to_owned(), json!([]));
        }
    }
}

/// The test hook for human validation: sets the status and, at 9, gives the product its key.
pub(crate) fn set_validation(state: &mut State, username: &str, id: u64, code: i64, pnk: &str) -> bool {
    let Some(offer) = state.shop(username).offers.get_mut(&id) else {
        return false;
    };
    offer
        .doc
        .insert("validation_status".to_owned(), validation_status(code, &[]));
    if code == 9 {
        offer.doc.insert("doc_errors".to_owned(), Value::Null);
        if pnk_of(&offer.doc).is_empty() {
            offer.doc.insert("part_number_key".to_owned(), json!(pnk));
        }
    }
    true
}
