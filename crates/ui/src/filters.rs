//! What templates can call: `t`, `icon`, `asset` and the formatting filters.
//!
//! All of them take the language from `shell.locale`, so they work inside macros as well.
//! An absent value (`none`) is written as a dash; an undefined one is a fault.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use fluent_bundle::FluentValue;
use kernel::Locale;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value};
use rust_decimal::Decimal;

use crate::formats::{self, Distance, Unit};
use crate::words::{Args, Words};
use crate::{assets, chart};

/// A deadline is near when what is left of a working day is needed for it.
const SOON: TimeDelta = TimeDelta::hours(4);

/// What to do about a word that is not there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MissingWord {
    /// Show its key: a page with an ugly word is better than none.
    ShowKey,
    /// Fail: tests want to know.
    Fail,
}

pub(crate) fn register(env: &mut Environment<'static>, words: &Arc<Words>, missing: MissingWord) {
    let sentences = Arc::clone(words);
    env.add_function("t", move |state: &State, key: &str, values: Kwargs| {
        translate(&sentences, missing, state, key, &values)
    });
    let sentences = Arc::clone(words);
    env.add_filter("ago", move |state: &State, at: &Value| ago(&sentences, state, at));
    env.add_filter("span", span);
    env.add_filter("urgency", urgency);
    env.add_function("icon", |name: &str, options: Kwargs| icon(name, &options));
    env.add_function("asset", asset);
    env.add_filter("money", |state: &State, value: &Value| {
        money(state, value, formats::money)
    });
    env.add_filter("money_exact", |state: &State, value: &Value| {
        money(state, value, formats::money_exact)
    });
    env.add_filter("qty", |state: &State, value: &Value| {
        digits(state, value, formats::quantity)
    });
    env.add_filter("number", |state: &State, value: &Value| {
        digits(state, value, formats::number)
    });
    env.add_filter("percent", |state: &State, value: &Value| {
        digits(state, value, formats::percent)
    });
    env.add_filter("unit", |state: &State, currency: &str| {
        Ok::<_, Error>(formats::unit(currency, locale(state)?).to_owned())
    });
    env.add_filter("editable", editable);
    env.add_filter("date", date);
    env.add_filter("datetime", |state: &State, value: &Value| {
        moment_text(state, value, formats::datetime)
    });
    env.add_filter("isotime", isotime);
    env.add_filter("json_script", json_script);
}

/// Escapes text for HTML. The library's own would also write every slash as an entity: needless, and it
/// makes addresses unreadable in the source.
pub(crate) fn escaping(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() && matches!(state.auto_escape(), AutoEscape::Html) => {
            out.write_str(&chart::escaped(text)).map_err(Error::from)
        }
        Some(_) | None => minijinja::escape_formatter(out, state, value),
    }
}

fn translate(
    words: &Words,
    missing: MissingWord,
    state: &State,
    key: &str,
    values: &Kwargs,
) -> Result<String, Error> {
    let mut args = Args::new();
    for name in values.args() {
        let value: Value = values.get(name)?;
        args = args.with(name, fluent_value(&value)?);
    }
    match (words.find(locale(state)?, key, &args), missing) {
        (Some(text), _) => Ok(text),
        (None, MissingWord::ShowKey) => Ok(key.to_owned()),
        (None, MissingWord::Fail) => Err(fault(format!("no word for the key {key}"))),
    }
}

fn fluent_value(value: &Value) -> Result<FluentValue<'static>, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.kind() == ValueKind::Number {
        return f64::try_from(value.clone()).map(FluentValue::from);
    }
    Ok(FluentValue::from(value.to_string()))
}

fn ago(words: &Words, state: &State, value: &Value) -> Result<String, Error> {
    let Some(at) = moment(value)? else {
        return Ok(formats::ABSENT.to_owned());
    };
    let locale = locale(state)?;
    let now = shell(state, "now").and_then(|now| moment(&now))?;
    let distance = now.map_or(Distance::Far, |now| formats::distance(at, now));
    let (key, count) = match distance {
        Distance::Far => return Ok(formats::date(formats::local_day(at), locale)),
        Distance::Now => ("ui-just-now", 0),
        Distance::Past(count, Unit::Minutes) => ("ui-ago-minutes", count),
        Distance::Past(count, Unit::Hours) => ("ui-ago-hours", count),
        Distance::Past(count, Unit::Days) => ("ui-ago-days", count),
        Distance::Ahead(count, Unit::Minutes) => ("ui-in-minutes", count),
        Distance::Ahead(count, Unit::Hours) => ("ui-in-hours", count),
        Distance::Ahead(count, Unit::Days) => ("ui-in-days", count),
    };
    words
        .find(locale, key, &Args::new().with("count", count))
        .ok_or_else(|| fault(format!("no word for the key {key}")))
}

/// Without sign: `14 h 20 min`.
fn span(state: &State, value: &Value) -> Result<String, Error> {
    let gap = until(state, value)?;
    Ok(formats::span(gap, locale(state)?))
}

/// `over`, `soon` or `fine`.
fn urgency(state: &State, value: &Value) -> Result<&'static str, Error> {
    let gap = until(state, value)?;
    Ok(if gap < TimeDelta::zero() {
        "over"
    } else if gap < SOON {
        "soon"
    } else {
        "fine"
    })
}

