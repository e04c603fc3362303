//! `squash`: the beginning of the chain becomes one revision.
//!
//! Databases that have the end of it need nothing; new ones run one revision instead of many. The statements
//! stay what they were and where they were, so that nothing is promised that was not run before.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::core::chain::Chain;
use crate::core::finding::Finding;
use crate::core::hash::hexadecimal;
use crate::core::report::{Exit, Findings, Report};
use crate::core::revision::{Down, FILE_BYTES_MAX, Revision, Section};
use crate::core::script::leading_words;
use crate::lint::{LintOptions, lint};

use super::edit::{Mode, Relinked, relink, renew_lock};
use super::{CommandError, Listed, NewRevision, file_name, sound, write_new};

/// How far the squash reaches, and what a new revision needs.
#[derive(Debug, Clone, Copy)]
pub struct Squash<'a> {
    /// The last revision that goes into it.
    pub to: &'a str,
    /// Title, time and chance of the new revision.
    pub revision: NewRevision<'a>,
    /// Schemas that other programs look after.
    pub options: &'a LintOptions,
    /// Whether files are changed.
    pub mode: Mode,
}

/// The new revision and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SquashReport {
    /// Changed, or only shown.
    pub mode: Mode,
    /// Its id; none if it was refused.
    pub id: Option<String>,
    /// Its file; none if it was refused.
    pub file: Option<String>,
    /// What it stands for, in order; their files are gone.
    pub replaces: Vec<Listed>,
    /// Revisions that have another parent now.
    pub relinked: Vec<Relinked>,
    /// What stands against it, or is still to be said.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for SquashReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        let (Some(id), Some(file)) = (&self.id, &self.file) else {
            out.push_str("nothing was squashed\n");
            return out;
        };
        // Writing to a String cannot fail.
        let _: std::fmt::Result = writeln!(out, "{file}\n  id {id}, for {} revisions:", self.replaces.len());
        for one in &self.replaces {
            let _: std::fmt::Result = writeln!(out, "    {} {}", one.id, one.title);
        }
        for one in &self.relinked {
            let _: std::fmt::Result = writeln!(out, "  {}: parent {} -> {}", one.id, one.from, one.to);
        }
        out.push_str("  a database must have all of them, or none, before this is deployed\n");
        out
    }

    fn exit(&self) -> Exit {
        match self.id {
            Some(_) => Exit::of(&self.found.findings),
            None => Exit::Findings,
        }
    }
}

/// Makes one revision of everything up to `to`, deletes the files it replaces, and writes the lock. Refused
/// where one of them has no transaction or several parents, and where the linter sees an error in the whole.
pub fn squash(dir: &Path, wanted: &Squash<'_>) -> Result<SquashReport, CommandError> {
    let chain = sound(Chain::read_dir(dir)?)?;
    let last = chain.position(wanted.to)?;
    let (parts, rest) = chain.revisions().split_at(last + 1);
    fit(parts)?;
    let id = hexadecimal(&wanted.revision.chance);
    let text = text(&id, wanted.revision.title.trim(), parts);
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(refused(
            "together they are larger than a revision may be (16 MiB)",
        ));
    }
    let path = dir.join(file_name(wanted.revision.title, wanted.revision.now, &id)?);
    let name = path.display().to_string();
    let findings = errors_of(&chain, wanted.options, &name, &text, rest, &id);
    let ends = &parts[last].id;
    let follows = rest.iter().filter(|revision| revision.parents.contains(ends));
    let relinked: Vec<Relinked> = follows
        .map(|revision| Relinked {
            to: id.clone(),
            ..Relinked::of(revision, &revision.parents)
        })
        .collect();
    let mut report = SquashReport {
        mode: wanted.mode,
        id: None,
        file: None,
        replaces: parts.iter().map(Listed::of).collect(),
        relinked,
        found: Findings::new(findings),
    };
    if report.found.summary.errors > 0 {
        return Ok(report);
    }
    if wanted.mode == Mode::Write {
        write_new(&path, &text)?;
        for revision in rest.iter().filter(|revision| revision.parents.contains(ends)) {
            relink(revision, &id)?;
        }
        for revision in parts {
            let old = Path::new(&revision.file).to_owned();
            fs::remove_file(&old).map_err(|source| CommandError::Write { path: old, source })?;
        }
        report.found = Findings::new(renew_lock(dir)?.findings().to_vec());
    }
    (report.id, report.file) = (Some(id), Some(name));
    Ok(report)
}

fn refused(why: &str) -> CommandError {
    CommandError::Refused { why: why.to_owned() }
}

