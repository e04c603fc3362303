//! The query cache `.sqlx`: what the SQL macros learnt from a database, checked in so that a build needs none.
//!
//! Always holds: the new cache is made beside the old one and takes its place only when every crate compiled, so an
//! interrupted or failed run loses nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{cargo, root, tidy};

const CACHE: &str = ".sqlx";

/// Writes the cache, or with `check_only` compares it with the one that is checked in.
pub fn run(check_only: bool) -> Result<String> {
    let root = root();
    let fresh = Scratch::new(&root)?;
    touch_sources(&root)?;
    match given_database() {
        Some(url) => compile(&url, &fresh.0)?,
        None => with_own_database(&fresh.0)?,
    }
    let new = read_cache(&fresh.0)?;
    let old = read_cache(&root.join(CACHE))?;
    let told = differences(&old, &new);
    if check_only {
        ensure!(
            told.is_empty(),
            "{CACHE} is not what the code needs:\n{}\nrun `cargo xtask sqlx-prepare`",
            told.join("\n")
        );
        return Ok(format!("{CACHE} is right: {} statements\n", new.len()));
    }
    replace(&root.join(CACHE), &new)?;
    Ok(format!(
        "{CACHE}: {} statements, {} changes\n",
        new.len(),
        told.len()
    ))
}

#[allow(
    clippy::disallowed_methods,
    reason = "a developer's tool has no settings file; this name is the one sqlx itself uses"
)]
fn given_database() -> Option<String> {
    std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// A directory of our own that goes away with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(root: &Path) -> Result<Self> {
        let path = root.join(format!("target/sqlx-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind it costs a few files in a build directory.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A macro writes its statement only when it is compiled, so every file that uses one must look changed.
#[allow(
    clippy::disallowed_methods,
    reason = "cargo compares the times of files with the clock"
)]
fn touch_sources(root: &Path) -> Result<()> {
    let now = SystemTime::now();
    for path in tidy::sources_with_macros(root)? {
        let path = root.join(path);
        File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(now))
            .with_context(|| format!("cannot touch {}", path.display()))?;
    }
    Ok(())
}

fn with_own_database(cache: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let database = runtime.block_on(testkit::database());
    compile(database.url(), cache)
}

fn compile(url: &str, cache: &Path) -> Result<()> {
    let status = cargo()
        .args(["check", "--workspace", "--all-targets"])
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", cache)
        .env("DATABASE_URL", url)
        .status()
        .context("cannot start cargo check")?;
    ensure!(
        status.success(),
        "the workspace does not compile; {CACHE} is as it was"
    );
    Ok(())
}

fn read_cache(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry
            .with_context(|| format!("cannot read {}", folder.display()))?
            .path();
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            continue;
        };
        if name.starts_with("query-") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            found.insert(name, text);
        }
    }
    Ok(found)
}

/// One line a statement: `+` is new, `-` no longer used, `~` known with another answer.
fn differences(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    let added = new.iter().filter_map(|(name, text)| match old.get(name) {
        None => Some(format!("+ {}", first_words(text))),
        Some(before) if before != text => Some(format!("~ {}", first_words(text))),
        Some(_) => None,
    });
    let gone = old
        .iter()
        .filter(|(name, _)| !new.contains_key(*name))
        .map(|(_, text)| format!("- {}", first_words(text)));
    added.chain(gone).collect()
}

fn first_words(text: &str) -> String {
    let statement = serde_json::from_str::<serde_json::Value>(text).ok();
    let statement = statement.as_ref().and_then(|value| value.get("query")?.as_str());
    let words: Vec<&str> = statement.unwrap_or(text).split_whitespace().take(12).collect();
    words.join(" ")
}

/// Only what differs is written, so that an unchanged file keeps its time and nothing is compiled again for it.
fn replace(folder: &Path, new: &BTreeMap<String, String>) -> Result<()> {
    if new.is_empty() {
        bail!("no statement was found; {CACHE} is as it was");
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let old = read_cache(folder)?;
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        fs::remove_file(folder.join(name)).with_context(|| format!("cannot remove {name}"))?;
    }
    for (name, text) in new.iter().filter(|(name, text)| old.get(*name) != Some(text)) {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries
            .iter()
            .map(|(name, query)| ((*name).to_owned(), format!("{{\"query\":\"{query}\"}}")))
            .collect()
    }

    #[test]
    fn every_difference_is_told_with_its_statement() {
        let old = cache(&[
            ("query-1", "SELECT 1"),
            ("query-2", "SELECT 2"),
            ("query-3", "SELECT 3"),
        ]);
        let new = cache(&[
            ("query-1", "SELECT 1"),
            ("query-2", "SELECT  2, 2"),
            ("query-4", "SELECT 4"),
        ]);
        assert_eq!(
            differences(&old, &new),
            ["~ SELECT 2, 2", "+ SELECT 4", "- SELECT 3"]
        );
        assert!(differences(&new, &new).is_empty());
    }

    #[test]
    fn replacing_removes_what_is_not_used_any_more() {
        let folder = tempfile::tempdir().expect("a directory");
        let new = cache(&[("query-1", "SELECT 1")]);
        fs::write(folder.path().join("query-9"), "{}").expect("an old file");
        replace(folder.path(), &new).expect("replaced");
        assert_eq!(read_cache(folder.path()).expect("read"), new);
    }

    #[test]
    fn an_empty_result_never_replaces_a_cache() {
        let folder = tempfile::tempdir().expect("a directory");
        fs::write(folder.path().join("query-9"), "{}").expect("an old file");
        assert!(replace(folder.path(), &BTreeMap::new()).is_err());
        assert_eq!(read_cache(folder.path()).expect("read").len(), 1);
    }
}
