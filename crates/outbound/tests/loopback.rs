//! The client against real servers on this machine: slow, dropping, huge, redirecting, talking nonsense.

#![allow(
    clippy::unwrap_used,
    reason = "a broken server of the test must stop the test"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use outbound::{BODY_BYTES_MAX, Method, Outbound, OutboundError, OutboundOptions, OutboundRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that reads one request per turn and answers with whatever `answer` makes of it.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
enum Answer {
    /// Bytes, then the connection stays open for the next request.
    Keep(Vec<u8>),
    /// Bytes, then the connection is closed.
    Close(Vec<u8>),
    /// Bytes, then silence.
    Hang(Vec<u8>),
    /// A head, then a body without end.
    Endless(Vec<u8>),
    /// The request itself comes back as the body.
    Echo,
}

#[allow(clippy::disallowed_methods, reason = "a test server of its own")]
async fn serve(answer: Answer) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(talk(stream, answer.clone()));
        }
    });
    Server {
        address,
        connections,
        task,
    }
}

async fn talk(mut stream: TcpStream, answer: Answer) {
    while let Some(request) = read_request(&mut stream).await {
        match &answer {
            Answer::Keep(bytes) => stream.write_all(bytes).await.unwrap(),
            Answer::Close(bytes) => {
                stream.write_all(bytes).await.unwrap();
                return;
            }
            Answer::Hang(bytes) => {
                stream.write_all(bytes).await.unwrap();
                std::future::pending::<()>().await;
            }
            Answer::Endless(head) => {
                stream.write_all(head).await.unwrap();
                let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x10000], b"\r\n"].concat();
                while stream.write_all(&chunk).await.is_ok() {}
                return;
            }
            Answer::Echo => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", request.len());
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&request).await.unwrap();
            }
        }
    }
}

/// Head and body of one request as raw bytes; `None` when the client has gone.
async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if bytes.len() >= head.len() + 4 + length {
            return Some(bytes);
        }
    }
}

fn client() -> Outbound {
    Outbound::new(OutboundOptions::default()).unwrap()
}

fn get(server: &Server) -> OutboundRequest {
    OutboundRequest::new(Method::GET, format!("http://{}/page?q=1", server.address))
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[track_caller]
fn kind(error: &OutboundError) -> &'static str {
    match error {
        OutboundError::Timeout => "timeout",
        OutboundError::Connect(_) => "connect",
        OutboundError::Dropped(_) => "dropped",
        OutboundError::TooLarge { .. } => "too large",
        OutboundError::Invalid(_) => "invalid",
    }
}

/// What the client makes of an answer.
async fn check(answer: Answer, expected: &str) {
    let server = serve(answer).await;
    let mut request = get(&server);
    request.timeout = (expected == "timeout").then_some(Duration::from_millis(300));
    let got = match client().send(request).await {
        Ok(answer) => format!("{} with {} bytes", answer.status, answer.body.len()),
        Err(error) => kind(&error).to_owned(),
    };
    assert_eq!(got, expected);
}

#[tokio::test]
async fn method_headers_and_body_arrive_as_given() {
    let server = serve(Answer::Echo).await;
    let request = OutboundRequest::new(Method::PATCH, format!("http://{}/offer?id=7", server.address))
        .header("Authorization", "Basic abc")
        .body(b"\xff\x00raw".as_slice());
    let answer = client().send(request).await.unwrap();
    assert_eq!(answer.status, 200);
    let text = String::from_utf8_lossy(&answer.body);
    assert!(text.starts_with("PATCH /offer?id=7 HTTP/1.1\r\n"), "{text}");
    assert!(
        text.to_lowercase().contains("authorization: basic abc\r\n"),
        "{text}"
    );
    assert!(text.contains("MagFlow/"), "{text}");
    assert!(answer.body.ends_with(b"\xff\x00raw"));
}

#[tokio::test]
async fn any_status_is_an_answer() {
    for status in [
        "204 No Content",
        "404 Not Found",
        "429 Too Many Requests",
        "502 Bad Gateway",
    ] {
        let code = &status[..3];
        check(
            Answer::Close(response(status, "", b"")),
            &format!("{code} with 0 bytes"),
        )
        .await;
    }
}

#[tokio::test]
async fn a_slow_answer_is_a_time_out_before_and_within_the_body() {
    check(Answer::Hang(Vec::new()), "timeout").await;
    check(
        Answer::Hang(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec()),
        "timeout",
    )
    .await;
}

#[tokio::test]
async fn the_client_has_a_time_limit_of_its_own() {
    let server = serve(Answer::Hang(Vec::new())).await;
    let options = OutboundOptions {
        total_timeout: Duration::from_millis(200),
        ..OutboundOptions::default()
    };
    let error = Outbound::new(options)
        .unwrap()
        .send(get(&server))
        .await
        .unwrap_err();
    assert_eq!(kind(&error), "timeout");
}

