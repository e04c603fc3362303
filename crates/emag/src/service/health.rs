//! How the accounts stand, for the frame of pages, the dashboard, the health check and the doctor. Whoever draws it has
//! asked whether the person may see the marketplace; the program's own checks ask for nobody, so there is no actor here.

use sqlx::PgConnection;

use crate::model::{AccountHealth, FirstReading};
use crate::store;

/// All accounts in use.
pub async fn account_health(conn: &mut PgConnection) -> Result<Vec<AccountHealth>, sqlx::Error> {
    store::health::list_health(conn).await
}

/// What the first reading of all accounts has brought so far.
pub async fn first_reading(conn: &mut PgConnection) -> Result<FirstReading, sqlx::Error> {
    store::health::first_reading(conn).await
}
