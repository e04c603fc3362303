//! Listings: one row per article and account.
//!
//! Whoever writes several rows in one statement locks them first, in the order of account and eMAG id, so that two
//! writers wait for each other but never in a circle.

use kernel::{EmagAccountId, ListingId, ProductId, SyncRunId, Timestamp, WarehouseId};
use sqlx::{PgConnection, query, query_as};

use crate::model::ListingRow;

/// What an upsert did to one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    pub(crate) emag_id: i64,
    pub(crate) created: bool,
}

macro_rules! column {
    ($rows:ident, $field:ident) => {
        &$rows.iter().map(|row| row.$field.clone()).collect::<Vec<_>>()
    };
}

/// Writes the rows that differ from what is stored and gives one entry for each of those. A known remote value that was
/// sent after this reading was asked for is newer and stays.
#[allow(
    clippy::too_many_lines,
    reason = "one statement with one line for each column"
)]
pub(crate) async fn upsert(
    conn: &mut PgConnection,
    account: EmagAccountId,
    rows: &[ListingRow],
    asked_at: Timestamp,
    now: Timestamp,
) -> Result<Vec<Touched>, sqlx::Error> {
    let eans: Vec<serde_json::Value> = rows.iter().map(|row| row.eans.clone().into()).collect();
    query_as!(
        Touched,
        r#"INSERT INTO app.emag_listings AS l
               (account_id, emag_id, part_number, part_number_key, name, brand, category_id, eans, image_url, status,
                sale_price, recommended_price, min_sale_price, max_sale_price, currency, vat_id, general_stock,
                estimated_stock, validation_status, validation_status_description, translation_validation_status,
                offer_validation_status, ownership, number_of_offers, buy_button_rank, best_offer_sale_price,
                best_offer_recommended_price, weight_g, raw, remote_stock, remote_price, last_seen_at)
           SELECT $1, n.emag_id, n.part_number, n.pnk, n.name, n.brand, n.category_id,
                  ARRAY(SELECT jsonb_array_elements_text(n.eans)), n.image_url, n.status, n.sale_price,
                  n.recommended_price, n.min_sale_price, n.max_sale_price, n.currency, n.vat_id, n.general_stock,
                  n.estimated_stock, n.validation_status, n.validation_description, n.translation_status,
                  n.offer_validation, n.ownership, n.number_of_offers, n.buy_button_rank, n.best_price,
                  n.best_recommended, n.weight_g, n.raw, n.general_stock, n.sale_price, $3
             FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::jsonb[],
                         $11::text[], $12::smallint[], $13::numeric[], $14::numeric[], $15::numeric[],
                         $16::numeric[], $17::text[], $18::int[], $19::bigint[], $20::bigint[], $21::int[],
                         $22::text[], $23::int[], $24::int[], $25::int[], $26::int[], $27::int[], $28::numeric[],
                         $29::numeric[], $30::int[], $31::jsonb[])
                  AS n(emag_id, part_number, pnk, name, brand, category_id, eans, image_url, status, sale_price,
                       recommended_price, min_sale_price, max_sale_price, currency, vat_id, general_stock,
                       estimated_stock, validation_status, validation_description, translation_status,
                       offer_validation, ownership, number_of_offers, buy_button_rank, best_price, best_recommended,
                       weight_g, raw)
           ON CONFLICT (account_id, emag_id) DO UPDATE
              SET part_number = EXCLUDED.part_number, part_number_key = EXCLUDED.part_number_key,
                  name = EXCLUDED.name, brand = EXCLUDED.brand, category_id = EXCLUDED.category_id,
                  eans = EXCLUDED.eans, image_url = EXCLUDED.image_url, status = EXCLUDED.status,
                  sale_price = EXCLUDED.sale_price, recommended_price = EXCLUDED.recommended_price,
                  min_sale_price = EXCLUDED.min_sale_price, max_sale_price = EXCLUDED.max_sale_price,
                  currency = EXCLUDED.currency, vat_id = EXCLUDED.vat_id, general_stock = EXCLUDED.general_stock,
                  estimated_stock = EXCLUDED.estimated_stock, validation_status = EXCLUDED.validation_status,
                  validation_status_description = EXCLUDED.validation_status_description,
                  translation_validation_status = EXCLUDED.translation_validation_status,
                  offer_validation_status = EXCLUDED.offer_validation_status, ownership = EXCLUDED.ownership,
                  number_of_offers = EXCLUDED.number_of_offers, buy_button_rank = EXCLUDED.buy_button_rank,
                  best_offer_sale_price = EXCLUDED.best_offer_sale_price,
                  best_offer_recommended_price = EXCLUDED.best_offer_recommended_price,
                  weight_g = EXCLUDED.weight_g, raw = EXCLUDED.raw,
                  remote_stock = CASE WHEN l.stock_sent_at >= $2 THEN l.remote_stock ELSE EXCLUDED.remote_stock END,
                  remote_price = CASE WHEN l.price_sent_at >= $2 THEN l.remote_price ELSE EXCLUDED.remote_price END,
                  unsure_since = CASE WHEN l.unsure_since >= $2 THEN l.unsure_since END
            WHERE l.raw IS DISTINCT FROM EXCLUDED.raw
               OR l.part_number IS DISTINCT FROM EXCLUDED.part_number
               OR (l.remote_stock <> EXCLUDED.remote_stock AND (l.stock_sent_at >= $2) IS NOT TRUE)
               OR (l.remote_price <> EXCLUDED.remote_price AND (l.price_sent_at >= $2) IS NOT TRUE)
               OR l.unsure_since < $2
           RETURNING emag_id, (xmax = 0) AS "created!""#,
        account as EmagAccountId,
        asked_at,
        now,
        column!(rows, emag_id),
        column!(rows, part_number),
        column!(rows, part_number_key) as _,
        column!(rows, name),
        column!(rows, brand) as _,
        column!(rows, category_id) as _,
        &eans,
        column!(rows, image_url) as _,
        column!(rows, status),
        column!(rows, sale_price),
        column!(rows, recommended_price) as _,
        column!(rows, min_sale_price) as _,
        column!(rows, max_sale_price) as _,
        column!(rows, currency),
        column!(rows, vat_id) as _,
        column!(rows, general_stock),
        column!(rows, estimated_stock),
        column!(rows, validation_status) as _,
        column!(rows, validation_description) as _,
        column!(rows, translation_status) as _,
        column!(rows, offer_validation) as _,
        column!(rows, ownership) as _,
        column!(rows, number_of_offers) as _,
        column!(rows, buy_button_rank) as _,
        column!(rows, best_price) as _,
        column!(rows, best_recommended) as _,
        column!(rows, weight_g) as _,
        column!(rows, raw),
    )
    .fetch_all(conn)
    .await
}

