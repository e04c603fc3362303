//! The seller's own offers as `product_offer/read` gives them (eMAG API 4.4.9 sections 14 and 15).
//!
//! Content fields hold only what this seller sent: an empty description is not "no content". Prices are without VAT.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::lenient::{
    GpsrField, LenientBool, LenientDecimal, LenientInt, MaybeObject, OneOrMany, Ownership, open_enum,
    required_id, text,
};

open_enum! {
    /// Whether the offer is for sale as far as the seller is concerned.
    OfferStatus { Inactive = 0, Active = 1, EndOfLife = 2 }
}

open_enum! {
    /// Where the documentation, or its translation (13 to 17), stands at the marketplace.
    ValidationStatus {
        Draft = 0, AwaitingMarketplace = 1, AwaitingBrand = 2, EanConflict = 3, NewDocumentation = 4, BrandRejected = 5,
        EanRejected = 6, DocumentationRejected = 8, Approved = 9, Blocked = 10, UpdatePending = 11, UpdateRejected = 12,
        TranslationAwaitsOffer = 13, TranslationFailed = 14, TranslationManual = 15, TranslationQueued = 16,
        TranslationPartial = 17,
    }
}

impl ValidationStatus {
    /// Whether a product in this state can be sold.
    pub const fn is_sellable(self) -> bool {
        matches!(
            self,
            Self::EanConflict
                | Self::Approved
                | Self::UpdatePending
                | Self::UpdateRejected
                | Self::TranslationPartial
        )
    }
}

open_enum! {
    /// The marketplace's own check of the price.
    PriceValidity { Saleable = 1, InvalidPrice = 2 }
}

/// A status with its explanation. Arrives as a one-element list, an object, or a bare number.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusBox<T> {
    pub value: T,
    pub description: String,
    /// Text or objects, not documented.
    pub errors: Vec<Value>,
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for StatusBox<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let (value, description, errors) = match Value::deserialize(deserializer)? {
            Value::Object(mut object) => {
                // Printed `Description`, `description` on the wire.
                let description = object
                    .remove("description")
                    .or_else(|| object.remove("Description"));
                let description = description
                    .as_ref()
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                let errors = object
                    .remove("errors")
                    .map(crate::lenient::elements)
                    .unwrap_or_default();
                (object.remove("value").unwrap_or_default(), description, errors)
            }
            bare @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                (bare, String::new(), Vec::new())
            }
        };
        let value = serde_json::from_value(value).map_err(D::Error::custom)?;
        Ok(Self {
            value,
            description,
            errors,
        })
    }
}

