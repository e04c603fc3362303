//! Serves a local eMAG on 127.0.0.1:4449 with 2,500 offers and 500 orders, a new order about every minute.

use chrono::Utc;
use emag_sandbox::{DEMO_PASSWORD, MAIN_USERNAME, Options, Sandbox, SeedOptions, Settings};

#[tokio::main]
#[allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the entry point knows the wall clock and speaks to a person"
)]
async fn main() -> std::io::Result<()> {
    let now = Utc::now();
    let seed = SeedOptions {
        offers: 2_500,
        orders: 500,
        seed: 1,
        now,
    };
    let mut settings = Settings::default();
    settings
        .trade_orders_per_hour
        .insert(MAIN_USERNAME.to_owned(), 60.0);
    let sandbox = Sandbox::new(Options {
        seed: Some(seed),
        settings,
        ..Options::at(now)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:4449").await?;
    println!(
        "http://{}/api-3  {MAIN_USERNAME}:{DEMO_PASSWORD}",
        listener.local_addr()?
    );
    sandbox.serve(listener, std::future::pending()).await
}
