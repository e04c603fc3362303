//! Lists the migration files, so that the binary carries its own chain.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a build script reads cargo's variables, and must stop the build loudly"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let dir = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../migrations");
    let dir = dir.canonicalize().expect("the migrations are there");
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut paths: Vec<_> = fs::read_dir(&dir)
        .expect("the migrations can be listed")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "sql" || extension == "lock")
        })
        .collect();
    paths.sort();
    let mut list = String::new();
    for path in &paths {
        let name = path.file_name().expect("a file has a name").to_string_lossy();
        writeln!(
            list,
            "({name:?}, include_str!({:?})),",
            path.display().to_string()
        )
        .expect("text grows");
    }
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("migrations.rs");
    let code = format!("pub(crate) static FILES: &[(&str, &str)] = &[\n{list}];\n");
    fs::write(out, code).expect("the list is written");
}
