//! Lists the migration files, so that the binary carries its own chain.

use std::path::Path;
use std::{env, fs};

fn main() {
    let dir = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../migrations");
    let dir = dir.canonicalize().expect("the migrations are there");
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut names: Vec<_> = fs::read_dir(&dir)
        .expect("the migrations can be listed")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a UTF-8 name"))
        .filter(|name| name.ends_with(".sql") || name.ends_with(".lock"))
        .collect();
    names.sort();
    let list: String = names
        .iter()
        .map(|name| format!("({name:?}, include_str!({:?})),\n", dir.join(name).display().to_string()))
        .collect();
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("migrations.rs");
    fs::write(out, format!("pub(crate) static FILES: &[(&str, &str)] = &[\n{list}];\n")).expect("the list is written");
}
