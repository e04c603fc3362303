//! `/ws/inventory`: the levels of what changed, as they are now.
//!
//! A message is one level, `{"product_id","warehouse_id","on_hand","reserved","available"}`, or
//! `{"product_id":null}`: something was missed, read the levels again. Never tells the same change twice on purpose,
//! but a level may be told again.

use axum::extract::State;
use axum::response::Response;
use kernel::{Actor, ProductId};
use web::live::RowsChanged;
use web::{Access, AppState, News, Problem, Routes, Upgrade};

use crate::{INVENTORY_VIEW, STOCK, service};

const READ_AGAIN: &str = r#"{"product_id":null}"#;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/ws/inventory", Access::Needs(INVENTORY_VIEW), levels)
}

async fn levels(State(state): State<AppState>, upgrade: Upgrade) -> Response {
    let rows = state.live.rows();
    upgrade.follow(rows, move |actor, news| tell(state.clone(), actor, news))
}

async fn tell(state: AppState, actor: Actor, news: News<RowsChanged>) -> Result<Vec<String>, Problem> {
    // The right may have been taken away since the socket was opened.
    actor.require(INVENTORY_VIEW)?;
    let products: Vec<ProductId> = match news {
        News::Change(change) if change.topic != STOCK && !change.is_everything() => return Ok(Vec::new()),
        News::Change(change) if !change.ids.is_empty() => change.ids.into_iter().map(ProductId).collect(),
        News::Change(_) | News::Unknown => return Ok(vec![READ_AGAIN.to_owned()]),
    };
    let mut conn = state.db.read().await?;
    let levels = service::levels_of(&mut conn, &products).await?;
    levels
        .iter()
        .map(|level| serde_json::to_string(level).map_err(Problem::internal))
        .collect()
}
