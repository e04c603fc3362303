//! The shapes an answer can have (eMAG API 4.4.9, response section): the envelope, the gateway's bare message, an empty
//! body, a page of HTML, a label.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

/// What goes back to the caller, and what the call log wants to know about it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    /// Entities sent by a save or rows given by a read.
    pub(crate) entities: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Json(Value),
    /// JSON that stops in the middle, as when a proxy cuts a page.
    CutJson(Value),
    Html(&'static str),
    Pdf(Vec<u8>),
    Empty,
}

const BAD_GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad \
    Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
const GATEWAY_TIMEOUT_PAGE: &str = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center>\
    <h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

impl Reply {
    fn json(status: StatusCode, body: Value) -> Reply {
        Reply {
            status,
            content: Content::Json(body),
            entities: 0,
        }
    }

    /// The envelope at HTTP 200.
    pub(crate) fn envelope(is_error: bool, messages: &[String], results: impl Into<Value>) -> Reply {
        let body = json!({"isError": is_error, "messages": messages, "results": results.into()});
        Reply::json(StatusCode::OK, body)
    }

    /// Success told by `isError: false` alone.
    pub(crate) fn acknowledged() -> Reply {
        Reply::envelope(false, &[], json!([]))
    }

    /// A refusal at HTTP 200.
    pub(crate) fn refused(message: impl Into<String>) -> Reply {
        Reply::envelope(true, &[message.into()], json!([]))
    }

    /// A refusal with a status of its own.
    pub(crate) fn denied(status: StatusCode, message: &str) -> Reply {
        Reply::json(
            status,
            json!({"isError": true, "messages": [message], "results": []}),
        )
    }

    pub(crate) fn rows(rows: Vec<Value>) -> Reply {
        let entities = rows.len();
        Reply::envelope(false, &[], Value::Array(rows)).with_entities(entities)
    }

    /// The count answer: three strings.
    pub(crate) fn count(total: usize, per_page: usize) -> Reply {
        let results = json!({
            "noOfItems": total.to_string(),
            "noOfPages": total.div_ceil(per_page.max(1)).to_string(),
            "itemsPerPage": per_page.to_string(),
        });
        Reply::json(
            StatusCode::OK,
            json!({"isError": false, "messages": [], "errors": [], "results": results}),
        )
    }

    /// The per-entity map of the light offer route: the top level never says error.
    pub(crate) fn per_entity(results: Map<String, Value>) -> Reply {
        let entities = results.len();
        let results = if results.is_empty() {
            json!([])
        } else {
            Value::Object(results)
        };
        Reply::json(
            StatusCode::OK,
            json!({"isError": false, "messages": [], "errors": [], "results": results}),
        )
        .with_entities(entities)
    }

    /// The gateway's own `{"message": …}`.
    pub(crate) fn message(status: StatusCode, message: &str) -> Reply {
        Reply::json(status, json!({ "message": message }))
    }

    /// The gateway's message with one field error.
    pub(crate) fn field_error(message: &str, field: &str) -> Reply {
        Reply::json(
            StatusCode::BAD_REQUEST,
            json!({"message": "Validation errors in your request", "errors": [{"message": message, "field": field}]}),
        )
    }

    pub(crate) fn invalid_url() -> Reply {
        Reply::message(StatusCode::NOT_FOUND, "Invalid URL")
    }

    pub(crate) fn too_fast() -> Reply {
        Reply::message(StatusCode::TOO_MANY_REQUESTS, "API rate limit exceeded")
    }

    /// The document names the key `message`, clients see `messages`: both are sent.
    pub(crate) fn too_many_elements() -> Reply {
        let text = "Maximum input vars of 4000 exceeded";
        Reply::json(
            StatusCode::OK,
            json!({"isError": true, "message": text, "messages": [text], "results": []}),
        )
    }

    pub(crate) fn internal_error() -> Reply {
        Reply::message(StatusCode::INTERNAL_SERVER_ERROR, "An unexpected error occurred")
    }

    pub(crate) fn bad_gateway() -> Reply {
        Reply {
            status: StatusCode::BAD_GATEWAY,
            content: Content::Html(BAD_GATEWAY_PAGE),
            entities: 0,
        }
    }

    pub(crate) fn gateway_timeout() -> Reply {
        Reply {
            status: StatusCode::GATEWAY_TIMEOUT,
            content: Content::Html(GATEWAY_TIMEOUT_PAGE),
            entities: 0,
        }
    }

    pub(crate) fn empty(status: StatusCode) -> Reply {
        Reply {
            status,
            content: Content::Empty,
            entities: 0,
        }
    }

    pub(crate) fn pdf(bytes: Vec<u8>) -> Reply {
        Reply {
            status: StatusCode::OK,
            content: Content::Pdf(bytes),
            entities: 1,
        }
    }

    pub(crate) fn with_entities(mut self, entities: usize) -> Reply {
        self.entities = entities;
        self
    }

    /// The envelope without its `isError`, as the marketplace answers what it did not understand.
    pub(crate) fn without_verdict(mut self) -> Reply {
        if let Content::Json(Value::Object(body)) = &mut self.content {
            body.remove("isError");
        }
        self
    }

    /// The same answer, cut in the middle.
    pub(crate) fn cut(mut self) -> Reply {
        if let Content::Json(body) = self.content {
            self.content = Content::CutJson(body);
        }
        self
    }

    /// The verdict the body carries, if it carries one.
    pub(crate) fn is_error(&self) -> Option<bool> {
        if let Content::Json(body) = &self.content {
            body.get("isError").and_then(Value::as_bool)
        } else {
            None
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let (kind, body) = match self.content {
            Content::Json(value) => ("application/json", Body::from(value.to_string())),
            Content::CutJson(value) => {
                let whole = value.to_string().into_bytes();
                let half = whole.len() / 2;
                (
                    "application/json",
                    Body::from(whole.into_iter().take(half).collect::<Vec<u8>>()),
                )
            }
            Content::Html(page) => ("text/html", Body::from(page)),
            Content::Pdf(bytes) => ("application/pdf", Body::from(bytes)),
            Content::Empty => ("", Body::empty()),
        };
        let kind = if self.status == StatusCode::TOO_MANY_REQUESTS {
            "application/json; charset=utf-8"
        } else {
            kind
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        if !kind.is_empty() {
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        response
    }
}
