//! Every route of the program: who is let in, who is not.

use std::collections::BTreeSet;

use http::StatusCode;
use kernel::{Actor, Permission};
use web::{Access, RouteEntry};

use super::bench::{Call, House};

/// What anybody may call, with the reason. A route that is not here must ask who is calling.
const PUBLIC: &[(&str, &str)] = &[
    ("GET /login", "where one signs in"),
    ("POST /login", "where one signs in"),
    ("POST /api/v1/auth/login", "where a program signs in"),
    ("POST /api/v1/auth/refresh", "the refresh token is the proof"),
    (
        "GET /setup",
        "there is no user yet; asks for this machine or the code",
    ),
    (
        "POST /setup",
        "there is no user yet; asks for this machine or the code",
    ),
    (
        "POST /preferences",
        "language and theme before log-in; changes a cookie only",
    ),
    ("GET /health/live", "says that the process lives and nothing else"),
    (
        "GET /health/ready",
        "load balancers have no log-in; says how many revisions are pending",
    ),
    ("GET /api/v1/system/health/live", "as /health/live"),
    ("GET /api/v1/system/health/ready", "as /health/ready"),
    (
        "GET /api/v1/openapi.json",
        "the contract is the same for everybody and published",
    ),
    (
        "GET /assets/{*path}",
        "style sheet, script and icons of the log-in page",
    ),
];

/// Everything the program serves.
fn table() -> Vec<RouteEntry> {
    let routes = crate::wiring::routes().merge(web::live::routes());
    routes.table().to_vec()
}

fn name(route: &RouteEntry) -> String {
    format!("{} {}", route.method, route.path)
}

/// An address of the route: every parameter is 1.
fn address(route: &RouteEntry) -> String {
    let parts: Vec<&str> = route
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { "1" } else { part })
        .collect();
    parts.join("/")
}

fn is_for_programs(route: &RouteEntry) -> bool {
    if matches!(route.access, Access::NearbyOr(_)) {
        return true;
    }
    ["/api/v1/", "/ws/", "/live"]
        .iter()
        .any(|start| route.path.starts_with(start))
}

#[test]
fn what_anybody_may_call_is_listed_with_its_reason() {
    let public: BTreeSet<String> = table()
        .iter()
        .filter(|route| route.access == Access::Public)
        .map(name)
        .collect();
    let listed: BTreeSet<String> = PUBLIC.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(public, listed);
}

#[test]
fn every_permission_of_a_route_is_one_that_roles_can_hold() {
    let known = crate::wiring::permissions();
    for route in table() {
        if let Access::Needs(permission) | Access::NearbyOr(permission) = route.access {
            assert!(known.contains(&permission), "{}", name(&route));
        }
    }
}

#[tokio::test]
async fn a_stranger_gets_nothing_from_any_route_that_is_not_public() {
    let house = House::started().await;
    for route in table().iter().filter(|route| route.access != Access::Public) {
        let answer = house.ask(Call::new(route.method, &address(route))).await;
        if is_for_programs(route) {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", name(route));
            assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="MagFlow""#);
        } else {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", name(route));
            assert!(answer.header("location").starts_with("/login"), "{}", name(route));
        }
    }
}

/// One role that holds everything but one right, anew for every right.
async fn hold_all_but(house: &House, permission: Permission) {
    sqlx::query(
        "WITH role AS (SELECT id FROM app.roles WHERE code = 'almost'), \
              gone AS (DELETE FROM app.role_permissions WHERE role_id = (SELECT id FROM role) AND permission = $1) \
         INSERT INTO app.role_permissions (role_id, permission) \
         SELECT role.id, p.code FROM role, app.permissions p WHERE p.code <> $1 ON CONFLICT DO NOTHING",
    )
    .bind(permission.code())
    .execute(house.test.db.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn whoever_lacks_the_one_right_a_route_needs_is_refused_by_it_whatever_else_they_may() {
    let house = House::started().await;
    house
        .execute("INSERT INTO app.roles (code, name) VALUES ('almost', 'Almost everything')")
        .await;
    let token = house.token("almost@example.test", "almost").await;
    for permission in crate::wiring::permissions() {
        hold_all_but(&house, permission).await;
        let needing = table().into_iter().filter(|route| {
            route.access == Access::Needs(permission) || route.access == Access::NearbyOr(permission)
        });
        for route in needing {
            let answer = house
                .ask(Call::new(route.method, &address(&route)).bearer(&token))
                .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", name(&route));
            assert!(
                answer.body.contains(permission.code()),
                "{}: {}",
                name(&route),
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn a_form_of_a_foreign_page_changes_nothing_on_any_route() {
    let house = House::started().await;
    house.owner().await;
    let cookie = house.cookie("owner@example.test").await;
    let writing = |route: &&RouteEntry| route.method != "GET";
    for route in table().iter().filter(writing) {
        let call = Call::new(route.method, &address(route))
            .header("cookie", cookie.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body("csrf=guessed".to_owned());
        let answer = house.ask(call).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", name(route));
    }
}

#[tokio::test]
async fn no_page_and_no_list_breaks_on_an_empty_database() {
    let house = House::started().await;
    let token = house.owner().await;
    for route in table().iter().filter(|route| route.method == "GET") {
        let response = house.open(Call::new("GET", &address(route)).bearer(&token)).await;
        let status = response.status();
        let is_fine = status.is_success()
            || status.is_redirection()
            || matches!(status.as_u16(), 404 | 409 | 422)
            || (route.path.starts_with("/ws/") && status == StatusCode::BAD_REQUEST);
        assert!(is_fine, "{} answers {status}", name(route));
    }
}

#[tokio::test]
async fn whoever_was_switched_off_is_out_at_once() {
    let house = House::started().await;
    let token = house.owner().await;
    house.token("second@example.test", identity::OWNER).await;
    assert_eq!(house.get("/api/v1/products", &token).await.status, StatusCode::OK);
    identity::disable_by_email(&house.test.db, &Actor::system("test"), "owner@example.test")
        .await
        .unwrap();
    assert_eq!(
        house.get("/api/v1/products", &token).await.status,
        StatusCode::UNAUTHORIZED
    );
}
