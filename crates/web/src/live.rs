//! Open pages and programs are told what changed: a transaction notifies, every process listens, whoever follows a
//! topic fetches the part again. Only topics and ids travel, never data, and each topic only to who may see its things.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use kernel::Actor;
use sqlx::PgConnection;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::{Access, ApiActor, AppState, News, Problem, Routes, Upgrade};

const CHANNEL: &str = "magflow_live";
/// A browser that falls this far behind refreshes everything instead.
const BACKLOG: usize = 256;
/// Proxies cut connections that are silent for half a minute and more.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Announces a change to open pages once the transaction commits. Topics: `orders`, `order-12`, `emag-run-3`.
pub async fn tell(conn: &mut PgConnection, topic: &str) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(topic)
        .execute(conn)
        .await?;
    Ok(())
}

/// A notification holds 8000 bytes; more rows than this are told as "look at everything".
const ROWS_MAX: usize = 300;

/// Announces changed rows of a topic to programs that follow rows. Pages hear [`tell`] alone, of which a transaction
/// says each topic once.
pub async fn tell_rows(conn: &mut PgConnection, topic: &str, ids: &[i64]) -> Result<(), sqlx::Error> {
    let ids = if ids.len() > ROWS_MAX {
        String::new()
    } else {
        ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
    };
    tell(conn, &format!("{topic}{ROWS}{ids}")).await
}

/// Between a topic and its rows.
const ROWS: char = '#';

/// Rows of a topic that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsChanged {
    pub topic: String,
    /// Empty: nobody knows which.
    pub ids: Vec<i64>,
}

impl RowsChanged {
    /// Nobody knows what changed.
    pub fn is_everything(&self) -> bool {
        self.topic == EVERYTHING
    }

    fn read(topic: &str, ids: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            ids: ids.split(',').filter_map(|id| id.parse().ok()).collect(),
        }
    }
}

/// Spreads topics within this process.
#[derive(Clone, Debug)]
pub struct LiveHub {
    topics: broadcast::Sender<String>,
    rows: broadcast::Sender<RowsChanged>,
}

impl Default for LiveHub {
    fn default() -> Self {
        Self {
            topics: broadcast::channel(BACKLOG).0,
            rows: broadcast::channel(BACKLOG).0,
        }
    }
}

impl LiveHub {
    /// Topics; `*` is everything.
    pub fn subscribe(&self) -> broadcast::Receiver<String> {
        self.topics.subscribe()
    }

    /// Changed rows of all topics.
    pub fn rows(&self) -> broadcast::Receiver<RowsChanged> {
        self.rows.subscribe()
    }

    /// Listens to the database for ever; a lost connection is made again.
    pub async fn listen(&self, pool: sqlx::PgPool) {
        loop {
            if let Err(error) = self.listen_once(&pool).await {
                tracing::warn!(error = %error, "live updates pause: {error}");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen_once(&self, pool: &sqlx::PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        // Nobody knows what happened while we were away.
        self.send(EVERYTHING);
        loop {
            match listener.try_recv().await? {
                Some(notification) => self.send(notification.payload()),
                // The connection was lost and made again by itself; what was said meanwhile is gone.
                None => self.send(EVERYTHING),
            }
        }
    }

    /// Nobody listening is no failure.
    fn send(&self, payload: &str) {
        if let Some((topic, ids)) = payload.split_once(ROWS) {
            drop(self.rows.send(RowsChanged::read(topic, ids)));
            return;
        }
        if payload == EVERYTHING {
            drop(self.rows.send(RowsChanged::read(EVERYTHING, "")));
        }
        drop(self.topics.send(payload.to_owned()));
    }
}

/// The topic of those who know nothing better.
const EVERYTHING: &str = "*";

/// The stream of pages and the socket of programs; [`crate::app`] adds them to every program.
pub fn routes() -> Routes {
    Routes::new()
        .get("/live", Access::SignedIn, stream)
        .get("/ws/events", Access::SignedIn, events)
}

/// The topic as a message, if this actor may hear of it.
fn message(state: &AppState, actor: &Actor, topic: &str) -> Option<String> {
    let is_everything = topic == EVERYTHING;
    (is_everything || state.may_hear(actor, topic)).then(|| {
        let topic = (!is_everything).then_some(topic);
        serde_json::json!({ "topic": topic }).to_string()
    })
}

async fn stream(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<impl IntoResponse, Problem> {
    let changes = BroadcastStream::new(state.live.subscribe()).filter_map(move |topic| {
        let topic = topic.unwrap_or_else(|_lagged| EVERYTHING.to_owned());
        let data = message(&state, &actor, &topic);
        std::future::ready(data.map(|data| Ok::<_, Infallible>(Event::default().event("changed").data(data))))
    });
    let version =
        futures::stream::once(async { Ok(Event::default().event("version").data(ui::assets::version())) });
    let events = Sse::new(version.chain(changes)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // nginx would hold events back until its buffer is full.
    Ok(([("x-accel-buffering", "no")], events))
}

/// The same topics over a socket: `{"topic":"order-12"}`, or `{"topic":null}` for "look at everything again".
async fn events(State(state): State<AppState>, upgrade: Upgrade) -> Response {
    upgrade.follow(state.live.subscribe(), move |actor, news| {
        let topic = match &news {
            News::Change(topic) => topic.as_str(),
            News::Unknown => EVERYTHING,
        };
        let message = message(&state, &actor, topic);
        async move { Ok(message.into_iter().collect()) }
    })
}
