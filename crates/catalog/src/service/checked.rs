//! An article whose fields were all looked at: the only shape that reaches a statement.

use kernel::{CategoryId, Ean, Net, Refusal, Sku, VatRate};

use crate::CatalogError;
use crate::model::{NewProduct, Product, StockLevels, checked_image, checked_name};

pub(crate) struct Checked {
    pub(crate) sku: Sku,
    pub(crate) name: String,
    pub(crate) brand: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) price: Net,
    pub(crate) vat: VatRate,
    pub(crate) weight_g: Option<i32>,
    pub(crate) image_url: Option<String>,
    pub(crate) eans: Vec<Ean>,
    pub(crate) levels: StockLevels,
}

impl Checked {
    pub(crate) fn new(new: NewProduct) -> Result<Self, CatalogError> {
        Self {
            sku: new.sku,
            name: new.name,
            brand: new.brand,
            description: new.description,
            category_id: new.category_id,
            price: new.price.net(new.vat)?,
            vat: new.vat,
            weight_g: new.weight_g,
            image_url: new.image_url,
            eans: new.eans,
            levels: new.levels,
        }
        .check()
    }

    pub(crate) fn changed(product: &Product) -> Result<Self, CatalogError> {
        Self {
            sku: product.sku.clone(),
            name: product.name.clone(),
            brand: product.brand.clone(),
            description: product.description.clone(),
            category_id: product.category_id,
            price: product.price,
            vat: product.vat,
            weight_g: product.weight_g,
            image_url: product.image_url.clone(),
            eans: product.eans.clone(),
            levels: product.levels,
        }
        .check()
    }

    fn check(mut self) -> Result<Self, CatalogError> {
        self.name = checked_name(&self.name)?;
        if self.price.0.amount().is_sign_negative() && !self.price.0.amount().is_zero() {
            return Err(Refusal::new("catalog-refused-price-negative")
                .on("price_net")
                .into());
        }
        if self.weight_g.is_some_and(|grams| grams < 0) {
            return Err(Refusal::new("catalog-refused-weight").on("weight_g").into());
        }
        self.levels.check()?;
        self.brand = filled(self.brand.as_deref());
        self.description = filled(self.description.as_deref());
        self.image_url = filled(self.image_url.as_deref())
            .map(|url| checked_image(&url))
            .transpose()?;
        let mut seen = std::collections::HashSet::new();
        self.eans.retain(|ean| seen.insert(ean.clone()));
        Ok(self)
    }
}

/// An empty text is no text. A zero byte is no text either, and the database refuses it.
fn filled(text: Option<&str>) -> Option<String> {
    let text = text?.replace('\0', "");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
