//! Translation of an order as the marketplace gives it into our own words (eMAG API 4.4.9 section 21).

use std::collections::BTreeMap;

use chrono_tz::Tz;
use emag_api::lenient::to_utc;
use emag_api::wire::{Customer, Order, OrderKind, OrderLine, OrderStatus as WireStatus, VoucherSplit};
use kernel::{Currency, EmagAccountId, Money, Net, Rounding, Timestamp, VatRate};
use orders::{
    Address, Channel, CustomerKind, Fulfilment, NewCustomer, NewLine, NewOrder, OrderStatus, PaymentMethod,
};
use rust_decimal::Decimal;
use serde_json::Value;

use super::offer::{RowProblem, without_nul};

/// An order ready to be written: our own order, and what is kept of the marketplace's.
#[derive(Clone, Debug)]
pub(crate) struct ImportedOrder {
    pub(crate) emag_id: i64,
    pub(crate) kind: i16,
    pub(crate) status: i16,
    pub(crate) modified_at: Option<Timestamp>,
    pub(crate) raw: Value,
    /// Units of the active lines per listing (the seller's numeric id).
    pub(crate) units: BTreeMap<i64, i64>,
    pub(crate) order: NewOrder,
}

impl ImportedOrder {
    /// Still the marketplace's to edit or cancel, until we acknowledge it.
    pub(crate) fn is_new(&self) -> bool {
        self.kind == 3 && self.status == 1
    }

    /// Its units are promised from our own stock: we ship it, and it has not left.
    pub(crate) fn wants_own_stock(&self) -> bool {
        self.kind == 3 && matches!(self.status, 1..=3)
    }

    /// Acknowledged, not yet finalized: the units lie on our shelf but have left eMAG's figure.
    pub(crate) fn is_in_work(&self) -> bool {
        self.kind == 3 && matches!(self.status, 2 | 3)
    }
}

/// Where the order belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shop<'a> {
    pub(crate) account: EmagAccountId,
    pub(crate) platform: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) warehouse: kernel::WarehouseId,
    pub(crate) zone: Tz,
    pub(crate) now: Timestamp,
}

/// The order in our own words, or why it cannot be understood.
pub(crate) fn translate(order: &Order, shop: &Shop<'_>) -> Result<ImportedOrder, RowProblem> {
    let emag_id =
        i64::try_from(order.id).map_err(|_over| RowProblem::new("id-too-large", order.id.to_string()))?;
    let status = our_status(order.status)?;
    let fulfilment = fulfilment(order.kind)?;
    let currency = currency_of(order, shop.currency)?;
    let lines = order
        .products
        .iter()
        .map(|line| translate_line(line, currency))
        .collect::<Result<Vec<_>, _>>()?;
    let at = |wall: Option<chrono::NaiveDateTime>| wall.map(|wall| to_utc(wall, shop.zone));
    let shipping = order.shipping_tax.get().unwrap_or_default() + gross_of(&order.shipping_tax_voucher_split);
    let shipping_gross = money("shipping_tax", shipping.max(Decimal::ZERO), currency)?;
    Ok(ImportedOrder {
        emag_id,
        kind: code(order.kind.code())?,
        status: code(order.status.code())?,
        modified_at: at(order.modified.get()),
        raw: without_nul(Value::Object(order.raw().clone())),
        units: units(&order.products),
        order: NewOrder {
            channel: Channel::Emag,
            channel_account: shop.account.0,
            external_id: Some(emag_id.to_string()),
            number: Some(number(shop.platform, emag_id)),
            customer: customer(order),
            lines,
            currency,
            placed_at: at(order.date.get()).unwrap_or(shop.now),
            fulfilment,
            payment_method: payment(order.payment_mode_id.get()),
            is_paid: order.payment_status.get() == Some(1),
            shipping_gross,
            status,
            cancel_reason: (status == OrderStatus::Cancelled).then(|| cancel_reason(order)),
            warehouse: Some(shop.warehouse),
            ship_by: None,
            note: order
                .extra
                .get("observation")
                .and_then(Value::as_str)
                .map(kernel::normalise_text)
                .filter(|n| !n.is_empty()),
        },
    })
}

