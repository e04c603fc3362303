//! The linter: what is wrong with a chain, found without a database.
//!
//! Each revision is lowered to effects; the effects are applied along the chain to a catalogue on
//! paper, and every rule speaks where the catalogue shows that a statement will fail, hide
//! something, lock a table in use or not be undone. Nothing here is a proof; the shadow run is.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a rule looks at a few of many actions; the one place that must know all is `Walk::apply`"
)]

mod allow;
mod catalogue;
mod change;
mod create;
mod down;
mod footprint;
mod guards;
mod keys;
mod locks;
mod report;
mod walk;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::core::chain::Chain;
use crate::core::finding::Finding;
use crate::core::parallel::in_parallel_deep;
use crate::core::report::Findings;
use crate::core::revision::{Down, Revision, Section};
use crate::ddl::lower::lower;
use crate::ddl::model::{Action, Effect};

use catalogue::{Catalogue, Key, Origin, Space};
use walk::Walk;

pub(crate) use footprint::overlaps;
pub use report::{Counts, LintReport};

/// What the linter is told besides the chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LintOptions {
    /// Schemas that other programs look after: what is in them is taken as given.
    pub external_schemas: Vec<String>,
}

/// Looks at a whole chain: files, graph, lock, and what the SQL does.
pub fn lint(chain: &Chain, options: &LintOptions) -> LintReport {
    let revisions = chain.revisions();
    let lowered = in_parallel_deep(revisions, lower_revision);
    let first_made = first_made(&lowered);
    let mut walk = Walk {
        revisions,
        options,
        first_made: &first_made,
        catalogue: Catalogue::default(),
        findings: Vec::new(),
        revision: 0,
        down: false,
        path: "public".to_owned(),
        opaque: None,
        extensions: false,
        told: HashSet::new(),
        told_back: Vec::new(),
        cleared: BTreeSet::new(),
    };
    for (position, effects) in lowered.iter().enumerate() {
        walk.revision = position;
        walk.one_revision(effects);
    }
    let mut findings = chain.findings().to_vec();
    findings.append(&mut walk.findings);
    findings.extend(footprint::merges(revisions));
    let counts = count(&lowered, revisions.len());
    let (findings, allowed) = allow::apply(revisions, findings);
    LintReport {
        counts: Counts { allowed, ..counts },
        found: Findings::new(in_reading_order(findings)),
    }
}

/// By file and line, so that a report reads like the directory; the graph first.
fn in_reading_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_cached_key(|finding| {
        (
            !finding.rule.is_of_graph(),
            finding.place.file.clone(),
            finding.place.line,
            finding.place.column,
            finding.rule,
        )
    });
    findings
}

/// The effects of both ways of one revision.
struct Lowered {
    up: Vec<Effect>,
    down: Vec<Effect>,
}

fn lower_revision(revision: &Revision) -> Lowered {
    let down = match &revision.down {
        Down::Sql(section) => lower(&section.sql, &section.statements),
        Down::Irreversible(_) => Vec::new(),
    };
    Lowered {
        up: lower(&revision.up.sql, &revision.up.statements),
        down,
    }
}

/// The effects of one section alone.
pub(crate) fn effects_of(section: &Section) -> Vec<Effect> {
    in_parallel_deep(std::slice::from_ref(section), |section| {
        lower(&section.sql, &section.statements)
    })
    .into_iter()
    .flatten()
    .collect()
}

fn count(lowered: &[Lowered], revisions: usize) -> Counts {
    let opaque = |effect: &&Effect| matches!(effect.action, Action::Opaque(_));
    Counts {
        revisions,
        effects: lowered.iter().map(|one| one.up.len()).sum(),
        opaque: lowered.iter().flat_map(|one| &one.up).filter(opaque).count(),
        allowed: 0,
    }
}

/// Where each object is created first, read before the walk: a key may point to what comes later.
fn first_made(lowered: &[Lowered]) -> HashMap<Key, Origin> {
    let mut made = HashMap::new();
    for (revision, one) in lowered.iter().enumerate() {
        let mut path = "public".to_owned();
        for effect in &one.up {
            if let Action::SearchPath(to) = &effect.action {
                path = to.clone().unwrap_or_else(|| "public".to_owned());
            }
            let origin = Origin {
                revision,
                down: false,
                at: effect.at,
            };
            for key in made_keys(&effect.action, &path) {
                made.entry(key).or_insert(origin);
            }
        }
    }
    made
}

