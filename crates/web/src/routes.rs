//! Routes with their declared access, kept in a table that tests walk.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use crate::auth::guard;
use crate::{Access, AppState};

/// One route as it was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteEntry {
    pub method: &'static str,
    pub path: String,
    pub access: Access,
}

/// A set of routes. There is no way to add one without saying who may call it.
#[derive(Default)]
pub struct Routes {
    router: Router<AppState>,
    table: Vec<RouteEntry>,
}

macro_rules! verbs {
    ($($verb:ident $method:literal),+) => {$(
        #[must_use]
        pub fn $verb<H, T>(self, path: &str, access: Access, handler: H) -> Self
        where
            H: Handler<T, AppState>,
            T: 'static,
        {
            self.add($method, path, access, $verb(handler))
        }
    )+};
}

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }

    verbs!(get "GET", post "POST", put "PUT", patch "PATCH", delete "DELETE");

    fn add(
        mut self,
        method: &'static str,
        path: &str,
        access: Access,
        handler: MethodRouter<AppState>,
    ) -> Self {
        let guarded = handler.layer(from_fn(move |request: Request, next: Next| {
            guard(access, request, next)
        }));
        self.router = self.router.route(path, guarded);
        self.table.push(RouteEntry {
            method,
            path: path.to_owned(),
            access,
        });
        self
    }

    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self
    }

    pub fn table(&self) -> &[RouteEntry] {
        &self.table
    }

    pub(crate) fn into_router(self) -> Router<AppState> {
        self.router
    }
}
