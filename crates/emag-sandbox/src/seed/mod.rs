//! Made-up but believable data: offers and orders of a Romanian shop, always the same for the same seed.

mod orders;
mod words;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde_json::{Value, json};

use crate::catalog::SEEDED_CATEGORIES;
use crate::offers::complete;
use crate::state::{FBE_USERNAME, MAIN_USERNAME, State};
use crate::value::{Doc, int_at, number, text_at};
use words::{GROUPS, Group};

pub(crate) use orders::{Moment, arriving_order};

/// What to make up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeedOptions {
    /// Offers in all: four fifths on the MAIN account, the rest on FBE.
    pub offers: usize,
    /// Orders in all, split the same way.
    pub orders: usize,
    /// The same seed gives the same data.
    pub seed: u64,
    /// The moment the newest order lies just before.
    pub now: DateTime<Utc>,
}

/// Every fifth offer and order belongs to the FBE account.
const FBE_SHARE: usize = 5;
/// Numeric ids differ between the accounts even for the same article.
const MAIN_FIRST_ID: u64 = 1_001;
const FBE_FIRST_ID: u64 = 70_001;
/// Half of the names are shorter than this many characters, one in twenty longer than 115.
const NAME_MEDIAN: f64 = 63.0;
const NAME_SPREAD: f64 = 0.366;
/// Gross lei: half of the prices are below 14, one in twenty above 99.
const PRICE_MEDIAN: f64 = 14.0;
const PRICE_SPREAD: f64 = 1.189;

pub(crate) fn seeded(options: SeedOptions) -> State {
    let mut state = State::empty();
    let mut dice = StdRng::seed_from_u64(options.seed);
    let fbe_offers = options.offers / FBE_SHARE;
    let main_offers = options.offers - fbe_offers;
    let mut maker = OfferMaker {
        dice: &mut dice,
        part_numbers: BTreeSet::new(),
        pnks: BTreeSet::new(),
    };
    let own: Vec<Doc> = (0..main_offers).map(|at| maker.article(at)).collect();
    // Four in five FBE articles are also sold from the own warehouse.
    let shared = own.len().min(fbe_offers * 4 / 5);
    let step = own.len().checked_div(shared).unwrap_or(1);
    let mut stored: Vec<Doc> = own.iter().step_by(step.max(1)).take(shared).cloned().collect();
    let missing = fbe_offers - stored.len();
    stored.extend((0..missing).map(|at| maker.article(main_offers + at)));
    let shops = [
        (MAIN_USERNAME, MAIN_FIRST_ID, own),
        (FBE_USERNAME, FBE_FIRST_ID, stored),
    ];
    for (username, first, docs) in shops {
        for (id, mut doc) in (first..).zip(docs) {
            let stock = stock_of(&mut dice);
            doc.insert("stock".to_owned(), json!([{"warehouse_id": 1, "value": stock}]));
            state.shop(username).offers.insert(id, complete(doc, id, "RON"));
        }
    }
    let fbe_orders = options.orders / FBE_SHARE;
    orders::fill(
        &mut state,
        MAIN_USERNAME,
        options.orders - fbe_orders,
        &mut dice,
        options.now,
    );
    orders::fill(&mut state, FBE_USERNAME, fbe_orders, &mut dice, options.now);
    state
}

struct OfferMaker<'a> {
    dice: &'a mut StdRng,
    part_numbers: BTreeSet<String>,
    pnks: BTreeSet<String>,
}

