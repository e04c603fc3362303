//! Statements on rows and settings, read by their first words. They may be long, so no tree is made of them.

use crate::core::token::{Token, TokenKind, tokenize};
use crate::ddl::model::{Action, Name, Named, RowChange, Span};

use super::text::fold;

/// What such a statement does; `None` for everything that is none. Spans are ranges of `text`.
pub(super) fn read(text: &str) -> Option<Action> {
    let mut words = Words::of(text)?;
    match words.next_word()?.as_str() {
        "insert" => words.after("into").map(|table| rows(table, RowChange::Write)),
        "update" => {
            words.skip("only");
            words.name().map(|table| rows(table, RowChange::Write))
        }
        "merge" => words.after("into").map(|table| rows(table, RowChange::Write)),
        "copy" => words.name().map(|table| rows(table, RowChange::Write)),
        "delete" => {
            let filtered = words.holds("where");
            let change = if filtered {
                RowChange::RemoveSome
            } else {
                RowChange::RemoveAll
            };
            words.after("from").map(|table| rows(table, change))
        }
        "truncate" => {
            words.skip("table");
            words.skip("only");
            let change = if words.holds("cascade") {
                RowChange::RemoveAllCascade
            } else {
                RowChange::RemoveAll
            };
            words.name().map(|table| rows(table, change))
        }
        "refresh" => {
            words.skip("materialized");
            words.skip("view");
            maintain("REFRESH MATERIALIZED VIEW", words)
        }
        "cluster" => maintain("CLUSTER", words),
        "reindex" => {
            let concurrently = words.holds("concurrently");
            words.next_word()?;
            words.skip("concurrently");
            words.name().map(|object| Action::Maintain {
                command: "REINDEX",
                object,
                concurrently,
            })
        }
        "vacuum" if words.holds("full") => {
            words.skip("full");
            words.name().map(|object| Action::Maintain {
                command: "VACUUM FULL",
                object,
                concurrently: false,
            })
        }
        "set" => set(words),
        "reset" => {
            matches!(words.next_word()?.as_str(), "lock_timeout" | "all").then_some(Action::NoLockTimeout)
        }
        _ => None,
    }
}

fn rows(table: Named, change: RowChange) -> Action {
    Action::Rows { table, change }
}

fn maintain(command: &'static str, mut words: Words<'_>) -> Option<Action> {
    let concurrently = words.skip("concurrently");
    words.name().map(|object| Action::Maintain {
        command,
        object,
        concurrently,
    })
}

fn set(mut words: Words<'_>) -> Option<Action> {
    let _scope: bool = words.skip("local") || words.skip("session");
    match words.next_word()?.as_str() {
        "search_path" => {
            let _sign: bool = words.skip("to") || words.skip("=");
            let path = words
                .name()
                .map(|first| first.name.name.trim_matches('\'').to_owned());
            Some(Action::SearchPath(
                path.filter(|name| name != "default" && name != "$user"),
            ))
        }
        "lock_timeout" => {
            let off = words
                .tokens
                .iter()
                .any(|token| matches!(token.text(words.text), "0" | "'0'" | "'0s'" | "'0ms'"))
                || words.holds("default");
            Some(if off {
                Action::NoLockTimeout
            } else {
                Action::LockTimeout
            })
        }
        _ => None,
    }
}

struct Words<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut tokens = tokenize(text).ok()?;
        tokens.retain(|token| !token.is_comment());
        Some(Self { text, tokens, at: 0 })
    }

    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|token| token.text(self.text))
    }

    fn next_word(&mut self) -> Option<String> {
        let word = self.peek()?.to_ascii_lowercase();
        self.at += 1;
        Some(word)
    }

    fn skip(&mut self, word: &str) -> bool {
        let here = self.peek().is_some_and(|text| text.eq_ignore_ascii_case(word));
        self.at += usize::from(here);
        here
    }

    fn holds(&self, word: &str) -> bool {
        let words = self.tokens.iter().filter(|token| token.kind == TokenKind::Word);
        words
            .into_iter()
            .any(|token| token.text(self.text).eq_ignore_ascii_case(word))
    }

    fn after(&mut self, word: &str) -> Option<Named> {
        while !self.skip(word) {
            self.peek()?;
            self.at += 1;
        }
        self.skip("only");
        self.name()
    }

    fn name(&mut self) -> Option<Named> {
        let first = self.tokens.get(self.at)?;
        if !matches!(
            first.kind,
            TokenKind::Word | TokenKind::QuotedName | TokenKind::Text
        ) {
            return None;
        }
        let mut parts = vec![fold(first.text(self.text))];
        let (start, mut end) = (first.start, first.end);
        self.at += 1;
        while self.peek() == Some(".") {
            let part = self.tokens.get(self.at + 1)?;
            parts.push(fold(part.text(self.text)));
            end = part.end;
            self.at += 2;
        }
        let name = parts.pop()?;
        Some(Named {
            name: Name {
                schema: parts.pop(),
                name,
            },
            at: Span { start, end },
        })
    }
}
