//! Reading all offers of an account, page by page.
//!
//! Always holds: a page's rows, its cursor and its counts are written together or not at all; a bad row costs no other;
//! nothing is ever deleted because it was not seen. The next page is read while this one is written.

mod articles;
mod stock;

use emag_api::wire::{Offer, OfferFilter};
use emag_api::{ApiError, Page};
use kernel::Timestamp;
use sqlx::{Acquire as _, PgConnection};

use super::fault::{despite_conflicts, is_about_a_row};
use super::runs::{actor, tell};
use super::sweep::{Sweep, Turn};
use super::{reckon, resolve};
use crate::context::Context;
use crate::error::{EmagError, api_code};
use crate::model::{Account, AccountKind, ListingRow, NAMELESS, OffersCursor, Run, Tally, listing_of};
use crate::store;
use crate::store::failures::Failure;

/// More are not listed one by one: the whole run is to be done again.
const MISSING_PAGES_MAX: usize = 100;

/// Reads what is left of the sweep and closes it.
pub(crate) async fn sweep(context: &Context, account: &Account, run: &Run) -> Result<(), EmagError> {
    let client = context.client(account)?;
    let mut cursor: OffersCursor = serde_json::from_value(run.cursor.clone()).unwrap_or_default();
    let mut promised = run.pages_total;
    if cursor.page == 1 {
        let count = client.count_offers(&OfferFilter::default()).await?;
        let mut conn = context.db().read().await?;
        promised = count.pages.get().and_then(|pages| i32::try_from(pages).ok());
        store::runs::beat(&mut conn, run.id, promised, context.clock().now()).await?;
    }
    let desk = Desk {
        context,
        account,
        run,
    };
    let mut pages = Sweep::from_page(cursor.page, move |page| {
        client.read_offers(OfferFilter::default()).from_page(page)
    });
    let mut asked_at = context.clock().now();
    let mut turn = pages.next().await?;
    loop {
        let taken = match turn {
            Turn::End => break,
            Turn::Page(page) => {
                cursor.page = page.number.saturating_add(1);
                Taken::Page(page)
            }
            Turn::Skipped { page, error } => {
                cursor = OffersCursor {
                    page: page.saturating_add(1),
                    whole: false,
                };
                Taken::Skipped(page, error)
            }
        };
        let this_asked_at = std::mem::replace(&mut asked_at, context.clock().now());
        let (next, written) = tokio::join!(pages.next(), desk.write(&taken, cursor, this_asked_at));
        written?;
        turn = next?;
    }
    let promised = promised.and_then(|pages| u32::try_from(pages).ok()).unwrap_or(0);
    let missing = desk.note_missing(cursor.page..=promised).await?;
    desk.close(cursor.whole && !missing).await
}

/// Reads one offer again. One that is not there any more has nothing left to take.
pub(crate) async fn again(
    context: &Context,
    account: &Account,
    run: &Run,
    emag_id: u64,
) -> Result<(), EmagError> {
    let asked_at = context.clock().now();
    let found = context.client(account)?.read_offer(emag_id).await?;
    let desk = Desk {
        context,
        account,
        run,
    };
    let mut tx = context.db().begin(&actor()).await?;
    if let Some(offer) = found {
        let page = Page {
            number: 1,
            rows: vec![offer],
            repeated: 0,
            unreadable: Vec::new(),
            end: None,
        };
        desk.take_in(&mut tx, &page, asked_at).await?;
    } else {
        let gone = [emag_id.to_string()];
        store::failures::resolve(&mut tx, account.id, "offer", &gone, asked_at).await?;
    }
    reckon::stock(&mut tx, None, Some(account.id), "recompute").await?;
    tx.commit().await?;
    Ok(())
}

/// Reads a page again that was left out.
pub(crate) async fn page_again(
    context: &Context,
    account: &Account,
    run: &Run,
    page: u32,
) -> Result<(), EmagError> {
    let asked_at = context.clock().now();
    let client = context.client(account)?;
    let mut pages = client.read_offers(OfferFilter::default()).from_page(page);
    let Some(page) = pages.next().await? else {
        return Ok(());
    };
    let desk = Desk {
        context,
        account,
        run,
    };
    let mut tx = context.db().begin(&actor()).await?;
    desk.take_in(&mut tx, &page, asked_at).await?;
    reckon::stock(&mut tx, None, Some(account.id), "recompute").await?;
    tx.commit().await?;
    Ok(())
}

