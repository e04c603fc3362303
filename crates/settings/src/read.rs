//! From raw values to typed sections, collecting every mistake.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::source::{Environment, Mistake, Mistakes, Origin, Raw, read_environment, read_file};
use crate::{
    ApiKey, Database, Emag, Jobs, Log, LogFormat, Overrides, Redis, Secret, Security, Server, Settings,
};

const SECRETS: [&str; 4] = ["database.url", "redis.url", "security.secret_key", "emag.api_key"];

/// The signing key must not be guessable.
const SECRET_KEY_CHARS_MIN: usize = 32;

pub(crate) fn load(overrides: &Overrides, environment: &Environment) -> Result<Settings, Mistakes> {
    let mut reader = Reader {
        raw: Raw::new(),
        mistakes: Vec::new(),
        origins: Vec::new(),
    };
    let data_dir_hint = overrides
        .data_dir
        .clone()
        .or_else(|| environment.get("MAGFLOW__DATA_DIR").map(PathBuf::from));
    if let Some(path) = config_file(overrides, data_dir_hint.as_deref()) {
        read_file(&path, &mut reader.raw, &mut reader.mistakes);
    }
    read_environment(environment, &SECRETS, &mut reader.raw, &mut reader.mistakes);
    reader.override_with(
        "data_dir",
        overrides.data_dir.as_ref().map(|path| path.display().to_string()),
    );
    reader.override_with(
        "server.listen",
        overrides.listen.map(|address| address.to_string()),
    );
    reader.override_with(
        "log.format",
        overrides.log_format.map(|format| match format {
            LogFormat::Text => "text".to_owned(),
            LogFormat::Json => "json".to_owned(),
        }),
    );
    let settings = typed(&mut reader, environment);
    let left: Vec<_> = std::mem::take(&mut reader.raw).into_iter().collect();
    for (key, (_, origin)) in left {
        reader.mistakes.push(Mistake {
            origin,
            what: format!("{key}: no such setting"),
        });
    }
    if reader.mistakes.is_empty() {
        return Ok(Settings {
            origins: reader.origins,
            ..settings
        });
    }
    Err(Mistakes(reader.mistakes))
}

/// An explicit file must exist; otherwise `magflow.toml` in the data directory or here, if there is one.
fn config_file(overrides: &Overrides, data_dir: Option<&Path>) -> Option<PathBuf> {
    overrides.config_file.clone().or_else(|| {
        let candidates = [
            data_dir.map(|dir| dir.join("magflow.toml")),
            Some(PathBuf::from("magflow.toml")),
        ];
        candidates.into_iter().flatten().find(|path| path.is_file())
    })
}

fn typed(reader: &mut Reader, environment: &Environment) -> Settings {
    let data_dir = reader
        .parsed("data_dir")
        .unwrap_or_else(|| default_data_dir(environment));
    let listen: SocketAddr = reader
        .parsed("server.listen")
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    let server = Server {
        listen,
        secure_cookies: reader
            .parsed("server.secure_cookies")
            .unwrap_or(!listen.ip().is_loopback()),
        body_limit_bytes: reader
            .within("server.body_limit_bytes", 1 << 10, 256 << 20)
            .unwrap_or(10 << 20),
        trusted_proxies: reader.list::<IpAddr>("server.trusted_proxies"),
    };
    let database = Database {
        url: reader.secret("database.url"),
        pg_bin_dir: reader.parsed("database.pg_bin_dir"),
        max_connections: reader.within("database.max_connections", 4, 500).unwrap_or(16),
    };
    let secret_key = reader.secret("security.secret_key");
    if secret_key
        .as_ref()
        .is_some_and(|key| key.expose().chars().count() < SECRET_KEY_CHARS_MIN)
    {
        reader.wrong(
            "security.secret_key",
            &format!("at least {SECRET_KEY_CHARS_MIN} characters are needed"),
        );
    }
    let format = reader.one_of(
        "log.format",
        &[("text", LogFormat::Text), ("json", LogFormat::Json)],
    );
    Settings {
        data_dir,
        server,
        database,
        redis: Redis {
            url: reader.secret("redis.url"),
        },
        security: Security { secret_key },
        log: Log {
            format: format.unwrap_or(LogFormat::Text),
            level: reader.parsed("log.level").unwrap_or_else(|| "info".to_owned()),
        },
        jobs: Jobs {
            concurrency: reader.within("jobs.concurrency", 1, 64).unwrap_or(6),
        },
        emag: Emag {
            api_key: reader.api_key("emag.api_key"),
        },
        origins: Vec::new(),
    }
}

