//! What the marketplace knows: accounts, categories, offers, orders, returns, labels, campaigns. Offers and orders are
//! kept as documents in the marketplace's own shape, so nothing is lost between what is put in and what is read.
//!
//! Always true: an order in status 1 *holds* its units (they lower `estimated_stock`), one in status 2, 3 or 4 has
//! *taken* them (they lowered `general_stock`), a cancelled or returned one has neither. `resettle` is the only writer
//! of those figures besides a seller's own stock save.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::value::{Doc, id_at, int, int_at, into_doc, list_at, moment, wall};

/// Whose stock an account sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AccountKind {
    /// The seller keeps and ships the goods (order type 3).
    #[default]
    #[serde(rename = "MAIN")]
    Main,
    /// The goods lie at eMAG (order type 2).
    #[serde(rename = "FBE")]
    Fbe,
}

impl AccountKind {
    pub(crate) fn order_type(self) -> i64 {
        match self {
            AccountKind::Main => 3,
            AccountKind::Fbe => 2,
        }
    }
}

/// One API user of the marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// User name of the Basic authentication; also the key of its offers and orders in the state.
    pub username: String,
    /// Its password.
    #[serde(default = "default_password")]
    pub password: String,
    /// Platform key, such as `emag-ro`.
    #[serde(default = "default_platform")]
    pub platform: String,
    /// MAIN or FBE.
    #[serde(rename = "type", default)]
    pub kind: AccountKind,
    /// Addresses served when the IP whitelist is on; empty = all.
    #[serde(default)]
    pub allowed_ips: Vec<String>,
    /// False: right name and password, but no API right.
    #[serde(default = "yes")]
    pub api_right: bool,
}

/// The password of the seeded accounts.
pub const DEMO_PASSWORD: &str = "magflow-sandbox";
/// The seeded account with its own warehouse.
pub const MAIN_USERNAME: &str = "main@magflow.test";
/// The seeded account whose goods lie at eMAG.
pub const FBE_USERNAME: &str = "fbe@magflow.test";

fn default_password() -> String {
    DEMO_PASSWORD.to_owned()
}

fn default_platform() -> String {
    "emag-ro".to_owned()
}

fn yes() -> bool {
    true
}

impl Account {
    /// An account on emag-ro with the demo password; FBE when the name says so.
    pub fn named(username: &str) -> Account {
        let kind = if username.starts_with("fbe") {
            AccountKind::Fbe
        } else {
            AccountKind::Main
        };
        Account {
            username: username.to_owned(),
            password: default_password(),
            platform: default_platform(),
            kind,
            allowed_ips: Vec::new(),
            api_right: true,
        }
    }

    pub(crate) fn currency(&self) -> &'static str {
        match self.platform.as_str() {
            "emag-hu" => "HUF",
            "emag-bg" | "fd-bg" => "BGN",
            _ => "RON",
        }
    }
}

/// One offer with the units that unacknowledged orders hold.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) doc: Doc,
    pub(crate) held: i64,
}

impl Offer {
    pub(crate) fn general_stock(&self) -> i64 {
        list_at(&self.doc, "stock")
            .iter()
            .filter_map(|row| row.get("value").and_then(int))
            .sum()
    }

    pub(crate) fn estimated_stock(&self) -> i64 {
        (self.general_stock() - self.held).max(0)
    }

    /// Takes up to `units` from the warehouses in order; says how many there were.
    fn take(&mut self, units: i64) -> i64 {
        let mut missing = units;
        self.each_warehouse(|value| {
            let part = value.min(missing).max(0);
            missing -= part;
            value - part
        });
        units - missing
    }

    fn give_back(&mut self, units: i64) {
        let mut left = units;
        self.each_warehouse(|value| value + std::mem::take(&mut left));
    }

    fn each_warehouse(&mut self, mut change: impl FnMut(i64) -> i64) {
        let Some(rows) = self.doc.get_mut("stock").and_then(Value::as_array_mut) else {
            return;
        };
        for row in rows {
            let value = row.get("value").and_then(int).unwrap_or(0);
            if let Value::Object(row) = row {
                row.insert("value".to_owned(), json!(change(value)));
            }
        }
    }

    pub(crate) fn set_stock(&mut self, rows: Value) {
        self.doc.insert("stock".to_owned(), rows);
    }
}

