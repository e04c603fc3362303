//! Answers of the API: the list envelope, versions, created resources.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::Page;
use serde::Serialize;
use utoipa::ToSchema;

/// `{"items":[…],"next_cursor":"…"|null,"total":N|null}`
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` for the next page; null at the end.
    pub next_cursor: Option<String>,
    /// Rows over the whole set, when they were counted.
    pub total: Option<i64>,
}

impl<T> List<T> {
    pub fn from_page(page: Page<T>) -> Self {
        Self {
            items: page.items,
            next_cursor: page.next.map(|cursor| cursor.as_str().to_owned()),
            total: page.total,
        }
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// A resource and its version, to be given back as `If-Match`.
pub fn versioned<T: Serialize>(version: i64, resource: &T) -> Response {
    let mut response = Json(resource).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// 201 with the address of what was made.
pub fn created<T: Serialize>(location: &str, version: i64, resource: &T) -> Response {
    let mut response = versioned(version, resource);
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(address) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}