fn fit(parts: &[Revision]) -> Result<(), CommandError> {
    if parts.len() < 2 {
        return Err(refused("one revision alone is not squashed"));
    }
    for revision in parts {
        if !revision.transactional {
            return Err(CommandError::Refused {
                why: format!(
                    "`{}` has `transaction: no` and cannot become part of one transaction; squash up to the revision before it",
                    revision.id
                ),
            });
        }
        if sets(revision) {
            return Err(CommandError::Refused {
                why: format!(
                    "`{}` changes a setting (SET, RESET), which would reach into what comes after it",
                    revision.id
                ),
            });
        }
        if revision.parents.len() > 1 {
            return Err(CommandError::Refused {
                why: format!("`{}` is a merge; only a line is squashed", revision.id),
            });
        }
    }
    Ok(())
}

fn sets(revision: &Revision) -> bool {
    let statements = revision.up.statements.iter();
    let mut first = statements.map(|statement| leading_words(statement.text(&revision.up.sql), 1));
    first.any(|words| {
        words
            .first()
            .is_some_and(|word| matches!(word.as_str(), "set" | "reset"))
    })
}

fn text(id: &str, title: &str, parts: &[Revision]) -> String {
    let replaced = parts.iter().flat_map(|revision| {
        let own = std::iter::once(revision.id.to_string());
        revision.replaces.iter().map(ToString::to_string).chain(own)
    });
    let mut out = format!(
        "-- lineage: 1\n-- id: {id}\n-- parent: base\n-- title: {title}\n-- replaces: {}\n",
        replaced.collect::<Vec<_>>().join(", ")
    );
    let reasons: Vec<String> = parts
        .iter()
        .filter_map(|revision| match &revision.down {
            Down::Irreversible(reason) => Some(format!("{}: {reason}", revision.id)),
            Down::Sql(_) => None,
        })
        .collect();
    for allow in parts.iter().flat_map(|revision| &revision.allows) {
        // Writing to a String cannot fail.
        let _: std::fmt::Result = writeln!(
            out,
            "-- allow: {} {} \"{}\"",
            allow.rule, allow.object, allow.reason
        );
    }
    if !reasons.is_empty() {
        let _: std::fmt::Result = writeln!(out, "-- irreversible: {}", reasons.join("; "));
    }
    out.push_str("\n-- >> up\n");
    for revision in parts {
        add(&mut out, revision, &revision.up);
    }
    if reasons.is_empty() {
        out.push_str("\n\\quit\n-- >> down\n");
        for revision in parts.iter().rev() {
            if let Down::Sql(section) = &revision.down {
                add(&mut out, revision, section);
            }
        }
    }
    if parts.iter().any(|revision| !revision.check.statements.is_empty()) {
        out.push_str("\n-- >> check\n");
        for revision in parts {
            add(&mut out, revision, &revision.check);
        }
    }
    out
}

/// The SQL of one part under the name of its revision. The last semicolon of a part may be missing.
fn add(out: &mut String, revision: &Revision, section: &Section) {
    let Some(last) = section.statements.last() else {
        return;
    };
    let ended = section
        .sql
        .get(last.end..)
        .unwrap_or("")
        .trim_start()
        .starts_with(';');
    let end = if ended { "" } else { "\n;" };
    // Writing to a String cannot fail.
    let _: std::fmt::Result = writeln!(
        out,
        "-- from {} {}\n{}{end}",
        revision.id,
        revision.title,
        section.sql.trim()
    );
}

/// What the linter says about the chain as it would be, and did not say before.
fn errors_of(
    chain: &Chain,
    options: &LintOptions,
    name: &str,
    text: &str,
    rest: &[Revision],
    id: &str,
) -> Vec<Finding> {
    let before = lint(chain, options).found.findings;
    let ends = rest
        .first()
        .map(|revision| revision.parents.clone())
        .unwrap_or_default();
    let others = rest.iter().map(|revision| {
        let linked = ends.iter().any(|end| revision.parents.contains(end));
        let text = if linked {
            let old = format!(": {}", revision.parents_text());
            revision.text.replacen(&old, &format!(": {id}"), 1)
        } else {
            revision.text.clone()
        };
        (revision.file.clone(), text)
    });
    let files = std::iter::once((name.to_owned(), text.to_owned())).chain(others);
    let after = lint(&Chain::from_files(files), options).found.findings;
    let known = |finding: &Finding| {
        before.iter().any(|old| {
            old.rule == finding.rule && old.object == finding.object && old.message == finding.message
        })
    };
    after
        .into_iter()
        .filter(|finding| finding.is_error() && !known(finding))
        .collect()
}
