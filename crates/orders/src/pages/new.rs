//! The form of a new order. Plain: rows of code, quantity and price; what was refused comes back as it was typed, with
//! what was understood beside it.

use axum::extract::State;
use axum::response::Response;
use catalog::{ProductFilter, ProductStatus};
use http::StatusCode;
use kernel::{Currency, Limit, Locale, Money, Net, PageRequest, Refusal, Rounding};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};
use ui::Args;
use ui::input::{InputError, parse_decimal};
use web::{AppState, FlashKind, Form, Page, Problem};

use super::{Choice, say};
use crate::error::OrderError;
use crate::model::{
    Address, Channel, CustomerKind, Fulfilment, NewCustomer, NewLine, NewOrder, OrderStatus, PaymentMethod,
};
use crate::service;

/// Rows shown at first, and added by each press of "more rows".
const ROWS: usize = 4;
/// Articles a search offers.
const FOUND_MAX: u16 = 8;

/// What a person types; texts until they are understood. The rows come as three lists of one length.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fields {
    name: String,
    kind: String,
    tax_id: String,
    phone: String,
    email: String,
    street: String,
    city: String,
    county: String,
    postal_code: String,
    payment: String,
    shipping: String,
    note: String,
    sku: Vec<String>,
    quantity: Vec<String>,
    price: Vec<String>,
    find: String,
    /// Which button was pressed: `save`, `more`, `find`, or `add:` and a code.
    press: String,
}

#[derive(Serialize)]
struct FormPage {
    fields: Fields,
    rows: Vec<Row>,
    kinds: Vec<Choice>,
    payments: Vec<Choice>,
    found: Vec<Found>,
    searched: bool,
    errors: Vec<FieldMessage>,
    shipping_understood: Option<String>,
}

#[derive(Clone, Default, Serialize)]
struct Row {
    sku: String,
    quantity: String,
    price: String,
    quantity_understood: Option<String>,
    price_understood: Option<String>,
}

#[derive(Serialize)]
struct Found {
    sku: String,
    name: String,
    available: i64,
    net: Net,
}

/// A field and what is wrong with it; rows are `lines.0.sku`.
#[derive(Clone, Serialize)]
struct FieldMessage {
    field: String,
    message: String,
}

pub(super) async fn blank(page: Page) -> Result<Response, Problem> {
    let fields = Fields {
        kind: CustomerKind::Person.as_str().to_owned(),
        payment: PaymentMethod::CashOnDelivery.as_str().to_owned(),
        ..Fields::default()
    };
    draw(&page, StatusCode::OK, fields, Shown::default())
}

#[derive(Default)]
struct Shown {
    errors: Vec<FieldMessage>,
    found: Vec<Found>,
    more: usize,
}

fn draw(page: &Page, status: StatusCode, fields: Fields, shown: Shown) -> Result<Response, Problem> {
    let rows = rows(&fields, page.locale, shown.more);
    let context = FormPage {
        rows,
        kinds: choices(
            page,
            CustomerKind::ALL,
            CustomerKind::as_str,
            "orders-customer-kind",
        ),
        payments: choices(page, PaymentMethod::ALL, PaymentMethod::as_str, "orders-payment"),
        searched: !fields.find.is_empty(),
        found: shown.found,
        errors: shown.errors,
        shipping_understood: understood(&fields.shipping, page.locale),
        fields,
    };
    page.render_with(status, "orders/new.html", &context)
}

fn choices<T: Copy>(page: &Page, all: &[T], word: fn(T) -> &'static str, key: &str) -> Vec<Choice> {
    all.iter()
        .map(|one| Choice {
            value: word(*one),
            text: page.t(&format!("{key}-{}", word(*one).replace('_', "-"))),
        })
        .collect()
}

fn understood(text: &str, locale: Locale) -> Option<String> {
    parse_decimal(text, locale).ok().map(|number| number.text)
}

