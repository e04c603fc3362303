//! Starting, doing and ending runs: one at a time per account and kind, resumable, never silent.

use emag_api::ApiError;
use jobs::{Enqueue, enqueue};
use kernel::{Actor, EmagAccountId, Refusal, SyncRunId};
use sqlx::PgConnection;

use super::{offers, orders};
use crate::context::Context;
use crate::error::{EmagError, api_code, fault_of};
use crate::jobs::{SyncOffers, SyncOrders};
use crate::model::{Account, FailureRow, Run, RunKind, RunMode};
use crate::{EMAG_SYNC, EMAG_VIEW, store};

/// Queues a run; refused while one of its kind is open for the account.
pub async fn start(
    conn: &mut PgConnection,
    actor: &Actor,
    context: &Context,
    account: EmagAccountId,
    (kind, mode): (RunKind, RunMode),
) -> Result<Run, EmagError> {
    actor.require(EMAG_SYNC)?;
    let found = store::accounts::find(conn, account)
        .await?
        .ok_or(EmagError::NotFound)?;
    if !found.is_active {
        return Err(Refusal::new("emag-refused-inactive").into());
    }
    let now = context.clock().now();
    let by = actor.user_id();
    let Some(id) = store::runs::insert(conn, account, kind, mode, by, now).await? else {
        return Err(Refusal::new("emag-refused-running")
            .with("kind", kind.code())
            .into());
    };
    queue(conn, id, kind).await?;
    tell(conn, id).await?;
    store::runs::find(conn, id).await?.ok_or(EmagError::NotFound)
}

/// One run.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: SyncRunId) -> Result<Run, EmagError> {
    actor.require(EMAG_VIEW)?;
    store::runs::find(conn, id).await?.ok_or(EmagError::NotFound)
}

/// What a run could not take, open ones first.
pub async fn failures(
    conn: &mut PgConnection,
    actor: &Actor,
    id: SyncRunId,
    limit: i64,
) -> Result<Vec<FailureRow>, EmagError> {
    actor.require(EMAG_VIEW)?;
    Ok(store::failures::list(conn, id, limit).await?)
}

/// Queues the job of a run; twice is once.
pub(crate) async fn queue(conn: &mut PgConnection, id: SyncRunId, kind: RunKind) -> Result<(), sqlx::Error> {
    let how = Enqueue::keyed(format!("emag-run-{id}"));
    match kind {
        RunKind::Offers => enqueue(conn, &SyncOffers { run: id }, how).await,
        RunKind::Orders => enqueue(conn, &SyncOrders { run: id }, how).await,
    }
}

pub(crate) async fn tell(conn: &mut PgConnection, id: SyncRunId) -> Result<(), sqlx::Error> {
    web::live::tell(conn, &format!("emag-run-{id}")).await?;
    web::live::tell(conn, "emag").await
}

/// What became of doing a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has ended, now or before.
    Ended,
    /// Somebody else is doing it.
    Busy,
}

/// Does what is still missing of a run. May be stopped anywhere and called again.
pub async fn work(context: &Context, id: SyncRunId) -> Result<Outcome, EmagError> {
    // The lock lives in a transaction of its own, so that it ends with its process whatever happens.
    let mut lock = context.db().begin(&actor()).await?;
    let Some(run) = store::runs::find(&mut lock, id).await? else {
        return Ok(Outcome::Ended);
    };
    if run.finished_at.is_some() {
        return Ok(Outcome::Ended);
    }
    if !store::runs::try_lock(&mut lock, run.account_id, run.kind).await? {
        return Ok(Outcome::Busy);
    }
    // Read again behind the lock: somebody may just have ended it.
    let run = store::runs::find(&mut lock, id)
        .await?
        .ok_or(EmagError::NotFound)?;
    let account = store::accounts::find(&mut lock, run.account_id)
        .await?
        .ok_or(EmagError::NotFound)?;
    if run.finished_at.is_none() {
        if account.is_active {
            attempt(context, &account, &run).await?;
        } else {
            fail_with(context, &run, "inactive", "").await?;
        }
    }
    lock.rollback().await?;
    context.flush_calls().await?;
    Ok(Outcome::Ended)
}

