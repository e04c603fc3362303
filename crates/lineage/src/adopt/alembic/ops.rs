//! One `op.*` call as SQL. What is not literal gives `None`; nothing is guessed.

use crate::adopt::python::{Call, Expr, ExprKind};

use super::table::{Column, actions, column, constraint, default_value, names, text};
use super::types::{Enum, as_enum, last, literal, quoted, sql_type};

/// SQL and the line of the source it was made from.
pub(super) type Made = Vec<(String, usize)>;

/// The table of a `batch_alter_table` that stands around a call.
pub(super) type Batch<'a> = Option<&'a str>;

/// The SQL of a call of `op.<name>` (or of a batch, whose table is left out of the arguments).
/// `guarded` calls ask first whether there is something to do.
pub(super) fn operation(name: &str, call: &Call, batch: Batch<'_>, guarded: bool) -> Option<Made> {
    let line = call.callee.line;
    let one = |sql: Option<String>| sql.map(|sql| vec![(sql, line)]);
    let table = Table { call, batch };
    match name {
        "create_table" => create_table(call, guarded),
        "add_column" => add_column(&table, guarded),
        "create_index" => one(create_index(&table, guarded)),
        "drop_table" => one(drop_table(call, guarded)),
        "drop_column" => one(drop_column(&table, guarded)),
        "drop_index" => one(drop_index(call, guarded)),
        "rename_table" => one(rename_table(call)),
        "alter_column" => alter_column(&table),
        "drop_constraint" => one(drop_constraint(&table, guarded)),
        "create_foreign_key" if !guarded => one(foreign_key(&table)),
        "create_unique_constraint" if !guarded => one(listed(&table, "UNIQUE")),
        "create_primary_key" if !guarded => one(listed(&table, "PRIMARY KEY")),
        "create_check_constraint" if !guarded => one(check(&table)),
        "create_table_comment" if !guarded => one(comment(&table)),
        "execute" if !guarded => execute(call),
        _ => None,
    }
}

/// Arguments of a call that may stand in a batch.
struct Table<'a> {
    call: &'a Call,
    batch: Batch<'a>,
}

impl Table<'_> {
    /// The table, with its schema.
    fn name(&self, at: usize) -> Option<String> {
        match self.batch {
            Some(batch) => Some(batch.to_owned()),
            None => named(self.call, self.call.argument(at, "table_name")?, "schema"),
        }
    }

    /// The argument that follows the table at `at`; in a batch it moves up.
    fn argument(&self, at: usize, name: &str) -> Option<&Expr> {
        let at = if self.batch.is_some() {
            at.checked_sub(1)?
        } else {
            at
        };
        self.call.argument(at, name)
    }
}

fn named(call: &Call, name: &Expr, schema: &str) -> Option<String> {
    let name = quoted(text(name)?);
    match call.get(schema).map(|schema| &schema.kind) {
        None | Some(ExprKind::None) => Some(name),
        Some(ExprKind::Text(schema)) => Some(format!("{}.{name}", quoted(schema))),
        Some(_) => None,
    }
}

fn clause(call: &Call, name: &str, guarded: bool, words: &'static str) -> &'static str {
    if guarded || call.says(name) { words } else { "" }
}

/// What `SQLAlchemy` does before the first table that uses the type.
pub(super) fn create_enum(found: &Enum) -> String {
    let labels: Vec<String> = found.labels.iter().map(|label| literal(label)).collect();
    let bare = last(&found.name).trim_matches('"');
    format!(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_type WHERE typname = {}) THEN CREATE TYPE {} AS ENUM ({}); END IF; END $$;",
        literal(bare),
        found.name,
        labels.join(", ")
    )
}

