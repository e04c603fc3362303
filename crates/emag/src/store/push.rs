//! Differences to send, what was sent, and what waits for a person.

use kernel::{EmagAccountId, ListingId, Timestamp};
use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::{GENUINE_CAUSES, PreviewRow, PriceChange, StockChange};

/// Stocks that differ and may be tried now. Left out: what waits for a person, what a person rejected at this very
/// value, what was refused lately, and what must be read again first.
pub(crate) async fn list_stock_changes(
    conn: &mut PgConnection,
    account: EmagAccountId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<StockChange>, sqlx::Error> {
    query_as!(
        StockChange,
        r#"SELECT l.id AS "listing: ListingId", l.emag_id, l.remote_stock AS old, l.wanted_stock AS "new!",
                  l.wanted_cause AS cause,
                  EXISTS (SELECT FROM app.emag_push_holds h
                           WHERE h.listing_id = l.id AND h.kind = 'stock' AND h.state = 'approved'
                             AND h.new_value = l.wanted_stock) AS "approved!"
             FROM app.emag_listings l
            WHERE l.account_id = $1 AND l.wanted_stock IS NOT NULL AND l.wanted_stock <> l.remote_stock
              AND l.status = 1 AND l.product_id IS NOT NULL AND l.missing_since IS NULL AND l.unsure_since IS NULL
              AND (l.push_error IS NULL OR l.retry_after <= $2)
              AND NOT EXISTS (SELECT FROM app.emag_push_holds h
                               WHERE h.listing_id = l.id AND h.kind = 'stock' AND h.new_value = l.wanted_stock
                                 AND h.state IN ('waiting', 'rejected'))
            ORDER BY l.id LIMIT $3"#,
        account as EmagAccountId,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The same for prices.
pub(crate) async fn list_price_changes(
    conn: &mut PgConnection,
    account: EmagAccountId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<PriceChange>, sqlx::Error> {
    query_as!(
        PriceChange,
        r#"SELECT l.id AS "listing: ListingId", l.emag_id, l.remote_price AS old, l.wanted_price AS "new!",
                  l.min_sale_price AS min, l.max_sale_price AS max,
                  EXISTS (SELECT FROM app.emag_push_holds h
                           WHERE h.listing_id = l.id AND h.kind = 'price' AND h.state = 'approved'
                             AND h.new_value = l.wanted_price) AS "approved!"
             FROM app.emag_listings l JOIN app.emag_accounts a ON a.id = l.account_id
            WHERE l.account_id = $1 AND l.wanted_price IS NOT NULL AND l.wanted_price <> l.remote_price
              AND a.push_prices AND l.status = 1 AND l.product_id IS NOT NULL AND l.missing_since IS NULL
              AND l.unsure_since IS NULL AND (l.price_error IS NULL OR l.price_retry_after <= $2)
              AND NOT EXISTS (SELECT FROM app.emag_push_holds h
                               WHERE h.listing_id = l.id AND h.kind = 'price' AND h.new_value = l.wanted_price
                                 AND h.state IN ('waiting', 'rejected'))
            ORDER BY l.id LIMIT $3"#,
        account as EmagAccountId,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Everything that would be sent if push were on, without asking anybody: the table in front of the switch.
pub(crate) async fn list_preview(
    conn: &mut PgConnection,
    account: EmagAccountId,
    limit: i64,
) -> Result<Vec<PreviewRow>, sqlx::Error> {
    query_as!(
        PreviewRow,
        r#"SELECT l.id AS "listing_id: ListingId", l.name, l.part_number, d.kind AS "kind!",
                  d.old_value AS "old_value!", d.new_value AS "new_value!"
             FROM app.emag_listings l JOIN app.emag_accounts a ON a.id = l.account_id
             CROSS JOIN LATERAL (
                 SELECT 'stock' AS kind, l.remote_stock::numeric AS old_value, l.wanted_stock::numeric AS new_value
                  WHERE l.wanted_stock <> l.remote_stock
                 UNION ALL
                 SELECT 'price', l.remote_price, l.wanted_price
                  WHERE a.push_prices AND l.wanted_price <> l.remote_price) d
            WHERE l.account_id = $1 AND l.status = 1 AND l.product_id IS NOT NULL AND l.missing_since IS NULL
            ORDER BY d.new_value = 0 DESC, l.name, l.id LIMIT $2"#,
        account as EmagAccountId,
        limit
    )
    .fetch_all(conn)
    .await
}

/// How many listings differ, for stock and price.
pub(crate) async fn count_differences(
    conn: &mut PgConnection,
    account: EmagAccountId,
) -> Result<(i64, i64), sqlx::Error> {
    let row = query!(
        r#"SELECT count(*) FILTER (WHERE l.wanted_stock <> l.remote_stock) AS "stock!",
                  count(*) FILTER (WHERE a.push_prices AND l.wanted_price <> l.remote_price) AS "price!"
             FROM app.emag_listings l JOIN app.emag_accounts a ON a.id = l.account_id
            WHERE l.account_id = $1 AND l.status = 1 AND l.product_id IS NOT NULL AND l.missing_since IS NULL"#,
        account as EmagAccountId
    )
    .fetch_one(conn)
    .await?;
    Ok((row.stock, row.price))
}

/// Listings whose remote values must be read before anything is sent.
pub(crate) async fn list_unsure(
    conn: &mut PgConnection,
    account: EmagAccountId,
    limit: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    query_scalar!(
        "SELECT emag_id FROM app.emag_listings
          WHERE account_id = $1 AND unsure_since IS NOT NULL AND missing_since IS NULL ORDER BY id LIMIT $2",
        account as EmagAccountId,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The intent, written before the call: until the answer is written these rows count as unsure.
pub(crate) async fn mark_sending(
    conn: &mut PgConnection,
    listings: &[i64],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "WITH mine AS (
             SELECT id FROM app.emag_listings WHERE id = ANY($1) ORDER BY account_id, emag_id FOR NO KEY UPDATE)
         UPDATE app.emag_listings l SET unsure_since = $2 FROM mine WHERE l.id = mine.id",
        listings,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was read again.
pub(crate) async fn settle_read(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_id: i64,
    (stock, price): (i64, Option<Decimal>),
    asked_at: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_listings
            SET remote_stock = $3, general_stock = $3, remote_price = COALESCE($4, remote_price), unsure_since = NULL
          WHERE account_id = $1 AND emag_id = $2 AND unsure_since <= $5",
        account as EmagAccountId,
        emag_id,
        stock,
        price,
        asked_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The answer to one value that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) listing: ListingId,
    /// `stock` or `price`.
    pub(crate) kind: &'static str,
    pub(crate) old: Decimal,
    pub(crate) new: Decimal,
    pub(crate) cause: Option<String>,
    /// `ok`, `refused` or `unknown`.
    pub(crate) verdict: &'static str,
    pub(crate) detail: Option<String>,
}

/// Adds what was sent to the record.
pub(crate) async fn add_pushes(
    conn: &mut PgConnection,
    account: EmagAccountId,
    sent: &[Sent],
    sent_at: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "INSERT INTO app.emag_pushes (account_id, listing_id, kind, old_value, new_value, cause, verdict, detail, sent_at)
         SELECT $1, s.listing, s.kind, s.old, s.new, s.cause, s.verdict, s.detail, $2
           FROM unnest($3::bigint[], $4::text[], $5::numeric[], $6::numeric[], $7::text[], $8::text[], $9::text[])
                AS s(listing, kind, old, new, cause, verdict, detail)",
        account as EmagAccountId,
        sent_at,
        &sent.iter().map(|s| s.listing.0).collect::<Vec<_>>(),
        &sent.iter().map(|s| s.kind.to_owned()).collect::<Vec<_>>(),
        &sent.iter().map(|s| s.old).collect::<Vec<_>>(),
        &sent.iter().map(|s| s.new).collect::<Vec<_>>(),
        &sent.iter().map(|s| s.cause.clone()).collect::<Vec<_>>() as _,
        &sent.iter().map(|s| s.verdict.to_owned()).collect::<Vec<_>>(),
        &sent.iter().map(|s| s.detail.as_ref().map(|d| d.replace('\0', ""))).collect::<Vec<_>>() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the verdicts of sent stocks: the known remote value, or why not. `unknown` leaves the row unsure.
pub(crate) async fn settle_stock(
    conn: &mut PgConnection,
    sent: &[Sent],
    sent_at: Timestamp,
    retry_after: Timestamp,
) -> Result<(), sqlx::Error> {
    let (ids, values, verdicts, details) = columns(sent);
    query!(
        "WITH s AS (
             SELECT l.id, n.value, n.verdict, n.detail
               FROM app.emag_listings l
               JOIN unnest($1::bigint[], $2::numeric[], $3::text[], $4::text[]) AS n(id, value, verdict, detail)
                 ON n.id = l.id
              ORDER BY l.account_id, l.emag_id FOR NO KEY UPDATE OF l)
         UPDATE app.emag_listings l
            SET remote_stock = CASE s.verdict WHEN 'ok' THEN s.value::bigint ELSE l.remote_stock END,
                stock_sent_at = CASE s.verdict WHEN 'ok' THEN $5 ELSE l.stock_sent_at END,
                push_error = CASE s.verdict WHEN 'refused' THEN COALESCE(s.detail, '') END,
                push_error_at = CASE s.verdict WHEN 'refused' THEN $5::timestamptz END,
                retry_after = CASE s.verdict WHEN 'refused' THEN $6::timestamptz END,
                unsure_since = CASE WHEN s.verdict = 'unknown' OR l.unsure_since > $5 THEN l.unsure_since END
           FROM s WHERE l.id = s.id",
        &ids,
        &values,
        &verdicts,
        &details as _,
        sent_at,
        retry_after
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same for prices.
pub(crate) async fn settle_price(
    conn: &mut PgConnection,
    sent: &[Sent],
    sent_at: Timestamp,
    retry_after: Timestamp,
) -> Result<(), sqlx::Error> {
    let (ids, values, verdicts, details) = columns(sent);
    query!(
        "WITH s AS (
             SELECT l.id, n.value, n.verdict, n.detail
               FROM app.emag_listings l
               JOIN unnest($1::bigint[], $2::numeric[], $3::text[], $4::text[]) AS n(id, value, verdict, detail)
                 ON n.id = l.id
              ORDER BY l.account_id, l.emag_id FOR NO KEY UPDATE OF l)
         UPDATE app.emag_listings l
            SET remote_price = CASE s.verdict WHEN 'ok' THEN s.value ELSE l.remote_price END,
                sale_price = CASE s.verdict WHEN 'ok' THEN s.value ELSE l.sale_price END,
                price_sent_at = CASE s.verdict WHEN 'ok' THEN $5 ELSE l.price_sent_at END,
                price_error = CASE s.verdict WHEN 'refused' THEN COALESCE(s.detail, '') END,
                price_error_at = CASE s.verdict WHEN 'refused' THEN $5::timestamptz END,
                price_retry_after = CASE s.verdict WHEN 'refused' THEN $6::timestamptz END,
                unsure_since = CASE WHEN s.verdict = 'unknown' OR l.unsure_since > $5 THEN l.unsure_since END
           FROM s WHERE l.id = s.id",
        &ids,
        &values,
        &verdicts,
        &details as _,
        sent_at,
        retry_after
    )
    .execute(conn)
    .await?;
    Ok(())
}

type Columns = (Vec<i64>, Vec<Decimal>, Vec<String>, Vec<Option<String>>);

fn columns(sent: &[Sent]) -> Columns {
    (
        sent.iter().map(|s| s.listing.0).collect(),
        sent.iter().map(|s| s.new).collect(),
        sent.iter().map(|s| s.verdict.to_owned()).collect(),
        sent.iter()
            .map(|s| s.detail.as_ref().map(|d| d.replace('\0', "")))
            .collect(),
    )
}

/// Rows that were not sent after all.
pub(crate) async fn unmark_sending(
    conn: &mut PgConnection,
    listings: &[i64],
    marked_at: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "WITH mine AS (
             SELECT id FROM app.emag_listings WHERE id = ANY($1) AND unsure_since = $2
              ORDER BY account_id, emag_id FOR NO KEY UPDATE)
         UPDATE app.emag_listings l SET unsure_since = NULL FROM mine WHERE l.id = mine.id",
        listings,
        marked_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stocks sent to zero since `since` for no reason of trade and without a person's word.
pub(crate) async fn count_suspicious_zeros(
    conn: &mut PgConnection,
    account: EmagAccountId,
    since: Timestamp,
) -> Result<i64, sqlx::Error> {
    let genuine: Vec<String> = GENUINE_CAUSES.iter().map(|cause| (*cause).to_owned()).collect();
    query_scalar!(
        r#"SELECT count(*) AS "n!" FROM app.emag_pushes
            WHERE account_id = $1 AND kind = 'stock' AND new_value = 0 AND sent_at > $2 AND old_value > 0
              AND verdict <> 'refused' AND (cause IS NULL OR NOT cause = ANY($3)) AND cause IS DISTINCT FROM 'approved'"#,
        account as EmagAccountId,
        since,
        &genuine
    )
    .fetch_one(conn)
    .await
}

/// Whether anything about stock is to be sent or read again.
pub(crate) async fn has_stock_work(
    conn: &mut PgConnection,
    account: EmagAccountId,
) -> Result<bool, sqlx::Error> {
    query_scalar!(
        r#"SELECT EXISTS (SELECT FROM app.emag_listings
                           WHERE account_id = $1 AND wanted_stock IS NOT NULL AND wanted_stock <> remote_stock)
               OR EXISTS (SELECT FROM app.emag_listings WHERE account_id = $1 AND unsure_since IS NOT NULL) AS "yes!""#,
        account as EmagAccountId
    )
    .fetch_one(conn)
    .await
}

/// How many stocks differ and may be tried now; for the debounce.
pub(crate) async fn count_stock_changes(
    conn: &mut PgConnection,
    account: EmagAccountId,
) -> Result<i64, sqlx::Error> {
    query_scalar!(
        r#"SELECT count(*) AS "n!" FROM app.emag_listings
            WHERE account_id = $1 AND wanted_stock IS NOT NULL AND wanted_stock <> remote_stock"#,
        account as EmagAccountId
    )
    .fetch_one(conn)
    .await
}

/// Lets a refused listing be tried at once; its account.
pub(crate) async fn clear_errors(
    conn: &mut PgConnection,
    listing: ListingId,
) -> Result<Option<EmagAccountId>, sqlx::Error> {
    query_scalar!(
        r#"UPDATE app.emag_listings
              SET push_error = NULL, push_error_at = NULL, retry_after = NULL, price_error = NULL, price_error_at = NULL,
                  price_retry_after = NULL
            WHERE id = $1 RETURNING account_id AS "account_id: EmagAccountId""#,
        listing as ListingId
    )
    .fetch_optional(conn)
    .await
}
