//! The walk through `upgrade()` or `downgrade()`: which operations run, and under which question.

use std::collections::HashMap;
use std::sync::Arc;

use crate::adopt::original::{Line, Source};
use crate::adopt::python::{Call, Condition, Expr, ExprKind, Statement, StatementKind};

use super::ops::{operation, type_call};
use super::question::{Asked, called, is_for_postgres, is_harmless};
use super::types::quoted;

/// A helper may call a helper; more than this is no migration.
const CALLS_DEEP_MAX: usize = 4;

pub(super) struct Reader<'a> {
    source: &'a Arc<Source>,
    module: &'a [Statement],
    /// Names with the values they were given, of the module and of functions.
    values: HashMap<String, Expr>,
    out: Vec<Line>,
    /// Where an index is built CONCURRENTLY behind a guard.
    pub(super) concurrently_guarded: Option<usize>,
    /// False if one operation needs to be outside of a transaction.
    pub(super) transaction: bool,
}

/// What stands around a statement.
#[derive(Clone, Default)]
struct Around<'a> {
    /// The name of a batch and its table.
    batch: Option<(&'a str, String)>,
    asked: Option<Asked>,
    depth: usize,
}

impl Around<'_> {
    /// The same under a question.
    fn under(&self, asked: Asked) -> Self {
        Self {
            asked: Some(asked),
            ..self.clone()
        }
    }
}

impl<'a> Reader<'a> {
    /// Knows the values of the module.
    pub(super) fn of(source: &'a Arc<Source>, module: &'a [Statement]) -> Self {
        let values = module.iter().filter_map(|statement| match &statement.kind {
            StatementKind::Assign(name, value) => Some((name.clone(), value.clone())),
            _ => None,
        });
        Self {
            source,
            module,
            values: values.collect(),
            out: Vec::new(),
            concurrently_guarded: None,
            transaction: true,
        }
    }

    /// The SQL of the function of this name.
    pub(super) fn way(&mut self, name: &str) -> Vec<Line> {
        if let Some(body) = self.function(name) {
            self.statements(body, &Around::default());
        }
        std::mem::take(&mut self.out)
    }

