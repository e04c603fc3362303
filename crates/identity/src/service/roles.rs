//! Roles and the permissions they hold.

use kernel::{Actor, Permission, RoleId};
use sqlx::PgConnection;

use crate::builtin::{BUILTIN, Builtin, OWNER};
use crate::error::IdentityError;
use crate::model::{Name, PermissionRow, Role, role_code};
use crate::service::{same_version, within_own_rights};
use crate::store::roles::{self as store, Granted};
use crate::{ROLES, USERS};

/// A role somebody makes.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// Made from the name when absent.
    pub code: Option<String>,
    pub name: Name,
    pub permissions: Vec<String>,
}

/// What changes of a role; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct RolePatch {
    pub name: Option<Name>,
    pub permissions: Option<Vec<String>>,
}

/// Writes the words the slices declare and the built-in roles. Idempotent; run at every start. What people changed
/// of a built-in role stays: only words and roles that are new are granted, and to the owner all.
pub async fn sync_permissions(conn: &mut PgConnection, declared: &[Permission]) -> Result<(), IdentityError> {
    store::lock_words(conn).await?;
    let codes: Vec<String> = declared.iter().map(|word| word.code().to_owned()).collect();
    let slices: Vec<String> = codes
        .iter()
        .map(|code| code.split('.').next().unwrap_or_default().to_owned())
        .collect();
    let new_words = store::insert_permissions(conn, &codes, &slices).await?;
    let all = |word: fn(&Builtin) -> &'static str| {
        BUILTIN
            .iter()
            .map(|role| word(role).to_owned())
            .collect::<Vec<_>>()
    };
    let new_roles = store::insert_builtin(conn, &all(|role| role.code), &all(|role| role.name)).await?;
    let mut pairs: (Vec<String>, Vec<String>) = Default::default();
    for role in BUILTIN {
        let all_words = role.code == OWNER || new_roles.iter().any(|code| code == role.code);
        let words = if all_words { &codes } else { &new_words };
        for word in words.iter().filter(|word| role.grants(word)) {
            pairs.0.push(role.code.to_owned());
            pairs.1.push(word.clone());
        }
    }
    Ok(store::grant(conn, &pairs.0, &pairs.1).await?)
}

pub async fn list_permissions(
    conn: &mut PgConnection,
    actor: &Actor,
) -> Result<Vec<PermissionRow>, IdentityError> {
    require_either(actor)?;
    Ok(store::permissions(conn).await?)
}

/// Whoever gives roles to users must see them too.
fn require_either(actor: &Actor) -> Result<(), IdentityError> {
    if !actor.may(USERS) {
        actor.require(ROLES)?;
    }
    Ok(())
}

/// All roles, those of the program first.
pub async fn list_roles(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<Role>, IdentityError> {
    require_either(actor)?;
    Ok(store::list(conn).await?)
}

pub async fn get_role(conn: &mut PgConnection, actor: &Actor, id: RoleId) -> Result<Role, IdentityError> {
    require_either(actor)?;
    store::find(conn, id).await?.ok_or(IdentityError::NotFound)
}

pub async fn create_role(
    conn: &mut PgConnection,
    actor: &Actor,
    new: &NewRole,
) -> Result<Role, IdentityError> {
    actor.require(ROLES)?;
    let code = match &new.code {
        Some(code) if role_code(code)? == *code => code.clone(),
        Some(_) => {
            return Err(kernel::Refusal::new("identity-role-code-invalid")
                .on("code")
                .into());
        }
        None => role_code(new.name.as_str())?,
    };
    check_words(conn, actor, &new.permissions).await?;
    let id = store::insert(conn, &code, new.name.as_str()).await?;
    store::set_permissions(conn, id, &new.permissions).await?;
    store::find(conn, id).await?.ok_or(IdentityError::NotFound)
}

async fn check_words(conn: &mut PgConnection, actor: &Actor, words: &[String]) -> Result<(), IdentityError> {
    let known = store::permissions(conn).await?;
    if let Some(code) = words
        .iter()
        .find(|word| !known.iter().any(|row| row.code == **word))
    {
        return Err(IdentityError::UnknownPermission { code: code.clone() });
    }
    within_own_rights(
        actor,
        &Granted {
            is_owner: false,
            permissions: words.to_vec(),
        },
    )
}

pub async fn update_role(
    conn: &mut PgConnection,
    actor: &Actor,
    id: RoleId,
    expected_version: Option<i64>,
    patch: &RolePatch,
) -> Result<Role, IdentityError> {
    actor.require(ROLES)?;
    let version = store::lock(conn, id).await?.ok_or(IdentityError::NotFound)?;
    same_version(expected_version, version)?;
    let before = store::find(conn, id).await?.ok_or(IdentityError::NotFound)?;
    if before.code == OWNER {
        return Err(IdentityError::OwnerRoleFixed);
    }
    // Taking a right away from a role is also power over its holders.
    within_own_rights(
        actor,
        &Granted {
            is_owner: false,
            permissions: before.permissions,
        },
    )?;
    if let Some(words) = &patch.permissions {
        check_words(conn, actor, words).await?;
        store::set_permissions(conn, id, words).await?;
    }
    store::update(conn, id, patch.name.as_ref().map(Name::as_str)).await?;
    store::find(conn, id).await?.ok_or(IdentityError::NotFound)
}

/// Removes a role that nobody has and that did not come with the program.
pub async fn delete_role(
    conn: &mut PgConnection,
    actor: &Actor,
    id: RoleId,
    expected_version: Option<i64>,
) -> Result<(), IdentityError> {
    actor.require(ROLES)?;
    let version = store::lock(conn, id).await?.ok_or(IdentityError::NotFound)?;
    same_version(expected_version, version)?;
    let role = store::find(conn, id).await?.ok_or(IdentityError::NotFound)?;
    if role.is_builtin {
        return Err(IdentityError::BuiltinRole);
    }
    if role.users > 0 {
        return Err(IdentityError::RoleInUse { users: role.users });
    }
    within_own_rights(
        actor,
        &Granted {
            is_owner: false,
            permissions: role.permissions,
        },
    )?;
    Ok(store::delete(conn, id).await?)
}
