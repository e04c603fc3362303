//! What the reader makes of a file.

/// An expression and the line it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) line: usize,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExprKind {
    Text(String),
    Number(String),
    /// A name, or names joined by dots: `op.create_table`.
    Name(String),
    /// An attribute of something that is no name: `sa.Enum(...).create`.
    Attribute(Box<Expr>, String),
    None,
    True,
    False,
    /// A list, tuple or set of them.
    Sequence(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Call(Box<Call>),
    /// Anything else.
    Other,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) callee: Expr,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) named: Vec<(String, Expr)>,
}

impl Call {
    /// The argument of this name, or at this position.
    pub(crate) fn argument(&self, at: usize, name: &str) -> Option<&Expr> {
        self.arguments.get(at).or_else(|| self.get(name))
    }

    /// The argument of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Expr> {
        self.named
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// True if the argument of this name is `True`.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.kind == ExprKind::True)
    }
}

impl Expr {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name, if it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The call, if it is one.
    pub(crate) fn call(&self) -> Option<&Call> {
        match &self.kind {
            ExprKind::Call(call) => Some(call),
            _ => None,
        }
    }
}

/// A statement and the line it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) kind: StatementKind,
    pub(crate) line: usize,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StatementKind {
    /// `name = value`, with or without an annotation.
    Assign(String, Expr),
    Expression(Expr),
    Function(String, Vec<Statement>),
    /// Condition, body, and what stands under `else` and `elif`.
    If(Condition, Vec<Statement>, Vec<Statement>),
    /// What is entered, the name it gets, body.
    With(Expr, Option<String>, Vec<Statement>),
    /// `pass`, imports, docstrings: nothing happens to a schema.
    Nothing,
    Return,
    /// Loops, `try`, and whatever else there is.
    Other,
}

/// What an `if` asks, as the words in it: a condition is not evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Condition {
    pub(crate) texts: Vec<String>,
    pub(crate) names: Vec<String>,
}
