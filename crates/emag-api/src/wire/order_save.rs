//! A change of an order, built from a fresh read (eMAG API 4.4.9 sections 21.6 to 21.8).
//!
//! A line left out of a save is removed at the partner, so a save always starts from the whole object as it was read and
//! changes only what was asked.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Entity, Order, OrderStatus};
use crate::error::InvalidField;

/// Why an order cannot be turned into a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderSaveError {
    /// The order was not decoded with [`Order::decode`] or through the client, so what was read is unknown.
    #[error("the order was not read from the partner")]
    NotFromRead,
    #[error("the order has no line {0}")]
    NoSuchLine(u64),
}

/// One entity of `order/save`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct OrderSave {
    body: Map<String, Value>,
    #[serde(skip)]
    id: u64,
}

impl OrderSave {
    /// Starts from an order as it was read, unchanged.
    pub fn from_read(order: &Order) -> Result<Self, OrderSaveError> {
        if order.raw.is_empty() {
            return Err(OrderSaveError::NotFromRead);
        }
        let mut body = order.raw.clone();
        // Written under the new name only; the kind is mandatory on saves since August 2025.
        if let Some(reason) = body.remove("cancellation_reason") {
            body.entry("reason_cancellation").or_insert(reason);
        }
        body.insert("type".to_owned(), order.kind.code().into());
        Ok(Self { body, id: order.id })
    }

    #[must_use]
    pub fn with_status(mut self, status: OrderStatus) -> Self {
        self.body.insert("status".to_owned(), status.code().into());
        self
    }

    /// Cancels, with one of the partner's reason codes.
    #[must_use]
    pub fn cancelled(mut self, reason: i64) -> Self {
        self.body.insert("reason_cancellation".to_owned(), reason.into());
        self.with_status(OrderStatus::Cancelled)
    }

    /// Marks a partial reversal of a finalized order; at least one line must be lowered too.
    #[must_use]
    pub fn as_storno(mut self) -> Self {
        self.body.insert("is_storno".to_owned(), true.into());
        self
    }

    /// Sets what remains of a line.
    pub fn with_line_quantity(mut self, line_id: u64, remaining: u32) -> Result<Self, OrderSaveError> {
        self.line_mut(line_id)?
            .insert("quantity".to_owned(), remaining.into());
        Ok(self)
    }

    /// Takes a line out, by status and not by omission.
    pub fn without_line(mut self, line_id: u64) -> Result<Self, OrderSaveError> {
        self.line_mut(line_id)?.insert("status".to_owned(), 0.into());
        Ok(self)
    }

    fn line_mut(&mut self, line_id: u64) -> Result<&mut Map<String, Value>, OrderSaveError> {
        let is_it = |line: &Map<String, Value>| match line.get("id") {
            Some(Value::Number(id)) => id.as_u64() == Some(line_id),
            Some(Value::String(id)) => id.parse() == Ok(line_id),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => false,
        };
        let lines = self.body.get_mut("products").and_then(Value::as_array_mut);
        let mut lines = lines.into_iter().flatten().filter_map(Value::as_object_mut);
        lines
            .find(|line| is_it(line))
            .ok_or(OrderSaveError::NoSuchLine(line_id))
    }
}

impl Entity for OrderSave {
    fn id(&self) -> u64 {
        self.id
    }

    fn check(&self) -> Vec<InvalidField> {
        Vec::new()
    }
}
