//! Customers: the list, and one with their orders and data.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kernel::{CustomerId, PageRequest, Timestamp};
use serde::{Deserialize, Serialize};
use ui::Args;
use web::{AppState, FlashKind, Form, Page, Path, Problem, Query, page_request};

use super::list::Row as OrderRow;
use super::{Badge, Choice, Kept, View, channel_text, refused, say};
use crate::error::OrderError;
use crate::model::{Address, Customer, CustomerKind, CustomerPatch};
use crate::search::{CustomerFilter, CustomerRow, CustomerSort, Direction, OrderFilter, OrderSort};
use crate::{CUSTOMERS_EDIT, ORDERS_VIEW, service};

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    kind: Option<CustomerKind>,
    q: Option<String>,
    cursor: Option<String>,
}

impl ListQuery {
    fn href(&self, kind: Option<CustomerKind>, cursor: Option<String>) -> String {
        let pairs = [
            ("kind", kind.map(|kind| kind.to_string())),
            ("q", self.q.clone()),
            ("cursor", cursor),
        ];
        web::address("/customers", &pairs)
    }
}

#[derive(Serialize)]
struct ListPage {
    rows: Vec<Row>,
    shown: usize,
    total: Option<i64>,
    text: String,
    views: Vec<View>,
    keep: Vec<Kept>,
    next: Option<String>,
    first: Option<String>,
    filtered: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    name: String,
    kind: Badge,
    phone: Option<String>,
    email: Option<String>,
    tax_id: Option<String>,
    tax_id_suspect: bool,
    channel: String,
    orders: i64,
    last_order_at: Option<Timestamp>,
}

impl Row {
    fn of(row: CustomerRow, page: &Page) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            kind: kind_badge(page, row.kind),
            phone: row.phone,
            email: row.email,
            tax_id: row.tax_id,
            tax_id_suspect: row.tax_id_suspect,
            channel: channel_text(page, row.channel),
            orders: row.orders,
            last_order_at: row.last_order_at,
        }
    }
}

fn kind_badge(page: &Page, kind: CustomerKind) -> Badge {
    Badge {
        text: page.t(&format!("orders-customer-kind-{kind}")),
        state: "neutral",
        glyph: match kind {
            CustomerKind::Person => "user",
            CustomerKind::Company => "building",
        },
    }
}

pub(super) async fn list(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let filter = CustomerFilter {
        kind: query.kind,
        channel: None,
        q: query.q.clone(),
    };
    let by_name = (CustomerSort::Name, Direction::Ascending);
    let mut conn = state.db.read().await?;
    let found = service::list_customers(&mut conn, &page.actor, &filter, by_name, &request).await?;
    let rows: Vec<Row> = found.items.into_iter().map(|row| Row::of(row, &page)).collect();
    let views = [None, Some(CustomerKind::Person), Some(CustomerKind::Company)].map(|kind| View {
        text: match kind {
            None => page.t("orders-view-all"),
            Some(kind) => page.t(&format!("orders-customers-{kind}")),
        },
        href: query.href(kind, None),
        active: query.kind == kind,
        count: None,
    });
    let kept = query.kind.map(|kind| Kept {
        name: "kind",
        value: kind.to_string(),
    });
    let context = ListPage {
        shown: rows.len(),
        rows,
        total: found.total,
        text: query.q.clone().unwrap_or_default(),
        views: views.into(),
        keep: kept.into_iter().collect(),
        next: found
            .next
            .map(|cursor| query.href(query.kind, Some(cursor.as_str().to_owned()))),
        first: query.cursor.is_some().then(|| query.href(query.kind, None)),
        filtered: query.q.is_some() || query.kind.is_some(),
    };
    page.render("orders/customers.html", &context)
}

/// What a person types of a customer.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fields {
    version: Option<i64>,
    kind: String,
    name: String,
    email: String,
    phone: String,
    tax_id: String,
    registration_number: String,
    billing_street: String,
    billing_city: String,
    billing_county: String,
    billing_postal_code: String,
    shipping_street: String,
    shipping_city: String,
    shipping_county: String,
    shipping_postal_code: String,
}

