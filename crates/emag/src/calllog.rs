//! The thirty-day log of calls (eMAG API 4.4.9 section 5), written in batches so that it slows no call.

use std::sync::{Arc, Mutex, PoisonError};

use db::Db;
use emag_api::{CallLog, CallRecord};
use kernel::EmagAccountId;

use crate::context::Observer;
use crate::store;

/// Records kept in memory before they are written together.
const BATCH: usize = 40;

/// Collects the records of all accounts.
pub(crate) struct Journal {
    db: Db,
    observer: Arc<dyn Observer>,
    waiting: Mutex<Vec<(EmagAccountId, CallRecord)>>,
}

/// One account's end of the journal.
#[derive(Clone)]
pub(crate) struct AccountLog {
    account: EmagAccountId,
    journal: Arc<Journal>,
}

impl Journal {
    pub(crate) fn new(db: Db, observer: Arc<dyn Observer>) -> Self {
        Self {
            db,
            observer,
            waiting: Mutex::default(),
        }
    }

    pub(crate) fn of(self: &Arc<Self>, account: EmagAccountId) -> AccountLog {
        AccountLog {
            account,
            journal: Arc::clone(self),
        }
    }

    fn take(&self, at_least: usize) -> Vec<(EmagAccountId, CallRecord)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < at_least {
            return Vec::new();
        }
        std::mem::take(&mut *waiting)
    }

    pub(crate) async fn flush(&self) -> Result<(), sqlx::Error> {
        self.write(self.take(1)).await
    }

    async fn write(&self, records: Vec<(EmagAccountId, CallRecord)>) -> Result<(), sqlx::Error> {
        if records.is_empty() {
            return Ok(());
        }
        let mut conn = self.db.read().await?;
        store::calls::insert(&mut conn, &records).await
    }
}

#[async_trait::async_trait]
impl CallLog for AccountLog {
    async fn record(&self, record: CallRecord) {
        let journal = &self.journal;
        journal
            .observer
            .called(&record.account, record.route, record.verdict, record.duration);
        let full = {
            let mut waiting = journal.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push((self.account, record));
            waiting.len() >= BATCH
        };
        if full && let Err(error) = journal.write(journal.take(BATCH)).await {
            // The log must not fail the call it tells of.
            tracing::error!(error = %error, "calls to the marketplace could not be logged: {error}");
        }
    }
}
