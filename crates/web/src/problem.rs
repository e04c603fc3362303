//! Everything that can go wrong for a caller, as one type.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::{Denied, Param, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

/// One input field that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    /// Translation key.
    pub refusal: Refusal,
}

/// Why a request was not served. Drawn as a page, a fragment or problem JSON by the outer layer.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("not found")]
    NotFound,
    /// The path exists, the verb does not; `Allow` names those that do.
    #[error("method not allowed")]
    MethodNotAllowed,
    #[error("not signed in")]
    Unauthenticated,
    /// Credentials were presented and do not count; 401 with the reason.
    #[error("credentials refused: {}", .0.code)]
    Credentials(Refusal),
    #[error(transparent)]
    Forbidden(#[from] Denied),
    #[error("the form token does not match")]
    Csrf,
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    /// Input that cannot be understood; each field says why.
    #[error("invalid input: {0:?}")]
    Invalid(Vec<FieldError>),
    /// The body is no JSON or no form at all.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The body is of a kind that is not read here.
    #[error("{expected} is expected")]
    MediaType { expected: &'static str },
    /// Somebody changed the resource meanwhile.
    #[error("changed meanwhile; the version is now {current_version}")]
    Stale { current_version: i64 },
    #[error("too large")]
    TooLarge,
    #[error("too many requests")]
    TooMany { retry_after: Duration },
    #[error("busy")]
    Busy { retry_after: Duration },
    /// A partner outside the house did not serve; 502 with the reason.
    #[error("a partner did not serve: {}", .0.code)]
    Partner(Refusal),
    #[error("a fault of ours")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl Problem {
    /// A fault that is only a sentence.
    pub fn fault(what: impl Into<String>) -> Self {
        Self::Internal(what.into().into())
    }

    /// A fault with its causes.
    pub fn internal(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }

    /// One field that was refused.
    pub fn field(field: impl Into<String>, refusal: Refusal) -> Self {
        Self::Invalid(vec![FieldError {
            field: field.into(),
            refusal,
        }])
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unauthenticated | Self::Credentials(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::Csrf => StatusCode::FORBIDDEN,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Stale { .. } => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Partner(_) => StatusCode::BAD_GATEWAY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code and values that become a sentence.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Refusal::new("ui-error-not-found-text"),
            Self::Unauthenticated => Refusal::new("ui-error-unauthenticated"),
            Self::Forbidden(denied) => {
                Refusal::new("ui-error-forbidden-permission").with("permission", denied.0.code())
            }
            Self::Csrf => Refusal::new("ui-error-csrf"),
            Self::Refused(refusal) | Self::Credentials(refusal) | Self::Partner(refusal) => refusal.clone(),
            Self::Invalid(_) => Refusal::new("ui-error-invalid"),
            Self::MethodNotAllowed => Refusal::new("ui-error-method"),
            Self::MediaType { expected } => Refusal::new("ui-error-media-type").with("expected", *expected),
            Self::Malformed(detail) => Refusal::new("ui-error-malformed").with("detail", detail.as_str()),
            Self::Stale { current_version } => {
                Refusal::new("ui-error-stale").with("version", *current_version)
            }
            Self::TooLarge => Refusal::new("ui-error-too-large"),
            Self::TooMany { retry_after } => {
                Refusal::new("ui-error-too-many").with("seconds", seconds(*retry_after))
            }
            Self::Busy { retry_after } => {
                Refusal::new("ui-error-busy").with("seconds", seconds(*retry_after))
            }
            Self::Internal(_) => Refusal::new("ui-error-internal-text"),
        }
    }

    pub(crate) fn retry_after(&self) -> Option<i64> {
        match self {
            Self::TooMany { retry_after } | Self::Busy { retry_after } => Some(seconds(*retry_after)),
            Self::NotFound
            | Self::Unauthenticated
            | Self::Credentials(_)
            | Self::Forbidden(_)
            | Self::Csrf
            | Self::Refused(_)
            | Self::Invalid(_)
            | Self::Malformed(_)
            | Self::MethodNotAllowed
            | Self::MediaType { .. }
            | Self::Stale { .. }
            | Self::TooLarge
            | Self::Partner(_)
            | Self::Internal(_) => None,
        }
    }

    /// The short name of the error page.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Forbidden(_) | Self::Csrf | Self::Unauthenticated | Self::Credentials(_) => "forbidden",
            Self::Refused(_)
            | Self::Invalid(_)
            | Self::Malformed(_)
            | Self::MethodNotAllowed
            | Self::MediaType { .. }
            | Self::Stale { .. }
            | Self::TooLarge => "refused",
            Self::TooMany { .. } | Self::Busy { .. } | Self::Partner(_) => "busy",
            Self::Internal(_) => "internal",
        }
    }
}

/// Whole seconds, at least one.
fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis().div_ceil(1000))
        .unwrap_or(i64::MAX)
        .max(1)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if db::is_unreachable(&error) || db::violation(&error) == Some(db::Violation::Conflict) {
            tracing::warn!(error = %error, "the database could not serve: {error}");
            return Self::Busy {
                retry_after: Duration::from_secs(2),
            };
        }
        Self::internal(error)
    }
}

impl From<ui::UiError> for Problem {
    fn from(error: ui::UiError) -> Self {
        Self::internal(error)
    }
}

/// The problem rides in the response's extensions to the layer that knows how to draw it.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}

/// RFC 9457 body.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `about:blank`: the title says it all.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// Stable name of what happened; never translated.
    pub code: String,
    #[schema(value_type = Object)]
    pub params: serde_json::Map<String, serde_json::Value>,
    pub errors: Vec<ProblemField>,
    pub request_id: String,
}

/// One refused field in a problem body.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    pub field: String,
    pub code: String,
    pub message: String,
}

pub(crate) fn params_as_json(refusal: &Refusal) -> serde_json::Map<String, serde_json::Value> {
    refusal
        .params
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Param::Number(number) => (*number).into(),
                Param::Text(text) => text.clone().into(),
            };
            ((*name).to_owned(), value)
        })
        .collect()
}
