//! Reads an account's orders of the last week and prints one line for each.
//!
//! `cargo run -p emag-api --features reqwest --example read_orders -- http://127.0.0.1:8080/api-3 user password`
#![allow(clippy::print_stdout, reason = "printing is what this example is for")]
#![allow(
    clippy::disallowed_methods,
    reason = "an example is an entry point and may look at the clock"
)]

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use emag_api::{
    BreakerRules, Client, ClientParts, Credentials, Endpoint, NoCallLog, NoJitter, Pacers, Platform,
    ReqwestTransport, RetryRules, order_windows,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, username, password] = arguments.as_slice() else {
        return Err("usage: read_orders BASE_URL USERNAME PASSWORD".into());
    };
    let client = Client::new(ClientParts {
        endpoint: Endpoint::at(Platform::EmagRo, base_url),
        credentials: Credentials::new(username, password),
        transport: Arc::new(ReqwestTransport::new()?),
        pacers: Pacers::new(),
        call_log: Arc::new(NoCallLog),
        jitter: Arc::new(NoJitter),
        now: Arc::new(Utc::now),
        retry: RetryRules::default(),
        breaker: BreakerRules::default(),
    });
    let now = Utc::now();
    for window in order_windows(now - TimeDelta::days(7), now, client.endpoint().zone) {
        let mut pages = client.read_orders(window.filter());
        while let Some(page) = pages.next().await? {
            for order in &page.rows {
                println!(
                    "{} {:?} {:?}, {} lines",
                    order.id,
                    order.kind,
                    order.status,
                    order.products.len()
                );
            }
            for row in &page.unreadable {
                println!("unreadable row {:?}: {}", row.id, row.problem);
            }
        }
    }
    Ok(())
}
