//! Columns and constraints of `op.create_table` and its kin as SQL.

use crate::adopt::python::{Call, Expr, ExprKind};

use super::types::{Enum, as_enum, last, literal, quoted, sql_type};

/// A column in SQL, and what comes with it.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ty: String,
    /// Everything behind the type.
    pub(super) rest: String,
    pub(super) primary: bool,
    /// `SQLAlchemy` makes a sequence for the one integer key of a table unless something says otherwise.
    pub(super) may_be_serial: bool,
    /// Asked for an index, and whether that is unique.
    pub(super) index: Option<bool>,
    pub(super) brings: Option<Enum>,
    pub(super) line: usize,
}

impl Column {
    /// As it stands in a list of columns.
    pub(super) fn sql(&self, serial: bool) -> String {
        let ty = match (serial && self.may_be_serial, self.ty.as_str()) {
            (true, "integer") => "serial",
            (true, "bigint") => "bigserial",
            (true, "smallint") => "smallserial",
            (_, ty) => ty,
        };
        format!("{} {ty}{}", self.name, self.rest)
    }
}

/// `sa.Column('name', type, ...)`.
pub(super) fn column(expr: &Expr) -> Option<Column> {
    let call = expr
        .call()
        .filter(|call| call.callee.name().map(last) == Some("Column"))?;
    let name = quoted(text(call.argument(0, "name")?)?);
    let ty_expr = call.argument(1, "type_")?;
    let ty = sql_type(ty_expr)?;
    let mut column = Column {
        name,
        ty,
        rest: String::new(),
        primary: call.says("primary_key"),
        may_be_serial: true,
        index: None,
        brings: as_enum(ty_expr).filter(|found| found.created),
        line: expr.line,
    };
    let computed: Option<String> = call
        .arguments
        .iter()
        .skip(2)
        .try_fold(String::new(), |sofar, extra| {
            Some(sofar + &extra_clause(extra, &mut column)?)
        });
    column.rest.push_str(&computed?);
    if let Some(default) = call
        .get("server_default")
        .filter(|default| default.kind != ExprKind::None)
    {
        column.may_be_serial = false;
        column.rest = format!("{}{}", default_clause(default)?, column.rest);
    }
    if call
        .get("autoincrement")
        .is_some_and(|value| value.kind == ExprKind::False)
    {
        column.may_be_serial = false;
    }
    if call
        .get("nullable")
        .is_some_and(|value| value.kind == ExprKind::False)
    {
        column.rest.push_str(" NOT NULL");
    }
    let unique = call.says("unique");
    if call.says("index") {
        column.index = Some(unique);
    } else if unique {
        column.rest.push_str(" UNIQUE");
    }
    Some(column)
}

/// A key, an identity, a computed value or a check beside a column.
fn extra_clause(expr: &Expr, column: &mut Column) -> Option<String> {
    let call = expr.call()?;
    match last(call.callee.name()?) {
        "ForeignKey" => {
            column.may_be_serial = false;
            let (table, there) = target(text(call.argument(0, "column")?)?)?;
            let name = call
                .get("name")
                .and_then(text)
                .map_or(String::new(), |name| format!(" CONSTRAINT {}", quoted(name)));
            Some(format!("{name} REFERENCES {table} ({there}){}", actions(call)))
        }
        "Identity" => {
            column.may_be_serial = false;
            let how = if call.says("always") {
                "ALWAYS"
            } else {
                "BY DEFAULT"
            };
            Some(format!(" GENERATED {how} AS IDENTITY"))
        }
        "Computed" => Some(format!(
            " GENERATED ALWAYS AS ({}) STORED",
            text(call.argument(0, "sqltext")?)?
        )),
        "CheckConstraint" => Some(format!(" CHECK ({})", text(call.argument(0, "sqltext")?)?)),
        _ => None,
    }
}

/// A default, with a space before it.
pub(super) fn default_clause(expr: &Expr) -> Option<String> {
    let identity = expr
        .call()
        .filter(|call| call.callee.name().map(last) == Some("Identity"));
    if let Some(call) = identity {
        let how = if call.says("always") {
            "ALWAYS"
        } else {
            "BY DEFAULT"
        };
        return Some(format!(" GENERATED {how} AS IDENTITY"));
    }
    Some(format!(" DEFAULT {}", default_value(expr)?))
}

