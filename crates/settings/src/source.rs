//! Where values come from: the file with its lines, the environment with its `_FILE` twins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Variable(String),
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// One thing wrong in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub origin: Origin,
    pub what: String,
}

/// Everything wrong in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{}: {}", mistake.origin, mistake.what)?;
        }
        Ok(())
    }
}

/// The environment, as a value: tests bring their own.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// This process's environment; names or values that are not UTF-8 are none of ours.
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
        )
    }

    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .filter(|(_, v)| !v.is_empty())
    }
}

/// A raw value and where it was found, by dotted key.
pub(crate) type Raw = BTreeMap<String, (String, Origin)>;

/// Configuration files are small; anything larger is the wrong file.
const FILE_BYTES_MAX: u64 = 1 << 20;

pub(crate) fn read_file(path: &Path, raw: &mut Raw, mistakes: &mut Vec<Mistake>) {
    let at = |line| Origin::File {
        path: path.to_owned(),
        line,
    };
    let text = match std::fs::metadata(path).and_then(|meta| {
        if meta.len() > FILE_BYTES_MAX {
            return Err(std::io::Error::other("the file is larger than 1 MiB"));
        }
        std::fs::read_to_string(path)
    }) {
        Ok(text) => text,
        Err(error) => {
            return mistakes.push(Mistake {
                origin: at(0),
                what: error.to_string(),
            });
        }
    };
    let line_of = |offset: usize| text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1;
    match DeTable::parse(&text) {
        Ok(table) => {
            let mut collect = |key: String, value: Option<String>, offset: usize| {
                let origin = at(line_of(offset));
                match value {
                    Some(value) => drop(raw.insert(key, (value, origin))),
                    None => mistakes.push(Mistake {
                        origin,
                        what: format!("{key}: a single value is expected"),
                    }),
                }
            };
            flatten("", table.get_ref(), &mut collect);
        }
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(span.start));
            mistakes.push(Mistake {
                origin: at(line),
                what: error.message().to_owned(),
            });
        }
    }
}

fn flatten(prefix: &str, table: &DeTable<'_>, collect: &mut impl FnMut(String, Option<String>, usize)) {
    for (key, value) in table {
        let name = if prefix.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{prefix}.{}", key.get_ref())
        };
        if let DeValue::Table(inner) = value.get_ref() {
            flatten(&name, inner, collect);
        } else {
            collect(name, scalar(value.get_ref()), key.span().start);
        }
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        DeValue::Array(items) => items
            .iter()
            .map(|item| scalar(item.get_ref()))
            .collect::<Option<Vec<_>>>()
            .map(|items| items.join(",")),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

/// The names that other tools already use.
const PLAIN_NAMES: [(&str, &str); 4] = [
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
    ("SECRET_KEY", "security.secret_key"),
    ("EMAG_API_KEY", "emag.api_key"),
];

const PREFIX: &str = "MAGFLOW__";

/// Every secret has a `_FILE` twin, so that it need not stand in the environment.
pub(crate) fn read_environment(
    environment: &Environment,
    secrets: &[&str],
    raw: &mut Raw,
    mistakes: &mut Vec<Mistake>,
) {
    for (name, value) in environment.iter() {
        let plain = |name: &str| {
            PLAIN_NAMES
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, key)| (*key).to_owned())
        };
        let ours = |name: &str| {
            name.strip_prefix(PREFIX)
                .map(|rest| rest.to_lowercase().replace("__", "."))
        };
        let origin = Origin::Variable(name.to_owned());
        if let Some(key) = plain(name) {
            // Our own spelling wins over the common one.
            if environment
                .get(&format!("{PREFIX}{}", key.to_uppercase().replace('.', "__")))
                .is_none()
            {
                raw.insert(key, (value.to_owned(), origin));
            }
            continue;
        }
        let twin = name
            .strip_suffix("_FILE")
            .and_then(|stem| plain(stem).or_else(|| ours(stem)));
        if let Some(key) = twin.filter(|key| secrets.contains(&key.as_str())) {
            match std::fs::read_to_string(value) {
                Ok(text) => drop(raw.insert(key, (text.trim_end().to_owned(), origin))),
                Err(error) => mistakes.push(Mistake {
                    origin,
                    what: format!("{value}: {error}"),
                }),
            }
            continue;
        }
        if let Some(key) = ours(name) {
            raw.insert(key, (value.to_owned(), origin));
        }
    }
}
