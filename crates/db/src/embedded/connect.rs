//! Our own connections to the embedded server, and the address given to others.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};

use super::SUPERUSER;
use super::error::EmbeddedError;
use super::layout::Secret;

/// A server on this machine that takes longer is not ready.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// SQLSTATE of a server that starts, recovers or shuts down, or has no room for one more.
const NOT_NOW: [&str; 3] = ["57P03", "57P01", "53300"];

/// What a server said when asked whether it serves our cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Ready,
    NotYet,
}

fn options(port: u16, secret: &Secret, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(SUPERUSER)
        .password(secret.reveal())
        .database(database)
        // Nothing leaves this machine, and the server has no certificate.
        .ssl_mode(PgSslMode::Disable)
        .application_name("magflow-embedded")
}

/// One connection to the server on `port`.
pub(super) async fn open(port: u16, secret: &Secret, database: &str) -> Result<PgConnection, sqlx::Error> {
    match tokio::time::timeout(ANSWER_MAX, options(port, secret, database).connect()).await {
        Ok(connected) => connected,
        Err(elapsed) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            elapsed,
        ))),
    }
}

/// Asks the server on `port` whether it is ready and which cluster it serves.
pub(super) async fn ask(port: u16, secret: &Secret, cluster: &Path) -> Result<Answer, EmbeddedError> {
    if port == 0 {
        return Ok(Answer::NotYet);
    }
    let mut connection = match open(port, secret, "postgres").await {
        Ok(connection) => connection,
        Err(error) if is_not_yet(&error) => return Ok(Answer::NotYet),
        Err(error) => return Err(error.into()),
    };
    let served: String = match sqlx::query_scalar("SHOW data_directory")
        .fetch_one(&mut connection)
        .await
    {
        Ok(served) => served,
        Err(error) if is_not_yet(&error) => return Ok(Answer::NotYet),
        Err(error) => return Err(error.into()),
    };
    // A failing good-bye changes nothing: the answer is there.
    connection.close().await.ok();
    if Path::new(&served) == cluster {
        Ok(Answer::Ready)
    } else {
        Err(EmbeddedError::Stranger {
            port,
            other: PathBuf::from(served),
        })
    }
}

fn is_not_yet(error: &sqlx::Error) -> bool {
    if matches!(error, sqlx::Error::Io(_)) {
        return true;
    }
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| NOT_NOW.contains(&code.as_ref()))
}

/// The address of a database for others, with the password in it.
pub(super) fn url(port: u16, secret: &Secret, database: &str) -> String {
    let host = Ipv4Addr::LOCALHOST;
    let password = secret.reveal();
    let database = percent_encoded(database);
    format!("postgres://{SUPERUSER}:{password}@{host}:{port}/{database}?sslmode=disable")
}

fn percent_encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let [high, low] = [byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)]));
            out.extend(['%', high, low]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn a_database_name_cannot_break_out_of_the_address() {
        assert_eq!(percent_encoded("magflow_test-1"), "magflow_test-1");
        assert_eq!(percent_encoded("a/b?c=d ș"), "a%2Fb%3Fc%3Dd%20%C8%99");
    }
}
