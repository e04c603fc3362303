//! What monitoring is told when a part is ill.

use http::StatusCode;
use serde_json::{Value, json};

use super::bench::House;

/// The whole, and the part in question.
async fn check(house: &House, part: &str) -> (String, String, String) {
    let report = crate::health::report(&house.server.state).await.unwrap();
    let json = serde_json::to_value(&report).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = &json["checks"][part];
    (
        text(&json["status"]),
        text(&found["status"]),
        text(&found["detail"]),
    )
}

async fn ready(house: &House) -> StatusCode {
    house.get("/health/ready", "nobody").await.status
}

#[tokio::test]
async fn a_well_house_says_so_in_every_part() {
    let house = House::started().await;
    let token = house.owner().await;
    for path in ["/health/detailed", "/api/v1/system/health/detailed"] {
        let answer = house.get(path, &token).await;
        assert_eq!(answer.status, StatusCode::OK);
        let json = answer.json();
        let checks = json["checks"].as_object().unwrap();
        let names: Vec<_> = checks.keys().map(String::as_str).collect();
        let expected = [
            "database",
            "redis",
            "migrations",
            "disk_space",
            "memory",
            "jobs",
            "emag",
        ];
        assert_eq!(names, expected);
        assert_eq!(json["timestamp"], "2026-11-25T08:00:00Z");
        for (name, check) in checks {
            assert!(
                check["duration_ms"].is_u64() && check["detail"].is_string(),
                "{name}"
            );
            // The test machine's own disk and memory are what they are.
            if !matches!(name.as_str(), "disk_space" | "memory") {
                assert_eq!(check["status"], "healthy", "{name}: {check}");
            }
        }
        assert_eq!(checks["redis"]["detail"], "not configured");
    }
    assert_eq!(ready(&house).await, StatusCode::OK);
}

#[tokio::test]
async fn without_the_database_the_process_lives_and_is_not_ready() {
    let house = House::started().await;
    house.server.state.db.close().await;
    let (all, database, detail) = check(&house, "database").await;
    assert_eq!((all.as_str(), database.as_str()), ("unhealthy", "unhealthy"));
    assert!(detail.starts_with("does not answer"), "{detail}");
    for part in ["migrations", "jobs", "emag"] {
        assert_eq!(check(&house, part).await.1, "unhealthy", "{part}");
    }
    assert_eq!(ready(&house).await, StatusCode::SERVICE_UNAVAILABLE);
    let live = house.get("/health/live", "nobody").await;
    assert_eq!(
        (live.status, live.json()),
        (StatusCode::OK, json!({ "status": "healthy" }))
    );
}

#[tokio::test]
async fn a_schema_that_is_behind_is_not_ready_and_says_what_to_do() {
    let house = House::with(testkit::empty_database().await, &[]);
    let (all, migrations, detail) = check(&house, "migrations").await;
    assert_eq!((all.as_str(), migrations.as_str()), ("unhealthy", "unhealthy"));
    assert!(
        detail.contains("pending") && detail.contains("magflow migrate upgrade"),
        "{detail}"
    );
    let answer = house.get("/health/ready", "nobody").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["status"], "unhealthy");
}

#[tokio::test]
async fn a_silent_redis_degrades_and_stops_nothing() {
    let silent = [("REDIS_URL", "redis://127.0.0.1:9/")];
    let house = House::with(testkit::database().await, &silent);
    let (all, redis, detail) = check(&house, "redis").await;
    assert_eq!((all.as_str(), redis.as_str()), ("degraded", "degraded"));
    assert!(detail.starts_with("does not answer"), "{detail}");
    assert_eq!(ready(&house).await, StatusCode::OK);
}

#[tokio::test]
async fn a_marketplace_account_with_a_fault_degrades_until_it_is_cured() {
    let house = House::started().await;
    let actor = kernel::Actor::system("test");
    let mut tx = house.test.db.begin(&actor).await.unwrap();
    emag::service::accounts::create(&mut tx, &actor, &house.server.emag, account("http://127.0.0.1:9"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(check(&house, "emag").await.1, "healthy");
    house
        .execute("UPDATE app.emag_accounts SET fault = 'bad_credentials', fault_at = now()")
        .await;
    let (all, emag, detail) = check(&house, "emag").await;
    assert_eq!(
        (all.as_str(), emag.as_str()),
        ("degraded", "degraded"),
        "{detail}"
    );
    house
        .execute("UPDATE app.emag_accounts SET fault = NULL, fault_at = NULL")
        .await;
    assert_eq!(check(&house, "emag").await.1, "healthy");
}

pub(super) fn account(base_url: &str) -> emag::NewAccount {
    emag::NewAccount {
        name: "Test".to_owned(),
        platform: "emag-ro".to_owned(),
        kind: emag::AccountKind::Main,
        username: emag_sandbox::MAIN_USERNAME.to_owned(),
        password: emag_sandbox::DEMO_PASSWORD.to_owned(),
        base_url: Some(base_url.to_owned()),
        warehouse: None,
        safety_buffer: 0,
        acknowledge_orders: true,
    }
}

#[tokio::test]
async fn jobs_that_nobody_runs_degrade() {
    let house = House::started().await;
    house
        .execute("SELECT graphile_worker.add_job('server_count_oversell', '[{\"lines\":[]}]'::json)")
        .await;
    assert_eq!(check(&house, "jobs").await.1, "healthy");
    // The queue's own clock is the database's; ours goes far beyond it.
    house.hand.set("2126-01-01T00:00:00Z".parse().unwrap());
    let (all, jobs, detail) = check(&house, "jobs").await;
    assert_eq!(
        (all.as_str(), jobs.as_str()),
        ("degraded", "degraded"),
        "{detail}"
    );
}

#[test]
fn a_disk_that_fills_is_told_in_time() {
    use crate::health::{Status, disk_status};
    for (free_mib, expected) in [
        (10_000, Status::Healthy),
        (2048, Status::Healthy),
        (2047, Status::Degraded),
        (200, Status::Degraded),
        (199, Status::Unhealthy),
        (0, Status::Unhealthy),
    ] {
        assert_eq!(disk_status(free_mib << 20), expected, "{free_mib} MiB");
    }
}
