//! Naming the article of lines that nobody knew: one by a person, many by what a channel lists.
//!
//! Always holds: what is named is reserved in the same transaction; the same article of the same shop is named on every
//! line that waits for it; a line that has an article keeps it.

use std::collections::HashMap;

use inventory::Want;
use kernel::{Actor, OrderLineId, ProductId, Refusal};
use sqlx::PgConnection;

use super::book::Book;
use super::shortage::lock_books;
use crate::error::OrderError;
use crate::events::ArticleNamed;
use crate::model::{Channel, LineOutcome, LineStatus};
use crate::store::LineKey;
use crate::{ORDERS_EDIT, store};

/// More lines than a shop has open; what is beyond waits in the queue, where people see it.
const LINES_MAX: i64 = 5_000;

/// What naming an article did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The line that was asked about.
    pub line: LineOutcome,
    /// Lines that waited for the same article of the same shop.
    pub others: Vec<LineOutcome>,
}

/// Says which article a line is, on it and on all lines that wait for the same one, and reserves what their orders still
/// want, oldest order first. The same answer twice is one answer.
pub async fn resolve_line(
    conn: &mut PgConnection,
    actor: &Actor,
    line_id: OrderLineId,
    product: ProductId,
) -> Result<Named, OrderError> {
    actor.require(ORDERS_EDIT)?;
    let key = store::find_line_key(&mut *conn, line_id)
        .await?
        .ok_or(OrderError::NotFound)?;
    if key.status == LineStatus::Cancelled {
        return Err(Refusal::new("orders-refused-line-cancelled").into());
    }
    must_exist(&mut *conn, actor, product).await?;
    let mut wanted = HashMap::from([(line_id, product)]);
    if let Some(article) = &key.external_product_id {
        let same = store::list_waiting(
            &mut *conn,
            (key.channel, key.channel_account),
            std::slice::from_ref(article),
            LINES_MAX,
        )
        .await?;
        wanted.extend(same.into_iter().map(|(line, _)| (line, product)));
    }
    let mut outcomes = name(&mut *conn, actor, &wanted).await?;
    let place = outcomes
        .iter()
        .position(|(outcome, known)| outcome.line_id == line_id && *known == Some(product))
        .ok_or_else(|| Refusal::new("orders-refused-line-resolved"))?;
    let (line, _) = outcomes.swap_remove(place);
    tell(conn, key, product).await?;
    let named = |(outcome, known): (LineOutcome, _)| (known == Some(product)).then_some(outcome);
    Ok(Named {
        line,
        others: outcomes.into_iter().filter_map(named).collect(),
    })
}

/// Lines of a shop that wait for these articles, by the channel's own numbers, get them. How many did.
#[allow(
    clippy::implicit_hasher,
    reason = "one caller, one kind of map; a type parameter would say nothing"
)]
pub async fn resolve_external(
    conn: &mut PgConnection,
    actor: &Actor,
    shop: (Channel, i64),
    articles: &HashMap<String, ProductId>,
) -> Result<usize, OrderError> {
    actor.require(ORDERS_EDIT)?;
    let numbers: Vec<String> = articles.keys().cloned().collect();
    let waiting = store::list_waiting(&mut *conn, shop, &numbers, LINES_MAX).await?;
    let wanted: HashMap<OrderLineId, ProductId> = waiting
        .into_iter()
        .filter_map(|(line, number)| Some((line, *articles.get(&number)?)))
        .collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    Ok(name(conn, actor, &wanted).await?.len())
}

async fn must_exist(conn: &mut PgConnection, actor: &Actor, product: ProductId) -> Result<(), OrderError> {
    let found = catalog::service::get_many(conn, actor, &[product]).await?;
    if found.is_empty() {
        let refusal = Refusal::new("orders-line-unknown-product").with("product", product.0);
        return Err(OrderError::field("product_id", refusal));
    }
    Ok(())
}

/// Writes the articles on the lines that wait for one, and reserves all of them together, so that levels are locked in
/// the order of their keys. Where each line stands afterwards, and its article.
async fn name(
    conn: &mut PgConnection,
    actor: &Actor,
    wanted: &HashMap<OrderLineId, ProductId>,
) -> Result<Vec<(LineOutcome, Option<ProductId>)>, OrderError> {
    let lines: Vec<OrderLineId> = wanted.keys().copied().collect();
    let orders = store::orders_of_lines(&mut *conn, &lines).await?;
    let mut books = lock_books(&mut *conn, &orders).await?;
    let (mut named, mut wants) = (Vec::new(), Vec::new());
    for book in &mut books {
        name_in(book, wanted, &mut named);
        wants.extend(wants_of(book, &named)?);
    }
    store::set_line_products(&mut *conn, &named).await?;
    let promised = if wants.is_empty() {
        Vec::new()
    } else {
        inventory::service::reserve(&mut *conn, actor, &wants).await?
    };
    for book in &mut books {
        for outcome in &promised {
            if let Some(line) = book.line_mut(outcome.line_id) {
                line.reserved = outcome.reserved;
            }
        }
        book.count_short();
        store::save_line_stock(&mut *conn, &book.lines).await?;
        book.save(&mut *conn).await?;
    }
    Ok(books
        .iter()
        .flat_map(|book| &book.lines)
        .filter(|line| wanted.contains_key(&line.id))
        .map(|line| {
            let outcome = LineOutcome {
                line_id: line.id,
                reserved: line.reserved,
                short: line.short,
            };
            (outcome, line.product)
        })
        .collect())
}

fn name_in(
    book: &mut Book,
    wanted: &HashMap<OrderLineId, ProductId>,
    named: &mut Vec<(OrderLineId, ProductId)>,
) {
    for line in book.lines.iter_mut().filter(|line| line.is_unresolved()) {
        if let Some(product) = wanted.get(&line.id) {
            line.product = Some(*product);
            named.push((line.id, *product));
        }
    }
}

fn wants_of(book: &Book, named: &[(OrderLineId, ProductId)]) -> Result<Vec<Want>, OrderError> {
    let mut wants = Vec::new();
    for line in &book.lines {
        let units = book.wanted(line);
        if let Some((_, product)) = named.iter().find(|(id, _)| *id == line.id && units > 0) {
            wants.push(book.want(line, *product, units)?);
        }
    }
    Ok(wants)
}

/// The channel's slice keeps what its number means, so that the next order needs nobody.
async fn tell(conn: &mut PgConnection, key: LineKey, product: ProductId) -> Result<(), OrderError> {
    if let Some(external_product_id) = key.external_product_id {
        let event = ArticleNamed {
            channel: key.channel.as_str().to_owned(),
            channel_account: key.channel_account,
            external_product_id,
            product,
        };
        jobs::publish(conn, &event).await?;
    }
    Ok(())
}
