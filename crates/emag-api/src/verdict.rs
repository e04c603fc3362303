//! What an answer means. The one function that turns status, headers and body into accepted or not.
//!
//! Always holds: the body decides, not the status; a missing `isError` is never a success (a 204 on `offer_stock` is the one
//! exception); a partner's text is matched only against the closed lists of this file, since texts are localised and change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::error::{AccountFault, ApiError, Message, UnreachableKind};
use crate::transport::{HttpResponse, TransportError};
use crate::wire::Envelope;

/// An answer that is not a failure as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    Ok,
    /// Saved, with remarks by entity (0 where the partner names none). Confirm by reading the entity again.
    OkWithRemarks {
        remarks: BTreeMap<u64, Vec<String>>,
    },
    /// Some entities were refused or not answered although the call as a whole went through.
    PartialFailure {
        failed: BTreeMap<u64, Vec<String>>,
        remarks: BTreeMap<u64, Vec<String>>,
        /// Sent but not in the answer.
        missing: BTreeSet<u64>,
        /// Refusals of some entity the partner did not name: every entity not in `failed` must be read again.
        unassigned: Vec<String>,
    },
}

/// An accepted answer with its payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub accepted: Accepted,
    pub messages: Vec<Message>,
    pub results: Value,
}

/// Which of the answer shapes a route gives, and what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The standard outer object: reads, counts, plain saves.
    Envelope,
    /// The standard object without payload, where `already in progress` is a success.
    Acknowledge,
    /// `offer/save`: one verdict per entity id.
    EntityMap { sent: Vec<u64> },
    /// `product_offer/save`: no verdict per entity, and an error may still have saved everything.
    Documentation { sent: Vec<u64> },
    /// `offer_stock`: empty 204 or a gateway-style error.
    Stock,
}

/// Texts of `product_offer/save` that mean nothing was saved; every other error text there is a remark on content.
pub const REFUSED_NOT_SAVED: [&str; 6] = [
    WHOLE_CALL_REFUSED,
    "You already hold a Product associated with this PN",
    "You already hold an offer associated with this PNK",
    "is a duplicated product",
    "is not a valid EAN",
    "Please associate the offer to product with PNK",
];

const WHOLE_CALL_REFUSED: &str = "Maximum input vars of 4000 exceeded";
const FOREIGN_IP: &str = "Invalid vendor ip";
const NOT_ALLOWED: &str = "You are not allowed to use this API";
const RATE_EXCEEDED: &str = "API rate limit exceeded";
const ALREADY_IN_PROGRESS: &str = "already in progress";
const LOCKED: &str = "Resource locked";
/// How much of an unreadable body is kept for the log.
const SAMPLE_BYTES_MAX: usize = 500;
/// A longer pause is a partner's mistake; the next 429 would ask again.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// Judges an answer of the network.
pub fn judge(
    expected: &Expected,
    outcome: &Result<HttpResponse, TransportError>,
) -> Result<Answer, ApiError> {
    match outcome {
        Ok(response) => judge_response(expected, response),
        Err(error) => Err(ApiError::Unreachable { kind: error.kind }),
    }
}

/// One word for logs and metrics.
pub const fn verdict_name(verdict: &Result<Answer, ApiError>) -> &'static str {
    match verdict {
        Ok(answer) => match answer.accepted {
            Accepted::Ok => "ok",
            Accepted::OkWithRemarks { .. } => "ok_with_remarks",
            Accepted::PartialFailure { .. } => "partial_failure",
        },
        Err(error) => error.name(),
    }
}

