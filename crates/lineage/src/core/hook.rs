//! The pre-commit hook: a commit that touches revisions is judged by the linter first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::core::commands::CommandError;
use crate::core::report::{Exit, Findings, Report};

/// How a hook of ours is known again.
const MARK: &str = "# lineage: pre-commit hook, version 1";

/// What `hook install` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HookReport {
    /// The hook.
    pub file: String,
    /// False if it already said the same.
    pub changed: bool,
    /// Always empty.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for HookReport {
    fn render_text(&self) -> String {
        let what = if self.changed { "written" } else { "already there" };
        format!("{}: {what}\n", self.file)
    }

    fn exit(&self) -> Exit {
        Exit::Fine
    }
}

/// Writes the pre-commit hook of the repository that `inside` lies in. It runs `linter` (a shell command) if a commit
/// touches `revisions`. A hook that somebody else wrote is left alone and reported as an error.
pub fn install_hook(inside: &Path, revisions: &str, linter: &str) -> Result<HookReport, CommandError> {
    let file = hooks_of(inside)?.join("pre-commit");
    let text = script(revisions, linter);
    let present = fs::read_to_string(&file).unwrap_or_default();
    if !present.is_empty() && !present.contains(MARK) {
        return Err(CommandError::ForeignHook {
            path: file,
            line: linter.to_owned(),
        });
    }
    let changed = present != text;
    if changed {
        write(&file, &text).map_err(|source| CommandError::Write {
            path: file.clone(),
            source,
        })?;
    }
    Ok(HookReport {
        file: file.display().to_string(),
        changed,
        found: Findings::default(),
    })
}

fn script(revisions: &str, linter: &str) -> String {
    let quoted = format!("'{}'", revisions.replace('\'', r"'\''"));
    format!("#!/bin/sh\n{MARK}\ngit diff --cached --quiet -- {quoted} && exit 0\nexec {linter}\n")
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(file, text)?;
    make_executable(file)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}

/// Git for Windows runs hooks whatever their mode is.
#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Git itself knows best: work trees share their hooks, and a setting may place them elsewhere.
fn hooks_of(inside: &Path) -> Result<PathBuf, CommandError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(inside)
        .args(["rev-parse", "--git-path", "hooks"])
        .output()
        .map_err(|error| CommandError::Git(error.to_string()))?;
    if !output.status.success() {
        return Err(CommandError::Git(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    Ok(inside.join(String::from_utf8_lossy(&output.stdout).trim()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::install_hook;
    use crate::core::commands::CommandError;

    fn git(dir: &Path, arguments: &[&str]) -> bool {
        let mut command = Command::new("git");
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        command
            .arg("-C")
            .arg(dir)
            .args(identity)
            .args(arguments)
            .output()
            .unwrap()
            .status
            .success()
    }

    fn repository() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        assert!(git(dir.path(), &["init", "--quiet"]));
        dir
    }

    #[test]
    fn a_commit_of_revisions_is_judged_and_others_are_not() {
        let dir = repository();
        let first = install_hook(dir.path(), "the revisions", "false").unwrap();
        let again = install_hook(dir.path(), "the revisions", "false").unwrap();
        assert_eq!((first.changed, again.changed), (true, false));
        fs::write(dir.path().join("other"), "").unwrap();
        assert!(git(dir.path(), &["add", "."]) && git(dir.path(), &["commit", "--message", "other"]));
        fs::create_dir(dir.path().join("the revisions")).unwrap();
        fs::write(dir.path().join("the revisions/1.sql"), "").unwrap();
        assert!(git(dir.path(), &["add", "."]) && !git(dir.path(), &["commit", "--message", "a revision"]));
        install_hook(dir.path(), "the revisions", "true").unwrap();
        assert!(
            git(dir.path(), &["commit", "--message", "a revision"]),
            "the linter is content now"
        );
    }

    #[test]
    fn a_hook_of_somebody_else_is_left_alone() {
        let dir = repository();
        let hook = dir.path().join(".git/hooks/pre-commit");
        fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
        let refused = install_hook(dir.path(), "migrations", "lint").unwrap_err();
        assert!(matches!(refused, CommandError::ForeignHook { .. }), "{refused}");
        assert_eq!(fs::read_to_string(&hook).unwrap(), "#!/bin/sh\nexit 0\n");
        let outside = tempfile::tempdir().unwrap();
        assert!(matches!(
            install_hook(outside.path(), "m", "lint"),
            Err(CommandError::Git(_))
        ));
    }
}
