//! Runs over REST: start, watch, see what could not be taken.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use kernel::{EmagAccountId, SyncRunId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiActor, AppState, Json, List, Path, Problem, Query, page_request};

use crate::context::Context;
use crate::model::{FailureRow, Run, RunKind, RunMode, RunState};
use crate::service::{read, retry, runs};

#[derive(Serialize, ToSchema)]
pub(crate) struct RunView {
    id: SyncRunId,
    account_id: EmagAccountId,
    kind: RunKind,
    mode: RunMode,
    state: RunState,
    pages_done: i32,
    pages_total: Option<i32>,
    rows_read: i32,
    rows_created: i32,
    rows_changed: i32,
    rows_unchanged: i32,
    rows_refused: i32,
    error_code: Option<String>,
    error_detail: Option<String>,
    queued_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            account_id: run.account_id,
            kind: run.kind,
            mode: run.mode,
            state: run.state,
            pages_done: run.pages_done,
            pages_total: run.pages_total,
            rows_read: run.rows_read,
            rows_created: run.rows_created,
            rows_changed: run.rows_changed,
            rows_unchanged: run.rows_unchanged,
            rows_refused: run.rows_refused,
            error_code: run.error_code,
            error_detail: run.error_detail,
            queued_at: run.queued_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartBody {
    account_id: EmagAccountId,
    kind: RunKind,
    #[serde(default = "full")]
    mode: RunMode,
}

fn full() -> RunMode {
    RunMode::Full
}

/// Starts a run in the background; refused while one of its kind runs for the account.
#[utoipa::path(post, path = "/api/v1/emag/sync", tag = "emag", request_body = StartBody, responses((status = 202, body = RunView), (status = 409)))]
pub(crate) async fn start_sync(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<StartBody>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(&actor).await?;
    let run = runs::start(&mut tx, &actor, &context, body.account_id, (body.kind, body.mode)).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, axum::Json(RunView::from(run))).into_response())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunsQuery {
    account_id: Option<i64>,
    limit: Option<u16>,
    cursor: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/emag/sync", tag = "emag", params(RunsQuery), responses((status = 200, body = List<RunView>)))]
pub(crate) async fn list_runs(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<RunsQuery>,
) -> Result<List<RunView>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let mut conn = state.db.read().await?;
    let account = query.account_id.map(EmagAccountId);
    let found = read::runs(&mut conn, &actor, account, &page).await?;
    Ok(List::from_page(found.map(RunView::from)))
}

/// Starts the whole run anew: the same account, kind and mode.
#[utoipa::path(post, path = "/api/v1/emag/sync/{id}/retry", tag = "emag", params(("id" = i64, Path)), responses((status = 202, body = RunView), (status = 409)))]
pub(crate) async fn retry_run(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(&actor).await?;
    let run = retry::run(&mut tx, &actor, &context, SyncRunId(id)).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, axum::Json(RunView::from(run))).into_response())
}

/// Reads one row or page again that a run could not take; the answer comes with the run.
#[utoipa::path(post, path = "/api/v1/emag/sync/{id}/failures/{failure_id}/retry", tag = "emag", params(("id" = i64, Path), ("failure_id" = i64, Path)), responses((status = 202, body = FailureView), (status = 409)))]
pub(crate) async fn retry_failure(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path((id, failure)): Path<(i64, i64)>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let row = retry::failure(&mut tx, &actor, (SyncRunId(id), failure)).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, axum::Json(FailureView::from(row))).into_response())
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RunDetail {
    #[serde(flatten)]
    run: RunView,
    failures: Vec<FailureView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FailureView {
    id: i64,
    /// `page`, `offer`, `order` or `acknowledge`.
    subject: String,
    external_id: String,
    code: String,
    detail: Option<String>,
    created_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
}

impl From<FailureRow> for FailureView {
    fn from(row: FailureRow) -> Self {
        Self {
            id: row.id,
            subject: row.subject,
            external_id: row.external_id,
            code: row.code,
            detail: row.detail,
            created_at: row.created_at,
            resolved_at: row.resolved_at,
        }
    }
}

const FAILURES_SHOWN: i64 = 500;

#[utoipa::path(get, path = "/api/v1/emag/sync/{id}", tag = "emag", params(("id" = i64, Path)), responses((status = 200, body = RunDetail)))]
pub(crate) async fn show_run(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let run = runs::get(&mut conn, &actor, SyncRunId(id)).await?;
    let failures = runs::failures(&mut conn, &actor, run.id, FAILURES_SHOWN).await?;
    Ok(axum::Json(RunDetail {
        run: run.into(),
        failures: failures.into_iter().map(FailureView::from).collect(),
    })
    .into_response())
}
