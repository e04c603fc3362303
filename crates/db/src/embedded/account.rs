//! As whom PostgreSQL runs. It refuses to run as root, so as root it gets a service user of its own;
//! an ordinary user runs it as himself. Never creates a user: that is the installer's work.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tokio::process::Command;

use super::error::{EmbeddedError, IoContext as _};

/// Preferred first; `postgres` comes with the distribution's package.
const SERVICE_USERS: [&str; 2] = ["magflow-db", "postgres"];

pub(super) const CREATE_COMMAND: &str = "useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin magflow-db";

/// PostgreSQL's own settings in our environment would steer its tools away from our directory.
const PG_VARIABLES: [&str; 9] = [
    "PGDATA",
    "PGPORT",
    "PGHOST",
    "PGUSER",
    "PGDATABASE",
    "PGOPTIONS",
    "PGPASSWORD",
    "PGSERVICE",
    "PGPASSFILE",
];

/// The account PostgreSQL runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    /// Ours; we are not root.
    Own { uid: u32 },
    /// Another one that we, being root, switch to.
    Service { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// Decides as whom to run; `pg_root` is PostgreSQL's directory, whose owner wins when it exists.
    pub(super) async fn choose(pg_root: &Path) -> Result<Self, EmbeddedError> {
        let ours = rustix::process::geteuid().as_raw();
        let owner = std::fs::metadata(pg_root).ok();
        if ours != 0 {
            return match owner {
                Some(meta) if meta.uid() != ours => Err(EmbeddedError::NotOwner {
                    dir: pg_root.to_path_buf(),
                    owner: meta.uid(),
                    ours,
                }),
                Some(_) | None => Ok(Self::Own { uid: ours }),
            };
        }
        if let Some(meta) = owner
            && meta.uid() != 0
        {
            let name = match look_up(&meta.uid().to_string()).await? {
                Some((name, _, _)) => name,
                None => meta.uid().to_string(),
            };
            return Ok(Self::Service {
                name,
                uid: meta.uid(),
                gid: meta.gid(),
            });
        }
        for name in SERVICE_USERS {
            if let Some((name, uid, gid)) = look_up(name).await? {
                return Ok(Self::Service { name, uid, gid });
            }
        }
        Err(EmbeddedError::NoServiceUser)
    }

    pub(super) fn uid(&self) -> u32 {
        match self {
            Self::Own { uid } | Self::Service { uid, .. } => *uid,
        }
    }

    /// A command that will run as this account, in `dir`, untouched by our PG* variables.
    pub(super) fn command(&self, program: &Path, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(dir).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        for name in PG_VARIABLES {
            command.env_remove(name);
        }
        if let Self::Service { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// Gives a path to this account; nothing to do when it is ours anyway.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        match self {
            Self::Own { .. } => Ok(()),
            Self::Service { uid, gid, .. } => {
                std::os::unix::fs::chown(path, Some(*uid), Some(*gid)).doing("change owner of", path)
            }
        }
    }

    /// Refuses when a directory from the root down to `dir` is closed to this account.
    pub(super) fn check_reach(&self, dir: &Path) -> Result<(), EmbeddedError> {
        let Self::Service { name, uid, gid } = self else {
            return Ok(());
        };
        let real = std::fs::canonicalize(dir).doing("find", dir)?;
        let mut chain: Vec<&Path> = real.ancestors().collect();
        chain.reverse();
        for step in chain {
            let meta = std::fs::metadata(step).doing("look at", step)?;
            let mode = meta.permissions().mode();
            let may_enter = if meta.uid() == *uid {
                mode & 0o100 != 0
            } else if meta.gid() == *gid {
                mode & 0o010 != 0
            } else {
                mode & 0o001 != 0
            };
            if !may_enter {
                return Err(EmbeddedError::ClosedParent {
                    dir: step.to_path_buf(),
                    user: name.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Name, user id and group id of an account, by name or number, as the system's user database has it.
async fn look_up(key: &str) -> Result<Option<(String, u32, u32)>, EmbeddedError> {
    let getent = Path::new("getent");
    let output = Command::new(getent)
        .args(["passwd", key])
        .output()
        .await
        .doing("run", getent)?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(parse_passwd(&String::from_utf8_lossy(&output.stdout)))
}

fn parse_passwd(line: &str) -> Option<(String, u32, u32)> {
    let mut fields = line.trim().split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some((name, uid, gid))
}

#[cfg(test)]
mod tests {
    use super::parse_passwd;

    #[test]
    fn a_passwd_line_gives_name_user_and_group() {
        let line = "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(parse_passwd(line), Some(("postgres".to_owned(), 101, 104)));
        assert_eq!(parse_passwd("postgres:x"), None);
        assert_eq!(parse_passwd("a:x:b:c:d"), None);
    }
}
