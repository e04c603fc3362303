//! A tiny application: four people, a few routes, every layer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode, header};
use kernel::{Actor, ActorKind, Locale, Permission, PermissionSet, Refusal, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use ui::{Args, ShellUser, SlicePages, Theme};
use web::{
    Access, ApiActor, AppState, AppStateBuilder, Authenticator, Caller, FlashKind, Form, Identity, IfMatch,
    Json, List, NavItem, Page, Path, Problem, Query, RateLimits, Routes, ShownOnce, Source,
};

pub(crate) const VIEW: Permission = Permission::new("things.view");
pub(crate) const CSRF: &str = "the-right-token";
pub(crate) const BODY_LIMIT: usize = 4096;

static PAGES: SlicePages = SlicePages {
    name: "test",
    templates: &[(
        "test/page.html",
        "{% extends \"ui/layout.html\" %}{% block content %}<p>{{ page.text }}</p>{% endblock %}",
    )],
    words: &[],
};

/// `Bearer NAME` or the cookie `session=NAME`. Ana may view, Bob may too and reads English, Eve may nothing; the
/// token "down" finds the database away.
struct People;

#[async_trait]
impl Authenticator for People {
    async fn authenticate(&self, parts: &Parts) -> Result<Option<Identity>, Problem> {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let cookie = text(header::COOKIE).and_then(|value| value.strip_prefix("session="));
        let source = if bearer.is_some() {
            Source::Bearer
        } else {
            Source::Cookie {
                csrf: CSRF.to_owned(),
            }
        };
        let (id, locale, permissions) = match bearer.or(cookie) {
            Some("ana") => (1, Locale::Ro, vec!["things.view"]),
            Some("bob") => (2, Locale::En, vec!["things.view"]),
            Some("eve") => (3, Locale::Ro, vec![]),
            Some("down") => return Err(Problem::from(sqlx::Error::PoolTimedOut)),
            Some(_) | None => return Ok(None),
        };
        let actor = Actor {
            kind: ActorKind::User(UserId(id)),
            permissions: permissions
                .into_iter()
                .map(str::to_owned)
                .collect::<PermissionSet>(),
            locale,
            ..Actor::system("test")
        };
        let user = ShellUser {
            id,
            name: "Ana Pop".to_owned(),
            email: "ana@example.test".to_owned(),
            initials: "AP".to_owned(),
        };
        Ok(Some(Identity {
            actor,
            source,
            user: Some(user),
            theme: Theme::System,
        }))
    }
}

/// What the handler of `/api/v1/orders` did, and the gate it waits at.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) done: Arc<AtomicUsize>,
    pub(crate) begun: Arc<Semaphore>,
    pub(crate) gate: Arc<Semaphore>,
}

