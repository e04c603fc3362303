//! Changes of files: a header line exchanged, a file written whole.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::core::chain::Chain;
use crate::core::revision::{Revision, RevisionId};

use super::{CommandError, write_lock};

/// Whether a command changes files or only says what it would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Files are changed.
    #[default]
    Write,
    /// Nothing is changed.
    Preview,
}

/// A revision with other parents than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relinked {
    /// The revision.
    pub id: String,
    /// Its file.
    pub file: String,
    /// `base`, an id, or ids with commas.
    pub from: String,
    /// The same afterwards.
    pub to: String,
}

impl Relinked {
    pub(super) fn of(revision: &Revision, to: &[RevisionId]) -> Self {
        Self {
            id: revision.id.to_string(),
            file: revision.file.clone(),
            from: revision.parents_text(),
            to: crate::core::revision::parents_text(to),
        }
    }
}

/// Exchanges the parents of a revision in its file. The rest of the file stays as it is, byte for byte.
pub(super) fn relink(revision: &Revision, to: &str) -> Result<(), CommandError> {
    let path = PathBuf::from(&revision.file);
    let bytes = fs::read(&path).map_err(|source| CommandError::Write {
        path: path.clone(),
        source,
    })?;
    write_whole(&path, &with_parents(&bytes, revision.parent_place.line, to))
}

/// Line `number` (from 1) becomes the `parent:` line; a remark on it spoke of the old one and goes.
fn with_parents(bytes: &[u8], number: usize, parents: &str) -> Vec<u8> {
    let key = if parents.contains(',') {
        "parents"
    } else {
        "parent"
    };
    let mut out = Vec::with_capacity(bytes.len() + parents.len());
    for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if at + 1 != number {
            out.extend_from_slice(line);
            continue;
        }
        let mark: &[u8] = if line.starts_with(b"\xef\xbb\xbf") {
            b"\xef\xbb\xbf"
        } else {
            b""
        };
        let end: &[u8] = if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        out.extend_from_slice(mark);
        out.extend_from_slice(format!("-- {key}: {}", parents.replace(',', ", ")).as_bytes());
        out.extend_from_slice(end);
    }
    out
}

/// Beside the target and then renamed: a reader sees the old file or the new one, never half of one.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.new"));
    let failed = |path: &Path, source| CommandError::Write {
        path: path.to_owned(),
        source,
    };
    fs::write(&beside, bytes).map_err(|source| failed(&beside, source))?;
    fs::rename(&beside, path).map_err(|source| failed(path, source))
}

/// Writes the lock of what is in the directory now, and reads it all again.
pub(crate) fn renew_lock(dir: &Path) -> Result<Chain, CommandError> {
    write_lock(dir, &Chain::read_dir(dir)?)?;
    Ok(Chain::read_dir(dir)?)
}
