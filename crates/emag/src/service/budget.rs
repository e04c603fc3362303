//! What is left of each account's calls, from the log of calls, so that every process says the same.
//!
//! The log is written in batches: while a synchronisation runs, a few dozen calls may be missing. Never decides when a
//! call leaves; that is the pacer's.

use std::collections::HashMap;

use emag_api::{Bucket, Limits};
use kernel::{Actor, EmagAccountId, Timestamp};
use serde::Serialize;
use sqlx::PgConnection;

use crate::error::EmagError;
use crate::{EMAG_VIEW, store};

/// The window of the partner's larger limit.
const WINDOW: chrono::Duration = chrono::Duration::minutes(1);

/// One account's budget for one kind of call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    pub account_id: EmagAccountId,
    pub account: String,
    /// `orders`, `other` or `ean`.
    pub bucket: &'static str,
    pub per_minute: i64,
    /// Calls of the last minute.
    pub used: i64,
    pub left: i64,
}

/// All accounts by name, each with its three budgets.
pub async fn read(conn: &mut PgConnection, actor: &Actor, now: Timestamp) -> Result<Vec<Budget>, EmagError> {
    actor.require(EMAG_VIEW)?;
    let accounts = store::accounts::list(&mut *conn).await?;
    let mut used: HashMap<(EmagAccountId, Bucket), i64> = HashMap::new();
    for (account, route, calls) in store::calls::count_since(conn, now - WINDOW).await? {
        *used.entry((account, bucket_of(&route))).or_default() += calls;
    }
    let budget = |account: &crate::Account, bucket: Bucket| {
        let per_minute = i64::from(Limits::documented(bucket).per_minute);
        let used = used.get(&(account.id, bucket)).copied().unwrap_or_default();
        Budget {
            account_id: account.id,
            account: account.name.clone(),
            bucket: bucket.name(),
            per_minute,
            used,
            left: (per_minute - used).max(0),
        }
    };
    Ok(accounts
        .iter()
        .flat_map(|account| {
            [Bucket::Orders, Bucket::Other, Bucket::Ean].map(|bucket| budget(account, bucket))
        })
        .collect())
}

/// The budget that a logged path counts against.
fn bucket_of(path: &str) -> Bucket {
    if path.contains("/find_by_eans") {
        Bucket::Ean
    } else if path.contains("/order/") || path.starts_with("order/") {
        Bucket::Orders
    } else {
        Bucket::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_against_its_own_budget() {
        for (path, bucket) in [
            ("/api-3/order/read", Bucket::Orders),
            ("order/acknowledge/5", Bucket::Orders),
            ("/api-3/product_offer/save", Bucket::Other),
            ("/api-3/documentation/find_by_eans", Bucket::Ean),
        ] {
            assert_eq!(bucket_of(path), bucket, "{path}");
        }
    }
}
