//! Lines as they come in become lines with an article, a price and a VAT rate.

use std::collections::HashMap;

use kernel::{Actor, Currency, Money, Net, ProductId, Quantity, Refusal, VatRate, normalise_text};
use sqlx::PgConnection;

use crate::error::{FieldProblem, OrderError};
use crate::model::{LineStatus, NewLine, PricedLine};

/// The marketplace caps an order far below; a longer list is a file, not an order.
const LINES_MAX: usize = 500;
/// What a channel calls an article is cut here.
const NAME_CHARS_MAX: usize = 500;

/// Who says so, which decides what is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Typed by a person or sent by a program of the firm: an unknown article is a mistake.
    Person,
    /// From a channel: the order exists whether we know the article or not.
    Channel,
}

/// What the catalogue knows of an article on a line.
struct Article {
    name: String,
    sku: String,
    price: Net,
    vat: VatRate,
}

/// Resolves codes, fills in prices, checks amounts. Refusals name the field, `lines.0.sku`.
pub(super) async fn priced_lines(
    conn: &mut PgConnection,
    actor: &Actor,
    lines: Vec<NewLine>,
    currency: Currency,
    origin: Origin,
) -> Result<Vec<PricedLine>, OrderError> {
    if lines.is_empty() && origin == Origin::Person {
        return Err(OrderError::field("lines", Refusal::new("orders-no-lines")));
    }
    if lines.len() > LINES_MAX {
        let most = i64::try_from(LINES_MAX).unwrap_or(i64::MAX);
        return Err(OrderError::field(
            "lines",
            Refusal::new("orders-too-many-lines").with("max", most),
        ));
    }
    let lines = resolved(&mut *conn, lines).await?;
    let articles = articles_of(conn, actor, &lines, origin).await?;
    let mut problems = Vec::new();
    let mut priced = Vec::new();
    for (place, line) in lines.into_iter().enumerate() {
        let article = line.product.and_then(|id| articles.get(&id));
        match priced_line(line, article, currency, origin) {
            Ok(line) => priced.push(line),
            Err((field, refusal)) => problems.push(FieldProblem {
                field: format!("lines.{place}.{field}"),
                refusal,
            }),
        }
    }
    if !problems.is_empty() {
        return Err(OrderError::Invalid(problems));
    }
    told_apart(&mut priced);
    Ok(priced)
}

/// Finds products by their present or a former code, all at once.
async fn resolved(conn: &mut PgConnection, mut lines: Vec<NewLine>) -> Result<Vec<NewLine>, OrderError> {
    for line in &mut lines {
        line.external_line_id = cleaned(line.external_line_id.take());
        line.external_product_id = cleaned(line.external_product_id.take());
        line.sku = cleaned(line.sku.take());
    }
    let codes: Vec<String> = lines
        .iter()
        .filter(|line| line.product.is_none())
        .filter_map(|line| line.sku.clone())
        .collect();
    if codes.is_empty() {
        return Ok(lines);
    }
    let found = catalog::service::resolve_many(conn, &codes).await?;
    for line in lines.iter_mut().filter(|line| line.product.is_none()) {
        line.product = line.sku.as_ref().and_then(|sku| found.get(sku)).copied();
    }
    Ok(lines)
}

async fn articles_of(
    conn: &mut PgConnection,
    actor: &Actor,
    lines: &[NewLine],
    origin: Origin,
) -> Result<HashMap<ProductId, Article>, OrderError> {
    let incomplete = |line: &&NewLine| line.price_net.is_none() || line.vat.is_none() || line.name.is_none();
    let mut ids: Vec<ProductId> = lines
        .iter()
        .filter(|line| origin == Origin::Person || incomplete(line))
        .filter_map(|line| line.product)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let products = catalog::service::get_many(conn, actor, &ids).await?;
    Ok(products
        .into_iter()
        .map(|product| {
            let article = Article {
                name: product.name,
                sku: product.sku.to_string(),
                price: product.price,
                vat: product.vat,
            };
            (product.id, article)
        })
        .collect())
}

