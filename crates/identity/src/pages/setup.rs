//! The one-time set-up page.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use kernel::{Locale, Refusal};
use serde::{Deserialize, Serialize};
use web::{Access, AppState, Caller, Form, Page, Problem, Query, Routes};

use super::{Choice, FormErrors, languages, refuse_foreign_form, set_session_cookie, themes};
use crate::context::{Context, SetupAccount, SetupHook};
use crate::error::IdentityError;
use crate::model::Name;
use crate::service::{self, NewSetup, NewUser};

const FIELDS: &[&str] = &[
    "name",
    "email",
    "password",
    "company",
    "tax_id",
    "theme",
    "account_name",
    "account_username",
    "account_password",
];

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/setup", Access::Public, show)
        .post("/setup", Access::Public, save)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetupForm {
    code: Option<String>,
    name: String,
    email: String,
    password: String,
    company: String,
    #[serde(default)]
    tax_id: String,
    locale: Locale,
    theme: String,
    #[serde(default)]
    account_name: String,
    #[serde(default)]
    account_platform: String,
    #[serde(default)]
    account_kind: String,
    #[serde(default)]
    account_username: String,
    #[serde(default)]
    account_password: String,
    #[serde(default)]
    account_acknowledges: Option<String>,
}

#[derive(Serialize)]
struct SetupPage {
    allowed: bool,
    code: String,
    name: String,
    email: String,
    company: String,
    tax_id: String,
    locale: String,
    theme: String,
    languages: Vec<Choice>,
    themes: Vec<Choice>,
    account: Option<AccountPart>,
    errors: FormErrors,
}

/// The optional marketplace account; absent when nobody could take it.
#[derive(Serialize)]
struct AccountPart {
    platforms: Vec<Choice>,
    kinds: Vec<Choice>,
    name: String,
    platform: String,
    kind: String,
    username: String,
    acknowledges: bool,
}

type Hook = Option<Arc<dyn SetupHook>>;

fn hook(state: &AppState) -> Hook {
    // A program without marketplaces has none; that is no fault.
    state.get::<Arc<dyn SetupHook>>().ok()
}

/// Refuses when it is done; tells whether this caller may do it.
async fn gate(state: &AppState, caller: &Caller, code: Option<&str>) -> Result<bool, Problem> {
    let mut conn = state.db.read().await?;
    if !service::needs_setup(&mut conn).await? {
        return Err(Problem::NotFound);
    }
    let context: Context = state.get()?;
    Ok(service::setup_allowed(&context, caller, code))
}

async fn show(
    State(state): State<AppState>,
    page: Page,
    caller: Caller,
    Query(query): Query<Code>,
) -> Result<Response, Problem> {
    let allowed = gate(&state, &caller, query.code.as_deref()).await?;
    let form = SetupForm {
        code: query.code,
        name: String::new(),
        email: String::new(),
        password: String::new(),
        company: String::new(),
        tax_id: String::new(),
        locale: page.locale,
        theme: "system".to_owned(),
        account_name: String::new(),
        account_platform: String::new(),
        account_kind: String::new(),
        account_username: String::new(),
        account_password: String::new(),
        account_acknowledges: Some("on".to_owned()),
    };
    let mut errors = FormErrors::none(FIELDS);
    if !allowed && form.code.is_some() {
        let refusal = Refusal::new("identity-setup-code-wrong");
        errors.general = Some(state.ui.message(page.locale, &refusal));
    }
    draw(&page, form, allowed, errors, hook(&state).as_deref())
}

fn draw(
    page: &Page,
    form: SetupForm,
    allowed: bool,
    errors: FormErrors,
    hook: Option<&dyn SetupHook>,
) -> Result<Response, Problem> {
    let kinds = ["MAIN", "FBE"].map(|kind| Choice {
        value: kind.to_owned(),
        text: page.t(&format!("identity-setup-kind-{}", kind.to_lowercase())),
    });
    let account = hook.map(|hook| AccountPart {
        platforms: hook
            .platforms()
            .into_iter()
            .map(|(value, text)| Choice { value, text })
            .collect(),
        kinds: kinds.into_iter().collect(),
        name: form.account_name,
        platform: form.account_platform,
        kind: form.account_kind,
        username: form.account_username,
        acknowledges: form.account_acknowledges.is_some(),
    });
    let status = errors.status();
    let shown = SetupPage {
        allowed,
        code: form.code.unwrap_or_default(),
        name: form.name,
        email: form.email,
        company: form.company,
        tax_id: form.tax_id,
        locale: form.locale.tag().to_owned(),
        theme: form.theme,
        languages: languages(page),
        themes: themes(page),
        account,
        errors,
    };
    page.render_with(status, "identity/setup.html", &shown)
}

