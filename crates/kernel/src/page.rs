//! Keyset paging: a page request, an opaque cursor, a page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Rows in one page, 1 to 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// More rows in one answer serve nobody and hold a connection.
    pub const MAX: u16 = 200;
    pub const DEFAULT: Self = Self(50);

    /// `None` outside 1..=200; nothing is silently clamped.
    pub fn new(rows: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&rows).then_some(Self(rows))
    }

    pub fn rows(self) -> usize {
        usize::from(self.0)
    }

    /// One row more than shown tells whether there is a next page.
    pub fn probe(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The place after the last row of a page: the values of its sort keys, opaque to the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

/// The cursor was not made by us, or for another sort order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor does not belong to this list")]
pub struct CursorError;

impl Cursor {
    /// Packs the sort keys of the last row; a key that cannot be written as JSON gives the empty cursor, which
    /// [`Cursor::open`] refuses.
    pub fn seal<K: Serialize>(keys: &K) -> Self {
        Self(
            serde_json::to_vec(keys)
                .map(|json| URL_SAFE_NO_PAD.encode(json))
                .unwrap_or_default(),
        )
    }

    pub fn open<K: DeserializeOwned>(&self) -> Result<K, CursorError> {
        let json = URL_SAFE_NO_PAD.decode(&self.0).ok().ok_or(CursorError)?;
        serde_json::from_slice(&json).ok().ok_or(CursorError)
    }

    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which page is wanted.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    pub limit: Limit,
    pub after: Option<Cursor>,
}

/// One page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
    /// Rows over the whole set, when they were counted.
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// Cuts a probed result (limit + 1 rows) to a page; `keys` gives the sort keys of a row.
    pub fn cut<K: Serialize>(
        mut rows: Vec<T>,
        limit: Limit,
        total: Option<i64>,
        keys: impl Fn(&T) -> K,
    ) -> Self {
        let more = rows.len() > limit.rows();
        rows.truncate(limit.rows());
        let next = if more {
            rows.last().map(|row| Cursor::seal(&keys(row)))
        } else {
            None
        };
        Self {
            items: rows,
            next,
            total,
        }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next() {
        let page = Page::cut(vec![1, 2, 3], Limit::new(2).unwrap(), None, |n| (*n, "x"));
        assert_eq!(page.items, [1, 2]);
        assert_eq!(
            page.next.unwrap().open::<(i32, String)>(),
            Ok((2, "x".to_owned()))
        );
        assert_eq!(
            Page::cut(vec![1, 2], Limit::new(2).unwrap(), None, |n| *n).next,
            None
        );
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        for text in ["", "%%%", "bm9wZQ", "e30"] {
            assert_eq!(
                Cursor::from_text(text).open::<(i64, String)>(),
                Err(CursorError),
                "{text}"
            );
        }
        assert_eq!(Limit::new(0), None);
        assert_eq!(Limit::new(201), None);
    }
}
