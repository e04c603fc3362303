//! Order lines in a save: what may be edited before the order is finalized, and what a storno may reduce after.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::value::{
    Doc, decimal, decimal_at, default_to, four_decimals, id_at, int_at, list_at, text_at, wall,
};

/// Card payments are already taken: nothing may be made smaller.
const ONLINE_CARD: i64 = 3;

pub(crate) struct Edit<'a> {
    pub(crate) order: &'a Doc,
    pub(crate) sent: &'a [Value],
    pub(crate) now: DateTime<Utc>,
}

impl Edit<'_> {
    fn stored(&self) -> impl Iterator<Item = &Doc> {
        list_at(self.order, "products")
            .iter()
            .filter_map(Value::as_object)
    }

    fn sent_for(&self, line: &Doc) -> Option<&Doc> {
        let id = id_at(line, "id");
        self.sent
            .iter()
            .filter_map(Value::as_object)
            .find(|sent| id.is_some() && id_at(sent, "id") == id)
    }

    /// Whether the sent lines say anything else than what is stored.
    pub(crate) fn changes_anything(&self) -> bool {
        let active = self.stored().filter(|line| int_at(line, "status") == Some(1));
        let changed = active.into_iter().any(|line| match self.sent_for(line) {
            None => true,
            Some(sent) => units(sent, line) != units(line, line),
        });
        let known = |sent: &Doc| {
            let id = id_at(sent, "id");
            self.stored().any(|line| id.is_some() && id_at(line, "id") == id)
        };
        changed
            || self
                .sent
                .iter()
                .filter_map(Value::as_object)
                .any(|sent| !known(sent))
    }

    /// Refuses a line whose product, codes or price differ from what is stored.
    pub(crate) fn check_unchangeable(&self) -> Result<(), String> {
        let mut pairs = self
            .stored()
            .filter_map(|line| Some((self.sent_for(line)?, line)));
        pairs.try_for_each(|(sent, line)| unchangeable(sent, line))
    }

    /// The new line list of an order in status 2 or 3: a line left out is removed, one without an id is added.
    pub(crate) fn edited(&self, mut new_line_id: impl FnMut() -> u64) -> Result<Vec<Value>, String> {
        let mut lines = Vec::new();
        for stored in self.stored() {
            lines.push(Value::Object(self.edited_line(stored)?));
        }
        for sent in self.sent.iter().filter_map(Value::as_object) {
            match id_at(sent, "id") {
                None => lines.push(self.added_line(sent, new_line_id())?),
                Some(id) if self.stored().any(|line| id_at(line, "id") == Some(id)) => {}
                Some(id) => return Err(format!("Order line {id} does not exist")),
            }
        }
        Ok(lines)
    }

    fn edited_line(&self, stored: &Doc) -> Result<Doc, String> {
        let mut line = stored.clone();
        let id = text_at(stored, "id");
        if int_at(stored, "status") == Some(0) {
            return Ok(line);
        }
        let before = units(stored, stored);
        let after = match self.sent_for(stored) {
            Some(sent) => {
                if sent
                    .get("quantity")
                    .is_some_and(|value| crate::value::int(value).is_none_or(|units| units < 0))
                {
                    return Err(format!("The quantity of line {id} must be a positive integer"));
                }
                units(sent, stored)
            }
            None => 0,
        };
        if after < before && int_at(self.order, "payment_mode_id") == Some(ONLINE_CARD) {
            return Err(format!(
                "Line {id} cannot be removed or reduced: the order is paid by card"
            ));
        }
        if after == before {
            return Ok(line);
        }
        line.insert("modified".to_owned(), json!(wall(self.now)));
        if after == 0 {
            line.insert("status".to_owned(), json!(0));
        } else {
            line.insert("quantity".to_owned(), json!(after));
        }
        Ok(line)
    }

    fn added_line(&self, sent: &Doc, id: u64) -> Result<Value, String> {
        let product = id_at(sent, "product_id").ok_or("A new line needs its product_id")?;
        let name = Some(text_at(sent, "name"))
            .filter(|name| !name.is_empty())
            .ok_or("A new line needs its name")?;
        let quantity = int_at(sent, "quantity")
            .filter(|units| *units > 0)
            .ok_or("A new line needs a positive quantity")?;
        let price = decimal_at(sent, "sale_price").ok_or("A new line needs its sale_price")?;
        let at = wall(self.now);
        let mut line = Doc::new();
        line.insert("id".to_owned(), json!(id));
        line.insert("product_id".to_owned(), json!(product));
        line.insert("name".to_owned(), json!(name));
        line.insert("status".to_owned(), json!(1));
        line.insert("quantity".to_owned(), json!(quantity));
        line.insert("sale_price".to_owned(), four_decimals(price));
        line.insert("created".to_owned(), json!(at));
        line.insert("modified".to_owned(), json!(at));
        let currency = list_at(self.order, "products")
            .first()
            .and_then(|first| first.get("currency").cloned());
        default_to(&mut line, "currency", currency.unwrap_or(json!("RON")));
        let vat = sent
            .get("vat")
            .and_then(decimal)
            .map_or(json!("0.2100"), four_decimals);
        line.insert("vat".to_owned(), vat);
        for key in ["part_number", "ext_part_number", "serial_numbers"] {
            default_to(&mut line, key, json!(text_at(sent, key)));
        }
        for key in ["details", "product_voucher_split", "recycle_warranties"] {
            default_to(&mut line, key, json!([]));
        }
        Ok(Value::Object(line))
    }

    /// The lines that remain after a storno: quantities are what the customer keeps. A line left out is unchanged, a
    /// fully reversed one disappears.
    pub(crate) fn reversed(&self) -> Result<Vec<Value>, String> {
        for sent in self.sent.iter().filter_map(Value::as_object) {
            let quantity = int_at(sent, "quantity").unwrap_or(0);
            let known = self.stored().any(|line| id_at(line, "id") == id_at(sent, "id"));
            if quantity < 0 || !known {
                return Err("A storno can only reduce existing lines".to_owned());
            }
        }
        let mut reduced = false;
        let mut lines = Vec::new();
        for stored in self.stored() {
            let before = units(stored, stored);
            let after = self.sent_for(stored).map_or(before, |sent| units(sent, stored));
            if after > before {
                return Err("A storno cannot increase a quantity".to_owned());
            }
            reduced |= after < before;
            if after > 0 {
                let mut line = stored.clone();
                if after < before {
                    line.insert("quantity".to_owned(), json!(after));
                    line.insert("modified".to_owned(), json!(wall(self.now)));
                }
                lines.push(Value::Object(line));
            }
        }
        if reduced {
            Ok(lines)
        } else {
            Err("Nothing was reversed: no quantity is lower".to_owned())
        }
    }
}

/// Active units of a line as sent; what is not sent is as stored.
fn units(sent: &Doc, stored: &Doc) -> i64 {
    let at = |key: &str| int_at(sent, key).or_else(|| int_at(stored, key)).unwrap_or(0);
    if at("status") == 0 { 0 } else { at("quantity") }
}

fn unchangeable(sent: &Doc, stored: &Doc) -> Result<(), String> {
    for key in ["product_id", "part_number", "ext_part_number"] {
        if sent.get(key).is_some_and(|value| !value.is_null()) && text_at(sent, key) != text_at(stored, key) {
            return Err(format!("The {key} of a line cannot be changed"));
        }
    }
    let price = decimal_at(sent, "sale_price");
    if price.is_some_and(|price| Some(price) != decimal_at(stored, "sale_price")) {
        return Err("The price of a line cannot be changed".to_owned());
    }
    Ok(())
}
