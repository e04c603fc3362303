//! The partner's own objects, field by field, under the partner's names. Translation into MagFlow's words lives elsewhere.
//!
//! Always holds: a key this document version does not list is kept in `extra`; a printed upper bound never rejects a row.

mod catalogue;
mod envelope;
mod offer;
mod offer_save;
mod order;
mod order_save;

pub use catalogue::{
    Category, CategoryFilter, Characteristic, Count, FamilyCharacteristic, FamilyType, HandlingTime, VatRate,
};
pub use envelope::{Envelope, EnvelopeError};
pub use offer::{
    GpsrContact, Image, Offer, OfferFilter, OfferStatus, PriceValidity, StatusBox, ValidationStatus,
    WarehouseValue,
};
pub use offer_save::{
    CharacteristicValue, Entity, FamilySave, GpsrContactSave, ImageSave, OfferUpdate, ProductSave,
    WarehouseAmount,
};
pub use order::{
    Customer, Order, OrderDetails, OrderFilter, OrderKind, OrderLine, OrderStatus, OrderVoucher, PaymentMode,
    RecycleWarranty, VoucherSplit,
};
pub use order_save::{OrderSave, OrderSaveError};
