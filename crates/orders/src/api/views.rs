//! What the API shows: orders and customers as JSON.

use kernel::{CustomerId, Money, OrderId, OrderLineId, ProductId, Timestamp, VatRate, WarehouseId};
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

use crate::error::OrderError;
use crate::model::{
    Address, Channel, Customer, CustomerKind, Fulfilment, Line, LineOutcome, LineStatus, Order, OrderRow,
    OrderStatus, PaymentMethod,
};
use crate::search::{CustomerRow, UnresolvedLine};
use crate::service::Named;

/// An order of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderSummary)]
pub(crate) struct OrderSummary {
    id: OrderId,
    number: String,
    #[schema(value_type = String)]
    channel: Channel,
    external_id: Option<String>,
    customer_id: CustomerId,
    customer_name: String,
    #[schema(value_type = String)]
    status: OrderStatus,
    #[schema(value_type = String)]
    fulfilment: Fulfilment,
    /// Goods with VAT, and shipping.
    total_gross: Money,
    unresolved_lines: i32,
    short_lines: i32,
    #[schema(value_type = String, format = DateTime)]
    placed_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ship_by: Option<Timestamp>,
    version: i64,
}

impl From<OrderRow> for OrderSummary {
    fn from(row: OrderRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            channel: row.channel,
            external_id: row.external_id,
            customer_id: row.customer_id,
            customer_name: row.customer_name,
            status: row.status,
            fulfilment: row.fulfilment,
            total_gross: row.total_gross,
            unresolved_lines: row.unresolved_lines,
            short_lines: row.short_lines,
            placed_at: row.placed_at,
            ship_by: row.ship_by,
            version: row.version,
        }
    }
}

/// An order with its customer and lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderView {
    pub(crate) id: OrderId,
    number: String,
    #[schema(value_type = String)]
    channel: Channel,
    channel_account: i64,
    external_id: Option<String>,
    #[schema(value_type = String)]
    status: OrderStatus,
    #[schema(value_type = String)]
    fulfilment: Fulfilment,
    /// Goods without VAT.
    total_net: Money,
    /// Goods with VAT, and shipping.
    total_gross: Money,
    shipping_gross: Money,
    #[schema(value_type = String)]
    payment_method: PaymentMethod,
    is_paid: bool,
    unresolved_lines: i32,
    short_lines: i32,
    cancel_reason: Option<String>,
    note: Option<String>,
    warehouse_id: Option<WarehouseId>,
    ship_to: Address,
    #[schema(value_type = String, format = DateTime)]
    placed_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ship_by: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    shipped_at: Option<Timestamp>,
    pub(crate) version: i64,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    customer: CustomerView,
    lines: Vec<LineView>,
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub(crate) struct LineView {
    id: OrderLineId,
    position: i32,
    external_line_id: Option<String>,
    /// Null: nobody knows yet which article this is.
    product_id: Option<ProductId>,
    sku: Option<String>,
    external_product_id: Option<String>,
    name: String,
    quantity: i64,
    price_net: Money,
    price_gross: Money,
    #[schema(value_type = String)]
    vat_rate: VatRate,
    discount_net: Money,
    discount_vat: Money,
    total_net: Money,
    total_vat: Money,
    total_gross: Money,
    #[schema(value_type = String)]
    status: LineStatus,
    reserved: i64,
    short: i64,
    shipped: i64,
}

impl TryFrom<Line> for LineView {
    type Error = OrderError;

    fn try_from(line: Line) -> Result<Self, OrderError> {
        let totals = line.totals()?;
        Ok(Self {
            price_gross: line.price_gross()?.0,
            total_net: totals.net,
            total_vat: totals.vat,
            total_gross: totals.gross,
            id: line.id,
            position: line.position,
            external_line_id: line.external_line_id,
            product_id: line.product,
            sku: line.sku,
            external_product_id: line.external_product_id,
            name: line.name,
            quantity: line.quantity,
            price_net: line.price_net.0,
            vat_rate: line.vat,
            discount_net: line.discount_net,
            discount_vat: line.discount_vat,
            status: line.status,
            reserved: line.reserved,
            short: line.short,
            shipped: line.shipped,
        })
    }
}

impl TryFrom<Order> for OrderView {
    type Error = Problem;

