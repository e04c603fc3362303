//! What screens and programs read: listings, runs.

use kernel::{Actor, EmagAccountId, Page, PageRequest, Refusal};
use sqlx::PgConnection;

use crate::error::EmagError;
use crate::model::{Hold, Run};
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
    page: &PageRequest,
) -> Result<Page<Run>, EmagError> {
    actor.require(EMAG_VIEW)?;
    let before = after(page)?;
    let rows = store::runs::list_recent(conn, account, before, page.limit.probe()).await?;
    Ok(Page::cut(rows, page.limit, None, |run| run.id.0))
}

/// What is held, newest first; all states, or one.
pub async fn holds(
    conn: &mut PgConnection,
    actor: &Actor,
    state: Option<&str>,
    page: &PageRequest,
) -> Result<Page<Hold>, EmagError> {
    actor.require(EMAG_VIEW)?;
    let before = after(page)?;
    let rows = store::holds::list_holds(conn, state, before, page.limit.probe()).await?;
    Ok(Page::cut(rows, page.limit, None, |hold| hold.id))
}

fn after(page: &PageRequest) -> Result<Option<i64>, Refusal> {
    page.after
        .as_ref()
        .map(kernel::Cursor::open)
        .transpose()
        .map_err(|_foreign| Refusal::new("ui-input-cursor").on("cursor"))
}
