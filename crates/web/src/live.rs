//! Open pages are told what changed: a transaction notifies, every process listens, every browser that follows a
//! topic fetches the part again. Only topics travel, never data, so a listener learns nothing it may not read.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::StreamExt as _;
use sqlx::PgConnection;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::{Access, AppState, Problem, Routes};

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

/// Spreads topics within this process.
#[derive(Clone, Debug)]
pub struct LiveHub {
    sender: broadcast::Sender<String>,
}

impl Default for LiveHub {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(BACKLOG).0,
        }
    }
}

impl LiveHub {
    pub fn subscribe(&self) -> broadcast::Receiver<String> {
        self.sender.subscribe()
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
        self.send("*");
        loop {
            match listener.try_recv().await? {
                Some(notification) => self.send(notification.payload()),
                // The connection was lost and made again by itself; what was said meanwhile is gone.
                None => self.send("*"),
            }
        }
    }

    fn send(&self, topic: &str) {
        // No browser listening is no failure.
        drop(self.sender.send(topic.to_owned()));
    }
}

pub(crate) fn routes() -> Routes {
    Routes::new().get("/live", Access::SignedIn, stream)
}

async fn stream(State(state): State<AppState>) -> Result<impl IntoResponse, Problem> {
    let changes = BroadcastStream::new(state.live.subscribe()).map(|topic| {
        let topic = topic.unwrap_or_else(|_lagged| "*".to_owned());
        let data = serde_json::json!({ "topic": if topic == "*" { None } else { Some(topic) } });
        Ok::<_, Infallible>(Event::default().event("changed").data(data.to_string()))
    });
    let version =
        futures::stream::once(async { Ok(Event::default().event("version").data(ui::assets::version())) });
    let events = Sse::new(version.chain(changes)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // nginx would hold events back until its buffer is full.
    Ok(([("x-accel-buffering", "no")], events))
}
