//! For tests: a real PostgreSQL, a database of one's own, a clock that stands still, an actor.
//!
//! All test processes share one throw-away server; every test gets a database cloned from a template made once per
//! state of the migrations. Knows no slice.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a broken test bench must stop the test, loudly"
)]

mod bench;

use kernel::{Actor, ActorKind, Clock, ManualClock, Timestamp};
use sqlx::{Connection as _, PgConnection};

/// A database of one's own at the head of the migrations; dropped with the value.
pub struct TestDb {
    pub db: db::Db,
    name: String,
    url: String,
}

impl TestDb {
    /// Address of this database, for a second connection or another process.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        bench::drop_database(&self.name);
    }
}

/// A fresh database at head.
pub async fn database() -> TestDb {
    let server = bench::server();
    let template = bench::template(&server).await;
    let name = format!("t_{:016x}", rand::random::<u64>());
    bench::execute(
        &server,
        &format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"),
    )
    .await;
    open(&server, name).await
}

/// An empty database, for those who bring their own schema.
pub async fn empty_database() -> TestDb {
    let server = bench::server();
    let name = format!("t_{:016x}", rand::random::<u64>());
    bench::execute(&server, &bench::create_database(&name)).await;
    open(&server, name).await
}

async fn open(server: &bench::Server, name: String) -> TestDb {
    let url = server.url(&name);
    let options = db::PoolOptions {
        max_connections: 10,
        ..db::PoolOptions::default()
    };
    let db = db::Db::connect(&url, options)
        .await
        .expect("the test database answers");
    TestDb { db, name, url }
}

/// Wednesday 2026-11-25, ten in the morning in Bucharest.
pub fn clock() -> (Clock, ManualClock) {
    Clock::manual("2026-11-25T08:00:00Z".parse::<Timestamp>().expect("a time"))
}

/// A user who may do everything, with a row in the users table.
pub async fn user(test: &TestDb) -> Actor {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO app.users (email, name, password_hash) VALUES ($1, 'Ana Test', 'not a hash') RETURNING id",
    )
    .bind(format!("ana{:08x}@example.test", rand::random::<u32>()))
    .fetch_one(test.db.pool())
    .await
    .expect("a user");
    Actor {
        kind: ActorKind::User(kernel::UserId(id)),
        ..Actor::system("test")
    }
}

/// Names and payloads of the jobs that wait, oldest first.
pub async fn jobs(test: &TestDb) -> Vec<(String, serde_json::Value)> {
    sqlx::query_as(
        "SELECT t.identifier, j.payload::jsonb FROM graphile_worker._private_jobs j \
         JOIN graphile_worker._private_tasks t ON t.id = j.task_id ORDER BY j.id",
    )
    .fetch_all(test.db.pool())
    .await
    .expect("the queue")
}

/// A connection of its own to a test database.
pub async fn connection(test: &TestDb) -> PgConnection {
    PgConnection::connect(test.url()).await.expect("a connection")
}
