//! The optional marketplace account of the one-time set-up page: identity owns the page, emag the account.

use std::sync::Arc;

use async_trait::async_trait;
use emag::{AccountKind, NewAccount};
use identity::{SetupAccount, SetupHook};
use kernel::{Actor, Refusal};
use sqlx::PgConnection;
use web::Problem;

struct Hook(emag::Context);

/// What the set-up page calls when somebody typed an account.
pub(crate) fn hook(emag: emag::Context) -> Arc<dyn SetupHook> {
    Arc::new(Hook(emag))
}

#[async_trait]
impl SetupHook for Hook {
    fn platforms(&self) -> Vec<(String, String)> {
        [
            ("emag-ro", "eMAG România"),
            ("emag-bg", "eMAG България"),
            ("emag-hu", "eMAG Magyarország"),
            ("fd-ro", "Fashion Days RO"),
            ("fd-bg", "Fashion Days BG"),
        ]
        .map(|(value, text)| (value.to_owned(), text.to_owned()))
        .to_vec()
    }

    async fn connect(
        &self,
        conn: &mut PgConnection,
        _: &Actor,
        account: SetupAccount,
    ) -> Result<(), Problem> {
        let kind = match account.kind.as_str() {
            "MAIN" => AccountKind::Main,
            "FBE" => AccountKind::Fbe,
            _ => {
                return Err(Problem::field(
                    "kind",
                    Refusal::new("ui-input-not-understood").on("kind"),
                ));
            }
        };
        let new = NewAccount {
            name: account.name,
            platform: account.platform,
            kind,
            username: account.username,
            password: account.password,
            base_url: None,
            warehouse: None,
            safety_buffer: 0,
        };
        emag::service::accounts::create(conn, &Actor::system("setup"), &self.0, new)
            .await
            .map_err(Problem::from)?;
        Ok(())
    }
}
