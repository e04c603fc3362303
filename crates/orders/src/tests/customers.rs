//! Customers: one per key, checked when typed, kept and marked when sent.

use super::bench::{Shop, code, order};
use crate::{Address, CustomerKind, CustomerPatch, NewCustomer, OrderError, service};

fn company(tax_id: &str) -> NewCustomer {
    NewCustomer {
        kind: CustomerKind::Company,
        tax_id: Some(tax_id.to_owned()),
        ..NewCustomer::person("Dante Internațional SA")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_tax_code_is_refused_when_typed_and_marked_when_sent() {
    let shop = Shop::with("A 5").await;
    let mut tx = shop.test.db.begin(&shop.actor).await.unwrap();
    let refused = service::create_customer(&mut tx, &shop.actor, company("RO14399841")).await;
    assert_eq!(code(refused), "tax_id: orders-customer-tax-id-check-digit");
    let good = service::create_customer(&mut tx, &shop.actor, company("RO14399840"))
        .await
        .unwrap();
    assert!(!good.tax_id_suspect);
    let mut foreign = company("DE123");
    foreign.billing.country = Some("de".to_owned());
    assert!(
        service::create_customer(&mut tx, &shop.actor, foreign)
            .await
            .is_ok()
    );
    tx.commit().await.unwrap();

    let mut sent = order("700", &["A 1"]);
    sent.customer = company("RO14399841");
    let id = shop.import(sent).await.order_id;
    let customer = shop.order(id).await.customer;
    assert_eq!(
        (customer.tax_id.as_deref(), customer.tax_id_suspect),
        (Some("RO14399841"), true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_order_does_not_overwrite_a_newer_address() {
    let shop = Shop::with("A 5").await;
    let from = |external: &str, day: u8, city: &str| {
        let mut order = order(external, &["A 1"]);
        order.placed_at = format!("2026-11-{day}T10:00:00Z").parse().unwrap();
        order.customer.shipping.city = Some(city.to_owned());
        order
    };
    let old = shop.import(from("700", 10, "Iași")).await.order_id;
    let new = shop.import(from("701", 20, "Cluj-Napoca")).await.order_id;
    assert!(!shop.import(from("700", 10, "Iași")).await.changed);
    let (old, new) = (shop.order(old).await, shop.order(new).await);
    assert_eq!(old.customer, new.customer);
    assert_eq!(new.customer.shipping.city.as_deref(), Some("Cluj-Napoca"));
    assert_eq!(old.ship_to.city.as_deref(), Some("Iași"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_changed_meanwhile_is_not_overwritten() {
    let shop = Shop::with("A 5").await;
    let mut tx = shop.test.db.begin(&shop.actor).await.unwrap();
    let ana = service::create_customer(&mut tx, &shop.actor, NewCustomer::person("Ana"))
        .await
        .unwrap();
    let patch = CustomerPatch {
        billing: Some(Address {
            city: Some("Iași".to_owned()),
            ..Address::default()
        }),
        ..CustomerPatch::default()
    };
    let seen = Some(ana.version);
    let changed = service::update_customer(&mut tx, &shop.actor, ana.id, seen, patch.clone())
        .await
        .unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.billing.city.as_deref()),
        ("Ana", Some("Iași"))
    );
    let stale = service::update_customer(&mut tx, &shop.actor, ana.id, seen, patch).await;
    assert!(matches!(stale, Err(OrderError::Stale { .. })));
}
