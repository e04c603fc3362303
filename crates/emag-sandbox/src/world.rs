//! One sandbox as one value: the marketplace's state, the clock, the limits, the faults, the log, the simulated trade.
//! A call is carried out here, synchronously and under one lock, so every call sees a whole state.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use serde_json::Value;

use axum::http::{HeaderMap, Method, StatusCode, header};

use crate::body::{Input, pairs};
use crate::clock::{VirtualClock, milliseconds};
use crate::faults::{Draw, FaultDesk, FaultKind};
use crate::limits::{Grant, Limits};
use crate::reply::Reply;
use crate::routes::Route;
use crate::seed::{Moment, arriving_order};
use crate::settings::{ReadDataWrapper, Settings};
use crate::state::{Account, AccountKind, Order, State};
use crate::value::{Doc, int_at, moment, text_at};
use crate::{catalog, offers, orders, shipping};

const ELEMENTS_MAX: usize = 4_000;
const ENTITIES_MAX: usize = 50;
/// Calls the log keeps; older ones are forgotten.
const CALLS_KEPT: usize = 100_000;
/// Read sequences whose page slip is remembered; the next one clears them all.
const SLIPS_KEPT: usize = 1_000;
/// Orders one catch-up of the simulated trade may make, so that a jump of a year ends.
const TRADE_BURST_MAX: usize = 2_000;
/// eMAG ships what lies in its own warehouse within this time.
const FBE_SHIPS_AFTER_HOURS: i64 = 6;

/// One line of the call log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// Number of the call, from 1.
    pub n: u64,
    /// When, by the sandbox's clock.
    pub at: DateTime<Utc>,
    /// Who; empty when nobody was recognised.
    pub username: String,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// `orders`, `other`, `find_by_eans`, or `none` for an unknown path.
    pub bucket: &'static str,
    /// HTTP status sent; 0 when the connection was dropped or left silent.
    pub status: u16,
    /// The envelope's verdict, if there was an envelope.
    pub is_error: Option<bool>,
    /// Entities saved or rows given.
    pub entities: usize,
    /// The injected fault that the call met.
    pub fault: Option<FaultKind>,
}

/// A request as it came in.
pub(crate) struct Incoming<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) peer: &'a str,
}

/// How the answer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Answer,
    /// The connection closes without a byte.
    Drop,
    /// Nothing is said for so many milliseconds, then the connection closes.
    Silence(u64),
}

pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) ending: Ending,
    pub(crate) latency_ms: u64,
    pub(crate) grant: Option<Grant>,
    pub(crate) fault: Option<FaultKind>,
}

impl Outcome {
    fn plain(reply: Reply) -> Outcome {
        Outcome {
            reply,
            ending: Ending::Answer,
            latency_ms: 0,
            grant: None,
            fault: None,
        }
    }
}

struct Identified {
    username: String,
    route: Route,
}

pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) clock: VirtualClock,
    pub(crate) desk: FaultDesk,
    pub(crate) settings: Settings,
    limits: Limits,
    calls: VecDeque<CallRecord>,
    last_call: u64,
    slips: BTreeMap<String, usize>,
    trade_dice: StdRng,
    trade_next: BTreeMap<String, DateTime<Utc>>,
    last_minute: i64,
}

impl World {
    pub(crate) fn new(
        state: State,
        clock: VirtualClock,
        desk: FaultDesk,
        settings: Settings,
        seed: u64,
    ) -> World {
        World {
            state,
            clock,
            desk,
            settings,
            limits: Limits::default(),
            calls: VecDeque::new(),
            last_call: 0,
            slips: BTreeMap::new(),
            trade_dice: StdRng::seed_from_u64(seed ^ 0x7ade),
            trade_next: BTreeMap::new(),
            last_minute: i64::MIN,
        }
    }

    pub(crate) fn replace_state(&mut self, state: State) {
        self.state = state;
        self.slips.clear();
    }

    pub(crate) fn calls_since(&self, since: u64) -> Vec<CallRecord> {
        let from = self.calls.partition_point(|call| call.n <= since);
        self.calls.iter().skip(from).cloned().collect()
    }

    /// Lets happen what the clock has reached: orders, scheduled prices, shipments from eMAG's warehouse.
    pub(crate) fn tick(&mut self) -> DateTime<Utc> {
        let now = self.clock.now();
        self.trade(now);
        let minute = now.timestamp().div_euclid(60);
        if minute != self.last_minute {
            self.last_minute = minute;
            offers::apply_scheduled(&mut self.state, now);
            self.ship_from_emag(now);
        }
        now
    }

