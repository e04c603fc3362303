//! The house's own tools: the law of the code base, the query cache, and skeletons for what is added often.
//!
//! Always holds: nothing here is part of the product; `tidy` only reads. Never: knows a slice's business.

pub mod gate;
pub mod prepare;
pub mod revision;
pub mod slice;
pub mod tidy;

use std::path::PathBuf;

/// The top of the repository, whatever the current directory is.
#[allow(
    clippy::disallowed_methods,
    reason = "cargo tells where the package lies now; when compiled it may have lain elsewhere"
)]
pub fn root() -> PathBuf {
    let told = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = told.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    here.ancestors().nth(2).unwrap_or(&here).to_owned()
}

/// The cargo that runs us, so that every step uses one toolchain.
#[allow(
    clippy::disallowed_methods,
    reason = "cargo tells its own path this way; it is no setting"
)]
pub(crate) fn cargo() -> std::process::Command {
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}
