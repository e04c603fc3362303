//! The metrics of the house under the names that monitoring relies on.

use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

/// A metric could not be declared or written.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetricsError(#[from] prometheus::Error);

/// All metrics of one process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Seconds to answer, by route pattern, method and status.
    pub api_response_seconds: HistogramVec,
    pub migration_errors_total: IntCounterVec,
    pub migration_applied_total: IntCounterVec,
    pub migration_pending: IntGauge,
    pub db_connections_active: IntGauge,
    pub db_connections_idle: IntGauge,
    pub db_pool_wait_seconds: Histogram,
    /// Jobs by state: waiting, running, failing, dead.
    pub jobs_current: IntGaugeVec,
    pub jobs_oldest_due_seconds: IntGauge,
    pub emag_requests_total: IntCounterVec,
    pub emag_budget_tokens: GaugeVec,
    pub rate_limited_total: IntCounter,
    pub stock_oversell_refused_total: IntCounter,
    pub cache_hits_total: IntCounterVec,
    pub cache_misses_total: IntCounterVec,
}

impl Metrics {
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let metrics = Self {
            api_response_seconds: HistogramVec::new(
                HistogramOpts::new("api_response_seconds", "Seconds to answer a request").buckets(vec![
                    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
                ]),
                &["route", "method", "status"],
            )?,
            migration_errors_total: counters(
                "migration_errors_total",
                "Failed migrations",
                &["class", "sqlstate"],
            )?,
            migration_applied_total: counters("migration_applied_total", "Migrations run", &["direction"])?,
            migration_pending: IntGauge::new("migration_pending", "Revisions not applied yet")?,
            db_connections_active: IntGauge::new("db_connections_active", "Database connections in use")?,
            db_connections_idle: IntGauge::new("db_connections_idle", "Database connections at rest")?,
            db_pool_wait_seconds: Histogram::with_opts(
                HistogramOpts::new("db_pool_wait_seconds", "Seconds waited for a database connection")
                    .buckets(vec![0.0001, 0.001, 0.01, 0.1, 1.0, 10.0]),
            )?,
            jobs_current: IntGaugeVec::new(
                Opts::new("jobs_current", "Background jobs by state"),
                &["state"],
            )?,
            jobs_oldest_due_seconds: IntGauge::new(
                "jobs_oldest_due_seconds",
                "Age of the oldest job that is due",
            )?,
            emag_requests_total: counters(
                "emag_requests_total",
                "Marketplace calls",
                &["account", "route", "verdict"],
            )?,
            emag_budget_tokens: GaugeVec::new(
                Opts::new("emag_budget_tokens", "Marketplace calls that may be made at once"),
                &["account", "bucket"],
            )?,
            rate_limited_total: IntCounter::new("rate_limited_total", "Requests refused as too many")?,
            stock_oversell_refused_total: IntCounter::new(
                "stock_oversell_refused_total",
                "Reservations that found too few units",
            )?,
            cache_hits_total: counters("cache_hits_total", "Answers found in the cache", &["cache"])?,
            cache_misses_total: counters("cache_misses_total", "Answers not found in the cache", &["cache"])?,
            registry,
        };
        metrics.register()?;
        Ok(metrics)
    }

    fn register(&self) -> Result<(), MetricsError> {
        let all: [Box<dyn prometheus::core::Collector>; 16] = [
            Box::new(self.api_response_seconds.clone()),
            Box::new(self.migration_errors_total.clone()),
            Box::new(self.migration_applied_total.clone()),
            Box::new(self.migration_pending.clone()),
            Box::new(self.db_connections_active.clone()),
            Box::new(self.db_connections_idle.clone()),
            Box::new(self.db_pool_wait_seconds.clone()),
            Box::new(self.jobs_current.clone()),
            Box::new(self.jobs_oldest_due_seconds.clone()),
            Box::new(self.emag_requests_total.clone()),
            Box::new(self.emag_budget_tokens.clone()),
            Box::new(self.rate_limited_total.clone()),
            Box::new(self.stock_oversell_refused_total.clone()),
            Box::new(self.cache_hits_total.clone()),
            Box::new(self.cache_misses_total.clone()),
            Box::new(Self::info()?),
        ];
        for collector in all {
            self.registry.register(collector)?;
        }
        // Counters with labels exist only once touched; the founding names must be there from the first scrape.
        self.migration_errors_total
            .with_label_values(&["none", "none"])
            .inc_by(0);
        Ok(())
    }

    fn info() -> Result<IntGaugeVec, MetricsError> {
        let info = IntGaugeVec::new(Opts::new("magflow_info", "The version that runs"), &["version"])?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(info)
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> Result<String, MetricsError> {
        let mut buffer = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer).into_owned())
    }
}

fn counters(name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
    Ok(IntCounterVec::new(Opts::new(name, help), labels)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_founding_names_are_there_from_the_first_scrape() {
        let metrics = Metrics::new().unwrap();
        metrics
            .api_response_seconds
            .with_label_values(&["/x", "GET", "200"])
            .observe(0.003);
        let text = metrics.render().unwrap();
        for name in [
            "migration_errors_total",
            "api_response_seconds_bucket",
            "db_connections_active",
        ] {
            assert!(text.contains(name), "{name} is missing in\n{text}");
        }
    }
}
