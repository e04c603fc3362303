//! Finds PostgreSQL's programs. Looks in the place it was told, else on PATH, in the distributions' usual
//! directories and where `pg_config` points. Never downloads anything.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::error::EmbeddedError;

/// ICU as a database's locale provider came with 15.
pub(super) const MAJOR_MIN: u32 = 15;

/// Parents whose `<version>/bin` may hold the programs: Debian and its kin, then source and vendor builds.
const VERSIONED_PARENTS: [&str; 3] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

/// A directory with `initdb` and `postgres` of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    /// Chooses the programs: the cluster's own version when there is a cluster, else what comes first of
    /// PATH, the newest in the usual directories, `pg_config`.
    pub(super) async fn find(
        explicit: Option<&Path>,
        data_dir: &Path,
        cluster: Option<u32>,
    ) -> Result<Self, EmbeddedError> {
        let dirs = match explicit {
            Some(dir) => vec![dir.to_path_buf()],
            None => candidates().await,
        };
        let mut found = Vec::new();
        for dir in &dirs {
            if let Some(major) = major_of(dir).await
                && major >= MAJOR_MIN
            {
                found.push(Self {
                    dir: dir.clone(),
                    major,
                });
            }
        }
        if found.is_empty() {
            let looked_in = dirs.iter().map(|dir| dir.display().to_string()).collect();
            return Err(EmbeddedError::NoBinaries { looked_in });
        }
        let Some(cluster) = cluster else {
            return Ok(found.swap_remove(0));
        };
        let majors: Vec<u32> = found.iter().map(|one| one.major).collect();
        found
            .into_iter()
            .find(|one| one.major == cluster)
            .ok_or_else(|| EmbeddedError::OtherMajor {
                data_dir: data_dir.to_path_buf(),
                cluster,
                found: majors,
            })
    }
}

async fn candidates() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    #[allow(
        clippy::disallowed_methods,
        reason = "PATH is how programs are found, not configuration of ours"
    )]
    let path = std::env::var_os("PATH");
    if let Some(path) = path {
        // A link's own directory has no share/ beside it; PostgreSQL finds its files from the real one.
        let real = std::env::split_paths(&path)
            .filter_map(|dir| std::fs::canonicalize(dir.join("postgres")).ok())
            .filter_map(|program| program.parent().map(Path::to_path_buf));
        dirs.extend(real);
    }
    for parent in VERSIONED_PARENTS {
        dirs.extend(versioned(Path::new(parent)));
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output().await {
        let dir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && !dir.is_empty() {
            dirs.push(PathBuf::from(dir));
        }
    }
    let mut unique: Vec<PathBuf> = Vec::new();
    for dir in dirs {
        if !unique.contains(&dir) {
            unique.push(dir);
        }
    }
    unique
}

/// `<parent>/<version>/bin` (and Homebrew's `postgresql@<version>/bin`), newest first.
fn versioned(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix("postgresql@").unwrap_or(&name).parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// The major version of the programs in `dir`; none when they are not both there or do not run.
async fn major_of(dir: &Path) -> Option<u32> {
    if !dir.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(dir.join("postgres"))
        .arg("--version")
        .output()
        .await
        .ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL) ")?.1;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn every_way_postgres_tells_its_version_is_understood() {
        let cases = [
            ("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", Some(15)),
            ("postgres (PostgreSQL) 17.2", Some(17)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("postgres 9", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_version(text), expected, "{text}");
        }
    }
}
