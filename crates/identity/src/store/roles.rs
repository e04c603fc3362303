//! Permissions and the roles that hold them.

use kernel::{RoleId, UserId};
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::{PermissionRow, Role};

/// One synchronisation of the words at a time.
pub(crate) async fn lock_words(conn: &mut PgConnection) -> sqlx::Result<()> {
    query!("SELECT pg_advisory_xact_lock(hashtextextended('identity.permissions', 0))")
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes the words that are not there yet; those are returned.
pub(crate) async fn insert_permissions(
    conn: &mut PgConnection,
    codes: &[String],
    slices: &[String],
) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        "INSERT INTO app.permissions (code, slice) SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT (code) DO NOTHING RETURNING code",
        codes,
        slices
    )
    .fetch_all(conn)
    .await
}

/// Writes the roles that are not there yet; their codes are returned.
pub(crate) async fn insert_builtin(
    conn: &mut PgConnection,
    codes: &[String],
    names: &[String],
) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        "INSERT INTO app.roles (code, name, is_builtin)
         SELECT code, name, true FROM unnest($1::text[], $2::text[]) AS new(code, name)
         ON CONFLICT ON CONSTRAINT roles_code_unique DO NOTHING RETURNING code",
        codes,
        names
    )
    .fetch_all(conn)
    .await
}

/// Grants pairs of role code and permission; those that stand already stay.
pub(crate) async fn grant(
    conn: &mut PgConnection,
    roles: &[String],
    permissions: &[String],
) -> sqlx::Result<()> {
    query!(
        "INSERT INTO app.role_permissions (role_id, permission)
         SELECT r.id, g.permission FROM unnest($1::text[], $2::text[]) AS g(role, permission)
           JOIN app.roles r ON r.code = g.role
         ON CONFLICT ON CONSTRAINT role_permissions_unique DO NOTHING",
        roles,
        permissions
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn permissions(conn: &mut PgConnection) -> sqlx::Result<Vec<PermissionRow>> {
    query_as!(
        PermissionRow,
        "SELECT code, slice FROM app.permissions ORDER BY slice, code"
    )
    .fetch_all(conn)
    .await
}

/// All of them; a firm has a handful.
pub(crate) async fn list(conn: &mut PgConnection) -> sqlx::Result<Vec<Role>> {
    query_as!(
        Role,
        r#"SELECT r.id AS "id: RoleId", r.code, r.name, r.is_builtin,
                  ARRAY(SELECT rp.permission FROM app.role_permissions rp WHERE rp.role_id = r.id ORDER BY 1)
                      AS "permissions!",
                  (SELECT count(*) FROM app.user_roles ur WHERE ur.role_id = r.id) AS "users!", r.version
             FROM app.roles r ORDER BY r.is_builtin DESC, r.id"#
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: RoleId) -> sqlx::Result<Option<Role>> {
    query_as!(
        Role,
        r#"SELECT r.id AS "id: RoleId", r.code, r.name, r.is_builtin,
                  ARRAY(SELECT rp.permission FROM app.role_permissions rp WHERE rp.role_id = r.id ORDER BY 1)
                      AS "permissions!",
                  (SELECT count(*) FROM app.user_roles ur WHERE ur.role_id = r.id) AS "users!", r.version
             FROM app.roles r WHERE r.id = $1"#,
        id as RoleId
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn lock(conn: &mut PgConnection, id: RoleId) -> sqlx::Result<Option<i64>> {
    query_scalar!(
        "SELECT version FROM app.roles WHERE id = $1 FOR UPDATE",
        id as RoleId
    )
    .fetch_optional(conn)
    .await
}

/// Holds all changes of who is owner apart, until the end of the transaction.
pub(crate) async fn lock_owner(conn: &mut PgConnection) -> sqlx::Result<()> {
    query!("SELECT id FROM app.roles WHERE code = 'owner' FOR UPDATE")
        .fetch_optional(conn)
        .await?;
    Ok(())
}

pub(crate) async fn active_owners(conn: &mut PgConnection) -> sqlx::Result<i64> {
    query_scalar!(
        r#"SELECT count(*) AS "count!" FROM app.users u
             JOIN app.user_roles ur ON ur.user_id = u.id JOIN app.roles r ON r.id = ur.role_id
            WHERE u.is_active AND r.code = 'owner'"#
    )
    .fetch_one(conn)
    .await
}

/// Fails with `roles_code_unique` when the code is taken.
pub(crate) async fn insert(conn: &mut PgConnection, code: &str, name: &str) -> sqlx::Result<RoleId> {
    query_scalar!(
        r#"INSERT INTO app.roles (code, name) VALUES ($1, $2) RETURNING id AS "id: RoleId""#,
        code,
        name
    )
    .fetch_one(conn)
    .await
}

/// Also without a new name, so that the version moves with the permissions.
pub(crate) async fn update(conn: &mut PgConnection, id: RoleId, name: Option<&str>) -> sqlx::Result<()> {
    query!(
        "UPDATE app.roles SET name = COALESCE($2, name) WHERE id = $1",
        id as RoleId,
        name
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives the role exactly these permissions; rows that stay are not touched.
pub(crate) async fn set_permissions(
    conn: &mut PgConnection,
    id: RoleId,
    codes: &[String],
) -> sqlx::Result<()> {
    query!(
        "DELETE FROM app.role_permissions WHERE role_id = $1 AND permission <> ALL($2)",
        id as RoleId,
        codes
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "INSERT INTO app.role_permissions (role_id, permission) SELECT $1, code FROM unnest($2::text[]) AS code
         ON CONFLICT ON CONSTRAINT role_permissions_unique DO NOTHING",
        id as RoleId,
        codes
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn delete(conn: &mut PgConnection, id: RoleId) -> sqlx::Result<()> {
    query!("DELETE FROM app.roles WHERE id = $1", id as RoleId)
        .execute(conn)
        .await?;
    Ok(())
}

/// What roles allow together, and whether the owner's is among them.
pub(crate) struct Granted {
    pub(crate) is_owner: bool,
    pub(crate) permissions: Vec<String>,
}

pub(crate) async fn granted_by_roles(conn: &mut PgConnection, codes: &[String]) -> sqlx::Result<Granted> {
    query_as!(
        Granted,
        r#"SELECT 'owner' = ANY($1::text[]) AS "is_owner!",
                  ARRAY(SELECT DISTINCT rp.permission FROM app.role_permissions rp JOIN app.roles r ON r.id = rp.role_id
                         WHERE r.code = ANY($1)) AS "permissions!""#,
        codes
    )
    .fetch_one(conn)
    .await
}

/// What a user may do or, while disabled, could do.
pub(crate) async fn granted_to_user(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Granted> {
    query_as!(
        Granted,
        r#"SELECT EXISTS (SELECT FROM app.user_roles ur JOIN app.roles r ON r.id = ur.role_id
                           WHERE ur.user_id = $1 AND r.code = 'owner') AS "is_owner!",
                  ARRAY(SELECT DISTINCT rp.permission FROM app.user_roles ur
                          JOIN app.role_permissions rp ON rp.role_id = ur.role_id WHERE ur.user_id = $1) AS "permissions!""#,
        id as UserId
    )
    .fetch_one(conn)
    .await
}
