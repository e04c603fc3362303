//! What is sent to create and change offers (eMAG API 4.4.9 sections 10, 11 and 17), checked before it is sent.
//!
//! Prices go out without VAT as JSON numbers of exactly their own digits. A field left `None` is left out.

use rust_decimal::Decimal;
use serde::Serialize;

use super::OfferStatus;
use crate::error::{FieldProblem, InvalidField};
use crate::lenient::WireNumber;

/// Something that is saved in a list, one element per id.
pub trait Entity: Serialize + Send + Sync {
    fn id(&self) -> u64;
    /// Every field the partner would refuse. Bad requests count against the budget, so they are not sent.
    fn check(&self) -> Vec<InvalidField>;
}

/// An amount in one warehouse: units, or days for handling times. One warehouse has id 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WarehouseAmount {
    pub warehouse_id: u32,
    pub value: u32,
}

impl WarehouseAmount {
    /// The only warehouse of a seller who has one.
    pub const fn single(value: u32) -> Self {
        Self {
            warehouse_id: 1,
            value,
        }
    }
}

/// One entity of `offer/save`: changes of an existing offer, only what changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct OfferUpdate {
    pub id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price: Option<WireNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommended_price: Option<WireNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_sale_price: Option<WireNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_sale_price: Option<WireNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stock: Vec<WarehouseAmount>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handling_time: Vec<WarehouseAmount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<OfferStatus>,
}

impl Entity for OfferUpdate {
    fn id(&self) -> u64 {
        self.id
    }

    fn check(&self) -> Vec<InvalidField> {
        let mut found = Vec::new();
        require(&mut found, "id", self.id > 0, FieldProblem::Missing);
        let prices = Prices {
            sale: self.sale_price,
            recommended: self.recommended_price,
            min: self.min_sale_price,
            max: self.max_sale_price,
        };
        prices.check(&mut found);
        check_amounts(&mut found, &self.stock, &self.handling_time);
        found
    }
}

