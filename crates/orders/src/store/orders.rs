//! Rows of `app.sales_orders`.

use kernel::{Currency, CustomerId, Money, MoneyError, OrderId, Timestamp, WarehouseId};
use rust_decimal::Decimal;
use sqlx::types::Json;
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::error::OrderError;
use crate::model::{Address, Channel, Customer, Fulfilment, Line, Order, OrderStatus, PaymentMethod};

/// An order's own row, as it is and as it shall be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OrderRecord {
    pub(crate) id: OrderId,
    pub(crate) number: String,
    pub(crate) channel: Channel,
    pub(crate) channel_account: i64,
    pub(crate) external_id: Option<String>,
    pub(crate) customer_id: CustomerId,
    pub(crate) status: OrderStatus,
    /// What the channel said last.
    pub(crate) channel_status: Option<OrderStatus>,
    pub(crate) fulfilment: Fulfilment,
    pub(crate) currency: String,
    pub(crate) total_net: Decimal,
    pub(crate) total_gross: Decimal,
    pub(crate) shipping_gross: Decimal,
    pub(crate) payment_method: PaymentMethod,
    pub(crate) is_paid: bool,
    pub(crate) unresolved_lines: i32,
    pub(crate) short_lines: i32,
    pub(crate) cancel_reason: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) warehouse: Option<WarehouseId>,
    pub(crate) ship_to: Json<Address>,
    pub(crate) placed_at: Timestamp,
    pub(crate) ship_by: Option<Timestamp>,
    pub(crate) shipped_at: Option<Timestamp>,
    pub(crate) version: i64,
    pub(crate) updated_at: Timestamp,
}

impl OrderRecord {
    pub(crate) fn currency(&self) -> Result<Currency, MoneyError> {
        self.currency.parse()
    }

    pub(crate) fn ships_itself(&self) -> bool {
        match self.fulfilment {
            Fulfilment::Own => true,
            Fulfilment::Marketplace => false,
        }
    }

    pub(crate) fn with(self, customer: Customer, lines: Vec<Line>) -> Result<Order, OrderError> {
        let currency = self.currency()?;
        let money = |amount| Money::new(amount, currency);
        Ok(Order {
            total_net: money(self.total_net)?,
            total_gross: money(self.total_gross)?,
            shipping_gross: money(self.shipping_gross)?,
            currency,
            id: self.id,
            number: self.number,
            channel: self.channel,
            channel_account: self.channel_account,
            external_id: self.external_id,
            status: self.status,
            fulfilment: self.fulfilment,
            payment_method: self.payment_method,
            is_paid: self.is_paid,
            unresolved_lines: self.unresolved_lines,
            short_lines: self.short_lines,
            cancel_reason: self.cancel_reason,
            note: self.note,
            warehouse: self.warehouse,
            ship_to: self.ship_to.0,
            placed_at: self.placed_at,
            ship_by: self.ship_by,
            shipped_at: self.shipped_at,
            version: self.version,
            updated_at: self.updated_at,
            customer,
            lines,
        })
    }
}

