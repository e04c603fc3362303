//! The chain: all revisions of a directory (or compiled into the program), in order, with findings.
//!
//! Always holds: reading gives a chain whatever the files hold; only a chain without error findings
//! ([`Chain::is_sound`]) may be run. One root, one head, and a lock file that agrees.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::graph::arrange;
use crate::core::lock::{LOCK_FILE, Lock};
use crate::core::parallel::in_parallel;
use crate::core::revision::{FILE_BYTES_MAX, Reading, Revision, RevisionId, read, unreadable};
use crate::core::target::{TargetError, find_prefix};

/// More files than this in one directory is a mistake of path, not a history.
const FILES_MAX: usize = 100_000;

/// The directory or one of its files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Surely the wrong directory.
    #[error("{} holds more than {FILES_MAX} .sql files", path.display())]
    TooMany {
        /// Which directory.
        path: PathBuf,
    },
}

/// All revisions, in topological order.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    revisions: Vec<Revision>,
    findings: Vec<Finding>,
    lock: Option<Lock>,
}

impl Chain {
    /// Reads `*.sql` and the lock file of a directory; other files and sub-directories are ignored.
    pub fn read_dir(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let failed = |source| ReadError::Io {
            path: path.to_owned(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.path();
            let is_sql = name.extension().is_some_and(|extension| extension == "sql");
            if is_sql && !is_directory(&entry, &name) {
                names.push(name);
            }
            if names.len() > FILES_MAX {
                return Err(ReadError::TooMany {
                    path: path.to_owned(),
                });
            }
        }
        names.sort();
        let readings = in_parallel(&names, |name| read_file(name));
        let lock_path = path.join(LOCK_FILE);
        let lock_name = lock_path.display().to_string();
        let lock = match fs::read(&lock_path) {
            Ok(bytes) => Some((lock_name.clone(), String::from_utf8_lossy(&bytes).into_owned())),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => None,
            Err(source) => {
                return Err(ReadError::Io {
                    path: lock_path,
                    source,
                });
            }
        };
        let unlocked = lock.is_none() && !readings.is_empty();
        let mut chain = Self::assemble(readings, lock);
        if unlocked {
            let message = format!("there is no {LOCK_FILE} beside the revisions");
            let help = "run `migrate rebless` to write it, and check it in";
            chain
                .findings
                .push(Finding::error(Rule::G07, Place::file(lock_name), message, help));
        }
        Ok(chain)
    }

    /// The same for commands that only look: a directory that cannot be read, or holds no revision, is a
    /// finding like any other.
    pub fn look_at(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let place = Place::file(path.display().to_string());
        match Self::read_dir(path) {
            Ok(mut chain) => {
                if chain.revisions.is_empty() && chain.findings.is_empty() {
                    let help = "name the directory of the revisions with --dir, or write the first one with `migrate new`";
                    let finding =
                        Finding::error(Rule::G06, place, "there is no revision in this directory", help);
                    chain.findings.push(finding.with_severity(Severity::Warning));
                }
                chain
            }
            Err(error) => {
                let help = "name a directory that exists and can be read with --dir";
                Self {
                    findings: vec![Finding::error(Rule::G06, place, error.to_string(), help)],
                    ..Self::default()
                }
            }
        }
    }

    /// The same from names and texts, for revisions compiled into a program. Without an entry
    /// named `lineage.lock` the lock is not checked (the directory was, before it was compiled in).
    pub fn from_files<N: AsRef<str>, T: AsRef<str>>(files: impl IntoIterator<Item = (N, T)>) -> Self {
        let mut readings = Vec::new();
        let mut lock = None;
        for (name, text) in files {
            let (name, text) = (name.as_ref(), text.as_ref());
            if name.rsplit('/').next() == Some(LOCK_FILE) {
                lock = Some((name.to_owned(), text.to_owned()));
            } else {
                readings.push((name.to_owned(), read(name, text.as_bytes())));
            }
        }
        readings.sort_by(|left, right| left.0.cmp(&right.0));
        Self::assemble(readings.into_iter().map(|(_, reading)| reading).collect(), lock)
    }

    fn assemble(readings: Vec<Reading>, lock: Option<(String, String)>) -> Self {
        let mut findings = Vec::new();
        let mut revisions = Vec::new();
        for reading in readings {
            findings.extend(reading.findings);
            revisions.extend(reading.revision);
        }
        let (revisions, graph) = arrange(revisions);
        findings.extend(graph);
        let graph_is_sound = !findings.iter().any(Finding::is_error);
        let lock = lock.map(|(file, text)| {
            let (lock, wrong) = Lock::parse(&file, &text);
            let readable = wrong.is_empty();
            findings.extend(wrong);
            // Beside a broken graph or lock every comparison would be noise.
            if graph_is_sound && readable {
                findings.extend(lock.compare(&file, &revisions));
            }
            lock
        });
        Self {
            revisions,
            findings,
            lock,
        }
    }

    /// All revisions, parents before children.
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// Everything wrong with files, graph and lock.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// True if no finding is an error: the chain may be run.
    pub fn is_sound(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }

    /// The lock file, if there is one.
    pub fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// Nobody's parents.
    pub fn heads(&self) -> Vec<&Revision> {
        let parents: std::collections::HashSet<&RevisionId> =
            self.revisions.iter().flat_map(|r| &r.parents).collect();
        self.revisions
            .iter()
            .filter(|revision| !parents.contains(&revision.id))
            .collect()
    }

    /// The one head of a sound chain; `None` for an empty chain or several heads.
    pub fn head(&self) -> Option<&Revision> {
        match self.heads().as_slice() {
            [head] => Some(*head),
            _ => None,
        }
    }

    /// The revision with this id.
    pub fn get(&self, id: &str) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.id.as_str() == id)
    }

    /// Position in the chain of the revision whose id is, or begins with, `prefix`.
    pub fn position(&self, prefix: &str) -> Result<usize, TargetError> {
        let ids: Vec<&str> = self
            .revisions
            .iter()
            .map(|revision| revision.id.as_str())
            .collect();
        find_prefix(&ids, prefix)
    }
}

/// The listing of a directory mostly says what an entry is; only a link has to be followed. One that
/// leads nowhere is no directory either: it is kept, and reported as unreadable.
fn is_directory(entry: &fs::DirEntry, name: &Path) -> bool {
    match entry.file_type() {
        Ok(kind) if !kind.is_symlink() => kind.is_dir(),
        Ok(_) | Err(_) => name.is_dir(),
    }
}

fn read_file(path: &Path) -> Reading {
    let name = path.display().to_string();
    match bytes_of(path) {
        Ok(bytes) => read(&name, &bytes),
        Err(cause) => unreadable(&name, &cause),
    }
}

/// A file larger than any revision is read only so far that this can be seen.
fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let file = fs::File::open(path)?;
    let size = usize::try_from(file.metadata()?.len().min(FILE_BYTES_MAX)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(size + 1);
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
