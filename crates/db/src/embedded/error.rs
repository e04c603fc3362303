//! What can go wrong with the embedded PostgreSQL. Every variant carries its facts; the texts are for the
//! terminal of whoever runs the server and name the cure. None of them ever contains the password.

use std::path::PathBuf;
use std::process::ExitStatus;

use super::account;

/// Why the embedded PostgreSQL could not be started, reached or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// Another MagFlow holds the data directory. Nothing was touched.
    #[error(
        "the data directory {} is in use by another MagFlow{}; stop that one or choose another with --data-dir",
        data_dir.display(), pid_note(*pid)
    )]
    InUse {
        /// The directory both want.
        data_dir: PathBuf,
        /// Process id written by the holder, when it could be read.
        pid: Option<u32>,
    },
    /// No usable `initdb` and `postgres` anywhere we know to look.
    #[error(
        "PostgreSQL {} or newer was not found (looked in: {}); install it, on Debian and Ubuntu with: apt-get install postgresql",
        super::binaries::MAJOR_MIN, looked_in.join(", ")
    )]
    NoBinaries {
        /// Every place that was looked at.
        looked_in: Vec<String>,
    },
    /// The cluster was made by one major version and only others are installed.
    #[error(
        "the database in {} was made by PostgreSQL {cluster}, but only version {} is installed; install postgresql-{cluster}",
        data_dir.display(), versions(found)
    )]
    OtherMajor {
        /// MagFlow's data directory.
        data_dir: PathBuf,
        /// Major version of the cluster on disk.
        cluster: u32,
        /// Major versions that were found.
        found: Vec<u32>,
    },
    /// We are root, and PostgreSQL refuses to run as root, but there is no service user.
    #[error(
        "PostgreSQL must not run as root and there is no service user; create one with: {}",
        account::CREATE_COMMAND
    )]
    NoServiceUser,
    /// The service user cannot reach its directory because a parent is closed to it.
    #[error(
        "user {user} cannot enter {}, so PostgreSQL cannot reach its data below it; choose another --data-dir \
         (/var/lib/magflow is the usual one) or open it with: chmod o+x {}",
        dir.display(), dir.display()
    )]
    ClosedParent {
        /// The closed directory.
        dir: PathBuf,
        /// The service user.
        user: String,
    },
    /// An ordinary user found a cluster that belongs to somebody else.
    #[error("{} belongs to user id {owner}, we run as {ours}; run as that user or as root", dir.display())]
    NotOwner {
        /// PostgreSQL's directory.
        dir: PathBuf,
        /// Its owner's numeric id.
        owner: u32,
        /// Our numeric id.
        ours: u32,
    },
    /// The cluster lacks vital files but holds databases: never replaced by a new, empty one.
    #[error(
        "the database in {} is damaged: {missing} is missing although databases are there; restore a backup, or move \
         the directory away to start with an empty database",
        cluster.display()
    )]
    Damaged {
        /// The cluster's directory.
        cluster: PathBuf,
        /// The missing file.
        missing: &'static str,
    },
    /// The cluster is there but the file with its password is gone or unreadable.
    #[error(
        "the database password file {} is missing or damaged; put it back from a backup",
        path.display()
    )]
    NoSecret {
        /// Where it should be.
        path: PathBuf,
    },
    /// A PostgreSQL tool ended with a failure.
    #[error("{tool} failed ({status}): {output}")]
    Tool {
        /// Name of the tool.
        tool: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The last lines it printed.
        output: String,
    },
    /// `postgres` ended before it was ready.
    #[error("PostgreSQL ended while starting: {output}")]
    EndedEarly {
        /// The last lines of its log.
        output: String,
    },
    /// `postgres` did not become ready in time.
    #[error("PostgreSQL was not ready after {seconds} s: {output}")]
    StartTimeout {
        /// How long we waited.
        seconds: u64,
        /// The last lines of its log.
        output: String,
    },
    /// `postgres` did not end in time, even after an immediate stop was asked for.
    #[error("PostgreSQL (process {pid}) did not stop in {seconds} s")]
    StopTimeout {
        /// Its process id.
        pid: u32,
        /// How long we waited in all.
        seconds: u64,
    },
    /// No free loopback port was found.
    #[error("no free port on 127.0.0.1 after {tries} tries")]
    NoPort {
        /// Ports tried.
        tries: u32,
    },
    /// Such a name is not accepted for a database.
    #[error(
        "{name:?} is not a usable database name: lower-case letters, digits and _, at most 63, no digit first"
    )]
    BadDatabaseName {
        /// The refused name.
        name: String,
    },
    /// A server answers on our port, but it is not the one on our directory.
    #[error("port {port} is answered by a PostgreSQL on {}, not by ours", other.display())]
    Stranger {
        /// The port.
        port: u16,
        /// The data directory the other one reports.
        other: PathBuf,
    },
    /// The server was stopped, or is being stopped.
    #[error("the embedded PostgreSQL is stopped")]
    Stopped,
    /// PostgreSQL answered with an error.
    #[error("PostgreSQL: {0}")]
    Sql(#[from] sqlx::Error),
    /// The operating system refused something.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as "read" or "create".
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Its answer.
        source: std::io::Error,
    },
}

fn pid_note(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

fn versions(found: &[u32]) -> String {
    let words: Vec<String> = found.iter().map(u32::to_string).collect();
    words.join(", ")
}

/// Adds what was being done, and to which path, to an operating-system error.
pub(super) trait IoContext<T> {
    fn doing(self, doing: &'static str, path: &std::path::Path) -> Result<T, EmbeddedError>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn doing(self, doing: &'static str, path: &std::path::Path) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::Io {
            doing,
            path: path.to_path_buf(),
            source,
        })
    }
}
