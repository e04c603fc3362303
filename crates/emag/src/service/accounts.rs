//! Connecting seller accounts: create, change, test.

use emag_api::{ApiError, Platform};
use kernel::{Actor, EmagAccountId, Refusal, WarehouseId};
use sqlx::PgConnection;

use super::reckon;
use crate::context::Context;
use crate::error::{EmagError, api_code};
use crate::model::{Account, AccountKind, AccountPatch, NewAccount};
use crate::{EMAG_ACCOUNTS, EMAG_VIEW, secret, store};

/// More is no name, no login and no address.
const TEXT_CHARS_MAX: usize = 200;
/// Units nobody keeps back more of.
const BUFFER_MAX: i64 = 1_000_000;

/// Adds an account. It sends no stock or price until somebody switches push on.
pub async fn create(
    conn: &mut PgConnection,
    actor: &Actor,
    context: &Context,
    new: NewAccount,
) -> Result<Account, EmagError> {
    actor.require(EMAG_ACCOUNTS)?;
    let new = NewAccount {
        name: checked("name", &new.name)?,
        username: checked("username", &new.username)?,
        base_url: new.base_url.as_deref().map(checked_url).transpose()?,
        ..new
    };
    let platform = Platform::from_key(&new.platform)
        .ok_or_else(|| Refusal::new("emag-refused-platform").on("platform"))?;
    check_password(&new.password)?;
    check_buffer(new.safety_buffer)?;
    let warehouse = warehouse(conn, &new).await?;
    let sealed = secret::seal(context.key(), &new.password)?;
    let id = store::accounts::insert(conn, &new, platform.currency(), warehouse, &sealed)
        .await
        .map_err(named)?;
    web::live::tell(conn, "emag").await?;
    store::accounts::find(conn, id).await?.ok_or(EmagError::NotFound)
}

/// Changes an account. New credentials clear its fault.
pub async fn update(
    conn: &mut PgConnection,
    actor: &Actor,
    context: &Context,
    (id, expected_version): (EmagAccountId, Option<i64>),
    patch: AccountPatch,
) -> Result<Account, EmagError> {
    actor.require(EMAG_ACCOUNTS)?;
    let mut account = store::accounts::lock(conn, id)
        .await?
        .ok_or(EmagError::NotFound)?;
    if expected_version.is_some_and(|expected| expected != account.version) {
        return Err(EmagError::Stale {
            current_version: account.version,
        });
    }
    let clear_fault = patch.username.is_some() || patch.password.is_some() || patch.base_url.is_some();
    if let Some(name) = patch.name {
        account.name = checked("name", &name)?;
    }
    if let Some(username) = patch.username {
        account.username = checked("username", &username)?;
    }
    if let Some(password) = patch.password {
        check_password(&password)?;
        account.password = secret::seal(context.key(), &password)?;
    }
    if let Some(url) = patch.base_url {
        account.base_url = url.as_deref().map(checked_url).transpose()?;
    }
    if let Some(buffer) = patch.safety_buffer {
        check_buffer(buffer)?;
        account.safety_buffer = buffer;
    }
    account.is_active = patch.is_active.unwrap_or(account.is_active);
    account.push_prices = patch.push_prices.unwrap_or(account.push_prices);
    account.acknowledge_orders = patch.acknowledge_orders.unwrap_or(account.acknowledge_orders);
    store::accounts::update(conn, &account, clear_fault)
        .await
        .map_err(named)?;
    reckon::stock(conn, None, Some(id), "buffer").await?;
    reckon::prices(conn, None).await?;
    web::live::tell(conn, "emag").await?;
    store::accounts::find(conn, id).await?.ok_or(EmagError::NotFound)
}

/// One account.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: EmagAccountId) -> Result<Account, EmagError> {
    actor.require(EMAG_VIEW)?;
    store::accounts::find(conn, id).await?.ok_or(EmagError::NotFound)
}

/// All accounts, by name.
pub async fn list(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<Account>, EmagError> {
    actor.require(EMAG_VIEW)?;
    Ok(store::accounts::list(conn).await?)
}

/// What a test of the connection found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tested {
    Fine,
    /// The code says what is wrong, as the pages translate it; the detail is the partner's own word.
    Fault {
        code: &'static str,
        detail: String,
    },
}

