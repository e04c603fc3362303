//! Hashes of revisions: `h1:` over what the SQL means, `r1:` over the bytes of the file.
//!
//! Always holds: `h1` does not change with comments, whitespace, line endings or the case of
//! keywords and unquoted names, and does change with any other edit of the SQL. Each hash names its
//! version, so a better one can come later and old ones be recomputed from the stored SQL.

use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::core::token::{TokenKind, tokenize};

/// A version-prefixed hash over the token streams of a revision's parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// Hashes the parts in order; each is labelled, so moving SQL from one part to another is seen.
    pub fn of(parts: &[(&str, &str)]) -> Self {
        let mut digest = Sha256::new();
        for (label, sql) in parts {
            feed(&mut digest, 0, label);
            feed_tokens(&mut digest, sql);
        }
        Self(format!("h1:{}", hexadecimal(&digest.finalize())))
    }

    /// As written in the lock file and the database, with its version.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The hash of a file's bytes, `r1:` and 64 hexadecimal digits.
pub(crate) fn raw_hash(bytes: &[u8]) -> String {
    format!("r1:{}", hexadecimal(&Sha256::digest(bytes)))
}

/// Kind, length, text: unambiguous, so no two streams look alike.
fn feed(digest: &mut Sha256, kind: u8, text: &str) {
    digest.update([kind]);
    digest.update((text.len() as u64).to_le_bytes());
    digest.update(text.as_bytes());
}

fn feed_tokens(digest: &mut Sha256, sql: &str) {
    // An unterminated text is hashed as it stands; the reader has reported it already.
    let Ok(tokens) = tokenize(sql) else {
        return feed(digest, 255, sql);
    };
    for token in tokens {
        let text = token.text(sql);
        match token.kind {
            TokenKind::LineComment | TokenKind::BlockComment => {}
            TokenKind::Word => feed(digest, 1, &text.to_ascii_lowercase()),
            TokenKind::QuotedName => feed(digest, 2, &lower_prefix(text)),
            TokenKind::Text => feed(digest, 3, &lower_prefix(text)),
            TokenKind::DollarText => feed(digest, 4, text),
            TokenKind::Number => feed(digest, 5, &text.to_ascii_lowercase()),
            TokenKind::Parameter => feed(digest, 6, text),
            TokenKind::Operator => feed(digest, 7, text),
            TokenKind::Mark => feed(digest, 8, text),
        }
    }
}

/// `E'x'` and `e'x'` are the same string; what is inside the quotes stays as it is.
fn lower_prefix(text: &str) -> String {
    let quote = text.find(['\'', '"']).unwrap_or(0);
    let (prefix, rest) = text.split_at(quote);
    prefix.to_ascii_lowercase() + rest
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _: fmt::Result = write!(out, "{byte:02x}");
    }
    out
}
