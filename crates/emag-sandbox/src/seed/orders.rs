//! Made-up orders: private people and companies, home delivery and lockers, vouchers, several lines.

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;
use rand::rngs::StdRng;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::words::{CITIES, COMPANIES, FIRST_NAMES_F, FIRST_NAMES_M, LAST_NAMES, LOCKERS, STREETS, VOUCHERS};
use super::{is_buyable, pick};
use crate::state::{AccountKind, Arrival, State};
use crate::value::{Doc, decimal, four_decimals, int_at, into_doc, list_at, number, wall};

/// How far back the seeded orders reach.
const HISTORY_DAYS: i64 = 21;
/// Orders still new lie in the last hours.
const NEW_HOURS: i64 = 20;
/// An order's last change lies within this time after it was placed.
const CHANGED_WITHIN_HOURS: i64 = 30;

/// When an order is made and what has become of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) at: DateTime<Utc>,
    pub(crate) status: i64,
    /// The latest moment anything can have happened to it.
    pub(crate) until: DateTime<Utc>,
}

/// Adds `count` orders of the last days, oldest first.
pub(super) fn fill(state: &mut State, username: &str, count: usize, dice: &mut StdRng, now: DateTime<Utc>) {
    let kind = state
        .account(username)
        .map_or(AccountKind::Main, |account| account.kind);
    let mut moments: Vec<Moment> = (0..count).map(|_| moment(dice, kind, now)).collect();
    moments.sort_by_key(|moment| moment.at);
    for moment in moments {
        if let Some(order) = made_up(state, username, dice, moment) {
            // A made-up order is complete by construction; one that is not would show in the seed's test.
            let added = state.add_order(username, order, now, Arrival::Known);
            debug_assert!(added.is_ok(), "{added:?}");
        }
    }
}

fn moment(dice: &mut StdRng, kind: AccountKind, now: DateTime<Utc>) -> Moment {
    let roll = dice.random_range(0..100);
    let status = match (kind, roll) {
        (AccountKind::Main, 0..14) => 1,
        (AccountKind::Main, 14..28) | (AccountKind::Fbe, 0..15) => 2,
        (AccountKind::Main, 28..38) => 3,
        (AccountKind::Main, 38..90) | (AccountKind::Fbe, 15..90) => 4,
        (AccountKind::Main | AccountKind::Fbe, 90..97) => 0,
        (AccountKind::Main | AccountKind::Fbe, _) => 5,
    };
    let minutes = match status {
        1 => dice.random_range(1..NEW_HOURS * 60),
        2 | 3 => dice.random_range(60..4 * 24 * 60),
        _ => dice.random_range(24 * 60..HISTORY_DAYS * 24 * 60),
    };
    Moment {
        at: now - TimeDelta::minutes(minutes) - TimeDelta::seconds(dice.random_range(0..60)),
        status,
        until: now,
    }
}

/// One order placed now by the simulated trade; its id, or nothing when nothing can be sold.
pub(crate) fn arriving_order(
    state: &mut State,
    username: &str,
    dice: &mut StdRng,
    moment: Moment,
) -> Option<u64> {
    let order = made_up(state, username, dice, moment)?;
    state.add_order(username, order, moment.at, Arrival::New).ok()
}

fn made_up(state: &mut State, username: &str, dice: &mut StdRng, moment: Moment) -> Option<Value> {
    let needs_stock = matches!(moment.status, 1..=2);
    let lines = lines(state, username, dice, needs_stock);
    if lines.is_empty() {
        return None;
    }
    let at = wall(moment.at);
    let span = (moment.until - moment.at)
        .num_seconds()
        .clamp(0, CHANGED_WITHIN_HOURS * 3600);
    let later = if moment.status == 1 {
        0
    } else {
        dice.random_range(0..=span)
    };
    let modified = wall(moment.at + TimeDelta::seconds(later));
    let payment = pick(dice, &[1, 1, 1, 3, 3, 2]);
    let locker = dice.random_bool(0.35);
    let (customer, details) = customer(dice, &at, locker);
    let total: Decimal = lines.iter().filter_map(Value::as_object).map(gross_of).sum();
    let total = number(total.round_dp(2));
    let mut order = into_doc(json!({
        "status": moment.status, "payment_mode_id": payment,
        "payment_status": i64::from(payment == 3), "date": at, "modified": modified,
        "delivery_mode": if locker { "pickup" } else { "courier" },
        "details": details,
        "detailed_payment_method": if payment == 3 && dice.random_bool(0.1) { "eCREDIT" } else { "" },
        "cashed_co": if payment == 3 { total.clone() } else { json!(0) },
        "cashed_cod": if payment == 1 { total } else { json!(0) },
        "shipping_tax": pick(dice, &["0.0000", "0.0000", "12.3884", "16.5207"]),
        "customer": customer, "products": lines,
    }));
    if moment.status == 0 {
        order.insert(
            "reason_cancellation".to_owned(),
            json!(pick(dice, &[1, 2, 2, 23, 24, 25])),
        );
    }
    if dice.random_bool(0.15) {
        add_voucher(&mut order, dice, &at);
    }
    Some(Value::Object(order))
}

fn gross_of(line: &Doc) -> Decimal {
    let price = line.get("sale_price").and_then(decimal).unwrap_or_default();
    price * Decimal::from(int_at(line, "quantity").unwrap_or(0)) * Decimal::new(121, 2)
}

