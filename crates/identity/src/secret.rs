//! Secrets that prove who calls: session cookies, API tokens, refresh tokens, short-lived access tokens.
//!
//! Always holds: the database has only hashes. A secret has 256 random bits, so a plain SHA-256 of it is enough: there
//! is nothing to guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, header};
use kernel::{SessionId, Timestamp, UserId};
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

/// The browser's cookie.
pub const SESSION_COOKIE: &str = "magflow_session";
const API_TOKEN_PREFIX: &str = "mf_";
const REFRESH_PREFIX: &str = "mfr_";
/// Enough to recognise a token in a list, far too little to guess the rest.
const SHOWN_CHARS: usize = 10;
/// Longer than any token of ours.
const TOKEN_CHARS_MAX: usize = 256;
/// How long an access token counts without the refresh token.
pub(crate) const ACCESS_SECONDS: i64 = 15 * 60;

/// Without those that are mistaken for one another.
const CODE_LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// SHA-256 of a secret, as kept in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SecretHash([u8; 32]);

impl SecretHash {
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A new secret: shown to its holder once, kept as a hash.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn session() -> Self {
        Self(random(32))
    }

    pub(crate) fn api_token() -> Self {
        Self(format!("{API_TOKEN_PREFIX}{}", random(32)))
    }

    /// A refresh token of a new family.
    pub(crate) fn refresh() -> Self {
        Self::refresh_of(&random(16))
    }

    /// The next token of a family.
    pub(crate) fn refresh_of(family: &str) -> Self {
        Self(format!("{REFRESH_PREFIX}{family}.{}", random(32)))
    }

    /// For its holder, once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    pub(crate) fn shown(&self) -> &str {
        self.0.get(..SHOWN_CHARS).unwrap_or_default()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A token for forms.
pub(crate) fn csrf_token() -> String {
    random(24)
}

fn random(bytes: usize) -> String {
    let mut buffer = vec![0_u8; bytes];
    rand::rng().fill_bytes(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}

/// The family part of a refresh token.
pub(crate) fn refresh_family(token: &str) -> Option<&str> {
    if token.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let (family, secret) = token.strip_prefix(REFRESH_PREFIX)?.split_once('.')?;
    (!family.is_empty() && !secret.is_empty()).then_some(family)
}

/// What a caller presents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    Cookie(SecretHash),
    ApiToken(SecretHash),
    Access(String),
}

/// The credential of a request. A `Bearer` header counts before the cookie, even when it is wrong: a program that
/// sends one means it.
pub(crate) fn credential(headers: &HeaderMap) -> Option<Credential> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    if let Some(token) = bearer {
        if token.len() > TOKEN_CHARS_MAX {
            return Some(Credential::Access(String::new()));
        }
        return Some(if token.starts_with(API_TOKEN_PREFIX) {
            Credential::ApiToken(SecretHash::of(token))
        } else {
            Credential::Access(token.to_owned())
        });
    }
    let cookie = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, value)| value)?;
    (cookie.len() <= TOKEN_CHARS_MAX).then(|| Credential::Cookie(SecretHash::of(cookie)))
}

/// Signs and reads access tokens: `user.session.expiry.signature`.
#[derive(Clone)]
pub(crate) struct AccessKey([u8; 32]);

/// What a valid access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccessClaims {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

impl AccessKey {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    pub(crate) fn sign(&self, claims: AccessClaims, now: Timestamp) -> String {
        let text = format!(
            "{}.{}.{}",
            claims.user,
            claims.session,
            now.timestamp() + ACCESS_SECONDS
        );
        let signature = self.mac(&text).map(|mac| mac.finalize().into_bytes());
        let signature = signature
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .unwrap_or_default();
        format!("{text}.{signature}")
    }

