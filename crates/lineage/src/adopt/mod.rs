//! Rescue of what another migration tool left: read without running any of it, judged by the same rules at the
//! same places, and written as a linear chain of our own.
//!
//! Always holds: nothing of the other directory is changed or executed; what cannot be read is marked, in the
//! report and in the new file, and a marked revision does not run. The target directory is new or empty.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "of the many things an expression can be, each reader knows a few; the rest is not literal"
)]

mod alembic;
mod compose;
mod files;
mod original;
mod plain;
mod python;
mod report;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::core::chain::{Chain, ReadError};
use crate::core::commands::{CommandError, file_slug, renew_lock, write_new};
use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::parallel::in_parallel;
use crate::core::report::Findings;
use crate::lint::{LintOptions, lint};

use compose::{Composed, Purpose, back_to_originals, compose, ids};
use original::Original;

pub use report::{AdoptReport, Adopted, Tool};

/// What is adopted.
#[derive(Debug, Clone, Copy)]
pub struct Adopt<'a> {
    /// The other tool.
    pub tool: Tool,
    /// Its directory: for Alembic the one of `env.py`, or of the revisions themselves.
    pub from: &'a Path,
    /// Where the new chain is written; nowhere without it.
    pub into: Option<&'a Path>,
    /// Schemas that other programs look after.
    pub options: &'a LintOptions,
}

/// Reads, judges and, if asked to, writes.
pub fn adopt(wanted: &Adopt<'_>) -> Result<AdoptReport, CommandError> {
    let (originals, mut findings) = originals(wanted)?;
    let names = ids(&originals);
    let id_of = |original: &str| {
        names
            .get(original)
            .cloned()
            .unwrap_or_else(|| "unknown".to_owned())
    };
    let texts = judged(&originals, &id_of);
    let chain = Chain::from_files(
        texts
            .iter()
            .map(|(name, text)| (name.as_str(), text.text.as_str())),
    );
    findings.extend(back_to_originals(
        lint(&chain, wanted.options).found.findings,
        &texts,
    ));
    let order: Vec<usize> = chain
        .revisions()
        .iter()
        .filter_map(|one| position(&one.file))
        .collect();
    let mut revisions: Vec<Adopted> = order.iter().map(|at| adopted(&originals[*at], &id_of)).collect();
    if let Some(into) = wanted.into {
        if findings.iter().any(hides_order) {
            findings.push(not_written(into));
        } else {
            write(into, &originals, &order, &mut revisions)?;
        }
    }
    findings.sort_by_cached_key(|one| {
        (
            !one.rule.is_of_graph(),
            one.place.file.clone(),
            one.place.line,
            one.rule,
        )
    });
    Ok(AdoptReport {
        tool: wanted.tool,
        revisions,
        found: Findings::new(findings),
    })
}

fn originals(wanted: &Adopt<'_>) -> Result<(Vec<Original>, Vec<Finding>), ReadError> {
    let (mut originals, mut findings) = match wanted.tool {
        Tool::Alembic => from_alembic(wanted.from)?,
        Tool::Flyway | Tool::GolangMigrate | Tool::Dbmate | Tool::Sqlx => {
            plain::originals(wanted.from, wanted.tool)?
        }
    };
    for original in &mut originals {
        findings.append(&mut original.findings);
    }
    originals.retain(|original| !original.id.is_empty());
    if originals.is_empty() && findings.is_empty() {
        let place = Place::file(wanted.from.display().to_string());
        let message = format!(
            "there is no migration of {} in this directory",
            wanted.tool.name()
        );
        let help = "name the directory of the migrations";
        findings.push(Finding::error(Rule::A06, place, message, help).with_severity(Severity::Warning));
    }
    Ok((originals, findings))
}

