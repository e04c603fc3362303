//! What an `if` asks, and what is asked about; and which values and calls do nothing by themselves.

use crate::adopt::python::{Call, Condition, Expr, ExprKind};

use super::types::last;

/// What an `if` asks the database.
#[derive(Clone, Default)]
pub(super) struct Asked {
    /// The texts in its condition: names of what it asks about.
    pub(super) texts: Vec<String>,
    /// Tables that are made under it: what is done to them is done only where they were made.
    pub(super) made: Vec<String>,
}

impl Asked {
    /// True if the condition is about what the call makes or removes.
    pub(super) fn is_about(&self, name: &str, call: &Call, batch: Option<&str>) -> bool {
        let has = |text: Option<&str>| text.is_some_and(|text| self.texts.iter().any(|own| own == text));
        let table = match (name, batch) {
            (_, Some(table)) => Some(table),
            (
                "create_index" | "create_unique_constraint" | "create_foreign_key" | "drop_constraint",
                None,
            ) => call.argument(1, "table_name").and_then(Expr::text),
            (_, None) => call.argument(0, "table_name").and_then(Expr::text),
        };
        if table.is_some_and(|table| self.made.iter().any(|made| made == table)) {
            return has(table);
        }
        let subject = match (name, batch) {
            ("add_column" | "drop_column", None) => call.arguments.get(1),
            (_, _) => call.arguments.first(),
        };
        has(subject.and_then(object_name))
    }
}

/// `dialect == "postgresql"`, and the same with another database; `None` for other questions.
pub(super) fn is_for_postgres(condition: &Condition) -> Option<bool> {
    let about_dialect = condition.names.iter().any(|name| name.contains("dialect"));
    let compared = condition.names.iter().any(|name| name == "==");
    match condition.texts.as_slice() {
        [one] if about_dialect && compared => Some(one.starts_with("postgres")),
        _ => None,
    }
}

/// What a call is about: a name, or the name of a column.
fn object_name(expr: &Expr) -> Option<&str> {
    match (expr.text(), expr.call()) {
        (Some(name), _) => Some(name),
        (None, Some(call)) if matches!(call.callee.name().map(last), Some("Column" | "f")) => {
            call.arguments.first().and_then(Expr::text)
        }
        (None, _) => None,
    }
}

/// The last name of what is called, also behind another call: `op.get_context().autocommit_block()`.
pub(super) fn called(call: &Call) -> Option<&str> {
    match &call.callee.kind {
        ExprKind::Name(name) => Some(last(name)),
        ExprKind::Attribute(_, name) => Some(name),
        _ => None,
    }
}

/// Values and calls that change nothing in the database.
pub(super) fn is_harmless(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(call) => {
            let name = call.callee.name().unwrap_or("");
            let looks = matches!(
                last(name),
                "get_bind"
                    | "get_context"
                    | "inspect"
                    | "from_engine"
                    | "Enum"
                    | "ENUM"
                    | "table"
                    | "column"
                    | "Table"
                    | "Column"
                    | "MetaData"
                    | "text"
                    | "has_table"
                    | "get_table_names"
                    | "get_columns"
                    | "get_indexes"
                    | "getLogger"
            );
            looks && !name.starts_with("op.create")
                || name == "print"
                || name.starts_with("logger.")
                || name.starts_with("logging.")
        }
        // `op.get_bind().dialect.name`
        ExprKind::Attribute(of, _) => is_harmless(of),
        ExprKind::Other => false,
        ExprKind::Text(_)
        | ExprKind::Number(_)
        | ExprKind::Name(_)
        | ExprKind::None
        | ExprKind::True
        | ExprKind::False
        | ExprKind::Sequence(_)
        | ExprKind::Map(_) => true,
    }
}