impl Fields {
    fn of(customer: &Customer) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            version: Some(customer.version),
            kind: customer.kind.to_string(),
            name: customer.name.clone(),
            email: text(&customer.email),
            phone: text(&customer.phone),
            tax_id: text(&customer.tax_id),
            registration_number: text(&customer.registration_number),
            billing_street: text(&customer.billing.street),
            billing_city: text(&customer.billing.city),
            billing_county: text(&customer.billing.county),
            billing_postal_code: text(&customer.billing.postal_code),
            shipping_street: text(&customer.shipping.street),
            shipping_city: text(&customer.shipping.city),
            shipping_county: text(&customer.shipping.county),
            shipping_postal_code: text(&customer.shipping.postal_code),
        }
    }

    /// What the form does not show of an address stays as it is.
    fn patch(&self, old: &Customer) -> CustomerPatch {
        let some = |text: &str| Some(text.to_owned());
        CustomerPatch {
            kind: self.kind.parse().ok(),
            name: some(&self.name),
            email: some(&self.email),
            phone: some(&self.phone),
            tax_id: some(&self.tax_id),
            registration_number: some(&self.registration_number),
            billing: Some(Address {
                street: some(&self.billing_street),
                city: some(&self.billing_city),
                county: some(&self.billing_county),
                postal_code: some(&self.billing_postal_code),
                ..old.billing.clone()
            }),
            shipping: Some(Address {
                street: some(&self.shipping_street),
                city: some(&self.shipping_city),
                county: some(&self.shipping_county),
                postal_code: some(&self.shipping_postal_code),
                ..old.shipping.clone()
            }),
        }
    }
}

#[derive(Serialize)]
struct ShowPage {
    id: i64,
    name: String,
    kind: Badge,
    channel: String,
    tax_id_suspect: bool,
    created_at: Timestamp,
    fields: Fields,
    kinds: Vec<Choice>,
    may_edit: bool,
    orders: Vec<OrderRow>,
    orders_total: Option<i64>,
    errors: Vec<FieldMessage>,
}

#[derive(Serialize)]
struct FieldMessage {
    field: String,
    message: String,
}

pub(super) async fn show(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<CustomerId>,
) -> Result<Response, Problem> {
    draw(&state, &page, id, None).await
}

/// The page as it is, or with a form that was refused.
async fn draw(
    state: &AppState,
    page: &Page,
    id: CustomerId,
    refused: Option<(Fields, Vec<FieldMessage>)>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let customer = service::get_customer(&mut conn, &page.actor, id).await?;
    let (orders, orders_total) = orders_of(&mut conn, page, id).await?;
    let status = match &refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let (fields, errors) = refused.unwrap_or_else(|| (Fields::of(&customer), Vec::new()));
    let context = ShowPage {
        id: customer.id.0,
        kind: kind_badge(page, customer.kind),
        channel: channel_text(page, customer.channel),
        name: customer.name,
        tax_id_suspect: customer.tax_id_suspect,
        created_at: customer.created_at,
        fields,
        kinds: CustomerKind::ALL
            .iter()
            .map(|kind| Choice {
                value: kind.as_str(),
                text: page.t(&format!("orders-customer-kind-{kind}")),
            })
            .collect(),
        may_edit: page.actor.may(CUSTOMERS_EDIT),
        orders,
        orders_total,
        errors,
    };
    page.render_with(status, "orders/customer.html", &context)
}

async fn orders_of(
    conn: &mut sqlx::PgConnection,
    page: &Page,
    id: CustomerId,
) -> Result<(Vec<OrderRow>, Option<i64>), Problem> {
    if !page.actor.may(ORDERS_VIEW) {
        return Ok((Vec::new(), None));
    }
    let filter = OrderFilter {
        customer: Some(id),
        ..OrderFilter::default()
    };
    let newest = (OrderSort::Placed, Direction::Descending);
    let found = service::list(conn, &page.actor, &filter, newest, &PageRequest::default()).await?;
    let rows = found
        .items
        .into_iter()
        .map(|row| OrderRow::of(row, page))
        .collect();
    Ok((rows, found.total))
}

pub(super) async fn save(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<CustomerId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let to = format!("/customers/{id}");
    let mut tx = state.db.begin(&page.actor).await?;
    let old = service::get_customer(&mut tx, &page.actor, id).await?;
    let patch = fields.patch(&old);
    match service::update_customer(&mut tx, &page.actor, id, fields.version, patch).await {
        Ok(customer) => {
            tx.commit().await?;
            let args = Args::new().with("name", customer.name);
            Ok(page.redirect_with(&to, FlashKind::Success, "orders-customer-saved", &args))
        }
        Err(OrderError::Invalid(problems)) => {
            drop(tx);
            let errors = problems
                .into_iter()
                .map(|problem| FieldMessage {
                    field: problem.field,
                    message: say(&page, &problem.refusal),
                })
                .collect();
            draw(&state, &page, id, Some((fields, errors))).await
        }
        Err(error) => refused(&page, &to, error),
    }
}
