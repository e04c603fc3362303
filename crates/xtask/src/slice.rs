//! Makes a slice that builds, has one page and says so in both languages.
//!
//! Always holds: an existing crate is never touched; what the law wants to know beside the crate (its floor, its line
//! in the code map) is written or named. Never invents business: the page is empty and says what is missing.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

mod skeleton;

const NAME_CHARS_MAX: usize = 30;

/// Writes the crate `name` under `crates/`, its dependency line and its row in the code map.
pub fn new(root: &Path, name: &str) -> Result<String> {
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.len() <= NAME_CHARS_MAX;
    ensure!(
        is_name,
        "a slice is named by one word of at most {NAME_CHARS_MAX} letters a-z and digits"
    );
    let home = root.join("crates").join(name);
    ensure!(!home.exists(), "crates/{name} exists already");
    let manifest = with_dependency(&read(root, "Cargo.toml")?, name)?;
    let map = with_row(&read(root, "ARCHITECTURE.md")?, name)?;
    for (path, text) in skeleton::files(name) {
        write(&home.join(path), &text)?;
    }
    write(&root.join("Cargo.toml"), &manifest)?;
    write(&root.join("ARCHITECTURE.md"), &map)?;
    Ok(format!(
        "crates/{name} is made. What is left for you:\n  \
         - its place among the slices, if it has none: PLACES in crates/xtask/src/tidy/law.rs\n  \
         - its purpose in ARCHITECTURE.md\n  \
         - its routes, pages, permissions and menu entry in crates/server\n  \
         - its tables: cargo xtask new-revision \"…\"\n"
    ))
}

fn read(root: &Path, name: &str) -> Result<String> {
    fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The manifest with the new crate before the test bench, which ends the list of our own.
fn with_dependency(manifest: &str, name: &str) -> Result<String> {
    const LAST: &str = "testkit = { path = \"crates/testkit\" }\n";
    ensure!(
        manifest.contains(LAST),
        "Cargo.toml has no line for testkit to put the new crate before"
    );
    Ok(manifest.replacen(
        LAST,
        &format!("{name} = {{ path = \"crates/{name}\" }}\n{LAST}"),
        1,
    ))
}

/// The code map with the new crate before the graph or the server, which stand above all slices.
fn with_row(map: &str, name: &str) -> Result<String> {
    let above = map
        .lines()
        .find(|line| line.starts_with("| 4 |") || line.starts_with("| 5 |"))
        .context("ARCHITECTURE.md has no row of floor 4 or 5 to put the new crate before")?;
    Ok(map.replacen(
        above,
        &format!("| 3 | `{name}` | (say what it is for) |\n{above}"),
        1,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.dependencies]\nkernel = { path = \"crates/kernel\" }\ntestkit = { path = \"crates/testkit\" }\n";
    const MAP: &str = "## Code map\n\n| floor | crate | what |\n|---|---|---|\n| 0 | `kernel` | words |\n| 5 | `server` | binary |\n";

    fn repository() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        fs::write(root.path().join("Cargo.toml"), MANIFEST).expect("a manifest");
        fs::write(root.path().join("ARCHITECTURE.md"), MAP).expect("a map");
        root
    }

    #[test]
    fn a_new_slice_has_every_file_a_slice_has() {
        let root = repository();
        new(root.path(), "suppliers").expect("made");
        for file in [
            "Cargo.toml",
            "src/lib.rs",
            "src/pages.rs",
            "templates/suppliers/list.html",
            "locales/ro/suppliers.ftl",
            "locales/en/suppliers.ftl",
        ] {
            assert!(
                root.path().join("crates/suppliers").join(file).is_file(),
                "{file}"
            );
        }
        let manifest = read(root.path(), "Cargo.toml").expect("read");
        assert!(manifest.contains("suppliers = { path = \"crates/suppliers\" }\ntestkit"));
        let map = read(root.path(), "ARCHITECTURE.md").expect("read");
        assert!(map.contains("| 3 | `suppliers` | (say what it is for) |\n| 5 | `server`"));
    }

    #[test]
    fn an_existing_crate_is_left_alone() {
        let root = repository();
        fs::create_dir_all(root.path().join("crates/orders")).expect("a crate");
        assert!(new(root.path(), "orders").is_err());
        assert_eq!(read(root.path(), "Cargo.toml").expect("read"), MANIFEST);
    }

    #[test]
    fn a_name_is_one_plain_word() {
        let root = repository();
        for name in ["", "Orders", "purchase-orders", "../orders", "4ever", "mărfuri"] {
            assert!(new(root.path(), name).is_err(), "{name}");
        }
    }
}
