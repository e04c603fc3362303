//! Orders as `order/read` gives them (eMAG API 4.4.9 sections 21.1 to 21.4).
//!
//! Order ids pass 32 bits. `part_number` is the PNK here and `ext_part_number` the seller's own code, the reverse of an
//! offer. Line prices are without VAT, VAT is a fraction, discounts are negative, deposits come on top.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::lenient::{
    LenientBool, LenientDecimal, LenientInt, MaybeObject, OneOrMany, WallTime, format_wall_time, open_enum,
    required_id, text,
};

open_enum! {
    /// Where an order stands. It may jump: a first label sets `Finalized`, a full return `Returned`.
    OrderStatus { Cancelled = 0, New = 1, InProgress = 2, Prepared = 3, Finalized = 4, Returned = 5 }
}

open_enum! {
    /// Who ships. The partner hides `FulfilledByEmag` unless it is asked for.
    OrderKind { FulfilledByEmag = 2, FulfilledBySeller = 3 }
}

open_enum! {
    PaymentMode { CashOnDelivery = 1, BankTransfer = 2, OnlineCard = 3 }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Order {
    #[serde(deserialize_with = "required_id")]
    pub id: u64,
    pub status: OrderStatus,
    /// Left out by older answers, which then hold seller-fulfilled orders only.
    #[serde(default = "seller_fulfils", rename = "type")]
    pub kind: OrderKind,
    #[serde(default)]
    pub is_complete: LenientBool,
    #[serde(default)]
    pub payment_mode_id: LenientInt,
    #[serde(default)]
    pub payment_status: LenientInt,
    #[serde(default, deserialize_with = "text")]
    pub detailed_payment_method: String,
    /// `courier` or `pickup` (locker).
    #[serde(default, deserialize_with = "text")]
    pub delivery_mode: String,
    /// When the cart was submitted.
    #[serde(default)]
    pub date: WallTime,
    #[serde(default)]
    pub modified: WallTime,
    #[serde(default)]
    pub details: MaybeObject<OrderDetails>,
    #[serde(default)]
    pub cashed_co: LenientDecimal,
    #[serde(default)]
    pub cashed_cod: LenientDecimal,
    #[serde(default)]
    pub shipping_tax: LenientDecimal,
    #[serde(default)]
    pub shipping_tax_voucher_split: OneOrMany<VoucherSplit>,
    #[serde(default)]
    pub customer: MaybeObject<Customer>,
    #[serde(default)]
    pub products: OneOrMany<OrderLine>,
    #[serde(default)]
    pub attachments: OneOrMany<Value>,
    #[serde(default)]
    pub vouchers: OneOrMany<OrderVoucher>,
    #[serde(default)]
    pub is_storno: LenientBool,
    #[serde(default)]
    pub reason_cancellation: LenientInt,
    /// The name of `reason_cancellation` until 4.4.7; see [`Order::cancellation_code`].
    #[serde(default)]
    pub cancellation_reason: LenientInt,
    /// `None`: any courier. A list: one of these. An empty list: no label may be issued through the marketplace.
    #[serde(default)]
    pub enforced_vendor_courier_accounts: Option<Vec<Value>>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
    /// Everything as it was read, so that a save can echo it; see [`super::OrderSave`].
    #[serde(skip)]
    pub(crate) raw: Map<String, Value>,
}

const fn seller_fulfils() -> OrderKind {
    OrderKind::FulfilledBySeller
}

impl Order {
    /// Decodes an order and keeps what was read.
    pub fn decode(value: Value) -> Result<Self, serde_json::Error> {
        let mut order = Self::deserialize(&value)?;
        if let Value::Object(raw) = value {
            order.raw = raw;
        }
        Ok(order)
    }

    /// Why the order was cancelled, under whichever of its two names.
    pub fn cancellation_code(&self) -> Option<i64> {
        self.reason_cancellation.get().or(self.cancellation_reason.get())
    }

    /// The object exactly as read, decimals as text.
    pub const fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OrderDetails {
    #[serde(default, deserialize_with = "text")]
    pub locker_id: String,
    #[serde(default, deserialize_with = "text")]
    pub locker_name: String,
    #[serde(default)]
    pub locker_delivery_eligible: LenientBool,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One voucher's share of a line or of the shipping tax: negative amounts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct VoucherSplit {
    #[serde(default)]
    pub voucher_id: LenientInt,
    /// Without VAT.
    #[serde(default)]
    pub value: LenientDecimal,
    #[serde(default)]
    pub vat_value: LenientDecimal,
    #[serde(default)]
    pub vat: LenientDecimal,
    /// Who pays: `eMAG` or the seller.
    #[serde(default, deserialize_with = "text")]
    pub offered_by: String,
    #[serde(default, deserialize_with = "text")]
    pub voucher_name: String,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OrderVoucher {
    #[serde(default)]
    pub id: LenientInt,
    #[serde(default)]
    pub voucher_id: LenientInt,
    /// Unreliable here: read it from the split of a line.
    #[serde(default, deserialize_with = "text")]
    pub voucher_name: String,
    #[serde(default)]
    pub status: LenientInt,
    #[serde(default)]
    pub sale_price: LenientDecimal,
    #[serde(default)]
    pub sale_price_vat: LenientDecimal,
    #[serde(default)]
    pub vat: LenientDecimal,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OrderLine {
    /// The line's id.
    #[serde(deserialize_with = "required_id")]
    pub id: u64,
    /// The seller's own product id; none on lines the marketplace adds itself.
    #[serde(default)]
    pub product_id: LenientInt,
    /// The PNK.
    #[serde(default, deserialize_with = "text")]
    pub part_number: String,
    /// The seller's own part number.
    #[serde(default, deserialize_with = "text")]
    pub ext_part_number: String,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    /// 1 active, 0 cancelled.
    #[serde(default)]
    pub status: LenientInt,
    #[serde(default)]
    pub quantity: LenientInt,
    /// Per unit, without VAT.
    #[serde(default)]
    pub sale_price: LenientDecimal,
    #[serde(default, deserialize_with = "text")]
    pub currency: String,
    /// A fraction, `0.2100`.
    #[serde(default)]
    pub vat: LenientDecimal,
    #[serde(default)]
    pub created: WallTime,
    #[serde(default)]
    pub modified: WallTime,
    #[serde(default)]
    pub details: Value,
    #[serde(default)]
    pub product_voucher_split: OneOrMany<VoucherSplit>,
    #[serde(default)]
    pub recycle_warranties: OneOrMany<RecycleWarranty>,
    #[serde(default, deserialize_with = "text")]
    pub serial_numbers: String,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A packaging deposit: extra money outside `sale_price`; its rate is a percent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RecycleWarranty {
    #[serde(default)]
    pub quantity: LenientInt,
    #[serde(default)]
    pub sale_price: LenientDecimal,
    #[serde(default)]
    pub vat_rate: LenientDecimal,
    #[serde(default, deserialize_with = "text")]
    pub product_name: String,
    #[serde(default)]
    pub recycle_warranty_voucher_split: OneOrMany<VoucherSplit>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who ordered. The e-mail is a hash alias and cannot be written to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Customer {
    #[serde(default)]
    pub id: LenientInt,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub email: String,
    #[serde(default, deserialize_with = "text")]
    pub company: String,
    #[serde(default, deserialize_with = "text")]
    pub code: String,
    #[serde(default, deserialize_with = "text")]
    pub registration_number: String,
    #[serde(default, deserialize_with = "text")]
    pub bank: String,
    #[serde(default, deserialize_with = "text")]
    pub iban: String,
    #[serde(default)]
    pub legal_entity: LenientBool,
    #[serde(default)]
    pub is_vat_payer: LenientBool,
    #[serde(default, deserialize_with = "text")]
    pub phone_1: String,
    #[serde(default, deserialize_with = "text")]
    pub phone_2: String,
    #[serde(default, deserialize_with = "text")]
    pub phone_3: String,
    #[serde(default, deserialize_with = "text")]
    pub billing_name: String,
    #[serde(default, deserialize_with = "text")]
    pub billing_phone: String,
    #[serde(default, deserialize_with = "text")]
    pub billing_country: String,
    /// The county.
    #[serde(default, deserialize_with = "text")]
    pub billing_suburb: String,
    #[serde(default, deserialize_with = "text")]
    pub billing_city: String,
    #[serde(default, deserialize_with = "text")]
    pub billing_locality_id: String,
    #[serde(default, deserialize_with = "text")]
    pub billing_street: String,
    #[serde(default, deserialize_with = "text")]
    pub billing_postal_code: String,
    #[serde(default, deserialize_with = "text")]
    pub shipping_country: String,
    /// The county.
    #[serde(default, deserialize_with = "text")]
    pub shipping_suburb: String,
    #[serde(default, deserialize_with = "text")]
    pub shipping_city: String,
    #[serde(default, deserialize_with = "text")]
    pub shipping_locality_id: String,
    /// May hold a locker id that overrides the courier chosen: pass it through untouched.
    #[serde(default, deserialize_with = "text")]
    pub shipping_street: String,
    #[serde(default, deserialize_with = "text")]
    pub shipping_postal_code: String,
    #[serde(default, deserialize_with = "text")]
    pub shipping_contact: String,
    #[serde(default, deserialize_with = "text")]
    pub shipping_phone: String,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Filters of `order/read` and `order/count`, sent as top-level keys. Times are wall times of the site's zone; a window
/// is at most one month and a `…_before` needs its `…_after`. See [`crate::order_windows`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct OrderFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    #[serde(
        rename = "createdAfter",
        skip_serializing_if = "Option::is_none",
        serialize_with = "full_form"
    )]
    pub created_after: Option<NaiveDateTime>,
    #[serde(
        rename = "createdBefore",
        skip_serializing_if = "Option::is_none",
        serialize_with = "full_form"
    )]
    pub created_before: Option<NaiveDateTime>,
    #[serde(
        rename = "modifiedAfter",
        skip_serializing_if = "Option::is_none",
        serialize_with = "full_form"
    )]
    pub modified_after: Option<NaiveDateTime>,
    #[serde(
        rename = "modifiedBefore",
        skip_serializing_if = "Option::is_none",
        serialize_with = "full_form"
    )]
    pub modified_before: Option<NaiveDateTime>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<OrderStatus>,
    /// Without it the partner answers seller-fulfilled orders only.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<OrderKind>,
}

#[allow(clippy::ref_option, reason = "the signature serde calls")]
fn full_form<S: Serializer>(time: &Option<NaiveDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&format_wall_time(*time)),
        None => serializer.serialize_none(),
    }
}
