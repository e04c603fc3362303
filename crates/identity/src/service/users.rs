//! Users: making them, changing them, passwords, preferences.

use kernel::{Actor, Locale, Page, PageRequest, Refusal, UserId};
use sqlx::PgConnection;
use web::Caller;

use crate::USERS;
use crate::builtin::OWNER;
use crate::context::Context;
use crate::error::IdentityError;
use crate::model::{Email, Name, NewPassword, User, theme_of};
use crate::password::{self, HashedPassword};
use crate::secret::SecretHash;
use crate::service::{login, same_version, sessions, within_own_rights};
use crate::store::users::{self as store, UserChange, UserFilter};
use crate::store::{roles, sessions as session_rows};

/// Somebody new.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub email: Email,
    pub name: Name,
    pub password: NewPassword,
    pub locale: Locale,
    /// Codes of the roles.
    pub roles: Vec<String>,
}

impl NewUser {
    /// Reads what was typed; all mistakes together.
    pub fn parse(
        email: &str,
        name: &str,
        password: &str,
        locale: Locale,
        roles: Vec<String>,
    ) -> Result<Self, IdentityError> {
        let email = Email::parse(email);
        let name = Name::parse(name, "name");
        let password = match &email {
            Ok(email) => NewPassword::parse(password, email).map(Some),
            Err(_told_already) => Ok(None),
        };
        match (email, name, password) {
            (Ok(email), Ok(name), Ok(Some(password))) => Ok(Self {
                email,
                name,
                password,
                locale,
                roles,
            }),
            (email, name, password) => Err(IdentityError::Invalid(
                [email.err(), name.err(), password.err()]
                    .into_iter()
                    .flatten()
                    .collect(),
            )),
        }
    }

    /// Reckons the hash. Before the transaction: it takes long.
    pub async fn hashed(&self) -> Result<HashedPassword, IdentityError> {
        Ok(password::hash(&self.password).await?)
    }
}

/// What changes of a user; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    pub email: Option<Email>,
    pub name: Option<Name>,
    pub locale: Option<Locale>,
    /// `system`, `light` or `dark`.
    pub theme: Option<String>,
    pub is_active: Option<bool>,
    pub roles: Option<Vec<String>>,
}

pub async fn get_user(conn: &mut PgConnection, actor: &Actor, id: UserId) -> Result<User, IdentityError> {
    if actor.user_id() != Some(id) {
        actor.require(USERS)?;
    }
    store::find(conn, id).await?.ok_or(IdentityError::NotFound)
}

/// By e-mail.
pub async fn page_of_users(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &UserFilter,
    request: PageRequest,
) -> Result<Page<User>, IdentityError> {
    actor.require(USERS)?;
    let after = match &request.after {
        Some(cursor) => Some(
            cursor
                .open::<String>()
                .map_err(|error| IdentityError::Cursor(error.into()))?,
        ),
        None => None,
    };
    let rows = store::list(conn, filter, after.as_deref(), request.limit.probe()).await?;
    let total = store::count(conn, filter).await?;
    Ok(Page::cut(rows, request.limit, Some(total), |user| {
        user.email.clone()
    }))
}

/// `hash` comes from [`NewUser::hashed`].
pub async fn create_user(
    conn: &mut PgConnection,
    actor: &Actor,
    new: &NewUser,
    hash: &HashedPassword,
) -> Result<User, IdentityError> {
    actor.require(USERS)?;
    check_roles(conn, actor, &new.roles).await?;
    let id = store::insert(conn, &new.email, &new.name, hash, new.locale).await?;
    store::set_roles(conn, id, &new.roles).await?;
    store::find(conn, id).await?.ok_or(IdentityError::NotFound)
}

async fn check_roles(conn: &mut PgConnection, actor: &Actor, codes: &[String]) -> Result<(), IdentityError> {
    let known = store::known_roles(conn, codes).await?;
    if let Some(code) = codes.iter().find(|code| !known.contains(code)) {
        return Err(IdentityError::UnknownRole { code: code.clone() });
    }
    within_own_rights(actor, &roles::granted_by_roles(conn, codes).await?)
}

