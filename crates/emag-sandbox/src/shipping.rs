//! Labels, addresses, couriers, localities and returns: enough for a client to read them, issue a label for an order and
//! fetch it. An order's first label moves it to status 4.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::paging::{Page, choices, id_filter, text_filter};
use crate::reply::Reply;
use crate::state::{Shop, State};
use crate::value::{Doc, id_at, int_at, into_doc, text_at};

const DEFAULT_COURIER: u64 = 5186;

/// City, county, county code, locality id, geographic id, postal code.
const LOCALITIES: [(&str, &str, &str, u64, u64, &str); 8] = [
    ("Cluj-Napoca", "Cluj", "CJ", 7, 54_975, "400000"),
    ("Florești", "Cluj", "CJ", 3288, 57_706, "407280"),
    ("București", "București", "B", 8801, 179_141, "030167"),
    ("Timișoara", "Timiș", "TM", 12_021, 155_243, "300000"),
    ("Iași", "Iași", "IS", 6120, 95_060, "700000"),
    ("Brașov", "Brașov", "BV", 2033, 40_198, "500000"),
    ("Constanța", "Constanța", "CT", 3391, 60_419, "900000"),
    ("Sibiu", "Sibiu", "SB", 10_411, 143_450, "550000"),
];

fn locality(row: &(&str, &str, &str, u64, u64, &str)) -> Value {
    let (name, county, code, id, geoid, zipcode) = row;
    let latin = |text: &str| {
        let plain = |letter| match letter {
            'ă' | 'â' => 'a',
            'î' => 'i',
            'ș' => 's',
            'ț' => 't',
            other => other,
        };
        text.chars().map(plain).collect::<String>()
    };
    json!({"emag_id": id, "name": name, "name_latin": latin(name), "region1": "", "region1_latin": "", "region2": county,
        "region2_latin": latin(county), "region3": name, "region3_latin": latin(name), "region4": "", "region4_latin": "",
        "geoid": geoid, "modified": "2024-11-02 10:00:00", "zipcode": zipcode, "country_code": "RO", "iso2": format!("RO-{code}")})
}

fn localities(filters: &Doc) -> Result<Vec<Value>, Reply> {
    let id = id_filter(filters, "emag_id")?;
    let name = text_filter(filters, "name")?.map(|name| name.to_lowercase());
    let county = text_filter(filters, "region2")?.map(|name| name.to_lowercase());
    let takes = |row: &&(&str, &str, &str, u64, u64, &str)| {
        id.is_none_or(|id| id == row.3)
            && name
                .as_ref()
                .is_none_or(|name| row.0.to_lowercase().contains(name))
            && county
                .as_ref()
                .is_none_or(|county| row.1.to_lowercase().contains(county))
    };
    Ok(LOCALITIES.iter().filter(takes).map(locality).collect())
}

pub(crate) fn locality_read(filters: &Doc) -> Result<Reply, Reply> {
    let page = Page::of(filters)?;
    Ok(Reply::rows(page.cut(localities(filters)?.into_iter())))
}

pub(crate) fn locality_count(filters: &Doc) -> Result<Reply, Reply> {
    let page = Page::of(filters)?;
    Ok(Reply::count(localities(filters)?.len(), page.size))
}

pub(crate) fn courier_accounts_read() -> Reply {
    Reply::rows(vec![
        json!({"account_id": DEFAULT_COURIER, "account_display_name": "Sameday 24h", "courier_account_type": 3,
            "courier_name": "SAMEDAY", "courier_account_properties": [0, 2], "created": "2024-01-15 09:00:00", "status": 1,
            "pickup_country_code": "RO"}),
        json!({"account_id": 5190, "account_display_name": "Fan Courier", "courier_account_type": 2,
            "courier_name": "FAN COURIER", "courier_account_properties": [0], "created": "2024-03-01 09:00:00", "status": 1,
            "pickup_country_code": "RO"}),
    ])
}

