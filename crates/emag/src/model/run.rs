//! A run of a synchronisation: what it is, where it stands, what it counted.

use kernel::{EmagAccountId, SyncRunId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::text_code;

text_code! {
    /// What a run reads.
    RunKind { Offers => "offers", Orders => "orders" }
}

text_code! {
    /// How much of it: everything, or what may have changed.
    RunMode { Full => "full", Incremental => "incremental" }
}

text_code! {
    /// Where a run stands.
    RunState {
        Queued => "queued",
        Running => "running",
        /// Everything was taken.
        Done => "done",
        /// Some rows or pages could not be taken; they are listed.
        Partial => "partial",
        /// It ended early; `error_code` says why.
        Failed => "failed",
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: SyncRunId,
    pub account_id: EmagAccountId,
    pub kind: RunKind,
    pub mode: RunMode,
    pub state: RunState,
    pub cursor: serde_json::Value,
    pub pages_done: i32,
    pub pages_total: Option<i32>,
    pub rows_read: i32,
    pub rows_created: i32,
    pub rows_changed: i32,
    pub rows_unchanged: i32,
    pub rows_refused: i32,
    pub error_code: Option<String>,
    pub error_detail: Option<String>,
    pub started_by: Option<UserId>,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub heartbeat_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// Where an offer sweep goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct OffersCursor {
    /// The next page to read.
    pub(crate) page: u32,
    /// Whether every page so far was taken.
    pub(crate) whole: bool,
}

impl Default for OffersCursor {
    fn default() -> Self {
        Self { page: 1, whole: true }
    }
}

/// Where an order import goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OrdersCursor {
    /// The span that this run covers, fixed when it began.
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) window: usize,
    pub(crate) page: u32,
}

impl OrdersCursor {
    pub(crate) fn as_json(&self) -> serde_json::Value {
        serde_json::json!({"from": self.from, "to": self.to, "window": self.window, "page": self.page})
    }
}

/// What one page counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) read: i32,
    pub(crate) created: i32,
    pub(crate) changed: i32,
    pub(crate) unchanged: i32,
    pub(crate) refused: i32,
}

/// Something a run could not take, with the reason.
#[derive(Clone, Debug)]
pub struct FailureRow {
    pub id: i64,
    pub run_id: SyncRunId,
    /// `page`, `offer`, `order` or `acknowledge`.
    pub subject: String,
    pub external_id: String,
    pub code: String,
    pub detail: Option<String>,
    pub created_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
}

impl FailureRow {
    /// A row without a number of its own cannot be asked for alone.
    pub fn can_be_retried(&self) -> bool {
        self.resolved_at.is_none() && self.external_id != NAMELESS
    }
}

/// Stands where the partner's number of a row should stand and does not.
pub(crate) const NAMELESS: &str = "?";

/// Where an unreadable page of orders lies: the window of the run's span, counted from 0, and the page in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderPage {
    pub(crate) window: usize,
    pub(crate) page: u32,
}

impl std::fmt::Display for OrderPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.window, self.page)
    }
}

impl OrderPage {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (window, page) = text.split_once('/')?;
        Some(Self {
            window: window.parse().ok()?,
            page: page.parse().ok()?,
        })
    }
}