    fn trade(&mut self, now: DateTime<Utc>) {
        let rates = &self.settings.trade_orders_per_hour;
        self.trade_next.retain(|username, _| rates.contains_key(username));
        for (username, rate) in rates {
            if *rate <= 0.0 || self.state.account(username).is_none() {
                continue;
            }
            let mut next = self.trade_next.get(username).copied().unwrap_or(now);
            for _ in 0..TRADE_BURST_MAX {
                if next > now {
                    break;
                }
                let kind = self
                    .state
                    .account(username)
                    .map_or(AccountKind::Main, |account| account.kind);
                let status = if kind == AccountKind::Main { 1 } else { 2 };
                arriving_order(
                    &mut self.state,
                    username,
                    &mut self.trade_dice,
                    Moment {
                        at: next,
                        status,
                        until: next,
                    },
                );
                next += milliseconds(gap_hours(&mut self.trade_dice, *rate) * 3_600_000.0);
            }
            self.trade_next
                .insert(username.clone(), if next > now { next } else { now });
        }
    }

    fn ship_from_emag(&mut self, now: DateTime<Utc>) {
        let is_due = |order: &Order| {
            let placed = moment(&text_at(&order.doc, "date")).unwrap_or(now);
            order.kind() == 2
                && matches!(order.status(), 1..=3)
                && now - placed >= TimeDelta::hours(FBE_SHIPS_AFTER_HOURS)
        };
        for shop in self.state.shops.values_mut() {
            let due: Vec<u64> = shop
                .orders
                .iter()
                .filter(|(_, order)| is_due(order))
                .map(|(id, _)| *id)
                .collect();
            for id in due {
                let Some(mut order) = shop.orders.remove(&id) else {
                    continue;
                };
                order.set_status(4, now);
                order.touch(now);
                shop.resettle(&mut order);
                shop.orders.insert(id, order);
            }
        }
    }

    /// Carries out one call and writes it into the log.
    pub(crate) fn receive(&mut self, incoming: &Incoming<'_>) -> Outcome {
        let now = self.tick();
        let route = Route::find(incoming.method, incoming.path);
        let (username, outcome) = match route {
            None => (String::new(), Outcome::plain(Reply::invalid_url())),
            Some(route) => match self.identify(route, incoming) {
                Err(reply) => (claimed_name(incoming.headers), Outcome::plain(*reply)),
                Ok(caller) => {
                    let outcome = self.admitted(&caller, incoming, now);
                    (caller.username, outcome)
                }
            },
        };
        self.last_call += 1;
        if self.calls.len() >= CALLS_KEPT {
            self.calls.pop_front();
        }
        let silent = outcome.ending != Ending::Answer;
        self.calls.push_back(CallRecord {
            n: self.last_call,
            at: now,
            username,
            method: incoming.method.to_string(),
            path: incoming.path.to_owned(),
            bucket: route.map_or("none", |route| route.bucket().name()),
            status: if silent { 0 } else { outcome.reply.status.as_u16() },
            is_error: if silent { None } else { outcome.reply.is_error() },
            entities: outcome.reply.entities,
            fault: outcome.fault,
        });
        outcome
    }

    /// Who calls, by Basic authentication and, when the whitelist is on, by address.
    fn identify(&self, route: Route, incoming: &Incoming<'_>) -> Result<Identified, Box<Reply>> {
        let denied = |status, text: &str| Err(Box::new(Reply::denied(status, text)));
        if !incoming.headers.contains_key(header::AUTHORIZATION) {
            return denied(StatusCode::UNAUTHORIZED, "Authentication required");
        }
        let account = credentials(incoming.headers).and_then(|(name, password)| {
            self.state
                .account(&name)
                .filter(|account| account.password == password && account.api_right)
        });
        let Some(account) = account else {
            return denied(StatusCode::FORBIDDEN, "You are not allowed to use this API.");
        };
        if self.settings.ip_whitelist && !is_listed(account, incoming.peer) {
            return denied(
                StatusCode::FORBIDDEN,
                &format!("Invalid vendor ip {}", incoming.peer),
            );
        }
        Ok(Identified {
            username: account.username.clone(),
            route,
        })
    }

