//! Pages of this slice.

use web::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
}
