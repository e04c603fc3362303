//! What can go wrong here, and how it looks to the outside.

use std::time::Duration;

use db::Violation;
use kernel::{Denied, Refusal};
use web::{FieldError, Problem};

use crate::password::HashError;

/// Everything a use case of this slice refuses or fails with.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("not found")]
    NotFound,
    /// Input that breaks a rule; each refusal names its field.
    #[error("invalid: {0:?}")]
    Invalid(Vec<Refusal>),
    #[error("changed meanwhile; the version is now {current_version}")]
    Stale { current_version: i64 },
    #[error("the e-mail is taken")]
    EmailTaken,
    #[error("there is no role {code}")]
    UnknownRole { code: String },
    #[error("there is no permission {code}")]
    UnknownPermission { code: String },
    #[error("the last active owner stays")]
    LastOwner,
    #[error("nobody takes the owner's role from themselves")]
    OwnOwnerRole,
    #[error("nobody disables themselves")]
    OwnAccount,
    /// Nobody gives, or changes somebody who has, rights they lack themselves.
    #[error("beyond the caller's own rights")]
    BeyondOwnRights,
    #[error("the owner's role may do everything, always")]
    OwnerRoleFixed,
    #[error("a role of the program stays")]
    BuiltinRole,
    #[error("{users} users have the role")]
    RoleInUse { users: i64 },
    #[error("the code of the role is taken")]
    RoleCodeTaken,
    #[error("the set-up is done")]
    SetupDone,
    #[error("the set-up code does not match")]
    SetupCode,
    /// A token can be made only by a person who signed in, not by another token.
    #[error("a token makes no tokens")]
    TokenMakesNoTokens,
    #[error("the current password does not match")]
    CurrentPassword,
    #[error("time-based codes are not enabled")]
    TotpNotEnabled,
    /// One answer for an unknown user and a wrong password.
    #[error("the e-mail or the password is wrong")]
    WrongCredentials,
    /// Told only to whoever knows the password.
    #[error("the user is disabled")]
    AccountDisabled,
    /// Unknown, over, or used before.
    #[error("the refresh token does not count")]
    RefreshToken,
    #[error("too many failed log-ins")]
    TooMany { retry_after: Duration },
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// Not a cursor of this list.
    #[error("the cursor does not belong to this list")]
    Cursor(Problem),
    /// What the set-up hook answered.
    #[error("the set-up hook: {0}")]
    Hook(Problem),
}

impl From<sqlx::Error> for IdentityError {
    fn from(error: sqlx::Error) -> Self {
        match db::violation(&error) {
            Some(Violation::Unique(name)) if name == "users_email_unique" => Self::EmailTaken,
            Some(Violation::Unique(name)) if name == "roles_code_unique" => Self::RoleCodeTaken,
            Some(
                Violation::Unique(_) | Violation::ForeignKey(_) | Violation::Check(_) | Violation::Conflict,
            )
            | None => Self::Database(error),
        }
    }
}

impl From<Refusal> for IdentityError {
    fn from(refusal: Refusal) -> Self {
        Self::Invalid(vec![refusal])
    }
}

impl IdentityError {
    /// The code and values a person is told, when there are any.
    pub fn refusal(&self) -> Option<Refusal> {
        let refusal = match self {
            Self::EmailTaken => Refusal::new("identity-email-taken").on("email"),
            Self::UnknownRole { code } => Refusal::new("identity-role-unknown")
                .with("code", code.as_str())
                .on("roles"),
            Self::UnknownPermission { code } => Refusal::new("identity-permission-unknown")
                .with("code", code.as_str())
                .on("permissions"),
            Self::LastOwner => Refusal::new("identity-last-owner"),
            Self::OwnOwnerRole => Refusal::new("identity-own-owner-role").on("roles"),
            Self::OwnAccount => Refusal::new("identity-own-account"),
            Self::BeyondOwnRights => Refusal::new("identity-beyond-own-rights"),
            Self::OwnerRoleFixed => Refusal::new("identity-owner-role-fixed"),
            Self::BuiltinRole => Refusal::new("identity-builtin-role"),
            Self::RoleInUse { users } => Refusal::new("identity-role-in-use").with("users", *users),
            Self::RoleCodeTaken => Refusal::new("identity-role-code-taken").on("code"),
            Self::SetupDone => Refusal::new("identity-setup-done"),
            Self::SetupCode => Refusal::new("identity-setup-code-wrong"),
            Self::TokenMakesNoTokens => Refusal::new("identity-token-makes-no-tokens"),
            Self::CurrentPassword => Refusal::new("identity-current-password-wrong").on("current_password"),
            Self::TotpNotEnabled => Refusal::new("auth-totp-not-enabled").on("totp"),
            Self::WrongCredentials => Refusal::new("auth-wrong-credentials"),
            Self::AccountDisabled => Refusal::new("auth-account-disabled"),
            Self::RefreshToken => Refusal::new("auth-refresh-token"),
            Self::Denied(_)
            | Self::NotFound
            | Self::Invalid(_)
            | Self::Stale { .. }
            | Self::TooMany { .. }
            | Self::Hash(_)
            | Self::Database(_)
            | Self::Cursor(_)
            | Self::Hook(_) => return None,
        };
        Some(refusal)
    }

    /// A wrong answer to "who are you": 401 for programs.
    fn is_unauthenticated(&self) -> bool {
        matches!(
            self,
            Self::WrongCredentials | Self::AccountDisabled | Self::RefreshToken
        )
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        if let Some(refusal) = error.refusal() {
            if error.is_unauthenticated() {
                return Self::Credentials(refusal);
            }
            // What was sent names something that does not exist: the input is wrong, not the moment.
            return if matches!(
                error,
                IdentityError::UnknownRole { .. } | IdentityError::UnknownPermission { .. }
            ) {
                Self::field(refusal.field.unwrap_or_default(), refusal)
            } else {
                Self::Refused(refusal)
            };
        }
        match error {
            IdentityError::Denied(denied) => denied.into(),
            IdentityError::NotFound => Self::NotFound,
            IdentityError::Invalid(refusals) => {
                Self::Invalid(refusals.into_iter().map(field_error).collect())
            }
            IdentityError::Stale { current_version } => Self::Stale { current_version },
            IdentityError::TooMany { retry_after } => Self::TooMany { retry_after },
            IdentityError::Hash(HashError::Busy) => Self::Busy {
                retry_after: Duration::from_secs(5),
            },
            IdentityError::Database(error) => error.into(),
            IdentityError::Cursor(problem) | IdentityError::Hook(problem) => problem,
            other @ (IdentityError::Hash(HashError::Fault(_))
            | IdentityError::EmailTaken
            | IdentityError::UnknownRole { .. }
            | IdentityError::UnknownPermission { .. }
            | IdentityError::LastOwner
            | IdentityError::OwnOwnerRole
            | IdentityError::OwnAccount
            | IdentityError::BeyondOwnRights
            | IdentityError::OwnerRoleFixed
            | IdentityError::BuiltinRole
            | IdentityError::RoleInUse { .. }
            | IdentityError::RoleCodeTaken
            | IdentityError::SetupDone
            | IdentityError::SetupCode
            | IdentityError::TokenMakesNoTokens
            | IdentityError::CurrentPassword
            | IdentityError::TotpNotEnabled
            | IdentityError::WrongCredentials
            | IdentityError::AccountDisabled
            | IdentityError::RefreshToken) => Self::internal(other),
        }
    }
}

fn field_error(refusal: Refusal) -> FieldError {
    FieldError {
        field: refusal.field.unwrap_or_default().to_owned(),
        refusal,
    }
}
