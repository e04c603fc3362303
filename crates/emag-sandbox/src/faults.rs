//! Injected trouble: what share of calls fails how. The dice are seeded, so a run can be repeated.
//!
//! Faults marked "before" leave the call unexecuted; "after" ones execute it and then lose or spoil the answer, which is
//! what a client must survive without doing the work twice.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// What can go wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// HTTP 429 before the call is executed.
    #[serde(rename = "429")]
    TooManyRequests,
    /// HTTP 500 with a gateway message, before.
    #[serde(rename = "500")]
    InternalError,
    /// HTTP 500 after the call was executed.
    #[serde(rename = "500_after")]
    InternalErrorAfter,
    /// HTTP 502 with an HTML page, before.
    #[serde(rename = "502_html")]
    BadGatewayHtml,
    /// HTTP 504 with an HTML page, before.
    #[serde(rename = "504_html")]
    GatewayTimeoutHtml,
    /// HTTP 504 with an HTML page, after.
    #[serde(rename = "504_html_after")]
    GatewayTimeoutHtmlAfter,
    /// No answer for `timeout_ms`, then the connection closes; before.
    Timeout,
    /// The same, after.
    TimeoutAfter,
    /// The connection closes without an answer, before.
    Drop,
    /// The same, after.
    DropAfter,
    /// `offer/save` and `product_offer/save`: one entity of the list is refused with a passing error. On `offer/save`
    /// the top level still says `isError: false`.
    Partial,
    /// Reads: the pages move by one, so the last row of a page shows again on the next. No row is lost.
    DuplicateRows,
    /// HTTP 200 with an empty body, after.
    #[serde(rename = "empty_200")]
    EmptyBody,
    /// The envelope lacks `isError`, after.
    MissingIsError,
    /// Reads: the JSON stops in the middle.
    TruncatedPage,
    /// `product_offer/save`: the offers are saved, the answer says `isError: true` for the documentation.
    SavedWithError,
    /// `order/acknowledge`: `Resource locked for processing`, before.
    Locked,
}

/// The fault plan, as `PUT /_sandbox/faults` and the `--faults` file spell it. An empty one means no faults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Real milliseconds each answer is held back: `[least, most]`.
    pub latency_ms: Option<(u64, u64)>,
    /// Share of calls (0 to 1) that meet each fault. Their sum should not pass 1.
    pub rate: BTreeMap<FaultKind, f64>,
    /// Routes concerned, such as `order/read`; a first segment alone (`order`) means all under it. Empty: all routes.
    pub routes: Vec<String>,
    /// Seed of the dice.
    pub seed: u64,
    /// Real milliseconds a `timeout` stays silent before it closes the connection. Default 120,000.
    pub timeout_ms: Option<u64>,
    /// How many faults to inject in all before the rest goes well; none = no bound.
    pub at_most: Option<u64>,
}

const SILENCE_DEFAULT_MS: u64 = 120_000;
/// A latency above this is a typing error, not a slow server.
const LATENCY_MAX_MS: u64 = 600_000;

impl Faults {
    /// What is wrong with the plan, in words; `None` when nothing is.
    pub(crate) fn problem(&self) -> Option<String> {
        if let Some((least, most)) = self.latency_ms
            && (least > most || most > LATENCY_MAX_MS)
        {
            return Some(format!(
                "latency_ms must be [least, most] with most <= {LATENCY_MAX_MS}"
            ));
        }
        let bad = self.rate.iter().find(|(_, share)| !(0.0..=1.0).contains(*share));
        bad.map(|(kind, share)| format!("rate of {kind:?} is {share}; it must lie between 0 and 1"))
    }

    fn covers(&self, route: &str) -> bool {
        self.routes.is_empty()
            || self.routes.iter().any(|listed| {
                let listed = listed.trim_matches('/');
                route == listed
                    || route
                        .strip_prefix(listed)
                        .is_some_and(|rest| rest.starts_with('/'))
            })
    }
}

/// What was drawn for one call.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Draw {
    pub(crate) fault: Option<FaultKind>,
    pub(crate) latency_ms: u64,
    pub(crate) silence_ms: u64,
    /// A number for choices inside the fault, such as which entity fails.
    pub(crate) dice: usize,
}

/// The plan with its dice.
#[derive(Debug)]
pub(crate) struct FaultDesk {
    plan: Faults,
    dice: StdRng,
    injected: u64,
}

impl FaultDesk {
    pub(crate) fn new(plan: Faults) -> FaultDesk {
        let dice = StdRng::seed_from_u64(plan.seed);
        FaultDesk {
            plan,
            dice,
            injected: 0,
        }
    }

    pub(crate) fn plan(&self) -> &Faults {
        &self.plan
    }

    pub(crate) fn draw(&mut self, route: &str) -> Draw {
        let silence_ms = self.plan.timeout_ms.unwrap_or(SILENCE_DEFAULT_MS);
        if !self.plan.covers(route) {
            return Draw {
                silence_ms,
                ..Draw::default()
            };
        }
        let latency_ms = self
            .plan
            .latency_ms
            .map_or(0, |(least, most)| self.dice.random_range(least..=most));
        let point: f64 = self.dice.random();
        let dice = usize::from(self.dice.random::<u16>());
        let spent = self.plan.at_most.is_some_and(|most| self.injected >= most);
        let mut reached = 0.0;
        let mut fault = None;
        for (kind, share) in &self.plan.rate {
            reached += share;
            if !spent && point < reached && applies(*kind, route) {
                fault = Some(*kind);
                self.injected += 1;
                break;
            }
        }
        Draw {
            fault,
            latency_ms,
            silence_ms,
            dice,
        }
    }
}

/// Some faults mean something on some routes only.
fn applies(kind: FaultKind, route: &str) -> bool {
    match kind {
        FaultKind::Partial => matches!(route, "offer/save" | "product_offer/save"),
        FaultKind::SavedWithError => route == "product_offer/save",
        FaultKind::DuplicateRows | FaultKind::TruncatedPage => route.ends_with("/read"),
        FaultKind::Locked => route == "order/acknowledge",
        FaultKind::MissingIsError => route != "offer_stock",
        FaultKind::TooManyRequests
        | FaultKind::InternalError
        | FaultKind::InternalErrorAfter
        | FaultKind::BadGatewayHtml
        | FaultKind::GatewayTimeoutHtml
        | FaultKind::GatewayTimeoutHtmlAfter
        | FaultKind::Timeout
        | FaultKind::TimeoutAfter
        | FaultKind::Drop
        | FaultKind::DropAfter
        | FaultKind::EmptyBody => true,
    }
}
