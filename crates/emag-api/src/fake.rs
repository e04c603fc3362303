//! A scriptable partner for tests: answers by path, keeps what it was asked. Never opens a socket.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::calllog::{CallLog, CallRecord};
use crate::error::UnreachableKind;
use crate::transport::{HttpRequest, HttpResponse, Transport, TransportError};

/// One scripted answer.
#[derive(Debug, Clone)]
pub struct Reply {
    outcome: Result<HttpResponse, TransportError>,
    delay: Duration,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, body.to_string())
    }

    /// An accepted answer with these results.
    pub fn results(results: &Value) -> Self {
        Self::json(
            200,
            &serde_json::json!({"isError": false, "messages": [], "results": results}),
        )
    }

    /// HTTP 200 with `isError: true`.
    pub fn refused(messages: &[&str]) -> Self {
        Self::json(
            200,
            &serde_json::json!({"isError": true, "messages": messages, "results": []}),
        )
    }

    pub fn throttled() -> Self {
        Self::json(429, &serde_json::json!({"message": "API rate limit exceeded"}))
    }

    pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let response = HttpResponse {
            status,
            headers: Vec::new(),
            body: body.into(),
        };
        Self {
            outcome: Ok(response),
            delay: Duration::ZERO,
        }
    }

    pub fn unreachable(kind: UnreachableKind) -> Self {
        Self {
            outcome: Err(TransportError::new(kind, "scripted")),
            delay: Duration::ZERO,
        }
    }

    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Ok(response) = &mut self.outcome {
            response.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Answers after this long on tokio's clock.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

type Answerer = Arc<dyn Fn(&HttpRequest) -> Reply + Send + Sync>;

#[derive(Default)]
struct Script {
    once: HashMap<String, VecDeque<Reply>>,
    always: HashMap<String, Answerer>,
    asked: Vec<(Instant, HttpRequest)>,
}

/// Answers by the end of the path (`order/read`); a path nobody scripted is answered 404 `Invalid URL`.
#[derive(Clone, Default)]
pub struct FakeTransport {
    script: Arc<Mutex<Script>>,
}

impl FakeTransport {
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next call of this path; several queue up.
    #[must_use]
    pub fn once(self, path: &str, reply: Reply) -> Self {
        self.lock()
            .once
            .entry(path.to_owned())
            .or_default()
            .push_back(reply);
        self
    }

    /// Answers every call of this path that has nothing queued.
    #[must_use]
    pub fn always(self, path: &str, reply: Reply) -> Self {
        self.answering(path, move |_request| reply.clone())
    }

    /// Answers every call of this path by looking at it.
    #[must_use]
    pub fn answering(
        self,
        path: &str,
        answer: impl Fn(&HttpRequest) -> Reply + Send + Sync + 'static,
    ) -> Self {
        self.lock().always.insert(path.to_owned(), Arc::new(answer));
        self
    }

    /// Everything it was asked so far.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.lock()
            .asked
            .iter()
            .map(|(_, request)| request.clone())
            .collect()
    }

    /// When each call arrived, on tokio's clock.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.lock().asked.iter().map(|(at, _)| *at).collect()
    }

    fn reply_to(&self, request: &HttpRequest) -> Reply {
        let mut script = self.lock();
        script.asked.push((Instant::now(), request.clone()));
        let path = request.url.split('?').next().unwrap_or_default().to_owned();
        let queued = script
            .once
            .iter_mut()
            .find(|(end, replies)| path.ends_with(end.as_str()) && !replies.is_empty());
        if let Some(reply) = queued.and_then(|(_, replies)| replies.pop_front()) {
            return reply;
        }
        let answerer = script
            .always
            .iter()
            .find(|(end, _)| path.ends_with(end.as_str()))
            .map(|(_, found)| found.clone());
        drop(script);
        let invalid = || Reply::json(404, &serde_json::json!({"message": "Invalid URL"}));
        answerer.map_or_else(invalid, |answer| answer(request))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Transport for FakeTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let reply = self.reply_to(&request);
        tokio::time::sleep(reply.delay).await;
        reply.outcome
    }
}

/// Keeps the records in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryCallLog {
    records: Arc<Mutex<Vec<CallRecord>>>,
}

impl MemoryCallLog {
    pub fn records(&self) -> Vec<CallRecord> {
        self.records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait::async_trait]
impl CallLog for MemoryCallLog {
    async fn record(&self, record: CallRecord) {
        self.records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(record);
    }
}
