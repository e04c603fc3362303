//! At a hundred thousand articles: what a person waits for comes from an index.

use sqlx::PgConnection;
use testkit::TestDb;

async fn big_shop() -> TestDb {
    let test = testkit::database().await;
    let mut conn = testkit::connection(&test).await;
    for sql in [
        // The trail of a hundred thousand made-up articles is not what is measured.
        "ALTER TABLE app.products DISABLE TRIGGER products_audit",
        "INSERT INTO app.products (sku, name, price_net, currency, vat_percent, reorder_point)
         SELECT 'P' || n, 'Articol ' || md5(n::text), 10, 'RON', 21, CASE WHEN n % 3 = 0 THEN 5 ELSE 0 END
           FROM generate_series(1, 100000) n",
        "INSERT INTO app.stock_movements (product_id, warehouse_id, delta, cause)
         SELECT id, 1, 1 + id * 7919 % 200, 'opening' FROM app.products WHERE id % 10 <> 0",
        "ANALYZE",
    ] {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    test
}

async fn plan(conn: &mut PgConnection, sql: &str) -> String {
    let lines: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}")))
        .fetch_all(conn)
        .await
        .unwrap();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_articles_are_sorted_and_counted_without_reading_them_all() {
    let test = big_shop().await;
    let mut conn = testkit::connection(&test).await;
    let list = "SELECT p.id, p.sku, s.on_hand, s.reserved FROM app.products p
                  JOIN app.product_stock s ON s.product_id = p.id WHERE true";
    for (sql, index) in [
        (
            format!("{list} AND p.status = 'active' ORDER BY s.available ASC, s.product_id ASC LIMIT 51"),
            "product_stock_available",
        ),
        (
            format!(
                "{list} AND (s.available, s.product_id) < (100, 5000) ORDER BY s.available DESC, s.product_id DESC LIMIT 51"
            ),
            "product_stock_available",
        ),
        (
            "SELECT count(*), count(*) FILTER (WHERE available <= 0) FROM app.product_stock WHERE is_low"
                .to_owned(),
            "product_stock_low",
        ),
        (
            "SELECT p.sku, s.available FROM app.product_stock s JOIN app.products p ON p.id = s.product_id
              WHERE s.is_low
              ORDER BY s.available - s.reorder_point, s.product_id LIMIT 8"
                .to_owned(),
            "product_stock_low",
        ),
    ] {
        let plan = plan(&mut conn, &sql).await;
        assert!(
            plan.contains(index) && !plan.contains("Seq Scan"),
            "{sql}\n{plan}"
        );
    }
    let summary = crate::low_stock_summary(&mut conn, 8).await.unwrap();
    let expected: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM app.products p JOIN app.inventory i ON i.product_id = p.id WHERE i.available <= p.reorder_point",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!((summary.low, summary.rows.len()), (expected, 8));
    assert_eq!(crate::verify(&mut conn).await.unwrap(), []);
}
