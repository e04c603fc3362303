//! Reading acknowledged orders again: they may have changed until that moment.

use std::time::Duration as Pause;

use chrono::Duration;
use emag_api::wire::OrderKind;
use emag_api::{ApiError, OrderWindow, order_windows};
use tokio::sync::watch;

use super::{Desk, WINDOW_AHEAD_HOURS};
use crate::error::EmagError;
use crate::service::acknowledge;
use crate::store;

/// So many acknowledgements are worth a page; fewer wait for more.
const WORTH_A_PAGE: usize = 40;
/// For so long.
const MORE_PAUSE: Pause = Pause::from_secs(2);

/// Reads again what was acknowledged while other orders still are, so that little is left for the end of an import.
/// `acknowledged` counts them; its sender is dropped after the last.
pub(super) async fn as_they_are_acknowledged(
    desk: &Desk<'_>,
    mut acknowledged: watch::Receiver<usize>,
) -> Result<(), EmagError> {
    let mut settled = 0;
    loop {
        let enough = acknowledged.wait_for(|count| *count >= settled + WORTH_A_PAGE);
        let is_over = matches!(tokio::time::timeout(MORE_PAUSE, enough).await, Ok(Err(_)));
        if is_over {
            return Ok(());
        }
        let count = *acknowledged.borrow();
        if count > settled {
            pages(desk).await?;
            settled = count;
        }
    }
}

/// Reads all of them again.
pub(super) async fn all(desk: &Desk<'_>) -> Result<(), EmagError> {
    pages(desk).await?;
    acknowledge::settle_stragglers(desk).await
}

/// In pages, by the time they changed.
async fn pages(desk: &Desk<'_>) -> Result<(), EmagError> {
    let mut conn = desk.context.db().read().await?;
    let since = store::orders::unsettled_since(&mut conn, desk.account.id).await?;
    drop(conn);
    let Some(since) = since else { return Ok(()) };
    let until = desk.now() + Duration::hours(WINDOW_AHEAD_HOURS);
    let seller = |window: &&OrderWindow| window.kind == OrderKind::FulfilledBySeller;
    let windows = order_windows(since, until, desk.client.endpoint().zone);
    for window in windows.iter().filter(seller) {
        let mut pages = desk.client.read_orders(window.filter());
        loop {
            match pages.next().await {
                Ok(Some(page)) => desk.write(Some(&page), None, &[]).await?,
                // What stands on a page that nobody understands is read one by one at the end.
                Ok(None) | Err(ApiError::NotUnderstood { .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