pub(crate) async fn find_order(
    conn: &mut PgConnection,
    id: OrderId,
) -> Result<Option<OrderRecord>, sqlx::Error> {
    query_as!(
        OrderRecord,
        r#"SELECT id AS "id: OrderId", number, channel AS "channel: Channel", channel_account, external_id,
                  customer_id AS "customer_id: CustomerId", status AS "status: OrderStatus",
                  channel_status AS "channel_status: OrderStatus", fulfilment AS "fulfilment: Fulfilment", currency, total_net, total_gross, shipping_gross,
                  payment_method AS "payment_method: PaymentMethod", is_paid, unresolved_lines, short_lines,
                  cancel_reason, note, warehouse_id AS "warehouse: WarehouseId", ship_to AS "ship_to: Json<Address>",
                  placed_at, ship_by, shipped_at, version, updated_at
             FROM app.sales_orders WHERE id = $1"#,
        id as OrderId
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn lock_order(
    conn: &mut PgConnection,
    id: OrderId,
) -> Result<Option<OrderRecord>, sqlx::Error> {
    query_as!(
        OrderRecord,
        r#"SELECT id AS "id: OrderId", number, channel AS "channel: Channel", channel_account, external_id,
                  customer_id AS "customer_id: CustomerId", status AS "status: OrderStatus",
                  channel_status AS "channel_status: OrderStatus", fulfilment AS "fulfilment: Fulfilment", currency, total_net, total_gross, shipping_gross,
                  payment_method AS "payment_method: PaymentMethod", is_paid, unresolved_lines, short_lines,
                  cancel_reason, note, warehouse_id AS "warehouse: WarehouseId", ship_to AS "ship_to: Json<Address>",
                  placed_at, ship_by, shipped_at, version, updated_at
             FROM app.sales_orders WHERE id = $1 FOR UPDATE"#,
        id as OrderId
    )
    .fetch_optional(conn)
    .await
}

/// Locks the orders, oldest first, which is also the order in which units are given out.
pub(crate) async fn lock_orders(
    conn: &mut PgConnection,
    ids: &[OrderId],
) -> Result<Vec<OrderRecord>, sqlx::Error> {
    query_as!(
        OrderRecord,
        r#"SELECT id AS "id: OrderId", number, channel AS "channel: Channel", channel_account, external_id,
                  customer_id AS "customer_id: CustomerId", status AS "status: OrderStatus",
                  channel_status AS "channel_status: OrderStatus", fulfilment AS "fulfilment: Fulfilment", currency, total_net, total_gross, shipping_gross,
                  payment_method AS "payment_method: PaymentMethod", is_paid, unresolved_lines, short_lines,
                  cancel_reason, note, warehouse_id AS "warehouse: WarehouseId", ship_to AS "ship_to: Json<Address>",
                  placed_at, ship_by, shipped_at, version, updated_at
             FROM app.sales_orders WHERE id = ANY($1) ORDER BY placed_at, id FOR UPDATE"#,
        ids as &[OrderId]
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn find_order_by_external(
    conn: &mut PgConnection,
    channel: Channel,
    channel_account: i64,
    external_id: &str,
) -> Result<Option<OrderId>, sqlx::Error> {
    query_scalar!(
        r#"SELECT id AS "id: OrderId" FROM app.sales_orders
            WHERE channel = $1 AND channel_account = $2 AND external_id = $3"#,
        channel as Channel,
        channel_account,
        external_id
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn next_order_number(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    query_scalar!(r#"SELECT nextval('app.sales_order_number') AS "next!""#)
        .fetch_one(conn)
        .await
}

/// Adds the order; `None` when its external id is there already (somebody was faster).
pub(crate) async fn insert_order(
    conn: &mut PgConnection,
    order: &OrderRecord,
) -> Result<Option<OrderId>, sqlx::Error> {
    query_scalar!(
        r#"INSERT INTO app.sales_orders
               (number, channel, channel_account, external_id, customer_id, status, fulfilment, currency, total_net,
                total_gross, shipping_gross, payment_method, is_paid, unresolved_lines, cancel_reason, note,
                warehouse_id, ship_to, placed_at, ship_by, shipped_at, channel_status)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
           ON CONFLICT ON CONSTRAINT sales_orders_external_unique DO NOTHING
           RETURNING id AS "id: OrderId""#,
        order.number,
        order.channel as Channel,
        order.channel_account,
        order.external_id,
        order.customer_id as CustomerId,
        order.status as OrderStatus,
        order.fulfilment as Fulfilment,
        order.currency,
        order.total_net,
        order.total_gross,
        order.shipping_gross,
        order.payment_method as PaymentMethod,
        order.is_paid,
        order.unresolved_lines,
        order.cancel_reason,
        order.note,
        order.warehouse as Option<WarehouseId>,
        &order.ship_to as &Json<Address>,
        order.placed_at,
        order.ship_by,
        order.shipped_at,
        order.channel_status as Option<OrderStatus>
    )
    .fetch_optional(conn)
    .await
}

/// Writes what differs; true when anything did. The row is locked by the caller.
pub(crate) async fn save_order(conn: &mut PgConnection, order: &OrderRecord) -> Result<bool, sqlx::Error> {
    let done = query!(
        "UPDATE app.sales_orders
            SET customer_id = $2, status = $3, fulfilment = $4, currency = $5, total_net = $6, total_gross = $7,
                shipping_gross = $8, payment_method = $9, is_paid = $10, unresolved_lines = $11, short_lines = $12,
                cancel_reason = $13, note = $14, warehouse_id = $15, ship_to = $16, placed_at = $17, ship_by = $18,
                shipped_at = $19, channel_status = $20
          WHERE id = $1
            AND (customer_id, status, fulfilment, currency, total_net, total_gross, shipping_gross, payment_method,
                 is_paid, unresolved_lines, short_lines, cancel_reason, note, warehouse_id, ship_to, placed_at,
                 ship_by, shipped_at, channel_status)
                IS DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        order.id as OrderId,
        order.customer_id as CustomerId,
        order.status as OrderStatus,
        order.fulfilment as Fulfilment,
        order.currency,
        order.total_net,
        order.total_gross,
        order.shipping_gross,
        order.payment_method as PaymentMethod,
        order.is_paid,
        order.unresolved_lines,
        order.short_lines,
        order.cancel_reason,
        order.note,
        order.warehouse as Option<WarehouseId>,
        &order.ship_to as &Json<Address>,
        order.placed_at,
        order.ship_by,
        order.shipped_at,
        order.channel_status as Option<OrderStatus>
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// From here on a lock that is not to be had in this time fails the statement; ends with the transaction.
pub(crate) async fn limit_lock_wait(conn: &mut PgConnection, time: &str) -> Result<(), sqlx::Error> {
    query_scalar!("SELECT set_config('lock_timeout', $1, true)", time)
        .fetch_one(conn)
        .await?;
    Ok(())
}
