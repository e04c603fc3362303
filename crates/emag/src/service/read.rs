//! What screens and programs read: listings, runs.

use kernel::{Actor, EmagAccountId, Page, PageRequest};
use sqlx::PgConnection;

use crate::error::EmagError;
use crate::model::Run;
use crate::store::search::{self, ListingFilter, ListingView};
use crate::{EMAG_VIEW, store};

/// Listings by name.
pub async fn listings(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &ListingFilter,
    page: &PageRequest,
) -> Result<Page<ListingView>, EmagError> {
    actor.require(EMAG_VIEW)?;
    let rows = search::list_listings(conn, filter, page).await?;
    Ok(Page::cut(rows, page.limit, None, |row| {
        (row.name.clone(), row.id.0)
    }))
}

/// Runs of an account, or of all, newest first.
pub async fn runs(
    conn: &mut PgConnection,
    actor: &Actor,
    account: Option<EmagAccountId>,
    limit: i64,
) -> Result<Vec<Run>, EmagError> {
    actor.require(EMAG_VIEW)?;
    Ok(store::runs::list_recent(conn, account, limit).await?)
}
