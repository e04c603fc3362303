//! Reads one statement of a revision, as far as the law needs it.
//!
//! Knows the shapes our revisions are written in; a shape it does not know gives nothing, never a wrong answer
//! about another table.

use lineage::{Token, TokenKind, tokenize};

use super::ForeignKey;
use crate::tidy::Finding;

/// What ends the description of a column's type and of an index's keys.
const CONSTRAINT_WORDS: &[&str] = &[
    "constraint",
    "primary",
    "unique",
    "foreign",
    "check",
    "exclude",
    "like",
];

pub(super) struct Reader<'a> {
    /// Words in lower case, everything else as it stands; no comments.
    words: Vec<String>,
    tokens: Vec<Token>,
    place: &'a dyn Fn(usize) -> (String, usize),
}

impl<'a> Reader<'a> {
    pub(super) fn new(sql: &str, place: &'a dyn Fn(usize) -> (String, usize)) -> Self {
        let mut tokens = tokenize(sql).unwrap_or_default();
        tokens.retain(|token| !token.is_comment());
        let words = tokens
            .iter()
            .map(|token| {
                let text = token.text(sql);
                match token.kind {
                    TokenKind::Word => text.to_lowercase(),
                    TokenKind::QuotedName => text.trim_matches('"').to_owned(),
                    TokenKind::Text
                    | TokenKind::DollarText
                    | TokenKind::Number
                    | TokenKind::Parameter
                    | TokenKind::Operator
                    | TokenKind::Mark
                    | TokenKind::LineComment
                    | TokenKind::BlockComment => text.to_owned(),
                }
            })
            .collect();
        Self { words, tokens, place }
    }

    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    fn at(&self, index: usize) -> (String, usize) {
        (self.place)(self.tokens.get(index).map_or(0, |token| token.start))
    }

    /// The first three words, for telling statements apart.
    pub(super) fn starts(&self) -> [&str; 3] {
        [self.word(0), self.word(1), self.word(2)]
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }

    /// The table named after one of these words, without its schema.
    pub(super) fn name_after(&self, words: &[&str]) -> Option<(String, (String, usize))> {
        let mut at = self
            .words
            .iter()
            .position(|word| words.contains(&word.as_str()))?
            + 1;
        while ["if", "not", "exists", "only"].contains(&self.word(at)) {
            at += 1;
        }
        Some((self.name_at(at)?.0, self.at(at)))
    }

    /// A name at `at`, without its schema, and the index after it.
    fn name_at(&self, at: usize) -> Option<(String, usize)> {
        let (name, next) = if self.word(at + 1) == "." {
            (at + 2, at + 3)
        } else {
            (at, at + 1)
        };
        let name = self.words.get(name)?;
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            .then(|| (name.clone(), next))
    }

    /// The tables of `DROP TABLE a, b`.
    pub(super) fn dropped(&self) -> Vec<String> {
        self.words
            .iter()
            .filter(|word| {
                ![
                    "drop", "table", "if", "exists", "cascade", "restrict", "app", ".", ",",
                ]
                .contains(&word.as_str())
            })
            .cloned()
            .collect()
    }

    /// The new name of `ALTER TABLE … RENAME TO name`.
    pub(super) fn renamed_to(&self) -> Option<String> {
        let at = self.words.windows(2).position(|two| two == ["rename", "to"])?;
        self.words.get(at + 2).cloned()
    }

    /// True if the trigger executes this function of ours.
    pub(super) fn calls(&self, function: &str) -> bool {
        self.words
            .windows(4)
            .any(|four| four == ["function", "app", ".", function])
    }

    /// `timestamp` that is not followed by `with time zone`.
    pub(super) fn zoneless(&self) -> Vec<Finding> {
        let found = self.words.iter().enumerate().filter(|(at, word)| {
            let kind = self.tokens.get(*at).map(|token| token.kind);
            // A precision may stand between.
            let next = if self.word(at + 1) == "(" { at + 4 } else { at + 1 };
            kind == Some(TokenKind::Word) && *word == "timestamp" && self.word(next) != "with"
        });
        found
            .map(|(at, _)| {
                let (file, line) = self.at(at);
                let cure = "write timestamptz: UTC inside, the zone of the firm at the edge";
                Finding::error("time-zone", (&file, line), "a time without a zone", cure)
            })
            .collect()
    }

