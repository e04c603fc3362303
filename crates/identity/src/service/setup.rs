//! The first minute: while there is no user, whoever is at the machine makes the owner and names the firm.

use kernel::{Actor, ActorKind, Locale, Refusal, UserId, normalise_text};
use sqlx::PgConnection;
use subtle::ConstantTimeEq as _;
use web::Caller;

use crate::builtin::OWNER;
use crate::context::{Context, SetupAccount, SetupHook};
use crate::error::IdentityError;
use crate::model::Name;
use crate::service::{NewUser, roles, users};
use crate::store::users as store;

/// A Romanian tax id has at most 10 digits and the letters RO; foreign ones are a little longer.
const TAX_ID_CHARS_MAX: usize = 20;
const CURRENCY: &str = "RON";

/// What the set-up page asks.
#[derive(Clone, Debug)]
pub(crate) struct NewSetup {
    pub(crate) owner: NewUser,
    /// `system`, `light` or `dark`.
    pub(crate) theme: String,
    pub(crate) company: Name,
    pub(crate) tax_id: Option<String>,
    pub(crate) account: Option<SetupAccount>,
}

/// Reads the firm's tax id: blanks and lower case are forgiven.
pub(crate) fn tax_id(text: &str) -> Result<Option<String>, Refusal> {
    let text: String = normalise_text(text).to_uppercase().replace(' ', "");
    let plain = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '/');
    match text.len() {
        0 => Ok(None),
        1..=TAX_ID_CHARS_MAX if plain => Ok(Some(text)),
        _ => Err(Refusal::new("identity-tax-id-invalid").on("tax_id")),
    }
}

/// Whether nobody can sign in yet.
pub async fn needs_setup(conn: &mut PgConnection) -> Result<bool, IdentityError> {
    Ok(!store::any(conn).await?)
}

/// Whether this caller may set up: from this very machine, or with the code its console showed.
pub(crate) fn setup_allowed(context: &Context, caller: &Caller, code: Option<&str>) -> bool {
    let knows = code.is_some_and(|code| {
        let code = code.trim().to_ascii_uppercase();
        code.as_bytes().ct_eq(context.setup_code().as_bytes()).into()
    });
    caller.is_local() || knows
}

/// Makes the owner, the firm and, if one was typed, the marketplace account, all or nothing. Of two at the same time
/// the second finds it done.
pub(crate) async fn set_up(
    context: &Context,
    caller: &Caller,
    new: NewSetup,
    hook: Option<&dyn SetupHook>,
) -> Result<UserId, IdentityError> {
    let hash = new.owner.hashed().await?;
    let actor = Actor {
        ip: caller.ip,
        agent: caller.agent.clone(),
        request_id: caller.request_id.clone(),
        ..Actor::system("set-up")
    };
    let mut tx = context.db.begin(&actor).await?;
    store::lock_setup(&mut tx).await?;
    if store::any(&mut tx).await? {
        return Err(IdentityError::SetupDone);
    }
    roles::sync_permissions(&mut tx, &[]).await?;
    let owner = NewUser {
        roles: vec![OWNER.to_owned()],
        ..new.owner
    };
    let user = users::create_user(&mut tx, &actor, &owner, &hash).await?;
    users::set_preferences(&mut tx, user.id, None, Some(&new.theme)).await?;
    let locale: Locale = owner.locale;
    store::ensure_company(&mut tx, &new.company, new.tax_id.as_deref(), CURRENCY, locale).await?;
    if let (Some(account), Some(hook)) = (new.account, hook) {
        let owner = Actor {
            kind: ActorKind::User(user.id),
            ..actor
        };
        hook.connect(&mut tx, &owner, account)
            .await
            .map_err(IdentityError::Hook)?;
    }
    tx.commit().await?;
    Ok(user.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_id_is_taken_as_people_write_it() {
        assert_eq!(tax_id(" ro 1234 5678 "), Ok(Some("RO12345678".to_owned())));
        assert_eq!(tax_id("  "), Ok(None));
        assert!(tax_id("RO<script>").is_err());
        assert!(tax_id(&"1".repeat(21)).is_err());
    }
}
