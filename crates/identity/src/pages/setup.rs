//! The one-time set-up page: owner, company, language, and the first marketplace account.
//!
//! It answers only while there is no user, and only to this machine: whoever sits elsewhere uses
//! `magflow user create` or a tunnel. Afterwards it does not exist.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use kernel::{Locale, Refusal};
use serde::{Deserialize, Serialize};
use web::{Access, AppState, Caller, Form, Page, Problem, Routes};

use super::{Message, message, messages, session_hash, set_cookie};
use crate::context::Context;
use crate::service::login::{self, Origin};
use crate::service::setup::{self, SetupAccount, SetupHook};
use crate::service::users::NewUser;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/setup", Access::Public, form).post("/setup", Access::Public, run)
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    email: String,
    name: String,
    company: String,
    tax_id: String,
    locale: String,
    account_name: String,
    platform: String,
    kind: String,
    username: String,
    #[serde(skip_serializing)]
    password: String,
    #[serde(skip_serializing)]
    account_password: String,
}

#[derive(Serialize)]
struct SetupPage {
    fields: Fields,
    errors: Vec<Message>,
}

/// Open, and from this machine.
async fn admitted(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    let mut conn = state.db.read().await?;
    let here = caller.ip.is_none_or(|ip| ip.is_loopback());
    if setup::is_needed(&mut conn).await? && here { Ok(()) } else { Err(Problem::NotFound) }
}

async fn form(State(state): State<AppState>, page: Page, caller: Caller) -> Result<Response, Problem> {
    admitted(&state, &caller).await?;
    let fields = Fields {
        locale: page.locale.tag().to_owned(),
        platform: "emag-ro".to_owned(),
        kind: "MAIN".to_owned(),
        ..Fields::default()
    };
    page.render("identity/setup.html", &SetupPage { fields, errors: Vec::new() })
}

async fn run(
    State(state): State<AppState>,
    page: Page,
    caller: Caller,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    admitted(&state, &caller).await?;
    let context: Context = state.get()?;
    let hook: Arc<dyn SetupHook> = state.get()?;
    let owner = NewUser {
        email: fields.email.clone(),
        name: fields.name.clone(),
        password: fields.password.clone(),
        locale: Locale::from_tag(&fields.locale).unwrap_or(page.locale),
        roles: Vec::new(),
    };
    let account = match account(&fields) {
        Ok(account) => account,
        Err(refusal) => return again(&page, fields, vec![message(&page, &refusal)]),
    };
    let tax_id = Some(fields.tax_id.trim()).filter(|text| !text.is_empty());
    let with_hook = account.map(|account| (account, &*hook));
    match setup::run(&context, owner, &fields.company, tax_id, with_hook).await {
        Ok(user) => {
            let origin = Origin { ip: caller.ip, agent: caller.agent };
            let secret = login::open_session(&context, user.id, &origin, session_hash(&headers)).await?;
            let mut response = page.redirect("/");
            set_cookie(response.headers_mut(), &secret, context.secure_cookies);
            Ok(response)
        }
        Err(error) => {
            let errors = messages(&page, error)?;
            again(&page, fields, errors)
        }
    }
}

fn again(page: &Page, fields: Fields, errors: Vec<Message>) -> Result<Response, Problem> {
    page.render_with(StatusCode::UNPROCESSABLE_ENTITY, "identity/setup.html", &SetupPage { fields, errors })
}

/// All of the account or nothing of it.
fn account(fields: &Fields) -> Result<Option<SetupAccount>, Refusal> {
    let (username, password) = (fields.username.trim(), fields.account_password.as_str());
    match (username.is_empty(), password.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(SetupAccount {
            name: if fields.account_name.trim().is_empty() { username.to_owned() } else { fields.account_name.clone() },
            platform: fields.platform.clone(),
            kind: fields.kind.clone(),
            username: username.to_owned(),
            password: password.to_owned(),
        })),
        (true, false) | (false, true) => Err(Refusal::new("identity-setup-account-half").on("username")),
    }
}
