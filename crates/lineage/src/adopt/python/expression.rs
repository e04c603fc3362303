//! Expressions: texts, names, calls, lists. Anything with an operator in it is not literal and is only skipped.

use super::lexer::Kind;
use super::parser::{KEYWORDS, Parser};
use super::{Call, Expr, ExprKind};

/// Deeper calls than people write; deeper ones are not looked into.
const DEPTH_MAX: usize = 60;

impl Parser<'_> {
    pub(super) fn expression(&mut self, depth: usize) -> Expr {
        let line = self.line();
        let mut first = self.operand(depth);
        while self.is("+") && first.text().is_some() {
            self.at += 1;
            let second = self.operand(depth);
            first.kind = match (first.text(), second.text()) {
                (Some(left), Some(right)) => ExprKind::Text(format!("{left}{right}")),
                (_, _) => ExprKind::Other,
            };
        }
        // `a, b` without brackets is a tuple where nothing else stands around it.
        let ends = self.peek().is_none_or(|token| {
            matches!(token.kind, Kind::Line | Kind::Dedent)
                || (token.kind == Kind::Sign && matches!(token.text, ")" | "]" | "}" | "," | ":" | "=" | ";"))
                || (token.kind == Kind::Name && token.text == "as")
        });
        if ends {
            return first;
        }
        self.skip_expression();
        Expr {
            kind: ExprKind::Other,
            line,
        }
    }

    /// To the end of an expression that is not looked into.
    fn skip_expression(&mut self) {
        let mut open = 0_usize;
        while let Some(token) = self.peek() {
            match (&token.kind, token.text) {
                (Kind::Line | Kind::Dedent, _) => return,
                (Kind::Sign, ")" | "]" | "}" | "," | ":" | "=" | ";") if open == 0 => return,
                (Kind::Sign, "(" | "[" | "{") => open += 1,
                (Kind::Sign, ")" | "]" | "}") => open -= 1,
                (_, _) => {}
            }
            self.at += 1;
        }
    }

    fn operand(&mut self, depth: usize) -> Expr {
        let line = self.line();
        let other = || Expr {
            kind: ExprKind::Other,
            line,
        };
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return other();
        };
        if depth > DEPTH_MAX {
            self.skip_expression();
            return other();
        }
        let kind = match (&token.kind, token.text) {
            (Kind::Text(_), _) => self.texts(),
            (Kind::Number, number) => {
                self.at += 1;
                ExprKind::Number(number.to_owned())
            }
            (Kind::Name, "None" | "True" | "False") => {
                self.at += 1;
                match token.text {
                    "None" => ExprKind::None,
                    "True" => ExprKind::True,
                    _ => ExprKind::False,
                }
            }
            (Kind::Name, word) if !KEYWORDS.contains(&word) => {
                self.at += 1;
                ExprKind::Name(word.to_owned())
            }
            (Kind::Sign, "(") => self.sequence(")", depth),
            (Kind::Sign, "[") => self.sequence("]", depth),
            (Kind::Sign, "{") => self.map(depth),
            (_, _) => return other(),
        };
        self.after(Expr { kind, line }, depth)
    }

    /// Texts side by side are one; one that is not literal makes the whole not literal.
    fn texts(&mut self) -> ExprKind {
        let mut joined = Some(String::new());
        while let Some(Kind::Text(value)) = self.peek().map(|token| token.kind.clone()) {
            joined = joined.zip(value).map(|(left, right)| left + &right);
            self.at += 1;
        }
        joined.map_or(ExprKind::Other, ExprKind::Text)
    }

    fn sequence(&mut self, close: &str, depth: usize) -> ExprKind {
        self.at += 1;
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.is(close) {
            let before = self.at;
            items.push(self.expression(depth + 1));
            if self.skip(",") {
                comma = true;
            } else if !self.is(close) {
                // A comprehension, a generator, or the end of the file.
                self.skip_expression();
                if self.at == before || !self.is(close) {
                    break;
                }
            }
        }
        self.skip(close);
        match (close, comma, items.len()) {
            // Brackets around one expression are only brackets.
            (")", false, 1) => items.remove(0).kind,
            (_, _, _) => ExprKind::Sequence(items),
        }
    }

    fn map(&mut self, depth: usize) -> ExprKind {
        self.at += 1;
        let (mut pairs, mut items) = (Vec::new(), Vec::new());
        while !self.is("}") {
            let before = self.at;
            let key = self.expression(depth + 1);
            if self.skip(":") {
                let value = self.expression(depth + 1);
                pairs.push((key, value));
            } else {
                items.push(key);
            }
            if !self.skip(",") && !self.is("}") {
                self.skip_expression();
                if self.at == before || !self.is("}") {
                    break;
                }
            }
        }
        self.skip("}");
        if items.is_empty() {
            ExprKind::Map(pairs)
        } else {
            ExprKind::Sequence(items)
        }
    }

    /// Attributes, calls and subscripts behind an operand.
    fn after(&mut self, mut expr: Expr, depth: usize) -> Expr {
        loop {
            if self.is(".") {
                self.at += 1;
                let part = self.peek().map_or("", |token| token.text).to_owned();
                self.at += 1;
                expr.kind = match expr.kind {
                    ExprKind::Name(name) => ExprKind::Name(format!("{name}.{part}")),
                    kind => ExprKind::Attribute(
                        Box::new(Expr {
                            kind,
                            line: expr.line,
                        }),
                        part,
                    ),
                };
            } else if self.is("(") {
                let line = expr.line;
                let kind = self.call(expr, depth);
                expr = Expr { kind, line };
            } else if self.is("[") {
                let _index: ExprKind = self.sequence("]", depth);
                expr.kind = ExprKind::Other;
            } else {
                return expr;
            }
        }
    }

    fn call(&mut self, callee: Expr, depth: usize) -> ExprKind {
        self.at += 1;
        let mut call = Call {
            callee,
            arguments: Vec::new(),
            named: Vec::new(),
        };
        while !self.is(")") {
            let before = self.at;
            let value = self.expression(depth + 1);
            match (value.name(), self.is("=")) {
                (Some(name), true) => {
                    let name = name.to_owned();
                    self.at += 1;
                    let value = self.expression(depth + 1);
                    call.named.push((name, value));
                }
                (_, _) => call.arguments.push(value),
            }
            if !self.skip(",") && !self.is(")") {
                self.skip_expression();
                if self.at == before || !self.is(")") {
                    break;
                }
            }
        }
        self.skip(")");
        ExprKind::Call(Box::new(call))
    }
}
