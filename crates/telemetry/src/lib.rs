//! Logs (text or JSON), request ids and the metrics registry.
//!
//! A log line reads alone; field names are the same everywhere, units stand in the name. Never logs a secret, since
//! secrets have types that do not print.

mod metrics;

use rand::Rng as _;
use settings::{Log, LogFormat};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::ChronoUtc;

pub use metrics::{Metrics, MetricsError};

/// Installs the process-wide subscriber. Logs go to standard error, so that standard output stays for reports.
/// A second call changes nothing.
pub fn install(log: &Log) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let installed = match log.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_timer(ChronoUtc::rfc_3339())
            .try_init(),
        LogFormat::Text => builder.with_target(false).compact().try_init(),
    };
    if installed.is_err() {
        tracing::debug!("a log subscriber is installed already");
    }
}

/// A fresh request id: 16 hex digits, short enough to read out on the phone.
pub fn request_id() -> String {
    format!("{:016x}", rand::rng().random::<u64>())
}
