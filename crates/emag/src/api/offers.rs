//! Listings over REST.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::{EmagAccountId, ListingId, ProductId};
use serde::Deserialize;
use web::{ApiActor, AppState, List, Path, Problem, Query, page_request};

use crate::service::{holds, read};
use crate::store::search::{ListingFilter, ListingView};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListingsQuery {
    q: Option<String>,
    account_id: Option<i64>,
    product_id: Option<i64>,
    /// Only those where the marketplace holds something else than it should.
    #[serde(default)]
    differing: bool,
    limit: Option<u16>,
    cursor: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/emag/offers", tag = "emag", params(ListingsQuery), responses((status = 200, body = List<ListingView>)))]
pub(crate) async fn listings(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Query(query): Query<ListingsQuery>,
) -> Result<List<ListingView>, Problem> {
    let page = page_request(query.limit, query.cursor)?;
    let filter = ListingFilter {
        account: query.account_id.map(EmagAccountId),
        product: query.product_id.map(ProductId),
        text: query.q,
        differing: query.differing,
    };
    let mut conn = state.db.read().await?;
    Ok(List::from_page(
        read::listings(&mut conn, &actor, &filter, &page).await?,
    ))
}

/// Tries a refused or waiting listing again at once.
#[utoipa::path(post, path = "/api/v1/emag/offers/{id}/push", tag = "emag", params(("id" = i64, Path)), responses((status = 202)))]
pub(crate) async fn push_listing(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin(&actor).await?;
    holds::retry_listing(&mut tx, &actor, ListingId(id)).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
