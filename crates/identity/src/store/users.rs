//! Users, their roles, and the company row of the set-up.

use kernel::{Locale, Timestamp, UserId};
use sqlx::{PgConnection, query, query_as, query_scalar};

use crate::model::{Email, Name, User};
use crate::password::HashedPassword;

/// What a log-in needs to know.
pub(crate) struct LoginRow {
    pub(crate) id: UserId,
    pub(crate) password_hash: String,
    pub(crate) is_active: bool,
}

pub(crate) async fn find_for_login(conn: &mut PgConnection, email: &Email) -> sqlx::Result<Option<LoginRow>> {
    query_as!(
        LoginRow,
        r#"SELECT id AS "id: UserId", password_hash, is_active FROM app.users WHERE email = $1"#,
        email.as_str()
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn password_hash(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Option<String>> {
    query_scalar!("SELECT password_hash FROM app.users WHERE id = $1", id as UserId)
        .fetch_optional(conn)
        .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Option<User>> {
    query_as!(
        User,
        r#"SELECT u.id AS "id: UserId", u.email, u.name, u.locale, u.theme, u.is_active,
                  ARRAY(SELECT r.code FROM app.user_roles ur JOIN app.roles r ON r.id = ur.role_id
                         WHERE ur.user_id = u.id ORDER BY r.code) AS "roles!",
                  u.last_login_at, u.version, u.created_at, u.updated_at
             FROM app.users u WHERE u.id = $1"#,
        id as UserId
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn find_id(conn: &mut PgConnection, email: &Email) -> sqlx::Result<Option<UserId>> {
    query_scalar!(
        r#"SELECT id AS "id: UserId" FROM app.users WHERE email = $1"#,
        email.as_str()
    )
    .fetch_optional(conn)
    .await
}

/// Locks the row until the end of the transaction; its version.
pub(crate) async fn lock(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Option<i64>> {
    query_scalar!(
        "SELECT version FROM app.users WHERE id = $1 FOR UPDATE",
        id as UserId
    )
    .fetch_optional(conn)
    .await
}

/// Filters of the list of users.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Part of a name or e-mail; case and diacritics do not matter.
    pub text: Option<String>,
    pub is_active: Option<bool>,
}

/// By e-mail, after the given one; one row more than asked tells of a next page.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &UserFilter,
    after: Option<&str>,
    rows: i64,
) -> sqlx::Result<Vec<User>> {
    query_as!(
        User,
        r#"SELECT u.id AS "id: UserId", u.email, u.name, u.locale, u.theme, u.is_active,
                  ARRAY(SELECT r.code FROM app.user_roles ur JOIN app.roles r ON r.id = ur.role_id
                         WHERE ur.user_id = u.id ORDER BY r.code) AS "roles!",
                  u.last_login_at, u.version, u.created_at, u.updated_at
             FROM app.users u
            WHERE ($1::text IS NULL OR position(app.fold($1) IN app.fold(u.name || ' ' || u.email)) > 0)
              AND ($2::boolean IS NULL OR u.is_active = $2)
              AND ($3::text IS NULL OR u.email > $3)
            ORDER BY u.email LIMIT $4"#,
        filter.text,
        filter.is_active,
        after,
        rows
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn count(conn: &mut PgConnection, filter: &UserFilter) -> sqlx::Result<i64> {
    query_scalar!(
        r#"SELECT count(*) AS "count!" FROM app.users u
            WHERE ($1::text IS NULL OR position(app.fold($1) IN app.fold(u.name || ' ' || u.email)) > 0)
              AND ($2::boolean IS NULL OR u.is_active = $2)"#,
        filter.text,
        filter.is_active
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn any(conn: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar!(r#"SELECT EXISTS (SELECT FROM app.users) AS "any!""#)
        .fetch_one(conn)
        .await
}

/// One set-up at a time, until the end of the transaction.
pub(crate) async fn lock_setup(conn: &mut PgConnection) -> sqlx::Result<()> {
    query!("SELECT pg_advisory_xact_lock(hashtextextended('identity.setup', 0))")
        .execute(conn)
        .await?;
    Ok(())
}

/// Fails with `users_email_unique` when the address is taken.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    email: &Email,
    name: &Name,
    hash: &HashedPassword,
    locale: Locale,
) -> sqlx::Result<UserId> {
    query_scalar!(
        r#"INSERT INTO app.users (email, name, password_hash, locale) VALUES ($1, $2, $3, $4)
           RETURNING id AS "id: UserId""#,
        email.as_str(),
        name.as_str(),
        hash.as_str(),
        locale.tag()
    )
    .fetch_one(conn)
    .await
}

/// What changes of a user; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserChange<'a> {
    pub(crate) email: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) locale: Option<&'a str>,
    pub(crate) theme: Option<&'a str>,
    pub(crate) is_active: Option<bool>,
}

/// Names every column, so that the version moves also when only the roles change.
pub(crate) async fn update(conn: &mut PgConnection, id: UserId, change: &UserChange<'_>) -> sqlx::Result<()> {
    query!(
        "UPDATE app.users SET email = COALESCE($2, email), name = COALESCE($3, name), locale = COALESCE($4, locale),
                theme = COALESCE($5, theme), is_active = COALESCE($6, is_active) WHERE id = $1",
        id as UserId,
        change.email,
        change.name,
        change.locale,
        change.theme,
        change.is_active
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn set_password(
    conn: &mut PgConnection,
    id: UserId,
    hash: &HashedPassword,
) -> sqlx::Result<()> {
    query!(
        "UPDATE app.users SET password_hash = $2, password_changed_at = now() WHERE id = $1",
        id as UserId,
        hash.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn touch_login(conn: &mut PgConnection, id: UserId, now: Timestamp) -> sqlx::Result<()> {
    query!(
        "UPDATE app.users SET last_login_at = $2 WHERE id = $1",
        id as UserId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which of the codes are roles.
pub(crate) async fn known_roles(conn: &mut PgConnection, codes: &[String]) -> sqlx::Result<Vec<String>> {
    query_scalar!("SELECT code FROM app.roles WHERE code = ANY($1)", codes)
        .fetch_all(conn)
        .await
}

/// Gives the user exactly these roles; rows that stay are not touched, so the trail tells only of changes.
pub(crate) async fn set_roles(conn: &mut PgConnection, id: UserId, codes: &[String]) -> sqlx::Result<()> {
    query!(
        "DELETE FROM app.user_roles ur USING app.roles r
          WHERE ur.role_id = r.id AND ur.user_id = $1 AND r.code <> ALL($2)",
        id as UserId,
        codes
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "INSERT INTO app.user_roles (user_id, role_id) SELECT $1, r.id FROM app.roles r WHERE r.code = ANY($2)
         ON CONFLICT ON CONSTRAINT user_roles_unique DO NOTHING",
        id as UserId,
        codes
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the company row, or leaves the one that is there.
pub(crate) async fn ensure_company(
    conn: &mut PgConnection,
    name: &Name,
    tax_id: Option<&str>,
    currency: &str,
    locale: Locale,
) -> sqlx::Result<bool> {
    let done = query!(
        "INSERT INTO app.company (name, tax_id, currency, locale) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING",
        name.as_str(),
        tax_id,
        currency,
        locale.tag()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
