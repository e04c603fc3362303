//! The main job, measured as its user feels it, each figure against a yardstick of the same run:
//! `cargo bench -p server --bench main_job` (or `./dev bench`); one part of it with `-- sync`, `-- new`, `-- daily`.
//!
//! It starts a local marketplace with the documented limits and the real server as a process of its own on a fresh
//! database, and prints medians and ratios. It judges nothing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use emag_sandbox::{
    CallRecord, DEMO_PASSWORD, FaultKind, Faults, MAIN_USERNAME, Options, Sandbox, SeedOptions,
};
use futures::StreamExt as _;
use kernel::Clock;
use outbound::{Method, Outbound, OutboundOptions, OutboundRequest};
use serde_json::{Value, json};
use testkit::TestDb;
use tokio::net::TcpListener;

const SECRET: &str = "a-secret-for-benchmarks-only-0123456789abc";
/// The sandbox gives four fifths to the account that is measured: 2,500 offers and 500 orders.
const OFFERS: usize = 3125;
const ORDERS: usize = 625;
const LIST_PRODUCTS: i64 = 100_000;
const REPEATS: usize = 40;
/// Requests that a hurried script has under way at a time.
const SCRIPT_IN_FLIGHT: usize = 32;

struct Bench {
    test: TestDb,
    sandbox: Sandbox,
    http: Outbound,
    url: String,
    token: String,
    data_dir: std::path::PathBuf,
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Bench {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_magflow"));
        command
            .args(args)
            .env("DATABASE_URL", self.test.url())
            .env("SECRET_KEY", SECRET)
            .env("MAGFLOW__DATA_DIR", &self.data_dir)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn say(&self, args: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(args);
        let output = self.command(&all).output().unwrap();
        assert!(output.status.success(), "{args:?} ended with {}", output.status);
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Starts the server and waits for the first 200.
    async fn serve(&self) -> (Server, Duration) {
        let listen = self.url.trim_start_matches("http://").to_owned();
        let started = Instant::now();
        let child = self
            .command(&["serve", "--listen", &listen])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Server(child);
        loop {
            if self.get("/health/ready").await.is_some() {
                return (server, started.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let request = OutboundRequest::new(Method::GET, format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token));
        let response = self
            .http
            .send(request)
            .await
            .ok()
            .filter(|response| response.status == 200)?;
        serde_json::from_slice(&response.body).ok()
    }

    /// Sends; again after a moment while the server says that this is too fast.
    async fn post(&self, path: &str, body: Value) -> Value {
        loop {
            let request = OutboundRequest::new(Method::POST, format!("{}{path}", self.url))
                .header("authorization", format!("Bearer {}", self.token))
                .header("content-type", "application/json")
                .body(body.to_string());
            let response = self.http.send(request).await.unwrap();
            if response.status == 429 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
            assert!(
                response.status < 300,
                "{path}: {} {}",
                response.status,
                String::from_utf8_lossy(&response.body)
            );
            return serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        }
    }

    async fn sql<T>(&self, sql: &'static str) -> T
    where
        (T,): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
        T: Send + Unpin,
    {
        let (value,) = sqlx::query_as::<_, (T,)>(sql)
            .fetch_one(self.test.db.pool())
            .await
            .unwrap();
        value
    }
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// One answer in twenty fails, in the ways that eMAG and the line to it do.
fn five_percent() -> Faults {
    let rate = [
        (FaultKind::TooManyRequests, 0.01),
        (FaultKind::InternalError, 0.01),
        (FaultKind::BadGatewayHtml, 0.01),
        (FaultKind::Drop, 0.005),
        (FaultKind::DropAfter, 0.005),
        (FaultKind::Timeout, 0.005),
        (FaultKind::DuplicateRows, 0.005),
    ];
    Faults {
        rate: BTreeMap::from(rate),
        timeout_ms: Some(2000),
        seed: 5,
        ..Faults::default()
    }
}

/// What the marketplace holds when the account is connected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Orders {
    /// Three weeks of orders in all states, as a shop has them.
    Mixed,
    /// All of them new: each is to be acknowledged.
    New,
}

/// Makes every order of the account new.
fn make_new(sandbox: &Sandbox) {
    let mut state = sandbox.state();
    for order in state["orders"][MAIN_USERNAME].as_array_mut().unwrap() {
        order["status"] = json!(1);
    }
    sandbox.set_state(state).unwrap();
}

async fn prepare(faults: Faults, orders: Orders) -> Bench {
    let test = testkit::database().await;
    let now = Clock::system().now();
    let seed = SeedOptions {
        offers: OFFERS,
        orders: ORDERS,
        seed: 11,
        now,
    };
    let sandbox = Sandbox::new(Options {
        seed: Some(seed),
        ..Options::at(now)
    });
    if orders == Orders::New {
        make_new(&sandbox);
    }
    sandbox.set_faults(faults).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}/api-3", listener.local_addr().unwrap());
    let serving = sandbox.clone();
    #[allow(
        clippy::disallowed_methods,
        reason = "the marketplace lives beside the benchmark"
    )]
    tokio::spawn(async move { serving.serve(listener, std::future::pending::<()>()).await });
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let data_dir = std::env::temp_dir().join(format!("magflow-bench-{:08x}", rand::random::<u32>()));
    fs::create_dir_all(&data_dir).unwrap();
    let http = Outbound::new(OutboundOptions::default()).unwrap();
    let mut bench = Bench {
        test,
        sandbox,
        http,
        url: format!("http://127.0.0.1:{port}"),
        token: String::new(),
        data_dir,
    };
    bench.say(&["user", "create", "bench@magflow.test", "--name", "Bench"]);
    bench.token = bench.say(&["token", "create", "bench@magflow.test", "--name", "bench"])["token"]
        .as_str()
        .unwrap()
        .into();
    bench.say(&[
        "emag",
        "connect",
        "--name",
        "MAIN",
        "--username",
        MAIN_USERNAME,
        "--password",
        DEMO_PASSWORD,
        "--base-url",
        &base,
    ]);
    bench
}

async fn full_sync(name: &str, bench: &Bench) {
    let started = Instant::now();
    let started_at = Clock::system().now();
    let finished = "SELECT NOT EXISTS (SELECT FROM app.emag_accounts WHERE opened_at IS NULL OR orders_read_until IS NULL) \
        AND NOT EXISTS (SELECT FROM app.emag_sync_runs WHERE state IN ('queued', 'running')) \
        AND NOT EXISTS (SELECT FROM app.emag_orders WHERE ack IN ('wanted', 'sent') OR (ack = 'done' AND settled_at IS NULL))";
    while !bench.sql::<bool>(finished).await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = started.elapsed().as_secs_f64();
    let calls = bench.sandbox.calls(0);
    let of = |part: &str| calls.iter().filter(|call| call.path.contains(part)).count();
    #[allow(clippy::cast_precision_loss, reason = "a few thousand calls")]
    let floor = (of("product_offer") as f64 * 0.340).max(of("/order/") as f64 / 12.0);
    let state = bench.sandbox.state();
    let remote_offers = state["offers"][MAIN_USERNAME].as_array().unwrap().len();
    let remote_orders = state["orders"][MAIN_USERNAME].as_array().unwrap().len();
    println!(
        "{name:<19} {took:7.1} s   floor {floor:.1} s   ratio {:.2}   injected faults: {}   other 429: {}   offers {}/{remote_offers}   orders {}/{remote_orders}   acknowledged twice: {}",
        took / floor,
        calls.iter().filter(|call| call.fault.is_some()).count(),
        calls
            .iter()
            .filter(|call| call.status == 429 && call.fault.is_none())
            .count(),
        bench.sql::<i64>("SELECT count(*) FROM app.emag_listings").await,
        bench.sql::<i64>("SELECT count(*) FROM app.emag_orders").await,
        acknowledged_twice(&calls),
    );
    let last = |part: &str| {
        let of_part = calls.iter().rev().find(|call| call.path.contains(part));
        of_part.map_or(0.0, |call| (call.at - started_at).as_seconds_f64())
    };
    println!(
        "{:<19} last offers read at {:.1} s, last acknowledgement at {:.1} s ({} in all), last order read at {:.1} s",
        "",
        last("product_offer/read"),
        last("/order/acknowledge"),
        of("/order/acknowledge"),
        last("/order/read"),
    );
}

fn acknowledged_twice(calls: &[CallRecord]) -> usize {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    let done = |call: &&CallRecord| call.path.contains("/order/acknowledge/") && call.is_error == Some(false);
    for call in calls.iter().filter(done) {
        *times.entry(&call.path).or_default() += 1;
    }
    times.values().filter(|times| **times > 1).count()
}

async fn memory(server: &Server) {
    tokio::time::sleep(Duration::from_secs(10)).await;
    let status = fs::read_to_string(format!("/proc/{}/status", server.0.id())).unwrap();
    let line = |name: &str| {
        status
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default()
            .to_owned()
    };
    println!(
        "memory              {}   {}",
        line("VmRSS").replace('\t', " "),
        line("VmHWM").replace('\t', " ")
    );
}

/// One change here, and how long until the marketplace holds it.
async fn stock_changes(bench: &Bench) {
    let account = bench.sql::<i64>("SELECT min(id) FROM app.emag_accounts").await;
    bench
        .post(
            &format!("/api/v1/emag/accounts/{account}/push"),
            json!({ "enabled": true }),
        )
        .await;
    let warehouse = bench
        .sql::<i64>("SELECT min(id) FROM app.warehouses WHERE kind = 'own'")
        .await;
    let listings: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT product_id, emag_id FROM app.emag_listings WHERE status = 1 AND product_id IS NOT NULL \
         AND wanted_stock = remote_stock AND wanted_stock BETWEEN 1 AND 60000 ORDER BY id LIMIT 1200",
    )
    .fetch_all(bench.test.db.pool())
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut times = Vec::new();
    for (product, emag_id) in &listings[..15] {
        let before = remote_stock(bench, *emag_id);
        let started = Instant::now();
        let body = json!({ "product_id": product, "warehouse_id": warehouse, "quantity_delta": 3, "reason": "bench" });
        bench.post("/api/v1/inventory/adjustments", body).await;
        while remote_stock(bench, *emag_id) == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times.push(started.elapsed());
    }
    times.sort_unstable();
    println!(
        "one stock change    {:7.0} ms median, {:.0} ms slowest, until the marketplace holds it",
        ms(median(times.clone())),
        ms(times[times.len() - 1])
    );
    many_changes(bench, warehouse, &listings[15..]).await;
}

/// A thousand changes as fast as the server takes them, and in how many calls they leave.
async fn many_changes(bench: &Bench, warehouse: i64, listings: &[(i64, i64)]) {
    let since = bench.sandbox.calls(0).last().map_or(0, |call| call.n);
    let products: Vec<i64> = listings.iter().take(1000).map(|(product, _)| *product).collect();
    let started = Instant::now();
    let changes = products.iter().map(|product| {
        let body = json!({ "product_id": product, "warehouse_id": warehouse, "quantity_delta": 2, "reason": "bench" });
        bench.post("/api/v1/inventory/adjustments", body)
    });
    futures::stream::iter(changes)
        .buffer_unordered(SCRIPT_IN_FLIGHT)
        .collect::<Vec<_>>()
        .await;
    let written = started.elapsed();
    let waiting = "SELECT count(*) FROM app.emag_listings WHERE wanted_stock <> remote_stock AND status = 1";
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if bench.sql::<i64>(waiting).await == 0 && started.elapsed() > Duration::from_secs(3) {
            break;
        }
    }
    let calls = bench.sandbox.calls(since);
    let sent = calls
        .iter()
        .filter(|call| call.path.contains("/offer/save") || call.path.contains("/offer_stock"))
        .count();
    println!(
        "1000 stock changes  {:7.1} s until all are held ({:.1} s to write them)   {sent} calls   429: {}",
        started.elapsed().as_secs_f64(),
        written.as_secs_f64(),
        calls.iter().filter(|call| call.status == 429).count()
    );
}

