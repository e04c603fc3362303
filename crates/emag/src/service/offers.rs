//! Reading all offers of an account, page by page.
//!
//! Always holds: a page's rows, its cursor and its counts are written together or not at all; a bad row costs no other;
//! nothing is ever deleted because it was not seen. The next page is read while this one is written.

use std::collections::HashMap;

use emag_api::wire::{Offer, OfferFilter};
use emag_api::{ApiError, Page, Platform};
use kernel::{Currency, Money, Net, ProductId, Timestamp, VatRate};
use sqlx::{Acquire as _, PgConnection};

use super::runs::{actor, tell};
use super::sweep::{Sweep, Turn};
use super::{reckon, resolve};
use crate::context::Context;
use crate::error::{EmagError, api_code};
use crate::model::{Account, AccountKind, ListingRow, OffersCursor, Run, Tally, listing_of};
use crate::store;
use crate::store::listings::Brief;
use crate::store::runs::Failure;

/// How often a page is written again when another transaction was in its way.
const WRITE_TRIES: u32 = 4;

/// Reads what is left of the sweep and closes it.
pub(crate) async fn sweep(context: &Context, account: &Account, run: &Run) -> Result<(), EmagError> {
    let client = context.client(account)?;
    let mut cursor: OffersCursor = serde_json::from_value(run.cursor.clone()).unwrap_or_default();
    if cursor.page == 1 {
        let count = client.count_offers(&OfferFilter::default()).await?;
        let mut conn = context.db().read().await?;
        let pages = count.pages.get().and_then(|pages| i32::try_from(pages).ok());
        store::runs::beat(&mut conn, run.id, pages, context.clock().now()).await?;
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
    desk.close(cursor.whole).await
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
        let mut tries = 0;
        loop {
            tries += 1;
            match self.write_once(taken, cursor, asked_at).await {
                Err(error) if tries < WRITE_TRIES && super::orders::is_conflict(&error) => {}
                done => return done,
            }
        }
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
                store::runs::add_failures(&mut tx, self.run.id, &[failure]).await?;
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
        store::runs::resolve_failures(conn, self.account.id, "offer", &texts, now).await?;
        store::runs::add_failures(conn, self.run.id, &failures).await?;
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

    /// Listings without an article get one: by current code, by an old one, else a new article.
    async fn give_products(
        &self,
        conn: &mut PgConnection,
        rows: &[ListingRow],
        emag_ids: &[i64],
    ) -> Result<Vec<Brief>, EmagError> {
        let mut listings = store::listings::list_brief(conn, self.account.id, emag_ids).await?;
        let codes: Vec<String> = listings
            .iter()
            .filter(|listing| listing.product_id.is_none() && !listing.part_number.is_empty())
            .map(|listing| listing.part_number.clone())
            .collect();
        if codes.is_empty() {
            return Ok(listings);
        }
        let mut known = catalog::resolve_many(conn, &codes).await?;
        let unknown: Vec<&ListingRow> = rows
            .iter()
            .filter(|row| codes.contains(&row.part_number) && !known.contains_key(&row.part_number))
            .collect();
        known.extend(self.create_products(conn, &unknown).await?);
        let found: Vec<(kernel::ListingId, ProductId)> = listings
            .iter()
            .filter(|listing| listing.product_id.is_none())
            .filter_map(|listing| Some((listing.id, *known.get(&listing.part_number)?)))
            .collect();
        let (ids, products): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        store::listings::set_products(conn, &ids, &products).await?;
        for listing in &mut listings {
            listing.product_id = listing
                .product_id
                .or_else(|| known.get(&listing.part_number).copied());
        }
        Ok(listings)
    }

    async fn create_products(
        &self,
        conn: &mut PgConnection,
        rows: &[&ListingRow],
    ) -> Result<HashMap<String, ProductId>, EmagError> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let country = country_of(&self.account.platform);
        let today = self.context.clock().today();
        let vat = catalog::vat_rate_on(conn, country, today)
            .await?
            .unwrap_or(VatRate::ZERO);
        let articles: Vec<catalog::ChannelArticle> = rows
            .iter()
            .filter_map(|row| article_of(row, vat, &self.account.currency))
            .collect();
        let outcomes = catalog::upsert_from_channel(conn, &actor(), &articles).await?;
        let mut made = HashMap::new();
        for (article, outcome) in articles.into_iter().zip(outcomes) {
            match outcome {
                catalog::ChannelOutcome::Existing(id) | catalog::ChannelOutcome::Created(id) => {
                    made.insert(article.sku, id);
                }
                // The listing stays without an article, where people see it.
                catalog::ChannelOutcome::Refused(_) => {}
            }
        }
        Ok(made)
    }

    /// The opening movement of articles that have none yet: what eMAG shows, and the units of orders in work, which
    /// eMAG has taken off although they lie on our shelf. Once per article; only for rows new to us.
    async fn open(
        &self,
        conn: &mut PgConnection,
        listings: &[Brief],
        created: &[i64],
    ) -> Result<(), EmagError> {
        let fresh = |listing: &&Brief| self.account.opened_at.is_none() || created.contains(&listing.emag_id);
        let candidates: Vec<&Brief> = listings.iter().filter(fresh).collect();
        let emag_ids: Vec<i64> = candidates.iter().map(|listing| listing.emag_id).collect();
        let in_work: HashMap<i64, i64> = store::orders::units_in_work(conn, self.account.id, &emag_ids)
            .await?
            .into_iter()
            .collect();
        let mut stock: HashMap<ProductId, i64> = HashMap::new();
        for listing in candidates {
            let Some(product) = listing.product_id else {
                continue;
            };
            let units = listing.general_stock + in_work.get(&listing.emag_id).copied().unwrap_or(0);
            let most = stock.entry(product).or_default();
            *most = units.max(*most);
        }
        let products: Vec<ProductId> = stock.keys().copied().collect();
        let warehouse = self.account.warehouse_id;
        let unmoved = store::neighbours::products_without_movement(conn, warehouse, &products).await?;
        let movements: Vec<inventory::Movement> = unmoved
            .into_iter()
            .filter_map(|product| Some((product, *stock.get(&product)?)))
            .filter(|(_, units)| *units > 0)
            .map(|(product, units)| resolve::opening(self.account, product, units, None))
            .collect();
        resolve::post(conn, &movements).await
    }

    /// The goods at eMAG are mirrored: the difference between what it shows and what we have, as movements.
    async fn mirror(&self, conn: &mut PgConnection, listings: &[Brief]) -> Result<(), EmagError> {
        let mut shown: HashMap<ProductId, i64> = HashMap::new();
        for listing in listings {
            if let Some(product) = listing.product_id {
                *shown.entry(product).or_default() += listing.general_stock;
            }
        }
        let products: Vec<ProductId> = shown.keys().copied().collect();
        let have: HashMap<ProductId, i64> =
            store::neighbours::on_hand(conn, self.account.warehouse_id, &products)
                .await?
                .into_iter()
                .collect();
        let mut movements: Vec<inventory::Movement> = shown
            .into_iter()
            .map(|(product, units)| (product, units - have.get(&product).copied().unwrap_or(0)))
            .filter(|(_, delta)| *delta != 0)
            .map(|(product, delta)| {
                if have.contains_key(&product) {
                    resolve::mirrored(self.account, product, delta)
                } else {
                    resolve::opening(self.account, product, delta, None)
                }
            })
            .collect();
        movements.sort_by_key(|movement| movement.product);
        resolve::post(conn, &movements).await
    }

    /// The end of a sweep: what was not met is marked, the account is open, wanted figures are reckoned.
    async fn close(&self, whole: bool) -> Result<(), EmagError> {
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
        external_id: row.id.map_or_else(|| "?".to_owned(), |id| id.to_string()),
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

/// A constraint or a value the database cannot hold (classes 22 and 23), as opposed to trouble of the database itself.
pub(crate) fn is_about_a_row(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| {
            error
                .code()
                .map(|code| code.starts_with("22") || code.starts_with("23"))
        })
        .unwrap_or(false)
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

/// The country whose VAT the site's prices carry.
fn country_of(platform: &str) -> &'static str {
    match Platform::from_key(platform) {
        Some(Platform::EmagBg | Platform::FdBg) => "BG",
        Some(Platform::EmagHu) => "HU",
        Some(Platform::EmagRo | Platform::FdRo) | None => "RO",
    }
}

/// Longest name our catalogue takes.
const NAME_CHARS_MAX: usize = 500;

fn article_of(row: &ListingRow, vat: VatRate, currency: &str) -> Option<catalog::ChannelArticle> {
    let currency: Currency = row.currency.parse().or_else(|_odd| currency.parse()).ok()?;
    let price = Money::new(row.sale_price, currency).ok()?;
    Some(catalog::ChannelArticle {
        sku: row.part_number.clone(),
        name: row.name.chars().take(NAME_CHARS_MAX).collect(),
        brand: row.brand.clone(),
        eans: row.eans.clone(),
        price_net: Net(price),
        vat,
        image_url: row.image_url.clone(),
        weight_g: row.weight_g,
    })
}
