//! The REST contract: one document made of what the slices declare, and an offline page to read it.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement};
use web::{Access, Page, Problem, Routes};

use crate::{health, system};

#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        health::live,
        health::ready,
        health::detailed,
        system::metrics,
        system::info,
        system::jobs
    ),
    components(schemas(web::ProblemBody))
)]
struct Own;

/// The whole contract.
pub fn openapi() -> OpenApi {
    let mut all = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("MagFlow")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Errors are RFC 9457 problems; lists are {items, next_cursor, total}.",
                ))
                .build(),
        )
        .security(Some([SecurityRequirement::new::<_, _, String>("bearer", [])]))
        .build();
    for part in [
        Own::openapi(),
        identity::openapi(),
        catalog::openapi(),
        inventory::openapi(),
        orders::openapi(),
        emag::openapi(),
    ] {
        all.merge(part);
    }
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let mut components = all
        .components
        .take()
        .unwrap_or_else(|| ComponentsBuilder::new().build());
    components.add_security_scheme("bearer", bearer);
    all.components = Some(components);
    all
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/openapi.json", Access::Public, document)
        .get("/api/docs", Access::SignedIn, docs)
}

async fn document() -> Response {
    axum::Json(openapi()).into_response()
}

#[derive(Serialize)]
struct DocsPage {
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    operations: Vec<Operation>,
}

#[derive(Serialize)]
struct Operation {
    method: String,
    path: String,
    summary: String,
    parameters: Vec<String>,
}

async fn docs(page: Page) -> Result<Response, Problem> {
    let json = serde_json::to_value(openapi()).map_err(Problem::internal)?;
    let mut groups: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, methods) in json["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let tag = operation["tags"][0].as_str().unwrap_or("other").to_owned();
            groups.entry(tag).or_default().push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: if text("summary").is_empty() {
                    text("description")
                } else {
                    text("summary")
                },
                parameters: parameters
                    .filter_map(|p| p["name"].as_str().map(str::to_owned))
                    .collect(),
            });
        }
    }
    let groups = groups
        .into_iter()
        .map(|(name, operations)| Group { name, operations })
        .collect();
    page.render("server/docs.html", &DocsPage { groups })
}
