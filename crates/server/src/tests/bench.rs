//! A wired program, asked through its router as the network would.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kernel::{Actor, ManualClock};
use serde_json::Value;
use settings::{Environment, Overrides, Settings};
use testkit::TestDb;
use tower::ServiceExt as _;

use crate::boot::Boot;
use crate::wiring::{Server, Wiring};

pub(super) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PASSWORD: &str = "o cale lungă spre casă";

pub(super) struct House {
    pub(super) test: TestDb,
    pub(super) server: Server,
    pub(super) hand: ManualClock,
    /// Every call from elsewhere comes from an address of its own, so that the rate limit stays out of the way.
    callers: AtomicU16,
}

pub(super) fn settings(more: &[(&str, &str)]) -> Settings {
    let own = [
        ("HOME", "/nonexistent"),
        ("SECRET_KEY", "a-secret-for-tests-only-0123456789abcdef"),
    ];
    let overrides = Overrides {
        data_dir: Some(std::env::temp_dir()),
        ..Overrides::default()
    };
    let environment = Environment::from_pairs(own.into_iter().chain(more.iter().copied()));
    Settings::load(&overrides, &environment).unwrap()
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(testkit::database().await, &[])
    }

    /// On this database, with these variables in the environment.
    pub(super) fn with(test: TestDb, variables: &[(&str, &str)]) -> Self {
        let boot = Boot::new(settings(variables));
        let mut wiring = Wiring::new(&boot).unwrap();
        let (clock, hand) = testkit::clock();
        wiring.clock = clock;
        let server = wiring.build(&boot, test.db.clone());
        Self {
            test,
            server,
            hand,
            callers: AtomicU16::new(0),
        }
    }

    /// With permissions and subscriptions in place, as after a start.
    pub(super) async fn started() -> Self {
        let house = Self::new().await;
        house.server.register().await.unwrap();
        house
    }

    /// An API token of a new user with this role.
    pub(super) async fn token(&self, email: &str, role: &str) -> String {
        let (db, actor) = (&self.test.db, Actor::system("test"));
        identity::create_user_with_role(db, &actor, email, "Ana Test", role, PASSWORD)
            .await
            .unwrap();
        identity::create_token_for(db, &actor, email, "test")
            .await
            .unwrap()
            .secret
    }

    pub(super) async fn owner(&self) -> String {
        self.token("owner@example.test", identity::OWNER).await
    }

    /// The session cookie of somebody who signed in with a browser.
    pub(super) async fn cookie(&self, email: &str) -> String {
        let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
        let call = Call::new("POST", "/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = self.ask(call).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(super) async fn ask(&self, call: Call) -> Answer {
        let response = self.open(call).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// The answer before its body is read: for streams.
    pub(super) async fn open(&self, call: Call) -> axum::response::Response {
        let mut request = Request::builder().method(call.method).uri(&call.path);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let peer = call.peer.unwrap_or_else(|| self.somebody());
        let request = request
            .extension(ConnectInfo(SocketAddr::new(peer, 4000)))
            .body(Body::from(call.body))
            .unwrap();
        self.server.app.clone().oneshot(request).await.unwrap()
    }

    fn somebody(&self) -> IpAddr {
        let [high, low] = self.callers.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        IpAddr::from([203, 0, high, low])
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Call::new("GET", path).bearer(token)).await
    }

    /// JSON that must succeed.
    pub(super) async fn post(&self, path: &str, token: &str, body: Value) -> Value {
        let call = Call::new("POST", path)
            .bearer(token)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = self.ask(call).await;
        assert!(
            answer.status.is_success(),
            "{path}: {} {}",
            answer.status,
            answer.body
        );
        answer.json()
    }

    pub(super) async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(self.test.db.pool()).await.unwrap();
    }

    /// Runs every job that is due.
    pub(super) async fn work(&self) {
        let runner = self.server.crew(1).runner().await.unwrap();
        runner.run_once().await.unwrap();
    }
}

/// One request.
#[derive(Clone)]
pub(super) struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    peer: Option<IpAddr>,
}

impl Call {
    pub(super) fn new(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: vec![("accept-language", "en".to_owned())],
            body: String::new(),
            peer: None,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(super) fn body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    pub(super) fn from(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
