//! Rows of `app.sales_order_lines`.

use kernel::{Currency, Money, Net, OrderId, OrderLineId, ProductId, VatRate};
use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::error::OrderError;
use crate::model::{Channel, Line, LineStatus, PricedLine};

struct LineRecord {
    id: OrderLineId,
    order_id: OrderId,
    position: i32,
    external_line_id: Option<String>,
    product: Option<ProductId>,
    sku: Option<String>,
    external_product_id: Option<String>,
    name: String,
    quantity: i64,
    price_net: Decimal,
    vat: VatRate,
    discount_net: Decimal,
    discount_vat: Decimal,
    status: LineStatus,
    reserved: i64,
    short: i64,
    shipped: i64,
}

impl LineRecord {
    fn line(self, currency: Currency) -> Result<Line, OrderError> {
        Ok(Line {
            price_net: Net(Money::new(self.price_net, currency)?),
            discount_net: Money::new(self.discount_net, currency)?,
            discount_vat: Money::new(self.discount_vat, currency)?,
            id: self.id,
            position: self.position,
            external_line_id: self.external_line_id,
            product: self.product,
            sku: self.sku,
            external_product_id: self.external_product_id,
            name: self.name,
            quantity: self.quantity,
            vat: self.vat,
            status: self.status,
            reserved: self.reserved,
            short: self.short,
            shipped: self.shipped,
        })
    }
}

