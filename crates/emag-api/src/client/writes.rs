//! Saves, the stock shortcut and the acknowledgement.

use serde_json::json;

use super::Client;
use crate::bulk::{BulkOutcome, EntityOutcome, plan};
use crate::error::{ApiError, FieldProblem, InvalidField};
use crate::route::Route;
use crate::verdict::{Answer, Expected};
use crate::wire::{Entity, OfferUpdate, OrderSave, ProductSave};

/// The partner's stock range.
const STOCK_MAX: u32 = 65_535;

impl Client {
    /// `product_offer/save`: creates or updates. Split into calls of at most 50 entities and 4 000 elements.
    ///
    /// The partner answers no verdict per entity: an outcome with remarks, or an unclear one, is settled by reading the
    /// offer again.
    pub async fn save_products(&self, products: &[ProductSave]) -> BulkOutcome {
        self.save(Route::ProductOfferSave, products).await
    }

    /// `offer/save`: price, stock and status of existing offers, with a verdict for each.
    pub async fn save_offers(&self, offers: &[OfferUpdate]) -> BulkOutcome {
        self.save(Route::OfferSave, offers).await
    }

    /// `order/save`: changes of orders built from a fresh read. Orders fulfilled by eMAG are refused by the partner.
    pub async fn save_orders(&self, orders: &[OrderSave]) -> BulkOutcome {
        self.save(Route::OrderSave, orders).await
    }

    /// `offer_stock`: the stock of one offer, nothing else.
    pub async fn set_stock(&self, offer_id: u64, stock: u32) -> Result<(), ApiError> {
        if stock > STOCK_MAX {
            let fields = vec![InvalidField {
                field: "stock",
                problem: FieldProblem::OutOfRange,
            }];
            return Err(ApiError::Invalid { fields });
        }
        let body = json!({ "stock": stock }).to_string();
        self.call(Route::OfferStock(offer_id), "", body.as_bytes(), &Expected::Stock)
            .await
            .map(drop)
    }

    /// Takes an order on. Only for orders the seller fulfils, and only once it is stored here; read it again afterwards,
    /// since it may have changed until this moment. Twice is as good as once.
    pub async fn acknowledge(&self, order_id: u64) -> Result<(), ApiError> {
        self.call(
            Route::OrderAcknowledge(order_id),
            "",
            b"{}",
            &Expected::Acknowledge,
        )
        .await
        .map(drop)
    }

    async fn save<E: Entity>(&self, route: Route, entities: &[E]) -> BulkOutcome {
        let plan = plan(entities);
        let mut outcome = BulkOutcome::refused_here(plan.refused);
        let mut stopped = false;
        for batch in plan.batches {
            if stopped {
                outcome.all(&batch.ids, &EntityOutcome::NotSent);
                continue;
            }
            let expected = expected_of(route, &batch.ids);
            let verdict = self.call(route, "", batch.body.as_bytes(), &expected).await;
            stopped = verdict.as_ref().is_err_and(stops_the_rest);
            outcome.settle(&batch.ids, verdict);
        }
        outcome
    }
}

fn expected_of(route: Route, sent: &[u64]) -> Expected {
    if route == Route::OfferSave {
        Expected::EntityMap { sent: sent.to_vec() }
    } else if route == Route::ProductOfferSave {
        Expected::Documentation { sent: sent.to_vec() }
    } else {
        Expected::Envelope
    }
}

/// Whether the next batch would surely meet the same trouble.
const fn stops_the_rest(error: &ApiError) -> bool {
    error.heals_by_itself() || error.account_fault().is_some()
}

impl BulkOutcome {
    fn settle(&mut self, ids: &[u64], verdict: Result<Answer, ApiError>) {
        match verdict {
            Ok(answer) => self.accepted(ids, answer.accepted),
            Err(error) => self.failed(ids, &error),
        }
    }
}
