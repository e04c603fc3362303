//! `magflow demo`: the demo company on a local marketplace, kept between runs.
//!
//! Everything real: the embedded database, the sandbox over HTTP, two accounts connected and read like any shop's.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use kernel::{Actor, Locale};
use lineage::Exit;
use settings::Settings;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::boot::Boot;
use crate::report::{Output, say};
use crate::sandbox;
use crate::serve::{Parts, Run, Running, stop_signal};

const EMAIL: &str = "demo@magflow.test";
/// Printed and public: the demo listens on loopback only.
const PASSWORD: &str = "demo-magflow-2026";
const COMPANY: &str = "Demo Magazin SRL";
const OFFERS: usize = 600;
const ORDERS: usize = 120;
/// New orders an hour, so that something happens while somebody looks.
const TRADE_PER_HOUR: u32 = 40;
/// The first reading of the catalogue is shown as progress and not waited for longer.
const FIRST_SYNC_MAX: Duration = Duration::from_secs(90);

pub(crate) async fn run(boot: &Boot, fresh: bool, port: u16, output: Output) -> anyhow::Result<Exit> {
    let boot = demo_boot(boot)?;
    if fresh {
        forget(boot.data_dir()).await?;
    }
    let database = boot.database().await?;
    let result = run_on(&boot, &database, port, output).await;
    database.close().await;
    result
}

/// The demo keeps its own directory, so that it never touches a real shop's data.
fn demo_boot(boot: &Boot) -> anyhow::Result<Boot> {
    let mut settings = Settings::clone(&boot.settings);
    settings.data_dir = settings.data_dir.join("demo");
    anyhow::ensure!(
        settings.database.url.is_none(),
        "the demo runs on its own embedded database; unset DATABASE_URL for it"
    );
    settings.emag.api_key = None;
    Ok(Boot::new(settings))
}

/// Removes the demo's data, and refuses while it runs.
async fn forget(dir: &Path) -> anyhow::Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let options = db::embedded::EmbeddedOptions {
        data_dir: dir.to_owned(),
        pg_bin_dir: None,
    };
    let running = db::embedded::EmbeddedPostgres::start(options).await?;
    running.stop().await?;
    drop(running);
    tokio::fs::remove_dir_all(dir)
        .await
        .with_context(|| format!("removing {}", dir.display()))
}

async fn run_on(
    boot: &Boot,
    database: &crate::boot::Database,
    port: u16,
    output: Output,
) -> anyhow::Result<Exit> {
    let (stop, stopped) = watch::channel(false);
    let state_file = boot.data_dir().join("sandbox.json");
    let marketplace = start_sandbox(&state_file, stopped).await?;
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    let running = Running::start(
        boot,
        database,
        &Run {
            parts: Parts::WebAndJobs,
            migrate: true,
            listen,
        },
    )
    .await?;
    let address = running.address.context("the demo serves pages")?;
    prepare(&running, &marketplace.url).await?;
    first_sync(&running).await?;
    let url = format!("http://{address}");
    let ready = serde_json::json!({
        "url": url,
        "email": EMAIL,
        "password": PASSWORD,
        "sandbox_url": marketplace.url,
        "database_url": database.url,
    });
    let asked_to_stop = stop_signal();
    output.report(&ready, || {
        format!(
            "\n  MagFlow is at   {url}\n  sign in with    {EMAIL}\n  password        {PASSWORD}\n  local eMAG at   {}/_sandbox/state\n",
            marketplace.url
        )
    });
    say("Ctrl-C stops everything and keeps the data; --fresh starts over.");
    let ended = running.until(asked_to_stop).await;
    let kept = tokio::fs::write(&state_file, serde_json::to_vec(&marketplace.sandbox.state())?).await;
    stop.send_replace(true);
    ended?;
    kept.context("keeping the sandbox's state")?;
    Ok(Exit::Fine)
}

