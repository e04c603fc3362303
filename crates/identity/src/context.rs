//! What the handlers of this slice need, given by the server at start.

use async_trait::async_trait;
use db::Db;
use kernel::{Actor, Clock};
use sqlx::PgConnection;
use web::Problem;

use crate::secret::AccessKey;

/// Database, clock and keys. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub db: Db,
    pub clock: Clock,
    /// Signs access tokens and gives the set-up code; drawn from the installation's secret.
    pub signing_key: [u8; 32],
    /// Send the session cookie over HTTPS only.
    pub secure_cookies: bool,
}

impl Context {
    pub(crate) fn access_key(&self) -> AccessKey {
        AccessKey::new(self.signing_key)
    }

    /// What opens `/setup` from another machine while there is no user. Printed by the server on its own console;
    /// worthless once the first user exists.
    pub fn setup_code(&self) -> String {
        self.access_key().setup_code()
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("secure_cookies", &self.secure_cookies)
            .finish_non_exhaustive()
    }
}

/// The marketplace account somebody typed at set-up; checked by whoever knows marketplaces.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupAccount {
    pub name: String,
    /// Such as `emag-ro`.
    pub platform: String,
    /// `MAIN` or `FBE`.
    pub kind: String,
    pub username: String,
    pub password: String,
    /// Whether new orders are acknowledged at the marketplace.
    pub acknowledge_orders: bool,
}

impl std::fmt::Debug for SetupAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetupAccount")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Takes the optional marketplace account of the set-up page. The server gives it as `Arc<dyn SetupHook>`; without
/// one the page does not ask.
#[async_trait]
pub trait SetupHook: Send + Sync {
    /// Choices of platform: value and what people read.
    fn platforms(&self) -> Vec<(String, String)>;

    /// In the transaction that makes the owner; a refusal undoes the whole set-up. Makes no outside call.
    async fn connect(
        &self,
        conn: &mut PgConnection,
        owner: &Actor,
        account: SetupAccount,
    ) -> Result<(), Problem>;
}
