//! The audit trail in words: who changed what, from which value to which.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use kernel::{BUCHAREST, Refusal, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ui::{Args, formats};
use web::{Access, AppState, Page, Problem, Query, Routes, page_request};

use super::{Choice, word};
use crate::AUDIT;
use crate::api::action_of;
use crate::model::AuditEntry;
use crate::service;
use crate::store::audit::AuditFilter;

/// Longer texts are cut on the screen; REST gives them whole.
const VALUE_CHARS_MAX: usize = 240;

pub(super) fn routes() -> Routes {
    Routes::new().get("/audit", Access::Needs(AUDIT), list)
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    table: Option<String>,
    record_id: Option<String>,
    user_id: Option<i64>,
    action: Option<String>,
    /// A day, as date fields send it.
    since: Option<NaiveDate>,
    cursor: Option<String>,
}

impl AuditQuery {
    fn href(&self, cursor: Option<String>) -> String {
        web::address(
            "/audit",
            &[
                ("table", self.table.clone()),
                ("record_id", self.record_id.clone()),
                ("user_id", self.user_id.map(|id| id.to_string())),
                ("action", self.action.clone()),
                ("since", self.since.map(|day| day.to_string())),
                ("cursor", cursor),
            ],
        )
    }

    fn is_filtered(&self) -> bool {
        self.table.is_some()
            || self.record_id.is_some()
            || self.user_id.is_some()
            || self.action.is_some()
            || self.since.is_some()
    }
}

/// The first moment of a day in Romania.
fn start_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = day.and_hms_opt(0, 0, 0)?;
    Some(
        BUCHAREST
            .from_local_datetime(&midnight)
            .earliest()?
            .with_timezone(&Utc),
    )
}

#[derive(Serialize)]
struct AuditPage {
    entries: Vec<Entry>,
    tables: Vec<Choice>,
    people: Vec<Choice>,
    actions: Vec<Choice>,
    table: String,
    record_id: String,
    user_id: String,
    action: String,
    since: String,
    next: Option<String>,
    first: Option<String>,
    filtered: bool,
}

#[derive(Serialize)]
struct Entry {
    id: i64,
    at: DateTime<Utc>,
    who: String,
    action: String,
    glyph: &'static str,
    state: &'static str,
    action_words: String,
    table_words: String,
    table: String,
    record_id: String,
    record_href: String,
    changes: Vec<Change>,
    ip: Option<String>,
    agent: Option<String>,
    request_id: Option<String>,
}

#[derive(Serialize)]
struct Change {
    field: String,
    old: Option<String>,
    new: Option<String>,
}

async fn list(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let filter = AuditFilter {
        table: query.table.clone(),
        record_id: query.record_id.clone(),
        user: query.user_id.map(UserId),
        action: action_of(query.action.clone())?,
        since: match query.since {
            Some(day) => Some(
                start_of(day)
                    .ok_or_else(|| Problem::field("since", Refusal::new("identity-audit-value-day")))?,
            ),
            None => None,
        },
    };
    let mut conn = state.db.read().await?;
    let found = service::audit_log(&mut conn, &page.actor, &filter, request).await?;
    let tables = service::audit_tables(&mut conn, &page.actor).await?;
    let people = service::audit_people(&mut conn, &page.actor).await?;
    let mut tables: Vec<Choice> = tables
        .into_iter()
        .map(|table| Choice {
            text: table_words(&page, &table),
            value: table,
        })
        .collect();
    tables.sort_by(|a, b| a.text.cmp(&b.text));
    let shown = AuditPage {
        entries: found
            .items
            .into_iter()
            .map(|entry| in_words(&page, entry))
            .collect(),
        tables,
        people: people
            .into_iter()
            .map(|(id, name)| Choice {
                value: id.to_string(),
                text: name,
            })
            .collect(),
        actions: ["CREATE", "UPDATE", "DELETE"]
            .iter()
            .map(|action| Choice {
                value: (*action).to_owned(),
                text: action_words(&page, action),
            })
            .collect(),
        table: query.table.clone().unwrap_or_default(),
        record_id: query.record_id.clone().unwrap_or_default(),
        user_id: query.user_id.map(|id| id.to_string()).unwrap_or_default(),
        action: filter.action.unwrap_or_default(),
        since: query.since.map(|day| day.to_string()).unwrap_or_default(),
        next: found
            .next
            .map(|cursor| query.href(Some(cursor.as_str().to_owned()))),
        first: query.cursor.as_ref().map(|_| query.href(None)),
        filtered: query.is_filtered(),
    };
    page.render("identity/audit.html", &shown)
}