/// Changes a user. Disabling ends their sessions; the last active owner stays one.
pub async fn update_user(
    conn: &mut PgConnection,
    actor: &Actor,
    id: UserId,
    expected_version: Option<i64>,
    patch: &UserPatch,
) -> Result<User, IdentityError> {
    actor.require(USERS)?;
    roles::lock_owner(conn).await?;
    let version = store::lock(conn, id).await?.ok_or(IdentityError::NotFound)?;
    same_version(expected_version, version)?;
    let before = store::find(conn, id).await?.ok_or(IdentityError::NotFound)?;
    within_own_rights(actor, &roles::granted_to_user(conn, id).await?)?;
    check_self(actor, &before, patch)?;
    if let Some(codes) = &patch.roles {
        check_roles(conn, actor, codes).await?;
        store::set_roles(conn, id, codes).await?;
    }
    write_change(conn, id, patch).await?;
    let was_owner = before.is_active && before.roles.iter().any(|code| code == OWNER);
    if was_owner && roles::active_owners(conn).await? == 0 {
        return Err(IdentityError::LastOwner);
    }
    if patch.is_active == Some(false) {
        session_rows::delete_others(conn, id, None).await?;
    }
    store::find(conn, id).await?.ok_or(IdentityError::NotFound)
}

async fn write_change(conn: &mut PgConnection, id: UserId, patch: &UserPatch) -> Result<(), IdentityError> {
    if let Some(theme) = &patch.theme {
        check_theme(theme)?;
    }
    let change = UserChange {
        email: patch.email.as_ref().map(Email::as_str),
        name: patch.name.as_ref().map(Name::as_str),
        locale: patch.locale.map(Locale::tag),
        theme: patch.theme.as_deref(),
        is_active: patch.is_active,
    };
    Ok(store::update(conn, id, &change).await?)
}

fn check_theme(theme: &str) -> Result<(), IdentityError> {
    match theme_of(theme) {
        Some(_) => Ok(()),
        None => Err(Refusal::new("identity-theme-unknown").on("theme").into()),
    }
}

fn check_self(actor: &Actor, before: &User, patch: &UserPatch) -> Result<(), IdentityError> {
    if actor.user_id() != Some(before.id) {
        return Ok(());
    }
    if patch.is_active == Some(false) {
        return Err(IdentityError::OwnAccount);
    }
    let is_owner = |codes: &[String]| codes.iter().any(|code| code == OWNER);
    let keeps = patch.roles.as_ref().is_none_or(|codes| is_owner(codes));
    if is_owner(&before.roles) && !keeps {
        return Err(IdentityError::OwnOwnerRole);
    }
    Ok(())
}

/// Gives somebody else a new password and ends all their sessions.
pub async fn set_password(
    conn: &mut PgConnection,
    actor: &Actor,
    id: UserId,
    hash: &HashedPassword,
) -> Result<(), IdentityError> {
    actor.require(USERS)?;
    store::lock(conn, id).await?.ok_or(IdentityError::NotFound)?;
    within_own_rights(actor, &roles::granted_to_user(conn, id).await?)?;
    store::set_password(conn, id, hash).await?;
    session_rows::delete_others(conn, id, None).await?;
    Ok(())
}

/// Changes the caller's own password, for which they type the old one; all other sessions end.
pub(crate) async fn change_own_password(
    context: &Context,
    actor: &Actor,
    (old, new): (&str, &str),
    cookie: Option<SecretHash>,
) -> Result<(), IdentityError> {
    let user = actor.user_id().ok_or(IdentityError::NotFound)?;
    let mut conn = context.db.read().await?;
    let row = store::find(&mut conn, user)
        .await?
        .ok_or(IdentityError::NotFound)?;
    drop(conn);
    let new = NewPassword::parse(new, &Email::parse(&row.email)?)?;
    let caller = Caller {
        ip: actor.ip,
        ..Caller::default()
    };
    login::check_password(context, user, old, &caller).await?;
    let hash = password::hash(&new).await?;
    let mut tx = context.db.begin(actor).await?;
    store::set_password(&mut tx, user, &hash).await?;
    sessions::end_other_sessions(&mut tx, user, cookie).await?;
    tx.commit().await?;
    Ok(())
}

/// What everybody may change of themselves.
pub(crate) async fn change_own_profile(
    conn: &mut PgConnection,
    actor: &Actor,
    name: &Name,
    locale: Locale,
    theme: &str,
) -> Result<(), IdentityError> {
    let user = actor.user_id().ok_or(IdentityError::NotFound)?;
    check_theme(theme)?;
    let change = UserChange {
        name: Some(name.as_str()),
        locale: Some(locale.tag()),
        theme: Some(theme),
        ..UserChange::default()
    };
    Ok(store::update(conn, user, &change).await?)
}

/// Language and theme of the caller's own screens; `None` stays. `theme` is `system`, `light` or `dark`.
pub async fn set_preferences(
    conn: &mut PgConnection,
    user: UserId,
    locale: Option<Locale>,
    theme: Option<&str>,
) -> Result<(), IdentityError> {
    if let Some(theme) = theme {
        check_theme(theme)?;
    }
    let change = UserChange {
        locale: locale.map(Locale::tag),
        theme,
        ..UserChange::default()
    };
    Ok(store::update(conn, user, &change).await?)
}
