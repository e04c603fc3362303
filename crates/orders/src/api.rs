//! REST: orders and customers. Handlers read, call, answer; the rules live in the services.

mod customers;
mod orders;
mod views;

use kernel::Refusal;
use utoipa::OpenApi;
use web::{Access, FieldError, Problem, Routes};

use crate::error::OrderError;
use crate::search::Direction;
use crate::{CUSTOMERS_EDIT, CUSTOMERS_VIEW, ORDERS_CANCEL, ORDERS_EDIT, ORDERS_SHIP, ORDERS_VIEW};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/orders", Access::Needs(ORDERS_VIEW), orders::list)
        .post("/api/v1/orders", Access::Needs(ORDERS_EDIT), orders::create)
        .get(
            "/api/v1/orders/unresolved-lines",
            Access::Needs(ORDERS_VIEW),
            orders::unresolved,
        )
        .get("/api/v1/orders/{id}", Access::Needs(ORDERS_VIEW), orders::show)
        .post(
            "/api/v1/orders/{id}/confirm",
            Access::Needs(ORDERS_EDIT),
            orders::confirm,
        )
        .post(
            "/api/v1/orders/{id}/pack",
            Access::Needs(ORDERS_SHIP),
            orders::pack,
        )
        .post(
            "/api/v1/orders/{id}/ship",
            Access::Needs(ORDERS_SHIP),
            orders::ship,
        )
        .post(
            "/api/v1/orders/{id}/cancel",
            Access::Needs(ORDERS_CANCEL),
            orders::cancel,
        )
        .post(
            "/api/v1/orders/{id}/return",
            Access::Needs(ORDERS_SHIP),
            orders::return_goods,
        )
        .post(
            "/api/v1/orders/lines/{line_id}/resolve",
            Access::Needs(ORDERS_EDIT),
            orders::resolve,
        )
        .get(
            "/api/v1/customers",
            Access::Needs(CUSTOMERS_VIEW),
            customers::list,
        )
        .post(
            "/api/v1/customers",
            Access::Needs(CUSTOMERS_EDIT),
            customers::create,
        )
        .get(
            "/api/v1/customers/{id}",
            Access::Needs(CUSTOMERS_VIEW),
            customers::show,
        )
        .patch(
            "/api/v1/customers/{id}",
            Access::Needs(CUSTOMERS_EDIT),
            customers::update,
        )
}

#[derive(OpenApi)]
#[openapi(paths(
    orders::list,
    orders::create,
    orders::show,
    orders::confirm,
    orders::pack,
    orders::ship,
    orders::cancel,
    orders::return_goods,
    orders::resolve,
    orders::unresolved,
    customers::list,
    customers::create,
    customers::show,
    customers::update
))]
struct Contract;

/// The contract of this slice's API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Denied(denied) => denied.into(),
            OrderError::NotFound => Self::NotFound,
            OrderError::Refused(refusal) => refusal.into(),
            OrderError::Invalid(problems) => Self::Invalid(
                problems
                    .into_iter()
                    .map(|problem| FieldError {
                        field: problem.field,
                        refusal: problem.refusal,
                    })
                    .collect(),
            ),
            OrderError::Stale { current_version } => Self::Stale { current_version },
            OrderError::Money(_) => Refusal::new("orders-refused-amount").into(),
            OrderError::Cursor(error) => error.into(),
            OrderError::Catalog(error) => error.into(),
            OrderError::Inventory(error) => error.into(),
            OrderError::Database(error) => error.into(),
        }
    }
}

/// `?sort=field` or `-field`; an unknown field is refused by name.
pub(crate) fn sorted<S: Copy>(
    text: Option<&str>,
    all: &[S],
    word: fn(S) -> &'static str,
    otherwise: (S, Direction),
) -> Result<(S, Direction), Problem> {
    let Some(text) = text else { return Ok(otherwise) };
    let (field, direction) = match text.strip_prefix('-') {
        Some(field) => (field, Direction::Descending),
        None => (text, Direction::Ascending),
    };
    all.iter()
        .find(|sort| word(**sort) == field)
        .map(|sort| (*sort, direction))
        .ok_or_else(|| {
            let refusal = Refusal::new("orders-sort-unknown").with("sort", text);
            Problem::field("sort", refusal)
        })
}