/// Filled rows as they were typed, and empty ones below.
fn rows(fields: &Fields, locale: Locale, more: usize) -> Vec<Row> {
    let at = |list: &[String], place: usize| list.get(place).cloned().unwrap_or_default();
    let typed = fields
        .sku
        .len()
        .max(fields.quantity.len())
        .max(fields.price.len());
    let mut rows: Vec<Row> = (0..typed)
        .map(|place| Row {
            quantity_understood: understood(&at(&fields.quantity, place), locale),
            price_understood: understood(&at(&fields.price, place), locale),
            sku: at(&fields.sku, place),
            quantity: at(&fields.quantity, place),
            price: at(&fields.price, place),
        })
        .collect();
    let wanted = rows.len().max(ROWS) + more;
    rows.resize_with(wanted, Row::default);
    rows
}

pub(super) async fn create(
    State(state): State<AppState>,
    page: Page,
    Form(mut fields): Form<Fields>,
) -> Result<Response, Problem> {
    let press = std::mem::take(&mut fields.press);
    if let Some(sku) = press.strip_prefix("add:") {
        add_row(&mut fields, sku);
        fields.find = String::new();
        return draw(&page, StatusCode::OK, fields, Shown::default());
    }
    match press.as_str() {
        "find" => {
            let found = find(&state, &page, &fields.find).await?;
            let shown = Shown {
                found,
                ..Shown::default()
            };
            draw(&page, StatusCode::OK, fields, shown)
        }
        "more" => {
            let shown = Shown {
                more: ROWS,
                ..Shown::default()
            };
            draw(&page, StatusCode::OK, fields, shown)
        }
        _ => save(&state, &page, fields).await,
    }
}

/// Puts the code into the first empty row.
fn add_row(fields: &mut Fields, sku: &str) {
    let empty = fields.sku.iter().position(|code| code.trim().is_empty());
    let place = empty.unwrap_or(fields.sku.len());
    fields.sku.resize(fields.sku.len().max(place + 1), String::new());
    fields
        .quantity
        .resize(fields.sku.len().max(fields.quantity.len()), String::new());
    sku.clone_into(&mut fields.sku[place]);
    if fields.quantity[place].trim().is_empty() {
        "1".clone_into(&mut fields.quantity[place]);
    }
}

async fn find(state: &AppState, page: &Page, text: &str) -> Result<Vec<Found>, Problem> {
    let filter = ProductFilter {
        q: Some(text.to_owned()),
        status: Some(ProductStatus::Active),
        ..ProductFilter::default()
    };
    let request = PageRequest {
        limit: Limit::new(FOUND_MAX).unwrap_or_default(),
        after: None,
    };
    let mut conn = state.db.read().await?;
    let found = catalog::service::list(&mut conn, &page.actor, &filter, request).await?;
    Ok(found
        .items
        .into_iter()
        .map(|row| Found {
            sku: row.sku.to_string(),
            name: row.name,
            available: row.available,
            net: row.price,
        })
        .collect())
}

async fn save(state: &AppState, page: &Page, fields: Fields) -> Result<Response, Problem> {
    let (order, line_rows) = match read(page, &fields, state.clock.now()) {
        Ok(read) => read,
        Err(errors) => return again(page, fields, errors),
    };
    let mut tx = state.db.begin(&page.actor).await?;
    match service::place(&mut tx, &page.actor, order, &state.clock).await {
        Ok(placed) => {
            tx.commit().await?;
            let short: i64 = placed.lines.iter().map(|line| line.short).sum();
            let kind = if short > 0 {
                FlashKind::Warning
            } else {
                FlashKind::Success
            };
            let to = format!("/orders/{}", placed.order_id);
            Ok(page.redirect_with(&to, kind, "orders-placed", &Args::new().with("short", short)))
        }
        Err(OrderError::Invalid(problems)) => {
            let errors = problems
                .into_iter()
                .map(|problem| FieldMessage {
                    field: on_the_form(&problem.field, &line_rows),
                    message: say(page, &problem.refusal),
                })
                .collect();
            again(page, fields, errors)
        }
        Err(OrderError::Refused(refusal)) => {
            let message = say(page, &refusal);
            let field = String::new();
            again(page, fields, vec![FieldMessage { field, message }])
        }
        Err(other) => Err(other.into()),
    }
}

fn again(page: &Page, fields: Fields, errors: Vec<FieldMessage>) -> Result<Response, Problem> {
    let shown = Shown {
        errors,
        ..Shown::default()
    };
    draw(page, StatusCode::UNPROCESSABLE_ENTITY, fields, shown)
}

