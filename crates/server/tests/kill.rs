//! kill -9 of MagFlow in the middle of a synchronisation: a restart goes on, and every order, reservation and
//! acknowledgement exists exactly once.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use emag_sandbox::{DEMO_PASSWORD, MAIN_USERNAME, Options, Sandbox, SeedOptions};
use kernel::Clock;
use testkit::TestDb;
use tokio::net::TcpListener;

const SECRET: &str = "a-secret-for-tests-only-0123456789abcdef";
/// Bounds the whole test, not a speed claim.
const PATIENCE: Duration = Duration::from_mins(3);

struct Plant {
    test: TestDb,
    port: u16,
    data_dir: std::path::PathBuf,
}

impl Plant {
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

    fn say(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?} ended with {}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&self) -> Killed {
        let listen = format!("127.0.0.1:{}", self.port);
        Killed(
            self.command(&["serve", "--listen", &listen])
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.test.db.pool())
            .await
            .unwrap()
    }
}

/// Whatever happens to the test, the child does not outlive it.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

async fn sandbox() -> (Sandbox, String) {
    let now = Clock::system().now();
    let seed = SeedOptions {
        offers: 400,
        orders: 120,
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
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Acknowledgements that the marketplace carried out, by order.
fn acknowledged(sandbox: &Sandbox) -> BTreeMap<String, usize> {
    let mut by_order = BTreeMap::new();
    for call in sandbox.calls(0) {
        if call.path.contains("/order/acknowledge/") && call.status == 200 && call.is_error != Some(true) {
            *by_order
                .entry(call.path.rsplit('/').next().unwrap().to_owned())
                .or_insert(0) += 1;
        }
    }
    by_order
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "written but never seen to end: to be run and judged before it guards anything"]
async fn a_killed_synchronisation_goes_on_and_doubles_nothing() {
    let test = testkit::database().await;
    let data_dir = std::env::temp_dir().join(format!("magflow-kill-{:08x}", rand::random::<u32>()));
    std::fs::create_dir_all(&data_dir).unwrap();
    let plant = Plant {
        test,
        port: free_port(),
        data_dir,
    };
    let (sandbox, url) = sandbox().await;
    plant.say(&["role", "list"]);
    plant.say(&[
        "emag",
        "connect",
        "--name",
        "MAIN",
        "--username",
        MAIN_USERNAME,
        "--password",
        DEMO_PASSWORD,
        "--base-url",
        &url,
    ]);

    let started = Instant::now();
    let mut killed = 0;
    while plant.count("SELECT count(*) FROM app.emag_accounts WHERE opened_at IS NULL OR orders_read_until IS NULL").await > 0
        || plant.count("SELECT count(*) FROM app.emag_orders WHERE ack IN ('wanted', 'sent') OR (ack = 'done' AND settled_at IS NULL)").await > 0
    {
        assert!(started.elapsed() < PATIENCE, "the synchronisation did not end after {killed} kills");
        let child = plant.serve();
        let pause = if killed < 8 { 300 + rand::random::<u64>() % 2500 } else { 20_000 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        drop(child);
        killed += 1;
    }

    let marketplace = sandbox.state();
    let orders = marketplace["orders"][MAIN_USERNAME].as_array().unwrap().len();
    assert_eq!(
        usize::try_from(plant.count("SELECT count(*) FROM app.emag_orders").await).unwrap(),
        orders
    );
    assert_eq!(
        usize::try_from(plant.count("SELECT count(*) FROM app.sales_orders").await).unwrap(),
        orders
    );
    let acknowledged = acknowledged(&sandbox);
    assert!(!acknowledged.is_empty(), "the seed has new orders");
    assert!(acknowledged.values().all(|times| *times == 1), "{acknowledged:?}");
    let doubled = "SELECT count(*) FROM (SELECT FROM app.reservations WHERE state = 'held' \
                   GROUP BY holder, holder_id HAVING count(*) > 1) d";
    assert_eq!(plant.count(doubled).await, 0);
    assert!(plant.say(&["verify", "all"]).contains("everything holds"));
    std::fs::remove_dir_all(&plant.data_dir).unwrap();
}