    fn function(&self, name: &str) -> Option<&'a [Statement]> {
        self.module.iter().find_map(|statement| match &statement.kind {
            StatementKind::Function(own, body) if own == name => Some(body.as_slice()),
            _ => None,
        })
    }

    fn statements(&mut self, body: &'a [Statement], around: &Around<'a>) {
        for (at, statement) in body.iter().enumerate() {
            match &statement.kind {
                // `if table_exists("t"): return` asks for all that follows.
                StatementKind::If(condition, only, otherwise)
                    if otherwise.is_empty() && is_return(only) && self.asks_database(condition) =>
                {
                    let rest = &body[at + 1..];
                    let asked = self.asked(condition, rest);
                    return self.statements(rest, &around.under(asked));
                }
                // What stands behind it is never reached.
                StatementKind::Return => return,
                _ => self.statement(statement, around),
            }
        }
    }

    fn statement(&mut self, statement: &'a Statement, around: &Around<'a>) {
        let read = match &statement.kind {
            StatementKind::Nothing | StatementKind::Function(..) | StatementKind::Return => true,
            StatementKind::Assign(name, value) => {
                self.values.insert(name.clone(), value.clone());
                is_harmless(value)
            }
            StatementKind::Expression(expr) => self.expression(expr, statement.line, around),
            StatementKind::If(condition, body, otherwise) => {
                self.condition(condition, body, otherwise, around)
            }
            StatementKind::With(entered, name, body) => self.with(entered, name.as_deref(), body, around),
            StatementKind::Other => false,
        };
        if !read {
            self.unread(statement.line);
        }
    }

    fn unread(&mut self, number: usize) {
        let place = self.source.place(number);
        let said = format!("{}:{number}: {}", self.source.name, place.text.trim());
        for (sql, unread) in [
            (format!("-- unread: {said}"), true),
            // Seen from outside it may do anything, and a server refuses it.
            ("DO $$ BEGIN EXECUTE 'unread' || now(); END $$;".to_owned(), false),
        ] {
            self.push(sql, number, unread);
        }
    }

    fn push(&mut self, sql: String, number: usize, unread: bool) {
        self.out.push(Line {
            sql,
            source: Arc::clone(self.source),
            number,
            unread,
        });
    }

    /// False if nobody can say which side is taken.
    fn condition(
        &mut self,
        condition: &Condition,
        body: &'a [Statement],
        otherwise: &'a [Statement],
        around: &Around<'a>,
    ) -> bool {
        match is_for_postgres(condition) {
            Some(true) => self.statements(body, around),
            Some(false) => self.statements(otherwise, around),
            None if otherwise.is_empty() && self.asks_database(condition) => {
                let asked = self.asked(condition, body);
                self.statements(body, &around.under(asked));
            }
            None => return false,
        }
        true
    }

    fn asks_database(&self, condition: &Condition) -> bool {
        condition.names.iter().any(|name| self.asks(name))
    }

    /// True for names that look into the database, and for values that came from there.
    fn asks(&self, name: &str) -> bool {
        let looks = |name: &str| {
            let words = [
                "has_table",
                "get_table_names",
                "get_columns",
                "get_indexes",
                "inspector",
                "exists",
            ];
            words.iter().any(|word| name.contains(word))
        };
        let value = self.values.get(name);
        let from_call = value.and_then(Expr::call).and_then(called);
        let listed = value.is_some_and(|value| matches!(value.kind, ExprKind::Sequence(_) | ExprKind::Other));
        let speaks = ["column", "table", "index"]
            .iter()
            .any(|word| name.contains(word));
        looks(name) || from_call.is_some_and(looks) || (listed && speaks)
    }

    /// The texts of a condition, also those behind names, and the tables made under it.
    fn asked(&self, condition: &Condition, body: &[Statement]) -> Asked {
        let mut texts = condition.texts.clone();
        let named = condition
            .names
            .iter()
            .filter_map(|name| self.values.get(name)?.text());
        texts.extend(named.map(str::to_owned));
        let calls = body.iter().filter_map(|statement| match &statement.kind {
            StatementKind::Expression(expr) => expr.call(),
            _ => None,
        });
        let tables = calls
            .filter(|call| call.callee.name() == Some("op.create_table"))
            .filter_map(|call| {
                let mut name = call.arguments.first()?.clone();
                self.resolve(&mut name, 0);
                name.text().map(str::to_owned)
            });
        Asked {
            texts,
            made: tables.collect(),
        }
    }

    /// False if nobody can say what is entered.
    fn with(
        &mut self,
        entered: &'a Expr,
        name: Option<&'a str>,
        body: &'a [Statement],
        around: &Around<'a>,
    ) -> bool {
        match (entered.call().and_then(called), entered.call(), name) {
            (Some("autocommit_block"), _, _) => {
                self.transaction = false;
                self.statements(body, around);
            }
            (Some("batch_alter_table"), Some(call), Some(name)) => {
                let call = self.resolved(call);
                let Some(table) = call.argument(0, "table_name").and_then(Expr::text) else {
                    return false;
                };
                let schema = call.get("schema").and_then(Expr::text);
                let full = schema.map_or(quoted(table), |schema| {
                    format!("{}.{}", quoted(schema), quoted(table))
                });
                let inside = Around {
                    batch: Some((name, full)),
                    ..around.clone()
                };
                self.statements(body, &inside);
            }
            (_, _, _) => return false,
        }
        true
    }

    /// False if nobody can say what it does.
    fn expression(&mut self, expr: &'a Expr, line: usize, around: &Around<'a>) -> bool {
        let Some(call) = expr.call() else {
            return is_harmless(expr);
        };
        let name = call.callee.name().unwrap_or("");
        let in_batch = around
            .batch
            .as_ref()
            .and_then(|(batch, table)| Some((name.strip_prefix(batch)?.strip_prefix('.')?, table.as_str())));
        match (in_batch, name.strip_prefix("op.")) {
            (Some((operation, table)), _) => {
                return self.operation(operation, call, Some(table), line, around.asked.as_ref());
            }
            (None, Some("get_bind" | "get_context")) => return true,
            (None, Some(operation)) => {
                return self.operation(operation, call, None, line, around.asked.as_ref());
            }
            (None, None) => {}
        }
        if is_harmless(expr) {
            return true;
        }
        if let Some(sql) = self.type_made(call) {
            self.push(sql, line, false);
            return true;
        }
        let plain = call.arguments.is_empty() && call.named.is_empty();
        let helper = self
            .function(name)
            .filter(|_| plain && around.depth < CALLS_DEEP_MAX);
        let Some(body) = helper else {
            return false;
        };
        let deeper = Around {
            depth: around.depth + 1,
            ..around.clone()
        };
        self.statements(body, &deeper);
        true
    }

    /// `mood.create(bind)` where `mood` was given an enum, or the enum itself.
    fn type_made(&self, call: &Call) -> Option<String> {
        match &call.callee.kind {
            ExprKind::Attribute(of, method) => type_call(of, method),
            ExprKind::Name(name) => {
                let (variable, method) = name.rsplit_once('.')?;
                type_call(self.values.get(variable)?, method)
            }
            _ => None,
        }
    }

    /// False if it is not literal.
    fn operation(
        &mut self,
        name: &str,
        call: &Call,
        batch: Option<&str>,
        line: usize,
        asked: Option<&Asked>,
    ) -> bool {
        let call = self.resolved(call);
        // An `if` guards only what it asks about.
        let about = asked.is_none_or(|asked| asked.is_about(name, &call, batch));
        let Some(made) = about
            .then(|| operation(name, &call, batch, asked.is_some()))
            .flatten()
        else {
            return false;
        };
        if call.says("postgresql_concurrently") {
            // Alembic needs an `autocommit_block` around it; here it is the header that says so.
            self.transaction = false;
            if call.says("if_not_exists") || asked.is_some() {
                self.concurrently_guarded.get_or_insert(line);
            }
        }
        for (sql, number) in made {
            self.push(sql, number, false);
        }
        true
    }

    /// The call with names replaced by the values they were given.
    fn resolved(&self, call: &Call) -> Call {
        let mut call = call.clone();
        let values = call.named.iter_mut().map(|(_, value)| value);
        for value in call.arguments.iter_mut().chain(values) {
            self.resolve(value, 0);
        }
        call
    }

    fn resolve(&self, expr: &mut Expr, depth: usize) {
        if depth > CALLS_DEEP_MAX {
            return;
        }
        match &mut expr.kind {
            ExprKind::Name(name) => {
                if let Some(value) = self.values.get(name.as_str()) {
                    expr.kind = value.kind.clone();
                    self.resolve(expr, depth + 1);
                }
            }
            ExprKind::Sequence(items) => {
                for item in items {
                    self.resolve(item, depth + 1);
                }
            }
            ExprKind::Call(call) => {
                let values = call.named.iter_mut().map(|(_, value)| value);
                for value in call.arguments.iter_mut().chain(values) {
                    self.resolve(value, depth + 1);
                }
            }
            _ => {}
        }
    }
}

fn is_return(body: &[Statement]) -> bool {
    matches!(body, [only] if only.kind == StatementKind::Return)
}
