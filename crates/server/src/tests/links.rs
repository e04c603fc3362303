//! Nothing on a page leads nowhere: every link, form and fragment of every page that can be reached is asked for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use http::StatusCode;
use serde_json::json;

use super::bench::{Call, House};

/// What a page offers to call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Offer {
    method: &'static str,
    address: String,
}

const FRAGMENTS: &[(&str, &str)] = &[
    ("hx-get", "GET"),
    ("hx-post", "POST"),
    ("hx-put", "PUT"),
    ("hx-patch", "PATCH"),
    ("hx-delete", "DELETE"),
];

/// Attributes of each tag; our own templates write them all with double quotes.
fn tags(html: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found = Vec::new();
    for piece in html.split('<').skip(1) {
        let mut attributes = BTreeMap::new();
        let mut rest = piece;
        let name = rest.split([' ', '>', '\n']).next().unwrap_or_default().to_owned();
        while let Some((before, after)) = rest.split_once("=\"") {
            let Some((value, beyond)) = after.split_once('"') else {
                break;
            };
            let attribute = before.rsplit([' ', '\n']).next().unwrap_or_default();
            if before.contains('>') {
                break;
            }
            attributes.insert(
                attribute.to_owned(),
                value.replace("&amp;", "&").replace("&#x2f;", "/"),
            );
            rest = beyond;
        }
        found.push((name, attributes));
    }
    found
}

fn offers(html: &str) -> BTreeSet<Offer> {
    let mut found = BTreeSet::new();
    let mut add = |method, address: &str| {
        if address.starts_with('/') && !address.starts_with("//") {
            let address = address.split('#').next().unwrap_or_default().to_owned();
            found.insert(Offer { method, address });
        }
    };
    for (tag, attributes) in tags(html) {
        if let Some(address) = attributes.get("href") {
            add("GET", address);
        }
        if tag == "form" {
            let is_post = attributes
                .get("method")
                .is_some_and(|method| method.eq_ignore_ascii_case("post"));
            if let Some(address) = attributes.get("action") {
                add(if is_post { "POST" } else { "GET" }, address);
            }
        }
        for (attribute, method) in FRAGMENTS {
            if let Some(address) = attributes.get(*attribute) {
                add(method, address);
            }
        }
    }
    found
}

/// Whether a declared route answers this address.
fn is_served(offer: &Offer) -> bool {
    let path = offer.address.split('?').next().unwrap_or_default();
    crate::wiring::routes()
        .merge(web::live::routes())
        .table()
        .iter()
        .filter(|route| route.method == offer.method)
        .any(|route| fits(&route.path, path))
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    if let Some(at) = pattern.iter().position(|part| part.starts_with("{*")) {
        return path.len() > at && pattern[..at] == path[..at];
    }
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(&path)
            .all(|(wanted, part)| wanted == part || (wanted.starts_with('{') && !part.is_empty()))
}

#[test]
fn what_a_page_offers_is_found_in_its_text() {
    let html = r#"<a class="x" href="/orders?a=1&amp;b=2#top">x</a><form method="post" action="/login">
        <button hx-post="/x/1" type="submit">a &gt; b</button></form><a href="https://else.where/">y</a>"#;
    let found: Vec<String> = offers(html)
        .iter()
        .map(|offer| format!("{} {}", offer.method, offer.address))
        .collect();
    assert_eq!(found, ["GET /orders?a=1&b=2", "POST /login", "POST /x/1"]);
}

/// More pages than the program has with this little data.
const PAGES_MAX: usize = 400;

/// Some of everything a person can make without a marketplace.
async fn furnish(house: &House, token: &str) {
    let product = json!({"sku": "BN1", "name": "Bec cu șurub", "price_net": {"amount": "10", "currency": "RON"}, "vat_rate": "21"});
    let product = house.post("/api/v1/products", token, product).await;
    let receipt =
        json!({"product_id": product["id"], "warehouse_id": 1, "quantity_delta": 5, "reason": "found"});
    house.post("/api/v1/inventory/adjustments", token, receipt).await;
    let order =
        json!({"channel": "manual", "customer": {"name": "Ion"}, "lines": [{"sku": "BN1", "quantity": 7}]});
    house.post("/api/v1/orders", token, order).await;
    let actor = kernel::Actor::system("test");
    let mut tx = house.test.db.begin(&actor).await.unwrap();
    let account = super::health::account("http://127.0.0.1:9");
    emag::service::accounts::create(&mut tx, &actor, &house.server.emag, account)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn every_link_form_and_fragment_of_every_page_leads_somewhere() {
    let house = House::started().await;
    let token = house.owner().await;
    furnish(&house, &token).await;
    let cookie = house.cookie("owner@example.test").await;
    let mut seen: BTreeSet<Offer> = BTreeSet::new();
    let mut waiting = VecDeque::from(["/".to_owned()]);
    let mut pages = 0;
    while let Some(address) = waiting.pop_front() {
        pages += 1;
        assert!(pages < PAGES_MAX, "the pages have no end: {seen:?}");
        let answer = house
            .ask(Call::new("GET", &address).header("cookie", cookie.clone()))
            .await;
        let is_fine = answer.status == StatusCode::OK || answer.status == StatusCode::SEE_OTHER;
        assert!(is_fine, "{address} answers {}", answer.status);
        let is_html = answer.header("content-type").starts_with("text/html");
        for offer in offers(if is_html { &answer.body } else { "" }) {
            assert!(
                is_served(&offer),
                "{address} offers {} {}",
                offer.method,
                offer.address
            );
            let is_page = offer.method == "GET" && !offer.address.starts_with("/assets/");
            if seen.insert(offer.clone()) && is_page {
                waiting.push_back(offer.address);
            }
        }
    }
    // The rail alone leads to a dozen.
    assert!(pages > 20, "only {pages} pages were found");
}