fn remote_stock(bench: &Bench, emag_id: i64) -> Value {
    let state = bench.sandbox.state();
    let offers = state["offers"][MAIN_USERNAME].as_array().unwrap();
    offers
        .iter()
        .find(|offer| offer["id"].as_i64() == Some(emag_id))
        .unwrap()["stock"]
        .clone()
}

async fn product_list(bench: &Bench) {
    let fill = "INSERT INTO app.products (sku, name, price_net, currency, vat_percent) \
        SELECT 'BENCH' || n, 'Set ' || n || ' șuruburi autoforante cu cap hexagonal ' || md5(n::text), 10 + n % 90, 'RON', 21 \
          FROM generate_series(1, 100000) n";
    sqlx::query(fill).execute(bench.test.db.pool()).await.unwrap();
    let stock = "INSERT INTO app.stock_movements (product_id, warehouse_id, delta, cause) \
        SELECT id, (SELECT min(id) FROM app.warehouses WHERE kind = 'own'), 1 + id % 40, 'opening' FROM app.products WHERE sku LIKE 'BENCH%'";
    sqlx::query(stock).execute(bench.test.db.pool()).await.unwrap();
    sqlx::query("ANALYZE")
        .execute(bench.test.db.pool())
        .await
        .unwrap();
    println!(
        "products            {} (asked for {LIST_PRODUCTS} more)",
        bench.sql::<i64>("SELECT count(*) FROM app.products").await
    );
    for (name, path) in [
        ("yardstick: live", "/health/live"),
        ("list of 50", "/api/v1/products?limit=50"),
        ("list by price", "/api/v1/products?limit=50&sort=-price"),
        ("search, typo", "/api/v1/products?limit=50&q=suruburi+autoforente"),
        ("search, SKU", "/api/v1/products?limit=50&q=BENCH77777"),
    ] {
        let mut times = Vec::new();
        for _ in 0..REPEATS {
            let started = Instant::now();
            assert!(bench.get(path).await.is_some(), "{path}");
            times.push(started.elapsed());
        }
        println!("{name:<19} {:7.2} ms median", ms(median(times)));
    }
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` passes arguments; only `cargo bench` measures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let only = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let is_asked = |name: &str| only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    for (name, faults, orders) in [
        ("sync", Faults::default(), Orders::Mixed),
        ("sync, 5 % failing", five_percent(), Orders::Mixed),
        ("all new", Faults::default(), Orders::New),
        ("all new, 5 % failing", five_percent(), Orders::New),
    ] {
        if is_asked(name) {
            let bench = prepare(faults, orders).await;
            let (server, _) = bench.serve().await;
            full_sync(name, &bench).await;
            drop(server);
            fs::remove_dir_all(&bench.data_dir).unwrap();
        }
    }
    if !is_asked("daily work") {
        return;
    }
    let bench = prepare(Faults::default(), Orders::Mixed).await;
    let (server, _) = bench.serve().await;
    full_sync("before daily work", &bench).await;
    drop(server);
    let mut starts = Vec::new();
    for _ in 0..5 {
        let (server, took) = bench.serve().await;
        starts.push(took);
        drop(server);
    }
    println!("start to first 200  {:7.0} ms median", ms(median(starts)));
    let (server, _) = bench.serve().await;
    memory(&server).await;
    stock_changes(&bench).await;
    product_list(&bench).await;
    memory(&server).await;
    drop(server);
    fs::remove_dir_all(&bench.data_dir).unwrap();
}