    fn try_from(order: Order) -> Result<Self, Problem> {
        let lines = order
            .lines
            .into_iter()
            .map(LineView::try_from)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id: order.id,
            number: order.number,
            channel: order.channel,
            channel_account: order.channel_account,
            external_id: order.external_id,
            status: order.status,
            fulfilment: order.fulfilment,
            total_net: order.total_net,
            total_gross: order.total_gross,
            shipping_gross: order.shipping_gross,
            payment_method: order.payment_method,
            is_paid: order.is_paid,
            unresolved_lines: order.unresolved_lines,
            short_lines: order.short_lines,
            cancel_reason: order.cancel_reason,
            note: order.note,
            warehouse_id: order.warehouse,
            ship_to: order.ship_to,
            placed_at: order.placed_at,
            ship_by: order.ship_by,
            shipped_at: order.shipped_at,
            version: order.version,
            updated_at: order.updated_at,
            customer: order.customer.into(),
            lines,
        })
    }
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(crate) struct CustomerView {
    pub(crate) id: CustomerId,
    #[schema(value_type = String)]
    kind: CustomerKind,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    /// The tax code came from a channel and its check digit does not fit.
    tax_id_suspect: bool,
    registration_number: Option<String>,
    billing: Address,
    shipping: Address,
    #[schema(value_type = String)]
    channel: Channel,
    external_id: Option<String>,
    pub(crate) version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Customer> for CustomerView {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.id,
            kind: customer.kind,
            name: customer.name,
            email: customer.email,
            phone: customer.phone,
            tax_id: customer.tax_id,
            tax_id_suspect: customer.tax_id_suspect,
            registration_number: customer.registration_number,
            billing: customer.billing,
            shipping: customer.shipping,
            channel: customer.channel,
            external_id: customer.external_id,
            version: customer.version,
            created_at: customer.created_at,
            updated_at: customer.updated_at,
        }
    }
}

/// A customer of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerSummary)]
pub(crate) struct CustomerSummary {
    id: CustomerId,
    #[schema(value_type = String)]
    kind: CustomerKind,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    tax_id_suspect: bool,
    #[schema(value_type = String)]
    channel: Channel,
    orders: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_order_at: Option<Timestamp>,
    version: i64,
}

impl From<CustomerRow> for CustomerSummary {
    fn from(row: CustomerRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            email: row.email,
            phone: row.phone,
            tax_id: row.tax_id,
            tax_id_suspect: row.tax_id_suspect,
            channel: row.channel,
            orders: row.orders,
            last_order_at: row.last_order_at,
            version: row.version,
        }
    }
}

/// What became of a line that was resolved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLineOutcome)]
pub(crate) struct LineOutcomeView {
    line_id: OrderLineId,
    reserved: i64,
    short: i64,
}

impl From<LineOutcome> for LineOutcomeView {
    fn from(outcome: LineOutcome) -> Self {
        Self {
            line_id: outcome.line_id,
            reserved: outcome.reserved,
            short: outcome.short,
        }
    }
}

/// What naming an article did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResolvedOrderLine)]
pub(crate) struct NamedView {
    #[serde(flatten)]
    line: LineOutcomeView,
    /// Lines that waited for the same article of the same shop and got it too.
    others: Vec<LineOutcomeView>,
}

impl From<Named> for NamedView {
    fn from(named: Named) -> Self {
        Self {
            line: named.line.into(),
            others: named.others.into_iter().map(LineOutcomeView::from).collect(),
        }
    }
}

/// A line whose article nobody knows yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnresolvedOrderLine)]
pub(crate) struct UnresolvedLineView {
    line_id: OrderLineId,
    order_id: OrderId,
    order_number: String,
    #[schema(value_type = String)]
    channel: Channel,
    /// Which of several shops of the channel.
    channel_account: i64,
    /// The seller's code, as the channel gave it.
    sku: Option<String>,
    /// The channel's own number of the article.
    external_product_id: Option<String>,
    name: String,
    quantity: i64,
    #[schema(value_type = String, format = DateTime)]
    placed_at: Timestamp,
}

impl From<UnresolvedLine> for UnresolvedLineView {
    fn from(line: UnresolvedLine) -> Self {
        Self {
            line_id: line.line_id,
            order_id: line.order_id,
            order_number: line.order_number,
            channel: line.channel,
            channel_account: line.channel_account,
            sku: line.sku,
            external_product_id: line.external_product_id,
            name: line.name,
            quantity: line.quantity,
            placed_at: line.placed_at,
        }
    }
}