fn create_table(call: &Call, guarded: bool) -> Option<Made> {
    let (first, parts) = call.arguments.split_first()?;
    let table = named(call, first, "schema")?;
    let (mut columns, mut constraints): (Vec<Column>, Vec<_>) = (Vec::new(), Vec::new());
    for part in parts {
        match column(part) {
            Some(column) => columns.push(column),
            None => constraints.push(constraint(part)?),
        }
    }
    let mut primary: Vec<String> = constraints.iter().flat_map(|one| one.primary.clone()).collect();
    primary.extend(
        columns
            .iter()
            .filter(|one| one.primary)
            .map(|one| one.name.clone()),
    );
    let line = call.callee.line;
    let mut made: Made = Vec::new();
    for found in columns.iter().filter_map(|one| one.brings.as_ref()) {
        made.push((create_enum(found), line));
    }
    let guard = clause(call, "if_not_exists", guarded, "IF NOT EXISTS ");
    made.push((format!("CREATE TABLE {guard}{table} ("), line));
    let single = |name: &str| primary.len() == 1 && primary.iter().any(|key| key == name);
    let mut lines: Made = columns
        .iter()
        .map(|one| (one.sql(single(&one.name)), one.line))
        .collect();
    let own: Vec<String> = columns
        .iter()
        .filter(|one| one.primary)
        .map(|one| one.name.clone())
        .collect();
    if !own.is_empty() {
        lines.push((format!("PRIMARY KEY ({})", own.join(", ")), line));
    }
    lines.extend(constraints.into_iter().map(|one| (one.sql, one.line)));
    let count = lines.len();
    for (at, (sql, line)) in lines.into_iter().enumerate() {
        let comma = if at + 1 < count { "," } else { "" };
        made.push((format!("    {sql}{comma}"), line));
    }
    made.push((");".to_owned(), line));
    made.extend(columns.iter().filter_map(|one| column_index(&table, one, guard)));
    Some(made)
}

/// `index=True` names its index after table and column.
fn column_index(table: &str, column: &Column, guard: &str) -> Option<(String, usize)> {
    let unique = if column.index? { "UNIQUE " } else { "" };
    let bare = |name: &str| last(name).trim_matches('"').to_owned();
    let name = quoted(&format!("ix_{}_{}", bare(table), bare(&column.name)));
    Some((
        format!("CREATE {unique}INDEX {guard}{name} ON {table} ({});", column.name),
        column.line,
    ))
}

fn add_column(table: &Table<'_>, guarded: bool) -> Option<Made> {
    let name = table.name(0)?;
    let column = column(table.argument(1, "column")?)?;
    let guard = clause(table.call, "if_not_exists", guarded, "IF NOT EXISTS ");
    let key = if column.primary { " PRIMARY KEY" } else { "" };
    let sql = format!("ALTER TABLE {name} ADD COLUMN {guard}{}{key};", column.sql(false));
    let mut made = vec![(sql, column.line)];
    made.extend(column_index(&name, &column, guard));
    Some(made)
}

fn create_index(table: &Table<'_>, guarded: bool) -> Option<String> {
    let call = table.call;
    let name = quoted(text(call.argument(0, "index_name")?)?);
    let (on, columns) = match table.batch {
        Some(batch) => (batch.to_owned(), call.argument(1, "columns")?),
        None => (
            named(call, call.argument(1, "table_name")?, "schema")?,
            call.argument(2, "columns")?,
        ),
    };
    let ExprKind::Sequence(items) = &columns.kind else {
        return None;
    };
    let classes = call.get("postgresql_ops");
    let items: Option<Vec<String>> = items.iter().map(|item| index_item(item, classes)).collect();
    let unique = clause(call, "unique", false, "UNIQUE ");
    let concurrently = clause(call, "postgresql_concurrently", false, "CONCURRENTLY ");
    let guard = clause(call, "if_not_exists", guarded, "IF NOT EXISTS ");
    let method = match call.get("postgresql_using") {
        Some(method) => format!(" USING {}", text(method)?),
        None => String::new(),
    };
    let condition = match call.get("postgresql_where") {
        Some(condition) => format!(" WHERE {}", text(condition)?),
        None => String::new(),
    };
    Some(format!(
        "CREATE {unique}INDEX {concurrently}{guard}{name} ON {on}{method} ({}){condition};",
        items?.join(", ")
    ))
}

