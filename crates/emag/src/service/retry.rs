//! Trying again what a run could not take: one row, one page, or the whole run.
//!
//! Always holds: the wish is committed and seen at once, a job does the reading; never beside a run of the same account
//! and kind; a row that comes in ends its failure everywhere, one that does not shows the new reason.

use jobs::{Enqueue, enqueue};
use kernel::{Actor, Refusal, SyncRunId};
use sqlx::PgConnection;

use super::runs::{self, Outcome, actor, note_fault, tell};
use super::{offers, orders};
use crate::context::Context;
use crate::error::{EmagError, api_code};
use crate::jobs::RetryFailure;
use crate::model::{Account, FailureRow, OrderPage, Run, RunKind};
use crate::store::failures::RETRYING;
use crate::{EMAG_SYNC, store};

/// Starts the whole run anew: the same account, kind and mode.
pub async fn run(
    conn: &mut PgConnection,
    actor: &Actor,
    context: &Context,
    id: SyncRunId,
) -> Result<Run, EmagError> {
    actor.require(EMAG_SYNC)?;
    let run = store::runs::find(conn, id).await?.ok_or(EmagError::NotFound)?;
    runs::start(conn, actor, context, run.account_id, (run.kind, run.mode)).await
}

/// Queues another try of one failure of a run; twice is once.
pub async fn failure(
    conn: &mut PgConnection,
    actor: &Actor,
    (run, id): (SyncRunId, i64),
) -> Result<FailureRow, EmagError> {
    actor.require(EMAG_SYNC)?;
    let found = store::failures::find(conn, id)
        .await?
        .filter(|failure| failure.run_id == run)
        .ok_or(EmagError::NotFound)?;
    if found.resolved_at.is_some() {
        return Err(Refusal::new("emag-refused-resolved").into());
    }
    if !found.can_be_retried() {
        return Err(Refusal::new("emag-refused-nameless").into());
    }
    let (_, account) = place(conn, &found).await?;
    if !account.is_active {
        return Err(Refusal::new("emag-refused-inactive").into());
    }
    store::failures::set_reason(conn, id, RETRYING, found.detail.as_deref()).await?;
    let how = Enqueue {
        priority: -5,
        ..Enqueue::keyed(format!("emag-retry-{id}"))
    };
    enqueue(conn, &RetryFailure { failure: id }, how).await?;
    tell(conn, run).await?;
    store::failures::find(conn, id).await?.ok_or(EmagError::NotFound)
}

async fn place(conn: &mut PgConnection, failure: &FailureRow) -> Result<(Run, Account), EmagError> {
    let run = store::runs::find(conn, failure.run_id)
        .await?
        .ok_or(EmagError::NotFound)?;
    let account = store::accounts::find(conn, run.account_id)
        .await?
        .ok_or(EmagError::NotFound)?;
    Ok((run, account))
}

/// Does a queued try. May be stopped anywhere and called again.
pub async fn work(context: &Context, id: i64) -> Result<Outcome, EmagError> {
    // As for runs: the lock ends with its process.
    let mut lock = context.db().begin(&actor()).await?;
    let open = store::failures::find(&mut lock, id)
        .await?
        .filter(FailureRow::can_be_retried);
    let Some(failure) = open else {
        return Ok(Outcome::Ended);
    };
    let (run, account) = place(&mut lock, &failure).await?;
    if !store::runs::try_lock(&mut lock, run.account_id, run.kind).await? {
        return Ok(Outcome::Busy);
    }
    match again(context, &account, &run, &failure).await {
        Ok(()) => {}
        Err(EmagError::Api(error)) => {
            note_fault(context, &account, &error).await?;
            give_reason(context, id, api_code(&error), &error.to_string()).await?;
        }
        Err(EmagError::Seal) => give_reason(context, id, "no_credentials", "").await?,
        Err(other) => {
            // The job tries again by itself; should it give up, a person still can.
            give_reason(context, id, "fault", "").await?;
            return Err(other);
        }
    }
    let mut tx = context.db().begin(&actor()).await?;
    store::runs::close_partial(&mut tx, account.id, run.kind).await?;
    tell(&mut tx, run.id).await?;
    tx.commit().await?;
    lock.rollback().await?;
    context.flush_calls().await?;
    Ok(Outcome::Ended)
}

async fn give_reason(context: &Context, id: i64, code: &str, detail: &str) -> Result<(), EmagError> {
    let mut tx = context.db().begin(&actor()).await?;
    store::failures::set_reason(&mut tx, id, code, Some(&detail.replace('\0', ""))).await?;
    tx.commit().await?;
    Ok(())
}

async fn again(
    context: &Context,
    account: &Account,
    run: &Run,
    failure: &FailureRow,
) -> Result<(), EmagError> {
    let number = failure.external_id.parse::<u64>().ok();
    let done = match (run.kind, failure.subject.as_str(), number) {
        (RunKind::Offers, "offer", Some(id)) => offers::again(context, account, run, id).await,
        (RunKind::Offers, "page", Some(page)) => {
            let page = u32::try_from(page).unwrap_or(u32::MAX);
            offers::page_again(context, account, run, page).await
        }
        (RunKind::Orders, subject, _) => orders_again(context, account, run, (subject, failure)).await,
        (RunKind::Offers, _, _) => Err(EmagError::NotFound),
    };
    done?;
    if failure.subject == "page" {
        let mut tx = context.db().begin(&actor()).await?;
        store::failures::resolve_one(&mut tx, failure.id, context.clock().now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn orders_again(
    context: &Context,
    account: &Account,
    run: &Run,
    (subject, failure): (&str, &FailureRow),
) -> Result<(), EmagError> {
    let client = context.client(account)?;
    let desk = orders::Desk {
        context,
        account,
        run: run.id,
        client: &client,
    };
    let number = failure.external_id.parse::<u64>().ok();
    match (subject, number) {
        ("order", Some(id)) => orders::again(&desk, id).await,
        ("acknowledge", Some(id)) => {
            let mut tx = context.db().begin(&actor()).await?;
            let emag_order_id = i64::try_from(id).unwrap_or_default();
            store::orders::wish_again(&mut tx, account.id, emag_order_id, desk.now()).await?;
            tx.commit().await?;
            // Read first: it may have been taken on or cancelled meanwhile.
            orders::again(&desk, id).await
        }
        ("page", _) => {
            let place = OrderPage::parse(&failure.external_id).ok_or(EmagError::NotFound)?;
            let cursor = desk.cursor(run).await?;
            orders::page_again(&desk, &cursor, place).await
        }
        (_, _) => Err(EmagError::NotFound),
    }
}
