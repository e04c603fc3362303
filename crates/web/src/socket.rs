//! Sockets: streams of JSON messages from us to whoever follows. The same news as the live pages get, for programs.
//!
//! Always holds: a browser's session counts only from a page of ours; a caller whose session, token or rights end hears
//! nothing after the next pulse; a silent, slow or talking peer is let go; seats are limited, per caller and in all.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, header};
use kernel::{Actor, UserId};
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::{AppState, Caller, Identity, Problem, Source};

/// Proxies cut connections that are silent for half a minute and more. At each pulse the caller is looked up again.
const PULSE: Duration = Duration::from_secs(20);
/// Two pulses without an answer: nobody is there.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// A peer that takes nothing for so long would only fill our memory.
const SEND_TIME_MAX: Duration = Duration::from_secs(10);
/// We expect no message at all; a larger frame than this is an attack.
const INCOMING_BYTES_MAX: usize = 1024;
/// Each costs a task and two buffers.
const SEATS_MAX: usize = 500;
/// Tabs, scripts and a dashboard or two.
const SEATS_PER_CALLER_MAX: usize = 20;

/// What a follower is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<M> {
    Change(M),
    /// Something was missed, as at the beginning: look at everything again.
    Unknown,
}

/// Who sits where. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats(Arc<Mutex<HashMap<Option<UserId>, usize>>>);

/// One seat, given up on drop.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Seats,
    owner: Option<UserId>,
}

impl Seats {
    fn take(&self, owner: Option<UserId>) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let own = taken.entry(owner).or_default();
        if all >= SEATS_MAX || *own >= SEATS_PER_CALLER_MAX {
            return None;
        }
        *own += 1;
        Some(Seat {
            seats: self.clone(),
            owner,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.owner) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.remove(&self.owner);
            }
        }
    }
}

/// The extractor of a socket's handler, which ends in [`Upgrade::follow`].
pub struct Upgrade {
    upgrade: WebSocketUpgrade,
    socket: Follower,
}

/// What is known of the peer.
struct Follower {
    state: AppState,
    /// The request's head, to look the caller up again.
    head: Parts,
    actor: Actor,
    _seat: Seat,
}

impl FromRequestParts<AppState> for Upgrade {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let identity = parts
            .extensions
            .get::<Identity>()
            .cloned()
            .ok_or(Problem::Unauthenticated)?;
        // Any page of the world may open a socket, and the browser sends the cookie along.
        if matches!(identity.source, Source::Cookie { .. }) && !is_from_own_page(&parts.headers) {
            return Err(Problem::Csrf);
        }
        let head = parts.clone();
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::Malformed(rejection.body_text()))?;
        let seat = state
            .seats()
            .take(identity.actor.user_id())
            .ok_or(Problem::TooMany { retry_after: PULSE })?;
        Ok(Self {
            upgrade: upgrade
                .max_message_size(INCOMING_BYTES_MAX)
                .max_frame_size(INCOMING_BYTES_MAX),
            socket: Follower {
                state: state.clone(),
                head,
                actor: identity.actor,
                _seat: seat,
            },
        })
    }
}

/// `Origin` names the host that was asked. A proxy must pass `Host` on unchanged.
fn is_from_own_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN)
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, host)| host);
    matches!((origin, text(header::HOST)), (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host))
}

impl Upgrade {
    /// Opens the socket. `tell` makes the messages of one piece of news for the caller as they are now; an error ends
    /// the stream. The first news is [`News::Unknown`]: from here on nothing is missed in silence.
    pub fn follow<M, F, T>(self, news: broadcast::Receiver<M>, tell: F) -> Response
    where
        M: Clone + Send + 'static,
        F: FnMut(Actor, News<M>) -> T + Send + 'static,
        T: Future<Output = Result<Vec<String>, Problem>> + Send + 'static,
    {
        let follower = self.socket;
        self.upgrade
            .on_upgrade(move |socket| serve(socket, follower, news, tell))
    }
}