/// The marketplace's own order number. Each site counts for itself, so the others are told apart by a prefix.
fn number(platform: &str, emag_id: i64) -> String {
    match platform {
        "emag-ro" => emag_id.to_string(),
        "emag-bg" => format!("BG-{emag_id}"),
        "emag-hu" => format!("HU-{emag_id}"),
        other => format!("{}-{emag_id}", other.to_uppercase()),
    }
}

/// The marketplace's own statuses in ours. Every step it can take is taken as it is: it may jump.
fn our_status(status: WireStatus) -> Result<OrderStatus, RowProblem> {
    match status {
        WireStatus::Cancelled => Ok(OrderStatus::Cancelled),
        WireStatus::New => Ok(OrderStatus::New),
        WireStatus::InProgress => Ok(OrderStatus::Confirmed),
        WireStatus::Prepared => Ok(OrderStatus::Packed),
        WireStatus::Finalized => Ok(OrderStatus::Shipped),
        WireStatus::Returned => Ok(OrderStatus::Returned),
        WireStatus::Other(code) => Err(RowProblem::new("status-unknown", code.to_string())),
    }
}

fn fulfilment(kind: OrderKind) -> Result<Fulfilment, RowProblem> {
    match kind {
        OrderKind::FulfilledByEmag => Ok(Fulfilment::Marketplace),
        OrderKind::FulfilledBySeller => Ok(Fulfilment::Own),
        OrderKind::Other(code) => Err(RowProblem::new("type-unknown", code.to_string())),
    }
}

fn payment(mode: Option<i64>) -> PaymentMethod {
    match mode {
        Some(1) => PaymentMethod::CashOnDelivery,
        Some(2) => PaymentMethod::BankTransfer,
        Some(3) => PaymentMethod::Card,
        Some(_) | None => PaymentMethod::Other,
    }
}

fn cancel_reason(order: &Order) -> String {
    order
        .cancellation_code()
        .map_or_else(|| "emag".to_owned(), |reason| format!("emag:{reason}"))
}

fn currency_of(order: &Order, account: &str) -> Result<Currency, RowProblem> {
    let named = order
        .products
        .iter()
        .map(|line| line.currency.trim())
        .find(|code| !code.is_empty());
    let code = named.unwrap_or(account);
    code.parse()
        .map_err(|_bad| RowProblem::new("currency-unknown", code))
}

fn code(value: i64) -> Result<i16, RowProblem> {
    i16::try_from(value).map_err(|_over| RowProblem::new("status-unknown", value.to_string()))
}

fn translate_line(line: &OrderLine, currency: Currency) -> Result<NewLine, RowProblem> {
    let quantity = line.quantity.get().unwrap_or(0);
    let active = line.status.get() != Some(0) && quantity > 0;
    if quantity < 0 || (quantity == 0 && line.status.get() != Some(0)) {
        return Err(RowProblem::new(
            "quantity-invalid",
            format!("line {} quantity {quantity}", line.id),
        ));
    }
    let vat = VatRate::from_fraction_or_percent(line.vat.get().unwrap_or_default())
        .map_err(|_bad| RowProblem::new("vat-invalid", format!("line {}", line.id)))?;
    let price = line
        .sale_price
        .get()
        .ok_or_else(|| RowProblem::new("price-missing", format!("line {}", line.id)))?;
    let discount = |pick: fn(&VoucherSplit) -> Option<Decimal>| -> Decimal {
        line.product_voucher_split
            .iter()
            .filter_map(pick)
            .sum::<Decimal>()
            .min(Decimal::ZERO)
    };
    Ok(NewLine {
        external_line_id: Some(line.id.to_string()),
        // The listing decides; see `service::orders`.
        product: None,
        // `part_number` carries the PNK here; the seller's own code is `ext_part_number` (section 21.3).
        sku: some(&line.ext_part_number),
        external_product_id: line.product_id.positive().map(|id| id.to_string()),
        name: Some(some(&line.name).unwrap_or_else(|| nameless(line))),
        quantity: quantity.max(1),
        price_net: Some(Net(money("sale_price", price, currency)?)),
        vat: Some(vat),
        discount_net: money("voucher", discount(|split| split.value.get()), currency)?,
        discount_vat: money("voucher", discount(|split| split.vat_value.get()), currency)?,
        active,
    })
}

