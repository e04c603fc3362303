//! Which revision needs which, from what their statements make and name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::core::revision::Revision;
use crate::core::script::split;
use crate::ddl::lower::lower;
use crate::ddl::model::{Action, Constraint, ConstraintRule, Effect, Kind, Name};

/// Who needs whom, and in words why.
pub(super) struct Needs {
    pub(super) before: Vec<BTreeSet<usize>>,
    pub(super) why: BTreeMap<usize, String>,
}

pub(super) fn needs(revisions: &[Revision], rank: &[usize]) -> Needs {
    let effects: Vec<Vec<Effect>> = revisions
        .iter()
        .map(|r| lower(&r.up.sql, &statements(&r.up.sql)))
        .collect();
    let mut makers: HashMap<String, usize> = HashMap::new();
    let mut by_rank: Vec<usize> = (0..revisions.len()).collect();
    by_rank.sort_unstable_by_key(|at| rank[*at]);
    for at in by_rank {
        for name in effects[at].iter().flat_map(|effect| made(&effect.action)) {
            makers.entry(name).or_insert(at);
        }
    }
    let mut out = Needs {
        before: vec![BTreeSet::new(); revisions.len()],
        why: BTreeMap::new(),
    };
    for (at, effects) in effects.iter().enumerate() {
        let mut newest = None;
        for name in effects.iter().flat_map(|effect| needed(&effect.action)) {
            let Some(maker) = makers.get(&name).copied().filter(|maker| *maker != at) else {
                continue;
            };
            out.before[at].insert(maker);
            newest = newest.max(Some((rank[maker], name)));
        }
        if let Some((_, name)) = newest {
            out.why.insert(
                at,
                format!("after `{name}` is made, then by the time of its file"),
            );
        }
    }
    out
}

fn statements(sql: &str) -> Vec<crate::core::script::Statement> {
    split(sql).unwrap_or_default()
}

fn full(name: &Name) -> String {
    format!("{}.{}", name.schema.as_deref().unwrap_or("public"), name.name)
}

fn schema_of(name: &Name) -> Option<String> {
    name.schema.as_ref().map(|schema| format!("schema {schema}"))
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "what makes nothing others need is of no interest"
)]
fn made(action: &Action) -> Vec<String> {
    match action {
        Action::CreateSchema(schema) => vec![format!("schema {}", schema.name.name)],
        Action::CreateTable(table) => vec![full(&table.name.name)],
        Action::CreateView(view) => vec![full(&view.name.name)],
        Action::CreateSequence(sequence) => vec![full(&sequence.name.name)],
        Action::CreateType(made) => vec![full(&made.name.name)],
        Action::CreateRoutine(routine) => vec![full(&routine.name.name)],
        _ => Vec::new(),
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "what needs no relation is of no interest"
)]
fn needed(action: &Action) -> Vec<String> {
    let of_table = |table: &Name| vec![full(table)];
    match action {
        Action::CreateTable(table) => {
            let own = table.columns.iter().flat_map(|column| &column.constraints);
            let mut out: Vec<String> = own.chain(&table.constraints).filter_map(target).collect();
            out.extend(table.from.iter().map(|from| full(&from.name)));
            out.extend(
                table
                    .columns
                    .iter()
                    .filter_map(|column| column.user_type.as_ref())
                    .map(|ty| full(&ty.name)),
            );
            out.extend(schema_of(&table.name.name));
            out
        }
        Action::CreateView(view) => {
            let reads = view.reads.iter().map(|read| full(&read.name));
            reads.chain(schema_of(&view.name.name)).collect()
        }
        Action::CreateIndex(index) => of_table(&index.table.name),
        Action::CreateTrigger(trigger) => {
            let function = trigger.function.iter().map(|function| full(&function.name));
            function.chain([full(&trigger.table.name)]).collect()
        }
        Action::CreatePolicy { table, .. }
        | Action::AlterColumn { table, .. }
        | Action::Validate { table, .. }
        | Action::Rows { table, .. }
        | Action::Drop {
            table: Some(table), ..
        } => of_table(&table.name),
        Action::AddColumn { table, column } => {
            let targets = column.constraints.iter().filter_map(target);
            targets.chain([full(&table.name)]).collect()
        }
        Action::AddConstraint { table, constraint } => target(constraint)
            .into_iter()
            .chain([full(&table.name)])
            .collect(),
        Action::AddLabel { of, .. } => of_table(&of.name),
        Action::Alter {
            kind: Kind::Table,
            object,
            ..
        }
        | Action::Rename {
            kind: Kind::Table,
            object,
            ..
        } => of_table(&object.name),
        Action::Drop {
            kind: Kind::Table | Kind::View,
            objects,
            ..
        } => objects.iter().map(|object| full(&object.name)).collect(),
        Action::Attach { parent, child } => vec![full(&parent.name), full(&child.name)],
        _ => Vec::new(),
    }
}

fn target(constraint: &Constraint) -> Option<String> {
    match &constraint.rule {
        ConstraintRule::Foreign { target, .. } => Some(full(&target.name)),
        ConstraintRule::PrimaryKey
        | ConstraintRule::Unique
        | ConstraintRule::Check
        | ConstraintRule::Exclude
        | ConstraintRule::NotNull => None,
    }
}
