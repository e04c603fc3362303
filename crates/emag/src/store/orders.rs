//! Orders as the marketplace gave them, and where their acknowledgement stands.

use kernel::{EmagAccountId, EmagOrderId, OrderId, Timestamp};
use sqlx::{PgConnection, query, query_as};

use crate::model::ImportedOrder;

/// What is known of an order before it is written again.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: EmagOrderId,
    pub(crate) emag_order_id: i64,
    pub(crate) status: i16,
    pub(crate) ack: String,
    pub(crate) unit_ids: Vec<i64>,
    pub(crate) unit_counts: Vec<i64>,
}

pub(crate) async fn find_known(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_ids: &[i64],
) -> Result<Vec<Known>, sqlx::Error> {
    query_as!(
        Known,
        r#"SELECT id AS "id: EmagOrderId", emag_order_id, status, ack, unit_ids, unit_counts
             FROM app.emag_orders WHERE account_id = $1 AND emag_order_id = ANY($2)
            ORDER BY emag_order_id FOR UPDATE"#,
        account as EmagAccountId,
        emag_ids
    )
    .fetch_all(conn)
    .await
}

/// Writes what was read. `ack` is where the acknowledgement stands now; `settled` that it was read again after it.
pub(crate) async fn upsert(
    conn: &mut PgConnection,
    account: EmagAccountId,
    order: &ImportedOrder,
    order_id: OrderId,
    ack: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "INSERT INTO app.emag_orders AS o
             (account_id, emag_order_id, type, status, order_id, raw, emag_modified_at, unit_ids, unit_counts, ack,
              settled_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text,
                 CASE WHEN $10::text = 'done' AND $4::smallint <> 1 THEN $11::timestamptz END)
         ON CONFLICT (account_id, emag_order_id) DO UPDATE
             SET type = EXCLUDED.type, status = EXCLUDED.status, order_id = EXCLUDED.order_id, raw = EXCLUDED.raw,
                 emag_modified_at = EXCLUDED.emag_modified_at, unit_ids = EXCLUDED.unit_ids,
                 unit_counts = EXCLUDED.unit_counts, ack = EXCLUDED.ack,
                 acked_at = CASE WHEN EXCLUDED.ack = 'done' THEN COALESCE(o.acked_at, $11) ELSE o.acked_at END,
                 settled_at = COALESCE(o.settled_at, EXCLUDED.settled_at), updated_at = $11
           WHERE (o.type, o.status, o.order_id, o.raw, o.ack) IS DISTINCT FROM
                 (EXCLUDED.type, EXCLUDED.status, EXCLUDED.order_id, EXCLUDED.raw, EXCLUDED.ack)
              OR (o.settled_at IS NULL AND EXCLUDED.settled_at IS NOT NULL)",
        account as EmagAccountId,
        order.emag_id,
        order.kind,
        order.status,
        order_id as OrderId,
        order.raw,
        order.modified_at,
        &order.units.keys().copied().collect::<Vec<_>>(),
        &order.units.values().copied().collect::<Vec<_>>(),
        ack,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An order whose acknowledgement is asked for.
#[derive(Clone, Debug)]
pub(crate) struct ToAck {
    pub(crate) id: EmagOrderId,
    pub(crate) emag_order_id: i64,
}

/// Marks orders as asked before asking, and takes their units off what we know of eMAG's figures: from here on eMAG may
/// do so at any moment. Before the account's opening only orders whose listings are all known are taken, so that the
/// opening stock and the acknowledgement cannot cross.
pub(crate) async fn mark_sent(
    conn: &mut PgConnection,
    account: EmagAccountId,
    limit: i64,
    all_listed: bool,
    now: Timestamp,
) -> Result<Vec<ToAck>, sqlx::Error> {
    query_as!(
        ToAck,
        r#"WITH chosen AS (
               SELECT o.id FROM app.emag_orders o
                WHERE o.account_id = $1 AND o.ack = 'wanted'
                  AND (NOT $3 OR NOT EXISTS (
                      SELECT FROM unnest(o.unit_ids) AS u(emag_id)
                       WHERE NOT EXISTS (SELECT FROM app.emag_listings l
                                          WHERE l.account_id = $1 AND l.emag_id = u.emag_id)))
                ORDER BY o.id LIMIT $2 FOR UPDATE SKIP LOCKED),
           marked AS (
               UPDATE app.emag_orders o SET ack = 'sent', ack_sent_at = $4, updated_at = $4
                 FROM chosen WHERE o.id = chosen.id
               RETURNING o.id, o.emag_order_id, o.unit_ids, o.unit_counts),
           units AS (
               SELECT u.emag_id, sum(u.units)::bigint AS units FROM marked m, unnest(m.unit_ids, m.unit_counts)
                   AS u(emag_id, units) GROUP BY u.emag_id),
           mine AS (
               SELECT l.id, units.units
                 FROM app.emag_listings l JOIN units ON units.emag_id = l.emag_id
                WHERE l.account_id = $1 ORDER BY l.emag_id FOR NO KEY UPDATE OF l),
           taken AS (
               UPDATE app.emag_listings l SET remote_stock = greatest(0, l.remote_stock - mine.units)
                 FROM mine WHERE l.id = mine.id)
           SELECT id AS "id: EmagOrderId", emag_order_id FROM marked ORDER BY id"#,
        account as EmagAccountId,
        limit,
        all_listed,
        now
    )
    .fetch_all(conn)
    .await
}

