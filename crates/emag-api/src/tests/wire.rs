//! The partner's own samples, and the odd forms they come in.

use serde_json::{Value, json};

use super::{body_of, client};
use crate::lenient::{GpsrField, from_slice};
use crate::wire::{
    Offer, Order, OrderKind, OrderSave, OrderSaveError, OrderStatus, PriceValidity, ValidationStatus,
};
use crate::{EntityOutcome, FakeTransport, Reply};

const ORDER: &str = r#"{"id": 3120456789, "status": 1, "is_complete": 1, "payment_mode_id": "3",
 "date": "2025-10-02 14:05:11", "modified": "2025-10-02 14:06:02", "details": [], "cashed_co": 498.10,
 "shipping_tax": "19.9900", "customer": {"id": 88123, "name": "Ion Pop", "billing_locality_id": 3, "mkt_id": 5},
 "products": [{"id": 171000321, "product_id": "51007", "part_number": "DZ7R2KMBM", "ext_part_number": "ZR2-42-NG",
   "status": 1, "quantity": "2", "sale_price": "206.6116", "vat": "0.2100", "details": [],
   "product_voucher_split": [{"voucher_id": 4411, "value": -8.2645, "vat_value": -1.7355, "offered_by": "eMAG"}],
   "recycle_warranties": [{"quantity": 2, "sale_price": "0.5", "vat_rate": 0}], "initial_qty": 2},
  {"id": 171000322, "product_id": 51008, "quantity": 1, "status": 1}],
 "vouchers": [], "cancellation_reason": null, "reason_cancellation": "29", "enforced_vendor_courier_accounts": [],
 "vendor_name": "Zefir"}"#;

fn order() -> Order {
    Order::decode(from_slice::<Value>(ORDER.as_bytes()).unwrap()).unwrap()
}

#[test]
fn an_order_is_read_whatever_php_made_of_its_numbers() {
    let order = order();
    assert_eq!(
        (order.id, order.status, order.kind),
        (3_120_456_789, OrderStatus::New, OrderKind::FulfilledBySeller)
    );
    assert_eq!(order.cashed_co.get().unwrap().to_string(), "498.10");
    let line = &order.products[0];
    assert_eq!(
        (line.product_id.positive(), line.quantity.get()),
        (Some(51_007), Some(2))
    );
    assert_eq!(
        (line.part_number.as_str(), line.ext_part_number.as_str()),
        ("DZ7R2KMBM", "ZR2-42-NG")
    );
    assert_eq!(
        line.product_voucher_split[0].value.get().unwrap().to_string(),
        "-8.2645"
    );
    assert_eq!(line.recycle_warranties.len(), 1);
    let customer = order.customer.get().unwrap();
    assert_eq!(customer.billing_locality_id, "3");
    assert_eq!(
        (
            customer.extra["mkt_id"].clone(),
            line.extra["initial_qty"].clone()
        ),
        (json!(5), json!(2))
    );
    assert_eq!(
        (order.cancellation_code(), order.extra["vendor_name"].clone()),
        (Some(29), json!("Zefir"))
    );
}

#[test]
fn no_courier_allowed_differs_from_any_courier() {
    assert_eq!(order().enforced_vendor_courier_accounts, Some(vec![]));
    let any = Order::decode(json!({"id": 1, "status": 9, "enforced_vendor_courier_accounts": null})).unwrap();
    assert_eq!(
        (any.enforced_vendor_courier_accounts, any.status),
        (None, OrderStatus::Other(9))
    );
}

