//! Cutting a list of entities into calls the partner takes, and the outcome of each entity.
//!
//! Always holds: every entity handed in has exactly one outcome; no call has more than 50 entities or 4 000 elements.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{ApiError, FieldProblem, InvalidField, Message};
use crate::verdict::Accepted;
use crate::wire::Entity;

/// The partner refuses more entities in one call.
pub const ENTITIES_PER_CALL_MAX: usize = 50;
/// The partner counts every scalar of a request and refuses more than this.
pub const ELEMENTS_PER_CALL_MAX: usize = 4_000;

/// What became of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityOutcome {
    Saved,
    /// Saved, but its content was found wanting. Read it again before believing it.
    SavedWithRemarks(Vec<String>),
    /// Refused by the partner: nothing of it was saved.
    Refused(Vec<String>),
    /// The partner did not say: read it again.
    Unclear(Vec<String>),
    /// Refused here, not sent.
    Invalid(Vec<InvalidField>),
    /// The whole call failed after its repeats; it may or may not have been carried out.
    Failed(ApiError),
    /// An earlier call of the list failed in a way that would have repeated itself.
    NotSent,
}

/// The outcome of every entity, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BulkOutcome {
    pub entities: BTreeMap<u64, EntityOutcome>,
}

impl BulkOutcome {
    /// Whether all were saved without a remark.
    pub fn is_clean(&self) -> bool {
        self.entities
            .values()
            .all(|outcome| *outcome == EntityOutcome::Saved)
    }

    pub(crate) fn refused_here(refused: BTreeMap<u64, Vec<InvalidField>>) -> Self {
        let entities = refused
            .into_iter()
            .map(|(id, fields)| (id, EntityOutcome::Invalid(fields)))
            .collect();
        Self { entities }
    }

    pub(crate) fn all(&mut self, ids: &[u64], outcome: &EntityOutcome) {
        for id in ids {
            self.entities.insert(*id, outcome.clone());
        }
    }

    pub(crate) fn accepted(&mut self, ids: &[u64], accepted: Accepted) {
        self.all(ids, &EntityOutcome::Saved);
        match accepted {
            Accepted::Ok => {}
            Accepted::OkWithRemarks { remarks } => self.remarks(ids, remarks),
            Accepted::PartialFailure {
                failed,
                remarks,
                missing,
                unassigned,
            } => {
                self.remarks(ids, remarks);
                if !unassigned.is_empty() {
                    self.all(ids, &EntityOutcome::Unclear(unassigned));
                }
                for id in missing {
                    self.entities.insert(id, EntityOutcome::Unclear(Vec::new()));
                }
                for (id, texts) in failed.into_iter().filter(|(id, _)| ids.contains(id)) {
                    self.entities.insert(id, EntityOutcome::Refused(texts));
                }
            }
        }
    }

    /// A remark on nobody in particular is a remark on everybody of the call.
    fn remarks(&mut self, ids: &[u64], mut remarks: BTreeMap<u64, Vec<String>>) {
        if let Some(common) = remarks.remove(&0) {
            for id in ids {
                remarks.entry(*id).or_default().extend(common.iter().cloned());
            }
        }
        for (id, texts) in remarks {
            self.entities.insert(id, EntityOutcome::SavedWithRemarks(texts));
        }
    }

    pub(crate) fn failed(&mut self, ids: &[u64], error: &ApiError) {
        let outcome = match (error, ids) {
            (ApiError::Refused { messages, .. }, [_only]) => EntityOutcome::Refused(texts(messages)),
            (ApiError::CircuitOpen { .. }, _) => EntityOutcome::NotSent,
            (error, _) => EntityOutcome::Failed(error.clone()),
        };
        self.all(ids, &outcome);
    }
}

fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.text.clone()).collect()
}

/// One call's body and the ids in it.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) ids: Vec<u64>,
    pub(crate) body: String,
}

#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) batches: Vec<Batch>,
    pub(crate) refused: BTreeMap<u64, Vec<InvalidField>>,
}

/// Cuts the list, in order. An id that comes twice is sent once, as last given.
pub(crate) fn plan<E: Entity>(entities: &[E]) -> Plan {
    let mut last: BTreeMap<u64, usize> = BTreeMap::new();
    for (index, entity) in entities.iter().enumerate() {
        last.insert(entity.id(), index);
    }
    let mut plan = Plan::default();
    let mut open = OpenBatch::default();
    for (index, entity) in entities.iter().enumerate() {
        if last.get(&entity.id()) != Some(&index) {
            continue;
        }
        match written(entity) {
            Ok((text, elements)) => {
                if !open.has_room_for(elements) {
                    plan.batches.extend(std::mem::take(&mut open).close());
                }
                open.add(entity.id(), &text, elements);
            }
            Err(fields) => {
                plan.refused.insert(entity.id(), fields);
            }
        }
    }
    plan.batches.extend(open.close());
    plan
}

/// The entity's JSON text and how many elements the partner will count in it.
fn written<E: Entity>(entity: &E) -> Result<(String, usize), Vec<InvalidField>> {
    let fields = entity.check();
    if !fields.is_empty() {
        return Err(fields);
    }
    let unwritable = |problem| {
        vec![InvalidField {
            field: "entity",
            problem,
        }]
    };
    let text = serde_json::to_string(entity).map_err(|_error| unwritable(FieldProblem::OutOfRange))?;
    let value: Value = serde_json::from_str(&text).map_err(|_error| unwritable(FieldProblem::OutOfRange))?;
    let elements = leaves(&value);
    if elements > ELEMENTS_PER_CALL_MAX {
        Err(unwritable(FieldProblem::TooManyElements))
    } else {
        Ok((text, elements))
    }
}

/// How many scalars are in a value; an empty list or object counts as one, to be on the safe side.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
        Value::Array(items) => items.iter().map(leaves).sum::<usize>().max(1),
        Value::Object(map) => map.values().map(leaves).sum::<usize>().max(1),
    }
}

#[derive(Debug, Default)]
struct OpenBatch {
    ids: Vec<u64>,
    rows: String,
    elements: usize,
}

impl OpenBatch {
    fn has_room_for(&self, elements: usize) -> bool {
        self.ids.len() < ENTITIES_PER_CALL_MAX && self.elements + elements <= ELEMENTS_PER_CALL_MAX
    }

    fn add(&mut self, id: u64, text: &str, elements: usize) {
        if !self.ids.is_empty() {
            self.rows.push(',');
        }
        self.ids.push(id);
        self.rows.push_str(text);
        self.elements += elements;
    }

    fn close(self) -> Option<Batch> {
        (!self.ids.is_empty()).then(|| Batch {
            body: format!("{{\"data\":[{}]}}", self.rows),
            ids: self.ids,
        })
    }
}
