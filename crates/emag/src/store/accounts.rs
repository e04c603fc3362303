//! Accounts.

use kernel::{EmagAccountId, Timestamp, UserId, WarehouseId};
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::{Account, AccountKind, NewAccount};
use crate::secret::Sealed;

macro_rules! select {
    ($tail:tt $(, $arg:expr)*) => {
        query_as!(
            Account,
            r#"SELECT id AS "id: EmagAccountId", name, platform, kind AS "kind: AccountKind", username,
                      password_sealed AS "password: Sealed", base_url, currency,
                      warehouse_id AS "warehouse_id: WarehouseId", is_active, fault, fault_detail, fault_at,
                      push_enabled, push_enabled_at, push_enabled_by AS "push_enabled_by: UserId", push_prices,
                      acknowledge_orders, safety_buffer, opened_at, orders_read_until, version
                 FROM app.emag_accounts "# + $tail
            $(, $arg)*
        )
    };
}

pub(crate) async fn find(conn: &mut PgConnection, id: EmagAccountId) -> Result<Option<Account>, sqlx::Error> {
    select!("WHERE id = $1", id as EmagAccountId)
        .fetch_optional(conn)
        .await
}

pub(crate) async fn lock(conn: &mut PgConnection, id: EmagAccountId) -> Result<Option<Account>, sqlx::Error> {
    select!("WHERE id = $1 FOR UPDATE", id as EmagAccountId)
        .fetch_optional(conn)
        .await
}

pub(crate) async fn list(conn: &mut PgConnection) -> Result<Vec<Account>, sqlx::Error> {
    select!("ORDER BY name, id").fetch_all(conn).await
}

/// Adds an account whose push is off. The login is unique per platform.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    new: &NewAccount,
    currency: &str,
    warehouse: WarehouseId,
    sealed: &Sealed,
) -> Result<EmagAccountId, sqlx::Error> {
    query_scalar!(
        r#"INSERT INTO app.emag_accounts
               (name, platform, kind, username, password_sealed, base_url, currency, warehouse_id, safety_buffer,
                acknowledge_orders)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id AS "id: EmagAccountId""#,
        new.name,
        new.platform,
        new.kind.code(),
        new.username,
        sealed as &Sealed,
        new.base_url,
        currency,
        warehouse as WarehouseId,
        new.safety_buffer,
        new.acknowledge_orders,
    )
    .fetch_one(conn)
    .await
}

/// Writes what a person may change. New credentials clear a fault.
pub(crate) async fn update(
    conn: &mut PgConnection,
    account: &Account,
    clear_fault: bool,
) -> Result<i64, sqlx::Error> {
    query_scalar!(
        "UPDATE app.emag_accounts
            SET name = $2, username = $3, password_sealed = $4, base_url = $5, is_active = $6, push_prices = $7,
                safety_buffer = $8, acknowledge_orders = $9, fault = CASE WHEN $10 THEN NULL ELSE fault END,
                fault_detail = CASE WHEN $10 THEN NULL ELSE fault_detail END,
                fault_at = CASE WHEN $10 THEN NULL ELSE fault_at END
          WHERE id = $1 RETURNING version",
        account.id as EmagAccountId,
        account.name,
        account.username,
        &account.password as &Sealed,
        account.base_url,
        account.is_active,
        account.push_prices,
        account.safety_buffer,
        account.acknowledge_orders,
        clear_fault,
    )
    .fetch_one(conn)
    .await
}

/// Records a trouble of the account, or its end; writes nothing when that is known already.
pub(crate) async fn set_fault(
    conn: &mut PgConnection,
    id: EmagAccountId,
    fault: Option<&str>,
    detail: Option<&str>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = query!(
        "UPDATE app.emag_accounts
            SET fault = $2, fault_detail = $3, fault_at = CASE WHEN $2::text IS NULL THEN NULL ELSE $4::timestamptz END
          WHERE id = $1 AND fault IS DISTINCT FROM $2",
        id as EmagAccountId,
        fault,
        detail,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn set_push(
    conn: &mut PgConnection,
    id: EmagAccountId,
    enabled: bool,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_accounts SET push_enabled = $2, push_enabled_at = $4, push_enabled_by = $3 WHERE id = $1",
        id as EmagAccountId,
        enabled,
        by as Option<UserId>,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The first complete reading of the offers is through; the first one counts.
pub(crate) async fn set_opened(
    conn: &mut PgConnection,
    id: EmagAccountId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_accounts SET opened_at = $2 WHERE id = $1 AND opened_at IS NULL",
        id as EmagAccountId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn set_orders_read_until(
    conn: &mut PgConnection,
    id: EmagAccountId,
    until: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "UPDATE app.emag_accounts SET orders_read_until = $2 WHERE id = $1",
        id as EmagAccountId,
        until
    )
    .execute(conn)
    .await?;
    Ok(())
}
