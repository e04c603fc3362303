//! Rows of `app.customers`.

use kernel::{CustomerId, Timestamp};
use sqlx::types::Json;
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::{Address, Channel, Customer, CustomerKind, NewCustomer};

struct CustomerRecord {
    id: CustomerId,
    kind: CustomerKind,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    tax_id_suspect: bool,
    registration_number: Option<String>,
    billing: Json<Address>,
    shipping: Json<Address>,
    channel: Channel,
    external_id: Option<String>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<CustomerRecord> for Customer {
    fn from(row: CustomerRecord) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            email: row.email,
            phone: row.phone,
            tax_id: row.tax_id,
            tax_id_suspect: row.tax_id_suspect,
            registration_number: row.registration_number,
            billing: row.billing.0,
            shipping: row.shipping.0,
            channel: row.channel,
            external_id: row.external_id,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(crate) async fn find_customers(
    conn: &mut PgConnection,
    ids: &[CustomerId],
) -> Result<Vec<Customer>, sqlx::Error> {
    let rows = query_as!(
        CustomerRecord,
        r#"SELECT id AS "id: CustomerId", kind AS "kind: CustomerKind", name, email, phone, tax_id, tax_id_suspect,
                  registration_number, billing AS "billing: Json<Address>", shipping AS "shipping: Json<Address>",
                  channel AS "channel: Channel", external_id, version, created_at, updated_at
             FROM app.customers WHERE id = ANY($1)"#,
        ids as &[CustomerId]
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Customer::from).collect())
}

pub(crate) async fn lock_customer(
    conn: &mut PgConnection,
    id: CustomerId,
) -> Result<Option<Customer>, sqlx::Error> {
    let row = query_as!(
        CustomerRecord,
        r#"SELECT id AS "id: CustomerId", kind AS "kind: CustomerKind", name, email, phone, tax_id, tax_id_suspect,
                  registration_number, billing AS "billing: Json<Address>", shipping AS "shipping: Json<Address>",
                  channel AS "channel: Channel", external_id, version, created_at, updated_at
             FROM app.customers WHERE id = $1 FOR UPDATE"#,
        id as CustomerId
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Customer::from))
}

pub(crate) async fn find_customer_by_external(
    conn: &mut PgConnection,
    channel: Channel,
    external_id: &str,
) -> Result<Option<CustomerId>, sqlx::Error> {
    query_scalar!(
        r#"SELECT id AS "id: CustomerId" FROM app.customers WHERE channel = $1 AND external_id = $2"#,
        channel as Channel,
        external_id
    )
    .fetch_optional(conn)
    .await
}

/// Adds the customer; `None` when the channel's key is there already (somebody was faster).
pub(crate) async fn insert_customer(
    conn: &mut PgConnection,
    channel: Channel,
    customer: &NewCustomer,
) -> Result<Option<CustomerId>, sqlx::Error> {
    query_scalar!(
        r#"INSERT INTO app.customers
               (kind, name, email, phone, tax_id, tax_id_suspect, registration_number, billing, shipping, channel,
                external_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           ON CONFLICT ON CONSTRAINT customers_external_unique DO NOTHING
           RETURNING id AS "id: CustomerId""#,
        customer.kind as CustomerKind,
        customer.name,
        customer.email,
        customer.phone,
        customer.tax_id,
        customer.has_suspect_tax_id(),
        customer.registration_number,
        Json(&customer.billing) as Json<&Address>,
        Json(&customer.shipping) as Json<&Address>,
        channel as Channel,
        customer.external_id
    )
    .fetch_optional(conn)
    .await
}

/// Writes what differs; true when anything did.
pub(crate) async fn save_customer(
    conn: &mut PgConnection,
    id: CustomerId,
    customer: &NewCustomer,
) -> Result<bool, sqlx::Error> {
    let done = query!(
        "UPDATE app.customers
            SET kind = $2, name = $3, email = $4, phone = $5, tax_id = $6, tax_id_suspect = $7,
                registration_number = $8, billing = $9, shipping = $10
          WHERE id = $1
            AND (kind, name, email, phone, tax_id, tax_id_suspect, registration_number, billing, shipping)
                IS DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id as CustomerId,
        customer.kind as CustomerKind,
        customer.name,
        customer.email,
        customer.phone,
        customer.tax_id,
        customer.has_suspect_tax_id(),
        customer.registration_number,
        Json(&customer.billing) as Json<&Address>,
        Json(&customer.shipping) as Json<&Address>
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether the customer has an order placed after this moment: then an older order knows nothing newer.
pub(crate) async fn has_newer_order(
    conn: &mut PgConnection,
    id: CustomerId,
    placed_at: Timestamp,
) -> Result<bool, sqlx::Error> {
    query_scalar!(
        r#"SELECT EXISTS (SELECT FROM app.sales_orders WHERE customer_id = $1 AND placed_at > $2) AS "newer!""#,
        id as CustomerId,
        placed_at
    )
    .fetch_one(conn)
    .await
}
