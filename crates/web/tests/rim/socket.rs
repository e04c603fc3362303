//! Programs that follow what happens over a WebSocket, with a real client.

use std::net::SocketAddr;

use futures::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use web::RateLimits;

use crate::app::{App, build};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens `/ws/events` with these headers, or tells with which status it was refused.
    async fn open(address: SocketAddr, headers: &[(&'static str, String)]) -> Result<Self, StatusCode> {
        let mut request = format!("ws://{address}/ws/events").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn as_program(address: SocketAddr, who: &str) -> Self {
        let headers = [("authorization", format!("Bearer {who}"))];
        Self::open(address, &headers).await.unwrap()
    }

    /// The next text, or the reason of the end.
    async fn next(&mut self) -> String {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Close(frame))) => {
                    return frame.map_or_else(|| "closed".to_owned(), |frame| frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return "gone".to_owned(),
            }
        }
    }
}

struct House {
    test: testkit::TestDb,
    address: SocketAddr,
    _app: App,
    _tasks: (JoinSet<()>, JoinSet<()>),
}

async fn house() -> House {
    let test = testkit::database().await;
    let app = build(test.db.clone(), RateLimits::default(), &[]);
    let mut listening = JoinSet::new();
    let (hub, pool) = (app.state.live.clone(), test.db.pool().clone());
    listening.spawn(async move { hub.listen(pool).await });
    let (address, serving) = app.serve().await;
    House {
        test,
        address,
        _app: app,
        _tasks: (listening, serving),
    }
}

impl House {
    async fn tell(&self, topics: &[&str]) {
        let mut tx = self.test.db.pool().begin().await.unwrap();
        for topic in topics {
            web::live::tell(&mut tx, topic).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_program_hears_of_changes_it_may_see_and_of_no_others() {
    let house = house().await;
    let mut ana = Socket::as_program(house.address, "ana").await;
    let mut eve = Socket::as_program(house.address, "eve").await;
    for socket in [&mut ana, &mut eve] {
        assert_eq!(socket.next().await, r#"{"topic":null}"#);
    }
    // Until the database's listener is connected, only "everything" is said.
    house.tell(&["order-12", "wages-7", "*"]).await;
    let mut heard = [Vec::new(), Vec::new()];
    for (socket, heard) in [&mut ana, &mut eve].into_iter().zip(&mut heard) {
        house.tell(&["order-13", "wages-8"]).await;
        while heard.last().is_none_or(|text: &String| !text.contains("null")) {
            heard.push(socket.next().await);
        }
    }
    assert!(
        heard[1].iter().all(|text| text == r#"{"topic":null}"#),
        "{heard:?}"
    );
    assert!(!format!("{heard:?}").contains("wages"), "{heard:?}");
    loop {
        house.tell(&["order-14"]).await;
        if ana.next().await == r#"{"topic":"order-14"}"# {
            break;
        }
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_listen_with_the_cookie_of_somebody_signed_in() {
    let house = house().await;
    let cookie = ("cookie", "session=ana".to_owned());
    let own = ("origin", format!("http://{}", house.address));
    let foreign = ("origin", "https://evil.example".to_owned());
    assert!(
        Socket::open(house.address, &[cookie.clone(), own.clone()])
            .await
            .is_ok()
    );
    for headers in [vec![cookie.clone(), foreign], vec![cookie]] {
        let refused = Socket::open(house.address, &headers).await.err();
        assert_eq!(refused, Some(StatusCode::FORBIDDEN), "{headers:?}");
    }
    let nobody = Socket::open(house.address, &[own]).await.err();
    assert_eq!(nobody, Some(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn a_peer_that_talks_is_let_go() {
    let house = house().await;
    let mut socket = Socket::as_program(house.address, "ana").await;
    assert_eq!(socket.next().await, r#"{"topic":null}"#);
    socket.0.send(Message::text("hello")).await.unwrap();
    let mut last = socket.next().await;
    while last.starts_with('{') {
        last = socket.next().await;
    }
    assert_eq!(last, "this stream only speaks");
}

#[tokio::test]
async fn one_caller_opens_only_so_many_sockets_and_a_closed_one_makes_room() {
    let house = house().await;
    let headers = [("authorization", "Bearer ana".to_owned())];
    let mut open = Vec::new();
    let refused = loop {
        match Socket::open(house.address, &headers).await {
            Ok(socket) => open.push(socket),
            Err(status) => break status,
        }
    };
    assert_eq!((open.len(), refused), (20, StatusCode::TOO_MANY_REQUESTS));
    open.pop().unwrap().0.close(None).await.unwrap();
    // The seat is free as soon as the server has seen the end.
    while Socket::open(house.address, &headers).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn without_a_handshake_the_address_says_so() {
    let test = testkit::database().await;
    let app = build(test.db.clone(), RateLimits::default(), &[]);
    let answer = app.ask("GET /ws/events\nauthorization: Bearer ana").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["code"], "ui-error-malformed");
}
