//! Articles as values: what one is, what may change on it, what a channel brings. Pure.

use kernel::{CategoryId, Ean, Gross, MoneyError, Net, ProductId, Refusal, Sku, Timestamp, VatRate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest name the database takes, in characters.
pub(crate) const NAME_MAX: usize = 500;

/// Whether an article is still sold. Archived ones keep their history and are found by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ProductStatus {
    Active,
    Archived,
}

/// An article of the own catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub sku: Sku,
    pub name: String,
    pub brand: Option<String>,
    pub description: Option<String>,
    pub category_id: Option<CategoryId>,
    pub status: ProductStatus,
    /// Without VAT, four decimals; the price that is kept.
    pub price: Net,
    pub vat: VatRate,
    /// With VAT, two decimals; always reckoned from `price` and `vat`.
    pub gross: Gross,
    /// Grams.
    pub weight_g: Option<i32>,
    pub image_url: Option<String>,
    pub eans: Vec<Ean>,
    pub levels: StockLevels,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// When to reorder; in units. A synchronisation never writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockLevels {
    pub min: i64,
    pub reorder_point: i64,
    pub target: Option<i64>,
}

impl StockLevels {
    /// 0 ≤ min ≤ reorder point ≤ target.
    pub(crate) fn check(self) -> Result<(), Refusal> {
        if self.min < 0 {
            return Err(Refusal::new("catalog-refused-stock-min").on("stock_min"));
        }
        if self.reorder_point < self.min {
            return Err(Refusal::new("catalog-refused-reorder-point").on("reorder_point"));
        }
        if self.target.is_some_and(|target| target < self.reorder_point) {
            return Err(Refusal::new("catalog-refused-stock-target").on("stock_target"));
        }
        Ok(())
    }
}

/// A new price: people think in either form, the net one is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceChange {
    Net(Net),
    Gross(Gross),
}

impl PriceChange {
    /// The net price under a rate.
    pub fn net(self, vat: VatRate) -> Result<Net, MoneyError> {
        match self {
            Self::Net(net) => Ok(net),
            Self::Gross(gross) => vat.net(gross),
        }
    }
}

/// What is needed to create an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProduct {
    pub sku: Sku,
    pub name: String,
    pub brand: Option<String>,
    pub description: Option<String>,
    pub category_id: Option<CategoryId>,
    pub price: PriceChange,
    pub vat: VatRate,
    pub weight_g: Option<i32>,
    pub image_url: Option<String>,
    pub eans: Vec<Ean>,
    pub levels: StockLevels,
}

impl NewProduct {
    /// The smallest article: code, name, price, rate.
    pub fn new(sku: Sku, name: impl Into<String>, price: Net, vat: VatRate) -> Self {
        Self {
            sku,
            name: name.into(),
            brand: None,
            description: None,
            category_id: None,
            price: PriceChange::Net(price),
            vat,
            weight_g: None,
            image_url: None,
            eans: Vec::new(),
            levels: StockLevels::default(),
        }
    }
}

/// What may change on an article; `None` leaves as is, `Some(None)` empties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductPatch {
    pub sku: Option<Sku>,
    pub name: Option<String>,
    pub brand: Option<Option<String>>,
    pub description: Option<Option<String>>,
    pub category_id: Option<Option<CategoryId>>,
    pub status: Option<ProductStatus>,
    pub price: Option<PriceChange>,
    pub vat: Option<VatRate>,
    pub weight_g: Option<Option<i32>>,
    pub image_url: Option<Option<String>>,
    pub eans: Option<Vec<Ean>>,
    pub stock_min: Option<i64>,
    pub reorder_point: Option<i64>,
    pub stock_target: Option<Option<i64>>,
}

impl ProductPatch {
    /// Touches the price or the rate, which has a permission of its own.
    pub(crate) fn prices(&self) -> bool {
        self.price.is_some() || self.vat.is_some()
    }

    /// Touches anything but the price and the rate.
    pub(crate) fn edits(&self) -> bool {
        let without = Self {
            price: None,
            vat: None,
            ..self.clone()
        };
        without != Self::default()
    }

