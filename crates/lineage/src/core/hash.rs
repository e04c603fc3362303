//! Hashes of revisions: `h1:` over what the SQL means, `r1:` over the bytes of the file.
//!
//! Always holds: `h1` does not change with comments, whitespace, line endings or the case of
//! keywords and unquoted names, and does change with any other edit of the SQL. Each hash names its
//! version, so a better one can come later and old ones be recomputed from the stored SQL.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::core::token::{TokenKind, tokenize};

/// A version-prefixed hash over the token streams of a revision's parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// Hashes the parts in order; each is labelled, so moving SQL from one part to another is seen.
    pub fn of(parts: &[(&str, &str)]) -> Self {
        let mut stream = Vec::with_capacity(parts.iter().map(|(_, sql)| 2 * sql.len()).sum());
        for (label, sql) in parts {
            feed(&mut stream, 0, label);
            feed_tokens(&mut stream, sql);
        }
        Self(format!("h1:{}", hexadecimal(&Sha256::digest(&stream))))
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
fn feed(stream: &mut Vec<u8>, kind: u8, text: &str) {
    stream.push(kind);
    stream.extend_from_slice(&(text.len() as u64).to_le_bytes());
    stream.extend_from_slice(text.as_bytes());
}

/// The same with the first `letters` bytes of the text in lower case.
fn feed_lower(stream: &mut Vec<u8>, kind: u8, text: &str, letters: usize) {
    feed(stream, kind, text);
    let start = stream.len() - text.len();
    stream[start..start + letters].make_ascii_lowercase();
}

fn feed_tokens(stream: &mut Vec<u8>, sql: &str) {
    // An unterminated text is hashed as it stands; the reader has reported it already.
    let Ok(tokens) = tokenize(sql) else {
        return feed(stream, 255, sql);
    };
    for token in tokens {
        let text = token.text(sql);
        match token.kind {
            TokenKind::LineComment | TokenKind::BlockComment => {}
            TokenKind::Word => feed_lower(stream, 1, text, text.len()),
            TokenKind::QuotedName => feed_lower(stream, 2, text, prefix(text)),
            TokenKind::Text => feed_lower(stream, 3, text, prefix(text)),
            TokenKind::DollarText => feed(stream, 4, text),
            TokenKind::Number => feed_lower(stream, 5, text, text.len()),
            TokenKind::Parameter => feed(stream, 6, text),
            TokenKind::Operator => feed(stream, 7, text),
            TokenKind::Mark => feed(stream, 8, text),
        }
    }
}

/// `E'x'` and `e'x'` are the same string; what is inside the quotes stays as it is.
fn prefix(text: &str) -> usize {
    text.find(['\'', '"']).unwrap_or(0)
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    out
}
