//! The system page, metrics, version, assets.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::Permission;
use serde::Serialize;
use web::{Access, AppState, NavItem, Page, Path, Problem, Routes};

use crate::health;
use crate::wiring::Plant;

pub(crate) const SYSTEM_VIEW: Permission = Permission::new("system.view");

pub(crate) const NAV: NavItem = NavItem {
    href: "/system",
    icon: "activity",
    key: "nav-system",
    access: Some(SYSTEM_VIEW),
    order: 900,
};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/system", Access::Needs(SYSTEM_VIEW), page)
        .get("/metrics", Access::NearbyOr(SYSTEM_VIEW), metrics)
        .get("/api/v1/system/metrics", Access::NearbyOr(SYSTEM_VIEW), metrics)
        .get("/api/v1/system/info", Access::SignedIn, info)
        .get("/api/v1/system/jobs", Access::Needs(SYSTEM_VIEW), jobs)
        .get("/assets/{*path}", Access::Public, asset)
}

/// Figures that are asked for only when somebody reads them. This machine and its private network scrape without a
/// log-in, as Prometheus does; from elsewhere, and through a proxy, a token is needed.
#[utoipa::path(get, path = "/api/v1/system/metrics", tag = "system", responses((status = 200, body = String)))]
pub(crate) async fn metrics(State(state): State<AppState>) -> Result<Response, Problem> {
    let metrics = &state.metrics;
    let pool = state.db.status();
    metrics
        .db_connections_active
        .set(i64::from(pool.open.saturating_sub(pool.idle)));
    metrics.db_connections_idle.set(i64::from(pool.idle));
    let plant: Plant = state.get()?;
    for (account, bucket, left) in plant.pacers.left() {
        metrics
            .emag_budget_tokens
            .with_label_values(&[account.as_str(), bucket.name()])
            .set(f64::from(left));
    }
    let asked = std::time::Instant::now();
    // Without a database the rest of the figures is worth even more.
    if let Ok(mut conn) = state.db.read().await {
        metrics
            .db_pool_wait_seconds
            .observe(asked.elapsed().as_secs_f64());
        if let Ok(counts) = jobs::counts(&mut conn).await {
            for (name, value) in [
                ("waiting", counts.waiting),
                ("running", counts.running),
                ("failing", counts.failing),
                ("dead", counts.dead),
            ] {
                metrics.jobs_current.with_label_values(&[name]).set(value);
            }
            let late = counts
                .oldest_due_at
                .map_or(0, |due| (state.clock.now() - due).num_seconds().max(0));
            metrics.jobs_oldest_due_seconds.set(late);
        }
    }
    let text = metrics.render().map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

#[utoipa::path(get, path = "/api/v1/system/info", tag = "system", responses((status = 200)))]
pub(crate) async fn info(State(state): State<AppState>) -> Response {
    axum::Json(serde_json::json!({
        "name": "magflow",
        "version": env!("CARGO_PKG_VERSION"),
        "time": state.clock.now(),
    }))
    .into_response()
}

#[utoipa::path(get, path = "/api/v1/system/jobs", tag = "system", responses((status = 200)))]
pub(crate) async fn jobs(State(state): State<AppState>) -> Result<Response, Problem> {
    let mut conn = state.db.read().await?;
    Ok(axum::Json(jobs::counts(&mut conn).await?).into_response())
}

#[derive(Serialize)]
struct SystemPage {
    report: health::Report,
    version: &'static str,
    jobs: jobs::JobCounts,
}

async fn page(page: Page) -> Result<Response, Problem> {
    let report = health::report(&page.state).await?;
    let mut conn = page.state.db.read().await?;
    let jobs = jobs::counts(&mut conn).await?;
    page.render(
        "server/system.html",
        &SystemPage {
            report,
            version: env!("CARGO_PKG_VERSION"),
            jobs,
        },
    )
}

/// Addresses carry the content's hash, so a browser may keep them for a year.
async fn asset(Path(path): Path<String>) -> Result<Response, Problem> {
    let asset = ui::assets::find(&path).ok_or(Problem::NotFound)?;
    let mut response = (StatusCode::OK, Body::from(asset.bytes)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    if let Ok(tag) = HeaderValue::from_str(asset.etag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}