fn judge_response(expected: &Expected, response: &HttpResponse) -> Result<Answer, ApiError> {
    let envelope = Envelope::parse(&response.body).ok();
    if let Some(fault) = account_fault(response.status, envelope.as_ref()) {
        let messages = envelope.map(|envelope| envelope.messages).unwrap_or_default();
        return Err(ApiError::Account { fault, messages });
    }
    match response.status {
        429 => Err(ApiError::Throttled {
            retry_after: retry_after(response),
        }),
        408 | 500..=599 => Err(ApiError::Transient {
            status: response.status,
            retry_after: retry_after(response),
            sample: sample(&response.body),
        }),
        204 if *expected == Expected::Stock => Ok(plain_ok()),
        200..=299 => match envelope {
            Some(envelope) => judge_envelope(expected, response, envelope),
            None => Err(not_understood(response)),
        },
        400..=499 => match envelope {
            Some(envelope) if envelope.is_error != Some(false) && !envelope.messages.is_empty() => {
                Err(ApiError::Refused {
                    status: response.status,
                    messages: envelope.messages,
                })
            }
            Some(_) | None => Err(not_understood(response)),
        },
        _ => Err(not_understood(response)),
    }
}

fn judge_envelope(
    expected: &Expected,
    response: &HttpResponse,
    envelope: Envelope,
) -> Result<Answer, ApiError> {
    match envelope.is_error {
        None if says(&envelope, RATE_EXCEEDED) => Err(ApiError::Throttled {
            retry_after: retry_after(response),
        }),
        None => Err(not_understood(response)),
        Some(failed) => match expected {
            Expected::EntityMap { sent } => entity_map(sent, failed, response, envelope),
            Expected::Documentation { sent } => documentation(sent, failed, response.status, envelope),
            Expected::Acknowledge if failed && says(&envelope, ALREADY_IN_PROGRESS) => {
                Ok(answer(Accepted::Ok, envelope))
            }
            Expected::Envelope | Expected::Acknowledge | Expected::Stock => {
                if failed {
                    Err(refusal(response.status, envelope))
                } else {
                    Ok(answer(Accepted::Ok, envelope))
                }
            }
        },
    }
}

fn refusal(status: u16, envelope: Envelope) -> ApiError {
    if says(&envelope, LOCKED) {
        ApiError::Locked {
            messages: envelope.messages,
        }
    } else {
        ApiError::Refused {
            status,
            messages: envelope.messages,
        }
    }
}

fn answer(accepted: Accepted, envelope: Envelope) -> Answer {
    Answer {
        accepted,
        messages: envelope.messages,
        results: envelope.results,
    }
}

fn plain_ok() -> Answer {
    Answer {
        accepted: Accepted::Ok,
        messages: Vec::new(),
        results: Value::Null,
    }
}

/// `offer/save`: the top-level flag says nothing about single entities, so every entry is walked and counted.
fn entity_map(
    sent: &[u64],
    failed_call: bool,
    response: &HttpResponse,
    envelope: Envelope,
) -> Result<Answer, ApiError> {
    let mut failed = BTreeMap::new();
    let mut answered = BTreeSet::new();
    match &envelope.results {
        Value::Object(map) => {
            for (key, entry) in map {
                let Ok(id) = key.parse::<u64>() else { continue };
                let entry = Envelope::parse(entry.to_string().as_bytes()).unwrap_or_default();
                match entry.is_error {
                    Some(false) => {
                        answered.insert(id);
                    }
                    // An entry without its flag is no success; it stays missing and is read again.
                    None => {}
                    Some(true) => {
                        answered.insert(id);
                        failed.insert(id, texts(&entry.messages));
                    }
                }
            }
        }
        Value::Null | Value::Array(_) => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(not_understood(response)),
    }
    if failed_call && answered.is_empty() {
        return Err(refusal(response.status, envelope));
    }
    let missing: BTreeSet<u64> = sent.iter().copied().filter(|id| !answered.contains(id)).collect();
    let accepted = if failed.is_empty() && missing.is_empty() {
        Accepted::Ok
    } else {
        Accepted::PartialFailure {
            failed,
            remarks: BTreeMap::new(),
            missing,
            unassigned: Vec::new(),
        }
    };
    Ok(answer(accepted, envelope))
}

