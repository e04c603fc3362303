//! What the checks look at: the packages of the workspace and the text files of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::cargo;

/// Directories that are made, fetched or private to a machine.
const SKIPPED: &[&str] = &["target", "node_modules", "screenshots"];
/// A larger file is data, not text that somebody wrote.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The repository as values, so that tests can make one up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    /// All packages of the workspace.
    pub(crate) packages: Vec<Package>,
    /// Path from the top, with `/`, to text.
    pub(crate) files: BTreeMap<String, String>,
}

/// One package of the workspace.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a package's dependencies.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for an ordinary one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Dependency {
    pub(crate) fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Tree {
    /// The repository at `root`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let output = cargo()
            .current_dir(root)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("cannot start cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
        let mut files = BTreeMap::new();
        collect(root, root, &mut files)?;
        Ok(Self {
            packages: metadata.packages,
            files,
        })
    }

    /// Files below `folder` (which ends in `/`) whose name ends with `end`.
    pub(crate) fn below<'a>(
        &'a self,
        folder: &'a str,
        end: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .range(folder.to_owned()..)
            .take_while(move |(path, _)| path.starts_with(folder))
            .filter(move |(path, _)| path.ends_with(end))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Rust files of the crates that are part of what runs: no tests, benches, examples.
    pub(crate) fn product_sources(&self) -> impl Iterator<Item = Source<'_>> {
        self.below("crates/", ".rs").filter_map(|(path, text)| {
            let source = Source::of(path, text)?;
            let parts: Vec<&str> = source.inside.split('/').collect();
            let is_test = parts.iter().any(|part| matches!(*part, "tests" | "tests.rs"));
            (parts.first() == Some(&"src") && !is_test).then_some(source)
        })
    }
}

/// A Rust file and the crate it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    /// Name of the crate's folder.
    pub(crate) package: &'a str,
    /// Path from the crate's folder, as `src/lib.rs`.
    pub(crate) inside: &'a str,
    pub(crate) text: &'a str,
}

impl<'a> Source<'a> {
    fn of(path: &'a str, text: &'a str) -> Option<Self> {
        let (package, inside) = path.strip_prefix("crates/")?.split_once('/')?;
        Some(Self {
            path,
            package,
            inside,
            text,
        })
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let kind = entry
            .file_type()
            .with_context(|| format!("cannot read {}", path.display()))?;
        if kind.is_dir() {
            let is_ours = !name.starts_with('.') || name == ".cargo" || name == ".ci";
            if is_ours && !SKIPPED.contains(&name.as_str()) {
                collect(root, &path, files)?;
            }
            continue;
        }
        if !kind.is_file() || entry.metadata().is_ok_and(|about| about.len() > FILE_BYTES_MAX) {
            continue;
        }
        // A file that goes away while we look is no concern of the law.
        let Ok(bytes) = fs::read(&path) else { continue };
        // What is not UTF-8 is a picture or a font.
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        let inside: Vec<_> = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .iter()
            .map(|part| part.to_string_lossy())
            .collect();
        files.insert(inside.join("/"), text);
    }
    Ok(())
}
