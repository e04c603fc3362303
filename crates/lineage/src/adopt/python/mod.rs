//! Just enough of Python to read migrations without running any: assignments, functions, calls with literal
//! arguments. What is more than that is kept as something not understood, never guessed.

mod expression;
mod lexer;
mod parser;
mod tree;

pub(super) use parser::parse;
pub(super) use tree::{Call, Condition, Expr, ExprKind, Statement, StatementKind};

/// Something Python itself would refuse, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
}
