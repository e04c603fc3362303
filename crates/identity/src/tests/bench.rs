//! A small house around the slice: the real layers, an exacting word list, one browser per person.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kernel::{Actor, Clock, Locale, ManualClock, Permission, UserId};
use serde_json::{Value, json};
use testkit::TestDb;
use tower::ServiceExt as _;
use ui::Ui;
use web::{AppState, AppStateBuilder};

use crate::{Context, NewUser, SESSION_COOKIE, Sessions, SetupHook, create_user, sync_permissions};

pub(super) const PASSWORD: &str = "o cale lungă spre casă";
pub(super) const HERE: &str = "127.0.0.1";
pub(super) const AWAY: &str = "203.0.113.7";
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// Words of other slices, so that roles have something to hold.
pub(super) const WORDS: &[Permission] = &[
    crate::USERS,
    crate::ROLES,
    crate::AUDIT,
    crate::TOKENS,
    Permission::new("catalog.view"),
    Permission::new("catalog.edit"),
    Permission::new("orders.view"),
    Permission::new("orders.ship"),
    Permission::new("inventory.view"),
];

pub(super) struct House {
    pub(super) test: TestDb,
    pub(super) hand: ManualClock,
    pub(super) context: Context,
    app: Router,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(None).await
    }

    pub(super) async fn with(hook: Option<Arc<dyn SetupHook>>) -> Self {
        let test = testkit::database().await;
        let (clock, hand) = testkit::clock();
        let context = Context {
            db: test.db.clone(),
            clock: clock.clone(),
            signing_key: [7; 32],
            secure_cookies: true,
        };
        let mut tx = test.db.begin(&Actor::system("start")).await.unwrap();
        sync_permissions(&mut tx, WORDS).await.unwrap();
        tx.commit().await.unwrap();
        let state = state(&test, clock, &context, hook);
        let app = web::app(state, crate::routes(), 1 << 20, Vec::new());
        Self {
            test,
            hand,
            context,
            app,
        }
    }

    /// A user with the password of this bench.
    pub(super) async fn person(&self, email: &str, roles: &[&str]) -> UserId {
        let roles = roles.iter().map(|code| (*code).to_owned()).collect();
        let new = NewUser::parse(email, "Ana Test", PASSWORD, Locale::En, roles).unwrap();
        let hash = new.hashed().await.unwrap();
        let actor = Actor::system("test");
        let mut tx = self.test.db.begin(&actor).await.unwrap();
        let user = create_user(&mut tx, &actor, &new, &hash).await.unwrap();
        tx.commit().await.unwrap();
        user.id
    }

    pub(super) fn browser(&self, ip: &str) -> Browser {
        Browser {
            app: self.app.clone(),
            ip: ip.parse().unwrap(),
            cookie: None,
            csrf: String::new(),
        }
    }

    /// A browser of a person who has signed in.
    pub(super) async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.browser(HERE);
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser.get("/settings").await;
        browser
    }

    /// A program's call; `bearer` may be empty.
    pub(super) async fn call(&self, method: &str, path: &str, bearer: &str, body: Option<Value>) -> Answer {
        self.call_from(HERE, method, path, (bearer, body)).await
    }

    /// A call that may be repeated under its key.
    pub(super) async fn call_once(&self, key: &str, path: &str, bearer: &str, body: Value) -> Answer {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("idempotency-key", key)
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        send(&self.app, HERE.parse().unwrap(), request).await
    }

    pub(super) async fn call_from(
        &self,
        ip: &str,
        method: &str,
        path: &str,
        (bearer, body): (&str, Option<Value>),
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT_LANGUAGE, "en");
        if !bearer.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let body = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        send(&self.app, ip.parse().unwrap(), request.body(body).unwrap()).await
    }

    pub(super) async fn log_in_from(&self, ip: &str, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.call_from(ip, "POST", "/api/v1/auth/login", ("", Some(body)))
            .await
    }

    /// An access token and a refresh token.
    pub(super) async fn tokens(&self, email: &str) -> (String, String) {
        let answer = self.log_in_from(HERE, email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        pair(&answer)
    }

    pub(super) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.test.db.pool())
            .await
            .unwrap()
    }
}

pub(super) fn pair(answer: &Answer) -> (String, String) {
    let json = answer.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

fn state(test: &TestDb, clock: Clock, context: &Context, hook: Option<Arc<dyn SetupHook>>) -> AppState {
    let ui = Ui::exacting(&[&crate::PAGES]).unwrap();
    let metrics = telemetry::Metrics::new().unwrap();
    let authenticator = Arc::new(Sessions::new(context.clone()));
    let mut builder =
        AppStateBuilder::new(test.db.clone(), clock, ui, metrics, authenticator).with(context.clone());
    if let Some(hook) = hook {
        builder = builder.with(hook);
    }
    builder.nav = crate::nav().to_vec();
    builder.build()
}

async fn send(app: &Router, ip: IpAddr, mut request: Request<Body>) -> Answer {
    request
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::new(ip, 4000)));
    request
        .headers_mut()
        .insert(header::USER_AGENT, AGENT.parse().unwrap());
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(bytes.to_vec()).unwrap(),
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

    pub(super) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

pub(super) struct Browser {
    app: Router,
    ip: IpAddr,
    pub(super) cookie: Option<String>,
    pub(super) csrf: String,
}

impl Browser {
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.go(self.request("GET", path).body(Body::empty()).unwrap())
            .await
    }

    /// A form with the token of the last page.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        self.post_bare(path, &fields).await
    }

    /// A form exactly as given.
    pub(super) async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.go(request.body(Body::from(body.join("&"))).unwrap()).await
    }

    pub(super) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post_bare("/login", &[("email", email), ("password", password)])
            .await
    }

    pub(super) async fn is_in(&mut self) -> bool {
        self.get("/settings").await.status == StatusCode::OK
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT_LANGUAGE, "en");
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, format!("{SESSION_COOKIE}={cookie}")),
            None => request,
        }
    }

    async fn go(&mut self, request: Request<Body>) -> Answer {
        let answer = send(&self.app, self.ip, request).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            if let Some(value) = line.strip_prefix(&format!("{SESSION_COOKIE}=")) {
                let value = value.split(';').next().unwrap();
                self.cookie = (!value.is_empty()).then(|| value.to_owned());
            }
        }
        if let Some((_, rest)) = answer.body.split_once("<meta name=\"csrf\" content=\"") {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        answer
    }
}
