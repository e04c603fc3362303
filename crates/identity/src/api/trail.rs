//! The audit trail for programs.

use axum::extract::State;
use chrono::{DateTime, Utc};
use kernel::{Cursor, Page, UserId};
use serde::Deserialize;
use web::{Access, AppState, List, Problem, Query, Routes, page_request};

use crate::IDENTITY_AUDIT;
use crate::model::AuditEntry;
use crate::store::audit::{self, AuditFilter};

pub(crate) fn routes() -> Routes {
    Routes::new().get("/api/v1/audit", Access::Needs(IDENTITY_AUDIT), list)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    table: Option<String>,
    record_id: Option<String>,
    user_id: Option<i64>,
    /// `CREATE`, `UPDATE` or `DELETE`.
    action: Option<String>,
    since: Option<DateTime<Utc>>,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// Newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery), responses((status = 200, body = List<AuditEntry>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Query(query): Query<AuditQuery>,
) -> Result<List<AuditEntry>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let filter = AuditFilter {
        table: query.table,
        record_id: query.record_id,
        user: query.user_id.map(UserId),
        action: query.action,
        since: query.since,
    };
    let before = page.after.as_ref().map(Cursor::open::<i64>).transpose()?;
    let mut conn = state.db.read().await?;
    let rows = audit::list(&mut conn, &filter, before, page.limit.probe()).await?;
    Ok(List::from_page(Page::cut(rows, page.limit, None, |entry| entry.id.0)))
}
