//! Names of types: their many spellings, and which of them can refer to one another.

/// The one spelling of a type (given as lower-case words joined by single spaces).
pub(crate) fn normalise(text: &str) -> String {
    let text = text.trim().replace(" . ", ".").replace("pg_catalog.", "");
    let (base, rest) = match text.find([' ', '(', '[']) {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    let tail = rest.trim_start();
    let plain = match base {
        "int" | "int4" | "integer" => "integer",
        "int8" | "bigint" => "bigint",
        "int2" | "smallint" => "smallint",
        "bool" => "boolean",
        "decimal" => "numeric",
        "float4" => "real",
        "float8" | "float" => "double precision",
        "timestamptz" => return joined("timestamp with time zone", tail),
        "timetz" => return joined("time with time zone", tail),
        "varchar" => return joined("character varying", tail),
        "char" | "character" | "nchar" => {
            return match tail.strip_prefix("varying") {
                Some(tail) => joined("character varying", tail.trim_start()),
                None => joined("character", tail),
            };
        }
        other => other,
    };
    let tail = tail.strip_suffix("without time zone").unwrap_or(tail).trim_end();
    joined(plain, tail)
}

fn joined(base: &str, tail: &str) -> String {
    if tail.is_empty() {
        base.to_owned()
    } else {
        format!("{base} {tail}")
    }
}

/// What a `serial` column holds, or the type itself.
pub(crate) fn stored(ty: &str) -> &str {
    match ty {
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        "smallserial" | "serial2" => "smallint",
        other => other,
    }
}

/// True for `serial` and its kin.
pub(crate) fn is_serial(ty: &str) -> bool {
    stored(ty) != ty
}

/// How two columns of a foreign key fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Same,
    /// The server compares them, but values of one may not fit into the other.
    Near,
    /// The server refuses the key.
    Apart,
    /// One of them is not known here.
    Unknown,
}

/// How a column of type `from` can refer to one of type `to`.
pub(crate) fn fit(from: &str, to: &str) -> Fit {
    let (from, to) = (bare(stored(from)), bare(stored(to)));
    if from == to {
        return Fit::Same;
    }
    match (family(from), family(to)) {
        (Some(left), Some(right)) if left == right => Fit::Near,
        (Some(_), Some(_)) => Fit::Apart,
        (_, _) => Fit::Unknown,
    }
}

/// Without length, precision and the like.
fn bare(ty: &str) -> &str {
    ty.split('(').next().unwrap_or(ty).trim()
}

/// Types the server compares with one another have the same number.
fn family(ty: &str) -> Option<u8> {
    Some(match ty {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => 1,
        "text" | "character varying" | "character" | "name" => 2,
        "date" | "timestamp" | "timestamp with time zone" => 3,
        "uuid" => 4,
        "boolean" => 5,
        "bytea" => 6,
        "inet" | "cidr" => 7,
        "json" => 8,
        "jsonb" => 9,
        "time" | "time with time zone" => 10,
        "interval" => 11,
        _ => return None,
    })
}

/// True if the server brings this type along.
pub(crate) fn is_builtin(ty: &str) -> bool {
    let base = bare(ty);
    let base = base.split('[').next().unwrap_or(base).trim();
    family(stored(base)).is_some()
        || matches!(
            base,
            "money"
                | "bit"
                | "bit varying"
                | "oid"
                | "regclass"
                | "regdictionary"
                | "regtype"
                | "regproc"
                | "point"
                | "line"
                | "lseg"
                | "box"
                | "path"
                | "polygon"
                | "circle"
                | "macaddr"
                | "macaddr8"
                | "tsvector"
                | "tsquery"
                | "xml"
                | "int4range"
                | "int8range"
                | "numrange"
                | "tsrange"
                | "tstzrange"
                | "daterange"
                | "int4multirange"
                | "int8multirange"
                | "nummultirange"
                | "tsmultirange"
                | "tstzmultirange"
                | "datemultirange"
                | "pg_lsn"
                | "xid"
                | "xid8"
                | "void"
                | "trigger"
                | "record"
                | "jsonpath"
                | "\"char\""
        )
        || base.starts_with("interval")
        || base.starts_with("timestamp")
        || base.starts_with("time")
}
