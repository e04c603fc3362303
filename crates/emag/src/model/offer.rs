//! Translation of an offer as the marketplace gives it into a row of ours.

use emag_api::lenient::Ownership;
use emag_api::wire::Offer;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Why a row could not be taken; `code` is a translation key's end, `detail` for the person who looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowProblem {
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

impl RowProblem {
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

/// What a listing takes from an offer.
#[derive(Clone, Debug)]
pub(crate) struct ListingRow {
    pub(crate) emag_id: i64,
    pub(crate) part_number: String,
    pub(crate) part_number_key: Option<String>,
    pub(crate) name: String,
    pub(crate) brand: Option<String>,
    pub(crate) category_id: Option<i64>,
    pub(crate) eans: Vec<String>,
    pub(crate) image_url: Option<String>,
    pub(crate) status: i16,
    pub(crate) sale_price: Decimal,
    pub(crate) recommended_price: Option<Decimal>,
    pub(crate) min_sale_price: Option<Decimal>,
    pub(crate) max_sale_price: Option<Decimal>,
    pub(crate) currency: String,
    pub(crate) vat_id: Option<i32>,
    pub(crate) general_stock: i64,
    pub(crate) estimated_stock: i64,
    pub(crate) validation_status: Option<i32>,
    pub(crate) validation_description: Option<String>,
    pub(crate) translation_status: Option<i32>,
    pub(crate) offer_validation: Option<i32>,
    pub(crate) ownership: Option<i32>,
    pub(crate) number_of_offers: Option<i32>,
    pub(crate) buy_button_rank: Option<i32>,
    pub(crate) best_price: Option<Decimal>,
    pub(crate) best_recommended: Option<Decimal>,
    pub(crate) weight_g: Option<i32>,
    pub(crate) raw: Value,
}

/// Prices at the marketplace have at most four decimals and our columns ten digits before the point.
const PRICE_DECIMALS: u32 = 4;
const PRICE_MAX: i64 = 9_999_999_999;

/// The row of an offer, or why there is none.
pub(crate) fn listing_of(offer: &Offer, account_currency: &str) -> Result<ListingRow, RowProblem> {
    let emag_id =
        i64::try_from(offer.id).map_err(|_over| RowProblem::new("id-too-large", offer.id.to_string()))?;
    let sale_price = price("sale_price", offer.sale_price.get())?
        .ok_or_else(|| RowProblem::new("price-missing", "sale_price"))?;
    let general_stock = offer
        .general_stock
        .get()
        .or_else(|| offer.listed_stock())
        .unwrap_or(0)
        .max(0);
    let validation = offer.validation_status.first();
    let name = bounded(&offer.name)
        .unwrap_or_else(|| bounded(&offer.part_number).unwrap_or_else(|| emag_id.to_string()));
    Ok(ListingRow {
        emag_id,
        part_number: bounded(&offer.part_number).unwrap_or_default(),
        part_number_key: bounded(&offer.part_number_key),
        name,
        brand: bounded(&offer.brand).or_else(|| bounded(&offer.brand_name)),
        category_id: offer.category_id.get(),
        eans: offer.eans().iter().filter_map(|ean| text(ean)).collect(),
        image_url: offer.images.first().and_then(|image| text(&image.url)),
        status: small(offer.status.code())?,
        sale_price,
        recommended_price: price("recommended_price", offer.recommended_price.get())?.filter(above_zero),
        min_sale_price: price("min_sale_price", offer.min_sale_price.get())?.filter(above_zero),
        max_sale_price: price("max_sale_price", offer.max_sale_price.get())?.filter(above_zero),
        currency: text(&offer.currency).unwrap_or_else(|| account_currency.to_owned()),
        vat_id: int(offer.vat_id.get()),
        general_stock,
        estimated_stock: offer.estimated_stock.get().unwrap_or(general_stock).max(0),
        validation_status: int(offer.validation().map(emag_api::wire::ValidationStatus::code)),
        validation_description: validation.and_then(|status| text(&status.description)),
        translation_status: int(offer
            .translation_validation_status
            .first()
            .map(|s| s.value.code())),
        offer_validation: int(offer.price_validity().map(emag_api::wire::PriceValidity::code)),
        ownership: match offer.ownership {
            Ownership::Own => Some(1),
            Ownership::Foreign => Some(2),
            Ownership::Unknown => None,
        },
        number_of_offers: int(offer.number_of_offers.get()),
        buy_button_rank: int(offer.buy_button_rank.get()),
        best_price: price("best_offer_sale_price", offer.best_offer_sale_price.get())?,
        best_recommended: price(
            "best_offer_recommended_price",
            offer.best_offer_recommended_price.get(),
        )?,
        weight_g: grams(offer.extra.get("weight")),
        raw: kept(offer),
    })
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature of Option::filter"
)]
fn above_zero(price: &Decimal) -> bool {
    *price > Decimal::ZERO
}

