//! How busy the queues are, over REST.

use axum::extract::State;
use kernel::EmagAccountId;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiActor, AppState, List, Problem};

use super::whole;
use crate::context::Context;
use crate::service::accounts;

#[derive(Serialize, ToSchema)]
pub(crate) struct BudgetView {
    account_id: EmagAccountId,
    account: String,
    /// Calls that wait for their turn.
    waiting_orders: usize,
    waiting_other: usize,
}

/// How many calls wait in each account's queues, in this process.
#[utoipa::path(get, path = "/api/v1/emag/budget", tag = "emag", responses((status = 200, body = List<BudgetView>)))]
pub(crate) async fn budget(
    State(state): State<AppState>,
    ApiActor(actor): ApiActor,
) -> Result<List<BudgetView>, Problem> {
    let context: Context = state.get()?;
    let mut conn = state.db.read().await?;
    let all = accounts::list(&mut conn, &actor).await?;
    Ok(whole(
        all.into_iter()
            .map(|account| {
                let (waiting_orders, waiting_other) = context.waiting(account.id);
                BudgetView {
                    account_id: account.id,
                    account: account.name,
                    waiting_orders,
                    waiting_other,
                }
            })
            .collect(),
    ))
}
