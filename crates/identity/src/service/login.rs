//! Who are you: passwords, throttling, tokens for programs.

use chrono::Duration;
use db::Db;
use kernel::{Actor, Timestamp, UserId};
use sqlx::PgConnection;
use web::Caller;

use crate::context::Context;
use crate::error::IdentityError;
use crate::model::Email;
use crate::password::{self, HashError};
use crate::secret::{ACCESS_SECONDS, AccessClaims, Secret, SecretHash, refresh_family};
use crate::service::sessions::{self, Kind};
use crate::store::{failures, sessions as session_rows, users};
use crate::throttle::{self, Failures};

/// A try to log in.
pub(crate) struct Attempt<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: &'a str,
    pub(crate) caller: &'a Caller,
}

/// What a program gets for a password or a refresh token.
#[derive(Clone, Debug)]
pub(crate) struct TokenPair {
    pub(crate) access_token: String,
    /// Seconds that the access token counts.
    pub(crate) expires_in: i64,
    pub(crate) refresh_token: Secret,
}

/// The user whose e-mail and password these are.
///
/// An unknown user, a wrong password and a text that is no e-mail cost the same work and get the same answer.
pub(crate) async fn log_in(context: &Context, attempt: &Attempt<'_>) -> Result<UserId, IdentityError> {
    let now = context.clock.now();
    let email = Email::parse(attempt.email).ok();
    let subject = subject(attempt.email);
    let address = attempt.caller.ip.map(|ip| ip.to_string());
    let mut conn = context.db.read().await?;
    check_throttle(&mut conn, subject, address.as_deref(), now).await?;
    drop(conn);
    // Checked again while holding one of the two places: otherwise a hundred tries at once would all find the
    // counter at zero.
    let place = password::place().await?;
    let mut conn = context.db.read().await?;
    check_throttle(&mut conn, subject, address.as_deref(), now).await?;
    let user = match &email {
        Some(email) => users::find_for_login(&mut conn, email).await?,
        None => None,
    };
    drop(conn);
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let (place, fits) = password::verify(place, attempt.password, hash).await;
    let fits = fits?;
    let outcome = if let Some(user) = user.filter(|_| fits) {
        succeed(context, attempt.caller, subject, &user, now).await
    } else {
        let mut conn = context.db.read().await?;
        failures::insert(&mut conn, subject, address.as_deref(), now).await?;
        Err(IdentityError::WrongCredentials)
    };
    drop(place);
    outcome
}

async fn succeed(
    context: &Context,
    caller: &Caller,
    subject: SecretHash,
    user: &users::LoginRow,
    now: Timestamp,
) -> Result<UserId, IdentityError> {
    if !user.is_active {
        return Err(IdentityError::AccountDisabled);
    }
    let mut tx = context.db.begin(&sign_in_actor(caller)).await?;
    failures::forgive(&mut tx, subject).await?;
    users::touch_login(&mut tx, user.id, now).await?;
    tx.commit().await?;
    Ok(user.id)
}

/// The house acts for somebody who is not known yet, from where they are.
pub(crate) fn sign_in_actor(caller: &Caller) -> Actor {
    Actor {
        ip: caller.ip,
        agent: caller.agent.clone(),
        request_id: caller.request_id.clone(),
        ..Actor::system("sign-in")
    }
}

fn subject(email: &str) -> SecretHash {
    SecretHash::of(&format!("log-in {}", email.trim().to_lowercase()))
}

async fn check_throttle(
    conn: &mut PgConnection,
    subject: SecretHash,
    address: Option<&str>,
    now: Timestamp,
) -> Result<(), IdentityError> {
    let since = now - throttle::WINDOW;
    let of_account = failures::of_account(conn, subject, since).await?;
    let of_address = match address {
        Some(address) => failures::of_address(conn, address, since).await?,
        None => Failures::default(),
    };
    match of_account.wait(now).max(of_address.wait(now)) {
        Some(retry_after) => Err(IdentityError::TooMany { retry_after }),
        None => Ok(()),
    }
}

/// Whether this is the password of a user who is signed in; wrong tries are throttled like log-ins.
pub(crate) async fn check_password(
    context: &Context,
    user: UserId,
    password_text: &str,
    caller: &Caller,
) -> Result<(), IdentityError> {
    let now = context.clock.now();
    let subject = SecretHash::of(&format!("password of {user}"));
    let place = password::place().await?;
    let mut conn = context.db.read().await?;
    check_throttle(&mut conn, subject, None, now).await?;
    let hash = users::password_hash(&mut conn, user).await?;
    drop(conn);
    let (_place, fits) = password::verify(place, password_text, hash).await;
    let mut conn = context.db.read().await?;
    if fits? {
        failures::forgive(&mut conn, subject).await?;
        return Ok(());
    }
    let address = caller.ip.map(|ip| ip.to_string());
    failures::insert(&mut conn, subject, address.as_deref(), now).await?;
    Err(IdentityError::CurrentPassword)
}

/// The log-in of a program: an access token and the first refresh token of a family.
pub(crate) async fn log_in_for_tokens(
    context: &Context,
    attempt: &Attempt<'_>,
) -> Result<TokenPair, IdentityError> {
    let user = log_in(context, attempt).await?;
    let mut tx = context.db.begin(&sign_in_actor(attempt.caller)).await?;
    let opened = sessions::open(&mut tx, user, Kind::Refresh, attempt.caller, context.clock.now()).await?;
    tx.commit().await?;
    let claims = AccessClaims {
        user,
        session: opened.id,
    };
    Ok(pair(context, claims, opened.secret))
}

fn pair(context: &Context, claims: AccessClaims, refresh_token: Secret) -> TokenPair {
    TokenPair {
        access_token: context.access_key().sign(claims, context.clock.now()),
        expires_in: ACCESS_SECONDS,
        refresh_token,
    }
}

/// The next pair. A token that was used before ends its family: either its holder or a thief has the newer one, and
/// nobody can tell which.
pub(crate) async fn refresh(
    context: &Context,
    token: &str,
    caller: &Caller,
) -> Result<TokenPair, IdentityError> {
    let family = refresh_family(token).ok_or(IdentityError::RefreshToken)?;
    let now = context.clock.now();
    let mut tx = context.db.begin(&sign_in_actor(caller)).await?;
    let row = session_rows::lock_family(&mut tx, SecretHash::of(family), now)
        .await?
        .ok_or(IdentityError::RefreshToken)?;
    let is_newest = row.token_hash == SecretHash::of(token).bytes();
    if !is_newest || !row.is_alive {
        session_rows::delete(&mut tx, row.id).await?;
        tx.commit().await?;
        return Err(IdentityError::RefreshToken);
    }
    let next = Secret::refresh_of(family);
    session_rows::rotate(&mut tx, row.id, next.hash()).await?;
    sessions::slide(&mut tx, row.id, now).await?;
    tx.commit().await?;
    let claims = AccessClaims {
        user: row.user_id,
        session: row.id,
    };
    Ok(pair(context, claims, next))
}

/// Forgets failures that no longer count.
pub(crate) async fn forget_old_failures(db: &Db, now: Timestamp) -> Result<u64, IdentityError> {
    let mut conn = db.read().await?;
    Ok(failures::delete_old(&mut conn, now - Duration::days(1)).await?)
}

impl From<HashError> for web::Problem {
    fn from(error: HashError) -> Self {
        IdentityError::Hash(error).into()
    }
}