/// The value of a `server_default`: a text is a literal, `sa.text` is SQL.
pub(super) fn default_value(expr: &Expr) -> Option<String> {
    if let Some(value) = expr.text() {
        return Some(literal(value));
    }
    let call = expr.call()?;
    let name = call.callee.name()?;
    match (last(name), call.arguments.as_slice()) {
        ("text" | "literal_column", [sql]) => sql.text().map(str::to_owned),
        ("true" | "false", []) => Some(last(name).to_owned()),
        (function, []) if name.contains("func.") => Some(format!("{function}()")),
        (_, _) => None,
    }
}

/// A text, also one wrapped in `op.f(...)`, `sa.text(...)` or `quoted_name(...)`.
pub(super) fn text(expr: &Expr) -> Option<&str> {
    match (expr.text(), expr.call()) {
        (Some(text), _) => Some(text),
        (None, Some(call)) => {
            let wrapper = last(call.callee.name()?);
            let known = matches!(
                wrapper,
                "f" | "text" | "quoted_name" | "literal_column" | "column"
            );
            known
                .then(|| call.arguments.first().and_then(Expr::text))
                .flatten()
        }
        (None, None) => None,
    }
}

/// `schema.table.column` or `table.column` as a table and a column.
fn target(spec: &str) -> Option<(String, String)> {
    let (table, column) = spec.rsplit_once('.')?;
    let table: Vec<String> = table.split('.').map(quoted).collect();
    Some((table.join("."), quoted(column)))
}

/// `ON DELETE`, `ON UPDATE`, `DEFERRABLE`.
pub(super) fn actions(call: &Call) -> String {
    let mut out = String::new();
    for (name, clause) in [("ondelete", "ON DELETE"), ("onupdate", "ON UPDATE")] {
        if let Some(what) = call.get(name).and_then(text) {
            out.extend([" ", clause, " ", what]);
        }
    }
    if call.says("deferrable") {
        out.push_str(" DEFERRABLE");
    }
    if let Some(when) = call.get("initially").and_then(text) {
        out.extend([" INITIALLY ", when]);
    }
    out
}

/// A list of names.
pub(super) fn names(expr: &Expr) -> Option<Vec<String>> {
    match &expr.kind {
        ExprKind::Sequence(items) => items.iter().map(|item| text(item).map(quoted)).collect(),
        _ => text(expr).map(|one| vec![quoted(one)]),
    }
}

/// A constraint of a table: its SQL, and the columns of a primary key.
pub(super) struct Constraint {
    pub(super) sql: String,
    pub(super) primary: Vec<String>,
    pub(super) line: usize,
}

/// `sa.PrimaryKeyConstraint(...)` and the others.
pub(super) fn constraint(expr: &Expr) -> Option<Constraint> {
    let call = expr.call()?;
    let name = match call.get("name") {
        Some(name) if name.kind != ExprKind::None => format!("CONSTRAINT {} ", quoted(text(name)?)),
        Some(_) | None => String::new(),
    };
    let listed = || {
        call.arguments
            .iter()
            .map(|one| text(one).map(quoted))
            .collect::<Option<Vec<_>>>()
    };
    let mut primary = Vec::new();
    let rule = match last(call.callee.name()?) {
        "PrimaryKeyConstraint" => {
            primary = listed()?;
            format!("PRIMARY KEY ({})", primary.join(", "))
        }
        "UniqueConstraint" => format!("UNIQUE ({})", listed()?.join(", ")),
        "CheckConstraint" => format!("CHECK ({})", text(call.argument(0, "sqltext")?)?),
        "ForeignKeyConstraint" => {
            let own = names(call.argument(0, "columns")?)?;
            let ExprKind::Sequence(there) = &call.argument(1, "refcolumns")?.kind else {
                return None;
            };
            let targets: Option<Vec<(String, String)>> = there.iter().map(|one| target(text(one)?)).collect();
            let targets = targets?;
            let table = targets.first().map(|(table, _)| table.clone())?;
            let columns: Vec<String> = targets.into_iter().map(|(_, column)| column).collect();
            format!(
                "FOREIGN KEY ({}) REFERENCES {table} ({}){}",
                own.join(", "),
                columns.join(", "),
                actions(call)
            )
        }
        _ => return None,
    };
    Some(Constraint {
        sql: format!("{name}{rule}"),
        primary,
        line: expr.line,
    })
}
