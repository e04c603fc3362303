//! `Idempotency-Key` on POST: the same key, caller and body get the first answer again.
//!
//! The key is claimed before the handler runs; a second request meanwhile is told to wait. A fault of ours frees the
//! key, so that the caller may try again. Secrets are never kept: of an answer that is [`ShownOnce`] only the fact
//! stays, so that a repeat is refused instead of done twice; a body, which may hold a password, is remembered by a
//! fingerprint that is worth nothing without the installation's key.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, Mac as _};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use kernel::{Refusal, Timestamp};
use sha2::Sha256;
use sqlx::PgConnection;
use std::time::Duration;
use tracing::Instrument as _;

use crate::{AppState, Problem};

const HEADER: &str = "idempotency-key";
const KEY_CHARS_MAX: usize = 255;
/// Answers larger than this are not kept; none of ours is.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// How long a key is remembered. Who asks again later than this no longer repeats a call that got lost.
const KEPT_FOR: chrono::Duration = chrono::Duration::days(1);

/// An answer that holds a secret, such as a token just made: its caller sees it once, and it is kept nowhere.
#[derive(Clone, Copy, Debug)]
pub struct ShownOnce<R>(pub R);

impl<R: IntoResponse> IntoResponse for ShownOnce<R> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(HoldsSecret);
        response
    }
}

/// The mark that the layer sees.
#[derive(Clone, Copy)]
struct HoldsSecret;

/// Forgets the answers nobody will ask for again; returns how many.
pub async fn purge_answers(conn: &mut PgConnection, now: Timestamp) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("DELETE FROM app.idempotency_keys WHERE created_at < $1")
        .bind(now - KEPT_FOR)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let key = request
        .headers()
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    match key {
        Some(key) if request.method() == Method::POST && request.uri().path().starts_with("/api/") => {
            once(&key, request, next)
                .await
                .unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn once(key: &str, request: Request, next: Next) -> Result<Response, Problem> {
    if key.is_empty() || key.len() > KEY_CHARS_MAX {
        return Err(Problem::field(
            "Idempotency-Key",
            Refusal::new("ui-input-idempotency-key"),
        ));
    }
    let state = request
        .extensions()
        .get::<AppState>()
        .cloned()
        .ok_or(Problem::fault("no state"))?;
    // Without credentials there is nobody the key could belong to; the guard will refuse the call itself.
    let head = head(&request);
    let Some(identity) = state.authenticator().authenticate(&head).await? else {
        return Ok(next.run(request).await);
    };
    let owner = identity.actor.user_id().map_or(0, |id| id.0);
    let (parts, body) = request.into_parts();
    let limited = Request::from_parts(parts.clone(), body);
    let bytes = crate::extract::body(limited).await?;
    let fingerprint = fingerprint(state.fingerprint_key(), &parts.uri.to_string(), &bytes)?;
    match claim(&state, owner, key, &fingerprint).await? {
        Claim::Ours => {}
        Claim::Answered(response) => return Ok(response),
        Claim::ShownOnce => return Err(Refusal::new("ui-idempotency-shown-once").into()),
        Claim::Running => {
            return Err(Problem::Busy {
                retry_after: Duration::from_secs(1),
            });
        }
        Claim::Different => return Err(Refusal::new("ui-idempotency-other-body").into()),
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    answer_and_keep(state, owner, key.to_owned(), request, next).await
}

/// A plain hash of a body with a password could be guessed at; without the key this one cannot.
fn fingerprint(key: &[u8; 32], uri: &str, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(Problem::internal)?;
    mac.update(uri.as_bytes());
    mac.update(&[0]);
    mac.update(body);
    Ok(mac.finalize().into_bytes().to_vec())
}

/// In a task of its own: a caller who hangs up in the middle is the very one who will ask again, and must then find
/// the answer of the first time.
#[allow(
    clippy::disallowed_methods,
    reason = "the task lives no longer than one bounded request and nothing waits for it at the end"
)]
async fn answer_and_keep(
    state: AppState,
    owner: i64,
    key: String,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let work = async move {
        let response = next.run(request).await;
        keep(&state, owner, &key, response).await
    };
    tokio::spawn(work.in_current_span())
        .await
        .map_err(Problem::internal)?
}

/// A copy of the request's head: the body cannot be shared between threads while the caller is looked up.
fn head(request: &Request) -> http::request::Parts {
    let mut head = http::Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    *head.extensions_mut() = request.extensions().clone();
    head.into_parts().0
}

enum Claim {
    Ours,
    Running,
    Different,
    Answered(Response),
    /// Done, and the answer held a secret.
    ShownOnce,
}

type KeptRow = (
    Vec<u8>,
    Option<i16>,
    Option<String>,
    Option<String>,
    Option<Vec<u8>>,
);

async fn claim(state: &AppState, owner: i64, key: &str, request_hash: &[u8]) -> Result<Claim, Problem> {
    let mut conn = state.db.read().await?;
    let now = state.clock.now();
    // A process that died while answering leaves its claim; after five minutes it counts for nothing.
    let claimed = sqlx::query(
        "INSERT INTO app.idempotency_keys AS k (owner_id, key, request_hash, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (owner_id, key) DO UPDATE SET created_at = EXCLUDED.created_at, request_hash = EXCLUDED.request_hash \
         WHERE k.status IS NULL AND k.created_at < EXCLUDED.created_at - interval '5 minutes'",
    )
    .bind(owner)
    .bind(key)
    .bind(request_hash)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::Ours);
    }
    let row: Option<KeptRow> = sqlx::query_as(
        "SELECT request_hash, status, location, etag, body FROM app.idempotency_keys WHERE owner_id = $1 AND key = $2",
    )
    .bind(owner)
    .bind(key)
    .fetch_optional(&mut *conn)
    .await?;
    Ok(match row {
        Some((hash, ..)) if hash != request_hash => Claim::Different,
        None | Some((_, None, ..)) => Claim::Running,
        Some((_, Some(_), _, _, None)) => Claim::ShownOnce,
        Some((_, Some(status), location, etag, Some(body))) => {
            Claim::Answered(replay(status, location, etag, body))
        }
    })
}

fn replay(status: i16, location: Option<String>, etag: Option<String>, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = u16::try_from(status)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        .unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        HeaderName::from_static("idempotent-replayed"),
        HeaderValue::from_static("true"),
    );
    for (name, value) in [(header::LOCATION, location), (header::ETAG, etag)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

/// Keeps what succeeded, but for secrets; what failed may be tried again under the same key.
async fn keep(state: &AppState, owner: i64, key: &str, response: Response) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    if !response.status().is_success() {
        sqlx::query("DELETE FROM app.idempotency_keys WHERE owner_id = $1 AND key = $2")
            .bind(owner)
            .bind(key)
            .execute(&mut *conn)
            .await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, ANSWER_BYTES_MAX)
        .await
        .map_err(Problem::internal)?;
    let is_secret = parts.extensions.get::<HoldsSecret>().is_some();
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
            .map(str::to_owned)
    };
    sqlx::query(
        "UPDATE app.idempotency_keys SET status = $3, location = $4, etag = $5, body = $6 WHERE owner_id = $1 AND key = $2",
    )
    .bind(owner)
    .bind(key)
    .bind(i16::try_from(parts.status.as_u16()).unwrap_or(200))
    .bind(text(header::LOCATION))
    .bind(text(header::ETAG))
    .bind((!is_secret).then_some(bytes.as_ref()))
    .execute(&mut *conn)
    .await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}
