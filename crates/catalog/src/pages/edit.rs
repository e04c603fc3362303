//! Forms of articles. A form that was refused comes back with what was typed.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kernel::{Currency, Ean, Gross, Money, ProductId, Refusal, Rounding, Sku, VatRate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use ui::Args;
use web::{AppState, FlashKind, Form, Page, Path, Problem};

use crate::error::CatalogError;
use crate::model::{NewProduct, PriceChange, Product, ProductPatch, StockLevels};
use crate::service;

/// What a person types; texts until they are understood.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fields {
    sku: String,
    name: String,
    brand: String,
    eans: String,
    gross: String,
    vat: String,
    reorder_point: String,
    image_url: String,
    description: String,
    version: String,
}

#[derive(Serialize)]
struct FormPage {
    id: Option<i64>,
    title: String,
    fields: Fields,
    rates: Vec<Choice>,
    errors: Vec<FieldMessage>,
    currency: String,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    text: String,
}

#[derive(Clone, Serialize)]
struct FieldMessage {
    field: String,
    message: String,
}

/// The fields, understood.
struct Understood {
    sku: Sku,
    gross: Gross,
    vat: VatRate,
    eans: Vec<Ean>,
    reorder_point: i64,
}

/// Romania's rates today are the ones offered.
const COUNTRY: &str = "RO";

async fn rates(state: &AppState) -> Result<Vec<Choice>, Problem> {
    let mut conn = state.db.read().await?;
    let rates = service::vat_rates_on(&mut conn, COUNTRY, state.clock.today()).await?;
    Ok(rates
        .into_iter()
        .map(|rate| Choice {
            value: rate.to_string(),
            text: format!("{rate} %"),
        })
        .collect())
}

pub(super) async fn blank(State(state): State<AppState>, page: Page) -> Result<Response, Problem> {
    let rates = rates(&state).await?;
    let vat = rates.first().map(|rate| rate.value.clone()).unwrap_or_default();
    let fields = Fields {
        vat,
        reorder_point: "0".to_owned(),
        ..Fields::default()
    };
    let title = page.t("catalog-new");
    let currency = Currency::RON.to_string();
    draw(
        &page,
        StatusCode::OK,
        &FormPage {
            id: None,
            title,
            fields,
            rates,
            errors: Vec::new(),
            currency,
        },
    )
}

fn draw(page: &Page, status: StatusCode, context: &FormPage) -> Result<Response, Problem> {
    page.render_with(status, "catalog/form.html", context)
}

pub(super) async fn create(
    State(state): State<AppState>,
    page: Page,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let understood = match understand(&fields, &page, Currency::RON) {
        Ok(understood) => understood,
        Err(errors) => return again(&state, &page, None, fields, errors).await,
    };
    let new = NewProduct {
        sku: understood.sku,
        name: fields.name.clone(),
        brand: filled(&fields.brand),
        description: filled(&fields.description),
        category_id: None,
        price: PriceChange::Gross(understood.gross),
        vat: understood.vat,
        weight_g: None,
        image_url: filled(&fields.image_url),
        eans: understood.eans,
        levels: StockLevels {
            reorder_point: understood.reorder_point,
            ..StockLevels::default()
        },
    };
    let mut tx = state.db.begin(&page.actor).await?;
    match service::create(&mut tx, &page.actor, new).await {
        Ok(product) => {
            tx.commit().await?;
            let args = Args::new().with("name", product.name.clone());
            Ok(page.redirect_with(
                &format!("/products/{}", product.id),
                FlashKind::Success,
                "catalog-created",
                &args,
            ))
        }
        Err(CatalogError::Refused(refusal)) => {
            let errors = vec![said(&page, &refusal)];
            again(&state, &page, None, fields, errors).await
        }
        Err(other) => Err(other.into()),
    }
}

pub(super) async fn form(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    let product = service::get(&mut conn, &page.actor, ProductId(id)).await?;
    drop(conn);
    let rates = rates_with(&state, &product).await?;
    let fields = fields_of(&product, &page);
    let currency = product.price.0.currency().to_string();
    let context = FormPage {
        id: Some(id),
        title: product.name,
        fields,
        rates,
        errors: Vec::new(),
        currency,
    };
    draw(&page, StatusCode::OK, &context)
}

