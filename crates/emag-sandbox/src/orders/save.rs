//! `order/save`: the status matrix with its windows, line edits, cancellation and storno (eMAG API 4.4.9, order section).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::is_cancellation_reason;
use super::lines::Edit;
use crate::reply::Reply;
use crate::state::{Order, State};
use crate::value::{Doc, id_at, int_at, list_at, text_at};

/// Hours in which a finalized or cancelled order may still be taken back.
const SECOND_THOUGHTS_HOURS: i64 = 48;
/// Days beyond the customer's return period in which a return may still be booked.
const RETURN_GRACE_DAYS: i64 = 5;

/// Everything a save needs besides the orders themselves.
pub(crate) struct Desk<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) username: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) return_period_days: i64,
}

/// Saves each order on its own; the answer has one verdict for all.
pub(crate) fn save(desk: &mut Desk<'_>, entities: &[Value]) -> Reply {
    let mut messages = Vec::new();
    for entity in entities {
        let empty = Doc::new();
        let sent = entity.as_object().unwrap_or(&empty);
        if let Err(complaint) = desk.save_one(sent) {
            messages.push(format!("{complaint} - Order id: {}", text_at(sent, "id")));
        }
    }
    Reply::envelope(!messages.is_empty(), &messages, json!([])).with_entities(entities.len())
}

impl Desk<'_> {
    fn save_one(&mut self, sent: &Doc) -> Result<(), String> {
        let id = id_at(sent, "id").ok_or("The field id is mandatory")?;
        let mut order = self
            .state
            .shop(self.username)
            .orders
            .get(&id)
            .cloned()
            .ok_or("The order was not found")?;
        if order.kind() != 3 {
            return Err("Orders fulfilled by eMAG cannot be edited".to_owned());
        }
        if sent.get("type").is_some() && int_at(sent, "type") != Some(3) {
            return Err("The type of the order is wrong".to_owned());
        }
        let target = match sent.get("status") {
            Some(value) => crate::value::int(value).ok_or("The status is not valid")?,
            None => order.status(),
        };
        self.check_move(&order, target)?;
        if sent.get("is_storno").is_some_and(is_true) && target != 5 {
            self.storno(&mut order, sent, target)?;
        } else {
            self.edit(&mut order, sent, target)?;
        }
        order.touch(self.now);
        let shop = self.state.shop(self.username);
        shop.resettle(&mut order);
        shop.orders.insert(id, order);
        Ok(())
    }

    /// The status matrix.
    fn check_move(&self, order: &Order, target: i64) -> Result<(), String> {
        let from = order.status();
        let within = |since: Option<DateTime<Utc>>, span: TimeDelta| {
            since.is_some_and(|since| self.now - since <= span)
        };
        let hours = TimeDelta::hours(SECOND_THOUGHTS_HOURS);
        let returnable = TimeDelta::days(self.return_period_days + RETURN_GRACE_DAYS);
        match (from, target) {
            (2, 2 | 3 | 4 | 0) | (3, 3 | 4 | 0) | (4, 4) | (0, 0) => Ok(()),
            (4, 3 | 0) if within(order.finalized_at, hours) => Ok(()),
            (0, 2..=4) if within(order.cancelled_at, hours) => Ok(()),
            (4, 5) if within(order.finalized_at, returnable) => Ok(()),
            (4, 3 | 0 | 5) | (0, 2..=4) => Err(format!(
                "The time in which status {from} may become {target} has passed"
            )),
            (1, _) => Err("A new order can only be acknowledged".to_owned()),
            _ => Err(format!("The status cannot be changed from {from} to {target}")),
        }
    }

    fn edit(&mut self, order: &mut Order, sent: &Doc, target: i64) -> Result<(), String> {
        let from = order.status();
        if target == 0 {
            let reason = int_at(sent, "reason_cancellation").filter(|code| is_cancellation_reason(*code));
            if reason.is_none() && from != 0 {
                return Err("The reason_cancellation is mandatory for a cancelled order".to_owned());
            }
            if let Some(reason) = reason {
                order.doc.insert("reason_cancellation".to_owned(), json!(reason));
            }
        } else if from == 0 {
            order.doc.insert("reason_cancellation".to_owned(), Value::Null);
        }
        if sent.contains_key("products") && target != 5 {
            let edit = Edit {
                order: &order.doc,
                sent: list_at(sent, "products"),
                now: self.now,
            };
            edit.check_unchangeable()?;
            if edit.changes_anything() {
                if !matches!(from, 2 | 3) {
                    return Err("The lines of the order cannot be edited in this status".to_owned());
                }
                let state = &mut *self.state;
                let lines = edit.edited(|| state.new_line_id())?;
                order.doc.insert("products".to_owned(), Value::Array(lines));
            }
        }
        if let Some(text) = sent.get("observation").filter(|value| value.is_string()) {
            order.doc.insert("observation".to_owned(), text.clone());
        }
        order.set_status(target, self.now);
        Ok(())
    }

    /// A partial reversal of a finalized order; when nothing remains the order is returned.
    fn storno(&self, order: &mut Order, sent: &Doc, target: i64) -> Result<(), String> {
        if order.status() != 4 || target != 4 {
            return Err("Only a finalized order can be reversed".to_owned());
        }
        let edit = Edit {
            order: &order.doc,
            sent: list_at(sent, "products"),
            now: self.now,
        };
        let lines = edit.reversed()?;
        let all_gone = lines.is_empty();
        order.doc.insert("products".to_owned(), Value::Array(lines));
        order.doc.insert("is_storno".to_owned(), json!(true));
        if all_gone {
            order.set_status(5, self.now);
        }
        Ok(())
    }
}

fn is_true(value: &Value) -> bool {
    crate::value::int(value) == Some(1) || value.as_str() == Some("true")
}