fn until(state: &State, value: &Value) -> Result<TimeDelta, Error> {
    let now = moment(&shell(state, "now")?)?;
    let at = moment(value)?;
    at.zip(now)
        .map(|(at, now)| at - now)
        .ok_or_else(|| fault("a deadline is a moment".to_owned()))
}

/// `icon("box")` is decoration; `icon("box", label="…")` is read aloud.
fn icon(name: &str, options: &Kwargs) -> Result<Value, Error> {
    if !assets::has_icon(name) {
        return Err(fault(format!("no icon named {name}")));
    }
    let label: Option<&str> = options.get("label")?;
    options.assert_all_used()?;
    let meaning = match label {
        None | Some("") => "aria-hidden=\"true\"".to_owned(),
        Some(label) => format!("role=\"img\" aria-label=\"{}\"", chart::escaped(label)),
    };
    let sprite = asset("icons.svg")?;
    Ok(Value::from_safe_string(format!(
        "<svg class=\"icon\" {meaning} focusable=\"false\"><use href=\"{sprite}#{name}\"/></svg>"
    )))
}

fn asset(path: &str) -> Result<String, Error> {
    assets::address(path).ok_or_else(|| fault(format!("no asset named {path}")))
}

fn money(state: &State, value: &Value, format: fn(Decimal, &str, Locale) -> String) -> Result<String, Error> {
    if value.is_none() {
        return Ok(formats::ABSENT.to_owned());
    }
    let currency = value.get_attr("currency")?;
    let Some(currency) = currency.as_str() else {
        return Err(fault("money without a currency".to_owned()));
    };
    let amount = decimal(&value.get_attr("amount")?)?;
    Ok(format(amount, currency, locale(state)?))
}

fn digits(state: &State, value: &Value, format: fn(Decimal, Locale) -> String) -> Result<String, Error> {
    if value.is_none() {
        return Ok(formats::ABSENT.to_owned());
    }
    Ok(format(decimal(value)?, locale(state)?))
}

/// For input fields: an absent value is an empty field; money gives its amount with two decimals at least.
fn editable(state: &State, value: &Value) -> Result<String, Error> {
    if value.is_none() {
        return Ok(String::new());
    }
    let locale = locale(state)?;
    if value.kind() == ValueKind::Map {
        let amount = decimal(&value.get_attr("amount")?)?;
        return Ok(formats::editable_amount(amount, locale));
    }
    Ok(formats::editable(decimal(value)?, locale))
}

fn date(state: &State, value: &Value) -> Result<String, Error> {
    if let Some(day) = value.as_str().and_then(|text| text.parse::<NaiveDate>().ok()) {
        return Ok(formats::date(day, locale(state)?));
    }
    moment_text(state, value, |at, locale| {
        formats::date(formats::local_day(at), locale)
    })
}

fn moment_text(
    state: &State,
    value: &Value,
    format: fn(DateTime<Utc>, Locale) -> String,
) -> Result<String, Error> {
    match moment(value)? {
        Some(at) => Ok(format(at, locale(state)?)),
        None => Ok(formats::ABSENT.to_owned()),
    }
}

/// For `datetime` and `title` attributes; a plain day stays a plain day.
fn isotime(value: &Value) -> Result<String, Error> {
    if let Some(day) = value.as_str().filter(|text| text.parse::<NaiveDate>().is_ok()) {
        return Ok(day.to_owned());
    }
    Ok(moment(value)?.map_or_else(String::new, formats::isotime))
}

/// `{{ page.data | json_script("rows") }}`: data for a script, which the browser never runs.
fn json_script(state: &mut State, value: &Value, id: &str) -> Result<Value, Error> {
    let json = state.apply_filter("tojson", std::slice::from_ref(value))?;
    let id = chart::escaped(id);
    Ok(Value::from_safe_string(format!(
        "<script type=\"application/json\" id=\"{id}\">{json}</script>"
    )))
}

fn shell(state: &State, field: &str) -> Result<Value, Error> {
    state
        .lookup("shell")
        .ok_or_else(|| fault("no shell in the template's context".to_owned()))?
        .get_attr(field)
}

fn locale(state: &State) -> Result<Locale, Error> {
    let tag = shell(state, "locale")?;
    tag.as_str()
        .and_then(Locale::from_tag)
        .ok_or_else(|| fault(format!("unknown language {tag}")))
}

fn decimal(value: &Value) -> Result<Decimal, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    // Amounts travel as text or whole numbers; both are exact when written out.
    let text = value.to_string();
    text.parse()
        .map_err(|error| fault(format!("not a number: {text}")).with_source(error))
}

fn moment(value: &Value) -> Result<Option<DateTime<Utc>>, Error> {
    if value.is_none() {
        return Ok(None);
    }
    let Some(text) = value.as_str() else {
        return Err(Error::from(if value.is_undefined() {
            ErrorKind::UndefinedError
        } else {
            ErrorKind::InvalidOperation
        }));
    };
    DateTime::parse_from_rfc3339(text)
        .map(|at| Some(at.with_timezone(&Utc)))
        .map_err(|error| fault(format!("not a time: {text}")).with_source(error))
}

fn fault(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