fn table_words(page: &Page, table: &str) -> String {
    word(page, "identity-audit-table-", table, || table.replace('_', " "))
}

fn action_words(page: &Page, action: &str) -> String {
    page.t(&format!("identity-audit-value-{}", action.to_lowercase()))
}

fn who(page: &Page, entry: &AuditEntry) -> String {
    let say = |key: &str, name: &str| {
        let args = Args::new().with("name", name.to_owned());
        page.state.ui.text(page.locale, key, &args)
    };
    match (&entry.user_name, entry.actor.strip_prefix("token:")) {
        (Some(name), Some(_)) => say("identity-audit-actor-token", name),
        (Some(name), None) => name.clone(),
        (None, _) => say("identity-audit-actor-system", &page.system_actor(&entry.actor)),
    }
}

fn in_words(page: &Page, entry: AuditEntry) -> Entry {
    let (glyph, state) = match entry.action.as_str() {
        "CREATE" => ("plus", "good"),
        "DELETE" => ("trash", "bad"),
        _ => ("edit", "info"),
    };
    let pairs = [
        ("table", Some(entry.table_name.clone())),
        ("record_id", Some(entry.record_id.clone())),
    ];
    Entry {
        id: entry.id.0,
        at: entry.created_at,
        who: who(page, &entry),
        glyph,
        state,
        action_words: action_words(page, &entry.action),
        table_words: table_words(page, &entry.table_name),
        record_href: web::address("/audit", &pairs),
        changes: changes(page, entry.old_values.as_ref(), entry.new_values.as_ref()),
        action: entry.action,
        table: entry.table_name,
        record_id: entry.record_id,
        ip: entry.ip_address,
        agent: entry.user_agent,
        request_id: entry.request_id,
    }
}

/// Field by field. Of what is new or gone, empty fields say nothing and are left out.
fn changes(page: &Page, old: Option<&Value>, new: Option<&Value>) -> Vec<Change> {
    let fields = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (old_fields, new_fields) = (fields(old), fields(new));
    let is_update = old.is_some() && new.is_some();
    let names = if new.is_some() { &new_fields } else { &old_fields };
    let field = |name: &str| word(page, "identity-audit-field-", name, || name.replace('_', " "));
    names
        .iter()
        .filter(|(name, value)| is_update || !(value.is_null() || is_bookkeeping(name)))
        .map(|(name, _)| Change {
            field: field(name),
            old: old_fields.get(name).and_then(|value| value_words(page, value)),
            new: new_fields.get(name).and_then(|value| value_words(page, value)),
        })
        .collect()
}

/// Columns every row has, which say nothing when it is made.
fn is_bookkeeping(name: &str) -> bool {
    matches!(name, "id" | "version" | "created_at" | "updated_at")
}

fn value_words(page: &Page, value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Bool(yes) => page.t(if *yes {
            "identity-audit-value-yes"
        } else {
            "identity-audit-value-no"
        }),
        Value::Number(number) => number.to_string(),
        Value::String(text) => match DateTime::parse_from_rfc3339(text) {
            Ok(at) => formats::datetime(at.with_timezone(&Utc), page.locale),
            Err(_no_time) => text.clone(),
        },
        Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    if text.chars().count() <= VALUE_CHARS_MAX {
        return Some(text);
    }
    Some(text.chars().take(VALUE_CHARS_MAX).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_romania() {
        let start = |day: &str| start_of(day.parse().unwrap()).unwrap().to_rfc3339();
        assert_eq!(start("2026-11-25"), "2026-11-24T22:00:00+00:00");
        assert_eq!(start("2026-07-01"), "2026-06-30T21:00:00+00:00");
    }
}