/// The service counts lines, the form counts rows, and some rows are empty.
fn on_the_form(field: &str, places: &[usize]) -> String {
    let row = field.strip_prefix("lines.").and_then(|rest| {
        let (line, name) = rest.split_once('.')?;
        let place = places.get(line.parse::<usize>().ok()?)?;
        Some(format!(
            "lines.{place}.{}",
            name.strip_suffix("_net").unwrap_or(name)
        ))
    });
    row.unwrap_or_else(|| field.strip_prefix("customer.").unwrap_or(field).to_owned())
}

/// The order, and for each of its lines the row it stands in.
fn read(
    page: &Page,
    fields: &Fields,
    now: kernel::Timestamp,
) -> Result<(NewOrder, Vec<usize>), Vec<FieldMessage>> {
    let mut errors = Vec::new();
    let mut lines = Vec::new();
    let mut places = Vec::new();
    for (place, row) in rows(fields, page.locale, 0).iter().enumerate() {
        if [&row.sku, &row.quantity, &row.price]
            .iter()
            .all(|text| text.trim().is_empty())
        {
            continue;
        }
        match line(page, row) {
            Ok(line) => {
                lines.push(line);
                places.push(place);
            }
            Err((name, message)) => errors.push(FieldMessage {
                field: format!("lines.{place}.{name}"),
                message,
            }),
        }
    }
    let currency = Currency::RON;
    let shipping = match optional_money(page, &fields.shipping) {
        Ok(amount) => amount.unwrap_or(Money::zero(currency)),
        Err(message) => {
            errors.push(FieldMessage {
                field: "shipping".to_owned(),
                message,
            });
            Money::zero(currency)
        }
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    let order = NewOrder {
        channel: Channel::Manual,
        channel_account: 0,
        external_id: None,
        number: None,
        customer: customer(fields),
        lines,
        currency,
        placed_at: now,
        fulfilment: Fulfilment::Own,
        payment_method: fields.payment.parse().unwrap_or(PaymentMethod::Other),
        is_paid: false,
        shipping_gross: shipping,
        status: OrderStatus::New,
        cancel_reason: None,
        warehouse: None,
        ship_by: None,
        note: Some(fields.note.clone()),
    };
    Ok((order, places))
}

fn customer(fields: &Fields) -> NewCustomer {
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
    NewCustomer {
        kind: fields.kind.parse().unwrap_or(CustomerKind::Person),
        email: filled(&fields.email),
        phone: filled(&fields.phone),
        tax_id: filled(&fields.tax_id),
        shipping: Address {
            street: filled(&fields.street),
            city: filled(&fields.city),
            county: filled(&fields.county),
            postal_code: filled(&fields.postal_code),
            ..Address::default()
        },
        ..NewCustomer::person(fields.name.clone())
    }
}

fn line(page: &Page, row: &Row) -> Result<NewLine, (&'static str, String)> {
    if row.sku.trim().is_empty() {
        return Err(("sku", say(page, &Refusal::new("orders-line-no-article"))));
    }
    let quantity = parse_decimal(&row.quantity, page.locale)
        .map_err(|error| ("quantity", wrong_number(page, &error)))?
        .value;
    let whole = Some(quantity)
        .filter(Decimal::is_integer)
        .and_then(|units| units.to_i64());
    let units = whole.ok_or_else(|| ("quantity", say(page, &Refusal::new("orders-line-quantity-whole"))))?;
    let price = optional_money(page, &row.price).map_err(|message| ("price", message))?;
    Ok(NewLine {
        price_net: price.map(Net),
        ..NewLine::of_sku(row.sku.clone(), units)
    })
}

fn optional_money(page: &Page, text: &str) -> Result<Option<Money>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let amount = parse_decimal(text, page.locale)
        .map_err(|error| wrong_number(page, &error))?
        .value;
    let money = Money::rounded_from(amount, Currency::RON, Rounding::HalfUp, Money::MAX_DECIMALS);
    money
        .map(Some)
        .map_err(|_too_large| say(page, &Refusal::new("orders-refused-amount")))
}

fn wrong_number(page: &Page, error: &InputError) -> String {
    page.state
        .ui
        .text(page.locale, error.key(), &error.args(page.locale))
}