pub(crate) fn addresses_read() -> Reply {
    let address = |id: &str, kind: i64, default: bool| {
        json!({"address_id": id, "country_id": 1, "country_code": "RO", "address_type_id": kind, "locality_id": 7,
            "suburb": "Cluj", "city": "Cluj-Napoca", "address": "Str. Depozitului 4", "zipcode": "400200", "quarter": "",
            "floor": "", "is_default": default})
    };
    Reply::rows(vec![address("10233", 2, true), address("10234", 1, true)])
}

/// Issues a label for an order. Not idempotent, as with the marketplace: a repeated call makes a second label.
pub(crate) fn awb_save(state: &mut State, username: &str, payload: Value, now: DateTime<Utc>) -> Reply {
    let sent = if let Value::Array(list) = payload {
        list.into_iter().next().unwrap_or_default()
    } else {
        payload
    };
    let sent = into_doc(sent);
    let id = id_at(&sent, "order_id").unwrap_or(0);
    let Some(mut order) = state.shop(username).orders.get(&id).cloned() else {
        return Reply::refused(format!("Order {id} not found"));
    };
    if order.kind() != 3 || matches!(order.status(), 0 | 1 | 5) {
        return Reply::refused(format!("No AWB can be issued for order {id} in its status"));
    }
    let courier = id_at(&sent, "courier_account_id").unwrap_or(DEFAULT_COURIER);
    if let Some(complaint) = party_complaint(&sent).or_else(|| courier_complaint(&order.doc, courier)) {
        return Reply::refused(complaint);
    }
    let counted = |key: &str| int_at(&sent, key).unwrap_or(0).clamp(0, 999);
    let parcels = counted("parcel_number").max(i64::from(counted("envelope_number") > 0));
    if parcels == 0 {
        return Reply::refused("envelope_number and parcel_number cannot both be 0");
    }
    let reservation = state.new_serial();
    let labels: Vec<Value> = (0..parcels).map(|_| label(state.new_serial())).collect();
    let row = json!({"emag_id": labels.first().and_then(|label| label.get("emag_id")), "reservation_id": reservation,
        "order_id": id, "rma_id": null, "type": 3, "weight": sent.get("weight").cloned().unwrap_or(json!(1)), "awb": labels,
        "status": {"code": "NEW", "name": "Registered", "description": "AWB registered"},
        "courier": {"courier_account_id": courier, "courier_name": "SAMEDAY"}});
    order.set_status(4, now);
    order.touch(now);
    let shop = state.shop(username);
    shop.resettle(&mut order);
    shop.orders.insert(id, order);
    shop.awbs.push(row);
    Reply::envelope(false, &[], json!({"reservation_id": reservation, "awb": labels})).with_entities(1)
}

fn label(serial: u64) -> Value {
    let number = format!("3EMGLN{serial:09}");
    json!({"emag_id": serial, "awb_number": number, "awb_barcode": format!("{number}001")})
}

fn party_complaint(sent: &Doc) -> Option<String> {
    for side in ["sender", "receiver"] {
        let party = sent.get(side).and_then(Value::as_object);
        let Some(party) = party else {
            return Some(format!("The {side} is mandatory"));
        };
        let long_enough = |key: &str, least: usize| text_at(party, key).chars().count() >= least;
        let digits = text_at(party, "phone1").trim_start_matches('+').to_owned();
        let is_phone = (8..=11).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !long_enough("name", 3) || !long_enough("contact", 1) || !is_phone {
            return Some(format!(
                "The {side} needs name, contact and a phone1 of 8 to 11 digits"
            ));
        }
        let saved = !text_at(party, "address_id").is_empty();
        if !saved && (id_at(party, "locality_id").is_none_or(|id| id == 0) || !long_enough("street", 3)) {
            return Some(format!("The {side} needs locality_id and street"));
        }
    }
    None
}

