//! Strict input: what is not understood is refused by name, never ignored.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use kernel::{Cursor, Limit, PageRequest, Refusal};
use serde::de::DeserializeOwned;

use crate::{AppState, Problem};

/// A JSON body; unknown fields are refused when the type denies them.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// A query string.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// A form body. The field `csrf`, which the guard has checked, is taken out first.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

/// Path parameters; what does not parse does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// The version a caller last saw, from `If-Match: "7"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Problem> {
        if media_type(request.headers()) != JSON {
            return Err(Problem::MediaType { expected: JSON });
        }
        let bytes = body(request).await?;
        if escapes_nul(&bytes) {
            return Err(Problem::Malformed(NUL.to_owned()));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            if inner.is_data() {
                field(&path, &inner.to_string())
            } else {
                Problem::Malformed(inner.to_string())
            }
        })?;
        deserializer
            .end()
            .map_err(|error| Problem::Malformed(error.to_string()))?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        // An empty field of a filter form means "no filter".
        let pairs: Vec<(String, String)> =
            serde_html_form::from_str(query).map_err(|error| Problem::Malformed(error.to_string()))?;
        let filled: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        decode_pairs(&filled).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Problem> {
        if !is_form(request.headers()) {
            return Err(Problem::MediaType { expected: FORM });
        }
        let bytes = body(request).await?;
        let mut pairs: Vec<(String, String)> =
            serde_html_form::from_bytes(&bytes).map_err(|error| Problem::Malformed(error.to_string()))?;
        pairs.retain(|(name, _)| name != "csrf");
        decode_pairs(&pairs).map(Self)
    }
}

fn decode_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, Problem> {
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
        return Err(field(name, NUL));
    }
    let text = serde_html_form::to_string(pairs).map_err(|error| Problem::Malformed(error.to_string()))?;
    let deserializer = serde_html_form::Deserializer::from_bytes(text.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        field(&path, &error.into_inner().to_string())
    })
}

/// "unknown field `x`, expected …" belongs to the field it names.
fn field(path: &str, message: &str) -> Problem {
    let named = |prefix: &str| message.strip_prefix(prefix)?.split('`').next();
    let parent = Some(path).filter(|path| !matches!(*path, "." | "?"));
    let within = |name: &str| parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}.{name}"));
    let (code, place) = if let Some(name) = named("missing field `") {
        ("ui-input-missing", within(name))
    } else if let Some(name) = named("unknown field `") {
        ("ui-input-unknown-field", at_or_within(path, name, within))
    } else if let Some(name) = named("duplicate field `") {
        ("ui-input-not-understood", at_or_within(path, name, within))
    } else {
        ("ui-input-not-understood", path.to_owned())
    };
    let refusal = Refusal::new(code)
        .with("field", place.as_str())
        .with("detail", message);
    Problem::field(place, refusal)
}

/// The path to a key that was read ends in that key already.
fn at_or_within(path: &str, name: &str, within: impl Fn(&str) -> String) -> String {
    if path == name || path.ends_with(&format!(".{name}")) {
        path.to_owned()
    } else {
        within(name)
    }
}

/// The body, within the limit of the application.
pub(crate) async fn body(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &())
        .await
        .map_err(|rejection: BytesRejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::TooLarge
            } else {
                Problem::Malformed(rejection.body_text())
            }
        })
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// PostgreSQL cannot store it and no person can type it.
const NUL: &str = "a text holds the character U+0000";

/// The kind of body, without its parameters, in lower case.
fn media_type(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// A form of fields; files come in another kind of form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers) == FORM
}

/// Whether a JSON text holds the escape of U+0000, told from an escaped backslash before "u0000".
fn escapes_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.windows(2).position(|pair| pair[0] == b'\\') {
        if rest[at + 1..].starts_with(b"u0000") {
            return true;
        }
        rest = &rest[at + 2..];
    }
    false
}

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        if parts.uri.path().contains("%00") {
            return Err(Problem::NotFound);
        }
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_no_such_path) => Err(Problem::NotFound),
        }
    }
}

impl FromRequestParts<AppState> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let version = text.trim_start_matches("W/").trim_matches('"').parse().ok();
        version
            .map(|version| Self(Some(version)))
            .ok_or(Problem::Malformed("If-Match holds no version".to_owned()))
    }
}

/// Limit and cursor of a list, checked.
pub fn page_request(limit: Option<u16>, cursor: Option<String>) -> Result<PageRequest, Problem> {
    let limit = match limit {
        None => Limit::DEFAULT,
        Some(rows) => Limit::new(rows).ok_or_else(|| {
            Problem::field(
                "limit",
                Refusal::new("ui-input-limit").with("max", i64::from(Limit::MAX)),
            )
        })?,
    };
    Ok(PageRequest {
        limit,
        after: cursor.map(Cursor::from_text),
    })
}

impl From<kernel::CursorError> for Problem {
    fn from(_: kernel::CursorError) -> Self {
        Self::field("cursor", Refusal::new("ui-input-cursor"))
    }
}
