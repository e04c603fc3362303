//! The statements. Levels are never written here: triggers keep them from the ledger and the promises.

mod search;

use kernel::{MovementId, OrderLineId, ProductId, ReservationId, Timestamp, UserId, WarehouseId};
use sqlx::PgConnection;

use crate::model::{
    Cut, Finding, Level, LowStockRow, Movement, Place, Problem, Promise, Reservation, Warehouse,
};

pub use search::{Condition, LevelFilter, LevelRow, MovementFilter};
pub(crate) use search::{list_levels, list_movements};

fn columns(places: &[Place]) -> (Vec<i64>, Vec<i64>) {
    places
        .iter()
        .map(|place| (place.product.0, place.warehouse.0))
        .unzip()
}

/// Makes sure that the levels exist and takes them for update, in the one order that cannot deadlock.
/// `places` must be sorted and distinct.
pub(crate) async fn lock_levels(
    conn: &mut PgConnection,
    places: &[Place],
) -> Result<Vec<Level>, sqlx::Error> {
    let (products, warehouses) = columns(places);
    sqlx::query!(
        "INSERT INTO app.inventory (product_id, warehouse_id)
         SELECT w.product_id, w.warehouse_id FROM unnest($1::bigint[], $2::bigint[]) AS w(product_id, warehouse_id)
          WHERE NOT EXISTS (SELECT FROM app.inventory i
                             WHERE i.product_id = w.product_id AND i.warehouse_id = w.warehouse_id)
          ORDER BY 1, 2
         ON CONFLICT DO NOTHING",
        &products,
        &warehouses
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_as!(
        Level,
        r#"SELECT i.product_id AS "product_id: ProductId", i.warehouse_id AS "warehouse_id: WarehouseId",
                  i.on_hand, i.reserved, i.available AS "available!"
             FROM unnest($1::bigint[], $2::bigint[]) AS w(product_id, warehouse_id)
             JOIN app.inventory i ON i.product_id = w.product_id AND i.warehouse_id = w.warehouse_id
            ORDER BY i.product_id, i.warehouse_id
              FOR UPDATE OF i"#,
        &products,
        &warehouses
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn levels_of(
    conn: &mut PgConnection,
    products: &[ProductId],
) -> Result<Vec<Level>, sqlx::Error> {
    let products: Vec<i64> = products.iter().map(|product| product.0).collect();
    sqlx::query_as!(
        Level,
        r#"SELECT product_id AS "product_id: ProductId", warehouse_id AS "warehouse_id: WarehouseId",
                  on_hand, reserved, available AS "available!"
             FROM app.inventory WHERE product_id = ANY($1) ORDER BY product_id, warehouse_id"#,
        &products
    )
    .fetch_all(conn)
    .await
}

/// Which of these references are in the ledger already, with their places.
pub(crate) async fn posted_references(
    conn: &mut PgConnection,
    references: &[String],
) -> Result<Vec<(String, Place)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT reference AS "reference!", product_id AS "product_id: ProductId", warehouse_id AS "warehouse_id: WarehouseId"
             FROM app.stock_movements WHERE reference = ANY($1)"#,
        references
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.reference,
                Place {
                    product: row.product_id,
                    warehouse: row.warehouse_id,
                },
            )
        })
        .collect())
}

/// Adds rows to the ledger, in one statement however many.
pub(crate) async fn insert_movements(
    conn: &mut PgConnection,
    movements: &[&Movement],
    user: Option<UserId>,
) -> Result<Vec<MovementId>, sqlx::Error> {
    let products: Vec<i64> = movements.iter().map(|m| m.product.0).collect();
    let warehouses: Vec<i64> = movements.iter().map(|m| m.warehouse.0).collect();
    let deltas: Vec<i64> = movements.iter().map(|m| m.delta).collect();
    let causes: Vec<String> = movements.iter().map(|m| m.cause.code().to_owned()).collect();
    let reasons: Vec<Option<String>> = movements.iter().map(|m| m.reason.clone()).collect();
    let references: Vec<Option<String>> = movements.iter().map(|m| m.reference.clone()).collect();
    sqlx::query_scalar!(
        r#"INSERT INTO app.stock_movements (product_id, warehouse_id, delta, cause, reason, reference, user_id)
           SELECT m.product_id, m.warehouse_id, m.delta, m.cause, m.reason, m.reference, $7
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[])
               AS m(product_id, warehouse_id, delta, cause, reason, reference)
           RETURNING id AS "id: MovementId""#,
        &products,
        &warehouses,
        &deltas,
        &causes,
        &reasons as &[Option<String>],
        &references as &[Option<String>],
        user.map(|user| user.0)
    )
    .fetch_all(conn)
    .await
}

