//! Reading the audit trail.

use kernel::{Actor, Page, PageRequest, UserId};
use sqlx::PgConnection;

use crate::error::IdentityError;
use crate::model::AuditEntry;
use crate::store::audit::{self as store, AuditFilter};

/// More names than this are looked for by their number.
const PEOPLE_MAX: i64 = 200;

/// Newest first. `total` is not counted: the trail has millions of rows.
pub async fn audit_log(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &AuditFilter,
    request: PageRequest,
) -> Result<Page<AuditEntry>, IdentityError> {
    actor.require(crate::AUDIT)?;
    let before = match &request.after {
        Some(cursor) => Some(
            cursor
                .open::<i64>()
                .map_err(|error| IdentityError::Cursor(error.into()))?,
        ),
        None => None,
    };
    let rows = store::list(conn, filter, before, request.limit.probe()).await?;
    Ok(Page::cut(rows, request.limit, None, |row| row.id))
}

/// The tables whose changes are kept.
pub(crate) async fn audit_tables(
    conn: &mut PgConnection,
    actor: &Actor,
) -> Result<Vec<String>, IdentityError> {
    actor.require(crate::AUDIT)?;
    Ok(store::tables(conn).await?)
}

/// Those who could have changed something.
pub(crate) async fn audit_people(
    conn: &mut PgConnection,
    actor: &Actor,
) -> Result<Vec<(UserId, String)>, IdentityError> {
    actor.require(crate::AUDIT)?;
    Ok(store::people(conn, PEOPLE_MAX).await?)
}

/// A promise of the trail that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailBreach {
    /// Table and trigger, such as `app.users.users_audit`.
    pub trigger: String,
}

impl std::fmt::Display for TrailBreach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the trigger {} is switched off", self.trigger)
    }
}

/// Proves that every table that has a trail still writes it, and that the trail still cannot be changed.
pub async fn verify(conn: &mut PgConnection) -> Result<Vec<TrailBreach>, IdentityError> {
    let triggers = store::triggers_switched_off(conn).await?;
    Ok(triggers
        .into_iter()
        .map(|trigger| TrailBreach { trigger })
        .collect())
}