    /// The article as it would be.
    pub(crate) fn apply(self, to: &Product) -> Result<Product, MoneyError> {
        let vat = self.vat.unwrap_or(to.vat);
        let price = match self.price {
            Some(price) => price.net(vat)?,
            None => to.price,
        };
        Ok(Product {
            id: to.id,
            sku: self.sku.unwrap_or_else(|| to.sku.clone()),
            name: self.name.unwrap_or_else(|| to.name.clone()),
            brand: self.brand.unwrap_or_else(|| to.brand.clone()),
            description: self.description.unwrap_or_else(|| to.description.clone()),
            category_id: self.category_id.unwrap_or(to.category_id),
            status: self.status.unwrap_or(to.status),
            price,
            vat,
            gross: vat.gross(price)?,
            weight_g: self.weight_g.unwrap_or(to.weight_g),
            image_url: self.image_url.unwrap_or_else(|| to.image_url.clone()),
            eans: self.eans.unwrap_or_else(|| to.eans.clone()),
            levels: StockLevels {
                min: self.stock_min.unwrap_or(to.levels.min),
                reorder_point: self.reorder_point.unwrap_or(to.levels.reorder_point),
                target: self.stock_target.unwrap_or(to.levels.target),
            },
            version: to.version,
            created_at: to.created_at,
            updated_at: to.updated_at,
        })
    }
}

/// A name without surrounding blanks, of a length that can be kept.
pub(crate) fn checked_name(name: &str) -> Result<String, Refusal> {
    let name = kernel::normalise_text(name);
    if name.is_empty() {
        return Err(Refusal::new("catalog-refused-name-empty").on("name"));
    }
    if name.chars().count() > NAME_MAX {
        return Err(Refusal::new("catalog-refused-name-long")
            .with("max", i64::try_from(NAME_MAX).unwrap_or(i64::MAX))
            .on("name"));
    }
    Ok(name)
}

/// A picture's address goes into pages: only the web's own kinds.
pub(crate) fn checked_image(url: &str) -> Result<String, Refusal> {
    let url = url.trim();
    let web = url.starts_with("https://") || url.starts_with("http://");
    if web && url.len() <= 2_000 && !url.contains(char::is_whitespace) {
        Ok(url.to_owned())
    } else {
        Err(Refusal::new("catalog-refused-image").on("image_url"))
    }
}

/// An article as a sales channel describes it; raw, since a channel's data are what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelArticle {
    pub sku: String,
    pub name: String,
    pub brand: Option<String>,
    pub eans: Vec<String>,
    pub price_net: Net,
    pub vat: VatRate,
    pub image_url: Option<String>,
    pub weight_g: Option<i32>,
}

/// What became of one [`ChannelArticle`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelOutcome {
    /// Known by its current or an old code; left exactly as it was.
    Existing(ProductId),
    Created(ProductId),
    /// Cannot be an article of ours; the others are not held up.
    Refused(Refusal),
}

/// Order of a list; a leading `-` in its text form means descending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProductSort {
    pub by: SortKey,
    pub descending: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    Sku,
    Name,
    Price,
    Updated,
    Available,
}

impl SortKey {
    pub(crate) const ALL: [Self; 5] = [Self::Sku, Self::Name, Self::Price, Self::Updated, Self::Available];

    pub fn word(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Name => "name",
            Self::Price => "price",
            Self::Updated => "updated",
            Self::Available => "available",
        }
    }
}

impl ProductSort {
    /// `sku`, `-price`, …
    pub fn parse(text: &str) -> Option<Self> {
        let (word, descending) = match text.strip_prefix('-') {
            Some(word) => (word, true),
            None => (text, false),
        };
        let by = SortKey::ALL.into_iter().find(|key| key.word() == word)?;
        Some(Self { by, descending })
    }

    pub fn text(self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.by.word())
    }
}

/// Own stock as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StockFilter {
    /// Something can be sold.
    In,
    /// At or under the reorder point.
    Low,
    /// Nothing can be sold.
    Out,
}

/// Which articles a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Name, current or old code, EAN; diacritics and a typing error are forgiven.
    pub q: Option<String>,
    /// `None` shows both.
    pub status: Option<ProductStatus>,
    pub stock: Option<StockFilter>,
    pub category_id: Option<CategoryId>,
    pub sort: ProductSort,
}

/// One row of the list, with the stock of the own warehouses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRow {
    pub id: ProductId,
    pub sku: Sku,
    pub name: String,
    pub brand: Option<String>,
    pub status: ProductStatus,
    pub image_url: Option<String>,
    pub price: Net,
    pub vat: VatRate,
    pub gross: Gross,
    pub reorder_point: i64,
    pub on_hand: i64,
    pub reserved: i64,
    /// `on_hand` − `reserved`.
    pub available: i64,
    pub version: i64,
    pub updated_at: Timestamp,
}

/// A code the article had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldSku {
    pub sku: String,
    pub replaced_at: Timestamp,
}

/// A node of the category tree, its name with those above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    pub id: CategoryId,
    /// `Casă / Bucătărie`
    pub path: String,
}