async fn attempt(context: &Context, account: &Account, run: &Run) -> Result<(), EmagError> {
    let now = context.clock().now();
    let mut tx = context.db().begin(&actor()).await?;
    store::runs::begin(&mut tx, run.id, now).await?;
    tell(&mut tx, run.id).await?;
    tx.commit().await?;
    let done = match run.kind {
        // Boxed: their state is large, and jobs are moved about.
        RunKind::Offers => Box::pin(offers::sweep(context, account, run)).await,
        RunKind::Orders => Box::pin(orders::import(context, account, run)).await,
    };
    match done {
        Ok(()) => finish(context, account, run).await,
        Err(EmagError::Api(error)) => fail(context, account, run, &error).await,
        Err(EmagError::Seal) => fail_with(context, run, "no_credentials", "").await,
        Err(other) => Err(other),
    }
}

async fn finish(context: &Context, account: &Account, run: &Run) -> Result<(), EmagError> {
    let now = context.clock().now();
    let mut tx = context.db().begin(&actor()).await?;
    store::failures::resolve_covered(&mut tx, run.id, now).await?;
    store::runs::finish(&mut tx, run.id, now).await?;
    store::runs::close_partial(&mut tx, account.id, run.kind).await?;
    store::accounts::set_fault(&mut tx, account.id, None, None, now).await?;
    tell(&mut tx, run.id).await?;
    tx.commit().await?;
    tracing::info!(emag.account = %account.name, emag.run = %run.id, "marketplace run {} ended", run.id);
    Ok(())
}

/// A run the partner or the account ended: failed, with the reason where people look.
async fn fail(context: &Context, account: &Account, run: &Run, error: &ApiError) -> Result<(), EmagError> {
    note_fault(context, account, error).await?;
    fail_with(context, run, api_code(error), &error.to_string()).await
}

async fn fail_with(context: &Context, run: &Run, code: &str, detail: &str) -> Result<(), EmagError> {
    let now = context.clock().now();
    let mut tx = context.db().begin(&actor()).await?;
    store::runs::fail(&mut tx, run.id, code, &detail.replace('\0', ""), now).await?;
    tell(&mut tx, run.id).await?;
    tx.commit().await?;
    tracing::warn!(emag.run = %run.id, code, "marketplace run {} failed: {code}", run.id);
    Ok(())
}

/// Keeps an account's trouble on the account.
pub(crate) async fn note_fault(
    context: &Context,
    account: &Account,
    error: &ApiError,
) -> Result<(), EmagError> {
    let fault = match fault_of(error) {
        Some(fault) => fault,
        None if api_code(error) == "unreachable" => "unreachable",
        None => return Ok(()),
    };
    let mut tx = context.db().begin(&actor()).await?;
    let detail = error.to_string().replace('\0', "");
    let now = context.clock().now();
    if store::accounts::set_fault(&mut tx, account.id, Some(fault), Some(&detail), now).await? {
        web::live::tell(&mut tx, "emag").await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Runs whose process died are queued again; the cursor says where they go on.
pub(crate) async fn recover(context: &Context) -> Result<usize, EmagError> {
    /// No page takes longer to read and write, its repeats included.
    const SILENT_SECONDS_MAX: i64 = 90;
    let before = context.clock().now() - chrono::Duration::seconds(SILENT_SECONDS_MAX);
    let mut tx = context.db().begin(&actor()).await?;
    let orphans = store::runs::list_orphans(&mut tx, before).await?;
    for run in &orphans {
        queue(&mut tx, run.id, run.kind).await?;
    }
    tx.commit().await?;
    Ok(orphans.len())
}

pub(crate) fn actor() -> Actor {
    Actor::system("emag-sync")
}
