//! `PATCH offer_stock/{id}`: stock only, REST statuses, no envelope.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::fields::stock_value;
use crate::body::Input;
use crate::reply::Reply;
use crate::state::Shop;

/// Sets the stock of the first warehouse. `lenient` also takes the list form third parties write about.
pub(crate) fn patch(
    shop: &mut Shop,
    id: u64,
    input: Option<&Input>,
    lenient: bool,
    now: DateTime<Utc>,
) -> Reply {
    let frozen = shop.in_campaign(id, now);
    let Some(offer) = shop.offers.get_mut(&id) else {
        return Reply::message(StatusCode::NOT_FOUND, "This offer does not exist");
    };
    let Some(stock) = input.and_then(|input| input.raw().get("stock")) else {
        return invalid_content();
    };
    let listed = stock.get(0).and_then(|row| row.get("value"));
    let stock = if lenient { listed.unwrap_or(stock) } else { stock };
    if !(stock.is_number() || stock.is_string()) {
        return invalid_content();
    }
    let units = match stock_value(stock) {
        Ok(units) => units,
        Err(complaint) => return Reply::field_error(&complaint, "stock"),
    };
    if frozen {
        return Reply::field_error(
            "The offer is in an active campaign, the stock was not changed",
            "stock",
        );
    }
    let warehouse = offer
        .doc
        .get("stock")
        .and_then(|rows| rows.get(0)?.get("warehouse_id").cloned())
        .unwrap_or(Value::from(1));
    offer.set_stock(json!([{"warehouse_id": warehouse, "value": units}]));
    Reply::empty(StatusCode::NO_CONTENT).with_entities(1)
}

fn invalid_content() -> Reply {
    Reply::message(StatusCode::BAD_REQUEST, "Invalid content")
}
