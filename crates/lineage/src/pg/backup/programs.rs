//! `pg_dump` and `pg_restore`: found, fit for the server, run with the password out of sight.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgSslMode;
use tokio::process::Command;

use crate::pg::PgConnectOptions;
use crate::pg::error::EngineError;

/// More of what a program complained about helps nobody.
const COMPLAINT_CHARS_MAX: usize = 500;

/// A pair of programs at least as new as the server.
#[derive(Debug)]
pub(crate) struct Programs {
    directory: Option<PathBuf>,
}

impl Programs {
    /// Looks in the given directory, where Debian keeps each version, and in the path.
    pub(crate) async fn find(given: Option<&Path>, server_major: i32) -> Result<Self, EngineError> {
        let debian = PathBuf::from(format!("/usr/lib/postgresql/{server_major}/bin"));
        let candidates = [given.map(Path::to_owned), Some(debian), None];
        for directory in candidates {
            let programs = Self { directory };
            if programs.major().await.is_some_and(|major| major >= server_major) {
                return Ok(programs);
            }
        }
        Err(EngineError::backup(format!(
            "no pg_dump of version {server_major} or newer was found; install postgresql-client-{server_major}"
        )))
    }

    fn command(&self, name: &str) -> Command {
        let program = self
            .directory
            .as_ref()
            .map_or_else(|| PathBuf::from(name), |dir| dir.join(name));
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn major(&self) -> Option<i32> {
        let output = self.command("pg_dump").arg("--version").output().await.ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let version = text
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        version.split('.').next()?.parse().ok()
    }

    /// Writes the database to a file.
    pub(crate) async fn dump(&self, database: &PgConnectOptions, file: &Path) -> Result<(), EngineError> {
        let mut command = self.command("pg_dump");
        command
            .args(["--format", "custom", "--no-password", "--file"])
            .arg(file);
        connect_to(&mut command, database);
        succeed(&mut command, "pg_dump").await.map(drop)
    }

    /// Reads the table of contents of a file, which must hold something.
    pub(crate) async fn read(&self, file: &Path) -> Result<(), EngineError> {
        let contents = succeed(self.command("pg_restore").arg("--list").arg(file), "pg_restore").await?;
        if contents.lines().any(|line| !line.starts_with(';')) {
            Ok(())
        } else {
            Err(EngineError::backup(format!("{} holds nothing", file.display())))
        }
    }
}

/// Restores a file into an empty database.
pub(crate) async fn run_restore(
    programs: &Programs,
    database: &PgConnectOptions,
    file: &Path,
) -> Result<(), EngineError> {
    let mut command = programs.command("pg_restore");
    command.args(["--no-owner", "--no-password", "--exit-on-error"]);
    connect_to(&mut command, database);
    succeed(command.arg(file), "pg_restore").await.map(drop)
}

/// Other users of the machine see arguments, but not the environment.
fn connect_to(command: &mut Command, database: &PgConnectOptions) {
    let host = match database.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => database.get_host().to_owned(),
    };
    command.args(["--host", &host, "--port", &database.get_port().to_string()]);
    command.args(["--username", database.get_username()]);
    command.args([
        "--dbname",
        database.get_database().unwrap_or_else(|| database.get_username()),
    ]);
    if let Some(password) = password(database) {
        command.env("PGPASSWORD", password);
    }
    let mode = match database.get_ssl_mode() {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    };
    command.env("PGSSLMODE", mode);
}

/// The options give their password only as part of a URL, where special characters are written as `%xx`.
fn password(database: &PgConnectOptions) -> Option<String> {
    let url = database.to_url_lossy();
    let written = url.password()?.as_bytes();
    let mut out = Vec::with_capacity(written.len());
    let mut rest = written;
    while let [first, tail @ ..] = rest {
        let code = match tail {
            [high, low, ..] if *first == b'%' => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        out.push(code.unwrap_or(*first));
        rest = tail.get(if code.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    String::from_utf8(out).ok()
}

async fn succeed(command: &mut Command, name: &str) -> Result<String, EngineError> {
    let output = command
        .output()
        .await
        .map_err(|error| EngineError::backup(format!("{name} cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint: String = String::from_utf8_lossy(&output.stderr)
        .chars()
        .take(COMPLAINT_CHARS_MAX)
        .collect();
    Err(EngineError::backup(format!(
        "{name} failed: {}",
        complaint.trim()
    )))
}

#[cfg(test)]
mod tests {
    use super::{PgConnectOptions, password};

    #[test]
    fn a_password_is_handed_over_as_it_was_given() {
        for wanted in ["plain", "p%40 ss/:@ö%", ""] {
            let options = PgConnectOptions::new_without_pgpass()
                .host("h")
                .username("u")
                .password(wanted);
            let got = password(&options).unwrap_or_default();
            assert_eq!(got, wanted);
        }
    }
}
