//! Customers: found by the channel's key, created, changed.

use kernel::{Actor, CustomerId, Page, PageRequest, Timestamp};
use sqlx::PgConnection;

use crate::error::OrderError;
use crate::model::{Channel, Customer, CustomerPatch, NewCustomer, checked_by_a_person};
use crate::search::{CustomerFilter, CustomerRow, CustomerSort, Direction};
use crate::{CUSTOMERS_EDIT, CUSTOMERS_VIEW, store};

/// The customer of an order and whether finding them wrote anything.
pub(super) struct Found {
    pub(super) id: CustomerId,
    pub(super) changed: bool,
}

/// A channel's key names one customer for ever; what the youngest of their orders says of them counts. A customer
/// without a key is a new one each time: two people may share a name.
pub(super) async fn find_or_create(
    conn: &mut PgConnection,
    channel: Channel,
    customer: &NewCustomer,
    placed_at: Timestamp,
) -> Result<Found, OrderError> {
    let existing = match &customer.external_id {
        Some(external) => store::find_customer_by_external(&mut *conn, channel, external).await?,
        None => None,
    };
    let id = match existing {
        Some(id) => id,
        None => match store::insert_customer(&mut *conn, channel, customer).await? {
            Some(id) => return Ok(Found { id, changed: true }),
            None => again(&mut *conn, channel, customer).await?,
        },
    };
    if store::has_newer_order(&mut *conn, id, placed_at).await? {
        return Ok(Found { id, changed: false });
    }
    let changed = store::save_customer(conn, id, customer).await?;
    Ok(Found { id, changed })
}

/// Somebody added the same key in this very moment.
async fn again(
    conn: &mut PgConnection,
    channel: Channel,
    customer: &NewCustomer,
) -> Result<CustomerId, OrderError> {
    let external = customer.external_id.as_deref().unwrap_or_default();
    store::find_customer_by_external(conn, channel, external)
        .await?
        .ok_or(OrderError::NotFound)
}

/// Adds a customer typed by a person.
pub async fn create_customer(
    conn: &mut PgConnection,
    actor: &Actor,
    customer: NewCustomer,
) -> Result<Customer, OrderError> {
    actor.require(CUSTOMERS_EDIT)?;
    let customer = checked_by_a_person(customer).map_err(|problems| OrderError::customer("", problems))?;
    let id = match store::insert_customer(&mut *conn, Channel::Manual, &customer).await? {
        Some(id) => id,
        None => again(&mut *conn, Channel::Manual, &customer).await?,
    };
    one(conn, id).await
}

/// Changes what the patch names; the tax code is checked again.
pub async fn update_customer(
    conn: &mut PgConnection,
    actor: &Actor,
    id: CustomerId,
    expected_version: Option<i64>,
    patch: CustomerPatch,
) -> Result<Customer, OrderError> {
    actor.require(CUSTOMERS_EDIT)?;
    let old = store::lock_customer(&mut *conn, id)
        .await?
        .ok_or(OrderError::NotFound)?;
    if let Some(version) = expected_version
        && version != old.version
    {
        return Err(OrderError::Stale {
            current_version: old.version,
        });
    }
    let customer =
        checked_by_a_person(patch.over(&old)).map_err(|problems| OrderError::customer("", problems))?;
    store::save_customer(&mut *conn, id, &customer).await?;
    one(conn, id).await
}

pub async fn get_customer(
    conn: &mut PgConnection,
    actor: &Actor,
    id: CustomerId,
) -> Result<Customer, OrderError> {
    actor.require(CUSTOMERS_VIEW)?;
    one(conn, id).await
}

pub(super) async fn one(conn: &mut PgConnection, id: CustomerId) -> Result<Customer, OrderError> {
    let mut found = store::find_customers(conn, &[id]).await?;
    found.pop().ok_or(OrderError::NotFound)
}

pub async fn list_customers(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &CustomerFilter,
    sort: (CustomerSort, Direction),
    page: &PageRequest,
) -> Result<Page<CustomerRow>, OrderError> {
    actor.require(CUSTOMERS_VIEW)?;
    store::search_customers(conn, filter, sort, page).await
}
