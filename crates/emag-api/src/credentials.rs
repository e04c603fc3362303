//! The account's name and password. The password leaves only inside the `Authorization` header, built at send.

use std::fmt;

use base64::Engine as _;

/// Basic credentials of one marketplace account. `Debug` shows the name only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    username: String,
    password: String,
}

impl Credentials {
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password: password.into(),
        }
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    /// The value of the `Authorization` header. Never log it.
    pub(crate) fn basic_header(&self) -> String {
        format!("Basic {}", self.token())
    }

    /// `text` without the password or the header token, should a partner ever echo one of them.
    pub(crate) fn redact(&self, text: &str) -> String {
        /// A shorter secret would blank out half of every log line, and a body never holds the password by construction.
        const SECRET_LEN_MIN: usize = 4;
        let mut clean = text.replace(&self.token(), "[redacted]");
        if self.password.len() >= SECRET_LEN_MIN {
            clean = clean.replace(&self.password, "[redacted]");
        }
        clean
    }

    fn token(&self) -> String {
        let pair = format!("{}:{}", self.username, self.password);
        base64::engine::general_purpose::STANDARD.encode(pair)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("password", &"[redacted]")
            .finish()
    }
}
