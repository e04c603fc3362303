//! Lines that could not be promised: filled when units come in, told when units are lost.

use std::collections::HashSet;

use inventory::Want;
use kernel::{Actor, OrderLineId, ProductId};
use sqlx::PgConnection;

use super::book::{Book, Recheck};
use crate::error::OrderError;
use crate::{ORDERS_EDIT, store};

/// Orders filled in one go; the rest waits for the next run, which is asked for at once.
const ORDERS_PER_RUN_MAX: i64 = 200;

/// What a run gave out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocated {
    /// Units promised to lines that were short.
    pub units: i64,
    /// There were more orders than one run looks at.
    pub more: bool,
}

/// Gives units that came in to the lines that wait for them, oldest orders first.
pub async fn allocate_short(
    conn: &mut PgConnection,
    actor: &Actor,
    products: &[ProductId],
) -> Result<Allocated, OrderError> {
    actor.require(ORDERS_EDIT)?;
    let waiting = store::orders_short_of(&mut *conn, products, ORDERS_PER_RUN_MAX).await?;
    if waiting.is_empty() || !any_available(&mut *conn, products).await? {
        return Ok(Allocated::default());
    }
    let more = i64::try_from(waiting.len()).unwrap_or(i64::MAX) == ORDERS_PER_RUN_MAX;
    let mut books = lock_books(&mut *conn, &waiting).await?;
    let wanted: HashSet<ProductId> = products.iter().copied().collect();
    let wants = wants_of(&books, &wanted)?;
    if wants.is_empty() {
        return Ok(Allocated::default());
    }
    let outcomes = inventory::service::reserve(&mut *conn, actor, &wants).await?;
    let mut units = 0;
    for book in &mut books {
        for outcome in &outcomes {
            if let Some(line) = book.line_mut(outcome.line_id) {
                units += outcome.reserved - line.reserved;
                line.reserved = outcome.reserved;
            }
        }
        book.count_short();
        store::save_line_stock(&mut *conn, &book.lines).await?;
        book.save(&mut *conn).await?;
    }
    Ok(Allocated {
        units,
        more: more && units > 0,
    })
}

async fn any_available(conn: &mut PgConnection, products: &[ProductId]) -> Result<bool, OrderError> {
    let levels = inventory::service::levels_of(conn, products).await?;
    Ok(levels.iter().any(|level| level.available > 0))
}

pub(super) async fn lock_books(
    conn: &mut PgConnection,
    ids: &[kernel::OrderId],
) -> Result<Vec<Book>, OrderError> {
    let mut books = Vec::new();
    for record in store::lock_orders(&mut *conn, ids).await? {
        books.push(Book {
            record,
            lines: Vec::new(),
        });
    }
    let orders = books
        .iter()
        .map(|book| Ok((book.record.id, book.record.currency()?)))
        .collect::<Result<Vec<_>, OrderError>>()?;
    for (order, line) in store::list_lines(conn, &orders).await? {
        if let Some(book) = books.iter_mut().find(|book| book.record.id == order) {
            book.lines.push(line);
        }
    }
    Ok(books)
}

/// In the order of the books: the stock serves first who stands first.
fn wants_of(books: &[Book], products: &HashSet<ProductId>) -> Result<Vec<Want>, OrderError> {
    let mut wants = Vec::new();
    for book in books {
        for line in book.lines.iter().filter(|line| line.short > 0) {
            if let Some(product) = line.product.filter(|product| products.contains(product)) {
                wants.push(book.want(line, product, book.wanted(line))?);
            }
        }
    }
    Ok(wants)
}

/// A count or damage took promised units back: these lines ask the stock what is left of their promise, and what is
/// not is short from now on.
pub async fn reservations_lost(
    conn: &mut PgConnection,
    actor: &Actor,
    lines: &[OrderLineId],
) -> Result<(), OrderError> {
    actor.require(ORDERS_EDIT)?;
    let mut orders = store::orders_of_lines(&mut *conn, lines).await?;
    orders.sort_unstable();
    let mut books = lock_books(&mut *conn, &orders).await?;
    for book in &mut books {
        book.settle(&mut *conn, actor, Recheck::EveryLine).await?;
        book.save(&mut *conn).await?;
    }
    Ok(())
}