/// Asked, and the answer never arrived: to be read again before anything else.
pub(crate) async fn list_sent(
    conn: &mut PgConnection,
    account: EmagAccountId,
) -> Result<Vec<ToAck>, sqlx::Error> {
    query_as!(
        ToAck,
        r#"SELECT id AS "id: EmagOrderId", emag_order_id FROM app.emag_orders
            WHERE account_id = $1 AND ack = 'sent' ORDER BY id"#,
        account as EmagAccountId
    )
    .fetch_all(conn)
    .await
}

/// Acknowledged and not read again yet.
pub(crate) async fn list_unsettled(
    conn: &mut PgConnection,
    account: EmagAccountId,
    limit: i64,
) -> Result<Vec<ToAck>, sqlx::Error> {
    query_as!(
        ToAck,
        r#"SELECT id AS "id: EmagOrderId", emag_order_id FROM app.emag_orders
            WHERE account_id = $1 AND ack = 'done' AND settled_at IS NULL ORDER BY id LIMIT $2"#,
        account as EmagAccountId,
        limit
    )
    .fetch_all(conn)
    .await
}

/// When the earliest acknowledgement that is not read again yet was asked for.
pub(crate) async fn unsettled_since(
    conn: &mut PgConnection,
    account: EmagAccountId,
) -> Result<Option<Timestamp>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT min(ack_sent_at) FROM app.emag_orders
          WHERE account_id = $1 AND ack = 'done' AND settled_at IS NULL",
        account as EmagAccountId
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn count_to_ack(
    conn: &mut PgConnection,
    account: EmagAccountId,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM app.emag_orders WHERE account_id = $1 AND ack = 'wanted'"#,
        account as EmagAccountId
    )
    .fetch_one(conn)
    .await
}

/// Records answered acknowledgements. Where a stock was sent while the question was open, nobody knows which of the two
/// eMAG did first: those listings are read again.
pub(crate) async fn mark_acked(
    conn: &mut PgConnection,
    ids: &[EmagOrderId],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    query!(
        "WITH acked AS (
             UPDATE app.emag_orders SET ack = 'done', acked_at = $2, ack_error = NULL, updated_at = $2
              WHERE id = ANY($1) AND ack = 'sent' RETURNING account_id, ack_sent_at, unit_ids),
         mine AS (
             SELECT l.id FROM app.emag_listings l
               JOIN acked ON l.account_id = acked.account_id AND l.emag_id = ANY(acked.unit_ids)
              WHERE l.stock_sent_at >= acked.ack_sent_at
              ORDER BY l.account_id, l.emag_id FOR NO KEY UPDATE OF l)
         UPDATE app.emag_listings l SET unsure_since = $2 FROM mine WHERE l.id = mine.id",
        &ids,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Not acknowledged after all: `wanted` to be asked again, `refused` when the partner said no. Its units stand at eMAG
/// again as far as we know.
pub(crate) async fn mark_not_acked(
    conn: &mut PgConnection,
    id: EmagOrderId,
    ack: &str,
    error: Option<&str>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "WITH back AS (
             UPDATE app.emag_orders SET ack = $2, ack_error = $3, ack_sent_at = NULL, updated_at = $4
              WHERE id = $1 AND ack = 'sent' RETURNING account_id, unit_ids, unit_counts),
         units AS (
             SELECT b.account_id, u.emag_id, u.units FROM back b, unnest(b.unit_ids, b.unit_counts)
                 AS u(emag_id, units)),
         mine AS (
             SELECT l.id, units.units FROM app.emag_listings l
               JOIN units ON l.account_id = units.account_id AND l.emag_id = units.emag_id
              ORDER BY l.account_id, l.emag_id FOR NO KEY UPDATE OF l)
         UPDATE app.emag_listings l SET remote_stock = l.remote_stock + mine.units FROM mine WHERE l.id = mine.id",
        id as EmagOrderId,
        ack,
        error,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A refused acknowledgement is wished for again.
pub(crate) async fn wish_again(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_order_id: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_orders SET ack = 'wanted', ack_error = NULL, updated_at = $3
          WHERE account_id = $1 AND emag_order_id = $2 AND ack = 'refused'",
        account as EmagAccountId,
        emag_order_id,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Units per listing of orders that eMAG has not taken off its figure yet.
pub(crate) async fn unacknowledged_units(
    conn: &mut PgConnection,
    account: EmagAccountId,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let rows = query!(
        r#"SELECT u.emag_id AS "emag_id!", sum(u.units)::bigint AS "units!"
             FROM app.emag_orders o, unnest(o.unit_ids, o.unit_counts) AS u(emag_id, units)
            WHERE o.account_id = $1 AND o.type = 3 AND o.status = 1 AND o.ack IN ('wanted', 'refused')
            GROUP BY u.emag_id"#,
        account as EmagAccountId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.emag_id, row.units)).collect())
}

/// Units per listing that lie on our shelf although eMAG has taken them off its figure: acknowledged, not sent yet.
pub(crate) async fn units_in_work(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_ids: &[i64],
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let rows = query!(
        r#"SELECT u.emag_id AS "emag_id!", sum(u.units)::bigint AS "units!"
             FROM app.emag_orders o, unnest(o.unit_ids, o.unit_counts) AS u(emag_id, units)
            WHERE o.account_id = $1 AND o.type = 3 AND u.emag_id = ANY($2)
              AND (o.status IN (2, 3) OR (o.status = 1 AND o.ack = 'done'))
            GROUP BY u.emag_id"#,
        account as EmagAccountId,
        emag_ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.emag_id, row.units)).collect())
}
