//! A PostgreSQL of the bench's own, on a socket in a temporary directory, with everything durable.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Stopped and deleted when dropped.
pub(crate) struct Server {
    bin: PathBuf,
    data: TempDir,
    user: Option<(u32, u32)>,
}

impl Server {
    /// `None` where PostgreSQL's programs are not installed.
    pub(crate) fn start() -> Option<Self> {
        let server = Self {
            bin: binaries()?,
            data: tempfile::tempdir().unwrap(),
            user: service_user(),
        };
        let dir = server.dir();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        if let Some((uid, gid)) = server.user {
            chown(&dir, Some(uid), Some(gid)).unwrap();
        }
        let cluster = dir.join("cluster");
        server.run(
            "initdb",
            &[
                "-D",
                path(&cluster),
                "-A",
                "trust",
                "-U",
                "postgres",
                "--no-locale",
                "-E",
                "UTF8",
            ],
        );
        let settings = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}'",
            path(&dir)
        );
        let log = dir.join("log");
        server.run(
            "pg_ctl",
            &[
                "start",
                "-w",
                "-D",
                path(&cluster),
                "-l",
                path(&log),
                "-o",
                &settings,
            ],
        );
        Some(server)
    }

    /// Where its socket is.
    pub(crate) fn dir(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// An empty database in place of the one of this name.
    pub(crate) fn fresh(&self, name: &str) {
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        let done = self
            .psql("postgres")
            .args(["-c", &drop, "-c", &create])
            .status()
            .unwrap();
        assert!(done.success(), "the database {name} cannot be made");
    }

    /// `psql` that stops at the first error.
    pub(crate) fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
            .args([path(&self.dir()), "-d", database])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.bin.join(program));
        // pg_ctl leaves the server behind; with a pipe the server would keep it open for ever.
        command
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        assert!(command.status().unwrap().success(), "{program} failed");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let cluster = self.dir().join("cluster");
        self.run("pg_ctl", &["stop", "-m", "immediate", "-D", path(&cluster)]);
    }
}

fn binaries() -> Option<PathBuf> {
    let packaged = fs::read_dir("/usr/lib/postgresql")
        .ok()
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<PathBuf> = packaged.map(|entry| entry.path().join("bin")).collect();
    found.sort();
    found.reverse();
    found.extend(["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].map(PathBuf::from));
    found.into_iter().find(|bin| bin.join("initdb").exists())
}

/// PostgreSQL refuses to run as root; then the package's user `postgres` does.
fn service_user() -> Option<(u32, u32)> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users
        .lines()
        .find(|line| is_root && line.starts_with("postgres:"))?;
    let fields: Vec<&str> = line.split(':').collect();
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