fn from_alembic(dir: &Path) -> Result<(Vec<Original>, Vec<Finding>), ReadError> {
    let versions = dir.join("versions");
    let (home, versions): (PathBuf, PathBuf) = if versions.is_dir() {
        (dir.to_owned(), versions)
    } else {
        (dir.parent().unwrap_or(dir).to_owned(), dir.to_owned())
    };
    let (sources, mut findings) = files::read(&files::list(&versions, "py")?);
    let read = in_parallel(&sources, alembic::read);
    let env = home.join("env.py");
    if let Ok(text) = fs::read_to_string(&env)
        && !text.contains("advisory_lock")
        && !text.contains("advisory_xact_lock")
    {
        let message = "`env.py` takes no lock: two upgrades at once run the same revisions";
        let help = "the new chain has one runner at a time; until then call pg_advisory_lock in `env.py`";
        let finding = Finding::error(Rule::A03, Place::file(env.display().to_string()), message, help);
        findings.push(finding.with_severity(Severity::Warning));
    }
    Ok((read.into_iter().flatten().collect(), findings))
}

/// The originals as texts of ours, by names that sort by time and hold their position.
fn judged(originals: &[Original], id_of: &impl Fn(&str) -> String) -> HashMap<String, Composed> {
    let mut texts = HashMap::new();
    for (at, original) in originals.iter().enumerate() {
        let known = |parent: &String| id_or_same(parent, id_of);
        let parents: Vec<String> = original.parents.iter().map(known).collect();
        let text = compose(original, &id_of(&original.id), &parents, Purpose::Judging);
        texts.insert(format!("{} {:06}", original.stamp, at), text);
    }
    texts
}

/// A parent that is in no file keeps its name, so that the finding can say it.
fn id_or_same(parent: &str, id_of: &impl Fn(&str) -> String) -> String {
    match id_of(parent).as_str() {
        "unknown" => parent
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect(),
        known => known.to_owned(),
    }
}

fn position(name: &str) -> Option<usize> {
    name.rsplit(' ').next()?.parse().ok()
}

/// Findings beside which nobody can say what comes after what.
fn hides_order(finding: &Finding) -> bool {
    finding.is_error()
        && matches!(
            finding.rule,
            Rule::G03 | Rule::G04 | Rule::G05 | Rule::G06 | Rule::A06
        )
}

fn not_written(into: &Path) -> Finding {
    let message = "nothing was written: the order of the revisions, or the text of one, is not known";
    let help = "cure the errors G03 to G06 and A06 in the original first";
    Finding::error(Rule::A06, Place::file(into.display().to_string()), message, help)
}

fn adopted(original: &Original, id_of: &impl Fn(&str) -> String) -> Adopted {
    Adopted {
        id: id_of(&original.id),
        original: original.id.clone(),
        source: original.source.name.clone(),
        title: original.title.clone(),
        unread: original.unread(),
        file: None,
    }
}

fn write(
    into: &Path,
    originals: &[Original],
    order: &[usize],
    revisions: &mut [Adopted],
) -> Result<(), CommandError> {
    let failed = |source| CommandError::Write {
        path: into.to_owned(),
        source,
    };
    fs::create_dir_all(into).map_err(failed)?;
    if fs::read_dir(into).map_err(failed)?.next().is_some() {
        return Err(CommandError::Refused {
            why: format!(
                "{} is not empty; the new chain needs a directory of its own",
                into.display()
            ),
        });
    }
    let mut before: Vec<String> = Vec::new();
    let mut stamp = "00000000T0000".to_owned();
    for (at, revision) in order.iter().zip(revisions) {
        let original = &originals[*at];
        if !original.stamp.is_empty() {
            stamp.clone_from(&original.stamp);
        }
        let text = compose(original, &revision.id, &before, Purpose::Writing).text;
        let path = into.join(format!(
            "{stamp}_{}__{}.sql",
            file_slug(&original.title),
            revision.id
        ));
        write_new(&path, &text)?;
        revision.file = Some(path.display().to_string());
        before = vec![revision.id.clone()];
    }
    renew_lock(into)?;
    Ok(())
}

#[cfg(test)]
mod tests;
