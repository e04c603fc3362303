//! Reading everything page by page although pages have no totals and no order (eMAG API 4.4.9 section 6).
//!
//! Always holds: a row is handed out once per reader, however often it comes; reading ends on a short page, an empty
//! page, a page seen before, or the hard cap; a failed page leaves the reader where it was, so the next try reads the
//! same page; a row that cannot be decoded is reported and costs no other row.

use std::collections::HashSet;

use serde::{Deserialize as _, Serialize};
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::ApiError;
use crate::lenient::elements;
use crate::route::Route;
use crate::wire::{Category, CategoryFilter, Offer, OfferFilter, Order, OrderFilter};

/// The partner serves no more rows per page, silently.
pub const ITEMS_PER_PAGE_MAX: u32 = 100;
/// 200 000 rows: far more than a seller has, and an end for a partner that never ends.
pub const PAGES_MAX: u32 = 2_000;
const EXCERPT_CHARS_MAX: usize = 500;

/// A thing read in pages.
pub trait Row: Sized + Send {
    type Filter: Serialize + Send + Sync;
    const ROUTE: Route;

    fn decode(value: Value) -> Result<Self, serde_json::Error>;
    fn id(&self) -> u64;
    /// The filter key this row does not satisfy. The partner ignores filters it does not understand, so rows are checked;
    /// a row that does not carry the field passes.
    fn breaks(&self, filter: &Self::Filter) -> Option<&'static str>;
}

/// Why a page is the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageEnd {
    Short,
    Empty,
    /// Past its end the partner may serve an earlier page again.
    Repeated,
}

/// A row that could not be decoded; its id where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRow {
    pub id: Option<u64>,
    pub problem: String,
    pub excerpt: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Page<R> {
    /// Counts from 1.
    pub number: u32,
    /// The rows not handed out before.
    pub rows: Vec<R>,
    /// How many rows came again.
    pub repeated: usize,
    pub unreadable: Vec<UnreadableRow>,
    /// Set on the last page.
    pub end: Option<PageEnd>,
}

/// Reads pages one after the other.
pub struct PageReader<R: Row> {
    client: Client,
    filter: R::Filter,
    next_page: u32,
    items_per_page: u32,
    pages_max: u32,
    pages_read: u32,
    seen_rows: HashSet<u64>,
    seen_pages: HashSet<Vec<u64>>,
    ended: bool,
}

impl<R: Row> PageReader<R> {
    pub(crate) fn new(client: Client, filter: R::Filter) -> Self {
        Self {
            client,
            filter,
            next_page: 1,
            items_per_page: ITEMS_PER_PAGE_MAX,
            pages_max: PAGES_MAX,
            pages_read: 0,
            seen_rows: HashSet::new(),
            seen_pages: HashSet::new(),
            ended: false,
        }
    }

    /// Starts at this page instead of the first.
    #[must_use]
    pub fn from_page(mut self, number: u32) -> Self {
        self.next_page = number.max(1);
        self
    }

    /// Asks for fewer rows per page; clamped to 1..=100.
    #[must_use]
    pub fn items_per_page(mut self, items: u32) -> Self {
        self.items_per_page = items.clamp(1, ITEMS_PER_PAGE_MAX);
        self
    }

    /// Another hard cap.
    #[must_use]
    pub fn pages_max(mut self, pages: u32) -> Self {
        self.pages_max = pages;
        self
    }

    /// The page the next call reads: where to resume.
    pub const fn next_page(&self) -> u32 {
        self.next_page
    }

    /// The next page, or `None` after the last. After an error the same page is read again.
    pub async fn next(&mut self) -> Result<Option<Page<R>>, ApiError> {
        if self.ended {
            return Ok(None);
        }
        if self.pages_read >= self.pages_max {
            return Err(ApiError::TooManyPages {
                pages: self.pages_max,
            });
        }
        let results = self.client.read(R::ROUTE, &self.body()).await?;
        let page = self.take_in(elements(results))?;
        self.pages_read += 1;
        self.next_page = self.next_page.saturating_add(1);
        self.ended = page.end.is_some();
        Ok(Some(page))
    }

    /// All remaining rows at once; for reads known to be small.
    pub async fn all(mut self) -> Result<(Vec<R>, Vec<UnreadableRow>), ApiError> {
        let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
        while let Some(page) = self.next().await? {
            rows.extend(page.rows);
            unreadable.extend(page.unreadable);
        }
        Ok((rows, unreadable))
    }

    fn body(&self) -> Map<String, Value> {
        let mut body = crate::client::top_level(&self.filter);
        body.insert("currentPage".to_owned(), self.next_page.into());
        body.insert("itemsPerPage".to_owned(), self.items_per_page.into());
        body
    }