/// `/var/lib/magflow` as root, since a service user cannot enter root's home; else the user's data directory.
fn default_data_dir(environment: &Environment) -> PathBuf {
    let home = environment.get("HOME").unwrap_or("/root");
    if home == "/root" {
        return PathBuf::from("/var/lib/magflow");
    }
    environment
        .get("XDG_DATA_HOME")
        .map_or_else(|| Path::new(home).join(".local/share"), PathBuf::from)
        .join("magflow")
}

struct Reader {
    raw: Raw,
    mistakes: Vec<Mistake>,
    origins: Vec<(String, String, Origin)>,
}

impl Reader {
    fn override_with(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value {
            self.raw.insert(key.to_owned(), (value, Origin::CommandLine));
        }
    }

    fn take(&mut self, key: &str) -> Option<(String, Origin)> {
        let found = self.raw.remove(key)?;
        let shown = if SECRETS.contains(&key) {
            "***".to_owned()
        } else {
            found.0.clone()
        };
        self.origins.push((key.to_owned(), shown, found.1.clone()));
        Some(found)
    }

    fn wrong(&mut self, key: &str, what: &str) {
        let origin = self
            .origins
            .iter()
            .find(|(k, ..)| k == key)
            .map_or(Origin::Default, |(.., o)| o.clone());
        self.mistakes.push(Mistake {
            origin,
            what: format!("{key}: {what}"),
        });
    }

    fn parsed<T: FromStr>(&mut self, key: &str) -> Option<T>
    where
        T::Err: Display,
    {
        let (text, _) = self.take(key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(key, &format!("{text:?} is not understood: {error}"));
                None
            }
        }
    }

    fn within<T: FromStr + PartialOrd + Display + Copy>(&mut self, key: &str, min: T, max: T) -> Option<T>
    where
        T::Err: Display,
    {
        let value = self.parsed::<T>(key)?;
        if value < min || value > max {
            self.wrong(key, &format!("{value} is not between {min} and {max}"));
        }
        Some(value)
    }

    fn list<T: FromStr>(&mut self, key: &str) -> Vec<T>
    where
        T::Err: Display,
    {
        let Some((text, _)) = self.take(key) else {
            return Vec::new();
        };
        let mut values = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.parse() {
                Ok(value) => values.push(value),
                Err(error) => self.wrong(key, &format!("{part:?} is not understood: {error}")),
            }
        }
        values
    }

    fn one_of<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let (text, _) = self.take(key)?;
        let found = choices
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.wrong(key, &format!("{text:?} is not one of {}", names.join(", ")));
        }
        found
    }

    fn secret(&mut self, key: &str) -> Option<Secret> {
        self.take(key).map(|(text, _)| Secret::new(text))
    }

    fn api_key(&mut self, key: &str) -> Option<ApiKey> {
        let secret = self.secret(key)?;
        let found = api_key(secret.expose());
        if found.is_none() {
            // Never the value itself: what cannot be read is still a secret.
            self.wrong(key, "`user:password` is expected, plain or in base64");
        }
        found
    }
}

/// No base64 text has a colon, so the two forms cannot be mistaken for one another. A user name has none either.
fn api_key(text: &str) -> Option<ApiKey> {
    let text = text.trim();
    let plain = if text.contains(':') {
        text.to_owned()
    } else {
        String::from_utf8(STANDARD.decode(text).ok()?).ok()?
    };
    let (username, password) = plain.split_once(':')?;
    let is_whole = !username.trim().is_empty() && !password.is_empty();
    is_whole.then(|| ApiKey {
        username: username.trim().to_owned(),
        password: Secret::new(password),
    })
}