/// Held promises of these order lines.
pub(crate) async fn held_by_lines(
    conn: &mut PgConnection,
    lines: &[OrderLineId],
) -> Result<Vec<Reservation>, sqlx::Error> {
    let lines: Vec<i64> = lines.iter().map(|line| line.0).collect();
    sqlx::query_as!(
        Reservation,
        r#"SELECT id AS "id: ReservationId", product_id AS "product_id: ProductId",
                  warehouse_id AS "warehouse_id: WarehouseId", holder_id AS "order_line_id: OrderLineId",
                  quantity, created_at
             FROM app.reservations WHERE holder = 'order_line' AND holder_id = ANY($1) AND state = 'held' ORDER BY id"#,
        &lines
    )
    .fetch_all(conn)
    .await
}

/// Held promises in these places.
pub(crate) async fn held_in_places(
    conn: &mut PgConnection,
    places: &[Place],
) -> Result<Vec<Reservation>, sqlx::Error> {
    let (products, warehouses) = columns(places);
    sqlx::query_as!(
        Reservation,
        r#"SELECT r.id AS "id: ReservationId", r.product_id AS "product_id: ProductId",
                  r.warehouse_id AS "warehouse_id: WarehouseId", r.holder_id AS "order_line_id: OrderLineId",
                  r.quantity, r.created_at
             FROM unnest($1::bigint[], $2::bigint[]) AS w(product_id, warehouse_id)
             JOIN app.reservations r ON r.product_id = w.product_id AND r.warehouse_id = w.warehouse_id
            WHERE r.state = 'held' ORDER BY r.id"#,
        &products,
        &warehouses
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn save_promises(conn: &mut PgConnection, promises: &[Promise]) -> Result<(), sqlx::Error> {
    let mut more: (Vec<i64>, Vec<i64>) = Default::default();
    let mut new: (Vec<i64>, Vec<i64>, Vec<i64>, Vec<i64>) = Default::default();
    for promise in promises {
        match *promise {
            Promise::More {
                reservation,
                quantity,
            } => {
                more.0.push(reservation.0);
                more.1.push(quantity);
            }
            Promise::New {
                line,
                place,
                quantity,
            } => {
                new.0.push(line.0);
                new.1.push(place.product.0);
                new.2.push(place.warehouse.0);
                new.3.push(quantity);
            }
        }
    }
    sqlx::query!(
        "UPDATE app.reservations r SET quantity = m.quantity, updated_at = now()
           FROM unnest($1::bigint[], $2::bigint[]) AS m(id, quantity) WHERE r.id = m.id AND r.state = 'held'",
        &more.0,
        &more.1
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO app.reservations (holder, holder_id, product_id, warehouse_id, quantity)
         SELECT 'order_line', n.line, n.product_id, n.warehouse_id, n.quantity
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n(line, product_id, warehouse_id, quantity)",
        &new.0,
        &new.1,
        &new.2,
        &new.3
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes promises smaller; zero ends them.
pub(crate) async fn save_cuts(conn: &mut PgConnection, cuts: &[Cut]) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = cuts.iter().map(|cut| cut.reservation.0).collect();
    let quantities: Vec<i64> = cuts.iter().map(|cut| cut.quantity).collect();
    sqlx::query!(
        "UPDATE app.reservations r
            SET state = CASE WHEN c.quantity = 0 THEN 'released' ELSE r.state END,
                quantity = CASE WHEN c.quantity = 0 THEN r.quantity ELSE c.quantity END,
                updated_at = now()
           FROM unnest($1::bigint[], $2::bigint[]) AS c(id, quantity) WHERE r.id = c.id AND r.state = 'held'",
        &ids,
        &quantities
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends promises: the goods left, or the promise was taken back.
pub(crate) async fn end_promises(
    conn: &mut PgConnection,
    reservations: &[Reservation],
    state: &str,
) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = reservations.iter().map(|reservation| reservation.id.0).collect();
    sqlx::query!(
        "UPDATE app.reservations SET state = $2, updated_at = now() WHERE id = ANY($1) AND state = 'held'",
        &ids,
        state
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn list_warehouses(conn: &mut PgConnection) -> Result<Vec<Warehouse>, sqlx::Error> {
    sqlx::query_as!(
        Warehouse,
        r#"SELECT id AS "id: WarehouseId", code, name, kind, is_active FROM app.warehouses ORDER BY kind DESC, id"#
    )
    .fetch_all(conn)
    .await
}

/// The first own warehouse, where goods leave from unless somebody says otherwise.
pub(crate) async fn first_own_warehouse(conn: &mut PgConnection) -> Result<Option<WarehouseId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: WarehouseId" FROM app.warehouses WHERE kind = 'own' AND is_active ORDER BY id LIMIT 1"#
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn add_warehouse(
    conn: &mut PgConnection,
    code: &str,
    name: &str,
    kind: &str,
) -> Result<WarehouseId, sqlx::Error> {
    sqlx::query_scalar!(
        r#"INSERT INTO app.warehouses (code, name, kind) VALUES ($1, $2, $3)
           ON CONFLICT (code) DO UPDATE SET is_active = true RETURNING id AS "id: WarehouseId""#,
        code,
        name,
        kind
    )
    .fetch_one(conn)
    .await
}

/// Levels that are not the sum of the ledger, or of the promises held.
pub(crate) async fn find_differences(conn: &mut PgConnection) -> Result<Vec<Finding>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT COALESCE(i.product_id, m.product_id, r.product_id) AS "product_id!: ProductId",
                  COALESCE(i.warehouse_id, m.warehouse_id, r.warehouse_id) AS "warehouse_id!: WarehouseId",
                  COALESCE(i.on_hand, 0) AS "on_hand!", COALESCE(m.ledger, 0) AS "ledger!",
                  COALESCE(i.reserved, 0) AS "reserved!", COALESCE(r.held, 0) AS "held!"
             FROM app.inventory i
             FULL JOIN (SELECT product_id, warehouse_id, sum(delta)::bigint AS ledger
                          FROM app.stock_movements GROUP BY 1, 2) m USING (product_id, warehouse_id)
             FULL JOIN (SELECT product_id, warehouse_id, sum(quantity)::bigint AS held
                          FROM app.reservations WHERE state = 'held' GROUP BY 1, 2) r USING (product_id, warehouse_id)
            WHERE COALESCE(i.on_hand, 0) <> COALESCE(m.ledger, 0) OR COALESCE(i.reserved, 0) <> COALESCE(r.held, 0)
            ORDER BY 1, 2"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut findings = Vec::new();
    for row in rows {
        let finding = |problem| Finding {
            product_id: row.product_id,
            warehouse_id: Some(row.warehouse_id),
            problem,
        };
        if row.on_hand != row.ledger {
            findings.push(finding(Problem::LedgerDiffers {
                on_hand: row.on_hand,
                ledger: row.ledger,
            }));
        }
        if row.reserved != row.held {
            findings.push(finding(Problem::ReservationsDiffer {
                reserved: row.reserved,
                held: row.held,
            }));
        }
    }
    findings.extend(find_wrong_sums(conn).await?);
    Ok(findings)
}

/// Articles whose stock over all own warehouses is not the sum of their levels.
async fn find_wrong_sums(conn: &mut PgConnection) -> Result<Vec<Finding>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT s.product_id AS "product_id: ProductId", s.available AS "available!", COALESCE(i.available, 0) AS "levels!"
             FROM app.product_stock s
             LEFT JOIN (SELECT i.product_id, sum(i.available)::bigint AS available, sum(i.on_hand)::bigint AS on_hand
                          FROM app.inventory i JOIN app.warehouses w ON w.id = i.warehouse_id AND w.kind = 'own'
                         GROUP BY 1) i ON i.product_id = s.product_id
            WHERE s.available <> COALESCE(i.available, 0) OR s.on_hand <> COALESCE(i.on_hand, 0)
            ORDER BY s.product_id"#
    )
    .fetch_all(conn)
    .await?;
    let finding = |product_id, available, levels| Finding {
        product_id,
        warehouse_id: None,
        problem: Problem::SumDiffers { available, levels },
    };
    Ok(rows
        .into_iter()
        .map(|row| finding(row.product_id, row.available, row.levels))
        .collect())
}

/// Products whose own stock is at or below their reorder point, the emptiest first, and how many there are.
pub(crate) async fn low_stock(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<(i64, i64, Vec<LowStockRow>), sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT count(*) AS "low!", count(*) FILTER (WHERE available <= 0) AS "out!" FROM app.product_stock
            WHERE is_low"#
    )
    .fetch_one(&mut *conn)
    .await?;
    let rows = sqlx::query_as!(
        LowStockRow,
        r#"SELECT p.id AS "product_id: ProductId", p.sku, p.name, s.available AS "available!", s.reorder_point
             FROM app.product_stock s JOIN app.products p ON p.id = s.product_id
            WHERE s.is_low
            ORDER BY s.available - s.reorder_point, s.product_id LIMIT $1"#,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok((counts.low, counts.out, rows))
}

/// Held promises of a product, oldest first.
pub(crate) async fn held_of_product(
    conn: &mut PgConnection,
    product: ProductId,
) -> Result<Vec<Reservation>, sqlx::Error> {
    sqlx::query_as!(
        Reservation,
        r#"SELECT id AS "id: ReservationId", product_id AS "product_id: ProductId",
                  warehouse_id AS "warehouse_id: WarehouseId", holder_id AS "order_line_id: OrderLineId",
                  quantity, created_at AS "created_at: Timestamp"
             FROM app.reservations WHERE product_id = $1 AND state = 'held' ORDER BY id LIMIT 200"#,
        product.0
    )
    .fetch_all(conn)
    .await
}
