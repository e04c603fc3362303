//! Types of `SQLAlchemy` as PostgreSQL's, and names as SQL writes them.

use crate::adopt::python::{Call, Expr, ExprKind};

/// Words that cannot be names without quotes, as far as people use them as names.
const RESERVED: [&str; 38] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "from",
    "grant",
    "group",
    "in",
    "limit",
    "not",
    "offset",
    "on",
    "order",
    "primary",
    "references",
    "select",
    "table",
    "to",
    "user",
    "where",
];

/// A name, quoted where it must be.
pub(super) fn quoted(name: &str) -> String {
    let plain = name
        .bytes()
        .enumerate()
        .all(|(at, b)| b.is_ascii_lowercase() || b == b'_' || (at > 0 && (b.is_ascii_digit() || b == b'$')));
    if plain && !name.is_empty() && !RESERVED.contains(&name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A text literal.
pub(super) fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// The last part of a dotted name.
pub(super) fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// An enum that a column brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Enum {
    pub(super) name: String,
    pub(super) labels: Vec<String>,
    /// False for `create_type=False`.
    pub(super) created: bool,
}

/// `sa.Enum('a', 'b', name='mood')`, `postgresql.ENUM(...)`.
pub(super) fn as_enum(expr: &Expr) -> Option<Enum> {
    let call = expr.call()?;
    if !matches!(last(call.callee.name()?), "Enum" | "ENUM") {
        return None;
    }
    let labels: Option<Vec<String>> = call
        .arguments
        .iter()
        .map(|label| label.text().map(str::to_owned))
        .collect();
    let schema = call.get("schema").and_then(Expr::text);
    let name = quoted(call.get("name")?.text()?);
    Some(Enum {
        name: schema.map_or(name.clone(), |schema| format!("{}.{name}", quoted(schema))),
        labels: labels?,
        created: call
            .get("create_type")
            .is_none_or(|value| value.kind != ExprKind::False),
    })
}

/// The type as SQL; `None` for one that is not known.
pub(super) fn sql_type(expr: &Expr) -> Option<String> {
    if let Some(found) = as_enum(expr) {
        return Some(found.name);
    }
    match &expr.kind {
        ExprKind::Name(name) => plain(last(name), None),
        ExprKind::Call(call) => plain(last(call.callee.name()?), Some(call)),
        _ => None,
    }
}

fn plain(name: &str, call: Option<&Call>) -> Option<String> {
    let zoned = call.is_some_and(|call| {
        call.says("timezone")
            || call
                .arguments
                .first()
                .is_some_and(|first| first.kind == ExprKind::True)
    });
    let sized = |base: &str| sized(base, call, &["length"]);
    Some(match name {
        "Integer" | "INTEGER" | "INT" => "integer".to_owned(),
        "BigInteger" | "BIGINT" => "bigint".to_owned(),
        "SmallInteger" | "SMALLINT" => "smallint".to_owned(),
        "String" | "VARCHAR" | "Unicode" | "AutoString" => sized("varchar")?,
        "CHAR" => sized("char")?,
        "Text" | "TEXT" | "UnicodeText" => "text".to_owned(),
        "Boolean" | "BOOLEAN" => "boolean".to_owned(),
        "Date" | "DATE" => "date".to_owned(),
        "DateTime" | "TIMESTAMP" | "DATETIME" if zoned => "timestamptz".to_owned(),
        "DateTime" | "TIMESTAMP" | "DATETIME" => "timestamp".to_owned(),
        "Time" | "TIME" if zoned => "timetz".to_owned(),
        "Time" | "TIME" => "time".to_owned(),
        "Interval" | "INTERVAL" => "interval".to_owned(),
        "Float" | "FLOAT" | "Double" | "DOUBLE" | "DOUBLE_PRECISION" => "double precision".to_owned(),
        "REAL" => "real".to_owned(),
        "Numeric" | "NUMERIC" | "DECIMAL" => self::sized("numeric", call, &["precision", "scale"])?,
        "LargeBinary" | "BYTEA" => "bytea".to_owned(),
        "Uuid" | "UUID" => "uuid".to_owned(),
        "JSON" => "json".to_owned(),
        "JSONB" | "INET" | "CIDR" | "MACADDR" | "TSVECTOR" | "HSTORE" | "CITEXT" | "MONEY" | "OID"
        | "INT4RANGE" | "INT8RANGE" | "NUMRANGE" | "DATERANGE" | "TSRANGE" | "TSTZRANGE" => {
            name.to_ascii_lowercase()
        }
        "ARRAY" => format!("{}[]", sql_type(call?.argument(0, "item_type")?)?),
        _ => return None,
    })
}

/// `varchar(20)`; `None` if a size is not a number that is written there.
fn sized(base: &str, call: Option<&Call>, names: &[&str]) -> Option<String> {
    let Some(call) = call else {
        return Some(base.to_owned());
    };
    let mut sizes = Vec::new();
    for (at, name) in names.iter().enumerate() {
        match call.argument(at, name).map(|size| &size.kind) {
            Some(ExprKind::Number(size)) => sizes.push(size.clone()),
            None | Some(ExprKind::None) => {}
            Some(_) => return None,
        }
    }
    if sizes.is_empty() {
        return Some(base.to_owned());
    }
    Some(format!("{base}({})", sizes.join(", ")))
}
