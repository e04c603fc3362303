//! `magflow serve` and `magflow work`: from a database that answers to a running server, and cleanly back.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use lineage::pg::Engine;
use lineage::{Exit, Target};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::boot::{Boot, Database};
use crate::cli::Backups;
use crate::migrate_proof::options_with;
use crate::report::{Output, say};
use crate::setup::Notice;
use crate::wiring::{Crew, Server, Wiring};
use crate::{marketplace, migrations};

/// Which parts of the program this process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    WebAndJobs,
    WebOnly,
    JobsOnly,
}

/// How a process is to be run.
pub(crate) struct Run {
    pub(crate) parts: Parts,
    pub(crate) migrate: bool,
    pub(crate) listen: SocketAddr,
}

pub(crate) async fn run(boot: &Boot, run: Run, output: Output) -> anyhow::Result<Exit> {
    let database = boot.database().await?;
    let result = run_on(boot, &database, &run, output).await;
    database.close().await;
    result
}

async fn run_on(boot: &Boot, database: &Database, run: &Run, output: Output) -> anyhow::Result<Exit> {
    let running = Running::start(boot, database, run).await?;
    // Whoever reads that it is ready may stop it at once.
    let stop = stop_signal();
    if let Some(address) = running.address {
        let url = format!("http://{address}");
        let setup = setup_notice(&running.server, &url).await;
        if let Some(notice) = &setup {
            say(&notice.text());
        }
        output.report(&serde_json::json!({ "url": url, "setup": setup }), || {
            format!("MagFlow is at {url}")
        });
    } else {
        say("background jobs are running");
    }
    running.until(stop).await?;
    Ok(Exit::Fine)
}

/// A schema that is not there yet is told by the health page; the program runs on.
async fn setup_notice(server: &Server, url: &str) -> Option<Notice> {
    Notice::of(server, url).await.unwrap_or_else(|error| {
        tracing::warn!(error = %error, "whether set-up is needed is not known: {error}");
        None
    })
}

/// A started process.
pub(crate) struct Running {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) server: Server,
    tasks: JoinSet<anyhow::Result<()>>,
    stop: watch::Sender<bool>,
}

/// Requests and jobs under way get this long to finish.
const FAREWELL: Duration = Duration::from_secs(10);

impl Running {
    pub(crate) async fn start(boot: &Boot, database: &Database, run: &Run) -> anyhow::Result<Self> {
        database.supervise();
        let wiring = Wiring::new(boot)?;
        if database.is_embedded() || run.migrate {
            upgrade(boot, database, &wiring).await?;
        }
        let pool = database.pool(boot.settings.database.max_connections).await?;
        let server = wiring.build(boot, pool);
        if let Err(error) = server.register().await {
            tracing::warn!(error = %error, "permissions and subscriptions wait for the schema: {error}");
        }
        if let Some(login) = &boot.settings.emag.api_key {
            first_account(&server, login).await;
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut address = None;
        if run.parts != Parts::JobsOnly {
            let listener = TcpListener::bind(run.listen)
                .await
                .with_context(|| format!("listening on {}", run.listen))?;
            address = Some(listener.local_addr()?);
            let app = server
                .app
                .clone()
                .into_make_service_with_connect_info::<SocketAddr>();
            let ended = wait(stopped.clone());
            tasks.spawn(async move { Ok(axum::serve(listener, app).with_graceful_shutdown(ended).await?) });
            tasks.spawn(tidy(server.state.clone(), wait(stopped.clone())));
            let (live, pool) = (server.state.live.clone(), server.state.db.pool().clone());
            let ended = wait(stopped.clone());
            tasks.spawn(async move {
                tokio::select! { () = live.listen(pool) => {}, () = ended => {} }
                Ok(())
            });
        }
        if run.parts != Parts::WebOnly {
            let crew = server.crew(boot.settings.jobs.concurrency);
            tasks.spawn(work(crew, stopped.clone()));
        }
        Ok(Self {
            address,
            server,
            tasks,
            stop,
        })
    }

    /// Runs until the signal, then lets what is under way finish.
    pub(crate) async fn until(mut self, signal: impl Future<Output = ()>) -> anyhow::Result<()> {
        let early = tokio::select! {
            () = signal => None,
            ended = self.tasks.join_next() => ended,
        };
        self.stop.send_replace(true);
        let farewell = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("some work did not finish in time; it will be taken up at the next start");
        }
        self.server.state.db.close().await;
        match early {
            Some(ended) => ended?.context("a part of the server ended"),
            None => Ok(()),
        }
    }
}

/// Without the marketplace the rest of the program is worth as much.
async fn first_account(server: &Server, login: &settings::ApiKey) {
    match marketplace::first_account(server, login).await {
        Ok(Some(id)) => {
            tracing::info!(account_id = %id, "account {id} was made from EMAG_API_KEY; push is off");
        }
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(error = %error, "no account could be made from EMAG_API_KEY: {error}");
        }
    }
}

/// How often memory that nobody needs is given back.
const TIDY_EVERY: Duration = Duration::from_mins(10);

async fn tidy(state: web::AppState, ended: impl Future<Output = ()>) -> anyhow::Result<()> {
    let forever = async {
        loop {
            tokio::time::sleep(TIDY_EVERY).await;
            state.tidy();
        }
    };
    tokio::select! { () = forever => {}, () = ended => {} }
    Ok(())
}

/// The queue library's worker ends when it loses the database under a job; this long after that a new one starts.
const WORKER_PAUSE: Duration = Duration::from_secs(2);

/// Keeps a worker at work until the server stops. One that cannot start, or was ended by a lost database, is replaced:
/// health says how late the jobs are.
async fn work(crew: Crew, stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    loop {
        let shift = async { crew.runner().await?.run(wait(stopped.clone())).await };
        match shift.await {
            Ok(()) => return Ok(()),
            Err(error) if *stopped.borrow() => return Err(error.into()),
            Err(error) => {
                tracing::warn!(error = %error, "the worker of background jobs starts anew: {error}");
            }
        }
        tokio::select! {
            () = wait(stopped.clone()) => return Ok(()),
            () = tokio::time::sleep(WORKER_PAUSE) => {}
        }
    }
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    // A closed channel means that the process ends, too.
    drop(stopped.wait_for(|stop| *stop).await);
}

/// To head, with a backup first where a revision may lose data.
async fn upgrade(boot: &Boot, database: &Database, wiring: &Wiring) -> anyhow::Result<()> {
    let options = options_with(boot, Backups::Destructive, Some(&wiring.metrics));
    let report = Engine::new(migrations::chain(), options)
        .upgrade(&database.options, &Target::Head)
        .await
        .map_err(|error| anyhow::anyhow!(error.render_text()))?;
    let pool = database.pool(2).await?;
    jobs::migrate(&pool).await?;
    pool.close().await;
    if !report.revisions.is_empty() {
        tracing::info!(revisions = report.revisions.len(), "the schema is at head");
    }
    Ok(())
}

/// Ctrl-C or the service manager's TERM, listened for from the call on, not only once somebody waits.
pub(crate) fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