/// `product_offer/save`: an error is a remark on content unless its text is on the closed list.
fn documentation(
    sent: &[u64],
    failed_call: bool,
    status: u16,
    envelope: Envelope,
) -> Result<Answer, ApiError> {
    let whole_call = says(&envelope, WHOLE_CALL_REFUSED);
    // An error without any text could be either: only a text off the list proves that the offer was saved.
    if failed_call && (whole_call || envelope.messages.is_empty()) {
        return Err(refusal(status, envelope));
    }
    let mut failed: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut remarks: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut unassigned = Vec::new();
    let only = if let [only] = sent { Some(*only) } else { None };
    for message in &envelope.messages {
        let text = message.text.clone();
        let named = named_product(&text).filter(|id| sent.contains(id));
        let id = named.or(only);
        let refused = failed_call && REFUSED_NOT_SAVED.iter().any(|part| text.contains(part));
        match (refused, id) {
            (true, Some(id)) => failed.entry(id).or_default().push(text),
            (true, None) => unassigned.push(text),
            (false, id) => remarks.entry(id.unwrap_or(0)).or_default().push(text),
        }
    }
    if only.is_some_and(|only| failed.contains_key(&only)) {
        return Err(refusal(status, envelope));
    }
    let accepted = match (failed.is_empty() && unassigned.is_empty(), remarks.is_empty()) {
        (true, true) => Accepted::Ok,
        (true, false) => Accepted::OkWithRemarks { remarks },
        (false, _) => Accepted::PartialFailure {
            failed,
            remarks,
            missing: BTreeSet::new(),
            unassigned,
        },
    };
    Ok(answer(accepted, envelope))
}

/// The id some messages of `product_offer/save` end with: `… - Product id: 51007`.
fn named_product(text: &str) -> Option<u64> {
    let (_, tail) = text.rsplit_once("Product id:")?;
    tail.trim().trim_end_matches('.').parse().ok()
}

fn account_fault(status: u16, envelope: Option<&Envelope>) -> Option<AccountFault> {
    let failed = envelope.filter(|envelope| envelope.is_error != Some(false));
    if failed.is_some_and(|envelope| says(envelope, FOREIGN_IP)) {
        return Some(AccountFault::ForeignIp);
    }
    match status {
        401 => Some(AccountFault::NoCredentials),
        403 => Some(AccountFault::BadCredentials),
        _ if failed.is_some_and(|envelope| says(envelope, NOT_ALLOWED)) => Some(AccountFault::BadCredentials),
        _ => None,
    }
}

fn says(envelope: &Envelope, part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    envelope
        .messages
        .iter()
        .any(|message| message.text.to_ascii_lowercase().contains(&part))
}

fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.text.clone()).collect()
}

fn not_understood(response: &HttpResponse) -> ApiError {
    ApiError::NotUnderstood {
        status: response.status,
        sample: sample(&response.body),
    }
}

/// The start of a body as text, cut at a character.
fn sample(body: &[u8]) -> String {
    let start = body.get(..SAMPLE_BYTES_MAX).unwrap_or(body);
    let mut text = String::from_utf8_lossy(start).into_owned();
    while text.len() > SAMPLE_BYTES_MAX {
        text.pop();
    }
    text
}

/// `Retry-After` in seconds; a date form is not honoured since no clock is at hand here, and the partner promises neither.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let seconds = response.header("Retry-After")?.trim().parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// Whether the failure counts against the partner's health for the circuit.
pub(crate) const fn is_outage(error: &ApiError) -> bool {
    match error {
        ApiError::Transient { .. } => true,
        ApiError::Unreachable { kind } => match kind {
            UnreachableKind::Connect | UnreachableKind::Timeout | UnreachableKind::Closed => true,
            UnreachableKind::TooLarge => false,
        },
        ApiError::Refused { .. }
        | ApiError::Throttled { .. }
        | ApiError::Locked { .. }
        | ApiError::Account { .. }
        | ApiError::NotUnderstood { .. }
        | ApiError::CircuitOpen { .. }
        | ApiError::FilterIgnored { .. }
        | ApiError::TooManyPages { .. }
        | ApiError::Invalid { .. } => false,
    }
}
