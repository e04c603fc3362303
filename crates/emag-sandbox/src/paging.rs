//! Pages and filters of `read` and `count`: the keys every resource shares, and the refusal for a value that cannot be one.

use serde_json::Value;

use crate::reply::Reply;
use crate::value::{Doc, int, text};

/// More than this is silently served as this.
pub(crate) const PER_PAGE_MAX: i64 = 100;
const CURRENT_PAGE_MAX: i64 = 65_535;

/// Which rows of the answer are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) size: usize,
    /// Rows by which the pages have slipped since the reader began (the duplicate-rows fault).
    pub(crate) slip: usize,
}

impl Page {
    pub(crate) fn of(filters: &Doc) -> Result<Page, Reply> {
        let size = bounded(filters, "itemsPerPage", 1, i64::MAX)?
            .unwrap_or(PER_PAGE_MAX)
            .min(PER_PAGE_MAX);
        let number = bounded(filters, "currentPage", 1, CURRENT_PAGE_MAX)?.unwrap_or(1);
        let whole = |number: i64| usize::try_from(number).unwrap_or(1);
        Ok(Page {
            number: whole(number),
            size: whole(size),
            slip: 0,
        })
    }

    /// This page of `rows`.
    pub(crate) fn cut<T>(self, rows: impl Iterator<Item = T>) -> Vec<T> {
        let start = ((self.number - 1) * self.size).saturating_sub(self.slip);
        rows.skip(start).take(self.size).collect()
    }
}

pub(crate) fn invalid(key: &str) -> Reply {
    Reply::refused(format!("Invalid value for filter {key}"))
}

/// A whole-number filter within bounds; absent, null and empty text mean no filter.
pub(crate) fn bounded(filters: &Doc, key: &str, least: i64, most: i64) -> Result<Option<i64>, Reply> {
    let Some(value) = present(filters, key) else {
        return Ok(None);
    };
    int(value)
        .filter(|number| (least..=most).contains(number))
        .map(Some)
        .ok_or_else(|| invalid(key))
}

/// An id filter.
pub(crate) fn id_filter(filters: &Doc, key: &str) -> Result<Option<u64>, Reply> {
    Ok(bounded(filters, key, 1, 4_294_967_295)?.and_then(|number| u64::try_from(number).ok()))
}

/// A filter that takes one number or a list of them, each one of `allowed`.
pub(crate) fn choices(filters: &Doc, key: &str, allowed: &[i64]) -> Result<Option<Vec<i64>>, Reply> {
    let Some(value) = present(filters, key) else {
        return Ok(None);
    };
    let items = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    let numbers: Option<Vec<i64>> = items
        .iter()
        .map(|item| int(item).filter(|n| allowed.contains(n)))
        .collect();
    numbers.map(Some).ok_or_else(|| invalid(key))
}

/// A text filter, matched exactly.
pub(crate) fn text_filter(filters: &Doc, key: &str) -> Result<Option<String>, Reply> {
    let Some(value) = present(filters, key) else {
        return Ok(None);
    };
    text(value).map(Some).ok_or_else(|| invalid(key))
}

fn present<'a>(filters: &'a Doc, key: &str) -> Option<&'a Value> {
    filters
        .get(key)
        .filter(|value| !value.is_null() && value.as_str() != Some(""))
}
