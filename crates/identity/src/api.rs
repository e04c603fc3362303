//! REST of this slice.

mod audit;
mod auth;
mod roles;
mod tokens;
mod users;

pub(crate) use audit::action_of;
use utoipa::OpenApi as _;
use web::Routes;

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    auth::login,
    auth::refresh,
    auth::logout,
    auth::me,
    users::list,
    users::create,
    users::show,
    users::change,
    roles::list,
    roles::create,
    roles::show,
    roles::change,
    roles::remove,
    roles::permissions,
    tokens::list,
    tokens::create,
    tokens::revoke,
    audit::list
))]
struct Contract;

/// The contract of this slice's routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

pub(crate) fn routes() -> Routes {
    auth::routes()
        .merge(users::routes())
        .merge(roles::routes())
        .merge(tokens::routes())
        .merge(audit::routes())
}
