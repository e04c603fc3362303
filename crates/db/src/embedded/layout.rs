//! Where everything lies, and the small files we keep beside the cluster.
//!
//! ```text
//! <data_dir>/magflow.lock       who uses the directory
//!            postgres.secret    the database password, readable by the owner only
//!            postgres.port      the port last used
//!            postgres.conf      settings, written anew at each start
//!            postgres.hba       who may connect
//!            postgres.out       what postgres said before its own log was open
//!            postgres/          the only part PostgreSQL's account may write: data/, run/, log/
//! ```
//! Files we write as root never lie where the service user could put a link in their place.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rand::Rng as _;
use rand::TryRngCore as _;

use super::account::Account;
use super::error::{EmbeddedError, IoContext as _};

/// Below the range the kernel hands out for outgoing connections (from 32768), so that no such
/// connection can sit on our port when we come back to it.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const PORT_TRIES: u32 = 200;

const SECRET_BYTES: usize = 32;

/// What the kernel allows for a socket's path, with room for `/.s.PGSQL.65535.lock`.
const SOCKET_DIR_MAX: usize = 107 - 20;

/// What a new cluster is called until it is complete.
pub(super) const UNFINISHED_PREFIX: &str = "data.new-";

/// The paths below one data directory.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) data_dir: PathBuf,
}

impl Layout {
    /// Makes the data directory when it is missing; an existing one keeps its mode.
    pub(super) fn open(data_dir: &Path) -> Result<Self, EmbeddedError> {
        if !data_dir.is_dir() {
            fs::create_dir_all(data_dir).doing("create", data_dir)?;
            // The service user must pass through when we are root; nobody else needs to see inside.
            let mode = if rustix::process::geteuid().is_root() {
                0o711
            } else {
                0o700
            };
            set_mode(data_dir, mode)?;
        }
        let data_dir = fs::canonicalize(data_dir).doing("find", data_dir)?;
        Ok(Self { data_dir })
    }

    pub(super) fn pg_root(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.pg_root().join("data")
    }

    pub(super) fn socket_dir(&self) -> PathBuf {
        self.pg_root().join("run")
    }

    pub(super) fn log_dir(&self) -> PathBuf {
        self.pg_root().join("log")
    }

    pub(super) fn config(&self) -> PathBuf {
        self.data_dir.join("postgres.conf")
    }

    pub(super) fn hba(&self) -> PathBuf {
        self.data_dir.join("postgres.hba")
    }

    pub(super) fn startup_output(&self) -> PathBuf {
        self.data_dir.join("postgres.out")
    }

    fn secret_file(&self) -> PathBuf {
        self.data_dir.join("postgres.secret")
    }

    fn port_file(&self) -> PathBuf {
        self.data_dir.join("postgres.port")
    }

    /// Whether the socket directory's path fits what the kernel allows; the loopback port works always.
    pub(super) fn socket_fits(&self) -> bool {
        self.socket_dir().as_os_str().len() <= SOCKET_DIR_MAX
    }

    /// Makes PostgreSQL's own directories and gives them to its account.
    pub(super) fn prepare(&self, account: &Account) -> Result<(), EmbeddedError> {
        let root = self.pg_root();
        if !root.is_dir() {
            fs::create_dir(&root).doing("create", &root)?;
            set_mode(&root, 0o700)?;
            account.own(&root)?;
        }
        account.check_reach(&root)?;
        for dir in [self.socket_dir(), self.log_dir()] {
            if !dir.is_dir() {
                fs::create_dir(&dir).doing("create", &dir)?;
                set_mode(&dir, 0o700)?;
                account.own(&dir)?;
            }
        }
        Ok(())
    }

    /// Major version of the cluster on disk, if there is one.
    pub(super) fn cluster_major(&self) -> Option<u32> {
        let text = fs::read_to_string(self.cluster().join("PG_VERSION")).ok()?;
        text.trim().parse().ok()
    }

    /// The password. Made when there is no cluster yet; a cluster without one is refused.
    pub(super) fn secret(&self, cluster_exists: bool) -> Result<Secret, EmbeddedError> {
        let path = self.secret_file();
        let kept = fs::read_to_string(&path).ok().map(|text| text.trim().to_owned());
        if let Some(text) = kept
            && text.len() == SECRET_BYTES * 2
            && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            set_mode(&path, 0o600)?;
            return Ok(Secret(text));
        }
        if cluster_exists {
            return Err(EmbeddedError::NoSecret { path });
        }
        let secret = Secret::random(&path)?;
        write_whole(&path, &secret.0, 0o600)?;
        Ok(secret)
    }

    /// A free port: the one used last when nobody took it meanwhile, else another, which is remembered.
    pub(super) fn choose_port(&self) -> Result<u16, EmbeddedError> {
        let path = self.port_file();
        let last = fs::read_to_string(&path)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        if let Some(port) = last.filter(|port| port_is_free(*port)) {
            return Ok(port);
        }
        let mut rng = rand::rng();
        for _ in 0..PORT_TRIES {
            let port = rng.random_range(PORTS);
            if port_is_free(port) {
                write_whole(&path, &format!("{port}\n"), 0o644)?;
                return Ok(port);
            }
        }
        Err(EmbeddedError::NoPort { tries: PORT_TRIES })
    }
}

pub(super) fn port_is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The database password; never shown by `Debug`.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    fn random(path: &Path) -> Result<Self, EmbeddedError> {
        let mut bytes = [0_u8; SECRET_BYTES];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(std::io::Error::other)
            .doing("draw random bytes for", path)?;
        let mut text = String::with_capacity(SECRET_BYTES * 2);
        for byte in bytes {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        Ok(Self(text))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), EmbeddedError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).doing("set the mode of", path)
}

/// Writes a file so that after a crash it has either the old or the new text, never a part.
pub(super) fn write_whole(path: &Path, text: &str, mode: u32) -> Result<(), EmbeddedError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    if new.exists() {
        fs::remove_file(&new).doing("remove", &new)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&new)
        .doing("create", &new)?;
    file.write_all(text.as_bytes()).doing("write", &new)?;
    file.sync_all().doing("write", &new)?;
    // The mask of the process may have closed it further than PostgreSQL's account can read.
    set_mode(&new, mode)?;
    fs::rename(&new, path).doing("replace", path)?;
    sync_parent(path)
}

/// Makes a rename in this path's directory survive a power cut.
pub(super) fn sync_parent(path: &Path) -> Result<(), EmbeddedError> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    fs::File::open(parent)
        .and_then(|dir| dir.sync_all())
        .doing("sync", parent)
}