/// What an order's units do to the stock figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    Held,
    Taken,
    None,
}

impl Claim {
    pub(crate) fn of_status(status: i64) -> Claim {
        match status {
            1 => Claim::Held,
            2..=4 => Claim::Taken,
            _ => Claim::None,
        }
    }
}

/// One order, with the facts the marketplace keeps to itself.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) doc: Doc,
    pub(crate) claim: Claim,
    /// Units held or really taken, per offer.
    pub(crate) units: BTreeMap<u64, i64>,
    pub(crate) finalized_at: Option<DateTime<Utc>>,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
}

impl Order {
    pub(crate) fn status(&self) -> i64 {
        int_at(&self.doc, "status").unwrap_or(0)
    }

    pub(crate) fn kind(&self) -> i64 {
        int_at(&self.doc, "type").unwrap_or(3)
    }

    pub(crate) fn set_status(&mut self, status: i64, now: DateTime<Utc>) {
        if status == 4 && self.status() != 4 {
            self.finalized_at = Some(now);
        }
        if status == 0 && self.status() != 0 {
            self.cancelled_at = Some(now);
        }
        self.doc.insert("status".to_owned(), json!(status));
    }

    pub(crate) fn touch(&mut self, now: DateTime<Utc>) {
        self.doc.insert("modified".to_owned(), json!(wall(now)));
    }

    /// Active units per offer, by the lines.
    fn wanted(&self) -> BTreeMap<u64, i64> {
        let mut wanted = BTreeMap::new();
        for line in list_at(&self.doc, "products").iter().filter_map(Value::as_object) {
            if int_at(line, "status") == Some(1)
                && let Some(product) = id_at(line, "product_id")
            {
                *wanted.entry(product).or_insert(0) += int_at(line, "quantity").unwrap_or(0);
            }
        }
        wanted
    }
}

/// Everything of one account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shop {
    pub(crate) offers: BTreeMap<u64, Offer>,
    pub(crate) orders: BTreeMap<u64, Order>,
    pub(crate) rmas: Vec<Value>,
    pub(crate) awbs: Vec<Value>,
    pub(crate) campaigns: Vec<Value>,
}

impl Shop {
    /// Undoes what the order's units did to the stock and does what its status and lines now ask.
    pub(crate) fn resettle(&mut self, order: &mut Order) {
        for (product, units) in std::mem::take(&mut order.units) {
            let Some(offer) = self.offers.get_mut(&product) else {
                continue;
            };
            match order.claim {
                Claim::Held => offer.held -= units,
                Claim::Taken => offer.give_back(units),
                Claim::None => {}
            }
        }
        order.claim = Claim::of_status(order.status());
        for (product, units) in order.wanted() {
            let Some(offer) = self.offers.get_mut(&product) else {
                continue;
            };
            match order.claim {
                Claim::Held => {
                    offer.held += units;
                    order.units.insert(product, units);
                }
                Claim::Taken => {
                    order.units.insert(product, offer.take(units));
                }
                Claim::None => {}
            }
        }
    }

    /// Stores an order that happens now: its units are held or taken.
    pub(crate) fn place(&mut self, id: u64, mut order: Order) {
        order.claim = Claim::None;
        self.resettle(&mut order);
        self.orders.insert(id, order);
    }

    /// Stores an order that the given stock figures already know about.
    fn restore(&mut self, id: u64, mut order: Order) {
        order.claim = Claim::of_status(order.status());
        if order.claim != Claim::None && order.units.is_empty() {
            order.units = order.wanted();
        }
        if order.claim == Claim::Held {
            for (product, units) in &order.units {
                if let Some(offer) = self.offers.get_mut(product)
                    && !offer.doc.contains_key("estimated_stock")
                {
                    offer.held += units;
                }
            }
        }
        self.orders.insert(id, order);
    }

    /// The campaign that freezes the offer now, if one does.
    pub(crate) fn in_campaign(&self, offer: u64, now: DateTime<Utc>) -> bool {
        let now = wall(now);
        self.campaigns
            .iter()
            .filter_map(Value::as_object)
            .any(|campaign| {
                let ids = ["id", "product_id"]
                    .iter()
                    .any(|key| id_at(campaign, key) == Some(offer));
                let bound = |key: &str| {
                    campaign
                        .get(key)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                let (start, end) = (bound("start_date"), bound("end_date"));
                ids && (start.is_empty() || start <= now) && (end.is_empty() || now <= end)
            })
    }
}

/// The whole marketplace.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) accounts: Vec<Account>,
    pub(crate) categories: Vec<Value>,
    pub(crate) shops: BTreeMap<String, Shop>,
    next_order: u64,
    next_line: u64,
    next_serial: u64,
}

