//! Reads and counts: filters at the top level, rows decoded one by one.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Client;
use super::exchange::{Call, Circuit};
use crate::error::ApiError;
use crate::lenient::elements;
use crate::paging::{PageReader, Row};
use crate::route::Route;
use crate::verdict::Expected;
use crate::wire::{
    Category, CategoryFilter, Count, HandlingTime, Offer, OfferFilter, Order, OrderFilter, OrderKind, VatRate,
};

impl Client {
    /// Asks for the VAT rates whatever the circuit says: the cheapest test of credentials and address. A success closes it.
    pub async fn test_connection(&self) -> Result<Vec<VatRate>, ApiError> {
        let call = Call {
            route: Route::VatRead,
            query: "",
            body: b"{}",
            expected: &Expected::Envelope,
            circuit: Circuit::Passed,
        };
        rows(self.exchange(call).await?.results)
    }

    pub async fn read_vat_rates(&self) -> Result<Vec<VatRate>, ApiError> {
        rows(self.read(Route::VatRead, &Map::new()).await?)
    }

    pub async fn read_handling_times(&self) -> Result<Vec<HandlingTime>, ApiError> {
        rows(self.read(Route::HandlingTimeRead, &Map::new()).await?)
    }

    /// The categories, page by page, without their value lists.
    pub fn read_categories(&self) -> PageReader<Category> {
        PageReader::new(self.clone(), CategoryFilter::default())
    }

    /// One category with its characteristics and the given page of their values.
    pub async fn read_category(&self, filter: &CategoryFilter) -> Result<Option<Category>, ApiError> {
        self.read_one(filter, |category: &Category| Some(category.id) == filter.id)
            .await
    }

    pub async fn count_categories(&self) -> Result<Count, ApiError> {
        self.count(Route::CategoryCount, &Map::new()).await
    }

    /// The seller's offers, page by page.
    pub fn read_offers(&self, filter: OfferFilter) -> PageReader<Offer> {
        PageReader::new(self.clone(), filter)
    }

    /// One offer; only this form lists its GPSR contacts.
    pub async fn read_offer(&self, id: u64) -> Result<Option<Offer>, ApiError> {
        let filter = OfferFilter {
            id: Some(id),
            ..OfferFilter::default()
        };
        self.read_one(&filter, |offer: &Offer| offer.id == id).await
    }

    pub async fn count_offers(&self, filter: &OfferFilter) -> Result<Count, ApiError> {
        self.count(Route::ProductOfferCount, &top_level(filter)).await
    }

    /// Orders, page by page. Read both kinds: the partner hides those it fulfils unless asked. See
    /// [`crate::order_windows`].
    pub fn read_orders(&self, filter: OrderFilter) -> PageReader<Order> {
        PageReader::new(self.clone(), filter)
    }

    pub async fn read_order(&self, id: u64, kind: OrderKind) -> Result<Option<Order>, ApiError> {
        let filter = OrderFilter {
            id: Some(id),
            kind: Some(kind),
            ..OrderFilter::default()
        };
        self.read_one(&filter, |order: &Order| order.id == id).await
    }

    pub async fn count_orders(&self, filter: &OrderFilter) -> Result<Count, ApiError> {
        self.count(Route::OrderCount, &top_level(filter)).await
    }

    async fn read_one<R: Row>(
        &self,
        filter: &R::Filter,
        is_it: impl Fn(&R) -> bool,
    ) -> Result<Option<R>, ApiError> {
        let results = self.read(R::ROUTE, &top_level(filter)).await?;
        let mut first_other = None;
        for value in elements(results) {
            let excerpt = value.to_string();
            let row = R::decode(value).map_err(|error| not_understood(&error, &excerpt))?;
            if is_it(&row) {
                return Ok(Some(row));
            }
            first_other.get_or_insert(row.id());
        }
        // Rows came, but not the one asked for: the filter was ignored, so "there is none" cannot be said.
        first_other.map_or(Ok(None), |row_id| {
            Err(ApiError::FilterIgnored { key: "id", row_id })
        })
    }

    async fn count(&self, route: Route, filter: &Map<String, Value>) -> Result<Count, ApiError> {
        let results = self.read(route, filter).await?;
        let excerpt = results.to_string();
        let count: Count =
            serde_json::from_value(results).map_err(|error| not_understood(&error, &excerpt))?;
        if count.items.get().is_none() {
            return Err(ApiError::NotUnderstood {
                status: 200,
                sample: excerpt.chars().take(SAMPLE_CHARS_MAX).collect(),
            });
        }
        Ok(count)
    }

    pub(crate) async fn read(&self, route: Route, body: &Map<String, Value>) -> Result<Value, ApiError> {
        let body = json!(body).to_string();
        let call = Call {
            route,
            query: "",
            body: body.as_bytes(),
            expected: &Expected::Envelope,
            circuit: Circuit::Obeyed,
        };
        Ok(self.exchange(call).await?.results)
    }
}

const SAMPLE_CHARS_MAX: usize = 120;

/// A filter as top-level keys. A filter is a flat struct of optional fields, so anything else is empty.
pub(crate) fn top_level<F: Serialize>(filter: &F) -> Map<String, Value> {
    match serde_json::to_value(filter) {
        Ok(Value::Object(map)) => map,
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => {
            Map::new()
        }
    }
}

fn rows<T: DeserializeOwned>(results: Value) -> Result<Vec<T>, ApiError> {
    let decode = |value: Value| {
        let excerpt = value.to_string();
        serde_json::from_value(value).map_err(|error| not_understood(&error, &excerpt))
    };
    elements(results).into_iter().map(decode).collect()
}

fn not_understood(error: &serde_json::Error, excerpt: &str) -> ApiError {
    let excerpt: String = excerpt.chars().take(SAMPLE_CHARS_MAX).collect();
    ApiError::NotUnderstood {
        status: 200,
        sample: format!("{error}: {excerpt}"),
    }
}