/// Notes that rows were seen in a run; no change of the row (see the trigger `emag_listings_touch`).
pub(crate) async fn mark_seen(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_ids: &[i64],
    run: SyncRunId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "WITH mine AS (
             SELECT id FROM app.emag_listings WHERE account_id = $1 AND emag_id = ANY($2)
              ORDER BY emag_id FOR NO KEY UPDATE)
         UPDATE app.emag_listings l SET last_seen_at = $4, last_run_id = $3 FROM mine WHERE l.id = mine.id",
        account as EmagAccountId,
        emag_ids,
        run as SyncRunId,
        now
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "UPDATE app.emag_listings SET missing_since = NULL
          WHERE account_id = $1 AND emag_id = ANY($2) AND missing_since IS NOT NULL",
        account as EmagAccountId,
        emag_ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Rows that a complete sweep did not meet are marked, never deleted. How many.
pub(crate) async fn mark_missing(
    conn: &mut PgConnection,
    account: EmagAccountId,
    run: SyncRunId,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let done = query!(
        "WITH mine AS (
             SELECT id FROM app.emag_listings
              WHERE account_id = $1 AND last_run_id IS DISTINCT FROM $2 AND missing_since IS NULL
              ORDER BY emag_id FOR NO KEY UPDATE)
         UPDATE app.emag_listings l SET missing_since = $3 FROM mine WHERE l.id = mine.id",
        account as EmagAccountId,
        run as SyncRunId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A listing as the resolution to products needs it.
#[derive(Clone, Debug)]
pub(crate) struct Brief {
    pub(crate) id: ListingId,
    pub(crate) emag_id: i64,
    pub(crate) part_number: String,
    pub(crate) product_id: Option<ProductId>,
    pub(crate) general_stock: i64,
}

pub(crate) async fn list_brief(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_ids: &[i64],
) -> Result<Vec<Brief>, sqlx::Error> {
    query_as!(
        Brief,
        r#"SELECT id AS "id: ListingId", emag_id, part_number, product_id AS "product_id: ProductId", general_stock
             FROM app.emag_listings WHERE account_id = $1 AND emag_id = ANY($2) ORDER BY id"#,
        account as EmagAccountId,
        emag_ids
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn set_products(
    conn: &mut PgConnection,
    listings: &[ListingId],
    products: &[ProductId],
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_listings l SET product_id = n.product_id
           FROM unnest($1::bigint[], $2::bigint[]) AS n(id, product_id)
          WHERE l.id = n.id AND l.product_id IS DISTINCT FROM n.product_id",
        &listings.iter().map(|id| id.0).collect::<Vec<_>>(),
        &products.iter().map(|id| id.0).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a listing its article if it has none; whether it had none.
pub(crate) async fn set_first_product(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_id: i64,
    product: ProductId,
) -> Result<bool, sqlx::Error> {
    let done = query!(
        "UPDATE app.emag_listings SET product_id = $3
          WHERE account_id = $1 AND emag_id = $2 AND product_id IS NULL",
        account as EmagAccountId,
        emag_id,
        product as ProductId
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// What the reconciler needs to reckon the stock of a listing.
#[derive(Clone, Debug)]
pub(crate) struct ToReckon {
    pub(crate) id: ListingId,
    pub(crate) account_id: EmagAccountId,
    pub(crate) emag_id: i64,
    pub(crate) product_id: ProductId,
    pub(crate) warehouse_id: WarehouseId,
    pub(crate) safety_buffer: i64,
    pub(crate) wanted_stock: Option<i64>,
}

/// Listings of own-warehouse accounts that are for sale; all, or those of some products or one account.
pub(crate) async fn list_to_reckon(
    conn: &mut PgConnection,
    products: Option<&[i64]>,
    account: Option<EmagAccountId>,
) -> Result<Vec<ToReckon>, sqlx::Error> {
    query_as!(
        ToReckon,
        r#"SELECT l.id AS "id: ListingId", l.account_id AS "account_id: EmagAccountId", l.emag_id,
                  l.product_id AS "product_id!: ProductId", a.warehouse_id AS "warehouse_id: WarehouseId",
                  a.safety_buffer, l.wanted_stock
             FROM app.emag_listings l JOIN app.emag_accounts a ON a.id = l.account_id
            WHERE a.kind = 'MAIN' AND a.is_active AND a.opened_at IS NOT NULL AND l.status = 1
              AND l.product_id IS NOT NULL
              AND ($1::bigint[] IS NULL OR l.product_id = ANY($1)) AND ($2::bigint IS NULL OR l.account_id = $2)
            ORDER BY l.id"#,
        products,
        account as Option<EmagAccountId>
    )
    .fetch_all(conn)
    .await
}

/// Sets what the listings should show; a waiting question about another value is out of date.
pub(crate) async fn set_wanted_stock(
    conn: &mut PgConnection,
    listings: &[i64],
    wanted: &[i64],
    cause: &str,
) -> Result<(), sqlx::Error> {
    query!(
        "WITH mine AS (
             SELECT l.id, n.wanted
               FROM app.emag_listings l JOIN unnest($1::bigint[], $2::bigint[]) AS n(id, wanted) ON n.id = l.id
              ORDER BY l.account_id, l.emag_id FOR NO KEY UPDATE OF l),
         changed AS (
             UPDATE app.emag_listings l
                SET wanted_stock = mine.wanted, wanted_cause = $3, push_error = NULL, push_error_at = NULL,
                    retry_after = NULL
               FROM mine
              WHERE l.id = mine.id AND l.wanted_stock IS DISTINCT FROM mine.wanted
             RETURNING l.id, l.wanted_stock)
         UPDATE app.emag_push_holds h SET state = 'outdated'
           FROM changed
          WHERE h.listing_id = changed.id AND h.kind = 'stock' AND h.state = 'waiting'
            AND h.new_value <> changed.wanted_stock",
        listings,
        wanted,
        cause
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets the wanted prices from the own catalogue where the account sends prices and the currencies agree; all, or those
/// of some products. The accounts that have something to send.
pub(crate) async fn set_wanted_prices(
    conn: &mut PgConnection,
    products: Option<&[i64]>,
) -> Result<Vec<EmagAccountId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH mine AS (
               SELECT l.id, p.price_net
                 FROM app.emag_listings l
                 JOIN app.products p ON p.id = l.product_id AND p.currency = l.currency
                 JOIN app.emag_accounts a ON a.id = l.account_id
                WHERE a.is_active AND a.push_prices AND a.opened_at IS NOT NULL AND l.status = 1
                  AND ($1::bigint[] IS NULL OR l.product_id = ANY($1))
                  AND l.wanted_price IS DISTINCT FROM p.price_net
                ORDER BY l.account_id, l.emag_id FOR NO KEY UPDATE OF l),
           changed AS (
               UPDATE app.emag_listings l
                  SET wanted_price = mine.price_net, price_error = NULL, price_error_at = NULL,
                      price_retry_after = NULL
                 FROM mine WHERE l.id = mine.id
               RETURNING l.id, l.account_id, l.wanted_price),
           old AS (
               UPDATE app.emag_push_holds h SET state = 'outdated' FROM changed
                WHERE h.listing_id = changed.id AND h.kind = 'price' AND h.state = 'waiting'
                  AND h.new_value <> changed.wanted_price)
           SELECT DISTINCT account_id AS "account_id!: EmagAccountId" FROM changed"#,
        products
    )
    .fetch_all(conn)
    .await
}

/// Remote values of these listings are not to be trusted until they are read again.
pub(crate) async fn mark_unsure(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_ids: &[i64],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "WITH mine AS (
             SELECT id FROM app.emag_listings WHERE account_id = $1 AND emag_id = ANY($2)
              ORDER BY emag_id FOR NO KEY UPDATE)
         UPDATE app.emag_listings l SET unsure_since = $3 FROM mine WHERE l.id = mine.id",
        account as EmagAccountId,
        emag_ids,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The partner says that it has no such offer.
pub(crate) async fn mark_gone(
    conn: &mut PgConnection,
    account: EmagAccountId,
    emag_id: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_listings SET missing_since = COALESCE(missing_since, $3), unsure_since = NULL
          WHERE account_id = $1 AND emag_id = $2",
        account as EmagAccountId,
        emag_id,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
