//! What the marketplace should hold, and what may be sent without asking.
//!
//! Always holds: a wanted stock is between 0 and what the partner takes; a genuine sell-out is never held; a price that
//! jumps or leaves its bounds is never sent by itself.

use kernel::{EmagAccountId, ListingId, Timestamp};
use rust_decimal::Decimal;

/// The partner's range of stock.
pub(crate) const STOCK_MAX: i64 = 65_535;
/// More offers than this going to zero within an hour, for no reason of trade, look like an accident.
pub(crate) const ZEROS_PER_HOUR_MAX: i64 = 20;
/// A price may move by this many percent of the old one without asking.
const PRICE_JUMP_PERCENT: i64 = 20;
/// Causes that really empty a shelf.
pub(crate) const GENUINE_CAUSES: [&str; 4] = ["order", "reservation", "count", "damage"];

/// Stock that a listing should show: what can be sold less the buffer, plus the account's own units that eMAG has not
/// taken off its figure yet. Those are reserved here already, and eMAG takes them off at the acknowledgement: sending
/// the bare available stock would take them off twice.
pub(crate) fn wanted_stock(sellable: i64, buffer: i64, unacknowledged: i64) -> i64 {
    let free = sellable.saturating_sub(buffer).max(0);
    free.saturating_add(unacknowledged.max(0)).clamp(0, STOCK_MAX)
}

/// A stock that differs at the marketplace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StockChange {
    pub(crate) listing: ListingId,
    pub(crate) emag_id: i64,
    pub(crate) old: i64,
    pub(crate) new: i64,
    pub(crate) cause: Option<String>,
    /// A person said yes to exactly this value.
    pub(crate) approved: bool,
}

impl StockChange {
    fn is_suspicious_zero(&self) -> bool {
        let genuine = self
            .cause
            .as_deref()
            .is_some_and(|cause| GENUINE_CAUSES.contains(&cause));
        self.new == 0 && self.old > 0 && !genuine && !self.approved
    }
}

/// Splits what may go from what must be asked about. `zeros_lately` are the suspicious zeros of the last hour.
pub(crate) fn split_zeros(
    changes: Vec<StockChange>,
    zeros_lately: i64,
) -> (Vec<StockChange>, Vec<StockChange>) {
    let coming = changes
        .iter()
        .filter(|change| change.is_suspicious_zero())
        .count();
    let coming = i64::try_from(coming).unwrap_or(i64::MAX);
    if zeros_lately.saturating_add(coming) <= ZEROS_PER_HOUR_MAX {
        return (changes, Vec::new());
    }
    changes
        .into_iter()
        .partition(|change| !change.is_suspicious_zero())
}

/// A price that differs at the marketplace; amounts without VAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PriceChange {
    pub(crate) listing: ListingId,
    pub(crate) emag_id: i64,
    pub(crate) old: Decimal,
    pub(crate) new: Decimal,
    pub(crate) min: Option<Decimal>,
    pub(crate) max: Option<Decimal>,
    pub(crate) approved: bool,
}

/// What becomes of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriceDecision {
    Send,
    /// Ask a person first.
    Hold,
    /// Never sent; the code says why.
    Refuse(&'static str),
}

pub(crate) fn decide_price(change: &PriceChange) -> PriceDecision {
    if change.new <= Decimal::ZERO {
        return PriceDecision::Refuse("price-not-positive");
    }
    if change.min.is_some_and(|min| change.new < min) {
        return PriceDecision::Refuse("price-below-min");
    }
    if change.max.is_some_and(|max| change.new > max) {
        return PriceDecision::Refuse("price-above-max");
    }
    let moved = (change.new - change.old).abs() * Decimal::ONE_HUNDRED;
    if !change.approved && moved > change.old * Decimal::from(PRICE_JUMP_PERCENT) {
        return PriceDecision::Hold;
    }
    PriceDecision::Send
}

/// A change that waits for a person, or was decided by one.
#[derive(Clone, Debug)]
pub struct Hold {
    pub id: i64,
    pub account_id: EmagAccountId,
    pub listing_id: ListingId,
    pub name: String,
    pub part_number: String,
    /// `stock` or `price`.
    pub kind: String,
    /// `many_zeros` or `price_jump`.
    pub reason: String,
    pub old_value: Decimal,
    pub new_value: Decimal,
    /// `waiting`, `approved`, `rejected` or `outdated`.
    pub state: String,
    pub created_at: Timestamp,
    pub decided_at: Option<Timestamp>,
}

/// One line of "would send: old → new".
#[derive(Clone, Debug)]
pub struct PreviewRow {
    pub listing_id: ListingId,
    pub name: String,
    pub part_number: String,
    pub kind: String,
    pub old_value: Decimal,
    pub new_value: Decimal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_waiting_for_acknowledgement_are_not_taken_off_twice() {
        // 10 on the shelf, 2 of them in an order eMAG has not taken off yet: eMAG must keep showing 10 until it does.
        assert_eq!(wanted_stock(8, 0, 2), 10);
        assert_eq!(wanted_stock(8, 0, 0), 8);
        assert_eq!(wanted_stock(8, 10, 2), 2);
        assert_eq!(wanted_stock(-3, 0, 0), 0);
        assert_eq!(wanted_stock(i64::MAX, 0, 5), STOCK_MAX);
    }

    fn zero(n: i64, cause: &str) -> StockChange {
        StockChange {
            listing: ListingId(n),
            emag_id: n,
            old: 5,
            new: 0,
            cause: Some(cause.to_owned()),
            approved: false,
        }
    }

    #[track_caller]
    fn check(cause: &str, coming: i64, lately: i64, held: usize) {
        let changes = (1..=coming).map(|n| zero(n, cause)).collect();
        assert_eq!(
            split_zeros(changes, lately).1.len(),
            held,
            "{cause} {coming} after {lately}"
        );
    }

    #[test]
    fn a_wrong_zero_never_closes_the_whole_shop() {
        check("correction", 20, 0, 0);
        check("correction", 21, 0, 21);
        check("correction", 1, 20, 1);
        check("recompute", 500, 0, 500);
    }

    #[test]
    fn a_genuine_sell_out_is_never_held() {
        for cause in GENUINE_CAUSES {
            check(cause, 500, 500, 0);
        }
    }

    #[track_caller]
    fn price(old: &str, new: &str, approved: bool, expected: PriceDecision) {
        let change = PriceChange {
            listing: ListingId(1),
            emag_id: 1,
            old: old.parse().unwrap(),
            new: new.parse().unwrap(),
            min: Some(Decimal::from(50)),
            max: Some(Decimal::from(200)),
            approved,
        };
        assert_eq!(decide_price(&change), expected, "{old} -> {new}");
    }

    #[test]
    fn a_price_that_jumps_is_asked_about_and_one_outside_its_bounds_is_refused() {
        price("100", "120", false, PriceDecision::Send);
        price("100", "120.01", false, PriceDecision::Hold);
        price("100", "79.99", false, PriceDecision::Hold);
        price("100", "80", false, PriceDecision::Send);
        price("100", "150", true, PriceDecision::Send);
        price("100", "49.99", true, PriceDecision::Refuse("price-below-min"));
        price("100", "200.01", true, PriceDecision::Refuse("price-above-max"));
        price("100", "0", true, PriceDecision::Refuse("price-not-positive"));
    }
}
