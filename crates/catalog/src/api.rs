//! REST of articles.

mod view;

use axum::extract::State;
use axum::response::Response;
use kernel::{Ean, ProductId, Refusal, Sku, VatRate};
use serde::{Deserialize, Deserializer};
use utoipa::{OpenApi, ToSchema};
use web::{
    Access, ApiActor, AppState, IfMatch, Json, List, Path, Problem, Query, Routes, created, page_request,
    versioned,
};

pub(crate) use view::{ProductRowView, ProductView};

use crate::error::CatalogError;
use crate::model::{
    NewProduct, PriceChange, ProductFilter, ProductPatch, ProductSort, ProductStatus, StockFilter,
    StockLevels,
};
use crate::{CATALOG_EDIT, CATALOG_VIEW, service};

#[derive(OpenApi)]
#[openapi(paths(list, create, show, by_sku, update, archive))]
struct Contract;

pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

pub(crate) fn routes() -> Routes {
    let view = Access::Needs(CATALOG_VIEW);
    Routes::new()
        .get("/api/v1/products", view, list)
        .post("/api/v1/products", Access::Needs(CATALOG_EDIT), create)
        .get("/api/v1/products/{id}", view, show)
        // What may be changed depends on the fields: prices have a permission of their own. The service asks.
        .patch("/api/v1/products/{id}", view, update)
        .delete("/api/v1/products/{id}", Access::Needs(CATALOG_EDIT), archive)
        .get("/api/v1/products/by-sku/{sku}", view, by_sku)
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Denied(denied) => denied.into(),
            CatalogError::NotFound => Self::NotFound,
            CatalogError::Refused(refusal) => match refusal.field {
                Some(field) => Self::field(field, refusal),
                None => refusal.into(),
            },
            CatalogError::Stale { current } => Self::Stale {
                current_version: current.version,
            },
            CatalogError::Money(_) => {
                Self::field("price_net", Refusal::new("catalog-refused-price").on("price_net"))
            }
            CatalogError::Cursor(error) => error.into(),
            CatalogError::Database(error) => error.into(),
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Name, current or old code, EAN; diacritics and a typing error are forgiven.
    q: Option<String>,
    /// `sku`, `name`, `price`, `updated` or `available`; a leading `-` turns it round.
    sort: Option<String>,
    /// `active` (the default), `archived` or `all`.
    status: Option<String>,
    #[param(value_type = Option<String>)]
    stock: Option<StockFilter>,
    category_id: Option<i64>,
    limit: Option<u16>,
    cursor: Option<String>,
}

pub(crate) fn sort_of(text: Option<&str>) -> Result<ProductSort, Problem> {
    let Some(text) = text else {
        return Ok(ProductSort::default());
    };
    ProductSort::parse(text)
        .ok_or_else(|| Problem::field("sort", Refusal::new("catalog-refused-sort").with("sort", text)))
}

pub(crate) fn status_of(text: Option<&str>) -> Result<Option<ProductStatus>, Problem> {
    match text {
        None | Some("active") => Ok(Some(ProductStatus::Active)),
        Some("archived") => Ok(Some(ProductStatus::Archived)),
        Some("all") => Ok(None),
        Some(other) => Err(Problem::field(
            "status",
            Refusal::new("catalog-refused-status").with("status", other),
        )),
    }
}

#[utoipa::path(get, path = "/api/v1/products", tag = "products", params(ListQuery), responses((status = 200, body = List<ProductRowView>)))]
async fn list(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<ListQuery>,
) -> Result<List<ProductRowView>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let filter = ProductFilter {
        q: query.q,
        status: status_of(query.status.as_deref())?,
        stock: query.stock,
        category_id: query.category_id.map(kernel::CategoryId),
        sort: sort_of(query.sort.as_deref())?,
    };
    let mut conn = state.db.read().await?;
    let found = service::list(&mut conn, &actor, &filter, page).await?;
    Ok(List::from_page(found.map(ProductRowView::from)))
}

/// A new article. Smallest body: `{"sku","name","price_net":{"amount","currency"},"vat_rate":"21"}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProductBody {
    sku: Sku,
    name: String,
    price_net: kernel::Net,
    #[schema(value_type = String)]
    vat_rate: VatRate,
    brand: Option<String>,
    description: Option<String>,
    category_id: Option<kernel::CategoryId>,
    weight_g: Option<i32>,
    image_url: Option<String>,
    #[serde(default)]
    eans: Vec<Ean>,
    #[serde(default)]
    stock_min: i64,
    #[serde(default)]
    reorder_point: i64,
    stock_target: Option<i64>,
}