/// Above 2^31, as real order ids are.
const FIRST_ORDER_ID: u64 = 3_120_450_001;
const FIRST_LINE_ID: u64 = 171_000_001;
const FIRST_SERIAL: u64 = 9_800_001;

impl State {
    pub(crate) fn empty() -> State {
        State {
            accounts: vec![Account::named(MAIN_USERNAME), Account::named(FBE_USERNAME)],
            categories: crate::catalog::default_categories(),
            shops: BTreeMap::new(),
            next_order: FIRST_ORDER_ID,
            next_line: FIRST_LINE_ID,
            next_serial: FIRST_SERIAL,
        }
    }

    pub(crate) fn account(&self, username: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.username == username)
    }

    pub(crate) fn shop(&mut self, username: &str) -> &mut Shop {
        self.shops.entry(username.to_owned()).or_default()
    }

    pub(crate) fn new_order_id(&mut self) -> u64 {
        self.next_order += 7;
        self.next_order
    }

    pub(crate) fn new_line_id(&mut self) -> u64 {
        self.next_line += 3;
        self.next_line
    }

    pub(crate) fn new_serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial
    }

    /// Keeps the counters above ids that came from outside.
    pub(crate) fn note_ids(&mut self, order: u64, lines: impl Iterator<Item = u64>) {
        self.next_order = self.next_order.max(order);
        self.next_line = lines.fold(self.next_line, u64::max);
    }

    /// The whole state in the marketplace's own shapes.
    pub(crate) fn to_json(&self) -> Value {
        let per_shop = |rows: &dyn Fn(&Shop) -> Vec<Value>| {
            Value::Object(
                self.shops
                    .iter()
                    .map(|(name, shop)| (name.clone(), Value::Array(rows(shop))))
                    .collect(),
            )
        };
        json!({
            "accounts": self.accounts,
            "categories": self.categories,
            "offers": per_shop(&|shop| shop.offers.values().map(crate::offers::row).collect()),
            "orders": per_shop(&|shop| shop.orders.values().map(order_with_secrets).collect()),
            "rmas": per_shop(&|shop| shop.rmas.clone()),
            "awbs": per_shop(&|shop| shop.awbs.clone()),
            "campaigns": per_shop(&|shop| shop.campaigns.clone()),
        })
    }

    /// A state from a document in which everything may be missing.
    ///
    /// Stock figures are taken as already knowing the given orders: an order in status 2 to 4 does not lower them
    /// again. Units of orders in status 1 are held, unless the offer states its `estimated_stock` itself.
    pub(crate) fn from_json(document: Value, now: DateTime<Utc>) -> Result<State, String> {
        let Value::Object(mut document) = document else {
            return Err("the state is a JSON object".to_owned());
        };
        let mut state = State::empty();
        if let Some(accounts) = document.remove("accounts") {
            state.accounts =
                serde_json::from_value(accounts).map_err(|fault| format!("accounts: {fault}"))?;
        }
        if let Some(Value::Array(categories)) = document.remove("categories") {
            state.categories = categories
                .into_iter()
                .map(crate::catalog::complete_category)
                .collect();
        }
        for (username, offers) in per_account(document.remove("offers"), "offers")? {
            state.add_offers(&username, offers)?;
        }
        for (username, orders) in per_account(document.remove("orders"), "orders")? {
            state.ensure_account(&username);
            for order in orders {
                state.add_order(&username, order, now, Arrival::Known)?;
            }
        }
        for shop in state.shops.values_mut() {
            for offer in shop.offers.values_mut() {
                if let Some(stated) = offer.doc.remove("estimated_stock").as_ref().and_then(int) {
                    offer.held = offer.general_stock() - stated;
                }
            }
        }
        for (key, pick) in side_lists() {
            for (username, rows) in per_account(document.remove(key), key)? {
                state.ensure_account(&username);
                *pick(state.shop(&username)) = rows;
            }
        }
        if let Some(unknown) = document.keys().find(|key| *key != "now") {
            return Err(format!("unknown key {unknown}"));
        }
        Ok(state)
    }

    fn add_offers(&mut self, username: &str, offers: Vec<Value>) -> Result<(), String> {
        let currency = self.ensure_account(username);
        for offer in offers {
            let doc = into_doc(offer);
            let next = self
                .shop(username)
                .offers
                .keys()
                .next_back()
                .map_or(1, |last| last + 1);
            let id = id_at(&doc, "id").unwrap_or(next);
            let offer = crate::offers::complete(doc, id, currency);
            if self.shop(username).offers.insert(id, offer).is_some() {
                return Err(format!("offers of {username}: id {id} twice"));
            }
        }
        Ok(())
    }

    fn ensure_account(&mut self, username: &str) -> &'static str {
        if self.account(username).is_none() {
            self.accounts.push(Account::named(username));
        }
        self.account(username).map_or("RON", Account::currency)
    }

    /// Completes and stores one order; its id.
    pub(crate) fn add_order(
        &mut self,
        username: &str,
        order: Value,
        now: DateTime<Utc>,
        arrival: Arrival,
    ) -> Result<u64, String> {
        let mut doc = into_doc(order);
        let secrets = doc.remove("_sandbox").map(into_doc).unwrap_or_default();
        let id = id_at(&doc, "id").unwrap_or_else(|| self.new_order_id());
        if self.shop(username).orders.contains_key(&id) {
            return Err(format!("order {id} is already there"));
        }
        crate::orders::complete(self, username, &mut doc, id, now)?;
        let lines = list_at(&doc, "products")
            .iter()
            .filter_map(Value::as_object)
            .filter_map(|line| id_at(line, "id"));
        let lines: Vec<u64> = lines.collect();
        self.note_ids(id, lines.into_iter());
        let changed = moment(doc.get("modified").and_then(Value::as_str).unwrap_or_default()).unwrap_or(now);
        let status = int_at(&doc, "status").unwrap_or(1);
        let stated = |key: &str| secrets.get(key).and_then(Value::as_str).and_then(moment);
        let order = Order {
            doc,
            claim: Claim::None,
            units: secrets.get("units").map(units_from_json).unwrap_or_default(),
            finalized_at: stated("finalized_at").or((status == 4).then_some(changed)),
            cancelled_at: stated("cancelled_at").or((status == 0).then_some(changed)),
        };
        let shop = self.shop(username);
        match arrival {
            Arrival::New => shop.place(
                id,
                Order {
                    units: BTreeMap::new(),
                    ..order
                },
            ),
            Arrival::Known => shop.restore(id, order),
        }
        Ok(id)
    }
}

