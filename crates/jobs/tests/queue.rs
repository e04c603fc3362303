//! What a slice relies on: a job exists exactly when its transaction commits, runs, runs again when it says so.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jobs::{Enqueue, Event, Job, JobFailure, Registry, Runner, Subscription, enqueue, publish, register};
use kernel::{Actor, Clock};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Vec<i64>>>);

#[derive(Serialize, Deserialize)]
struct Note {
    id: i64,
}

impl Job for Note {
    const NAME: &'static str = "test_note";
    type Context = Seen;

    async fn run(self, seen: Seen) -> Result<(), JobFailure> {
        let tries = {
            let mut all = seen.0.lock().unwrap();
            all.push(self.id);
            all.iter().filter(|id| **id == self.id).count()
        };
        match self.id {
            7 if tries == 1 => Err(JobFailure::Retry {
                after: Duration::ZERO,
                why: "not yet".to_owned(),
            }),
            13 => Err(JobFailure::Discard("nothing to do".to_owned())),
            _ => Ok(()),
        }
    }
}

impl Event for Note {
    const NAME: &'static str = "test.noted";
}

async fn run(test: &testkit::TestDb, seen: &Seen) {
    let mut registry = Registry::default();
    registry.job::<Note>();
    registry.context(seen.clone());
    let runner = Runner::start(&test.db, Clock::system(), registry, 2)
        .await
        .unwrap();
    runner.run_once().await.unwrap();
}

#[tokio::test]
async fn a_job_exists_only_when_its_transaction_commits() {
    let test = testkit::database().await;
    let mut tx = test.db.begin(&Actor::system("test")).await.unwrap();
    enqueue(&mut tx, &Note { id: 1 }, Enqueue::default())
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    let mut tx = test.db.begin(&Actor::system("test")).await.unwrap();
    enqueue(&mut tx, &Note { id: 2 }, Enqueue::default())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let seen = Seen::default();
    run(&test, &seen).await;
    assert_eq!(*seen.0.lock().unwrap(), [2]);
    assert!(testkit::jobs(&test).await.is_empty());
}

#[tokio::test]
async fn a_job_that_says_again_runs_again_and_one_that_says_never_does_not() {
    let test = testkit::database().await;
    let mut tx = test.db.begin(&Actor::system("test")).await.unwrap();
    for id in [7, 13] {
        enqueue(&mut tx, &Note { id }, Enqueue::default().on_queue("one"))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let seen = Seen::default();
    run(&test, &seen).await;
    run(&test, &seen).await;
    let mut all = seen.0.lock().unwrap().clone();
    all.sort_unstable();
    assert_eq!(all, [7, 7, 13]);
    assert!(testkit::jobs(&test).await.is_empty());
}

#[tokio::test]
async fn a_stream_of_events_becomes_one_waiting_job() {
    let test = testkit::database().await;
    let mut tx = test.db.begin(&Actor::system("test")).await.unwrap();
    for _ in 0..100 {
        enqueue(&mut tx, &Note { id: 3 }, Enqueue::keyed("note-3"))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(testkit::jobs(&test).await.len(), 1);
}

#[tokio::test]
async fn an_event_reaches_whoever_subscribed_and_nobody_else() {
    let test = testkit::database().await;
    let mut tx = test.db.begin(&Actor::system("test")).await.unwrap();
    publish(&mut tx, &Note { id: 4 }).await.unwrap();
    register(
        &mut tx,
        &[Subscription {
            event: Note::NAME_EVENT,
            job: "test_note",
            queue: None,
        }],
    )
    .await
    .unwrap();
    publish(&mut tx, &Note { id: 5 }).await.unwrap();
    register(&mut tx, &[]).await.unwrap();
    publish(&mut tx, &Note { id: 6 }).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        testkit::jobs(&test).await,
        [("test_note".to_owned(), serde_json::json!([{ "id": 5 }]))]
    );
}

#[tokio::test]
async fn a_page_of_orders_started_two_jobs_for_each_order() {
    let test = testkit::database().await;
    let listen = [Subscription {
        event: Note::NAME_EVENT,
        job: "test_note",
        queue: None,
    }];
    let mut tx = test.db.begin(&Actor::system("test")).await.unwrap();
    register(&mut tx, &listen).await.unwrap();
    // The queue makes the name of a job at its first use.
    publish(&mut tx, &Note { id: 0 }).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = test.db.begin(&Actor::system("test")).await.unwrap();
    let mut other = test.db.begin(&Actor::system("test")).await.unwrap();
    publish(&mut tx, &Note { id: 1 }).await.unwrap();
    publish(&mut other, &Note { id: 7 }).await.unwrap();
    publish(&mut tx, &Note { id: 2 }).await.unwrap();
    let mut part = sqlx::Acquire::begin(&mut *tx).await.unwrap();
    publish(&mut part, &Note { id: 3 }).await.unwrap();
    part.rollback().await.unwrap();
    other.commit().await.unwrap();
    tx.commit().await.unwrap();
    let mut payloads: Vec<_> = testkit::jobs(&test)
        .await
        .into_iter()
        .map(|(_, payload)| payload)
        .collect();
    payloads.sort_by_key(ToString::to_string);
    assert_eq!(
        payloads,
        [
            serde_json::json!([{ "id": 0 }]),
            serde_json::json!([{ "id": 1 }, { "id": 2 }]),
            serde_json::json!([{ "id": 7 }])
        ]
    );
}

impl Note {
    const NAME_EVENT: &'static str = <Self as Event>::NAME;
}
