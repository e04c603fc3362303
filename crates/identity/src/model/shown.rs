//! Users, roles, sessions, tokens and the trail as screens and programs see them. Never holds a secret or a hash.

use chrono::{DateTime, Utc};
use kernel::{ApiTokenId, AuditId, RoleId, SessionId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// A user as screens and programs see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    /// `ro` or `en`.
    pub locale: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    pub is_active: bool,
    /// Codes of the roles.
    pub roles: Vec<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_login_at: Option<DateTime<Utc>>,
    pub version: i64,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: DateTime<Utc>,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: DateTime<Utc>,
}

/// A role and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Role {
    pub id: RoleId,
    pub code: String,
    pub name: String,
    /// Comes with the program and cannot be removed.
    pub is_builtin: bool,
    /// Codes of the permissions; the owner has all of them.
    pub permissions: Vec<String>,
    /// How many users have it.
    pub users: i64,
    pub version: i64,
}

/// A permission the program knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PermissionRow {
    /// `slice.verb`
    pub code: String,
    pub slice: String,
}

/// A browser session or an API log-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// `browser` or `refresh`.
    pub(crate) kind: String,
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// An API token without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub user_id: UserId,
    pub user_email: String,
    pub name: String,
    /// The first characters, to recognise it by.
    pub prefix: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<DateTime<Utc>>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: DateTime<Utc>,
}

/// One entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AuditEntry {
    pub id: AuditId,
    pub user_id: Option<UserId>,
    pub user_name: Option<String>,
    /// `user`, `token:12`, or the name of the job or command.
    pub actor: String,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub action: String,
    pub table_name: String,
    pub record_id: String,
    /// On an update only what changed; absent for something new.
    #[schema(value_type = Option<Object>)]
    pub old_values: Option<serde_json::Value>,
    #[schema(value_type = Option<Object>)]
    pub new_values: Option<serde_json::Value>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: DateTime<Utc>,
}
