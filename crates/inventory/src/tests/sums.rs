//! The stock of an article is the sum of its own levels at every moment, and nobody writes it by hand.

use testkit::TestDb;

async fn stock(test: &TestDb) -> String {
    sqlx::query_scalar(
        "SELECT string_agg(p.sku || ' ' || s.on_hand || '/' || s.reserved || CASE WHEN s.is_stocked THEN '' ELSE ' new' END
                || CASE WHEN s.is_active THEN '' ELSE ' old' END, ', ' ORDER BY p.sku)
           FROM app.product_stock s JOIN app.products p ON p.id = s.product_id",
    )
    .fetch_one(test.db.pool())
    .await
    .unwrap()
}

async fn run(test: &TestDb, sql: &'static str) -> Result<(), String> {
    let done = sqlx::query(sql).execute(test.db.pool()).await;
    done.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_articles_stock_follows_its_own_levels_and_nothing_else() {
    let test = testkit::database().await;
    for sql in [
        "INSERT INTO app.warehouses (code, name, kind) VALUES ('SECOND', 'Al doilea', 'own'), ('FBE', 'eMAG', 'marketplace')",
        "INSERT INTO app.products (sku, name, price_net, currency, vat_percent)
         SELECT sku, sku, 10, 'RON', 21 FROM unnest(ARRAY['A', 'B', 'C']) AS sku",
        "INSERT INTO app.stock_movements (product_id, warehouse_id, delta, cause)
         SELECT p.id, w.id, 5, 'receipt' FROM app.products p, app.warehouses w WHERE p.sku = 'A'
         UNION ALL SELECT p.id, w.id, 7, 'receipt' FROM app.products p, app.warehouses w
                    WHERE p.sku = 'B' AND w.kind = 'marketplace'",
    ] {
        run(&test, sql).await.unwrap();
    }
    assert_eq!(stock(&test).await, "A 10/0, B 0/0 new, C 0/0 new");
    run(
        &test,
        "INSERT INTO app.reservations (product_id, warehouse_id, holder, holder_id, quantity)
         SELECT product_id, warehouse_id, 'order_line', 1, 2 FROM app.inventory i JOIN app.warehouses w ON w.id = i.warehouse_id
          WHERE w.kind = 'own' AND on_hand = 5",
    )
    .await
    .unwrap();
    assert_eq!(stock(&test).await, "A 10/4, B 0/0 new, C 0/0 new");
    run(
        &test,
        "UPDATE app.products SET status = 'archived', reorder_point = 3 WHERE sku = 'A'",
    )
    .await
    .unwrap();
    assert_eq!(stock(&test).await, "A 10/4 old, B 0/0 new, C 0/0 new");
    for sql in [
        "UPDATE app.product_stock SET on_hand = 99",
        "DELETE FROM app.product_stock",
        "UPDATE app.warehouses SET kind = 'own' WHERE code = 'FBE'",
    ] {
        assert!(run(&test, sql).await.is_err(), "{sql}");
    }
    let mut conn = testkit::connection(&test).await;
    assert_eq!(crate::verify(&mut conn).await.unwrap(), []);
}