/// An article may hold a rate that is no longer in force; it stays choosable for it.
async fn rates_with(state: &AppState, product: &Product) -> Result<Vec<Choice>, Problem> {
    let mut rates = rates(state).await?;
    let own = product.vat.to_string();
    if !rates.iter().any(|rate| rate.value == own) {
        rates.push(Choice {
            text: format!("{own} %"),
            value: own,
        });
    }
    Ok(rates)
}

fn fields_of(product: &Product, page: &Page) -> Fields {
    Fields {
        sku: product.sku.to_string(),
        name: product.name.clone(),
        brand: product.brand.clone().unwrap_or_default(),
        eans: product
            .eans
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        gross: ui::formats::editable_amount(product.gross.0.amount(), page.locale),
        vat: product.vat.to_string(),
        reorder_point: product.levels.reorder_point.to_string(),
        image_url: product.image_url.clone().unwrap_or_default(),
        description: product.description.clone().unwrap_or_default(),
        version: product.version.to_string(),
    }
}

pub(super) async fn save(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let before = service::get(&mut tx, &page.actor, ProductId(id)).await?;
    let understood = match understand(&fields, &page, before.price.0.currency()) {
        Ok(understood) => understood,
        Err(errors) => return again(&state, &page, Some(before), fields, errors).await,
    };
    // The price is only touched when it was: rounding to bani and back must not move the kept net price.
    let price = (understood.gross != before.gross || understood.vat != before.vat)
        .then_some(PriceChange::Gross(understood.gross));
    let patch = ProductPatch {
        sku: Some(understood.sku),
        name: Some(fields.name.clone()),
        brand: Some(filled(&fields.brand)),
        description: Some(filled(&fields.description)),
        price,
        vat: (understood.vat != before.vat).then_some(understood.vat),
        image_url: Some(filled(&fields.image_url)),
        eans: Some(understood.eans),
        reorder_point: Some(understood.reorder_point),
        ..ProductPatch::default()
    };
    match service::update(
        &mut tx,
        &page.actor,
        before.id,
        fields.version.parse().ok(),
        patch,
    )
    .await
    {
        Ok(product) => {
            tx.commit().await?;
            let args = Args::new().with("name", product.name.clone());
            Ok(page.redirect_with(
                &format!("/products/{id}"),
                FlashKind::Success,
                "catalog-saved",
                &args,
            ))
        }
        Err(CatalogError::Refused(refusal)) => {
            let errors = vec![said(&page, &refusal)];
            again(&state, &page, Some(before), fields, errors).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn again(
    state: &AppState,
    page: &Page,
    product: Option<Product>,
    fields: Fields,
    errors: Vec<FieldMessage>,
) -> Result<Response, Problem> {
    let context = if let Some(product) = product {
        let rates = rates_with(state, &product).await?;
        let currency = product.price.0.currency().to_string();
        FormPage {
            id: Some(product.id.0),
            title: product.name,
            fields,
            rates,
            errors,
            currency,
        }
    } else {
        let (rates, title) = (rates(state).await?, page.t("catalog-new"));
        FormPage {
            id: None,
            title,
            fields,
            rates,
            errors,
            currency: Currency::RON.to_string(),
        }
    };
    draw(page, StatusCode::UNPROCESSABLE_ENTITY, &context)
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn said(page: &Page, refusal: &Refusal) -> FieldMessage {
    FieldMessage {
        field: refusal.field.unwrap_or("form").to_owned(),
        message: page.state.ui.message(page.locale, refusal),
    }
}

/// Reads every field and collects every mistake.
fn understand(fields: &Fields, page: &Page, currency: Currency) -> Result<Understood, Vec<FieldMessage>> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, code: &'static str| {
        errors.push(FieldMessage {
            field: field.to_owned(),
            message: page.state.ui.message(page.locale, &Refusal::new(code)),
        });
    };
    let sku = Sku::parse(&fields.sku).ok();
    if sku.is_none() {
        wrong("sku", "catalog-refused-sku");
    }
    let gross = gross_of(&fields.gross, page, currency);
    let vat = fields.vat.parse::<VatRate>().ok();
    if vat.is_none() {
        wrong("vat", "catalog-refused-vat");
    }
    let reorder_point = fields.reorder_point.trim().parse::<i64>().ok();
    if reorder_point.is_none() {
        wrong("reorder_point", "catalog-refused-reorder-point");
    }
    let eans: Result<Vec<Ean>, _> = fields
        .eans
        .split([',', ' ', ';'])
        .filter(|part| !part.is_empty())
        .map(Ean::parse)
        .collect();
    if eans.is_err() {
        wrong("eans", "catalog-refused-ean");
    }
    match (sku, gross, vat, reorder_point, eans) {
        (Some(sku), Ok(gross), Some(vat), Some(reorder_point), Ok(eans)) => Ok(Understood {
            sku,
            gross,
            vat,
            eans,
            reorder_point,
        }),
        (_, gross, ..) => {
            if let Err(message) = gross {
                errors.push(FieldMessage {
                    field: "gross".to_owned(),
                    message,
                });
            }
            Err(errors)
        }
    }
}

fn gross_of(text: &str, page: &Page, currency: Currency) -> Result<Gross, String> {
    let understood = ui::input::parse_decimal(text, page.locale).map_err(|error| {
        page.state
            .ui
            .text(page.locale, error.key(), &error.args(page.locale))
    })?;
    let refused = || {
        page.state
            .ui
            .message(page.locale, &Refusal::new("catalog-refused-price"))
    };
    if understood.value < Decimal::ZERO {
        return Err(refused());
    }
    Money::rounded_from(understood.value, currency, Rounding::HalfUp, Money::CASH_DECIMALS)
        .map(Gross)
        .ok()
        .ok_or_else(refused)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceForm {
    value: String,
    version: i64,
}

#[derive(Serialize)]
struct PriceCell {
    id: i64,
    sku: String,
    text: String,
    currency: String,
    version: i64,
    net: Option<kernel::Net>,
    error: Option<String>,
    saved: bool,
    understood: Option<String>,
}

/// A gross price typed into a list or page. The answer is the cell again.
pub(super) async fn price(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(form): Form<PriceForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let before = service::get(&mut tx, &page.actor, ProductId(id)).await?;
    let written = match gross_of(&form.value, &page, before.price.0.currency()) {
        Err(message) => Err((before.clone(), message)),
        Ok(gross) => {
            let patch = ProductPatch {
                price: Some(PriceChange::Gross(gross)),
                ..ProductPatch::default()
            };
            match service::update(&mut tx, &page.actor, before.id, Some(form.version), patch).await {
                Ok(product) => Ok(product),
                Err(CatalogError::Stale { current }) => {
                    Err((*current, page.t("catalog-price-changed-meanwhile")))
                }
                Err(CatalogError::Refused(refusal)) => Err((before, said(&page, &refusal).message)),
                Err(other) => return Err(other.into()),
            }
        }
    };
    if written.is_ok() {
        tx.commit().await?;
    }
    answer_price(&page, &form.value, written)
}

fn answer_price(
    page: &Page,
    typed: &str,
    written: Result<Product, (Product, String)>,
) -> Result<Response, Problem> {
    let saved = written.is_ok();
    let (product, error) = match written {
        Ok(product) => (product, None),
        Err((product, message)) => (product, Some(message)),
    };
    if !page.is_htmx() {
        let (kind, key) = if saved {
            (FlashKind::Success, "catalog-price-saved")
        } else {
            (FlashKind::Error, "catalog-price-refused")
        };
        let args = Args::new().with("name", product.name.clone());
        return Ok(page.redirect_with(&format!("/products/{}", product.id), kind, key, &args));
    }
    let amount = product.gross.0;
    let cell = PriceCell {
        id: product.id.0,
        sku: product.sku.to_string(),
        text: if saved {
            ui::formats::editable_amount(amount.amount(), page.locale)
        } else {
            typed.to_owned()
        },
        currency: amount.currency().to_string(),
        version: product.version,
        net: saved.then_some(product.price),
        understood: saved
            .then(|| ui::formats::money(amount.amount(), amount.currency().as_str(), page.locale)),
        error,
        saved,
    };
    let mut response = page.fragment("catalog/_price.html", &cell)?;
    if !saved {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchiveForm {
    version: i64,
}

pub(super) async fn archive(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(form): Form<ArchiveForm>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&page.actor).await?;
    let product = service::archive(&mut tx, &page.actor, ProductId(id), Some(form.version)).await?;
    tx.commit().await?;
    let args = Args::new().with("name", product.name);
    Ok(page.redirect_with("/products", FlashKind::Success, "catalog-archived", &args))
}