#[tokio::test]
async fn a_broken_connection_is_told_from_an_answer() {
    check(Answer::Close(Vec::new()), "dropped").await;
    check(
        Answer::Close(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec()),
        "dropped",
    )
    .await;
    check(
        Answer::Close(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhal".to_vec()),
        "dropped",
    )
    .await;
    check(Answer::Close(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), "dropped").await;
    check(
        Answer::Close(b"HTTP/1.1 200 OK\r\nbroken header\x00\r\n\r\n".to_vec()),
        "dropped",
    )
    .await;
}

#[tokio::test]
async fn a_request_is_sent_only_once_even_when_the_connection_breaks() {
    let server = serve(Answer::Close(Vec::new())).await;
    client().send(get(&server)).await.unwrap_err();
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_listening_means_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for url in [
        format!("http://{address}/"),
        "http://no-such-host.invalid/".to_owned(),
    ] {
        let error = client()
            .send(OutboundRequest::new(Method::GET, url))
            .await
            .unwrap_err();
        assert_eq!(kind(&error), "connect");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_no_https_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = client();
    let call = client.send(OutboundRequest::new(Method::GET, format!("https://{address}/")));
    let (result, ()) = tokio::join!(call, async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    });
    assert_eq!(kind(&result.unwrap_err()), "connect");
}

#[tokio::test]
async fn an_answer_at_the_limit_is_read_and_one_byte_more_is_not() {
    let exact = response("200 OK", "", &vec![b'x'; BODY_BYTES_MAX]);
    check(Answer::Close(exact), &format!("200 with {BODY_BYTES_MAX} bytes")).await;
    let more = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
        BODY_BYTES_MAX + 1
    );
    check(Answer::Hang(more.into_bytes()), "too large").await;
}

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let server = serve(Answer::Endless(head)).await;
    let error = client().send(get(&server)).await.unwrap_err();
    assert_eq!(kind(&error), "too large");
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_no_other_host_learns_the_credentials() {
    let other = serve(Answer::Echo).await;
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let location = format!("location: http://{}/elsewhere\r\n", other.address);
        let server = serve(Answer::Close(response(status, &location, b""))).await;
        let request = get(&server).header("Authorization", "Basic abc");
        let answer = client().send(request).await.unwrap();
        assert_eq!(answer.status.to_string(), status[..3]);
        assert!(answer.header("Location").unwrap().ends_with("/elsewhere"));
    }
    assert_eq!(other.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn bytes_that_are_no_utf8_survive() {
    let bytes = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nx-name: caf\xe9\r\n\r\n".as_slice(),
        b"\xe9\xff\x00",
    ]
    .concat();
    let server = serve(Answer::Close(bytes)).await;
    let answer = client().send(get(&server)).await.unwrap();
    assert_eq!(answer.body, b"\xe9\xff\x00");
    assert_eq!(answer.header("X-Name"), Some("caf\u{fffd}"));
}

#[tokio::test]
async fn cookies_are_not_kept() {
    let server = serve(Answer::Keep(response(
        "200 OK",
        "set-cookie: a=1; Path=/\r\n",
        b"",
    )))
    .await;
    let client = client();
    client.send(get(&server)).await.unwrap();
    let echo = serve(Answer::Echo).await;
    let answer = client.send(get(&echo)).await.unwrap();
    assert!(
        !String::from_utf8_lossy(&answer.body)
            .to_lowercase()
            .contains("cookie")
    );
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anybody_is_called() {
    let server = serve(Answer::Echo).await;
    let good = format!("http://{}/", server.address);
    for (url, name, value) in [
        ("not an address", "x-a", "1"),
        ("ftp://127.0.0.1/", "x-a", "1"),
        ("http://", "x-a", "1"),
        (good.as_str(), "bad name", "1"),
        (good.as_str(), "x-a", "two\r\nlines"),
    ] {
        let request = OutboundRequest::new(Method::GET, url).header(name, value);
        let error = client().send(request).await.unwrap_err();
        assert_eq!(kind(&error), "invalid", "{url} {name}: {error:?}");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_error_names_no_address() {
    let url = "http://no-such-host.invalid/hook?token=hush";
    let error = client()
        .send(OutboundRequest::new(Method::GET, url))
        .await
        .unwrap_err();
    let mut shown = format!("{error:?} {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        shown.push_str(&inner.to_string());
        cause = inner.source();
    }
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn a_connection_serves_again_and_is_closed_after_a_minute_of_rest() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = client();
    let call = || client.send(OutboundRequest::new(Method::GET, format!("http://{address}/")));
    let answer = response("200 OK", "", b"ok");
    let (first, mut stream) = tokio::join!(call(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream.write_all(&answer).await.unwrap();
        stream
    });
    first.unwrap();
    let (second, ()) = tokio::join!(call(), async {
        read_request(&mut stream).await.unwrap();
        stream.write_all(&answer).await.unwrap();
    });
    second.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(125)).await;
    assert!(
        read_request(&mut stream).await.is_none(),
        "the idle connection was closed"
    );
}
