//! Who may do what: users, roles, permissions, sessions, API tokens, throttled log-in, and the audit trail's read side.
//!
//! Always holds: secrets are kept as hashes only; a disabled user is out at once; there is always an active owner;
//! nobody gives rights they lack. Never knows what the permissions mean: slices declare the words.

mod api;
mod authenticator;
mod builtin;
mod context;
mod error;
mod jobs;
mod model;
mod pages;
mod password;
mod secret;
mod service;
mod store;
#[cfg(test)]
mod tests;
mod throttle;

pub use api::openapi;
pub use authenticator::Sessions;
pub use builtin::OWNER;
pub use context::{Context, SetupAccount, SetupHook};
pub use error::IdentityError;
pub use jobs::register;
pub use model::{ApiToken, AuditEntry, Email, Name, NewPassword, PermissionRow, Role, User};
pub use password::{HashError, HashedPassword};
pub use secret::{SESSION_COOKIE, Secret};
pub use service::{
    CreatedToken, IssuedToken, NewRole, NewToken, NewUser, RolePatch, TrailBreach, UserPatch, audit_log,
    create_role, create_token, create_token_for, create_user, create_user_with_role, delete_role,
    disable_by_email, ensure_company, ensure_owner, get_role, get_user, list_all_tokens, list_permissions,
    list_roles, list_tokens, list_users, needs_setup, page_of_users, purge, revoke_any_token, revoke_token,
    set_password, set_password_by_email, set_preferences, sync_permissions, update_role, update_user, verify,
};
pub use store::audit::AuditFilter;
pub use store::users::UserFilter;

use kernel::Permission;
use web::NavItem;

/// Create, change and disable users.
pub const USERS: Permission = Permission::new("identity.users");
/// Change what roles may do.
pub const ROLES: Permission = Permission::new("identity.roles");
/// Read the audit trail.
pub const AUDIT: Permission = Permission::new("identity.audit");
/// See and revoke everybody's API tokens.
pub const TOKENS: Permission = Permission::new("identity.tokens");

pub const PERMISSIONS: &[Permission] = &[USERS, ROLES, AUDIT, TOKENS];

/// Templates and words.
pub static PAGES: ui::SlicePages = ui::slice_pages!(
    "identity",
    templates: ["login.html", "setup.html", "settings.html", "users.html", "user.html", "roles.html", "role.html", "audit.html"]
);

/// Words that are chosen at run time, for the test that compares words and their uses.
pub const WORDS_IN_CODE: &[&str] = &[
    "auth-*",
    "identity-agent-*",
    "identity-audit-actor-*",
    "identity-audit-field-*",
    "identity-audit-table-*",
    "identity-audit-value-*",
    "identity-beyond-own-rights",
    "identity-builtin-role",
    "identity-current-password-wrong",
    "identity-done-*",
    "identity-email-*",
    "identity-last-owner",
    "identity-name-*",
    "identity-own-*",
    "identity-owner-role-fixed",
    "identity-password-*",
    "identity-perm-*",
    "identity-permission-unknown",
    "identity-role-*",
    "identity-setup-*",
    "identity-slice-*",
    "identity-tax-id-*",
    "identity-theme-*",
    "identity-token-*",
    "identity-users-*",
];

/// Entries of the menu.
pub fn nav() -> &'static [NavItem] {
    const NAV: &[NavItem] = &[
        NavItem {
            href: "/users",
            icon: "users",
            key: "nav-users",
            access: Some(USERS),
            order: 800,
        },
        NavItem {
            href: "/roles",
            icon: "shield",
            key: "nav-roles",
            access: Some(ROLES),
            order: 810,
        },
        NavItem {
            href: "/audit",
            icon: "history",
            key: "nav-audit",
            access: Some(AUDIT),
            order: 820,
        },
        NavItem {
            href: "/settings",
            icon: "settings",
            key: "nav-settings",
            access: None,
            order: 890,
        },
    ];
    NAV
}

/// REST and pages.
pub fn routes() -> web::Routes {
    api::routes().merge(pages::routes())
}
