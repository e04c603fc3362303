//! The use cases. Each asks for the permission first; whoever began the transaction commits it. Those that hash a
//! password begin their own, so that no connection waits for a hash.

mod audit;
mod login;
mod roles;
mod sessions;
mod setup;
mod shell;
mod tokens;
mod users;

pub use audit::{TrailBreach, audit_log, verify};
pub(crate) use audit::{audit_people, audit_tables};
pub(crate) use login::{Attempt, TokenPair, log_in, log_in_for_tokens, refresh};
pub use roles::{
    NewRole, RolePatch, create_role, delete_role, get_role, list_permissions, list_roles, sync_permissions,
    update_role,
};
pub use sessions::purge;
pub(crate) use sessions::{
    end_other_sessions, end_session, end_session_by_cookie, list_sessions, open_browser_session, should_note,
    slide,
};
pub use setup::needs_setup;
pub(crate) use setup::{NewSetup, set_up, setup_allowed, tax_id};
pub use shell::{
    IssuedToken, create_token_for, create_user_with_role, disable_by_email, ensure_company, ensure_owner,
    list_all_tokens, list_users, revoke_any_token, set_password_by_email,
};
pub use tokens::{CreatedToken, NewToken, create_token, list_tokens, revoke_token};
pub use users::{
    NewUser, UserPatch, create_user, get_user, page_of_users, set_password, set_preferences, update_user,
};
pub(crate) use users::{change_own_password, change_own_profile};

use kernel::{Actor, PermissionSet};

use crate::error::IdentityError;
use crate::store::roles::Granted;

/// Nobody hands out, or takes over, rights beyond their own.
fn within_own_rights(actor: &Actor, granted: &Granted) -> Result<(), IdentityError> {
    let within = match &actor.permissions {
        PermissionSet::All => true,
        PermissionSet::Only(own) => {
            !granted.is_owner && granted.permissions.iter().all(|code| own.contains(code))
        }
    };
    if within {
        Ok(())
    } else {
        Err(IdentityError::BeyondOwnRights)
    }
}

/// The version the caller saw must be the one that is there.
fn same_version(expected: Option<i64>, current_version: i64) -> Result<(), IdentityError> {
    match expected {
        Some(expected) if expected != current_version => Err(IdentityError::Stale { current_version }),
        Some(_) | None => Ok(()),
    }
}
