//! The audit trail over REST.

use axum::extract::State;
use chrono::{DateTime, Utc};
use kernel::{Refusal, UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Access, ApiActor, AppState, List, Problem, Query, Routes, page_request};

use crate::AUDIT;
use crate::model::AuditEntry;
use crate::service;
use crate::store::audit::AuditFilter;

pub(super) fn routes() -> Routes {
    Routes::new().get("/api/v1/audit", Access::Needs(AUDIT), list)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    limit: Option<u16>,
    cursor: Option<String>,
    /// Name of a table, such as `users`.
    table: Option<String>,
    record_id: Option<String>,
    user_id: Option<i64>,
    /// `CREATE`, `UPDATE` or `DELETE`.
    action: Option<String>,
    /// RFC 3339; only entries since then.
    since: Option<DateTime<Utc>>,
}

/// `CREATE`, `UPDATE`, `DELETE`, or nothing; lower case is forgiven.
pub(crate) fn action_of(text: Option<String>) -> Result<Option<String>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let action = text.to_ascii_uppercase();
    if matches!(action.as_str(), "CREATE" | "UPDATE" | "DELETE") {
        return Ok(Some(action));
    }
    let refusal = Refusal::new("ui-input-not-understood")
        .with("field", "action")
        .with("detail", "CREATE, UPDATE, DELETE");
    Err(Problem::field("action", refusal))
}

/// Who changed what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery), responses(
    (status = 200, body = List<AuditEntry>)
))]
pub(super) async fn list(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<AuditQuery>,
) -> Result<List<AuditEntry>, Problem> {
    let request = page_request(query.limit, query.cursor)?;
    let filter = AuditFilter {
        table: query.table,
        record_id: query.record_id,
        user: query.user_id.map(UserId),
        action: action_of(query.action)?,
        since: query.since,
    };
    let mut conn = state.db.read().await?;
    let page = service::audit_log(&mut conn, &actor, &filter, request).await?;
    Ok(List::from_page(page))
}