/// Whether an order happens now or was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    New,
    Known,
}

type SideList = (&'static str, fn(&mut Shop) -> &mut Vec<Value>);

fn side_lists() -> [SideList; 3] {
    [
        ("rmas", |shop| &mut shop.rmas),
        ("awbs", |shop| &mut shop.awbs),
        ("campaigns", |shop| &mut shop.campaigns),
    ]
}

fn units_from_json(value: &Value) -> BTreeMap<u64, i64> {
    let Some(fields) = value.as_object() else {
        return BTreeMap::new();
    };
    fields
        .iter()
        .filter_map(|(product, units)| Some((product.parse().ok()?, int(units)?)))
        .collect()
}

fn order_with_secrets(order: &Order) -> Value {
    let mut doc = order.doc.clone();
    let units: Doc = order
        .units
        .iter()
        .map(|(product, units)| (product.to_string(), json!(units)))
        .collect();
    doc.insert(
        "_sandbox".to_owned(),
        json!({
            "units": units,
            "finalized_at": order.finalized_at.map(wall),
            "cancelled_at": order.cancelled_at.map(wall),
        }),
    );
    Value::Object(doc)
}

fn per_account(value: Option<Value>, key: &str) -> Result<Vec<(String, Vec<Value>)>, String> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let Value::Object(map) = value else {
        return Err(format!("{key}: an object keyed by user name is expected"));
    };
    map.into_iter()
        .map(|(username, rows)| {
            let Value::Array(rows) = rows else {
                return Err(format!("{key} of {username}: a list is expected"));
            };
            if let Some(odd) = rows.iter().find(|row| !row.is_object()) {
                return Err(format!("{key} of {username}: {odd} is not an object"));
            }
            Ok((username, rows))
        })
        .collect()
}