#[test]
fn a_save_echoes_everything_read_and_changes_only_what_was_asked() {
    let save = OrderSave::from_read(&order())
        .unwrap()
        .with_status(OrderStatus::Prepared);
    let save = save
        .without_line(171_000_322)
        .unwrap()
        .with_line_quantity(171_000_321, 1)
        .unwrap();
    let mut expected: Value = from_slice(ORDER.as_bytes()).unwrap();
    expected["status"] = json!(3);
    expected["type"] = json!(3);
    expected["products"][0]["quantity"] = json!(1);
    expected["products"][1]["status"] = json!(0);
    expected.as_object_mut().unwrap().remove("cancellation_reason");
    assert_eq!(serde_json::to_value(&save).unwrap(), expected);
    let cancelled = serde_json::to_value(save.clone().cancelled(1)).unwrap();
    assert_eq!(
        (
            cancelled["status"].clone(),
            cancelled["reason_cancellation"].clone()
        ),
        (json!(0), json!(1))
    );
    assert_eq!(save.without_line(5), Err(OrderSaveError::NoSuchLine(5)));
    let not_read: Order = serde_json::from_str(r#"{"id":1,"status":1}"#).unwrap();
    assert_eq!(OrderSave::from_read(&not_read), Err(OrderSaveError::NotFromRead));
}

#[tokio::test(start_paused = true)]
async fn an_order_read_through_the_client_can_be_saved() {
    let results: Value = from_slice(format!("[{ORDER}]").as_bytes()).unwrap();
    let partner = FakeTransport::new()
        .once("order/read", Reply::results(&results))
        .once("order/save", Reply::results(&json!([])));
    let client = client(&partner);
    let mut order = client
        .read_order(3_120_456_789, OrderKind::FulfilledBySeller)
        .await
        .unwrap()
        .unwrap();
    order.products.0.clear();
    let save = OrderSave::from_read(&order).unwrap().as_storno();
    let outcome = client.save_orders(&[save]).await;
    assert_eq!(outcome.entities[&3_120_456_789], EntityOutcome::Saved);
    let sent = body_of(&partner.requests()[1]);
    assert_eq!(
        sent["data"][0]["products"].as_array().unwrap().len(),
        2,
        "lines are never lost on the way"
    );
    assert_eq!(sent["data"][0]["is_storno"], json!(true));
}

#[test]
fn an_offer_is_read_in_both_of_its_shapes() {
    let offer: Offer = from_slice(
        br#"{"id": 1000001088, "status": "1", "part_number_key": null, "part_number": 42, "start_date": [], "family": null,
        "ean": ["5949990001234", 123], "stock": [{"warehouse_id": 1, "value": "14"}, {"warehouse_id": 2, "value": 3}],
        "validation_status": [{"value": 9, "description": "Approved documentation", "errors": []}],
        "offer_validation_status": {"value": "1", "Description": "Saleable", "errors": null},
        "translation_validation_status": [], "manufacturer": true, "eu_representative": [],
        "ownership": true, "rrp_guidelines": {"a": 1}, "recommended_price": 0, "buy_button_rank": null}"#,
    )
    .unwrap();
    assert_eq!(
        (
            offer.id,
            offer.part_number.as_str(),
            offer.part_number_key.as_str()
        ),
        (1_000_001_088, "42", "")
    );
    assert_eq!(
        (offer.eans(), offer.listed_stock()),
        (vec!["5949990001234".to_owned(), "123".to_owned()], Some(17))
    );
    assert_eq!(offer.validation(), Some(ValidationStatus::Approved));
    assert_eq!(offer.price_validity(), Some(PriceValidity::Saleable));
    assert_eq!(offer.offer_validation_status[0].description, "Saleable");
    assert_eq!(
        (offer.manufacturer, offer.extra.contains_key("rrp_guidelines")),
        (GpsrField::Present(true), true)
    );

    let swapped: Offer = from_slice(
        br#"{"id":1,"status":1,"validation_status":{"value":3},"offer_validation_status":[{"value":2}],"translation_validation_status":17}"#,
    )
    .unwrap();
    assert!(swapped.validation().unwrap().is_sellable());
    assert_eq!(swapped.price_validity(), Some(PriceValidity::InvalidPrice));
    assert_eq!(
        swapped.translation_validation_status[0].value,
        ValidationStatus::TranslationPartial
    );
}

#[test]
fn every_path_has_api_3_exactly_once() {
    use crate::{Endpoint, Platform, Route};
    for platform in Platform::ALL {
        let endpoint = Endpoint::of(platform);
        for route in [
            Route::OrderRead,
            Route::OfferStock(7),
            Route::OrderUnlockCourier(9),
            Route::FindByEans,
        ] {
            let url = format!("{}{}", endpoint.base_url(), route.path());
            assert_eq!(url.matches("/api-3/").count(), 1, "{url}");
        }
        assert_eq!(Platform::from_key(platform.key()), Some(platform));
    }
    assert_eq!(Route::OrderUnlockCourier(9).path(), "/order/9/unlock-courier");
}