/// Asks the marketplace for its VAT rates: the cheapest call that needs right credentials and a known address. Takes a
/// context, not a connection: no call is made inside a transaction.
pub async fn test(context: &Context, actor: &Actor, id: EmagAccountId) -> Result<Tested, EmagError> {
    actor.require(EMAG_ACCOUNTS)?;
    let mut conn = context.db().read().await?;
    let account = store::accounts::find(&mut conn, id)
        .await?
        .ok_or(EmagError::NotFound)?;
    drop(conn);
    let answer = context.client(&account)?.test_connection().await;
    let mut tx = context.db().begin(actor).await?;
    let now = context.clock().now();
    let tested = match answer {
        Ok(_) => {
            store::accounts::set_fault(&mut tx, id, None, None, now).await?;
            Tested::Fine
        }
        Err(error) => {
            let detail = error.to_string().replace('\0', "");
            if let Some(fault) = column_fault(&error) {
                store::accounts::set_fault(&mut tx, id, Some(fault), Some(&detail), now).await?;
            }
            Tested::Fault {
                code: api_code(&error),
                detail,
            }
        }
    };
    web::live::tell(&mut tx, "emag").await?;
    tx.commit().await?;
    context.flush_calls().await?;
    Ok(tested)
}

fn column_fault(error: &ApiError) -> Option<&'static str> {
    crate::error::fault_of(error).or_else(|| (api_code(error) == "unreachable").then_some("unreachable"))
}

async fn warehouse(conn: &mut PgConnection, new: &NewAccount) -> Result<WarehouseId, EmagError> {
    let wanted_kind = match new.kind {
        AccountKind::Main => "own",
        AccountKind::Fbe => "marketplace",
    };
    if let Some(id) = new.warehouse {
        let kind = store::neighbours::warehouse_kind(conn, id).await?;
        if kind.as_deref() != Some(wanted_kind) {
            return Err(Refusal::new("emag-refused-warehouse").on("warehouse_id").into());
        }
        return Ok(id);
    }
    match new.kind {
        AccountKind::Main => Ok(inventory::service::default_warehouse(conn).await?),
        AccountKind::Fbe => {
            let code = warehouse_code(&new.platform, &new.username);
            let name: String = format!("FBE {}", new.name).chars().take(100).collect();
            Ok(inventory::service::marketplace_warehouse(conn, &code, &name).await?)
        }
    }
}

/// A short code from the login, unlike that of another account.
fn warehouse_code(platform: &str, username: &str) -> String {
    // FNV-1a: stable across versions, which the standard hasher is not.
    let hash = format!("{platform}/{username}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("FBE-{hash:016X}")
}

fn checked(field: &'static str, text: &str) -> Result<String, Refusal> {
    let clean = kernel::normalise_text(text);
    if clean.is_empty() {
        return Err(Refusal::new("emag-refused-empty").on(field));
    }
    if clean.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::new("emag-refused-long").with("max", 200).on(field));
    }
    Ok(clean)
}

fn check_password(password: &str) -> Result<(), Refusal> {
    if password.is_empty() {
        return Err(Refusal::new("emag-refused-empty").on("password"));
    }
    if password.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::new("emag-refused-long").with("max", 200).on("password"));
    }
    Ok(())
}

fn check_buffer(units: i64) -> Result<(), Refusal> {
    if (0..=BUFFER_MAX).contains(&units) {
        Ok(())
    } else {
        Err(Refusal::new("emag-refused-buffer").on("safety_buffer"))
    }
}

/// Credentials travel in a header: plain HTTP is for this machine only.
fn checked_url(url: &str) -> Result<String, Refusal> {
    let url = checked("base_url", url)?;
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let is_local = local.iter().any(|prefix| {
        url.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    let plain = !url.contains(['@', '?', '#', ' ']);
    if plain && (url.starts_with("https://") || is_local) {
        Ok(url.trim_end_matches('/').to_owned())
    } else {
        Err(Refusal::new("emag-refused-url").on("base_url"))
    }
}

fn named(error: sqlx::Error) -> EmagError {
    match db::violation(&error) {
        Some(db::Violation::Unique(name)) if name == "emag_accounts_login_unique" => {
            Refusal::new("emag-refused-login-twice").on("username").into()
        }
        Some(_) | None => error.into(),
    }
}
