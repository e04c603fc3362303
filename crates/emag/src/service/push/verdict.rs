//! What an answer means for our record, and how a change is written on the wire and in the record.

use emag_api::wire::{OfferUpdate, WarehouseAmount};
use emag_api::{ApiError, EntityOutcome};
use rust_decimal::Decimal;

use crate::model::{PriceChange, StockChange};
use crate::store::push::Sent;

/// What the answer means for our record.
pub(super) enum Verdict {
    Ok,
    Refused(String),
    /// May or may not have happened.
    Unknown(Option<ApiError>),
    /// Certainly did not happen.
    NotSent(Option<ApiError>),
}

impl Verdict {
    pub(super) fn of(outcome: Option<&EntityOutcome>) -> Self {
        match outcome {
            Some(EntityOutcome::Saved) => Self::Ok,
            Some(EntityOutcome::Refused(texts)) => Self::Refused(texts.join("; ")),
            Some(EntityOutcome::Invalid(fields)) => Self::Refused(
                fields
                    .iter()
                    .map(|field| format!("{} {:?}", field.field, field.problem))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            Some(EntityOutcome::Failed(error @ (ApiError::Throttled { .. } | ApiError::Account { .. }))) => {
                Self::NotSent(Some(error.clone()))
            }
            // A whole call was refused: nothing says which of its offers is to blame, so none is called sent.
            Some(EntityOutcome::Failed(error)) => Self::Unknown(Some(error.clone())),
            Some(EntityOutcome::SavedWithRemarks(_) | EntityOutcome::Unclear(_)) | None => {
                Self::Unknown(None)
            }
            Some(EntityOutcome::NotSent) => Self::NotSent(None),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused(_) => "refused",
            Self::Unknown(_) | Self::NotSent(_) => "unknown",
        }
    }

    pub(super) fn detail(&self) -> Option<String> {
        match self {
            Self::Refused(text) => Some(text.clone()),
            Self::Unknown(error) | Self::NotSent(error) => error.as_ref().map(ToString::to_string),
            Self::Ok => None,
        }
    }

    /// Trouble that every further call would meet.
    pub(super) fn trouble(&self) -> Option<&ApiError> {
        match self {
            Self::Unknown(Some(error)) | Self::NotSent(Some(error)) => Some(error),
            Self::Ok | Self::Refused(_) | Self::Unknown(None) | Self::NotSent(None) => None,
        }
    }
}

pub(super) fn id_of(emag_id: i64) -> u64 {
    u64::try_from(emag_id).unwrap_or_default()
}

pub(super) fn units(stock: i64) -> u32 {
    u32::try_from(stock).unwrap_or_default()
}

pub(super) fn stock_update(change: &StockChange) -> OfferUpdate {
    OfferUpdate {
        id: id_of(change.emag_id),
        stock: vec![WarehouseAmount::single(units(change.new))],
        ..OfferUpdate::default()
    }
}

pub(super) fn stock_sent(change: &StockChange, verdict: &'static str, detail: Option<String>) -> Sent {
    let cause = if change.approved {
        Some("approved".to_owned())
    } else {
        change.cause.clone()
    };
    Sent {
        listing: change.listing,
        kind: "stock",
        old: Decimal::from(change.old),
        new: Decimal::from(change.new),
        cause,
        verdict,
        detail,
    }
}

pub(super) fn price_sent(change: &PriceChange, verdict: &'static str, detail: Option<String>) -> Sent {
    Sent {
        listing: change.listing,
        kind: "price",
        old: change.old,
        new: change.new,
        cause: change.approved.then(|| "approved".to_owned()),
        verdict,
        detail,
    }
}