fn made_keys(action: &Action, path: &str) -> Vec<Key> {
    let key = |space: Space, name: &crate::ddl::model::Name| {
        let schema = if matches!(space, Space::Schema | Space::Extension) {
            ""
        } else {
            name.schema.as_deref().unwrap_or(path)
        };
        Key::new(space, schema, &name.name)
    };
    match action {
        Action::CreateSchema(name) => vec![key(Space::Schema, &name.name)],
        Action::CreateExtension(name) => vec![key(Space::Extension, &name.name)],
        Action::CreateTable(table) => {
            let owner = key(Space::Relation, &table.name.name);
            let columns = table
                .columns
                .iter()
                .map(|column| owner.part(Space::Column, &column.name.name.name));
            let mut keys: Vec<Key> = columns.collect();
            keys.push(owner);
            keys
        }
        Action::CreateView(view) => vec![key(Space::Relation, &view.name.name)],
        Action::CreateSequence(sequence) => vec![key(Space::Relation, &sequence.name.name)],
        Action::CreateIndex(index) => index
            .name
            .iter()
            .map(|name| {
                let schema = index.table.name.schema.as_deref().unwrap_or(path);
                Key::new(Space::Relation, schema, &name.name.name)
            })
            .collect(),
        Action::CreateType(definition) => vec![key(Space::Type, &definition.name.name)],
        Action::CreateRoutine(routine) => {
            let mut exact = key(Space::Routine, &routine.name.name);
            let mut bare = exact.clone();
            exact.name = format!(
                "{}({})",
                exact.name,
                routine.arguments.as_deref().unwrap_or_default().join(", ")
            );
            bare.name.push_str("()");
            vec![exact, bare]
        }
        Action::AddColumn { table, column } => {
            vec![key(Space::Relation, &table.name).part(Space::Column, &column.name.name.name)]
        }
        _ => Vec::new(),
    }
}

impl Walk<'_> {
    fn one_revision(&mut self, lowered: &Lowered) {
        "public".clone_into(&mut self.path);
        self.cleared.clear();
        self.whole_revision(&lowered.up);
        let start = self.catalogue.mark();
        for effect in &lowered.up {
            self.locks(effect);
            self.wrong_question(effect);
            self.apply(effect);
        }
        let cleared = std::mem::take(&mut self.cleared);
        self.unguarded(&lowered.up, &cleared);
        if matches!(self.revision().down, Down::Sql(_)) && !self.revision().up.statements.is_empty() {
            "public".clone_into(&mut self.path);
            self.try_back(start, &lowered.down);
        }
        self.catalogue.settle();
    }

    /// Applies one effect to the catalogue and says what is wrong with it.
    fn apply(&mut self, effect: &Effect) {
        match &effect.action {
            Action::Opaque(why) => self.cannot_see(effect, why),
            Action::SearchPath(to) => self.path = to.clone().unwrap_or_else(|| "public".to_owned()),
            Action::LockTimeout | Action::NoLockTimeout => {}
            Action::CreateSchema(_)
            | Action::CreateExtension(_)
            | Action::CreateTable(_)
            | Action::CreateView(_)
            | Action::CreateSequence(_)
            | Action::CreateIndex(_)
            | Action::CreateType(_)
            | Action::CreateRoutine(_)
            | Action::CreateTrigger(_)
            | Action::CreatePolicy { .. }
            | Action::AddColumn { .. }
            | Action::AddConstraint { .. } => self.create(effect),
            Action::AlterColumn { .. }
            | Action::Validate { .. }
            | Action::AddLabel { .. }
            | Action::Alter { .. }
            | Action::Attach { .. }
            | Action::Rename { .. }
            | Action::Move { .. }
            | Action::Drop { .. }
            | Action::Rows { .. }
            | Action::Maintain { .. } => self.alter(effect),
        }
    }
}

#[cfg(test)]
mod tests;