/// Why a stream ends from our side.
type End = (u16, &'static str);

async fn serve<M, F, T>(
    mut socket: WebSocket,
    mut follower: Follower,
    mut news: broadcast::Receiver<M>,
    mut tell: F,
) where
    M: Clone,
    F: FnMut(Actor, News<M>) -> T,
    T: Future<Output = Result<Vec<String>, Problem>>,
{
    let end = loop_over(&mut socket, &mut follower, &mut news, &mut tell).await;
    if let Err(Some((code, reason))) = end {
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        // The peer may be gone already, which is what we are about to say.
        drop(timeout(SEND_TIME_MAX, socket.send(close)).await);
    }
}

/// Ends with a reason to tell, or with none when the peer is gone.
async fn loop_over<M, F, T>(
    socket: &mut WebSocket,
    follower: &mut Follower,
    news: &mut broadcast::Receiver<M>,
    tell: &mut F,
) -> Result<(), Option<End>>
where
    M: Clone,
    F: FnMut(Actor, News<M>) -> T,
    T: Future<Output = Result<Vec<String>, Problem>>,
{
    let mut pulse = interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once.
    pulse.tick().await;
    let mut heard_at = Instant::now();
    let mut next = Some(News::Unknown);
    loop {
        if let Some(news) = next.take() {
            let told = tell(follower.actor.clone(), news).await;
            let texts = told.map_err(|problem| Some(ended_by(&problem)))?;
            for text in texts {
                send(socket, Message::Text(text.into())).await?;
            }
        }
        tokio::select! {
            incoming = socket.recv() => {
                heard(incoming.as_ref())?;
                heard_at = Instant::now();
            }
            _ = pulse.tick() => {
                if heard_at.elapsed() > SILENCE_MAX {
                    return Err(Some((close_code::AWAY, "silent for too long")));
                }
                follower.look_up_again().await?;
                send(socket, Message::Ping(bytes::Bytes::new())).await?;
            }
            heard = news.recv() => next = match heard {
                Ok(change) => Some(News::Change(change)),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(News::Unknown),
                Err(broadcast::error::RecvError::Closed) => {
                    return Err(Some((close_code::AWAY, "the server stops")));
                }
            },
        }
    }
}

fn heard(incoming: Option<&Result<Message, axum::Error>>) -> Result<(), Option<End>> {
    match incoming {
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
        Some(Ok(Message::Text(_) | Message::Binary(_))) => {
            Err(Some((close_code::UNSUPPORTED, "this stream only speaks")))
        }
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(None),
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Option<End>> {
    match timeout(SEND_TIME_MAX, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(None),
    }
}

fn ended_by(problem: &Problem) -> End {
    if problem.status().is_server_error() {
        tracing::error!(error = ?problem, "a live stream ended");
        (close_code::ERROR, "a fault of ours")
    } else {
        (close_code::POLICY, "no longer allowed")
    }
}

impl Follower {
    /// A session that ended, a token that was revoked, a right that was taken away: all count at once.
    async fn look_up_again(&mut self) -> Result<(), Option<End>> {
        match self.state.authenticator().authenticate(&self.head).await {
            Ok(Some(mut identity)) => {
                Caller::of(&self.head).sign(&mut identity.actor);
                self.actor = identity.actor;
                Ok(())
            }
            Ok(None) => Err(Some((close_code::POLICY, "no longer signed in"))),
            Err(problem) => Err(Some(ended_by(&problem))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_cannot_take_every_seat_and_a_seat_given_up_is_free() {
        let seats = Seats::default();
        let (ana, bob) = (Some(UserId(1)), Some(UserId(2)));
        let mut taken: Vec<Seat> = (0..SEATS_PER_CALLER_MAX)
            .map(|_| seats.take(ana).unwrap())
            .collect();
        assert!(seats.take(ana).is_none());
        assert!(seats.take(bob).is_some());
        taken.pop();
        assert!(seats.take(ana).is_some());
    }

    #[test]
    fn there_are_only_so_many_seats() {
        let seats = Seats::default();
        let mut taken = Vec::new();
        for n in 0.. {
            let Some(seat) = seats.take(Some(UserId(n / 10))) else {
                break;
            };
            taken.push(seat);
        }
        assert_eq!(taken.len(), SEATS_MAX);
    }

    #[track_caller]
    fn check(origin: Option<&str>, host: &str, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        assert_eq!(is_from_own_page(&headers), expected, "{origin:?} {host}");
    }

    #[test]
    fn a_foreign_page_cannot_listen_with_somebody_s_cookie() {
        check(Some("https://shop.example"), "shop.example", true);
        check(Some("http://127.0.0.1:8080"), "127.0.0.1:8080", true);
        check(Some("https://evil.example"), "shop.example", false);
        check(Some("https://shop.example.evil"), "shop.example", false);
        check(Some("https://shop.example:444"), "shop.example", false);
        check(Some("null"), "shop.example", false);
        check(None, "shop.example", false);
    }
}