    fn admitted(&mut self, caller: &Identified, incoming: &Incoming<'_>, now: DateTime<Utc>) -> Outcome {
        let grant = self.limits.ask(
            &caller.username,
            caller.route.bucket(),
            now,
            self.settings.rate_limits,
        );
        if !grant.allowed {
            return Outcome {
                grant: Some(grant),
                ..Outcome::plain(Reply::too_fast())
            };
        }
        let draw = self.desk.draw(caller.route.name());
        let (reply, ending) = self.with_fault(caller, incoming, now, draw);
        let grant = if draw.fault == Some(FaultKind::TooManyRequests) {
            Grant {
                remaining: 0,
                ..grant
            }
        } else {
            grant
        };
        Outcome {
            reply,
            ending,
            latency_ms: draw.latency_ms,
            grant: Some(grant),
            fault: draw.fault,
        }
    }

    fn with_fault(
        &mut self,
        caller: &Identified,
        incoming: &Incoming<'_>,
        now: DateTime<Utc>,
        draw: Draw,
    ) -> (Reply, Ending) {
        let silence = Ending::Silence(draw.silence_ms);
        let lost = || Reply::empty(StatusCode::BAD_GATEWAY);
        let mut execute = || self.execute(caller, incoming, now, draw);
        match draw.fault {
            Some(FaultKind::TooManyRequests) => (Reply::too_fast(), Ending::Answer),
            Some(FaultKind::InternalError) => (Reply::internal_error(), Ending::Answer),
            Some(FaultKind::BadGatewayHtml) => (Reply::bad_gateway(), Ending::Answer),
            Some(FaultKind::GatewayTimeoutHtml) => (Reply::gateway_timeout(), Ending::Answer),
            Some(FaultKind::Locked) => (Reply::refused("Resource locked for processing"), Ending::Answer),
            Some(FaultKind::Timeout) => (lost(), silence),
            Some(FaultKind::Drop) => (lost(), Ending::Drop),
            Some(FaultKind::InternalErrorAfter) => (
                Reply::internal_error().with_entities(execute().entities),
                Ending::Answer,
            ),
            Some(FaultKind::GatewayTimeoutHtmlAfter) => (
                Reply::gateway_timeout().with_entities(execute().entities),
                Ending::Answer,
            ),
            Some(FaultKind::TimeoutAfter) => (lost().with_entities(execute().entities), silence),
            Some(FaultKind::DropAfter) => (lost().with_entities(execute().entities), Ending::Drop),
            Some(FaultKind::EmptyBody) => (
                Reply::empty(StatusCode::OK).with_entities(execute().entities),
                Ending::Answer,
            ),
            Some(FaultKind::MissingIsError) => (execute().without_verdict(), Ending::Answer),
            Some(FaultKind::TruncatedPage) => (execute().cut(), Ending::Answer),
            Some(FaultKind::Partial | FaultKind::DuplicateRows | FaultKind::SavedWithError) | None => {
                (execute(), Ending::Answer)
            }
        }
    }

    fn execute(
        &mut self,
        caller: &Identified,
        incoming: &Incoming<'_>,
        now: DateTime<Utc>,
        draw: Draw,
    ) -> Reply {
        let content_type = incoming
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let input = Input::parse(content_type, incoming.body);
        if let Route::OfferStock(id) = caller.route {
            let lenient = self.settings.lenient_offer_stock;
            return offers::patch_stock(
                self.state.shop(&caller.username),
                id,
                input.as_ref(),
                lenient,
                now,
            );
        }
        let query = pairs(incoming.query);
        let Some(input) = input else {
            return Reply::refused("The request body is not valid");
        };
        if input.elements() > ELEMENTS_MAX {
            return Reply::too_many_elements();
        }
        if caller.route.is_list_save() || caller.route == Route::AwbSave {
            return self.save(caller, &input, now, draw);
        }
        self.read(caller, &input, &query, now, draw)
            .unwrap_or_else(|refusal| refusal)
    }

    fn save(&mut self, caller: &Identified, input: &Input, now: DateTime<Utc>, draw: Draw) -> Reply {
        let payload = input.payload();
        if caller.route == Route::AwbSave {
            return shipping::awb_save(&mut self.state, &caller.username, payload, now);
        }
        let Value::Array(entities) = payload else {
            return Reply::refused("A list of entities is expected");
        };
        if entities.len() > ENTITIES_MAX {
            return Reply::refused(format!(
                "Maximum {ENTITIES_MAX} entities are allowed in one request"
            ))
            .with_entities(entities.len());
        }
        let partial = draw.fault == Some(FaultKind::Partial) && !entities.is_empty();
        let failing = partial.then(|| draw.dice % entities.len());
        if caller.route == Route::OfferSave {
            return offers::light_save(self.state.shop(&caller.username), &entities, failing, now);
        }
        if caller.route == Route::ProductOfferSave {
            let remark = draw.fault == Some(FaultKind::SavedWithError);
            return offers::product_save(
                &mut self.state,
                &caller.username,
                &entities,
                now,
                (failing, remark),
            );
        }
        let return_period_days = self.settings.return_period_days;
        let mut desk = orders::Desk {
            state: &mut self.state,
            username: &caller.username,
            now,
            return_period_days,
        };
        orders::save(&mut desk, &entities)
    }

