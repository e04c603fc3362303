//! Deciding what was held, and switching the sending on and off.

use kernel::{Actor, EmagAccountId, ListingId, Refusal};
use sqlx::PgConnection;

use super::reckon;
use crate::context::Context;
use crate::error::EmagError;
use crate::model::{Account, Hold, PreviewRow};
use crate::{EMAG_PUSH, EMAG_VIEW, store};

/// What a person says to a held change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Approve,
    Reject,
}

/// Decides a waiting question; one that is decided already is refused.
pub async fn decide(
    conn: &mut PgConnection,
    actor: &Actor,
    context: &Context,
    hold: i64,
    decision: Decision,
) -> Result<Hold, EmagError> {
    actor.require(EMAG_PUSH)?;
    let state = match decision {
        Decision::Approve => "approved",
        Decision::Reject => "rejected",
    };
    let now = context.clock().now();
    let Some((account, kind)) = store::holds::decide_hold(conn, hold, state, actor.user_id(), now).await?
    else {
        return match store::holds::find_hold(conn, hold).await? {
            Some(_) => Err(Refusal::new("emag-refused-hold-decided").into()),
            None => Err(EmagError::NotFound),
        };
    };
    if decision == Decision::Approve {
        if kind == "price" {
            reckon::queue_price(conn, account).await?;
        } else {
            reckon::queue_stock(conn, account).await?;
        }
    }
    web::live::tell(conn, "emag").await?;
    store::holds::find_hold(conn, hold)
        .await?
        .ok_or(EmagError::NotFound)
}

/// The table in front of the switch: what would be sent, old and new. At most this many lines are shown.
pub const PREVIEW_ROWS_MAX: i64 = 500;

/// What would be sent, and how many stocks and prices differ in all.
#[derive(Clone, Debug)]
pub struct Preview {
    pub rows: Vec<PreviewRow>,
    pub stock: i64,
    pub price: i64,
}

pub async fn preview(
    conn: &mut PgConnection,
    actor: &Actor,
    account: EmagAccountId,
) -> Result<Preview, EmagError> {
    actor.require(EMAG_VIEW)?;
    store::accounts::find(conn, account)
        .await?
        .ok_or(EmagError::NotFound)?;
    let (stock, price) = store::push::count_differences(conn, account).await?;
    Ok(Preview {
        rows: store::push::list_preview(conn, account, PREVIEW_ROWS_MAX).await?,
        stock,
        price,
    })
}

/// Switches the sending on or off and records who did. On is refused before the first complete reading: there would be
/// nothing to compare with.
pub async fn switch_push(
    conn: &mut PgConnection,
    actor: &Actor,
    context: &Context,
    id: EmagAccountId,
    enabled: bool,
) -> Result<Account, EmagError> {
    actor.require(EMAG_PUSH)?;
    let account = store::accounts::lock(conn, id)
        .await?
        .ok_or(EmagError::NotFound)?;
    if enabled && account.opened_at.is_none() {
        return Err(Refusal::new("emag-refused-not-read").into());
    }
    if enabled != account.push_enabled {
        store::accounts::set_push(conn, id, enabled, actor.user_id(), context.clock().now()).await?;
    }
    if enabled {
        reckon::stock(conn, None, Some(id), "recompute").await?;
        reckon::prices(conn, None).await?;
        reckon::queue_stock(conn, id).await?;
        reckon::queue_price(conn, id).await?;
    }
    web::live::tell(conn, "emag").await?;
    store::accounts::find(conn, id).await?.ok_or(EmagError::NotFound)
}

/// Tries a refused listing again at once.
pub async fn retry_listing(
    conn: &mut PgConnection,
    actor: &Actor,
    listing: ListingId,
) -> Result<(), EmagError> {
    actor.require(EMAG_PUSH)?;
    let account = store::push::clear_errors(conn, listing)
        .await?
        .ok_or(EmagError::NotFound)?;
    reckon::queue_stock(conn, account).await?;
    reckon::queue_price(conn, account).await
}
