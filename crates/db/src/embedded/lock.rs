//! The lock on the data directory: one MagFlow per directory, taken before anything else is looked at.
//! Held by the kernel for as long as we live, so a killed process leaves nothing to clean up. The file
//! itself is never removed: removing a lock file is how two processes come to hold "the" lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::error::{EmbeddedError, IoContext as _};

const LOCK_FILE: &str = "magflow.lock";

/// Holds the directory until dropped.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock of an existing `data_dir` and writes our process id into it.
    pub(super) fn take(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let path = data_dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .doing("open", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = holder(&mut file);
                return Err(EmbeddedError::InUse {
                    data_dir: data_dir.to_path_buf(),
                    pid,
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(EmbeddedError::Io {
                    doing: "lock",
                    path,
                    source,
                });
            }
        }
        file.set_len(0).doing("write", &path)?;
        file.rewind().doing("write", &path)?;
        writeln!(file, "{}", std::process::id()).doing("write", &path)?;
        Ok(Self { _file: file })
    }
}

/// The process id the holder wrote; none when it has not come to that yet.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    // Only a help for the message: an unreadable id is the same as none.
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