#[utoipa::path(post, path = "/api/v1/products", tag = "products", request_body = NewProductBody, responses((status = 201, body = ProductView)))]
async fn create(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Json(body): Json<NewProductBody>,
) -> Result<Response, Problem> {
    let new = NewProduct {
        brand: body.brand,
        description: body.description,
        category_id: body.category_id,
        weight_g: body.weight_g,
        image_url: body.image_url,
        eans: body.eans,
        levels: StockLevels {
            min: body.stock_min,
            reorder_point: body.reorder_point,
            target: body.stock_target,
        },
        ..NewProduct::new(body.sku, body.name, body.price_net, body.vat_rate)
    };
    let mut tx = state.db.begin(&actor).await?;
    let product = service::create(&mut tx, &actor, new).await?;
    tx.commit().await?;
    let version = product.version;
    Ok(created(
        &format!("/api/v1/products/{}", product.id),
        version,
        &ProductView::from(product),
    ))
}

#[utoipa::path(get, path = "/api/v1/products/{id}", tag = "products", params(("id" = i64, Path)), responses((status = 200, body = ProductView)))]
async fn show(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let product = service::get(&mut conn, &actor, ProductId(id)).await?;
    Ok(versioned(product.version, &ProductView::from(product)))
}

/// By the current code, or by one it had before.
#[utoipa::path(get, path = "/api/v1/products/by-sku/{sku}", tag = "products", params(("sku" = String, Path)), responses((status = 200, body = ProductView)))]
async fn by_sku(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(sku): Path<String>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let product = service::find_by_sku(&mut conn, &actor, &sku)
        .await?
        .ok_or(Problem::NotFound)?;
    Ok(versioned(product.version, &ProductView::from(product)))
}

/// Tells "absent" from "null".
#[allow(
    clippy::option_option,
    reason = "absent, emptied and set are three different wishes"
)]
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Absent fields stay; null empties those that may be empty. `price_net` and `price_gross` exclude each other.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
#[allow(
    clippy::option_option,
    reason = "absent, emptied and set are three different wishes"
)]
struct PatchBody {
    #[schema(value_type = Option<String>)]
    sku: Option<Sku>,
    name: Option<String>,
    price_net: Option<kernel::Net>,
    price_gross: Option<kernel::Gross>,
    #[schema(value_type = Option<String>)]
    vat_rate: Option<VatRate>,
    status: Option<ProductStatus>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    brand: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    category_id: Option<Option<kernel::CategoryId>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    weight_g: Option<Option<i32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    image_url: Option<Option<String>>,
    #[schema(value_type = Option<Vec<String>>)]
    eans: Option<Vec<Ean>>,
    stock_min: Option<i64>,
    reorder_point: Option<i64>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    stock_target: Option<Option<i64>>,
}

impl PatchBody {
    fn into_patch(self) -> Result<ProductPatch, Problem> {
        let price = match (self.price_net, self.price_gross) {
            (Some(_), Some(_)) => {
                return Err(Problem::field(
                    "price_gross",
                    Refusal::new("catalog-refused-two-prices").on("price_gross"),
                ));
            }
            (Some(net), None) => Some(PriceChange::Net(net)),
            (None, Some(gross)) => Some(PriceChange::Gross(gross)),
            (None, None) => None,
        };
        Ok(ProductPatch {
            sku: self.sku,
            name: self.name,
            brand: self.brand,
            description: self.description,
            category_id: self.category_id,
            status: self.status,
            price,
            vat: self.vat_rate,
            weight_g: self.weight_g,
            image_url: self.image_url,
            eans: self.eans,
            stock_min: self.stock_min,
            reorder_point: self.reorder_point,
            stock_target: self.stock_target,
        })
    }
}

#[utoipa::path(patch, path = "/api/v1/products/{id}", tag = "products", params(("id" = i64, Path)), request_body = PatchBody, responses((status = 200, body = ProductView), (status = 412)))]
async fn update(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
    IfMatch(version): IfMatch,
    Json(body): Json<PatchBody>,
) -> Result<Response, Problem> {
    let patch = body.into_patch()?;
    let mut tx = state.db.begin(&actor).await?;
    let product = service::update(&mut tx, &actor, ProductId(id), version, patch).await?;
    tx.commit().await?;
    Ok(versioned(product.version, &ProductView::from(product)))
}

/// Archives: history keeps it, lists hide it.
#[utoipa::path(delete, path = "/api/v1/products/{id}", tag = "products", params(("id" = i64, Path)), responses((status = 200, body = ProductView), (status = 412)))]
async fn archive(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
    IfMatch(version): IfMatch,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    let product = service::archive(&mut tx, &actor, ProductId(id), version).await?;
    tx.commit().await?;
    Ok(versioned(product.version, &ProductView::from(product)))
}
