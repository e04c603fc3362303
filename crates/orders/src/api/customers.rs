//! Handlers of `/api/v1/customers`.

use axum::extract::State;
use axum::response::Response;
use kernel::CustomerId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{ApiActor, AppState, IfMatch, Json, List, Path, Problem, Query};

use super::sorted;
use super::views::{CustomerSummary, CustomerView};
use crate::model::{Address, Channel, CustomerKind, CustomerPatch, NewCustomer};
use crate::search::{CustomerFilter, CustomerSort, Direction};
use crate::service;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    #[param(value_type = Option<String>)]
    kind: Option<CustomerKind>,
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    q: Option<String>,
    /// `name`, `created_at`; a leading `-` turns it around.
    sort: Option<String>,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// Customers by name.
#[utoipa::path(get, path = "/api/v1/customers", tag = "customers", params(ListQuery),
    responses((status = 200, body = List<CustomerSummary>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<ListQuery>,
) -> Result<List<CustomerSummary>, Problem> {
    let filter = CustomerFilter {
        kind: query.kind,
        channel: query.channel,
        q: query.q,
    };
    let by_name = (CustomerSort::Name, Direction::Ascending);
    let sort = sorted(
        query.sort.as_deref(),
        &CustomerSort::ALL,
        CustomerSort::as_str,
        by_name,
    )?;
    let page = web::page_request(query.limit, query.cursor)?;
    let mut conn = state.db.read().await?;
    let page = service::list_customers(&mut conn, &actor, &filter, sort, &page).await?;
    Ok(List::from_page(page.map(CustomerSummary::from)))
}

/// A new customer; the smallest is a name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCustomer)]
pub(crate) struct CustomerBody {
    /// `person` unless said otherwise.
    #[schema(value_type = Option<String>)]
    kind: Option<CustomerKind>,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    registration_number: Option<String>,
    #[serde(default)]
    billing: Address,
    #[serde(default)]
    shipping: Address,
    /// The same key again is the same customer.
    external_id: Option<String>,
}

impl From<CustomerBody> for NewCustomer {
    fn from(body: CustomerBody) -> Self {
        Self {
            kind: body.kind.unwrap_or(CustomerKind::Person),
            name: body.name,
            email: body.email,
            phone: body.phone,
            tax_id: body.tax_id,
            registration_number: body.registration_number,
            billing: body.billing,
            shipping: body.shipping,
            external_id: body.external_id,
        }
    }
}

/// Adds a customer.
#[utoipa::path(post, path = "/api/v1/customers", tag = "customers", request_body = CustomerBody,
    responses((status = 201, body = CustomerView)))]
pub(crate) async fn create(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<CustomerBody>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let customer = service::create_customer(&mut tx, &actor, body.into()).await?;
    tx.commit().await?;
    let view = CustomerView::from(customer);
    Ok(web::created(
        &format!("/api/v1/customers/{}", view.id),
        view.version,
        &view,
    ))
}

/// One customer.
#[utoipa::path(get, path = "/api/v1/customers/{id}", tag = "customers", params(("id" = i64, Path)),
    responses((status = 200, body = CustomerView)))]
pub(crate) async fn show(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<CustomerId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let view = CustomerView::from(service::get_customer(&mut conn, &actor, id).await?);
    Ok(web::versioned(view.version, &view))
}

/// What changes of a customer; what is absent stays, an empty text clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomerPatch)]
pub(crate) struct PatchBody {
    #[schema(value_type = Option<String>)]
    kind: Option<CustomerKind>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    registration_number: Option<String>,
    billing: Option<Address>,
    shipping: Option<Address>,
}

/// Changes a customer.
#[utoipa::path(patch, path = "/api/v1/customers/{id}", tag = "customers", params(("id" = i64, Path)),
    request_body = PatchBody, responses((status = 200, body = CustomerView)))]
pub(crate) async fn update(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<CustomerId>,
    IfMatch(version): IfMatch,
    Json(body): Json<PatchBody>,
) -> Result<Response, Problem> {
    let patch = CustomerPatch {
        kind: body.kind,
        name: body.name,
        email: body.email,
        phone: body.phone,
        tax_id: body.tax_id,
        registration_number: body.registration_number,
        billing: body.billing,
        shipping: body.shipping,
    };
    let mut tx = state.db.begin(&actor).await?;
    let customer = service::update_customer(&mut tx, &actor, id, version, patch).await?;
    tx.commit().await?;
    let view = CustomerView::from(customer);
    Ok(web::versioned(view.version, &view))
}