enum Taken {
    Page(Page<Offer>),
    Skipped(u32, ApiError),
}

#[derive(Clone, Copy)]
struct Desk<'a> {
    context: &'a Context,
    account: &'a Account,
    run: &'a Run,
}

impl Desk<'_> {
    /// Writes one page; again if another transaction was in the way.
    async fn write(&self, taken: &Taken, cursor: OffersCursor, asked_at: Timestamp) -> Result<(), EmagError> {
        despite_conflicts(|| self.write_once(taken, cursor, asked_at)).await
    }

    async fn write_once(
        &self,
        taken: &Taken,
        cursor: OffersCursor,
        asked_at: Timestamp,
    ) -> Result<(), EmagError> {
        let now = self.context.clock().now();
        let mut tx = self.context.db().begin(&actor()).await?;
        let tally = match taken {
            Taken::Page(page) => self.take_in(&mut tx, page, asked_at).await?,
            Taken::Skipped(page, error) => {
                let failure = Failure {
                    subject: "page",
                    external_id: page.to_string(),
                    code: api_code(error).to_owned(),
                    detail: Some(error.to_string()),
                    raw: None,
                };
                store::failures::add(&mut tx, self.run.id, &[failure]).await?;
                Tally::default()
            }
        };
        let cursor = serde_json::json!({"page": cursor.page, "whole": cursor.whole});
        store::runs::advance(&mut tx, self.run.id, &cursor, tally, now).await?;
        tell(&mut tx, self.run.id).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn take_in(
        &self,
        conn: &mut PgConnection,
        page: &Page<Offer>,
        asked_at: Timestamp,
    ) -> Result<Tally, EmagError> {
        let (rows, mut failures) = translate(page, &self.account.currency);
        let written = self.upsert(conn, &rows, asked_at).await?;
        failures.extend(written.failures);
        let emag_ids: Vec<i64> = written.good.iter().map(|row| row.emag_id).collect();
        let now = self.context.clock().now();
        store::listings::mark_seen(conn, self.account.id, &emag_ids, self.run.id, now).await?;
        let listings = self.give_products(conn, &written.good, &emag_ids).await?;
        match self.account.kind {
            AccountKind::Main => self.open(conn, &listings, &written.created).await?,
            AccountKind::Fbe => self.mirror(conn, &listings).await?,
        }
        resolve::lines_of_listings(conn, self.account.id, &listings).await?;
        let texts: Vec<String> = emag_ids.iter().map(ToString::to_string).collect();
        store::failures::resolve(conn, self.account.id, "offer", &texts, now).await?;
        store::failures::add(conn, self.run.id, &failures).await?;
        Ok(tally(page, &written.created, written.touched, failures.len()))
    }

    /// All rows at once; if the database refuses one of them, one after the other.
    async fn upsert(
        &self,
        conn: &mut PgConnection,
        rows: &[ListingRow],
        asked_at: Timestamp,
    ) -> Result<Written, EmagError> {
        let now = self.context.clock().now();
        let mut part = conn.begin().await?;
        match store::listings::upsert(&mut part, self.account.id, rows, asked_at, now).await {
            Ok(touched) => {
                part.commit().await?;
                return Ok(Written::whole(rows, &touched));
            }
            Err(error) if is_about_a_row(&error) => part.rollback().await?,
            Err(error) => return Err(error.into()),
        }
        let mut written = Written::default();
        for row in rows {
            let mut part = conn.begin().await?;
            match store::listings::upsert(
                &mut part,
                self.account.id,
                std::slice::from_ref(row),
                asked_at,
                now,
            )
            .await
            {
                Ok(touched) => {
                    part.commit().await?;
                    written.add(row, &touched);
                }
                Err(error) if is_about_a_row(&error) => {
                    part.rollback().await?;
                    written.failures.push(refused_by_database(row, &error));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(written)
    }

    /// Pages that the count promised and the reading never met, because one before them came short: listed, so that
    /// nobody takes their offers for gone.
    async fn note_missing(&self, pages: std::ops::RangeInclusive<u32>) -> Result<bool, EmagError> {
        let failures: Vec<Failure> = pages
            .take(MISSING_PAGES_MAX)
            .map(|page| Failure {
                subject: "page",
                external_id: page.to_string(),
                code: "page-missing".to_owned(),
                detail: None,
                raw: None,
            })
            .collect();
        let mut tx = self.context.db().begin(&actor()).await?;
        store::failures::add(&mut tx, self.run.id, &failures).await?;
        tx.commit().await?;
        Ok(!failures.is_empty())
    }

    /// The end of a sweep: what was not met is marked, the account is open, wanted figures are reckoned.
    async fn close(&self, whole: bool) -> Result<(), EmagError> {
        despite_conflicts(|| self.close_once(whole)).await
    }

    async fn close_once(&self, whole: bool) -> Result<(), EmagError> {
        let now = self.context.clock().now();
        let mut tx = self.context.db().begin(&actor()).await?;
        if whole {
            store::listings::mark_missing(&mut tx, self.account.id, self.run.id, now).await?;
            store::accounts::set_opened(&mut tx, self.account.id, now).await?;
        }
        reckon::stock(&mut tx, None, Some(self.account.id), "recompute").await?;
        reckon::prices(&mut tx, None).await?;
        tx.commit().await?;
        Ok(())
    }
}

#[derive(Default)]
struct Written {
    good: Vec<ListingRow>,
    created: Vec<i64>,
    /// Rows written, new ones included.
    touched: usize,
    failures: Vec<Failure>,
}

impl Written {
    fn whole(rows: &[ListingRow], touched: &[store::listings::Touched]) -> Self {
        Self {
            good: rows.to_vec(),
            created: touched
                .iter()
                .filter(|row| row.created)
                .map(|row| row.emag_id)
                .collect(),
            touched: touched.len(),
            failures: Vec::new(),
        }
    }

    fn add(&mut self, row: &ListingRow, touched: &[store::listings::Touched]) {
        self.good.push(row.clone());
        self.created
            .extend(touched.iter().filter(|row| row.created).map(|row| row.emag_id));
        self.touched += touched.len();
    }
}

fn translate(page: &Page<Offer>, currency: &str) -> (Vec<ListingRow>, Vec<Failure>) {
    let mut rows: Vec<ListingRow> = Vec::with_capacity(page.rows.len());
    let mut failures: Vec<Failure> = page
        .unreadable
        .iter()
        .map(|row| unreadable("offer", row))
        .collect();
    for offer in &page.rows {
        match listing_of(offer, currency) {
            Ok(row) => rows.push(row),
            Err(problem) => failures.push(Failure {
                subject: "offer",
                external_id: offer.id.to_string(),
                code: problem.code.to_owned(),
                detail: Some(problem.detail),
                raw: None,
            }),
        }
    }
    rows.sort_by_key(|row| row.emag_id);
    (rows, failures)
}

pub(crate) fn unreadable(subject: &'static str, row: &emag_api::UnreadableRow) -> Failure {
    Failure {
        subject,
        external_id: row.id.map_or_else(|| NAMELESS.to_owned(), |id| id.to_string()),
        code: "not_understood".to_owned(),
        detail: Some(format!("{}: {}", row.problem, row.excerpt)),
        raw: None,
    }
}

fn refused_by_database(row: &ListingRow, error: &sqlx::Error) -> Failure {
    let code = match db::violation(error) {
        Some(db::Violation::Unique(name)) if name == "emag_listings_part_number_unique" => {
            "part-number-twice"
        }
        Some(_) | None => "row-refused",
    };
    Failure {
        subject: "offer",
        external_id: row.emag_id.to_string(),
        code: code.to_owned(),
        detail: Some(format!("{} {error}", row.part_number)),
        raw: Some(row.raw.clone()),
    }
}

fn tally(page: &Page<Offer>, created: &[i64], touched: usize, refused: usize) -> Tally {
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let read = page.rows.len() + page.unreadable.len();
    let changed = touched - created.len();
    Tally {
        read: count(read),
        created: count(created.len()),
        changed: count(changed),
        unchanged: count(read.saturating_sub(touched + refused)),
        refused: count(refused),
    }
}
