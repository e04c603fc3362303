//! Changes that wait for a person, and what became of them.

use kernel::{EmagAccountId, ListingId, Timestamp, UserId};
use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as};

use crate::model::Hold;

/// Changes to put before a person, all of one kind and for one reason; the lists stand side by side.
#[derive(Clone, Debug)]
pub(crate) struct NewHolds {
    /// `stock` or `price`.
    pub(crate) kind: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) listings: Vec<i64>,
    pub(crate) old: Vec<Decimal>,
    pub(crate) new: Vec<Decimal>,
}

/// Puts changes before a person; one question per listing and kind.
pub(crate) async fn add_holds(
    conn: &mut PgConnection,
    account: EmagAccountId,
    holds: &NewHolds,
) -> Result<(), sqlx::Error> {
    query!(
        "INSERT INTO app.emag_push_holds (account_id, listing_id, kind, reason, old_value, new_value)
         SELECT $1, h.listing, $2, $3, h.old, h.new
           FROM unnest($4::bigint[], $5::numeric[], $6::numeric[]) AS h(listing, old, new)
         ON CONFLICT (listing_id, kind) WHERE state = 'waiting'
         DO UPDATE SET old_value = EXCLUDED.old_value, new_value = EXCLUDED.new_value, reason = EXCLUDED.reason",
        account as EmagAccountId,
        holds.kind,
        holds.reason,
        &holds.listings,
        &holds.old,
        &holds.new
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Decides a waiting question; `None` when it is none any more. Its account and kind.
pub(crate) async fn decide_hold(
    conn: &mut PgConnection,
    id: i64,
    state: &str,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<Option<(EmagAccountId, String)>, sqlx::Error> {
    let row = query!(
        r#"UPDATE app.emag_push_holds SET state = $2, decided_by = $3, decided_at = $4
            WHERE id = $1 AND state = 'waiting' RETURNING account_id AS "account_id: EmagAccountId", kind"#,
        id,
        state,
        by as Option<UserId>,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.account_id, row.kind)))
}

pub(crate) async fn find_hold(conn: &mut PgConnection, id: i64) -> Result<Option<Hold>, sqlx::Error> {
    query_as!(
        Hold,
        r#"SELECT h.id, h.account_id AS "account_id: EmagAccountId", h.listing_id AS "listing_id: ListingId", l.name,
                  l.part_number, h.kind, h.reason, h.old_value, h.new_value, h.state, h.created_at, h.decided_at
             FROM app.emag_push_holds h JOIN app.emag_listings l ON l.id = h.listing_id WHERE h.id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// The questions, newest first; those after the given id.
pub(crate) async fn list_holds(
    conn: &mut PgConnection,
    state: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Hold>, sqlx::Error> {
    query_as!(
        Hold,
        r#"SELECT h.id, h.account_id AS "account_id: EmagAccountId", h.listing_id AS "listing_id: ListingId", l.name,
                  l.part_number, h.kind, h.reason, h.old_value, h.new_value, h.state, h.created_at, h.decided_at
             FROM app.emag_push_holds h JOIN app.emag_listings l ON l.id = h.listing_id
            WHERE ($1::text IS NULL OR h.state = $1) AND ($2::bigint IS NULL OR h.id < $2)
            ORDER BY h.id DESC LIMIT $3"#,
        state,
        before,
        limit
    )
    .fetch_all(conn)
    .await
}
