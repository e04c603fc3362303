//! Messages shown once on the next page, carried by a short-lived cookie.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use ui::FlashKind;

const COOKIE: &str = "magflow_flash";
/// More text than a sentence or two is no flash.
const BYTES_MAX: usize = 1500;

#[derive(Serialize, Deserialize)]
struct Carried {
    kind: u8,
    text: String,
}

pub(crate) fn set(headers: &mut HeaderMap, kind: FlashKind, text: &str, secure: bool) {
    let kind = match kind {
        FlashKind::Info => 0,
        FlashKind::Success => 1,
        FlashKind::Warning => 2,
        FlashKind::Error => 3,
    };
    let text: String = text.chars().take(BYTES_MAX / 4).collect();
    let json = serde_json::to_vec(&Carried { kind, text }).unwrap_or_default();
    cookie(headers, &URL_SAFE_NO_PAD.encode(json), 60, secure);
}

pub(crate) fn clear(headers: &mut HeaderMap, secure: bool) {
    cookie(headers, "", 0, secure);
}

fn cookie(headers: &mut HeaderMap, value: &str, seconds: u32, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// The message that came with the request; anything malformed is no message.
pub(crate) fn take(headers: &HeaderMap) -> Option<ui::Flash> {
    let value =
        cookie_value(headers, COOKIE).filter(|value| !value.is_empty() && value.len() < 2 * BYTES_MAX)?;
    let carried: Carried = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    let kind = match carried.kind {
        1 => FlashKind::Success,
        2 => FlashKind::Warning,
        3 => FlashKind::Error,
        _ => FlashKind::Info,
    };
    Some(ui::Flash {
        kind,
        text: carried.text,
    })
}

/// The value of a cookie by its name.
pub(crate) fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
