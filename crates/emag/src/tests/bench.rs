//! A shop: the marketplace in this process, an account or two, and what to ask them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use emag_api::{
    Bucket, HttpRequest, HttpResponse, Limits, NoJitter, Pacers, ReqwestTransport, RetryRules, Transport,
    TransportError,
};
use emag_sandbox::{DEMO_PASSWORD, FBE_USERNAME, MAIN_USERNAME, Options, Sandbox, SeedOptions};
use kernel::{Actor, Clock, EmagAccountId, SyncRunId};
use serde_json::Value;
use testkit::TestDb;
use tokio::sync::oneshot;

use crate::service::{accounts, holds, retry, runs};
use crate::{AccountKind, Context, ContextParts, NewAccount, NoObserver, Run, RunKind, RunMode};

/// A shop that is tested.
pub(super) struct Shop {
    pub(super) db: TestDb,
    pub(super) context: Context,
    pub(super) sandbox: Sandbox,
    pub(super) actor: Actor,
    pub(super) url: String,
    pub(super) clock: Clock,
    pub(super) hands: kernel::ManualClock,
    cut: Arc<AtomicBool>,
    bend: Bend,
    _stop: oneshot::Sender<()>,
}

type Bender = Box<dyn Fn(&HttpRequest, HttpResponse) -> HttpResponse + Send + Sync>;
type Bend = Arc<Mutex<Option<Bender>>>;

/// Sends for real, unless the cable is cut; may bend what comes back.
struct Cable {
    inner: ReqwestTransport,
    cut: Arc<AtomicBool>,
    bend: Bend,
}

#[async_trait::async_trait]
impl Transport for Cable {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if self.cut.load(Ordering::SeqCst) {
            return Err(TransportError::new(emag_api::UnreachableKind::Connect, "cut"));
        }
        let response = self.inner.send(request.clone()).await?;
        Ok(match &*self.bend.lock().unwrap() {
            Some(bend) => bend(&request, response),
            None => response,
        })
    }
}

/// How fast calls may follow each other.
pub(super) enum Pace {
    /// As documented; the sandbox refuses more.
    Documented,
    /// As fast as it goes, and the sandbox does not count.
    Free,
}

impl Shop {
    pub(super) async fn seeded(offers: usize, orders: usize, pace: Pace) -> Self {
        let (clock, _) = testkit::clock();
        let seed = SeedOptions {
            offers,
            orders,
            seed: 7,
            now: clock.now(),
        };
        Self::start(Some(seed), pace).await
    }

    pub(super) async fn with(state: Value) -> Self {
        let shop = Self::start(None, Pace::Free).await;
        shop.sandbox.set_state(state).unwrap();
        shop
    }

    #[allow(clippy::disallowed_methods, reason = "the marketplace runs beside the test")]
    async fn start(seed: Option<SeedOptions>, pace: Pace) -> Self {
        let db = testkit::database().await;
        let (clock, hands) = testkit::clock();
        let options = match pace {
            // Limits are counted by the sandbox's own clock, so it must run.
            Pace::Documented => Options::at(clock.now()),
            Pace::Free => Options::frozen_at(clock.now()),
        };
        let sandbox = Sandbox::new(Options { seed, ..options });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api-3", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = sandbox.clone();
        tokio::spawn(async move {
            let until = async move { drop(stopped.await) };
            serving.serve(listener, until).await.unwrap();
        });
        let mut pacers = Pacers::new();
        let mut retry = RetryRules::default();
        if matches!(pace, Pace::Free) {
            sandbox
                .change_settings(serde_json::json!({"rate_limits": false}))
                .unwrap();
            let free = Limits::even(Duration::ZERO, 1_000_000);
            pacers = pacers
                .with_limits(Bucket::Orders, free)
                .with_limits(Bucket::Other, free);
            retry.first_pause = Duration::from_millis(1);
            retry.locked_pause = Duration::from_millis(1);
        }
        let cut = Arc::new(AtomicBool::new(false));
        let bend = Bend::default();
        let context = Context::new(ContextParts {
            db: db.db.clone(),
            clock: clock.clone(),
            key: [7; 32],
            transport: Arc::new(Cable {
                inner: ReqwestTransport::new().unwrap(),
                cut: Arc::clone(&cut),
                bend: Arc::clone(&bend),
            }),
            observer: Arc::new(NoObserver),
            pacers,
            retry,
            jitter: Arc::new(NoJitter),
        });
        let actor = testkit::user(&db).await;
        Self {
            db,
            context,
            sandbox,
            actor,
            url,
            clock,
            hands,
            cut,
            bend,
            _stop: stop,
        }
    }

    /// Changes what the marketplace answers on its way here.
    pub(super) fn bend(
        &self,
        how: impl Fn(&HttpRequest, HttpResponse) -> HttpResponse + Send + Sync + 'static,
    ) {
        *self.bend.lock().unwrap() = Some(Box::new(how));
    }

    /// Answers to calls of this route are text of ours, with status 200.
    pub(super) fn answer(&self, route: &'static str, text: impl Into<String>) {
        let text = text.into();
        self.bend(move |request, response| {
            if !request.url.contains(route) {
                return response;
            }
            HttpResponse {
                status: 200,
                headers: Vec::new(),
                body: text.clone().into_bytes(),
            }
        });
    }