impl Work {
    fn new() -> Self {
        Self {
            done: Arc::default(),
            begun: Arc::new(Semaphore::new(0)),
            gate: Arc::new(Semaphore::new(1000)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    limit: Option<u16>,
    cursor: Option<String>,
    q: Option<String>,
    #[serde(default)]
    status: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thing {
    name: String,
    #[serde(default)]
    size: Option<Size>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Size {
    width: u16,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    #[serde(default)]
    fail: Option<String>,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

async fn page(page: Page) -> Result<Response, Problem> {
    let text = "cuprins".to_owned();
    page.render("test/page.html", &Text { text })
}

async fn save(page: Page, Form(thing): Form<Thing>) -> Result<Response, Problem> {
    let args = Args::new().with("name", thing.name);
    Ok(page.redirect_with("/page", FlashKind::Success, "ui-save", &args))
}

async fn who(page: Page, caller: Caller) -> String {
    let show = |ip: Option<IpAddr>| ip.map_or_else(|| "?".to_owned(), |ip| ip.to_string());
    let agent = page.actor.agent.unwrap_or_default();
    format!(
        "{} {} {agent} {}",
        show(page.actor.ip),
        show(caller.ip),
        page.actor.request_id.unwrap().0
    )
}

async fn list(_: ApiActor, Query(filter): Query<Filter>) -> Result<List<String>, Problem> {
    let page = web::page_request(filter.limit, filter.cursor)?;
    let mut items = filter.status;
    items.extend(filter.q);
    items.push(page.limit.rows().to_string());
    Ok(List::from_page(kernel::Page {
        items,
        next: None,
        total: None,
    }))
}

async fn create(_: ApiActor, Json(thing): Json<Thing>) -> Response {
    web::created("/api/v1/things/7", 1, &thing)
}

async fn change(Path(id): Path<i64>, IfMatch(version): IfMatch) -> Result<Response, Problem> {
    if version.is_some_and(|version| version != 3) {
        return Err(Problem::Stale { current_version: 3 });
    }
    Ok(web::versioned(4, &id))
}

async fn order(
    State(state): State<AppState>,
    _: ApiActor,
    Json(order): Json<Order>,
) -> Result<Response, Problem> {
    let work: Work = state.get()?;
    work.begun.add_permits(1);
    work.gate.acquire().await.unwrap().forget();
    match order.fail.as_deref() {
        Some("refused") => return Err(Refusal::new("ui-error-refused-text").into()),
        Some("panic") => panic!("a handler that breaks"),
        Some(_) | None => {}
    }
    let n = work.done.fetch_add(1, Ordering::SeqCst) + 1;
    Ok(web::created(&format!("/api/v1/orders/{n}"), 1, &n))
}

async fn key() -> ShownOnce<Response> {
    ShownOnce(web::created("/api/v1/keys/1", 1, &"a-secret-key"))
}

async fn refuse(Path(what): Path<String>) -> Problem {
    match what.as_str() {
        "field" => Refusal::new("ui-input-limit").with("max", 200).on("limit").into(),
        "refusal" => Refusal::new("ui-refused-unknown").with("code", "x-7").into(),
        "fault" => Problem::internal(std::io::Error::other("inner secret")),
        "busy" => Problem::Busy {
            retry_after: std::time::Duration::from_millis(1200),
        },
        "panic" => panic!("inner secret"),
        _ => Problem::NotFound,
    }
}

pub(crate) fn routes() -> Routes {
    let view = Access::Needs(VIEW);
    Routes::new()
        .get("/page", view, page)
        .post("/page", Access::SignedIn, save)
        .get("/mine", Access::SignedIn, page)
        .get("/open", Access::Public, page)
        .get("/who", Access::Public, who)
        .get("/refuse/{what}", Access::Public, refuse)
        .get("/api/v1/refuse/{what}", Access::Public, refuse)
        .get("/api/v1/things", view, list)
        .post("/api/v1/things", view, create)
        .patch("/api/v1/things/{id}", view, change)
        .post("/api/v1/orders", view, order)
        .post("/api/v1/keys", view, key)
        .get("/figures", Access::NearbyOr(VIEW), async || "figures")
        .get("/api/v1/mine", Access::SignedIn, async |_: ApiActor| "mine")
}

/// The application and what a test wants to reach behind it.
pub(crate) struct App {
    router: Router,
    pub(crate) state: AppState,
    pub(crate) work: Work,
    pub(crate) hand: kernel::ManualClock,
}

/// Without a database.
pub(crate) fn app() -> App {
    let nowhere = db::Db::connect_lazy("postgres://nobody@127.0.0.1:9/none", db::PoolOptions::default());
    build(nowhere.unwrap(), RateLimits::default(), &[])
}

pub(crate) fn build(db: db::Db, rate: RateLimits, proxies: &[&str]) -> App {
    let (clock, hand) = testkit::clock();
    let ui = ui::Ui::new(&[&PAGES]).unwrap();
    let metrics = telemetry::Metrics::new().unwrap();
    let work = Work::new();
    let mut builder = AppStateBuilder::new(db, clock, ui, metrics, Arc::new(People)).with(work.clone());
    builder.rate = rate;
    builder.topics = vec![("order", VIEW), ("stock", VIEW)];
    builder.nav = vec![
        NavItem {
            href: "/page",
            icon: "box",
            key: "nav-products",
            access: Some(VIEW),
            order: 20,
        },
        NavItem {
            href: "/",
            icon: "home",
            key: "nav-today",
            access: None,
            order: 10,
        },
    ];
    let state = builder.build();
    let proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
    App {
        router: web::app(state.clone(), routes(), BODY_LIMIT, proxies),
        state,
        work,
        hand,
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl App {
    /// On a port of this machine, for clients of the network.
    pub(crate) async fn serve(&self) -> (SocketAddr, tokio::task::JoinSet<()>) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = self
            .router
            .clone()
            .into_make_service_with_connect_info::<SocketAddr>();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        (address, tasks)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.open(request).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// The answer before its body is read: for streams.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response {
        self.router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_response()
    }

    /// `text` is `VERB PATH`, then `name: value` lines, then after an empty line the body.
    pub(crate) async fn ask(&self, text: &str) -> Answer {
        self.send(parse(text)).await
    }
}

/// As if it came from this address.
pub(crate) fn from(peer: &str, text: &str) -> Request<Body> {
    let mut request = parse(text);
    let peer = SocketAddr::new(peer.parse().unwrap(), 4000);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

pub(crate) fn parse(text: &str) -> Request<Body> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (verb, path) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(verb).uri(path);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let peer: SocketAddr = "203.0.113.7:4000".parse().unwrap();
    request
        .extension(ConnectInfo(peer))
        .body(Body::from(body.to_owned()))
        .unwrap()
}
