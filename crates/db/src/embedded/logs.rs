//! What PostgreSQL itself says, in its output and its log files; never what it is doing now.

use std::fs;
use std::path::{Path, PathBuf};

use tracing::warn;

use super::config::{LOG_FILES_MAX, LOG_PREFIX};
use super::layout::Layout;

const LINES_SHOWN_MAX: usize = 6;
/// How much of the end of a log is read for an error message.
const TAIL_BYTES_MAX: usize = 16 * 1024;

/// What PostgreSQL last said: before its log was open, and in the newest log file.
pub(super) fn startup_words(layout: &Layout) -> String {
    let mut words = last_lines(&tail(&layout.startup_output()));
    if let Some(newest) = log_files(layout).last() {
        if !words.is_empty() {
            words.push_str(" | ");
        }
        words.push_str(&last_lines(&tail(newest)));
    }
    words
}

fn tail(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let start = bytes.len().saturating_sub(TAIL_BYTES_MAX);
    String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned()
}

/// The last lines of a program's output, on one line.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let start = lines.len().saturating_sub(LINES_SHOWN_MAX);
    lines.get(start..).unwrap_or_default().join(" | ")
}

/// The server's log files, oldest first (their names are times).
fn log_files(layout: &Layout) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(layout.log_dir()) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(LOG_PREFIX))
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// Keeps the newest log files and removes the rest, so that the log cannot fill the disk.
pub(super) fn prune_logs(layout: &Layout) {
    let files = log_files(layout);
    let excess = files.len().saturating_sub(LOG_FILES_MAX);
    for path in files.iter().take(excess) {
        if let Err(error) = fs::remove_file(path) {
            warn!("old PostgreSQL log {} cannot be removed: {error}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn an_error_shows_only_the_last_lines() {
        assert_eq!(last_lines("a\n\n b \n"), "a | b");
        assert_eq!(last_lines(&"x\n".repeat(50)), ["x"; 6].join(" | "));
    }
}
