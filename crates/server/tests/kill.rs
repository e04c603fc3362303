//! kill -9 of MagFlow, or of its PostgreSQL, in the middle of a synchronisation: what goes on afterwards ends with every
//! order, reservation and acknowledgement exactly once.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener as StdListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use emag_sandbox::{DEMO_PASSWORD, MAIN_USERNAME, Options, Sandbox, SeedOptions};
use kernel::Clock;
use sqlx::{Connection as _, PgConnection};
use tokio::net::TcpListener;

/// Bounds the whole test, not a speed claim.
const PATIENCE: Duration = Duration::from_mins(4);
/// What is still to be done of the synchronisation.
const UNFINISHED: &str = "SELECT (SELECT count(*) FROM app.emag_accounts WHERE opened_at IS NULL OR orders_read_until IS NULL) \
     + (SELECT count(*) FROM app.emag_orders WHERE ack IN ('wanted', 'sent') OR (ack = 'done' AND settled_at IS NULL))";

/// A shop with its own embedded database, and the marketplace it reads.
struct Plant {
    data_dir: PathBuf,
    port: u16,
    sandbox: Sandbox,
    started: Instant,
}

impl Plant {
    async fn connected() -> Self {
        let (sandbox, marketplace) = sandbox().await;
        let data_dir = std::env::temp_dir().join(format!("magflow-kill-{:08x}", rand::random::<u32>()));
        let plant = Self {
            data_dir,
            port: free_port(),
            sandbox,
            started: Instant::now(),
        };
        // The first start makes the schema; the account is connected beside no running server.
        let first = plant.serve();
        plant.until("the first start", || plant.answers()).await;
        first.interrupt();
        let connect = ["emag", "connect", "--name", "MAIN", "--username", MAIN_USERNAME];
        let login = ["--password", DEMO_PASSWORD, "--base-url", &marketplace];
        plant.say(&[connect.as_slice(), &login].concat());
        plant
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_magflow"));
        command
            .args(args)
            .env_remove("DATABASE_URL")
            .env("MAGFLOW__DATA_DIR", &self.data_dir)
            .stdin(Stdio::null());
        command
    }

    fn say(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        let (said, complained) = (text(&output.stdout), text(&output.stderr));
        assert!(
            output.status.success(),
            "{args:?} ended with {}: {said}{complained}",
            output.status
        );
        said
    }