/// One entity of `product_offer/save`: creates or updates product and offer by the seller's own `id`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ProductSave {
    pub id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_category_id: Option<u64>,
    /// Attach to this catalogue product; never together with `ean`, never for a new product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_number_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageSave>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images_overwrite: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub characteristics: Vec<CharacteristicValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilySave>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warranty: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ean: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety_information: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub manufacturer: Vec<GpsrContactSave>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub eu_representative: Vec<GpsrContactSave>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<OfferStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price: Option<WireNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommended_price: Option<WireNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_sale_price: Option<WireNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_sale_price: Option<WireNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stock: Vec<WarehouseAmount>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handling_time: Vec<WarehouseAmount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply_lead_time: Option<u32>,
    /// `YYYY-MM-DD`, from tomorrow to sixty days ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<chrono::NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<u64>,
    /// Genius participation. The partner's default is 1: leave it out only on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emag_club: Option<u8>,
    /// With VAT, unlike every other price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub green_tax: Option<WireNumber>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageSave {
    pub url: String,
    /// 0 other, 1 main, 2 secondary.
    pub display_type: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CharacteristicValue {
    pub id: u64,
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FamilySave {
    /// The seller's family id; 0 takes the product out of its family.
    pub id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_type_id: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GpsrContactSave {
    pub name: String,
    pub address: String,
    pub email: String,
}

const NAME_CHARS_MAX: usize = 255;
const PART_NUMBER_CHARS_MAX: usize = 25;
const EAN_DIGITS: std::ops::RangeInclusive<usize> = 6..=14;
const GPSR_SETS_MAX: usize = 10;

impl Entity for ProductSave {
    fn id(&self) -> u64 {
        self.id
    }

    fn check(&self) -> Vec<InvalidField> {
        let mut found = Vec::new();
        require(&mut found, "id", self.id > 0, FieldProblem::Missing);
        let prices = Prices {
            sale: self.sale_price,
            recommended: self.recommended_price,
            min: self.min_sale_price,
            max: self.max_sale_price,
        };
        prices.check(&mut found);
        check_amounts(&mut found, &self.stock, &self.handling_time);
        for (field, text) in [("name", &self.name), ("brand", &self.brand)] {
            let length = text.as_deref().map_or(1, |text| text.chars().count());
            require(&mut found, field, length > 0, FieldProblem::Missing);
            require(&mut found, field, length <= NAME_CHARS_MAX, FieldProblem::TooLong);
        }
        if let Some(part_number) = &self.part_number {
            // The server strips these before it counts.
            let length = part_number
                .chars()
                .filter(|c| !matches!(c, ' ' | ',' | ';'))
                .count();
            require(&mut found, "part_number", length > 0, FieldProblem::Missing);
            require(
                &mut found,
                "part_number",
                length <= PART_NUMBER_CHARS_MAX,
                FieldProblem::TooLong,
            );
        }
        let is_ean =
            |ean: &String| EAN_DIGITS.contains(&ean.len()) && ean.bytes().all(|byte| byte.is_ascii_digit());
        require(
            &mut found,
            "ean",
            self.ean.iter().all(is_ean),
            FieldProblem::OutOfRange,
        );
        let attaches_twice = self.part_number_key.is_some() && !self.ean.is_empty();
        require(
            &mut found,
            "part_number_key",
            !attaches_twice,
            FieldProblem::Contradiction,
        );
        require(
            &mut found,
            "manufacturer",
            self.manufacturer.len() <= GPSR_SETS_MAX,
            FieldProblem::TooManyElements,
        );
        require(
            &mut found,
            "eu_representative",
            self.eu_representative.len() <= GPSR_SETS_MAX,
            FieldProblem::TooManyElements,
        );
        found
    }
}

fn require(found: &mut Vec<InvalidField>, field: &'static str, holds: bool, problem: FieldProblem) {
    if !holds {
        found.push(InvalidField { field, problem });
    }
}

const STOCK_MAX: u32 = 65_535;
const HANDLING_DAYS_MAX: u32 = 255;
const PRICE_DECIMALS_MAX: u32 = 4;

fn check_amounts(found: &mut Vec<InvalidField>, stock: &[WarehouseAmount], handling: &[WarehouseAmount]) {
    require(
        found,
        "stock",
        stock.iter().all(|row| row.value <= STOCK_MAX),
        FieldProblem::OutOfRange,
    );
    let in_days = handling.iter().all(|row| row.value <= HANDLING_DAYS_MAX);
    require(found, "handling_time", in_days, FieldProblem::OutOfRange);
}

struct Prices {
    sale: Option<WireNumber>,
    recommended: Option<WireNumber>,
    min: Option<WireNumber>,
    max: Option<WireNumber>,
}

impl Prices {
    fn check(&self, found: &mut Vec<InvalidField>) {
        let named = [
            ("sale_price", self.sale),
            ("recommended_price", self.recommended),
            ("min_sale_price", self.min),
            ("max_sale_price", self.max),
        ];
        for (field, price) in named {
            let Some(WireNumber(price)) = price else { continue };
            require(found, field, price > Decimal::ZERO, FieldProblem::OutOfRange);
            let decimals = price.normalize().scale();
            require(
                found,
                field,
                decimals <= PRICE_DECIMALS_MAX,
                FieldProblem::TooManyDecimals,
            );
        }
        let ordered = |low: Option<WireNumber>, high: Option<WireNumber>| {
            low.zip(high).is_none_or(|(low, high)| low <= high)
        };
        let strictly = |low: Option<WireNumber>, high: Option<WireNumber>| {
            low.zip(high).is_none_or(|(low, high)| low < high)
        };
        let within = ordered(self.min, self.sale) && ordered(self.sale, self.max);
        require(found, "sale_price", within, FieldProblem::Contradiction);
        require(
            found,
            "max_sale_price",
            strictly(self.min, self.max),
            FieldProblem::Contradiction,
        );
        require(
            found,
            "recommended_price",
            strictly(self.sale, self.recommended),
            FieldProblem::Contradiction,
        );
    }
}