impl OfferMaker<'_> {
    fn article(&mut self, at: usize) -> Doc {
        let place = at % GROUPS.len();
        let (Some(group), Some((category, _))) = (GROUPS.get(place), SEEDED_CATEGORIES.get(place)) else {
            return Doc::new();
        };
        let brand = pick(self.dice, group.brands);
        let net = net_price(self.dice);
        let scaled = |percent: i64| {
            number(
                (net * Decimal::new(percent, 2))
                    .round_dp(4)
                    .max(Decimal::new(1, 4)),
            )
        };
        let promoted = self.dice.random_bool(0.2);
        let mut doc = Doc::new();
        doc.insert("part_number_key".to_owned(), json!(self.pnk()));
        doc.insert("category_id".to_owned(), json!(category));
        doc.insert("brand".to_owned(), json!(brand));
        doc.insert("name".to_owned(), json!(name(self.dice, group, brand)));
        doc.insert("part_number".to_owned(), json!(self.part_number(group.family)));
        doc.insert("sale_price".to_owned(), number(net));
        doc.insert(
            "recommended_price".to_owned(),
            if promoted { scaled(125) } else { json!(0) },
        );
        doc.insert("min_sale_price".to_owned(), scaled(70));
        doc.insert("max_sale_price".to_owned(), scaled(200));
        doc.insert("warranty".to_owned(), json!(pick(self.dice, &[0, 6, 12, 24, 24])));
        let has_ean = self.dice.random_bool(0.25);
        doc.insert(
            "ean".to_owned(),
            if has_ean {
                json!([ean(self.dice)])
            } else {
                json!([])
            },
        );
        let days = pick(self.dice, &[0, 1, 1, 1, 2, 3]);
        doc.insert(
            "handling_time".to_owned(),
            json!([{"warehouse_id": 1, "value": days}]),
        );
        self.extras(&mut doc);
        doc
    }

    fn extras(&mut self, doc: &mut Doc) {
        let part_number = text_at(doc, "part_number");
        let description = format!(
            "<p>{}</p><p>Livrare rapidă, retur 30 de zile.</p>",
            text_at(doc, "name")
        );
        doc.insert("description".to_owned(), json!(description));
        let image = format!("https://cdn.example/{}/1.jpg", part_number.to_lowercase());
        doc.insert("images".to_owned(), json!([{"url": image, "display_type": 1}]));
        let rivals = if self.dice.random_bool(0.35) {
            self.dice.random_range(2..=6)
        } else {
            1
        };
        doc.insert("number_of_offers".to_owned(), json!(rivals));
        let rank = if rivals == 1 {
            1
        } else {
            self.dice.random_range(1..=rivals)
        };
        doc.insert("buy_button_rank".to_owned(), json!(rank));
        doc.insert(
            "ownership".to_owned(),
            json!(if self.dice.random_bool(0.7) { 1 } else { 2 }),
        );
        doc.insert("status".to_owned(), json!(i64::from(self.dice.random_bool(0.94))));
        doc.insert(
            "validation_status".to_owned(),
            json!(pick(self.dice, &[9, 9, 9, 9, 9, 9, 9, 11, 12, 4])),
        );
        let invalid_price = self.dice.random_bool(0.02);
        doc.insert(
            "offer_validation_status".to_owned(),
            json!(if invalid_price { 2 } else { 1 }),
        );
        if self.dice.random_bool(0.5) {
            let maker = json!([{"name": text_at(doc, "brand"), "address": "Str. Fabricii 1, Cluj-Napoca, RO", "email": "gpsr@magflow.test"}]);
            doc.insert("manufacturer".to_owned(), maker);
        }
    }

    fn part_number(&mut self, family: &str) -> String {
        loop {
            let code = format!("{family}{}", self.dice.random_range(100..99_999));
            if self.part_numbers.insert(code.clone()) {
                return code;
            }
        }
    }

    /// Nine characters, `D…BM`, with at least one digit.
    fn pnk(&mut self) -> String {
        const SIGNS: [char; 36] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I',
            'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
        ];
        loop {
            let digit = self.dice.random_range(0..10);
            let signs: String = (0..5).map(|_| pick(self.dice, &SIGNS)).collect();
            let key = format!("D{digit}{signs}BM");
            if self.pnks.insert(key.clone()) {
                return key;
            }
        }
    }
}

/// One of the choices; the first when the list is empty is a default value.
fn pick<T: Copy + Default>(dice: &mut StdRng, choices: &[T]) -> T {
    choices.choose(dice).copied().unwrap_or_default()
}

/// A draw whose logarithm is normal: the sum of twelve even draws is normal enough.
fn log_normal(dice: &mut StdRng, median: f64, spread: f64) -> f64 {
    let sum: f64 = (0..12).map(|_| dice.random::<f64>()).sum();
    median * ((sum - 6.0) * spread).exp()
}

fn name(dice: &mut StdRng, group: &Group, brand: &str) -> String {
    let target = log_normal(dice, NAME_MEDIAN, NAME_SPREAD).clamp(24.0, 240.0);
    let mut name = format!("{} {brand}", pick(dice, group.heads));
    let mut tails: Vec<&str> = group.tails.to_vec();
    let length = |text: &str| f64::from(u32::try_from(text.chars().count()).unwrap_or(0));
    while !tails.is_empty() {
        let tail = tails.remove(dice.random_range(0..tails.len()));
        // Half of the tail may overshoot, so that the lengths are right on the average.
        if length(&name) + length(tail) / 2.0 + 2.0 > target {
            break;
        }
        name = format!("{name}, {tail}");
    }
    name
}

fn net_price(dice: &mut StdRng) -> Decimal {
    let gross = log_normal(dice, PRICE_MEDIAN, PRICE_SPREAD).clamp(2.0, 900.0);
    let gross = Decimal::from_f64(gross).unwrap_or(Decimal::TEN).round_dp(1);
    let ending = if dice.random_bool(0.6) {
        Decimal::new(1, 2)
    } else {
        Decimal::ZERO
    };
    ((gross - ending) / Decimal::new(121, 2)).round_dp(4)
}

/// Thirteen digits beginning with Romania's prefix, the last one the check digit.
fn ean(dice: &mut StdRng) -> String {
    let mut digits = vec![5, 9, 4];
    digits.extend((0..9).map(|_| dice.random_range(0..10_u32)));
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 1 { digit * 3 } else { *digit })
        .sum();
    digits.push((10 - sum % 10) % 10);
    digits.iter().map(ToString::to_string).collect()
}

fn stock_of(dice: &mut StdRng) -> i64 {
    match dice.random_range(0..100) {
        0..9 => 0,
        9..30 => dice.random_range(1..=5),
        30..75 => dice.random_range(6..=40),
        75..95 => dice.random_range(41..=200),
        _ => dice.random_range(201..=900),
    }
}

/// Whether an offer can be bought at all.
fn is_buyable(doc: &Doc) -> bool {
    int_at(doc, "status") == Some(1) && doc.get("name").is_some_and(Value::is_string)
}