async fn save(
    State(state): State<AppState>,
    page: Page,
    caller: Caller,
    headers: HeaderMap,
    Form(form): Form<SetupForm>,
) -> Result<Response, Problem> {
    refuse_foreign_form(&headers)?;
    let allowed = gate(&state, &caller, form.code.as_deref()).await?;
    let hook = hook(&state);
    if !allowed {
        let errors = FormErrors::of(&page, FIELDS, IdentityError::SetupCode)?;
        return draw(&page, form, false, errors, hook.as_deref());
    }
    let context: Context = state.get()?;
    let outcome = match read(&form) {
        Ok(new) => service::set_up(&context, &caller, new, hook.as_deref()).await,
        Err(error) => Err(error),
    };
    let user = match outcome {
        Ok(user) => user,
        Err(IdentityError::SetupDone) => return Ok(page.redirect("/login")),
        Err(IdentityError::Hook(problem)) => {
            let errors = account_errors(&page, problem)?;
            return draw(&page, form, true, errors, hook.as_deref());
        }
        Err(error) => {
            let errors = FormErrors::of(&page, FIELDS, error)?;
            return draw(&page, form, true, errors, hook.as_deref());
        }
    };
    let mut tx = state.db.begin(&page.actor).await?;
    let opened = service::open_browser_session(&mut tx, user, &caller, None, state.clock.now()).await?;
    tx.commit().await?;
    let mut response = page.redirect("/");
    set_session_cookie(response.headers_mut(), &opened.secret, &context);
    Ok(response)
}

/// What the marketplace's slice refused, beside the account's fields.
fn account_errors(page: &Page, problem: Problem) -> Result<FormErrors, Problem> {
    let refusals: Vec<Refusal> = if let Problem::Refused(refusal) = problem {
        vec![refusal]
    } else if let Problem::Invalid(fields) = problem {
        fields.into_iter().map(|field| field.refusal).collect()
    } else {
        return Err(problem);
    };
    let mut errors = FormErrors::none(FIELDS);
    let said: Vec<String> = refusals
        .iter()
        .map(|refusal| page.state.ui.message(page.locale, refusal))
        .collect();
    errors.fields.insert("account_username", Some(said.join(" ")));
    Ok(errors)
}

fn read(form: &SetupForm) -> Result<NewSetup, IdentityError> {
    let mut refusals = Vec::new();
    let owner = match NewUser::parse(&form.email, &form.name, &form.password, form.locale, Vec::new()) {
        Ok(owner) => Some(owner),
        Err(IdentityError::Invalid(more)) => {
            refusals.extend(more);
            None
        }
        Err(other) => return Err(other),
    };
    let company = Name::parse(&form.company, "company")
        .map_err(|refusal| refusals.push(refusal))
        .ok();
    let tax_id = service::tax_id(&form.tax_id)
        .map_err(|refusal| refusals.push(refusal))
        .ok();
    let account = account(form).map_err(|refusal| refusals.push(refusal)).ok();
    match (owner, company, tax_id, account) {
        (Some(owner), Some(company), Some(tax_id), Some(account)) => Ok(NewSetup {
            owner,
            theme: form.theme.clone(),
            company,
            tax_id,
            account,
        }),
        _ => Err(IdentityError::Invalid(refusals)),
    }
}

/// An account is wanted as soon as its user name or password is there.
fn account(form: &SetupForm) -> Result<Option<SetupAccount>, Refusal> {
    let username = form.account_username.trim();
    if username.is_empty() && form.account_password.is_empty() {
        return Ok(None);
    }
    if username.is_empty() {
        return Err(Refusal::new("identity-setup-account-username").on("account_username"));
    }
    if form.account_password.is_empty() {
        return Err(Refusal::new("identity-setup-account-password").on("account_password"));
    }
    let name = form.account_name.trim();
    Ok(Some(SetupAccount {
        name: if name.is_empty() { username } else { name }.to_owned(),
        platform: form.account_platform.clone(),
        kind: form.account_kind.clone(),
        username: username.to_owned(),
        password: form.account_password.clone(),
        acknowledge_orders: form.account_acknowledges.is_some(),
    }))
}
