//! The one-time set-up: where its page is and how to open it from elsewhere, and its optional marketplace account.
//! Identity owns the page, emag the account.

use std::sync::Arc;

use async_trait::async_trait;
use emag::{AccountKind, NewAccount};
use identity::{SetupAccount, SetupHook};
use kernel::{Actor, Refusal};
use serde::Serialize;
use sqlx::PgConnection;
use web::Problem;

use crate::wiring::Server;

/// What the person at the console needs while nobody can sign in yet.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    /// From this machine.
    pub(crate) url: String,
    /// From elsewhere the page asks for it. Worthless once the first user exists.
    pub(crate) code: String,
}

impl Notice {
    /// `None` once there is a user.
    pub(crate) async fn of(server: &Server, base_url: &str) -> anyhow::Result<Option<Self>> {
        let mut conn = server.state.db.read().await?;
        let is_open = identity::needs_setup(&mut conn).await?;
        Ok(is_open.then(|| Self {
            url: format!("{base_url}/setup"),
            code: server.identity.setup_code(),
        }))
    }

    pub(crate) fn text(&self) -> String {
        format!(
            "\n  Nobody can sign in yet. Set MagFlow up at   {url}\n  \
             from another machine open                   /setup?code={code}   on its address\n",
            url = self.url,
            code = self.code
        )
    }
}

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
            acknowledge_orders: account.acknowledge_orders,
        };
        emag::service::accounts::create(conn, &Actor::system("setup"), &self.0, new)
            .await
            .map_err(Problem::from)?;
        Ok(())
    }
}
