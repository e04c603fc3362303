//! Statements and expressions, as far as migrations have them.
//!
//! Never fails as a whole: a logical line that is not understood becomes [`StatementKind::Other`]; one that Python
//! would refuse is reported besides.

use super::lexer::{Kind, Token, lex};
use super::{Condition, Expr, Fault, Statement, StatementKind};

/// Words that stand between operands or begin something of their own.
pub(super) const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The statements of a file, and what Python would refuse in it.
pub(crate) fn parse(source: &str) -> (Vec<Statement>, Vec<Fault>) {
    let (tokens, faults) = lex(source);
    let mut parser = Parser {
        tokens,
        at: 0,
        faults,
    };
    let mut out = Vec::new();
    while parser.at < parser.tokens.len() {
        parser.block_into(&mut out);
        // A dedent with nothing to close: the lexer has said so.
        parser.at += 1;
    }
    (out, parser.faults)
}

pub(super) struct Parser<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) at: usize,
    faults: Vec<Fault>,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<&Token<'_>> {
        self.tokens.get(self.at)
    }

    pub(super) fn line(&self) -> usize {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(1, |token| token.line)
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.peek()
            .is_some_and(|token| token.text == text && matches!(token.kind, Kind::Sign | Kind::Name))
    }

    fn is_kind(&self, kind: &Kind) -> bool {
        self.peek().is_some_and(|token| token.kind == *kind)
    }

    pub(super) fn skip(&mut self, text: &str) -> bool {
        let here = self.is(text);
        self.at += usize::from(here);
        here
    }

    /// Statements up to the dedent that ends them.
    fn block_into(&mut self, out: &mut Vec<Statement>) {
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Dedent => return,
                Kind::Line => self.at += 1,
                Kind::Indent => {
                    let line = token.line;
                    self.faults.push(Fault {
                        line,
                        message: "this line is indented without a reason".to_owned(),
                    });
                    self.at += 1;
                    self.block_into(out);
                    self.at += 1;
                }
                Kind::Name | Kind::Number | Kind::Text(_) | Kind::Sign => {
                    let statement = self.statement();
                    out.push(statement);
                }
            }
        }
    }

    fn statement(&mut self) -> Statement {
        let (line, start) = (self.line(), self.at);
        self.check_operands();
        let word = self.peek().map_or("", |token| token.text).to_owned();
        let kind = match word.as_str() {
            "def" => self.function(),
            "if" => self.condition(),
            "with" => self.with(),
            "import" | "from" | "pass" | "global" => {
                self.skip_line();
                StatementKind::Nothing
            }
            "class" | "for" | "while" | "try" | "except" | "finally" | "else" | "elif" | "async" | "@" => {
                self.other_compound()
            }
            // No keyword everywhere: `match = re.match(...)` is an assignment.
            "match" | "case" if self.line_opens_body() => self.other_compound(),
            "return" => {
                self.skip_line();
                StatementKind::Return
            }
            _ if KEYWORDS.contains(&word.as_str())
                && !matches!(word.as_str(), "None" | "True" | "False" | "not") =>
            {
                self.skip_line();
                StatementKind::Other
            }
            _ => self.simple(),
        };
        // Whatever was read, a statement is at least one token.
        self.at = self.at.max(start + 1);
        Statement { kind, line }
    }

    /// Two operands side by side: `revision "abc"`.
    fn check_operands(&mut self) {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let soft = rest
            .first()
            .is_some_and(|first| matches!(first.text, "match" | "case" | "type"));
        let end = rest
            .iter()
            .position(|token| token.kind == Kind::Line)
            .unwrap_or(rest.len());
        let wrong = rest
            .get(..end)
            .unwrap_or_default()
            .windows(2)
            .find(|pair| match pair {
                [left, right] => {
                    !soft && is_operand_end(left) && is_operand_start(right) && !is_joined_text(left, right)
                }
                _ => false,
            });
        if let Some([_, second]) = wrong {
            let (line, shown) = (second.line, second.text.chars().take(40).collect::<String>());
            self.faults.push(Fault {
                line,
                message: format!("`{shown}` cannot stand here"),
            });
        }
    }

    fn line_opens_body(&self) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let line = rest.iter().take_while(|token| token.kind != Kind::Line);
        line.last().is_some_and(|last| last.text == ":")
    }

    fn skip_line(&mut self) {
        while self
            .peek()
            .is_some_and(|token| !matches!(token.kind, Kind::Line | Kind::Indent | Kind::Dedent))
        {
            self.at += 1;
        }
    }

    /// The `:` that opens a body, after whatever is left of the line before it.
    fn body(&mut self) -> Vec<Statement> {
        let line = self.line();
        let mut colon = false;
        while self
            .peek()
            .is_some_and(|token| !matches!(token.kind, Kind::Line | Kind::Indent | Kind::Dedent))
        {
            colon = self.is(":");
            self.at += 1;
            if colon && !self.closes_later() {
                break;
            }
        }
        let mut out = Vec::new();
        if !colon {
            self.faults.push(Fault {
                line,
                message: "a `:` is missing at the end of this line".to_owned(),
            });
        }
        if self.is_kind(&Kind::Line) {
            self.at += 1;
            if self.is_kind(&Kind::Indent) {
                self.at += 1;
                self.block_into(&mut out);
                self.at += 1;
            } else {
                self.faults.push(Fault {
                    line,
                    message: "an indented body is missing below this line".to_owned(),
                });
            }
        } else if colon {
            out.push(self.statement());
            self.skip_line();
        }
        out
    }

    /// True if the line has another `:` behind this one: it was a slice, an annotation or a lambda.
    fn closes_later(&self) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let mut line = rest.iter().take_while(|token| token.kind != Kind::Line);
        line.any(|token| token.kind == Kind::Sign && token.text == ":")
    }

    fn function(&mut self) -> StatementKind {
        self.at += 1;
        let name = self.peek().map_or("", |token| token.text).to_owned();
        StatementKind::Function(name, self.body())
    }

    fn condition(&mut self) -> StatementKind {
        self.at += 1;
        let start = self.at;
        let _read: Expr = self.expression(0);
        let condition = Condition::of(self.tokens.get(start..self.at).unwrap_or_default());
        let body = self.body();
        while self.is_kind(&Kind::Line) {
            self.at += 1;
        }
        let otherwise = if self.is("elif") {
            let line = self.line();
            let kind = self.condition();
            vec![Statement { kind, line }]
        } else if self.skip("else") {
            self.body()
        } else {
            Vec::new()
        };
        StatementKind::If(condition, body, otherwise)
    }

    fn with(&mut self) -> StatementKind {
        self.at += 1;
        let entered = self.expression(0);
        let name = self
            .skip("as")
            .then(|| self.peek().map_or("", |token| token.text).to_owned());
        StatementKind::With(entered, name, self.body())
    }

    /// Loops, handlers, classes: their bodies are read for what Python would refuse, and for nothing else.
    fn other_compound(&mut self) -> StatementKind {
        if self.skip("@") {
            self.skip_line();
            return StatementKind::Nothing;
        }
        self.at += 1;
        let _unread: Vec<Statement> = self.body();
        StatementKind::Other
    }

    fn simple(&mut self) -> StatementKind {
        let target = self.expression(0);
        if self.skip(":") {
            let _annotation: Expr = self.expression(0);
        }
        let kind = if self.skip("=") {
            let value = self.expression(0);
            match (target.name(), self.at_end_of_statement()) {
                (Some(name), true) => StatementKind::Assign(name.to_owned(), value),
                (_, _) => StatementKind::Other,
            }
        } else if !self.at_end_of_statement() {
            StatementKind::Other
        } else if target.text().is_some() {
            StatementKind::Nothing
        } else {
            StatementKind::Expression(target)
        };
        if !self.skip(";") {
            self.skip_line();
        }
        kind
    }

    fn at_end_of_statement(&self) -> bool {
        self.is(";")
            || self
                .peek()
                .is_none_or(|token| matches!(token.kind, Kind::Line | Kind::Dedent))
    }
}

