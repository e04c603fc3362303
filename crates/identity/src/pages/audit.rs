//! The audit trail for people: who, what, old → new.

use axum::extract::State;
use axum::response::Response;
use kernel::{Cursor, UserId};
use serde::{Deserialize, Serialize};
use web::{Access, AppState, Page, Problem, Query, Routes, page_request};

use crate::IDENTITY_AUDIT;
use crate::model::AuditEntry;
use crate::store::audit::{self, AuditFilter};

pub(crate) fn routes() -> Routes {
    Routes::new().get("/audit", Access::Needs(IDENTITY_AUDIT), list)
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    table: Option<String>,
    record: Option<String>,
    user: Option<i64>,
    action: Option<String>,
    cursor: Option<String>,
}

impl AuditQuery {
    fn href(&self, cursor: Option<&Cursor>) -> String {
        web::address(
            "/audit",
            &[
                ("table", self.table.clone()),
                ("record", self.record.clone()),
                ("user", self.user.map(|id| id.to_string())),
                ("action", self.action.clone()),
                ("cursor", cursor.map(|cursor| cursor.as_str().to_owned())),
            ],
        )
    }
}

#[derive(Serialize)]
struct AuditPage {
    entries: Vec<Entry>,
    tables: Vec<Choice>,
    people: Vec<Choice>,
    table: String,
    user: String,
    action: String,
    record: String,
    filtered: bool,
    next: Option<String>,
    first: Option<String>,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    text: String,
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    entry: AuditEntry,
    changes: Vec<Change>,
}

/// One field, old and new.
#[derive(Serialize)]
struct Change {
    field: String,
    old: Option<String>,
    new: Option<String>,
}

const PEOPLE_MAX: i64 = 200;
/// Longer values are cut in the list; the API gives them whole.
const VALUE_CHARS_MAX: usize = 120;

async fn list(State(state): State<AppState>, page: Page, Query(query): Query<AuditQuery>) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let before = request.after.as_ref().map(Cursor::open::<i64>).transpose()?;
    let filter = AuditFilter {
        table: query.table.clone(),
        record_id: query.record.clone(),
        user: query.user.map(UserId),
        action: query.action.clone(),
        since: None,
    };
    let mut conn = state.db.read().await?;
    let rows = audit::list(&mut conn, &filter, before, request.limit.probe()).await?;
    let found = kernel::Page::cut(rows, request.limit, None, |entry| entry.id.0);
    let tables = audit::tables(&mut conn).await?;
    let people = audit::people(&mut conn, PEOPLE_MAX).await?;
    let context = AuditPage {
        next: found.next.as_ref().map(|cursor| query.href(Some(cursor))),
        first: query.cursor.is_some().then(|| query.href(None)),
        entries: found.items.into_iter().map(|entry| Entry { changes: changes(&entry), entry }).collect(),
        tables: tables.into_iter().map(|table| Choice { text: table.clone(), value: table }).collect(),
        people: people.into_iter().map(|(id, name)| Choice { value: id.to_string(), text: name }).collect(),
        filtered: query.table.is_some() || query.user.is_some() || query.action.is_some() || query.record.is_some(),
        table: query.table.unwrap_or_default(),
        user: query.user.map(|id| id.to_string()).unwrap_or_default(),
        action: query.action.unwrap_or_default(),
        record: query.record.unwrap_or_default(),
    };
    page.render("identity/audit.html", &context)
}

fn changes(entry: &AuditEntry) -> Vec<Change> {
    let empty = serde_json::Map::new();
    let old = entry.old_values.as_ref().and_then(serde_json::Value::as_object).unwrap_or(&empty);
    let new = entry.new_values.as_ref().and_then(serde_json::Value::as_object).unwrap_or(&empty);
    let mut fields: Vec<&String> = old.keys().chain(new.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
        .into_iter()
        .map(|field| Change { field: field.clone(), old: old.get(field).and_then(shown), new: new.get(field).and_then(shown) })
        .filter(|change| change.old.is_some() || change.new.is_some())
        .collect()
}

fn shown(value: &serde_json::Value) -> Option<String> {
    let text = match value {
        serde_json::Value::Null => return None,
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => value.to_string(),
    };
    if text.chars().count() <= VALUE_CHARS_MAX {
        return Some(text);
    }
    let mut cut: String = text.chars().take(VALUE_CHARS_MAX).collect();
    cut.push('…');
    Some(cut)
}