/// One to four lines of different offers; with `needs_stock` no more than is left.
fn lines(state: &State, username: &str, dice: &mut StdRng, needs_stock: bool) -> Vec<Value> {
    let Some(shop) = state.shops.get(username) else {
        return Vec::new();
    };
    let Some((first, last)) = shop.offers.keys().next().zip(shop.offers.keys().next_back()) else {
        return Vec::new();
    };
    let wanted = pick(dice, &[1, 1, 1, 1, 1, 2, 2, 3, 4]).max(1);
    let mut lines: Vec<Value> = Vec::new();
    for _ in 0..wanted * 6 {
        let from = dice.random_range(*first..=*last);
        let Some((id, offer)) = shop.offers.range(from..).next() else {
            continue;
        };
        let quantity = pick(dice, &[1, 1, 1, 1, 2, 2, 3]);
        let taken = lines
            .iter()
            .any(|line| line.get("product_id") == Some(&json!(id)));
        if taken || !is_buyable(&offer.doc) || needs_stock && offer.estimated_stock() < quantity {
            continue;
        }
        lines
            .push(json!({"product_id": id, "quantity": quantity, "sale_price": offer.doc.get("sale_price")}));
        if lines.len() == wanted {
            break;
        }
    }
    lines
}

fn customer(dice: &mut StdRng, at: &str, locker: bool) -> (Value, Value) {
    let woman = dice.random_bool(0.5);
    let first = pick(dice, if woman { &FIRST_NAMES_F } else { &FIRST_NAMES_M });
    let name = format!("{first} {}", pick(dice, &LAST_NAMES));
    let company = dice.random_bool(0.2);
    let firm = format!("{} {} SRL", pick(dice, &COMPANIES), dice.random_range(10..99));
    let (city, county, postal_code, locality) = pick(dice, &CITIES);
    let street = format!("{} nr. {}", pick(dice, &STREETS), dice.random_range(1..220));
    let phone = format!("07{:08}", dice.random_range(20_000_000..90_000_000));
    let locker_id = format!(
        "{:08x}-0000-4d6e-9a1b-{:012x}",
        dice.random::<u32>(),
        dice.random::<u32>()
    );
    let locker_name = pick(dice, &LOCKERS);
    let shipping = if locker {
        format!("{street} [{locker_name} #{locker_id}]")
    } else {
        street.clone()
    };
    let details = if locker {
        json!({"locker_id": locker_id, "locker_name": locker_name, "locker_delivery_eligible": 1})
    } else {
        json!([])
    };
    let flag = i64::from(company);
    let register = if company {
        format!("J12/{}/2015", dice.random_range(100..4000))
    } else {
        String::new()
    };
    let customer = json!({
        "id": dice.random_range(10_000..2_000_000_000), "mkt_id": dice.random_range(10_000..9_000_000), "name": name,
        "email": format!("{:012x}@emag.ro", dice.random::<u64>() >> 16),
        "company": if company { &firm } else { &name }, "gender": if woman { "F" } else { "M" },
        "code": if company { format!("RO{}", cui(dice)) } else { String::new() }, "registration_number": register,
        "bank": "", "iban": "", "fax": "", "legal_entity": flag, "is_vat_payer": flag,
        "phone_1": phone, "phone_2": "", "phone_3": "",
        "billing_name": if company { &firm } else { &name }, "billing_phone": phone, "billing_country": "RO",
        "billing_suburb": county, "billing_city": city, "billing_locality_id": locality.to_string(),
        "billing_street": street, "billing_postal_code": postal_code,
        "shipping_country": "RO", "shipping_suburb": county, "shipping_city": city,
        "shipping_locality_id": locality.to_string(), "shipping_street": shipping,
        "shipping_postal_code": if locker { "" } else { postal_code },
        "shipping_contact": name, "shipping_phone": phone, "created": at, "modified": at,
    });
    (customer, details)
}

/// A Romanian company code with a right control digit.
fn cui(dice: &mut StdRng) -> String {
    const KEY: [u32; 9] = [7, 5, 3, 2, 1, 7, 5, 3, 2];
    let digits: Vec<u32> = (0..7)
        .map(|at| {
            if at == 0 {
                dice.random_range(1..5)
            } else {
                dice.random_range(0..10)
            }
        })
        .collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .zip(KEY.iter().rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    let control = sum * 10 % 11 % 10;
    let body: String = digits.iter().map(ToString::to_string).collect();
    format!("{body}{control}")
}

/// A discount of a tenth of the first line, split on the line and told at order level.
fn add_voucher(order: &mut Doc, dice: &mut StdRng, at: &str) {
    let Some(line) = list_at(order, "products")
        .first()
        .and_then(Value::as_object)
        .cloned()
    else {
        return;
    };
    let net = (gross_of(&line) / Decimal::new(121, 1)).round_dp(4);
    let vat = (net * Decimal::new(21, 2)).round_dp(4);
    let (id, name) = (dice.random_range(1000..99_999), pick(dice, &VOUCHERS));
    let payer = if dice.random_bool(0.6) { "eMAG" } else { "seller" };
    let mut line = line;
    line.insert(
        "product_voucher_split".to_owned(),
        json!([{"voucher_id": id, "value": number(-net), "vat_value": number(-vat), "vat": 0.21, "offered_by": payer, "voucher_name": name}]),
    );
    if let Some(Value::Array(lines)) = order.get_mut("products")
        && let Some(first) = lines.first_mut()
    {
        *first = Value::Object(line);
    }
    order.insert(
        "vouchers".to_owned(),
        json!([{"id": id + 1, "voucher_id": id, "voucher_name": name, "status": 1, "created": at, "modified": at,
            "issue_date": at.get(..10).unwrap_or_default(), "sale_price": four_decimals(-net), "sale_price_vat": four_decimals(-vat), "vat": "0.21"}]),
    );
}
