//! The database names that other tools may read: each column is selected, each index is proved by its plan.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first surprise"
)]

use sqlx::{AssertSqlSafe, Row as _};
use testkit::TestDb;

async fn run(test: &TestDb, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(test.db.pool())
        .await
        .expect(sql);
}

#[tokio::test]
async fn every_column_that_others_may_read_is_there() {
    let test = testkit::database().await;
    let audit =
        "user_id, action, table_name, record_id, old_values, new_values, ip_address, user_agent, created_at";
    let validation = "validation_status, validation_status_description, translation_validation_status, ownership, \
        number_of_offers, buy_button_rank, best_offer_sale_price, best_offer_recommended_price, general_stock, \
        estimated_stock, length_mm, width_mm, height_mm, weight_g";
    for (table, columns) in [
        ("users", "id, email, name, is_active, created_at"),
        ("roles", "id, code, name"),
        ("permissions", "code, slice"),
        (
            "products",
            "id, sku, name, price_net, currency, vat_percent, status, created_at, updated_at",
        ),
        (
            "sales_orders",
            "id, number, channel, external_id, customer_id, status, total_net, total_gross, placed_at",
        ),
        ("customers", "id, kind, name, email, phone, tax_id"),
        (
            "inventory",
            "product_id, warehouse_id, on_hand, reserved, available, updated_at",
        ),
        (
            "emag_products_v2",
            "is_active, account_type, stock_quantity, updated_at",
        ),
        ("emag_products_v2", validation),
        (
            "emag_orders",
            "id, account_id, emag_order_id, type, status, order_id, raw",
        ),
        (
            "emag_product_offers",
            "id, account_id, sku, part_number_key, sale_price, general_stock",
        ),
        (
            "emag_sync_logs",
            "id, account_id, account_type, sync_type, status, items_processed, started_at, completed_at",
        ),
        ("audit_logs", audit),
    ] {
        run(&test, &format!("SELECT {columns} FROM app.{table} LIMIT 0")).await;
    }
}

const ROWS: &str = "
    INSERT INTO app.customers (name) SELECT 'Client ' || n FROM generate_series(1, 50) n;
    INSERT INTO app.sales_orders (number, channel, customer_id, warehouse_id, currency, placed_at, status)
    SELECT 'T-' || n, 'manual', 1 + n % 50, 1, 'RON', now() - n * interval '1 minute',
           CASE WHEN n % 97 = 0 THEN 'new' ELSE 'shipped' END
      FROM generate_series(1, 50000) n;
    INSERT INTO app.emag_accounts (name, platform, kind, username, password_sealed, currency, warehouse_id)
    SELECT 'Cont ' || n, 'emag-ro', 'MAIN', 'u' || n, '\\x00', 'RON', 1 FROM generate_series(1, 20) n;
    INSERT INTO app.emag_listings
        (account_id, emag_id, part_number, name, status, sale_price, currency, raw, remote_price, last_seen_at,
         general_stock, updated_at)
    SELECT 1 + n % 20, n, 'BN' || n, 'Lampă solară cu senzor ' || md5(n::text), (n % 3 = 0)::int, 10, 'RON', '{}', 10,
           now(), n % 500, now() - n * interval '1 second'
      FROM generate_series(1, 50000) n;
    ANALYZE app.sales_orders; ANALYZE app.emag_listings; ANALYZE app.emag_accounts;";

#[tokio::test]
async fn each_of_the_founding_indexes_serves_its_question() {
    let test = testkit::database().await;
    run(&test, ROWS).await;
    for (question, index) in [
        (
            "SELECT id FROM app.sales_orders ORDER BY placed_at DESC, id DESC LIMIT 50",
            "sales_orders_placed",
        ),
        (
            "SELECT id FROM app.sales_orders WHERE status = 'new' ORDER BY placed_at DESC, id DESC LIMIT 50",
            "sales_orders_status",
        ),
        (
            "SELECT id FROM app.emag_listings ORDER BY updated_at DESC, id DESC LIMIT 50",
            "emag_listings_updated",
        ),
        (
            "SELECT id FROM app.emag_listings WHERE status = 1 AND account_id = 3 ORDER BY account_id, id LIMIT 50",
            "emag_listings_active",
        ),
        (
            "SELECT id FROM app.emag_listings WHERE account_id = 3 ORDER BY account_id, name, id LIMIT 50",
            "emag_listings_account",
        ),
        (
            "SELECT id FROM app.emag_listings WHERE status = 1 AND general_stock <= 2 ORDER BY general_stock, id LIMIT 50",
            "emag_listings_low_stock",
        ),
        (
            "SELECT id FROM app.emag_listings WHERE search LIKE '%senzor c4ca4238a0b9%'",
            "emag_listings_name_trgm",
        ),
    ] {
        let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN {question}")))
            .fetch_all(test.db.pool())
            .await
            .unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(
            plan.iter().any(|line| line.contains(index)),
            "{question}\nexpected {index}, got\n{}",
            plan.join("\n")
        );
    }
}

#[tokio::test]
async fn every_foreign_key_is_backed_by_an_index() {
    let test = testkit::database().await;
    let bare: Vec<String> = sqlx::query_scalar(
        "SELECT c.conrelid::regclass::text || '.' || c.conname FROM pg_constraint c \
         WHERE c.contype = 'f' AND c.connamespace = 'app'::regnamespace AND NOT EXISTS ( \
             SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL \
             AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey) ORDER BY 1",
    )
    .fetch_all(test.db.pool())
    .await
    .unwrap();
    // Tables of a handful of rows, whose parents are never deleted.
    let known = [
        "emag_accounts.emag_accounts_push_enabled_by_fkey",
        "emag_accounts.emag_accounts_warehouse_id_fkey",
        "emag_push_holds.emag_push_holds_decided_by_fkey",
        "emag_pushes.emag_pushes_account_id_fkey",
        "sales_orders.sales_orders_warehouse_id_fkey",
        "emag_push_holds.emag_push_holds_listing_id_fkey",
        "emag_sync_runs.emag_sync_runs_started_by_fkey",
        "reservations.reservations_product_id_warehouse_id_fkey",
        "stock_movements.stock_movements_user_id_fkey",
        "stock_movements.stock_movements_warehouse_id_fkey",
    ];
    let new: Vec<_> = bare
        .iter()
        .filter(|name| !known.contains(&name.trim_start_matches("app.")))
        .collect();
    assert!(new.is_empty(), "foreign keys without an index: {new:?}");
}
