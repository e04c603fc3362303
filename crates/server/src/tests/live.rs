//! `/ws/inventory` with a real client: a change of stock arrives as the level it became.

use std::net::SocketAddr;

use futures::StreamExt as _;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::bench::House;

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn serve(house: &House) -> (SocketAddr, JoinSet<()>) {
    let mut tasks = JoinSet::new();
    let (hub, pool) = (house.server.state.live.clone(), house.test.db.pool().clone());
    tasks.spawn(async move { hub.listen(pool).await });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = house
        .server
        .app
        .clone()
        .into_make_service_with_connect_info::<SocketAddr>();
    tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, tasks)
}

async fn open(address: SocketAddr, token: &str) -> Result<Socket, StatusCode> {
    let mut request = format!("ws://{address}/ws/inventory")
        .into_client_request()
        .unwrap();
    let value = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", value);
    match tokio_tungstenite::connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status()),
        Err(error) => panic!("{error}"),
    }
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

#[tokio::test]
async fn a_change_of_stock_arrives_as_the_level_it_became() {
    let house = House::started().await;
    let token = house.owner().await;
    let product = json!({"sku": "BN1", "name": "Bec", "price_net": {"amount": "10", "currency": "RON"}, "vat_rate": "21"});
    let product = house.post("/api/v1/products", &token, product).await["id"].clone();
    let (address, _tasks) = serve(&house).await;
    let mut socket = open(address, &token).await.unwrap();
    assert_eq!(next(&mut socket).await, json!({ "product_id": null }));
    let receipt = json!({"product_id": product, "warehouse_id": 1, "quantity_delta": 5, "reason": "found"});
    house.post("/api/v1/inventory/adjustments", &token, receipt).await;
    let mut heard = next(&mut socket).await;
    // The database's listener may have come up in between: then everything is to be read again.
    if heard["product_id"].is_null() {
        let more = json!({"product_id": product, "warehouse_id": 1, "quantity_delta": 1, "reason": "more"});
        house.post("/api/v1/inventory/adjustments", &token, more).await;
        heard = next(&mut socket).await;
    }
    let on_hand = heard["on_hand"].as_i64().unwrap();
    assert!(on_hand == 5 || on_hand == 6, "{heard}");
    assert_eq!(
        heard,
        json!({"product_id": product, "warehouse_id": 1, "on_hand": on_hand, "reserved": 0, "available": on_hand})
    );
}

#[tokio::test]
async fn levels_are_told_only_to_who_may_see_stock() {
    let house = House::started().await;
    house
        .execute("INSERT INTO app.roles (code, name) VALUES ('nothing', 'Nothing')")
        .await;
    let token = house.token("nobody@example.test", "nothing").await;
    let (address, _tasks) = serve(&house).await;
    assert_eq!(open(address, &token).await.err(), Some(StatusCode::FORBIDDEN));
    assert_eq!(open(address, "wrong").await.err(), Some(StatusCode::UNAUTHORIZED));
}