fn nameless(line: &OrderLine) -> String {
    some(&line.ext_part_number)
        .or_else(|| some(&line.part_number))
        .unwrap_or_else(|| format!("#{}", line.id))
}

fn gross_of(splits: &[VoucherSplit]) -> Decimal {
    splits
        .iter()
        .map(|split| split.value.get().unwrap_or_default() + split.vat_value.get().unwrap_or_default())
        .sum()
}

fn units(lines: &[OrderLine]) -> BTreeMap<i64, i64> {
    let mut units = BTreeMap::new();
    for line in lines.iter().filter(|line| line.status.get() != Some(0)) {
        let id = line.product_id.get().filter(|id| *id > 0);
        if let (Some(id), Some(quantity)) = (id, line.quantity.get().filter(|quantity| *quantity > 0)) {
            let sum: &mut i64 = units.entry(id).or_default();
            *sum = sum.saturating_add(quantity);
        }
    }
    units
}

/// The marketplace sends up to four decimals; what it sends beyond is its own rounding noise.
fn money(field: &str, amount: Decimal, currency: Currency) -> Result<Money, RowProblem> {
    Money::rounded_from(amount, currency, Rounding::HalfUp, Money::MAX_DECIMALS)
        .map_err(|bad| RowProblem::new("amount-invalid", format!("{field}: {bad}")))
}

fn customer(order: &Order) -> NewCustomer {
    let Some(given) = order.customer.get() else {
        return NewCustomer::person("eMAG");
    };
    let is_company = given.legal_entity.is_true();
    let company = some(&given.company).filter(|_| is_company);
    let name = company
        .or_else(|| some(&given.name))
        .or_else(|| some(&given.billing_name))
        .or_else(|| some(&given.shipping_contact))
        .unwrap_or_else(|| "eMAG".to_owned());
    NewCustomer {
        kind: if is_company {
            CustomerKind::Company
        } else {
            CustomerKind::Person
        },
        name,
        email: some(&given.email),
        phone: some(&given.phone_1)
            .or_else(|| some(&given.shipping_phone))
            .or_else(|| some(&given.billing_phone)),
        tax_id: some(&given.code).filter(|_| is_company),
        registration_number: some(&given.registration_number).filter(|_| is_company),
        billing: Address {
            street: some(&given.billing_street),
            city: some(&given.billing_city),
            county: some(&given.billing_suburb),
            postal_code: some(&given.billing_postal_code),
            country: some(&given.billing_country),
            contact: some(&given.billing_name),
            phone: some(&given.billing_phone),
            locker: None,
        },
        shipping: shipping(order, given),
        external_id: given.id.positive().map(|id| id.to_string()),
    }
}

/// The street of a locker order names the locker and overrides any courier: it is passed through as it came.
fn shipping(order: &Order, given: &Customer) -> Address {
    let locker = order.details.get().and_then(|details| {
        let (id, name) = (some(&details.locker_id), some(&details.locker_name));
        match (id, name) {
            (Some(id), Some(name)) => Some(format!("{name} ({id})")),
            (id, name) => name.or(id),
        }
    });
    Address {
        street: some(&given.shipping_street),
        city: some(&given.shipping_city),
        county: some(&given.shipping_suburb),
        postal_code: some(&given.shipping_postal_code),
        country: some(&given.shipping_country),
        contact: some(&given.shipping_contact),
        phone: some(&given.shipping_phone),
        locker,
    }
}

fn some(text: &str) -> Option<String> {
    let clean = kernel::normalise_text(text);
    (!clean.is_empty()).then_some(clean)
}

/// Where the acknowledgement of an order stands after it was read; `before` is where it stood.
pub(crate) fn ack_after(before: Option<&str>, order: &ImportedOrder) -> &'static str {
    if order.kind != 3 {
        return "none";
    }
    match (before, order.is_new()) {
        (None | Some("none" | "wanted"), true) => "wanted",
        (Some("refused"), true) => "refused",
        // Asked, or answered while a page read earlier was on its way: the answer counts, not the page.
        (Some("sent"), true) => "sent",
        (Some("done"), _) => "done",
        (Some("sent"), false) => {
            if order.status == 0 {
                "none"
            } else {
                "done"
            }
        }
        // Cancelled before, or taken on by somebody else.
        _ => "none",
    }
}