    pub(super) fn straighten(&self) {
        *self.bend.lock().unwrap() = None;
    }

    pub(super) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    pub(super) async fn account_row(&self, id: EmagAccountId) -> crate::Account {
        let mut conn = self.db.db.read().await.unwrap();
        crate::store::accounts::find(&mut conn, id)
            .await
            .unwrap()
            .unwrap()
    }

    pub(super) async fn failures(&self, run: SyncRunId) -> Vec<crate::FailureRow> {
        let mut conn = self.db.db.read().await.unwrap();
        runs::failures(&mut conn, &self.actor, run, 100).await.unwrap()
    }

    /// Asks for another try of a failure and does it.
    pub(super) async fn retry(&self, run: SyncRunId, failure: i64) {
        let mut tx = self.db.db.begin(&self.actor).await.unwrap();
        let row = retry::failure(&mut tx, &self.actor, (run, failure))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(row.code, "retrying", "the wish is seen at once");
        assert_eq!(
            retry::work(&self.context, failure).await.unwrap(),
            runs::Outcome::Ended
        );
    }

    /// Switches the sending on.
    pub(super) async fn send_from(&self, account: EmagAccountId) {
        let mut tx = self.db.db.begin(&self.actor).await.unwrap();
        holds::switch_push(&mut tx, &self.actor, &self.context, account, true)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Calls that change something at the marketplace, acknowledgements apart.
    pub(super) fn writes(&self) -> Vec<String> {
        self.sandbox
            .calls(0)
            .into_iter()
            .map(|call| call.path)
            .filter(|path| ["/save", "/offer_stock"].iter().any(|word| path.contains(word)))
            .collect()
    }

    pub(super) async fn main(&self) -> EmagAccountId {
        self.account(MAIN_USERNAME, DEMO_PASSWORD, AccountKind::Main)
            .await
    }

    pub(super) async fn fbe(&self) -> EmagAccountId {
        self.account(FBE_USERNAME, DEMO_PASSWORD, AccountKind::Fbe).await
    }

    pub(super) async fn account(&self, username: &str, password: &str, kind: AccountKind) -> EmagAccountId {
        let mut tx = self.db.db.begin(&self.actor).await.unwrap();
        let new = NewAccount {
            name: username.to_owned(),
            platform: "emag-ro".to_owned(),
            kind,
            username: username.to_owned(),
            password: password.to_owned(),
            base_url: Some(self.url.clone()),
            warehouse: None,
            safety_buffer: 0,
            acknowledge_orders: true,
        };
        let account = accounts::create(&mut tx, &self.actor, &self.context, new)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        account.id
    }

    pub(super) async fn queue(&self, account: EmagAccountId, kind: RunKind, mode: RunMode) -> SyncRunId {
        let mut tx = self.db.db.begin(&self.actor).await.unwrap();
        let run = runs::start(&mut tx, &self.actor, &self.context, account, (kind, mode))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        run.id
    }

    /// A whole run, from its order to its end.
    pub(super) async fn sync(&self, account: EmagAccountId, kind: RunKind) -> Run {
        let run = self.queue(account, kind, RunMode::Full).await;
        runs::work(&self.context, run).await.unwrap();
        self.run(run).await
    }

    pub(super) async fn run(&self, id: SyncRunId) -> Run {
        let mut conn = self.db.db.read().await.unwrap();
        crate::store::runs::find(&mut conn, id).await.unwrap().unwrap()
    }

    pub(super) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.db.db.pool())
            .await
            .unwrap()
    }

    pub(super) async fn text(&self, sql: &'static str) -> String {
        sqlx::query_scalar(sql)
            .fetch_one(self.db.db.pool())
            .await
            .unwrap()
    }

    /// Acknowledgements that the marketplace carried out.
    pub(super) fn acknowledged(&self) -> usize {
        self.calls("/order/acknowledge/")
            .iter()
            .filter(|call| call.status == 200 && call.is_error == Some(false))
            .count()
    }

    pub(super) fn calls(&self, path: &str) -> Vec<emag_sandbox::CallRecord> {
        self.sandbox
            .calls(0)
            .into_iter()
            .filter(|call| call.path.contains(path))
            .collect()
    }

    /// `general_stock` of an offer at the marketplace.
    pub(super) fn stock_at_emag(&self, username: &str, id: u64) -> i64 {
        self.offer_at_emag(username, id)["general_stock"]
            .as_i64()
            .unwrap()
    }

    pub(super) fn offer_at_emag(&self, username: &str, id: u64) -> Value {
        let state = self.sandbox.state();
        let offers = state["offers"][username].as_array().unwrap().clone();
        offers
            .into_iter()
            .find(|offer| offer["id"].as_u64() == Some(id))
            .unwrap()
    }

    pub(super) fn orders_at_emag(&self, username: &str) -> Vec<Value> {
        self.sandbox.state()["orders"][username]
            .as_array()
            .unwrap()
            .clone()
    }
}
