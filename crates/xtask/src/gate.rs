//! The fast gate before a commit: the law first, since it takes no compiler.

use anyhow::{Context as _, Result, ensure};

use crate::{cargo, root, tidy};

const STEPS: &[&[&str]] = &[
    &["fmt", "--all", "--check"],
    &[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ],
];

/// Runs all steps in order; the first that fails ends it.
pub fn check() -> Result<String> {
    let report = tidy::run(&root())?;
    ensure!(report.errors() == 0, "the house is not tidy\n{}", report.render());
    for step in STEPS {
        let shown = format!("cargo {}", step.join(" "));
        let status = cargo()
            .args(*step)
            .status()
            .with_context(|| format!("cannot start {shown}"))?;
        ensure!(status.success(), "{shown}: {status}");
    }
    Ok(format!("{}format and lints are fine\n", report.render()))
}
