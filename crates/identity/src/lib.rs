//! Who may do what: users, roles, permissions, sessions, API tokens, log-in, and the reading of the audit trail.
//!
//! Always holds: the database has only hashes of passwords and tokens; a disabled user is out with the next request;
//! there is always an active owner once there was one; nobody hands out rights they lack. The audit trail itself is
//! written by the database's triggers and only read here. Never knows a business rule of another slice: permissions
//! are words that the slices declare.

mod api;
mod authenticator;
mod builtin;
mod context;
mod error;
mod model;
mod pages;
mod password;
mod secret;
mod service;
mod store;
mod throttle;

pub use api::openapi;
pub use authenticator::Sessions;
pub use builtin::OWNER;
pub use context::{Context, SetupAccount, SetupHook};
pub use error::IdentityError;
pub use model::{
    ApiToken, AuditEntry, Email, Name, NewPassword, PermissionRow, Role, Session, User, theme_of,
};
pub use password::{HashError, HashedPassword};
pub use secret::{SESSION_COOKIE, Secret};
pub use service::*;
pub use store::audit::AuditFilter;
pub use store::users::UserFilter;

use kernel::Permission;
use web::NavItem;

/// See, make, change and disable users.
pub const USERS: Permission = Permission::new("identity.users");
/// See and change what roles may do.
pub const ROLES: Permission = Permission::new("identity.roles");
/// Read the audit trail.
pub const AUDIT: Permission = Permission::new("identity.audit");
/// See and revoke everybody's API tokens; own ones need no permission.
pub const TOKENS: Permission = Permission::new("identity.tokens");

/// Everything this slice lets an administrator grant.
pub const PERMISSIONS: &[Permission] = &[USERS, ROLES, AUDIT, TOKENS];

/// Templates and words.
pub static PAGES: ui::SlicePages = ui::slice_pages!(
    "identity",
    templates: [
        "login.html", "setup.html", "settings.html", "users.html", "user.html", "roles.html", "role.html", "audit.html"
    ]
);

/// Words that are chosen at run time, for the test that compares words and their uses.
pub const WORDS_IN_CODE: &[&str] = &[
    "auth-*",
    "identity-agent-*",
    "identity-audit-field-*",
    "identity-audit-table-*",
    "identity-audit-value-*",
    "identity-audit-actor-*",
    "identity-*-done",
    "identity-email-*",
    "identity-name-*",
    "identity-password-*",
    "identity-perm-*",
    "identity-slice-*",
    "identity-refused-*",
    "identity-role-*",
    "identity-setup-*",
    "identity-tax-id-*",
    "identity-theme-*",
    "identity-token-*",
    "identity-last-owner",
    "identity-own-account",
    "identity-own-owner-role",
    "identity-owner-role-fixed",
    "identity-beyond-own-rights",
    "identity-builtin-role",
    "identity-current-password-wrong",
    "identity-permission-unknown",
];

static NAV: [NavItem; 4] = [
    NavItem {
        href: "/users",
        icon: "users",
        key: "nav-users",
        access: Some(USERS),
        order: 910,
    },
    NavItem {
        href: "/roles",
        icon: "shield",
        key: "nav-roles",
        access: Some(ROLES),
        order: 920,
    },
    NavItem {
        href: "/audit",
        icon: "history",
        key: "nav-audit",
        access: Some(AUDIT),
        order: 930,
    },
    NavItem {
        href: "/settings",
        icon: "settings",
        key: "nav-settings",
        access: None,
        order: 940,
    },
];

/// Entries of the rail.
pub fn nav() -> &'static [NavItem] {
    &NAV
}

/// REST and pages.
pub fn routes() -> web::Routes {
    api::routes().merge(pages::routes())
}