/// null = any courier, a list = one of these, an empty list = none.
fn courier_complaint(order: &Doc, courier: u64) -> Option<String> {
    let enforced = order.get("enforced_vendor_courier_accounts")?.as_array()?;
    if enforced.is_empty() {
        return Some("No AWB may be issued through Marketplace for this order".to_owned());
    }
    let allowed = enforced
        .iter()
        .filter_map(crate::value::id)
        .any(|account| account == courier);
    (!allowed).then(|| format!("Courier account {courier} is not allowed for this order"))
}

pub(crate) fn awb_read(shop: &Shop, filters: &Doc) -> Result<Reply, Reply> {
    let (label, reservation) = (
        id_filter(filters, "emag_id")?,
        id_filter(filters, "reservation_id")?,
    );
    if label.is_none() && reservation.is_none() {
        return Err(Reply::refused("emag_id or reservation_id is mandatory"));
    }
    let rows = shop
        .awbs
        .iter()
        .filter(|row| is_label(row, label) || is(row, "reservation_id", reservation))
        .cloned();
    Ok(Reply::rows(rows.collect()))
}

fn is(row: &Value, key: &str, wanted: Option<u64>) -> bool {
    wanted.is_some() && row.get(key).and_then(crate::value::id) == wanted
}

fn is_label(row: &Value, wanted: Option<u64>) -> bool {
    let labels = row
        .get("awb")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    labels.iter().any(|label| is(label, "emag_id", wanted))
}

/// The label as a one-page document; an unknown id is refused as JSON at HTTP 200.
pub(crate) fn awb_read_pdf(shop: &Shop, query: &[(String, String)]) -> Reply {
    let value = |wanted: &str| {
        query
            .iter()
            .find(|(key, _)| key == wanted)
            .map(|(_, value)| value.as_str())
    };
    let id = value("emag_id").and_then(|text| text.parse().ok());
    if !matches!(value("awb_format").unwrap_or("A4"), "A4" | "A5" | "A6" | "ZPL") {
        return Reply::refused("Invalid value for awb_format");
    }
    if !shop.awbs.iter().any(|row| is_label(row, id)) {
        return Reply::refused("AWB not found");
    }
    let page = format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
         3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 298 420]>>endobj\n% AWB {}\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        id.unwrap_or(0)
    );
    Reply::pdf(page.into_bytes())
}

fn rmas<'a>(shop: &'a Shop, filters: &Doc) -> Result<Vec<&'a Value>, Reply> {
    let (emag_id, order) = (id_filter(filters, "emag_id")?, id_filter(filters, "order_id")?);
    let status = choices(filters, "request_status", &[1, 2, 3, 4, 5, 6, 7])?;
    let kind = choices(filters, "type", &[2, 3])?;
    let takes = |row: &&Value| {
        let one_of = |wanted: &Option<Vec<i64>>, key: &str| {
            let code = row.get(key).and_then(crate::value::int);
            wanted
                .as_ref()
                .is_none_or(|wanted| code.is_some_and(|code| wanted.contains(&code)))
        };
        (emag_id.is_none() || is(row, "emag_id", emag_id))
            && (order.is_none() || is(row, "order_id", order))
            && one_of(&status, "request_status")
            && one_of(&kind, "type")
    };
    Ok(shop.rmas.iter().filter(takes).collect())
}

pub(crate) fn rma_read(shop: &Shop, filters: &Doc, slip: usize) -> Result<Reply, Reply> {
    let page = Page {
        slip,
        ..Page::of(filters)?
    };
    Ok(Reply::rows(
        page.cut(rmas(shop, filters)?.into_iter())
            .into_iter()
            .cloned()
            .collect(),
    ))
}

pub(crate) fn rma_count(shop: &Shop, filters: &Doc) -> Result<Reply, Reply> {
    let page = Page::of(filters)?;
    Ok(Reply::count(rmas(shop, filters)?.len(), page.size))
}

/// Messaging is listed but described nowhere.
pub(crate) fn message_save() -> Reply {
    Reply::denied(StatusCode::OK, "The messaging API is not available")
}
