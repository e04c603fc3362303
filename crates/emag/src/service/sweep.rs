//! Reading page after page although a page may be unreadable: such a page is tried again, then left out and told.

use emag_api::{ApiError, Page, PageReader, Row};

/// An unreadable page is asked for this often before it is left out.
const PAGE_TRIES: u32 = 3;
/// More unreadable pages in a row mean that the partner does not speak our language at all.
const SKIPPED_IN_A_ROW_MAX: u32 = 2;

/// One step of a sweep.
pub(crate) enum Turn<R> {
    Page(Page<R>),
    /// The page could not be understood and was left out.
    Skipped {
        page: u32,
        error: ApiError,
    },
    End,
}

pub(crate) struct Sweep<R: Row> {
    make: Box<dyn Fn(u32) -> PageReader<R> + Send + Sync>,
    reader: PageReader<R>,
    skipped_in_a_row: u32,
}

impl<R: Row> Sweep<R> {
    pub(crate) fn from_page(page: u32, make: impl Fn(u32) -> PageReader<R> + Send + Sync + 'static) -> Self {
        Self {
            reader: make(page),
            make: Box::new(make),
            skipped_in_a_row: 0,
        }
    }

    /// The next page; errors are those of an account or a partner that no other page would be spared.
    pub(crate) async fn next(&mut self) -> Result<Turn<R>, ApiError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.reader.next().await {
                Ok(Some(page)) => {
                    self.skipped_in_a_row = 0;
                    return Ok(Turn::Page(page));
                }
                Ok(None) => return Ok(Turn::End),
                Err(error) => error,
            };
            let concerns_the_page = matches!(error, ApiError::NotUnderstood { .. });
            if !concerns_the_page || self.skipped_in_a_row >= SKIPPED_IN_A_ROW_MAX {
                return Err(error);
            }
            if tries >= PAGE_TRIES {
                let page = self.reader.next_page();
                self.skipped_in_a_row += 1;
                self.reader = (self.make)(page.saturating_add(1));
                return Ok(Turn::Skipped { page, error });
            }
        }
    }
}
