//! Marketplace operations from the shell, and what the demo and the set-up by environment share.

use anyhow::Context as _;
use db::Db;
use emag::{Account, AccountKind, NewAccount, RunKind, RunMode};
use kernel::{Actor, EmagAccountId};
use lineage::Exit;
use serde::Serialize;

use crate::boot::{Boot, Database};
use crate::cli::{Emag, Kind, What};
use crate::report::{Output, say};
use crate::wiring::{Server, Wiring};

/// The account with this login, connected and its first readings queued; what is there already stays as it is, but
/// for the address, which a local sandbox changes.
pub(crate) async fn ensure(
    db: &Db,
    context: &emag::Context,
    actor: &Actor,
    new: NewAccount,
) -> anyhow::Result<EmagAccountId> {
    let mut tx = db.begin(actor).await?;
    let known = emag::service::accounts::list(&mut tx, actor).await?;
    let found = known
        .into_iter()
        .find(|account| account.platform == new.platform && account.username == new.username);
    let account = match found {
        None => emag::service::accounts::create(&mut tx, actor, context, new).await?,
        Some(account) if account.base_url == new.base_url => account,
        Some(account) => {
            let patch = emag::AccountPatch {
                base_url: Some(new.base_url),
                ..emag::AccountPatch::default()
            };
            emag::service::accounts::update(&mut tx, actor, context, (account.id, None), patch).await?
        }
    };
    for kind in [RunKind::Offers, RunKind::Orders] {
        let mut attempt = sqlx::Connection::begin(&mut *tx).await?;
        match emag::service::runs::start(&mut attempt, actor, context, account.id, (kind, RunMode::Full))
            .await
        {
            Ok(_) => attempt.commit().await?,
            // It is being read already.
            Err(emag::EmagError::Refused(_)) => attempt.rollback().await?,
            Err(other) => return Err(other.into()),
        }
    }
    tx.commit().await?;
    Ok(account.id)
}

/// The first account from the configured login, unless there is an account already. Push stays off.
pub(crate) async fn first_account(
    server: &Server,
    login: &settings::ApiKey,
) -> anyhow::Result<Option<EmagAccountId>> {
    let actor = Actor::system("configuration");
    let mut conn = server.state.db.read().await?;
    if !emag::service::accounts::list(&mut conn, &actor).await?.is_empty() {
        return Ok(None);
    }
    drop(conn);
    let new = NewAccount {
        name: login.username.clone(),
        platform: "emag-ro".to_owned(),
        kind: AccountKind::Main,
        username: login.username.clone(),
        password: login.password.expose().to_owned(),
        base_url: None,
        warehouse: None,
        safety_buffer: 0,
        acknowledge_orders: true,
    };
    // Of two processes that start together, one makes it; the login is unique.
    ensure(&server.state.db, &server.emag, &actor, new)
        .await
        .map(Some)
}

pub(crate) async fn run(command: Emag, boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    let database = boot.database().await?;
    let done = run_on(command, boot, &database, output).await;
    database.close().await;
    done
}

async fn run_on(command: Emag, boot: &Boot, database: &Database, output: Output) -> anyhow::Result<Exit> {
    let pool = database.pool(4).await?;
    let server = Wiring::new(boot)?.build(boot, pool);
    let exit = act(command, &server, output).await?;
    server.state.db.close().await;
    Ok(exit)
}

async fn act(command: Emag, server: &Server, output: Output) -> anyhow::Result<Exit> {
    let actor = Actor::system("command line");
    match command {
        Emag::Connect {
            name,
            platform,
            kind,
            username,
            password_file,
            password,
            base_url,
            leave_orders_new,
        } => {
            let password = password_of(password, password_file.as_deref())?;
            let kind = match kind {
                Kind::Main => AccountKind::Main,
                Kind::Fbe => AccountKind::Fbe,
            };
            let new = NewAccount {
                name,
                platform,
                kind,
                username,
                password,
                base_url,
                warehouse: None,
                safety_buffer: 0,
                acknowledge_orders: !leave_orders_new,
            };
            let id = ensure(&server.state.db, &server.emag, &actor, new).await?;
            output.report(&serde_json::json!({ "account_id": id }), || {
                format!("account {id} is connected; no stock or price is sent until push is switched on")
            });
        }
        Emag::Sync { account, what } => sync(server, &actor, EmagAccountId(account), what).await?,
        Emag::Status => {
            let mut conn = server.state.db.read().await?;
            let accounts: Vec<Status> = emag::service::accounts::list(&mut conn, &actor)
                .await?
                .into_iter()
                .map(Status::from)
                .collect();
            output.report(&accounts, || accounts.iter().map(Status::line).collect());
        }
        Emag::Budget => {
            let mut conn = server.state.db.read().await?;
            let now = server.state.clock.now();
            let budgets = emag::service::budget::read(&mut conn, &actor, now).await?;
            output.report(&budgets, || budgets.iter().map(budget_line).collect());
        }
        Emag::Push { account, on } => {
            let mut tx = server.state.db.begin(&actor).await?;
            emag::service::holds::switch_push(&mut tx, &actor, &server.emag, EmagAccountId(account), on)
                .await?;
            tx.commit().await?;
            say(if on {
                "changes are sent from now on"
            } else {
                "nothing is sent any more"
            });
        }
    }
    Ok(Exit::Fine)
}

fn budget_line(budget: &emag::service::budget::Budget) -> String {
    format!(
        "{:>4}  {:<20} {:<7} {:>4} of {} calls left this minute\n",
        budget.account_id, budget.account, budget.bucket, budget.left, budget.per_minute
    )
}

fn password_of(given: Option<String>, file: Option<&std::path::Path>) -> anyhow::Result<String> {
    match (given, file) {
        (Some(password), _) => Ok(password),
        (None, Some(path)) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            Ok(text.trim_end().to_owned())
        }
        (None, None) => anyhow::bail!("give --password-file or --password"),
    }
}

async fn sync(server: &Server, actor: &Actor, account: EmagAccountId, what: What) -> anyhow::Result<()> {
    for kind in what.kinds() {
        let mut tx = server.state.db.begin(actor).await?;
        let run =
            emag::service::runs::start(&mut tx, actor, &server.emag, account, (kind, RunMode::Full)).await?;
        tx.commit().await?;
        say(&format!(
            "run {} is queued; a running `serve` or `work` does it",
            run.id
        ));
    }
    Ok(())
}

impl What {
    fn kinds(self) -> Vec<RunKind> {
        match self {
            Self::All => vec![RunKind::Offers, RunKind::Orders],
            Self::Offers => vec![RunKind::Offers],
            Self::Orders => vec![RunKind::Orders],
        }
    }
}

#[derive(Serialize)]
struct Status {
    id: EmagAccountId,
    name: String,
    platform: String,
    kind: &'static str,
    fault: Option<String>,
    push_enabled: bool,
    opened: bool,
}

impl From<Account> for Status {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            name: account.name,
            platform: account.platform,
            kind: account.kind.code(),
            fault: account.fault,
            push_enabled: account.push_enabled,
            opened: account.opened_at.is_some(),
        }
    }
}

impl Status {
    fn line(&self) -> String {
        format!(
            "{:>4}  {:<20} {:<8} {:<5} {:<16} push {}\n",
            self.id,
            self.name,
            self.platform,
            self.kind,
            self.fault.as_deref().unwrap_or("no fault"),
            if self.push_enabled { "on" } else { "off" }
        )
    }
}