    /// Foreign keys of `CREATE TABLE` and `ALTER TABLE`, of one column or several.
    pub(super) fn foreign_keys(&self) -> Vec<ForeignKey> {
        let mut keys = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            if word != "references" {
                continue;
            }
            let Some((parent, _)) = self.name_at(at + 1) else {
                continue;
            };
            let columns = self.columns_before(at);
            keys.push(ForeignKey {
                columns,
                parent,
                at: self.at(at),
            });
        }
        keys
    }

    /// The columns a `REFERENCES` at `at` belongs to: the list of `FOREIGN KEY (…)`, or the column whose line it ends.
    fn columns_before(&self, at: usize) -> Vec<String> {
        let start = self.item_start(at);
        let foreign = (start..at).find(|index| self.word(*index) == "foreign");
        if let Some(foreign) = foreign {
            return self.list(foreign + 2);
        }
        let mut start = start;
        while ["add", "column", "if", "not", "exists"].contains(&self.word(start)) {
            start += 1;
        }
        vec![self.word(start).to_owned()]
    }

    /// Where the item of the list around `at` begins: behind the last comma or opening parenthesis of its depth.
    fn item_start(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        let mut index = at;
        while index > 0 {
            index -= 1;
            match self.word(index) {
                ")" => depth += 1,
                "(" | "," if depth == 0 => return index + 1,
                "(" => depth -= 1,
                _ => {}
            }
        }
        // `ALTER TABLE app.name ADD …`: the item begins at ADD.
        self.words.iter().position(|word| word == "add").unwrap_or(0)
    }

    /// The names in the parentheses that open at or after `at`; an expression ends the list.
    fn list(&self, at: usize) -> Vec<String> {
        let Some(open) = (at..self.words.len()).find(|index| self.word(*index) == "(") else {
            return Vec::new();
        };
        let mut names = Vec::new();
        let mut index = open + 1;
        while let Some((name, next)) = self.name_at(index) {
            if self.word(next) == "(" {
                break;
            }
            names.push(name);
            let mut end = next;
            while !["", ",", ")"].contains(&self.word(end)) {
                end += 1;
            }
            if self.word(end) != "," {
                break;
            }
            index = end + 1;
        }
        names
    }

    /// Primary keys and unique constraints, of a column or of the table.
    pub(super) fn own_indexes(&self) -> Vec<Vec<String>> {
        let mut indexes = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            let is_key = word == "unique" || (word == "primary" && self.word(at + 1) == "key");
            if !is_key {
                continue;
            }
            let mut next = if word == "unique" { at + 1 } else { at + 2 };
            while ["nulls", "not", "distinct"].contains(&self.word(next)) {
                next += 1;
            }
            if self.word(next) == "(" {
                indexes.push(self.list(next));
            } else {
                let start = self.item_start(at);
                let column = self.word(start);
                if !CONSTRAINT_WORDS.contains(&column) {
                    indexes.push(vec![column.to_owned()]);
                }
            }
        }
        indexes
    }

    /// The columns of `CREATE INDEX`; `None` if it does not hold every row that has a value in its first column.
    pub(super) fn index_columns(&self) -> Option<Vec<String>> {
        let on = self.words.iter().position(|word| word == "on")?;
        let columns = self.list(on);
        let is_gin = self
            .words
            .windows(2)
            .any(|two| two[0] == "using" && two[1] != "btree");
        let filter = self.words.iter().position(|word| word == "where");
        let holds_all = filter.is_none_or(|at| {
            let rest: Vec<&str> = self.words.iter().skip(at + 1).map(String::as_str).collect();
            columns
                .first()
                .is_some_and(|first| rest == [first.as_str(), "is", "not", "null"])
        });
        (holds_all && !is_gin).then_some(columns)
    }
}
