//! Splits a script into statements, so that each can be sent alone and an error found in the file.
//!
//! Always holds: statements are in order, do not overlap, and hold every token but comments around
//! them and the semicolons between them. Never judges grammar.

use crate::core::token::{Token, TokenError, TokenKind, tokenize, tokens};

/// One statement as a byte range of its script, without the final semicolon and outer comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Statement {
    /// The statement's own text.
    pub fn text<'a>(&self, script: &'a str) -> &'a str {
        script.get(self.start..self.end).unwrap_or("")
    }

    /// The same statement, counted from byte `start` of its script.
    pub(crate) fn back_by(self, start: usize) -> Self {
        Self {
            start: self.start.saturating_sub(start),
            end: self.end.saturating_sub(start),
        }
    }
}

/// The statements of `script`. Semicolons inside parentheses (`CREATE RULE`) and inside SQL-standard
/// function bodies (`BEGIN ATOMIC ... END`) do not end a statement.
pub fn split(script: &str) -> Result<Vec<Statement>, TokenError> {
    let tokens = tokenize(script)?;
    Ok(split_tokens(
        script,
        tokens.iter().filter(|token| !token.is_comment()),
    ))
}

/// The same for tokens that were read before, without comments.
pub(crate) fn split_tokens<'a>(script: &str, tokens: impl Iterator<Item = &'a Token>) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut open: Option<Statement> = None;
    let mut nesting = Nesting::default();
    for token in tokens {
        let text = token.text(script);
        if token.kind == TokenKind::Mark && text == ";" && nesting.is_outside() {
            statements.extend(open.take());
            nesting = Nesting::default();
            continue;
        }
        nesting.see(token.kind, text);
        let start = open.map_or(token.start, |statement| statement.start);
        open = Some(Statement {
            start,
            end: token.end,
        });
    }
    statements.extend(open);
    statements
}

/// Where in a statement we are, by the rule psql uses.
#[derive(Default)]
struct Nesting {
    parentheses: usize,
    /// Depth of `BEGIN` and `CASE` inside a routine's body.
    bodies: usize,
    words_seen: usize,
    /// `CREATE [OR REPLACE] {FUNCTION | PROCEDURE}` was seen at the start.
    routine: bool,
    created: bool,
}

impl Nesting {
    fn is_outside(&self) -> bool {
        self.parentheses == 0 && self.bodies == 0
    }

    fn see(&mut self, kind: TokenKind, text: &str) {
        match (kind, text) {
            (TokenKind::Mark, "(") => self.parentheses += 1,
            (TokenKind::Mark, ")") => self.parentheses = self.parentheses.saturating_sub(1),
            (TokenKind::Word, _) => self.see_word(&text.to_ascii_lowercase()),
            (_, _) => {}
        }
    }

    fn see_word(&mut self, word: &str) {
        self.words_seen += 1;
        match word {
            "create" if self.words_seen == 1 => self.created = true,
            "function" | "procedure" if self.created && matches!(self.words_seen, 2 | 4) => {
                self.routine = true;
            }
            "begin" if self.routine && self.parentheses == 0 => self.bodies += 1,
            "case" if self.bodies > 0 => self.bodies += 1,
            "end" => self.bodies = self.bodies.saturating_sub(1),
            _ => {}
        }
    }
}

/// The first words of a statement in lower case, enough to know what kind it is.
pub(crate) fn leading_words(statement: &str, count: usize) -> Vec<String> {
    tokens(statement)
        .filter(|token| !token.is_comment())
        .skip_while(|token| token.kind == TokenKind::Mark && token.text(statement) == "(")
        .take_while(|token| token.kind == TokenKind::Word)
        .take(count)
        .map(|token| token.text(statement).to_ascii_lowercase())
        .collect()
}

/// Why a statement may not stand in a transactional revision, if so.
pub(crate) fn forbidden(statement: &str) -> Option<&'static str> {
    let outside =
        "the server refuses it inside a transaction: put it into a revision with `-- transaction: no`";
    control(statement).or_else(|| runs_alone(statement).then_some(outside))
}

/// Why a statement may not stand in any revision, if so.
pub(crate) fn control(statement: &str) -> Option<&'static str> {
    let words = leading_words(statement, 2);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let control = "the runner opens and commits the transaction; take this statement out";
    match (word(0), word(1)) {
        ("begin" | "commit" | "end" | "rollback" | "abort" | "savepoint" | "release", _)
        | ("start" | "prepare", "transaction") => Some(control),
        ("discard", "all") => Some("it would move or hide the record of what was applied"),
        ("copy", _) if reads_client(statement) => {
            Some("rows cannot be streamed from a revision file; write them as INSERT ... VALUES")
        }
        (_, _) => None,
    }
}

/// True if the server refuses this statement inside a transaction.
pub(crate) fn runs_alone(statement: &str) -> bool {
    let words = leading_words(statement, 2);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match (word(0), word(1)) {
        ("vacuum", _)
        | ("create" | "drop" | "alter", "system")
        | ("create" | "drop", "database" | "tablespace" | "subscription") => true,
        ("create" | "drop" | "reindex" | "alter", _) => is_concurrent(statement),
        (_, _) => false,
    }
}

pub(crate) fn words_of(statement: &str) -> Vec<String> {
    let Ok(tokens) = tokenize(statement) else {
        return Vec::new();
    };
    let words = tokens.iter().filter(|token| token.kind == TokenKind::Word);
    words
        .map(|token| token.text(statement).to_ascii_lowercase())
        .collect()
}

fn reads_client(statement: &str) -> bool {
    let words = words_of(statement);
    words.windows(2).any(|pair| matches!(pair, [from, stdin] if (from == "from" && stdin == "stdin") || (from == "to" && stdin == "stdout")))
}

/// `CREATE [UNIQUE] INDEX CONCURRENTLY`, `DROP INDEX CONCURRENTLY`, `REINDEX ... CONCURRENTLY`, `DETACH PARTITION x CONCURRENTLY`.
fn is_concurrent(statement: &str) -> bool {
    // Nearly no statement says the word, and looking for it costs less than reading the tokens.
    let said = |window: &[u8]| window.eq_ignore_ascii_case(b"concurrently");
    if !statement.as_bytes().windows(b"concurrently".len()).any(said) {
        return false;
    }
    let words = words_of(statement);
    let index = words
        .windows(2)
        .any(|pair| matches!(pair, [index, how] if index == "index" && how == "concurrently"));
    let first = words.first().map_or("", String::as_str);
    let said = words.iter().any(|word| word == "concurrently");
    let detach = words.iter().any(|word| word == "detach");
    index || (said && (first == "reindex" || (first == "alter" && detach)))
}