fn price(field: &'static str, value: Option<Decimal>) -> Result<Option<Decimal>, RowProblem> {
    let Some(value) = value else { return Ok(None) };
    let rounded = value.round_dp(PRICE_DECIMALS);
    if rounded < Decimal::ZERO || rounded > Decimal::from(PRICE_MAX) {
        return Err(RowProblem::new("price-out-of-range", format!("{field} {value}")));
    }
    Ok(Some(rounded))
}

fn small(code: i64) -> Result<i16, RowProblem> {
    i16::try_from(code).map_err(|_over| RowProblem::new("status-unknown", code.to_string()))
}

fn int(value: Option<i64>) -> Option<i32> {
    value.and_then(|value| i32::try_from(value).ok())
}

/// The partner's weight is text in kilograms.
fn grams(value: Option<&Value>) -> Option<i32> {
    let value = value?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let kilograms: Decimal = text.parse().ok()?;
    i32::try_from((kilograms * Decimal::ONE_THOUSAND).round())
        .ok()
        .filter(|grams| *grams > 0)
}

/// A text without control characters and blanks around it; empty is none.
fn text(value: &str) -> Option<String> {
    let clean = kernel::normalise_text(value);
    (!clean.is_empty()).then_some(clean)
}

/// Longer ones are no names and no codes, and fit in no index; `raw` keeps them whole.
const NAME_CHARS_MAX: usize = 500;

fn bounded(value: &str) -> Option<String> {
    text(value).map(|text| text.chars().take(NAME_CHARS_MAX).collect())
}

/// What the row keeps beside its columns: everything that may matter later. Descriptions are left out: they are long,
/// come back escaped, and belong to the partner's content.
fn kept(offer: &Offer) -> Value {
    let numbers = |rows: &[emag_api::wire::WarehouseValue]| -> Vec<Value> {
        rows.iter()
            .map(|row| json!({"warehouse_id": row.warehouse_id.get(), "value": row.value.get()}))
            .collect()
    };
    let images: Vec<&str> = offer.images.iter().map(|image| image.url.as_str()).collect();
    without_nul(json!({
        "id": offer.id, "part_number": offer.part_number, "part_number_key": offer.part_number_key,
        "name": offer.name, "brand": offer.brand, "url": offer.url, "status": offer.status.code(),
        "sale_price": offer.sale_price.get(), "recommended_price": offer.recommended_price.get(),
        "min_sale_price": offer.min_sale_price.get(), "max_sale_price": offer.max_sale_price.get(),
        "general_stock": offer.general_stock.get(), "estimated_stock": offer.estimated_stock.get(),
        "stock": numbers(&offer.stock), "handling_time": numbers(&offer.handling_time),
        "vat_id": offer.vat_id.get(), "warranty": offer.warranty.get(), "images": images, "ean": offer.eans(),
        "characteristics": offer.characteristics.0, "family": offer.family.get(), "doc_errors": offer.doc_errors,
        "emag_club": offer.emag_club.get(), "green_tax": offer.green_tax.get(),
        "supply_lead_time": offer.supply_lead_time.get(), "genius_computed": offer.genius_computed.get(),
        "number_of_offers": offer.number_of_offers.get(), "buy_button_rank": offer.buy_button_rank.get(),
        "extra": offer.extra,
    }))
}

/// PostgreSQL keeps no NUL, neither in text nor in jsonb.
pub(crate) fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "")),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| (key.replace('\0', ""), without_nul(value)))
                .collect(),
        ),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}