/// A column by its name, or an expression; with its operator class if one is given.
fn index_item(item: &Expr, classes: Option<&Expr>) -> Option<String> {
    let Some(name) = item.text() else {
        return text(item).map(str::to_owned);
    };
    let Some(classes) = classes else {
        return Some(quoted(name));
    };
    let ExprKind::Map(pairs) = &classes.kind else {
        return None;
    };
    let class = pairs.iter().find(|(key, _)| key.text() == Some(name));
    Some(match class {
        Some((_, class)) => format!("{} {}", quoted(name), text(class)?),
        None => quoted(name),
    })
}

fn drop_table(call: &Call, guarded: bool) -> Option<String> {
    let guard = clause(call, "if_exists", guarded, "IF EXISTS ");
    Some(format!(
        "DROP TABLE {guard}{};",
        named(call, call.argument(0, "table_name")?, "schema")?
    ))
}

fn drop_column(table: &Table<'_>, guarded: bool) -> Option<String> {
    let guard = clause(table.call, "if_exists", guarded, "IF EXISTS ");
    let column = quoted(text(table.argument(1, "column_name")?)?);
    Some(format!(
        "ALTER TABLE {} DROP COLUMN {guard}{column};",
        table.name(0)?
    ))
}

fn drop_index(call: &Call, guarded: bool) -> Option<String> {
    let concurrently = clause(call, "postgresql_concurrently", false, "CONCURRENTLY ");
    let guard = clause(call, "if_exists", guarded, "IF EXISTS ");
    let name = named(call, call.argument(0, "index_name")?, "schema")?;
    Some(format!("DROP INDEX {concurrently}{guard}{name};"))
}

fn rename_table(call: &Call) -> Option<String> {
    let old = named(call, call.argument(0, "old_table_name")?, "schema")?;
    let new = quoted(text(call.argument(1, "new_table_name")?)?);
    Some(format!("ALTER TABLE {old} RENAME TO {new};"))
}

fn alter_column(table: &Table<'_>) -> Option<Made> {
    let (call, line) = (table.call, table.call.callee.line);
    let name = table.name(0)?;
    let column = quoted(text(table.argument(1, "column_name")?)?);
    let mut made: Made = Vec::new();
    let mut change =
        |what: String| made.push((format!("ALTER TABLE {name} ALTER COLUMN {column} {what};"), line));
    if let Some(ty) = call.get("type_") {
        let using = match call.get("postgresql_using") {
            Some(using) => format!(" USING {}", text(using)?),
            None => String::new(),
        };
        change(format!("TYPE {}{using}", sql_type(ty)?));
    }
    match call.get("server_default").map(|default| &default.kind) {
        None => {}
        Some(ExprKind::None | ExprKind::False) => change("DROP DEFAULT".to_owned()),
        Some(_) => change(format!(
            "SET DEFAULT {}",
            default_value(call.get("server_default")?)?
        )),
    }
    match call.get("nullable").map(|value| &value.kind) {
        None => {}
        Some(ExprKind::True) => change("DROP NOT NULL".to_owned()),
        Some(ExprKind::False) => change("SET NOT NULL".to_owned()),
        Some(_) => return None,
    }
    if let Some(new) = call.get("new_column_name") {
        made.push((
            format!(
                "ALTER TABLE {name} RENAME COLUMN {column} TO {};",
                quoted(text(new)?)
            ),
            line,
        ));
    }
    // A change of a comment only is no change of the schema; anything else is not known here.
    let known = !made.is_empty() || call.get("comment").is_some();
    known.then_some(made)
}