type Wrong = (&'static str, Refusal);

fn priced_line(
    line: NewLine,
    article: Option<&Article>,
    currency: Currency,
    origin: Origin,
) -> Result<PricedLine, Wrong> {
    if origin == Origin::Person && article.is_none() {
        return Err(unknown_article(&line));
    }
    let quantity = quantity(line.quantity, origin)?;
    let price = line
        .price_net
        .or_else(|| article.map(|a| a.price))
        .ok_or_else(|| ("price_net", Refusal::new("orders-line-price-missing")))?;
    if price.0.currency() != currency {
        let refusal = Refusal::new("orders-line-currency")
            .with("line", price.0.currency().as_str())
            .with("order", currency.as_str());
        return Err(("price_net", refusal));
    }
    if price.0.amount().is_sign_negative() && !price.0.amount().is_zero() {
        return Err(("price_net", Refusal::new("orders-line-price-negative")));
    }
    let vat = line
        .vat
        .or_else(|| article.map(|a| a.vat))
        .ok_or_else(|| ("vat", Refusal::new("orders-line-vat-missing")))?;
    let name = line
        .name
        .as_deref()
        .map(|name| {
            normalise_text(name)
                .chars()
                .take(NAME_CHARS_MAX)
                .collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .or_else(|| article.map(|a| a.name.clone()))
        .or_else(|| line.sku.clone())
        .unwrap_or_else(|| "–".to_owned());
    Ok(PricedLine {
        discount_net: discount(line.discount_net, currency)?,
        discount_vat: discount(line.discount_vat, currency)?,
        status: if line.active && quantity > 0 {
            LineStatus::Active
        } else {
            LineStatus::Cancelled
        },
        external_line_id: line.external_line_id,
        product: line.product,
        sku: line.sku.or_else(|| article.map(|a| a.sku.clone())),
        external_product_id: line.external_product_id,
        name,
        quantity,
        price_net: price,
        vat,
    })
}

fn unknown_article(line: &NewLine) -> Wrong {
    match (&line.sku, line.product) {
        (Some(sku), _) => (
            "sku",
            Refusal::new("orders-line-unknown-sku").with("sku", sku.as_str()),
        ),
        (None, Some(product)) => (
            "product_id",
            Refusal::new("orders-line-unknown-product").with("product", product.0),
        ),
        (None, None) => ("sku", Refusal::new("orders-line-no-article")),
    }
}

/// A channel writes zero for a line of which nothing is left.
fn quantity(units: i64, origin: Origin) -> Result<i64, Wrong> {
    if origin == Origin::Channel && units <= 0 {
        return Ok(0);
    }
    Quantity::positive(units)
        .map(|quantity| quantity.0)
        .map_err(|error| {
            let code = match error {
                kernel::QuantityError::NotPositive => "orders-line-quantity-not-positive",
                kernel::QuantityError::TooLarge => "orders-line-quantity-too-large",
            };
            ("quantity", Refusal::new(code))
        })
}

/// Nothing is nothing in any currency.
fn discount(amount: Money, currency: Currency) -> Result<Money, Wrong> {
    if amount.amount().is_zero() {
        return Ok(Money::zero(currency));
    }
    if amount.amount().is_sign_positive() || amount.currency() != currency {
        return Err(("discount", Refusal::new("orders-line-discount-wrong")));
    }
    Ok(amount)
}

fn cleaned(text: Option<String>) -> Option<String> {
    Some(normalise_text(&text?)).filter(|text| !text.is_empty())
}

/// A channel that repeats a line key means two lines all the same.
fn told_apart(lines: &mut [PricedLine]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for line in lines {
        if let Some(key) = &mut line.external_line_id {
            let times = seen.entry(key.clone()).or_default();
            *times += 1;
            if *times > 1 {
                *key = format!("{key}#{times}");
            }
        }
    }
}