/// Lines of several orders with the order each belongs to, in their places.
pub(crate) async fn list_lines(
    conn: &mut PgConnection,
    orders: &[(OrderId, Currency)],
) -> Result<Vec<(OrderId, Line)>, OrderError> {
    let ids: Vec<OrderId> = orders.iter().map(|(id, _)| *id).collect();
    let rows = query_as!(
        LineRecord,
        r#"SELECT id AS "id: OrderLineId", order_id AS "order_id: OrderId", position, external_line_id,
                  product_id AS "product: ProductId", sku, external_product_id, name, quantity, price_net,
                  vat_percent AS "vat: VatRate", discount_net, discount_vat, status AS "status: LineStatus",
                  reserved, short, shipped
             FROM app.sales_order_lines WHERE order_id = ANY($1) ORDER BY order_id, position"#,
        &ids as &[OrderId]
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .filter_map(|row| {
            let currency = orders.iter().find(|(id, _)| *id == row.order_id)?.1;
            Some((row.order_id, row, currency))
        })
        .map(|(id, row, currency)| Ok((id, row.line(currency)?)))
        .collect()
}

pub(crate) async fn find_order_of_line(
    conn: &mut PgConnection,
    line: OrderLineId,
) -> sqlx::Result<Option<OrderId>> {
    query_scalar!(
        r#"SELECT order_id AS "id: OrderId" FROM app.sales_order_lines WHERE id = $1"#,
        line as _
    )
    .fetch_optional(conn)
    .await
}

/// Adds lines from `first_position` on.
pub(crate) async fn insert_lines(
    conn: &mut PgConnection,
    order: OrderId,
    first_position: i32,
    lines: &[PricedLine],
) -> Result<Vec<OrderLineId>, sqlx::Error> {
    let columns = Columns::of(lines);
    let mut ids = query!(
        r#"INSERT INTO app.sales_order_lines
               (order_id, position, external_line_id, product_id, sku, external_product_id, name, quantity, price_net,
                vat_percent, discount_net, discount_vat, status)
           SELECT $1, $2::integer + l.place::integer - 1, l.external_line_id, l.product_id, l.sku, l.external_product_id,
                  l.name, l.quantity, l.price_net, l.vat_percent, l.discount_net, l.discount_vat, l.status
             FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::numeric[],
                         $10::numeric[], $11::numeric[], $12::numeric[], $13::text[])
                  WITH ORDINALITY AS l(external_line_id, product_id, sku, external_product_id, name, quantity,
                                       price_net, vat_percent, discount_net, discount_vat, status, place)
            ORDER BY l.place
           RETURNING position, id AS "id: OrderLineId""#,
        order as OrderId,
        first_position,
        &columns.external_line_ids as &[Option<String>],
        &columns.products as &[Option<ProductId>],
        &columns.skus as &[Option<String>],
        &columns.external_product_ids as &[Option<String>],
        &columns.names,
        &columns.quantities,
        &columns.prices,
        &columns.vats as &[VatRate],
        &columns.discounts_net,
        &columns.discounts_vat,
        &columns.statuses as &[LineStatus]
    )
    .fetch_all(conn)
    .await?;
    ids.sort_by_key(|row| row.position);
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// Overwrites lines with what the channel says now.
pub(crate) async fn update_lines(
    conn: &mut PgConnection,
    lines: &[(OrderLineId, PricedLine)],
) -> Result<(), sqlx::Error> {
    let ids: Vec<OrderLineId> = lines.iter().map(|(id, _)| *id).collect();
    let columns = Columns::of(lines.iter().map(|(_, line)| line));
    query!(
        "UPDATE app.sales_order_lines AS line
            SET product_id = l.product_id, sku = l.sku, external_product_id = l.external_product_id, name = l.name,
                quantity = l.quantity, price_net = l.price_net, vat_percent = l.vat_percent,
                discount_net = l.discount_net, discount_vat = l.discount_vat, status = l.status,
                -- Less is wanted than was promised: the promise follows in the same transaction.
                reserved = LEAST(line.reserved, l.quantity),
                short = LEAST(line.short, l.quantity - LEAST(line.reserved, l.quantity)), updated_at = now()
           FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::numeric[],
                       $8::numeric[], $9::numeric[], $10::numeric[], $11::text[])
                AS l(id, product_id, sku, external_product_id, name, quantity, price_net, vat_percent, discount_net,
                     discount_vat, status)
          WHERE line.id = l.id",
        &ids as &[OrderLineId],
        &columns.products as &[Option<ProductId>],
        &columns.skus as &[Option<String>],
        &columns.external_product_ids as &[Option<String>],
        &columns.names,
        &columns.quantities,
        &columns.prices,
        &columns.vats as &[VatRate],
        &columns.discounts_net,
        &columns.discounts_vat,
        &columns.statuses as &[LineStatus]
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn cancel_lines(conn: &mut PgConnection, ids: &[OrderLineId]) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.sales_order_lines SET status = 'cancelled', updated_at = now() WHERE id = ANY($1)",
        ids as &[OrderLineId]
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn set_line_products(
    conn: &mut PgConnection,
    lines: &[(OrderLineId, ProductId)],
) -> Result<(), sqlx::Error> {
    let (ids, products): (Vec<OrderLineId>, Vec<ProductId>) = lines.iter().copied().unzip();
    query!(
        "UPDATE app.sales_order_lines AS line SET product_id = l.product_id, updated_at = now()
           FROM unnest($1::bigint[], $2::bigint[]) AS l(id, product_id)
          WHERE line.id = l.id AND line.product_id IS NULL",
        &ids as &[OrderLineId],
        &products as &[ProductId]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a channel calls the article of a line, and where the line stands.
pub(crate) struct LineKey {
    pub(crate) status: LineStatus,
    pub(crate) external_product_id: Option<String>,
    pub(crate) channel: Channel,
    pub(crate) channel_account: i64,
}

pub(crate) async fn find_line_key(
    conn: &mut PgConnection,
    id: OrderLineId,
) -> Result<Option<LineKey>, sqlx::Error> {
    query_as!(
        LineKey,
        r#"SELECT l.status AS "status: LineStatus", l.external_product_id, o.channel AS "channel: Channel",
                  o.channel_account
             FROM app.sales_order_lines l JOIN app.sales_orders o ON o.id = l.order_id WHERE l.id = $1"#,
        id as OrderLineId
    )
    .fetch_optional(conn)
    .await
}

/// Lines of a shop, of any order, that wait for an article the channel calls by one of these numbers; with the number.
pub(crate) async fn list_waiting(
    conn: &mut PgConnection,
    (channel, channel_account): (Channel, i64),
    numbers: &[String],
    limit: i64,
) -> Result<Vec<(OrderLineId, String)>, sqlx::Error> {
    let rows = query!(
        r#"SELECT l.id AS "id: OrderLineId", l.external_product_id AS "number!"
             FROM app.sales_order_lines l JOIN app.sales_orders o ON o.id = l.order_id
            WHERE l.product_id IS NULL AND l.status = 'active' AND o.channel = $1 AND o.channel_account = $2
              AND l.external_product_id = ANY($3)
            ORDER BY l.id LIMIT $4"#,
        channel as Channel,
        channel_account,
        numbers,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.number)).collect())
}

/// Writes what is reserved, short and shipped where it differs.
pub(crate) async fn save_line_stock(conn: &mut PgConnection, lines: &[Line]) -> Result<(), sqlx::Error> {
    let ids: Vec<OrderLineId> = lines.iter().map(|line| line.id).collect();
    let reserved: Vec<i64> = lines.iter().map(|line| line.reserved).collect();
    let short: Vec<i64> = lines.iter().map(|line| line.short).collect();
    let shipped: Vec<i64> = lines.iter().map(|line| line.shipped).collect();
    query!(
        "UPDATE app.sales_order_lines AS line
            SET reserved = l.reserved, short = l.short, shipped = l.shipped, updated_at = now()
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS l(id, reserved, short, shipped)
          WHERE line.id = l.id
            AND (line.reserved, line.short, line.shipped) IS DISTINCT FROM (l.reserved, l.short, l.shipped)",
        &ids as &[OrderLineId],
        &reserved,
        &short,
        &shipped
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Open orders that wait for units of these products, oldest first.
pub(crate) async fn orders_short_of(
    conn: &mut PgConnection,
    products: &[ProductId],
    orders_max: i64,
) -> Result<Vec<OrderId>, sqlx::Error> {
    query_scalar!(
        r#"SELECT o.id AS "id: OrderId" FROM app.sales_orders o
            WHERE o.status IN ('new', 'confirmed', 'packed') AND o.fulfilment = 'own'
              AND EXISTS (SELECT FROM app.sales_order_lines l
                           WHERE l.order_id = o.id AND l.short > 0 AND l.product_id = ANY($1))
            ORDER BY o.placed_at, o.id LIMIT $2"#,
        products as &[ProductId],
        orders_max
    )
    .fetch_all(conn)
    .await
}

/// The orders these lines belong to.
pub(crate) async fn orders_of_lines(
    conn: &mut PgConnection,
    lines: &[OrderLineId],
) -> Result<Vec<OrderId>, sqlx::Error> {
    query_scalar!(
        r#"SELECT DISTINCT order_id AS "id: OrderId" FROM app.sales_order_lines WHERE id = ANY($1)"#,
        lines as &[OrderLineId]
    )
    .fetch_all(conn)
    .await
}

/// The lines turned by columns, as `unnest` wants them.
#[derive(Default)]
struct Columns {
    external_line_ids: Vec<Option<String>>,
    products: Vec<Option<ProductId>>,
    skus: Vec<Option<String>>,
    external_product_ids: Vec<Option<String>>,
    names: Vec<String>,
    quantities: Vec<i64>,
    prices: Vec<Decimal>,
    vats: Vec<VatRate>,
    discounts_net: Vec<Decimal>,
    discounts_vat: Vec<Decimal>,
    statuses: Vec<LineStatus>,
}

impl Columns {
    fn of<'a>(lines: impl IntoIterator<Item = &'a PricedLine>) -> Self {
        let mut columns = Self::default();
        for line in lines {
            columns.external_line_ids.push(line.external_line_id.clone());
            columns.products.push(line.product);
            columns.skus.push(line.sku.clone());
            columns
                .external_product_ids
                .push(line.external_product_id.clone());
            columns.names.push(line.name.clone());
            columns.quantities.push(line.quantity);
            columns.prices.push(line.price_net.0.amount());
            columns.vats.push(line.vat);
            columns.discounts_net.push(line.discount_net.amount());
            columns.discounts_vat.push(line.discount_vat.amount());
            columns.statuses.push(line.status);
        }
        columns
    }
}
