//! Articles as the API shows them.

use chrono::{DateTime, Utc};
use kernel::{CategoryId, Gross, Net, ProductId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Product, ProductRow, ProductStatus};

/// One article, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductView {
    pub(crate) id: ProductId,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) brand: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) status: ProductStatus,
    /// Without VAT; the price that is kept.
    pub(crate) price_net: Net,
    /// With VAT, reckoned.
    pub(crate) price_gross: Gross,
    /// Percent.
    pub(crate) vat_rate: String,
    pub(crate) weight_g: Option<i32>,
    pub(crate) image_url: Option<String>,
    pub(crate) eans: Vec<String>,
    pub(crate) stock_min: i64,
    pub(crate) reorder_point: i64,
    pub(crate) stock_target: Option<i64>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<Product> for ProductView {
    fn from(product: Product) -> Self {
        Self {
            id: product.id,
            sku: product.sku.to_string(),
            name: product.name,
            brand: product.brand,
            description: product.description,
            category_id: product.category_id,
            status: product.status,
            price_net: product.price,
            price_gross: product.gross,
            vat_rate: product.vat.to_string(),
            weight_g: product.weight_g,
            image_url: product.image_url,
            eans: product.eans.iter().map(ToString::to_string).collect(),
            stock_min: product.levels.min,
            reorder_point: product.levels.reorder_point,
            stock_target: product.levels.target,
            version: product.version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

/// A row of the list, with the stock of the own warehouses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductRowView {
    pub(crate) id: ProductId,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) brand: Option<String>,
    pub(crate) status: ProductStatus,
    pub(crate) image_url: Option<String>,
    pub(crate) price_net: Net,
    pub(crate) price_gross: Gross,
    /// Percent.
    pub(crate) vat_rate: String,
    pub(crate) reorder_point: i64,
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
    pub(crate) available: i64,
    pub(crate) version: i64,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<ProductRow> for ProductRowView {
    fn from(row: ProductRow) -> Self {
        Self {
            id: row.id,
            sku: row.sku.to_string(),
            name: row.name,
            brand: row.brand,
            status: row.status,
            image_url: row.image_url,
            price_net: row.price,
            price_gross: row.gross,
            vat_rate: row.vat.to_string(),
            reorder_point: row.reorder_point,
            on_hand: row.on_hand,
            reserved: row.reserved,
            available: row.available,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}
