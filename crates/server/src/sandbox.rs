//! `magflow emag-sandbox`: the local eMAG as a server of its own, and inside the demo.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use emag_sandbox::{Faults, Options, Sandbox, SeedOptions};
use kernel::Clock;
use lineage::Exit;
use tokio::net::TcpListener;

use crate::report::{Output, say};

/// What the sandbox starts with.
pub(crate) struct Wanted<'a> {
    pub(crate) offers: usize,
    pub(crate) orders: usize,
    pub(crate) seed: u64,
    pub(crate) faults: Option<&'a Path>,
}

pub(crate) fn build(wanted: &Wanted<'_>) -> anyhow::Result<Sandbox> {
    let now = Clock::system().now();
    let faults: Faults = match wanted.faults {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} holds no faults", path.display()))?
        }
        None => Faults::default(),
    };
    let seed = SeedOptions {
        offers: wanted.offers,
        orders: wanted.orders,
        seed: wanted.seed,
        now,
    };
    Ok(Sandbox::new(Options {
        seed: Some(seed),
        faults,
        ..Options::at(now)
    }))
}

pub(crate) async fn run(listen: SocketAddr, wanted: &Wanted<'_>, output: Output) -> anyhow::Result<Exit> {
    let sandbox = build(wanted)?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listening on {listen}"))?;
    let url = format!("http://{}", listener.local_addr()?);
    let ready = serde_json::json!({
        "url": url,
        "accounts": [
            { "username": emag_sandbox::MAIN_USERNAME, "password": emag_sandbox::DEMO_PASSWORD, "type": "MAIN" },
            { "username": emag_sandbox::FBE_USERNAME, "password": emag_sandbox::DEMO_PASSWORD, "type": "FBE" },
        ],
    });
    output.report(&ready, || {
        format!(
            "eMAG sandbox on {url}/api-3 (control: {url}/_sandbox)\n  MAIN {} / {}\n  FBE  {} / {}",
            emag_sandbox::MAIN_USERNAME,
            emag_sandbox::DEMO_PASSWORD,
            emag_sandbox::FBE_USERNAME,
            emag_sandbox::DEMO_PASSWORD
        )
    });
    say("Ctrl-C stops it; nothing is kept.");
    sandbox.serve(listener, crate::serve::stop_signal()).await?;
    Ok(Exit::Fine)
}