/// A quantity or a number of days in one warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WarehouseValue {
    #[serde(default)]
    pub warehouse_id: LenientInt,
    #[serde(default)]
    pub value: LenientInt,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Image {
    #[serde(default, deserialize_with = "text")]
    pub url: String,
    #[serde(default)]
    pub display_type: LenientInt,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GpsrContact {
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub address: String,
    #[serde(default, deserialize_with = "text")]
    pub email: String,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Offer {
    /// The seller's own product id; the printed bound of 16 777 215 is passed in practice.
    #[serde(deserialize_with = "required_id")]
    pub id: u64,
    #[serde(default)]
    pub category_id: LenientInt,
    #[serde(default)]
    pub vendor_category_id: LenientInt,
    /// The PNK; empty until the product is validated.
    #[serde(default, deserialize_with = "text")]
    pub part_number_key: String,
    /// The seller's own part number (in an order the same key carries the PNK).
    #[serde(default, deserialize_with = "text")]
    pub part_number: String,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub brand: String,
    #[serde(default, deserialize_with = "text")]
    pub brand_name: String,
    /// May come back HTML-escaped: compare with [`crate::lenient::same_text`].
    #[serde(default, deserialize_with = "text")]
    pub description: String,
    #[serde(default, deserialize_with = "text")]
    pub url: String,
    #[serde(default)]
    pub sale_price: LenientDecimal,
    #[serde(default)]
    pub recommended_price: LenientDecimal,
    #[serde(default)]
    pub min_sale_price: LenientDecimal,
    #[serde(default)]
    pub max_sale_price: LenientDecimal,
    #[serde(default, deserialize_with = "text")]
    pub currency: String,
    #[serde(default)]
    pub vat_id: LenientInt,
    #[serde(default)]
    pub warranty: LenientInt,
    pub status: OfferStatus,
    #[serde(default)]
    pub ean: OneOrMany<Value>,
    #[serde(default)]
    pub images: OneOrMany<Image>,
    #[serde(default)]
    pub characteristics: OneOrMany<Value>,
    #[serde(default)]
    pub family: MaybeObject<Value>,
    #[serde(default)]
    pub stock: OneOrMany<WarehouseValue>,
    #[serde(default)]
    pub handling_time: OneOrMany<WarehouseValue>,
    #[serde(default)]
    pub general_stock: LenientInt,
    /// `general_stock` less the units of orders not yet acknowledged.
    #[serde(default)]
    pub estimated_stock: LenientInt,
    #[serde(default)]
    pub number_of_offers: LenientInt,
    #[serde(default)]
    pub buy_button_rank: LenientInt,
    #[serde(default)]
    pub best_offer_sale_price: LenientDecimal,
    #[serde(default)]
    pub best_offer_recommended_price: LenientDecimal,
    #[serde(default)]
    pub ownership: Ownership,
    #[serde(default)]
    pub validation_status: OneOrMany<StatusBox<ValidationStatus>>,
    #[serde(default)]
    pub translation_validation_status: OneOrMany<StatusBox<ValidationStatus>>,
    #[serde(default)]
    pub offer_validation_status: OneOrMany<StatusBox<PriceValidity>>,
    #[serde(default)]
    pub doc_errors: Value,
    #[serde(default)]
    pub genius_eligibility: LenientInt,
    #[serde(default)]
    pub genius_eligibility_type: LenientInt,
    #[serde(default)]
    pub genius_computed: LenientInt,
    #[serde(default)]
    pub emag_club: LenientBool,
    /// With VAT, unlike every other price.
    #[serde(default)]
    pub green_tax: LenientDecimal,
    #[serde(default)]
    pub supply_lead_time: LenientInt,
    #[serde(default)]
    pub manufacturer: GpsrField<GpsrContact>,
    #[serde(default)]
    pub eu_representative: GpsrField<GpsrContact>,
    #[serde(default, deserialize_with = "text")]
    pub safety_information: String,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Offer {
    /// Barcodes as text; a barcode sent as number is text here.
    pub fn eans(&self) -> Vec<String> {
        let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.ean
            .iter()
            .map(as_text)
            .filter(|ean| !ean.trim().is_empty())
            .collect()
    }

    /// The sum over the seller's warehouses, as listed in `stock`; `None` when no warehouse says anything.
    pub fn listed_stock(&self) -> Option<i64> {
        let values: Vec<i64> = self.stock.iter().filter_map(|row| row.value.get()).collect();
        (!values.is_empty()).then(|| values.iter().fold(0_i64, |sum, value| sum.saturating_add(*value)))
    }

    /// The documentation status, whichever shape it came in.
    pub fn validation(&self) -> Option<ValidationStatus> {
        self.validation_status.first().map(|status| status.value)
    }

    pub fn price_validity(&self) -> Option<PriceValidity> {
        self.offer_validation_status.first().map(|status| status.value)
    }
}

/// Filters of `product_offer/read` and `count`; sent as top-level keys. There is no "modified since".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct OfferFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<OfferStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_number_key: Option<String>,
    /// Offers with at most this general stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub general_stock: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_stock: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_validation_status: Option<PriceValidity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_status: Option<ValidationStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation_validation_status: Option<ValidationStatus>,
}