    fn serve(&self) -> Server {
        let listen = format!("127.0.0.1:{}", self.port);
        let child = self
            .command(&["serve", "--listen", &listen])
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.data_dir.with_extension("log")).unwrap())
            .spawn()
            .unwrap();
        Server(child)
    }

    async fn answers(&self) -> bool {
        tokio::net::TcpStream::connect(("127.0.0.1", self.port))
            .await
            .is_ok()
    }

    /// The process id of the embedded server, from its own pid file.
    fn postmaster(&self) -> Option<i32> {
        let file = self.data_dir.join("postgres/data/postmaster.pid");
        fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()
    }

    /// `None` while the database is down, which is what this test makes of it.
    async fn number(&self, sql: &'static str) -> Option<i64> {
        let secret = fs::read_to_string(self.data_dir.join("postgres.secret")).ok()?;
        let port = fs::read_to_string(self.data_dir.join("postgres.port")).ok()?;
        let url = format!(
            "postgres://magflow:{}@127.0.0.1:{}/magflow",
            secret.trim(),
            port.trim()
        );
        let mut conn = PgConnection::connect(&url).await.ok()?;
        let found = sqlx::query_scalar(sql).fetch_one(&mut conn).await.ok();
        drop(conn.close().await);
        found
    }

    async fn is_finished(&self) -> bool {
        self.number(UNFINISHED).await == Some(0)
    }

    async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        while !holds().await {
            let log = fs::read(self.data_dir.with_extension("log")).unwrap_or_default();
            assert!(
                self.started.elapsed() < PATIENCE,
                "{what} did not come: {}",
                text(&log)
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Everything once, here and at the marketplace.
    async fn judge(&self) {
        let marketplace = self.sandbox.state();
        let orders = marketplace["orders"][MAIN_USERNAME].as_array().unwrap().len();
        let orders = i64::try_from(orders).unwrap();
        let offers = marketplace["offers"][MAIN_USERNAME].as_array().unwrap().len();
        let server = self.serve();
        self.until("the last start", || self.answers()).await;
        assert_eq!(
            self.number("SELECT count(*) FROM app.emag_orders").await,
            Some(orders)
        );
        assert_eq!(
            self.number("SELECT count(*) FROM app.sales_orders").await,
            Some(orders)
        );
        let listings = self.number("SELECT count(*) FROM app.emag_listings").await;
        assert_eq!(listings, i64::try_from(offers).ok());
        let doubled = "SELECT count(*) FROM (SELECT FROM app.reservations WHERE state = 'held' \
                       GROUP BY holder, holder_id HAVING count(*) > 1) d";
        assert_eq!(self.number(doubled).await, Some(0));
        let opened_twice = "SELECT count(*) FROM (SELECT FROM app.stock_movements WHERE cause = 'opening' \
                            GROUP BY product_id, warehouse_id, reference HAVING count(*) > 1) d";
        assert_eq!(self.number(opened_twice).await, Some(0));
        server.interrupt();
        let acknowledged = acknowledged(&self.sandbox);
        assert!(!acknowledged.is_empty(), "the seed has new orders");
        assert!(acknowledged.values().all(|times| *times == 1), "{acknowledged:?}");
        assert!(self.say(&["verify", "all"]).contains("everything holds"));
        fs::remove_dir_all(&self.data_dir).unwrap();
        fs::remove_file(self.data_dir.with_extension("log")).unwrap();
    }
}

/// Whatever happens to the test, the child does not outlive it.
struct Server(Child);

impl Server {
    /// As Ctrl-C would: MagFlow stops its PostgreSQL.
    fn interrupt(mut self) {
        signal(i32::try_from(self.0.id()).unwrap(), rustix::process::Signal::INT);
        self.0.wait().unwrap();
    }

    fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let sent = rustix::process::kill_process(pid, signal);
    // One that has just ended by itself is as good.
    assert!(matches!(sent, Ok(()) | Err(rustix::io::Errno::SRCH)), "{sent:?}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn sandbox() -> (Sandbox, String) {
    let now = Clock::system().now();
    let seed = SeedOptions {
        offers: 400,
        orders: 200,
        seed: 7,
        now,
    };
    let sandbox = Sandbox::new(Options {
        seed: Some(seed),
        ..Options::at(now)
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/api-3", listener.local_addr().unwrap());
    let serving = sandbox.clone();
    #[allow(clippy::disallowed_methods, reason = "the sandbox lives beside the test")]
    tokio::spawn(async move { serving.serve(listener, std::future::pending::<()>()).await });
    (sandbox, url)
}

fn free_port() -> u16 {
    StdListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Acknowledgements that the marketplace carried out, by order.
fn acknowledged(sandbox: &Sandbox) -> BTreeMap<String, usize> {
    let mut by_order = BTreeMap::new();
    for call in sandbox.calls(0) {
        if call.path.contains("/order/acknowledge/") && call.status == 200 && call.is_error == Some(false) {
            *by_order
                .entry(call.path.rsplit('/').next().unwrap().to_owned())
                .or_insert(0) += 1;
        }
    }
    by_order
}

fn pause() -> Duration {
    Duration::from_millis(300 + rand::random::<u64>() % 2500)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronisation_goes_on_after_magflow_was_killed() {
    let plant = Plant::connected().await;
    for _kill in 0..8 {
        let server = plant.serve();
        tokio::time::sleep(pause()).await;
        drop(server);
    }
    let server = plant.serve();
    plant
        .until("the end of the synchronisation", || plant.is_finished())
        .await;
    server.interrupt();
    plant.judge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronisation_goes_on_after_postgresql_was_killed() {
    let plant = Plant::connected().await;
    let mut server = plant.serve();
    plant.until("the start", || plant.answers()).await;
    for _kill in 0..5 {
        tokio::time::sleep(pause()).await;
        if let Some(pid) = plant.postmaster() {
            signal(pid, rustix::process::Signal::KILL);
        }
    }
    plant
        .until("the end of the synchronisation", || plant.is_finished())
        .await;
    assert!(server.is_running(), "MagFlow itself lives on");
    server.interrupt();
    plant.judge().await;
}