    fn read(
        &mut self,
        caller: &Identified,
        input: &Input,
        query: &[(String, String)],
        now: DateTime<Utc>,
        draw: Draw,
    ) -> Result<Reply, Reply> {
        let filters = input.filters(self.settings.read_data_wrapper == ReadDataWrapper::Accept);
        let slip = if caller.route.is_paged_read() {
            self.slip(caller, &filters, draw)
        } else {
            0
        };
        if caller.route == Route::FindByEans {
            return Ok(offers::find_by_eans(&self.state, &caller.username, query));
        }
        let categories = &self.state.categories;
        if caller.route == Route::CategoryRead {
            return catalog::category_read(categories, &filters, slip);
        }
        if caller.route == Route::CategoryCount {
            return catalog::category_count(categories, &filters);
        }
        let shop = self.state.shop(&caller.username);
        match caller.route {
            Route::VatRead => Ok(catalog::vat_read()),
            Route::HandlingTimeRead => Ok(catalog::handling_time_read()),
            Route::OfferRead => offers::read(shop, &filters, slip),
            Route::OfferCount => offers::count(shop, &filters),
            Route::OrderRead => orders::read(shop, &filters, slip),
            Route::OrderCount => orders::count(shop, &filters),
            Route::OrderAcknowledge(id) => Ok(orders::acknowledge(shop, id, now)),
            Route::UnlockCourier(id) => Ok(orders::unlock_courier(shop, id, now)),
            Route::LocalityRead => shipping::locality_read(&filters),
            Route::LocalityCount => shipping::locality_count(&filters),
            Route::CourierAccountsRead => Ok(shipping::courier_accounts_read()),
            Route::AddressesRead => Ok(shipping::addresses_read()),
            Route::AwbRead => shipping::awb_read(shop, &filters),
            Route::AwbReadPdf => Ok(shipping::awb_read_pdf(shop, query)),
            Route::RmaRead => shipping::rma_read(shop, &filters, slip),
            Route::RmaCount => shipping::rma_count(shop, &filters),
            Route::MessageRead => Ok(Reply::rows(Vec::new())),
            Route::MessageCount => Ok(Reply::count(0, 100)),
            Route::MessageSave
            | Route::CategoryRead
            | Route::CategoryCount
            | Route::FindByEans
            | Route::ProductOfferSave
            | Route::OfferSave
            | Route::OfferStock(_)
            | Route::OrderSave
            | Route::AwbSave => Ok(shipping::message_save()),
        }
    }

    /// By how many rows this reader's pages have slipped. It only ever grows within one sweep, as when rows are
    /// inserted at the front while someone pages: rows repeat, none is lost.
    fn slip(&mut self, caller: &Identified, filters: &Doc, draw: Draw) -> usize {
        if int_at(filters, "currentPage").unwrap_or(1) <= 1 {
            self.slips.remove(&sweep_key(caller, filters));
            return 0;
        }
        if self.slips.len() > SLIPS_KEPT {
            self.slips.clear();
        }
        let slip = self.slips.entry(sweep_key(caller, filters)).or_default();
        *slip += usize::from(draw.fault == Some(FaultKind::DuplicateRows));
        *slip
    }
}

fn sweep_key(caller: &Identified, filters: &Doc) -> String {
    let mut key = format!("{} {}", caller.username, caller.route.name());
    for (name, value) in filters.iter().filter(|(name, _)| *name != "currentPage") {
        key = format!("{key} {name}={value}");
    }
    key
}

/// Time to the next order, in hours: memoryless, as customers are.
fn gap_hours(dice: &mut StdRng, rate: f64) -> f64 {
    let even: f64 = dice.random();
    -(1.0 - even).max(1e-12).ln() / rate
}

fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn claimed_name(headers: &HeaderMap) -> String {
    credentials(headers).map(|(name, _)| name).unwrap_or_default()
}

fn is_listed(account: &Account, peer: &str) -> bool {
    account.allowed_ips.is_empty() || account.allowed_ips.iter().any(|allowed| allowed == peer)
}