    fn take_in(&mut self, values: Vec<Value>) -> Result<Page<R>, ApiError> {
        let on_wire = values.len();
        let mut page = Page {
            number: self.next_page,
            rows: Vec::new(),
            repeated: 0,
            unreadable: Vec::new(),
            end: None,
        };
        let mut decoded = Vec::with_capacity(on_wire);
        for value in values {
            // Kept only for the row that turns out unreadable.
            let (id, excerpt) = (id_of(&value), value.to_string());
            match R::decode(value) {
                Ok(row) => decoded.push(row),
                Err(error) => page.unreadable.push(UnreadableRow {
                    id,
                    problem: error.to_string(),
                    excerpt: excerpt.chars().take(EXCERPT_CHARS_MAX).collect(),
                }),
            }
        }
        for row in &decoded {
            if let Some(key) = row.breaks(&self.filter) {
                return Err(ApiError::FilterIgnored {
                    key,
                    row_id: row.id(),
                });
            }
        }
        page.end = self.end_of(on_wire, &decoded);
        for row in decoded {
            if self.seen_rows.insert(row.id()) {
                page.rows.push(row);
            } else {
                page.repeated += 1;
            }
        }
        Ok(page)
    }

    fn end_of(&mut self, on_wire: usize, rows: &[R]) -> Option<PageEnd> {
        let mut ids: Vec<u64> = rows.iter().map(Row::id).collect();
        ids.sort_unstable();
        ids.dedup();
        if on_wire == 0 {
            return Some(PageEnd::Empty);
        }
        // A page of unreadable rows only has no ids to compare.
        if !ids.is_empty() && !self.seen_pages.insert(ids) {
            return Some(PageEnd::Repeated);
        }
        let full = usize::try_from(self.items_per_page).is_ok_and(|items| on_wire >= items);
        (!full).then_some(PageEnd::Short)
    }
}

fn id_of(value: &Value) -> Option<u64> {
    let id = value.get("id")?;
    id.as_u64().or_else(|| id.as_str()?.trim().parse().ok())
}

/// The key if both sides are known and differ.
fn differs<T: PartialEq>(key: &'static str, wanted: Option<T>, found: Option<T>) -> Option<&'static str> {
    wanted
        .zip(found)
        .filter(|(wanted, found)| wanted != found)
        .map(|_| key)
}

impl Row for Category {
    type Filter = CategoryFilter;
    const ROUTE: Route = Route::CategoryRead;

    fn decode(value: Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(value)
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn breaks(&self, filter: &CategoryFilter) -> Option<&'static str> {
        differs("id", filter.id, Some(self.id))
    }
}

impl Row for Offer {
    type Filter = OfferFilter;
    const ROUTE: Route = Route::ProductOfferRead;

    fn decode(value: Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(value)
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn breaks(&self, filter: &OfferFilter) -> Option<&'static str> {
        // Codes are compared as the partner stores them: without blanks, commas and semicolons.
        let code = |text: &str| text.replace([' ', ',', ';'], "").to_uppercase();
        let translation = self
            .translation_validation_status
            .first()
            .map(|status| status.value);
        let above = |limit: Option<u32>, stock: Option<i64>| {
            limit
                .zip(stock)
                .is_some_and(|(limit, stock)| stock > limit.into())
        };
        differs("id", filter.id, Some(self.id))
            .or_else(|| differs("status", filter.status, Some(self.status)))
            .or_else(|| {
                differs(
                    "part_number",
                    filter.part_number.as_deref().map(code),
                    Some(code(&self.part_number)),
                )
            })
            .or_else(|| {
                let wanted = filter.part_number_key.as_deref().map(code);
                differs("part_number_key", wanted, Some(code(&self.part_number_key)))
            })
            .or_else(|| above(filter.general_stock, self.general_stock.get()).then_some("general_stock"))
            .or_else(|| {
                above(filter.estimated_stock, self.estimated_stock.get()).then_some("estimated_stock")
            })
            .or_else(|| {
                differs(
                    "offer_validation_status",
                    filter.offer_validation_status,
                    self.price_validity(),
                )
            })
            .or_else(|| differs("validation_status", filter.validation_status, self.validation()))
            .or_else(|| {
                differs(
                    "translation_validation_status",
                    filter.translation_validation_status,
                    translation,
                )
            })
    }
}

impl Row for Order {
    type Filter = OrderFilter;
    const ROUTE: Route = Route::OrderRead;

    fn decode(value: Value) -> Result<Self, serde_json::Error> {
        Self::decode(value)
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn breaks(&self, filter: &OrderFilter) -> Option<&'static str> {
        let early =
            |limit: Option<_>, time: Option<_>| limit.zip(time).is_some_and(|(limit, time)| time < limit);
        let late =
            |limit: Option<_>, time: Option<_>| limit.zip(time).is_some_and(|(limit, time)| time > limit);
        let (created, modified) = (self.date.get(), self.modified.get());
        let other_status = !filter.status.is_empty() && !filter.status.contains(&self.status);
        differs("id", filter.id, Some(self.id))
            .or_else(|| differs("type", filter.kind, Some(self.kind)))
            .or_else(|| other_status.then_some("status"))
            .or_else(|| early(filter.created_after, created).then_some("createdAfter"))
            .or_else(|| late(filter.created_before, created).then_some("createdBefore"))
            .or_else(|| early(filter.modified_after, modified).then_some("modifiedAfter"))
            .or_else(|| late(filter.modified_before, modified).then_some("modifiedBefore"))
    }
}
