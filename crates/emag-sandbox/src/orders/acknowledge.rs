//! The two order actions without a body: `acknowledge` (1 → 2, the only way) and `unlock-courier`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::reply::Reply;
use crate::state::Shop;

pub(crate) fn acknowledge(shop: &mut Shop, id: u64, now: DateTime<Utc>) -> Reply {
    let Some(mut order) = shop.orders.remove(&id) else {
        return Reply::refused(format!("Order {id} not found"));
    };
    let reply = match (order.kind(), order.status()) {
        (3, 1) => {
            order.set_status(2, now);
            order.touch(now);
            shop.resettle(&mut order);
            Reply::acknowledged()
        }
        (3, 2) => Reply::refused(format!("Order {id} is already in progress")),
        (3, status) => Reply::refused(format!("Order {id} cannot be acknowledged in status {status}")),
        _ => Reply::refused(format!(
            "Order {id} is fulfilled by eMAG and cannot be acknowledged"
        )),
    };
    shop.orders.insert(id, order);
    reply.with_entities(1)
}

pub(crate) fn unlock_courier(shop: &mut Shop, id: u64, now: DateTime<Utc>) -> Reply {
    match shop.orders.get_mut(&id) {
        Some(order) if order.kind() == 3 => {
            order
                .doc
                .insert("enforced_vendor_courier_accounts".to_owned(), Value::Null);
            order.touch(now);
            Reply::acknowledged().with_entities(1)
        }
        Some(_) => Reply::refused(format!("Order {id} is fulfilled by eMAG")),
        None => Reply::refused(format!("Order {id} not found")),
    }
}
