//! What the command line and the demo call: by e-mail, with their own transactions.

use db::Db;
use kernel::{Actor, ApiTokenId, Limit, Locale, PageRequest};
use sqlx::PgConnection;

use crate::builtin::OWNER;
use crate::error::IdentityError;
use crate::model::{ApiToken, Email, Name, NewPassword, User};
use crate::password;
use crate::service::{NewToken, NewUser, UserPatch, roles, tokens, users};
use crate::store::users::{self as store, UserFilter};
use crate::{TOKENS, USERS};

/// A command that lists shows at most this many; more is looked for on the page.
const LISTED_MAX: i64 = 10_000;

/// A token made from the shell, in full: it is shown once.
#[derive(Clone)]
pub struct IssuedToken {
    pub id: ApiTokenId,
    pub secret: String,
}

/// Makes a user with one role.
pub async fn create_user_with_role(
    db: &Db,
    actor: &Actor,
    email: &str,
    name: &str,
    role: &str,
    password: &str,
) -> Result<User, IdentityError> {
    let new = NewUser::parse(email, name, password, Locale::Ro, vec![role.to_owned()])?;
    let hash = new.hashed().await?;
    let mut tx = db.begin(actor).await?;
    // On an empty database the roles of the program are not there yet.
    roles::sync_permissions(&mut tx, &[]).await?;
    let user = users::create_user(&mut tx, actor, &new, &hash).await?;
    tx.commit().await?;
    Ok(user)
}

/// The owner of a demo: made if absent, otherwise left alone.
pub async fn ensure_owner(
    db: &Db,
    actor: &Actor,
    email: &str,
    name: &str,
    password: &str,
) -> Result<(), IdentityError> {
    match create_user_with_role(db, actor, email, name, OWNER, password).await {
        Ok(_) | Err(IdentityError::EmailTaken) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The firm's row: made if absent, otherwise left alone. `currency` is an ISO 4217 code.
pub async fn ensure_company(
    conn: &mut PgConnection,
    name: &str,
    currency: &str,
    locale: Locale,
) -> Result<(), IdentityError> {
    let name = Name::parse(name, "company")?;
    store::ensure_company(conn, &name, None, currency, locale).await?;
    Ok(())
}

/// Everybody, by e-mail.
pub async fn list_users(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<User>, IdentityError> {
    actor.require(USERS)?;
    Ok(store::list(conn, &UserFilter::default(), None, LISTED_MAX).await?)
}

async fn find_by_email(conn: &mut PgConnection, email: &str) -> Result<kernel::UserId, IdentityError> {
    let email = Email::parse(email)?;
    store::find_id(conn, &email).await?.ok_or(IdentityError::NotFound)
}

/// The user can no longer sign in, and every session of theirs ends.
pub async fn disable_by_email(db: &Db, actor: &Actor, email: &str) -> Result<(), IdentityError> {
    let mut tx = db.begin(actor).await?;
    let id = find_by_email(&mut tx, email).await?;
    let patch = UserPatch {
        is_active: Some(false),
        ..UserPatch::default()
    };
    users::update_user(&mut tx, actor, id, None, &patch).await?;
    tx.commit().await?;
    Ok(())
}

pub async fn set_password_by_email(
    db: &Db,
    actor: &Actor,
    email: &str,
    password_text: &str,
) -> Result<(), IdentityError> {
    let new = NewPassword::parse(password_text, &Email::parse(email)?)?;
    let hash = password::hash(&new).await?;
    let mut tx = db.begin(actor).await?;
    let id = find_by_email(&mut tx, email).await?;
    users::set_password(&mut tx, actor, id, &hash).await?;
    tx.commit().await?;
    Ok(())
}

/// A token for the user with this e-mail, without an end.
pub async fn create_token_for(
    db: &Db,
    actor: &Actor,
    email: &str,
    name: &str,
) -> Result<IssuedToken, IdentityError> {
    actor.require(TOKENS)?;
    let new = NewToken {
        name: Name::parse(name, "name")?,
        expires_at: None,
    };
    let mut tx = db.begin(actor).await?;
    let user = find_by_email(&mut tx, email).await?;
    let created = tokens::create_for(&mut tx, user, &new).await?;
    tx.commit().await?;
    Ok(IssuedToken {
        id: created.token.id,
        secret: created.secret.expose().to_owned(),
    })
}

/// The newest tokens of everybody.
pub async fn list_all_tokens(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<ApiToken>, IdentityError> {
    let request = PageRequest {
        limit: Limit::new(Limit::MAX).unwrap_or_default(),
        after: None,
    };
    Ok(tokens::list_tokens(conn, actor, None, request).await?.items)
}

pub async fn revoke_any_token(db: &Db, actor: &Actor, id: ApiTokenId) -> Result<(), IdentityError> {
    actor.require(TOKENS)?;
    let mut tx = db.begin(actor).await?;
    tokens::revoke_token(&mut tx, actor, id).await?;
    tx.commit().await?;
    Ok(())
}
