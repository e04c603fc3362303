//! Tests by topic. Shared here: a client over the scriptable partner, with no jitter and a fixed wall clock.

mod lenient;
mod pacing;
mod paging;
mod resilience;
mod saves;
mod verdicts;
mod wire;

use std::sync::Arc;

use chrono::DateTime;

use crate::{
    BreakerRules, Client, ClientParts, Credentials, Endpoint, FakeTransport, MemoryCallLog, NoJitter, Pacers,
    Platform, RetryRules,
};

const PASSWORD: &str = "s3cret-passw0rd";

fn parts(partner: &FakeTransport, log: &MemoryCallLog) -> ClientParts {
    ClientParts {
        endpoint: Endpoint::at(Platform::EmagRo, "http://partner.test/api-3/"),
        credentials: Credentials::new("shop@magflow.test", PASSWORD),
        transport: Arc::new(partner.clone()),
        pacers: Pacers::new(),
        call_log: Arc::new(log.clone()),
        jitter: Arc::new(NoJitter),
        now: Arc::new(|| DateTime::UNIX_EPOCH),
        retry: RetryRules::default(),
        breaker: BreakerRules::default(),
    }
}

fn client(partner: &FakeTransport) -> Client {
    Client::new(parts(partner, &MemoryCallLog::default()))
}

fn body_of(request: &crate::HttpRequest) -> serde_json::Value {
    serde_json::from_slice(&request.body).unwrap()
}