fn drop_constraint(table: &Table<'_>, guarded: bool) -> Option<String> {
    let call = table.call;
    let name = quoted(text(call.argument(0, "constraint_name")?)?);
    let guard = clause(call, "if_exists", guarded, "IF EXISTS ");
    Some(format!(
        "ALTER TABLE {} DROP CONSTRAINT {guard}{name};",
        table.name(1)?
    ))
}

/// `CONSTRAINT name `, or nothing for `None`.
fn constraint_name(call: &Call) -> Option<String> {
    let name = call.argument(0, "constraint_name")?;
    if name.kind == ExprKind::None {
        return Some(String::new());
    }
    Some(format!("CONSTRAINT {} ", quoted(text(name)?)))
}

fn foreign_key(table: &Table<'_>) -> Option<String> {
    let call = table.call;
    let shift = usize::from(table.batch.is_some());
    let source = match table.batch {
        Some(batch) => batch.to_owned(),
        None => named(call, call.argument(1, "source_table")?, "source_schema")?,
    };
    let target = named(
        call,
        call.argument(2 - shift, "referent_table")?,
        "referent_schema",
    )?;
    let own = names(call.argument(3 - shift, "local_cols")?)?;
    let there = names(call.argument(4 - shift, "remote_cols")?)?;
    let late = clause(call, "postgresql_not_valid", false, " NOT VALID");
    Some(format!(
        "ALTER TABLE {source} ADD {}FOREIGN KEY ({}) REFERENCES {target} ({}){}{late};",
        constraint_name(call)?,
        own.join(", "),
        there.join(", "),
        actions(call)
    ))
}

fn listed(table: &Table<'_>, rule: &str) -> Option<String> {
    let call = table.call;
    let columns = names(call.argument(if table.batch.is_some() { 1 } else { 2 }, "columns")?)?;
    let table = table.name(1)?;
    Some(format!(
        "ALTER TABLE {table} ADD {}{rule} ({});",
        constraint_name(call)?,
        columns.join(", ")
    ))
}

fn check(table: &Table<'_>) -> Option<String> {
    let call = table.call;
    let condition = text(call.argument(if table.batch.is_some() { 1 } else { 2 }, "condition")?)?;
    let late = clause(call, "postgresql_not_valid", false, " NOT VALID");
    let table = table.name(1)?;
    Some(format!(
        "ALTER TABLE {table} ADD {}CHECK ({condition}){late};",
        constraint_name(call)?
    ))
}

fn comment(table: &Table<'_>) -> Option<String> {
    let said = text(table.argument(1, "comment")?)?;
    Some(format!(
        "COMMENT ON TABLE {} IS {};",
        table.name(0)?,
        literal(said)
    ))
}

/// SQL as it stands; each of its lines is where it was.
fn execute(call: &Call) -> Option<Made> {
    let first = call.arguments.first()?;
    let sql = text(first)?;
    let start = match first.call() {
        Some(inner) => inner.arguments.first()?.line,
        None => first.line,
    };
    // SQLAlchemy writes `\:` for a colon that is none of its parameters.
    let sql = sql.replace("\\:", ":");
    let mut made: Made = sql
        .lines()
        .enumerate()
        .map(|(at, text)| (text.trim_end().to_owned(), start + at))
        .collect();
    let end = made.iter().rposition(|(text, _)| !text.trim().is_empty())?;
    made.truncate(end + 1);
    let (last, number) = made.last_mut()?;
    match (last.ends_with(';'), last.contains("--")) {
        (true, _) => {}
        (false, false) => last.push(';'),
        // Behind a remark a semicolon would be part of it.
        (false, true) => {
            let number = *number;
            made.push((";".to_owned(), number));
        }
    }
    Some(made)
}

/// `mood.create(op.get_bind(), checkfirst=True)`, `mood.drop(...)`: types made by hand.
pub(super) fn type_call(of: &Expr, method: &str) -> Option<String> {
    let found = as_enum(of)?;
    match method {
        "create" => Some(create_enum(&found)),
        "drop" => Some(format!("DROP TYPE IF EXISTS {};", found.name)),
        _ => None,
    }
}
