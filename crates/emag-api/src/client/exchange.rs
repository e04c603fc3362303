//! One call from turn to verdict, with its repeats.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Client;
use crate::breaker::Admission;
use crate::calllog::{CallRecord, bounded};
use crate::error::{ApiError, UnreachableKind};
use crate::pacing::RateHint;
use crate::route::Route;
use crate::transport::{HttpRequest, HttpResponse, Method, TransportError};
use crate::verdict::{Answer, Expected, judge, verdict_name};

/// The transport should give up first; this only guards against one that does not.
const TIMEOUT_GRACE: Duration = Duration::from_secs(5);

/// What the circuit has to say about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Circuit {
    Obeyed,
    /// To test an account while its circuit is open.
    Passed,
}

impl Client {
    /// Sends any route with a JSON body (ignored on GET) and gives the judged answer. `query` starts with `?` or is empty.
    ///
    /// For routes without a typed method. Paced, logged and repeated like every other call.
    pub async fn call(
        &self,
        route: Route,
        query: &str,
        body: &[u8],
        expected: &Expected,
    ) -> Result<Answer, ApiError> {
        self.exchange(Call {
            route,
            query,
            body,
            expected,
            circuit: Circuit::Obeyed,
        })
        .await
    }

    pub(super) async fn exchange(&self, call: Call<'_>) -> Result<Answer, ApiError> {
        let mut attempt = 1;
        loop {
            let verdict = self.send_once(&call, attempt).await?;
            let error = match verdict {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let shared = &self.shared;
            let policy = call.route.retry();
            let Some(pause) = shared
                .retry
                .pause(policy, attempt, &error, shared.jitter.as_ref())
            else {
                return Err(error);
            };
            if matches!(error, ApiError::Throttled { .. }) {
                // Everybody waits, this call with them: its turn comes through the queue.
                self.pacer(call.route.bucket()).hold_back(pause).await;
            } else {
                sleep(pause).await;
            }
            attempt += 1;
        }
    }

    /// One sending. The outer error means that nothing was sent.
    async fn send_once(&self, call: &Call<'_>, attempt: u32) -> Result<Result<Answer, ApiError>, ApiError> {
        let pacer = self.pacer(call.route.bucket());
        // An open circuit must not fill the queue; asked again after the wait, since the circuit may have opened.
        drop(self.admit(call.circuit)?);
        pacer.acquire(self.priority).await;
        let admission = self.admit(call.circuit)?;

        let started = Instant::now();
        let outcome = self.transmit(call).await;
        let verdict = judge(call.expected, &outcome);
        admission.settle(&verdict);
        self.heed_rate(call.route, &outcome, &verdict, attempt).await;
        self.log(call, attempt, started.elapsed(), &outcome, verdict_name(&verdict))
            .await;
        Ok(verdict)
    }

    fn admit(&self, circuit: Circuit) -> Result<Admission, ApiError> {
        match circuit {
            Circuit::Obeyed => self.shared.breaker.admit(),
            Circuit::Passed => Ok(self.shared.breaker.admit_always()),
        }
    }

    async fn transmit(&self, call: &Call<'_>) -> Result<HttpResponse, TransportError> {
        let request = self.request(call);
        let limit = request.timeout + TIMEOUT_GRACE;
        let answer = timeout(limit, self.shared.transport.send(request)).await;
        answer.unwrap_or_else(|_elapsed| {
            Err(TransportError::new(UnreachableKind::Timeout, "no answer in time"))
        })
    }

    fn request(&self, call: &Call<'_>) -> HttpRequest {
        let method = call.route.method();
        let url = format!(
            "{}{}{}",
            self.shared.endpoint.base_url(),
            call.route.path(),
            call.query
        );
        let mut headers = vec![
            ("Authorization", self.credentials().basic_header()),
            ("Accept", "application/json".to_owned()),
        ];
        let body = match method {
            Method::Get => Vec::new(),
            Method::Post | Method::Patch => {
                headers.push(("Content-Type", "application/json".to_owned()));
                call.body.to_vec()
            }
        };
        HttpRequest {
            method,
            url,
            headers,
            body,
            timeout: call.route.timeout(),
        }
    }

    /// The headers and a last 429 that will not be repeated still hold the others back.
    async fn heed_rate(
        &self,
        route: Route,
        outcome: &Result<HttpResponse, TransportError>,
        verdict: &Result<Answer, ApiError>,
        attempt: u32,
    ) {
        let pacer = self.pacer(route.bucket());
        if let Err(ApiError::Throttled { retry_after }) = verdict {
            let shared = &self.shared;
            let gives_up = route.retry() == crate::retry::Retry::Never || attempt >= shared.retry.attempts;
            if gives_up {
                pacer
                    .hold_back(retry_after.unwrap_or(shared.retry.pause_max))
                    .await;
            }
        } else if let Some(hint) = outcome.as_ref().ok().and_then(RateHint::from_headers) {
            pacer.heed(hint);
        }
    }

    async fn log(
        &self,
        call: &Call<'_>,
        attempt: u32,
        duration: Duration,
        outcome: &Result<HttpResponse, TransportError>,
        verdict: &'static str,
    ) {
        let credentials = self.credentials();
        let (status, response_body) = match outcome {
            Ok(response) => (Some(response.status), bounded(&response.body)),
            Err(error) => (None, error.detail.clone()),
        };
        let record = CallRecord {
            at: (self.shared.now)(),
            account: credentials.username().to_owned(),
            route: call.route.name(),
            path: format!("{}{}", call.route.path(), call.query),
            bucket: call.route.bucket(),
            method: call.route.method(),
            request_body: credentials.redact(&bounded(call.body)),
            status,
            response_body: credentials.redact(&response_body),
            verdict,
            duration,
            attempt,
        };
        tracing::debug!(
            emag.account = %record.account, emag.route = record.route, http.status = record.status,
            emag.verdict = verdict, emag.attempt = attempt, "eMAG {} answered {verdict}", record.route
        );
        self.shared.call_log.record(record).await;
    }
}

pub(super) struct Call<'a> {
    pub(super) route: Route,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    pub(super) expected: &'a Expected,
    pub(super) circuit: Circuit,
}