impl Condition {
    fn of(tokens: &[Token<'_>]) -> Self {
        let mut condition = Self::default();
        for token in tokens {
            match &token.kind {
                Kind::Text(Some(value)) => condition.texts.push(value.clone()),
                Kind::Name => condition.names.push(token.text.to_owned()),
                Kind::Sign if token.text == "==" => condition.names.push("==".to_owned()),
                Kind::Text(None) | Kind::Number | Kind::Sign | Kind::Line | Kind::Indent | Kind::Dedent => {}
            }
        }
        condition
    }
}

fn is_operand_end(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Number | Kind::Text(_) => true,
        Kind::Name => !KEYWORDS.contains(&token.text) || matches!(token.text, "None" | "True" | "False"),
        Kind::Sign => matches!(token.text, ")" | "]" | "}"),
        Kind::Line | Kind::Indent | Kind::Dedent => false,
    }
}

fn is_operand_start(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Number | Kind::Text(_) => true,
        Kind::Name => !KEYWORDS.contains(&token.text) || matches!(token.text, "None" | "True" | "False"),
        Kind::Sign | Kind::Line | Kind::Indent | Kind::Dedent => false,
    }
}

fn is_joined_text(left: &Token<'_>, right: &Token<'_>) -> bool {
    matches!((&left.kind, &right.kind), (Kind::Text(_), Kind::Text(_)))
}
