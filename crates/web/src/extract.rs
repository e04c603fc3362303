//! Strict input: what is not understood is refused by name, never ignored.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
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

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/json"));
        if !is_json {
            return Err(Problem::Malformed(
                "Content-Type: application/json is expected".to_owned(),
            ));
        }
        let bytes = body(request, state).await?;
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

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let bytes = body(request, state).await?;
        let mut pairs: Vec<(String, String)> =
            serde_html_form::from_bytes(&bytes).map_err(|error| Problem::Malformed(error.to_string()))?;
        pairs.retain(|(name, _)| name != "csrf");
        decode_pairs(&pairs).map(Self)
    }
}

fn decode_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, Problem> {
    let text = serde_html_form::to_string(pairs).map_err(|error| Problem::Malformed(error.to_string()))?;
    let deserializer = serde_html_form::Deserializer::from_bytes(text.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        field(&path, &error.into_inner().to_string())
    })
}

/// "unknown field `x`, expected …" belongs to the field it names.
fn field(path: &str, message: &str) -> Problem {
    let named = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("missing field `"))
        .or_else(|| message.strip_prefix("duplicate field `"))
        .and_then(|rest| rest.split('`').next());
    let code = if message.starts_with("unknown field") {
        "ui-input-unknown-field"
    } else if message.starts_with("missing field") {
        "ui-input-missing"
    } else {
        "ui-input-not-understood"
    };
    let place = match (path, named) {
        ("." | "?", Some(name)) => name.to_owned(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    let refusal = Refusal::new(code)
        .with("field", place.as_str())
        .with("detail", message);
    Problem::field(place, refusal)
}

async fn body(request: Request, state: &AppState) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection: BytesRejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::TooLarge
            } else {
                Problem::Malformed(rejection.body_text())
            }
        })
}

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
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