struct Marketplace {
    sandbox: emag_sandbox::Sandbox,
    url: String,
}

async fn start_sandbox(
    state_file: &PathBuf,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<Marketplace> {
    let wanted = sandbox::Wanted {
        offers: OFFERS,
        orders: ORDERS,
        seed: 1,
        faults: None,
    };
    let sandbox = sandbox::build(&wanted)?;
    if let Ok(kept) = tokio::fs::read(state_file).await {
        let document =
            serde_json::from_slice(&kept).context("the kept sandbox is damaged; start over with --fresh")?;
        sandbox.set_state(document).map_err(anyhow::Error::msg)?;
    }
    let trade =
        serde_json::json!({ "trade_orders_per_hour": { emag_sandbox::MAIN_USERNAME: TRADE_PER_HOUR } });
    sandbox.change_settings(trade).map_err(anyhow::Error::msg)?;
    // The accounts remember the address, so it stays the same between runs where it can.
    let port_file = state_file.with_extension("port");
    let kept_port = tokio::fs::read_to_string(&port_file)
        .await
        .ok()
        .and_then(|text| text.trim().parse::<u16>().ok());
    let listener = match TcpListener::bind(("127.0.0.1", kept_port.unwrap_or(0))).await {
        Ok(listener) => listener,
        Err(_taken) => TcpListener::bind(("127.0.0.1", 0)).await?,
    };
    let address = listener.local_addr()?;
    tokio::fs::write(&port_file, address.port().to_string()).await?;
    let serving = sandbox.clone();
    #[allow(
        clippy::disallowed_methods,
        reason = "the demo's own marketplace lives beside the server"
    )]
    tokio::spawn(async move {
        let until = async move { drop(stopped.wait_for(|stop| *stop).await) };
        if let Err(error) = serving.serve(listener, until).await {
            tracing::error!(error = %error, "the sandbox stopped: {error}");
        }
    });
    Ok(Marketplace {
        sandbox,
        url: format!("http://{address}"),
    })
}

/// Owner, company and accounts; what is there already stays.
async fn prepare(running: &Running, sandbox_url: &str) -> anyhow::Result<()> {
    let server = &running.server;
    let actor = Actor::system("demo");
    let mut tx = server.state.db.begin(&actor).await?;
    identity::ensure_company(&mut tx, COMPANY, "RON", Locale::Ro).await?;
    tx.commit().await?;
    identity::ensure_owner(&server.state.db, &actor, EMAIL, "Ana Popescu", PASSWORD).await?;
    for (name, kind, username) in [
        ("eMAG MAIN", emag::AccountKind::Main, emag_sandbox::MAIN_USERNAME),
        ("eMAG FBE", emag::AccountKind::Fbe, emag_sandbox::FBE_USERNAME),
    ] {
        let wanted = emag::NewAccount {
            name: name.to_owned(),
            platform: "emag-ro".to_owned(),
            kind,
            username: username.to_owned(),
            password: emag_sandbox::DEMO_PASSWORD.to_owned(),
            base_url: Some(format!("{sandbox_url}/api-3")),
            warehouse: None,
            safety_buffer: 0,
            acknowledge_orders: true,
        };
        crate::marketplace::ensure(&server.state.db, &server.emag, &actor, wanted).await?;
    }
    Ok(())
}

/// Waits, with progress, until the catalogue is there.
async fn first_sync(running: &Running) -> anyhow::Result<()> {
    let db = &running.server.state.db;
    let deadline = tokio::time::Instant::now() + FIRST_SYNC_MAX;
    let mut shown = 0;
    while tokio::time::Instant::now() < deadline {
        let read = emag::first_reading(&mut *db.read().await?).await?;
        if read.unread_accounts == 0 {
            break;
        }
        if read.offers + read.orders > shown {
            shown = read.offers + read.orders;
            say(&format!(
                "reading the marketplace: {} offers, {} orders",
                read.offers, read.orders
            ));
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    Ok(())
}
