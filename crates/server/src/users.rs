//! Users, tokens and roles from the shell.

use std::path::Path;

use anyhow::Context as _;
use kernel::Actor;
use lineage::Exit;

use crate::boot::{Boot, Database};
use crate::cli::{Token, User};
use crate::report::{Output, say};

const ACTOR: &str = "command line";

pub(crate) async fn user(command: User, boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    let database = boot.database().await?;
    let done = user_on(command, &database, output).await;
    database.close().await;
    done
}

async fn user_on(command: User, database: &Database, output: Output) -> anyhow::Result<Exit> {
    let pool = database.pool(2).await?;
    let actor = Actor::system(ACTOR);
    match command {
        User::Create {
            email,
            name,
            role,
            password_file,
        } => {
            let (password, made_up) = password(password_file.as_deref()).await?;
            let user =
                identity::create_user_with_role(&pool, &actor, &email, &name, &role, &password).await?;
            if made_up {
                say(&format!("password: {password}"));
            }
            output.report(&user, || format!("user {} <{}> was made", user.id, user.email));
        }
        User::List => {
            let mut conn = pool.read().await?;
            let users = identity::list_users(&mut conn, &actor).await?;
            output.report(&users, || {
                users
                    .iter()
                    .map(|u| {
                        format!(
                            "{:>5}  {:<40} {:<30} {}\n",
                            u.id,
                            u.email,
                            u.name,
                            if u.is_active { "" } else { "disabled" }
                        )
                    })
                    .collect()
            });
        }
        User::Disable { email } => {
            identity::disable_by_email(&pool, &actor, &email).await?;
            say(&format!("{email} can no longer sign in"));
        }
        User::Password { email, password_file } => {
            let (password, made_up) = password(password_file.as_deref()).await?;
            identity::set_password_by_email(&pool, &actor, &email, &password).await?;
            if made_up {
                say(&format!("password: {password}"));
            }
            say(&format!(
                "the password of {email} was changed and its sessions ended"
            ));
        }
    }
    pool.close().await;
    Ok(Exit::Fine)
}

/// From the file, or a fresh one that nobody can guess.
async fn password(file: Option<&Path>) -> anyhow::Result<(String, bool)> {
    let Some(path) = file else {
        let random: [u8; 9] = rand::random();
        let text = random
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        return Ok((text, true));
    };
    let text = tokio::fs::read_to_string(path)
        .await
        .with_context(|| format!("reading {}", path.display()))?;
    Ok((text.trim_end_matches(['\n', '\r']).to_owned(), false))
}

pub(crate) async fn token(command: Token, boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    let database = boot.database().await?;
    let done = token_on(command, &database, output).await;
    database.close().await;
    done
}

async fn token_on(command: Token, database: &Database, output: Output) -> anyhow::Result<Exit> {
    let pool = database.pool(2).await?;
    let actor = Actor::system(ACTOR);
    match command {
        Token::Create { email, name } => {
            let made = identity::create_token_for(&pool, &actor, &email, &name).await?;
            output.report(
                &serde_json::json!({ "id": made.id, "token": made.secret }),
                || format!("{}\nIt is shown only now.", made.secret),
            );
        }
        Token::List => {
            let mut conn = pool.read().await?;
            let tokens = identity::list_all_tokens(&mut conn, &actor).await?;
            output.report(&tokens, || {
                tokens
                    .iter()
                    .map(|t| format!("{:>5}  {}…  {}  ({})\n", t.id, t.prefix, t.name, t.user_email))
                    .collect()
            });
        }
        Token::Revoke { id } => {
            identity::revoke_any_token(&pool, &actor, kernel::ApiTokenId(id)).await?;
            say(&format!("token {id} no longer works"));
        }
    }
    pool.close().await;
    Ok(Exit::Fine)
}

pub(crate) async fn roles(boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    let database = boot.database().await?;
    let pool = database.pool(2).await?;
    let mut conn = pool.read().await?;
    let roles = identity::list_roles(&mut conn, &Actor::system(ACTOR)).await?;
    drop(conn);
    output.report(&roles, || {
        roles
            .iter()
            .map(|r| format!("{:<14} {}\n", r.code, r.permissions.join(", ")))
            .collect()
    });
    pool.close().await;
    database.close().await;
    Ok(Exit::Fine)
}
