//! `show`: one revision, what it does, and what is to be said about it.

use std::fmt::Write as _;

use serde::Serialize;

use crate::core::chain::Chain;
use crate::core::finding::Finding;
use crate::core::report::{Exit, Findings, Report};
use crate::core::revision::{Down, Phase, Revision, Section};
use crate::ddl::describe::{Told, tell};
use crate::lint::{LintOptions, effects_of, lint};

use super::{CommandError, Listed};

/// One effect of a way and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Line in the file.
    pub line: usize,
    /// What is done.
    #[serde(flatten)]
    pub told: Told,
    /// True if a second run would not fail.
    pub guarded: bool,
}

/// One revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShowReport {
    /// Id, parents, title, file.
    #[serde(flatten)]
    pub revision: Listed,
    /// Whose parent it is.
    pub children: Vec<String>,
    /// What it stands for, on a squash.
    pub replaces: Vec<String>,
    /// Its phase, if declared.
    pub phase: Option<Phase>,
    /// False for `transaction: no`.
    pub transaction: bool,
    /// `h1:...`
    pub token_hash: String,
    /// How many statements the way up has.
    pub statements: usize,
    /// What it does.
    pub up: Vec<Shown>,
    /// How it is undone.
    pub down: Vec<Shown>,
    /// Why it cannot be undone, if so.
    pub irreversible: Option<String>,
    /// How many queries must be true afterwards.
    pub checks: usize,
    /// What is to be said about this file.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for ShowReport {
    fn render_text(&self) -> String {
        let base = || "base".to_owned();
        let names =
            |ids: &[String], none: fn() -> String| if ids.is_empty() { none() } else { ids.join(", ") };
        let mut out = format!(
            "{} {}\n  file      {}\n  parents   {}\n  children  {}\n",
            self.revision.id,
            self.revision.title,
            self.revision.file,
            names(&self.revision.parents, base),
            names(&self.children, || "none: a head".to_owned()),
        );
        // Writing to a String cannot fail.
        let mut add = |line: std::fmt::Arguments<'_>| {
            let _: std::fmt::Result = out.write_fmt(line);
        };
        if !self.replaces.is_empty() {
            add(format_args!("  replaces  {}\n", self.replaces.join(", ")));
        }
        if let Some(phase) = self.phase {
            add(format_args!("  phase     {phase:?}\n"));
        }
        if !self.transaction {
            add(format_args!(
                "  without a transaction: each statement is a step\n"
            ));
        }
        add(format_args!(
            "  up        {} statements, {} checks\n",
            self.statements, self.checks
        ));
        for one in &self.up {
            add(format_args!("{}", line(one)));
        }
        match &self.irreversible {
            Some(reason) => add(format_args!("  down      none: {reason}\n")),
            None => add(format_args!("  down\n")),
        }
        for one in &self.down {
            add(format_args!("{}", line(one)));
        }
        add(format_args!("  hash      {}\n", self.token_hash));
        if !self.found.findings.is_empty() {
            add(format_args!("\n{}", self.found.render_text()));
        }
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

fn line(shown: &Shown) -> String {
    let guard = if shown.guarded { " (guarded)" } else { "" };
    let told = &shown.told;
    format!(
        "    {:>4}  {} {} {}{guard}\n",
        shown.line, told.verb, told.kind, told.object
    )
}

/// Shows the revision whose id is, or begins with, `name`; `head` is one, too.
pub fn show(chain: &Chain, name: &str, options: &LintOptions) -> Result<ShowReport, CommandError> {
    let position = match (name, chain.head()) {
        ("head", Some(head)) => chain.position(head.id.as_str())?,
        (_, _) => chain.position(name)?,
    };
    let revision = &chain.revisions()[position];
    let own = |finding: &Finding| finding.place.file == revision.file;
    let findings = lint(chain, options)
        .found
        .findings
        .into_iter()
        .filter(own)
        .collect();
    let (irreversible, down) = match &revision.down {
        Down::Sql(section) => (None, shown(revision, section)),
        Down::Irreversible(reason) => (Some(reason.clone()), Vec::new()),
    };
    Ok(ShowReport {
        revision: Listed::of(revision),
        children: chain
            .revisions()
            .iter()
            .filter(|other| other.parents.contains(&revision.id))
            .map(|other| other.id.to_string())
            .collect(),
        replaces: revision.replaces.iter().map(ToString::to_string).collect(),
        phase: revision.phase,
        transaction: revision.transactional,
        token_hash: revision.token_hash.to_string(),
        statements: revision.up.statements.len(),
        up: shown(revision, &revision.up),
        down,
        irreversible,
        checks: revision.check.statements.len(),
        found: Findings::new(findings),
    })
}

fn shown(revision: &Revision, section: &Section) -> Vec<Shown> {
    let one = |effect| {
        let effect: crate::ddl::model::Effect = effect;
        let line = revision.place_in(section, effect.at.start).line;
        let guarded = effect.guard.holds();
        tell(&effect)
            .into_iter()
            .map(move |told| Shown { line, told, guarded })
    };
    effects_of(section).into_iter().flat_map(one).collect()
}