    /// `None` for a token that was changed, signed by another key, or is over.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Compares in constant time.
        self.mac(text)?.verify_slice(&signature).ok()?;
        let mut parts = text.split('.');
        let claims = AccessClaims {
            user: parts.next()?.parse().ok()?,
            session: parts.next()?.parse().ok()?,
        };
        let expiry: i64 = parts.next()?.parse().ok()?;
        (parts.next().is_none() && now.timestamp() < expiry).then_some(claims)
    }

    /// The same for the life of an installation; 100 bits, in letters one can read out.
    pub(crate) fn setup_code(&self) -> String {
        let bytes = self
            .hmac(b"magflow set-up code\0", "")
            .map(|mac| mac.finalize().into_bytes());
        bytes
            .iter()
            .flatten()
            .take(20)
            .enumerate()
            .map(|(at, byte)| {
                let letter = char::from(CODE_LETTERS[usize::from(byte % 32)]);
                if at > 0 && at.is_multiple_of(5) {
                    format!("-{letter}")
                } else {
                    letter.to_string()
                }
            })
            .collect()
    }

    fn mac(&self, text: &str) -> Option<Hmac<Sha256>> {
        self.hmac(b"magflow access token\0", text)
    }

    fn hmac(&self, purpose: &[u8], text: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(purpose);
        mac.update(text.as_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        "2026-11-25T08:00:00Z".parse().unwrap()
    }

    const CLAIMS: AccessClaims = AccessClaims {
        user: UserId(7),
        session: SessionId(19),
    };

    #[test]
    fn an_access_token_counts_for_a_quarter_of_an_hour() {
        let key = AccessKey::new([7; 32]);
        let token = key.sign(CLAIMS, now());
        assert!(token.starts_with("7.19."), "{token}");
        let after = |seconds| key.read(&token, now() + chrono::Duration::seconds(seconds));
        assert_eq!(after(0), Some(CLAIMS));
        assert_eq!(after(ACCESS_SECONDS - 1), Some(CLAIMS));
        assert_eq!(after(ACCESS_SECONDS), None);
    }

    #[test]
    fn a_forged_access_token_is_nobody() {
        let key = AccessKey::new([7; 32]);
        let token = key.sign(CLAIMS, now());
        let other_user = token.replacen("7.", "1.", 1);
        let (text, _) = token.rsplit_once('.').unwrap();
        let foreign = AccessKey::new([8; 32]).sign(CLAIMS, now());
        for bad in [
            "",
            ".",
            "...",
            text,
            &format!("{text}."),
            &other_user,
            &foreign,
            &format!("{token}A"),
        ] {
            assert_eq!(key.read(bad, now()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_as_a_token_is_only_refused(text in ".{0,300}") {
            prop_assert_eq!(AccessKey::new([7; 32]).read(&text, now()), None);
            let _ = refresh_family(&text);
        }
    }

    #[test]
    fn a_bearer_counts_before_the_cookie_and_other_schemes_not_at_all() {
        let read = |lines: &[(&'static str, &'static str)]| {
            let headers: HeaderMap = lines
                .iter()
                .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
                .collect();
            credential(&headers)
        };
        let cookie = ("cookie", "a=b; magflow_session=xyz; c=d");
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[cookie]), Some(Credential::Cookie(SecretHash::of("xyz"))));
        assert_eq!(
            read(&[cookie, ("authorization", "bearer mf_abc")]),
            Some(Credential::ApiToken(SecretHash::of("mf_abc")))
        );
        assert_eq!(
            read(&[cookie, ("authorization", "Bearer 1.2.3.x")]),
            Some(Credential::Access("1.2.3.x".to_owned()))
        );
        assert_eq!(
            read(&[cookie, ("authorization", "Basic YTpi")]),
            Some(Credential::Cookie(SecretHash::of("xyz")))
        );
        assert_eq!(read(&[("cookie", "other_magflow_session=xyz")]), None);
    }

    #[test]
    fn the_next_refresh_token_belongs_to_the_same_family() {
        let first = Secret::refresh();
        let family = refresh_family(first.expose()).unwrap().to_owned();
        let second = Secret::refresh_of(&family);
        assert_eq!(refresh_family(second.expose()), Some(family.as_str()));
        assert_ne!(first.expose(), second.expose());
        assert_eq!(refresh_family("mfr_x"), None);
        assert_eq!(refresh_family("mf_x.y"), None);
    }
}
