//! What is held over REST, and the decision about it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use kernel::{EmagAccountId, ListingId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiActor, AppState, List, Path, Problem, Query, page_request};

use crate::context::Context;
use crate::model::Hold;
use crate::service::holds::{self, Decision};
use crate::service::read;

#[derive(Serialize, ToSchema)]
pub(crate) struct HoldView {
    id: i64,
    account_id: EmagAccountId,
    listing_id: ListingId,
    name: String,
    part_number: String,
    /// `stock` or `price`.
    kind: String,
    /// `many_zeros` or `price_jump`.
    reason: String,
    old: String,
    new: String,
    state: String,
    created_at: DateTime<Utc>,
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        Self {
            id: hold.id,
            account_id: hold.account_id,
            listing_id: hold.listing_id,
            name: hold.name,
            part_number: hold.part_number,
            kind: hold.kind,
            reason: hold.reason,
            old: hold.old_value.normalize().to_string(),
            new: hold.new_value.normalize().to_string(),
            state: hold.state,
            created_at: hold.created_at,
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HoldsQuery {
    /// `waiting` (the default), `approved`, `rejected` or `outdated`.
    #[param(value_type = Option<String>)]
    state: Option<HoldState>,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// What became of a question.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HoldState {
    Waiting,
    Approved,
    Rejected,
    Outdated,
}

impl HoldState {
    fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Outdated => "outdated",
        }
    }
}

#[utoipa::path(get, path = "/api/v1/emag/holds", tag = "emag", params(HoldsQuery), responses((status = 200, body = List<HoldView>)))]
pub(crate) async fn list_holds(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<HoldsQuery>,
) -> Result<List<HoldView>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let wanted = query.state.unwrap_or(HoldState::Waiting).code();
    let mut conn = state.db.read().await?;
    let found = read::holds(&mut conn, &actor, Some(wanted), &page).await?;
    Ok(List::from_page(found.map(HoldView::from)))
}

#[utoipa::path(post, path = "/api/v1/emag/holds/{id}/approve", tag = "emag", params(("id" = i64, Path)), responses((status = 204)))]
pub(crate) async fn approve(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    decide(&state, &actor, id, true).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[utoipa::path(post, path = "/api/v1/emag/holds/{id}/reject", tag = "emag", params(("id" = i64, Path)), responses((status = 204)))]
pub(crate) async fn reject(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    decide(&state, &actor, id, false).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn decide(
    state: &AppState,
    actor: &kernel::Actor,
    id: i64,
    approved: bool,
) -> Result<(), Problem> {
    let context: Context = state.get()?;
    let mut tx = state.db.begin(actor).await?;
    let decision = if approved {
        Decision::Approve
    } else {
        Decision::Reject
    };
    holds::decide(&mut tx, actor, &context, id, decision).await?;
    tx.commit().await?;
    Ok(())
}
