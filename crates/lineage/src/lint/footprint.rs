//! What a side of a merge touches, and where two sides touch the same thing (M01).
//!
//! Two sides may run in either order when nothing that one of them writes is read or written by the other.
//! What cannot be seen from outside counts as touching nothing that is known, and is said.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::revision::{Revision, RevisionId};
use crate::ddl::model::{Action, Column, Constraint, ConstraintRule, Effect, Kind, Name, Named, Span};

use super::catalogue::{Key, Space};
use super::effects_of;

/// An object, or the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Object(Key),
    Rows(Key),
}

/// Where something was touched first.
#[derive(Debug, Clone, Copy)]
struct Touch {
    revision: usize,
    at: Span,
}

/// What one side touches.
#[derive(Debug, Default)]
struct Footprint {
    written: BTreeMap<Thing, Touch>,
    read: BTreeMap<Thing, Touch>,
    opaque: Option<Touch>,
}

/// Everything that stands against running these two sides in either order. The findings stand at what the
/// second side does.
pub(crate) fn overlaps(revisions: &[Revision], first: &[usize], second: &[usize]) -> Vec<Finding> {
    let (first, second) = (Footprint::of(revisions, first), Footprint::of(revisions, second));
    let mut findings = Vec::new();
    let mut told = Vec::new();
    let pairs = [
        (&first.written, &second.written),
        (&first.written, &second.read),
        (&first.read, &second.written),
    ];
    for (ours, theirs) in pairs {
        for (thing, theirs) in theirs {
            if let Some(ours) = ours.get(thing).filter(|_| !told.contains(&thing)) {
                told.push(thing);
                findings.push(overlap(revisions, thing, *ours, *theirs));
            }
        }
    }
    for opaque in [first.opaque, second.opaque].into_iter().flatten() {
        let message = "this statement cannot be seen into, so nobody can say what else it touches";
        let help = "write it as plain SQL, or rebase one side onto the other";
        let finding = Finding::error(Rule::M01, place(revisions, opaque), message, help);
        findings.push(finding.about("*").with_severity(Severity::Warning));
    }
    findings
}

/// M01 for every merge of a chain, at the line that names its parents. `revisions` are in topological order.
pub(super) fn merges(revisions: &[Revision]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let merges = revisions.iter().filter(|revision| revision.parents.len() > 1);
    for merge in merges {
        let sides: Vec<BTreeSet<usize>> = merge.parents.iter().map(|up| line(revisions, up)).collect();
        let Some((first, others)) = sides.split_first() else {
            continue;
        };
        let mut before = first.clone();
        for side in others {
            // Without a common beginning one side is a root of its own, which is said already (G01).
            if before.is_disjoint(side) {
                before.extend(side);
                continue;
            }
            let ours: Vec<usize> = before.difference(side).copied().collect();
            let theirs: Vec<usize> = side.difference(&before).copied().collect();
            findings.extend(
                overlaps(revisions, &ours, &theirs)
                    .into_iter()
                    .map(|mut finding| {
                        let there = std::mem::replace(&mut finding.place, merge.parent_place.clone());
                        finding.related(&there, "one side")
                    }),
            );
            before.extend(side);
        }
    }
    findings
}

/// A revision and everything before it.
fn line(revisions: &[Revision], of: &RevisionId) -> BTreeSet<usize> {
    let mut wanted = HashSet::from([of]);
    let mut line = BTreeSet::new();
    for (at, revision) in revisions.iter().enumerate().rev() {
        if wanted.contains(&revision.id) {
            line.insert(at);
            wanted.extend(&revision.parents);
        }
    }
    line
}

fn overlap(revisions: &[Revision], thing: &Thing, ours: Touch, theirs: Touch) -> Finding {
    let (what, key) = match thing {
        Thing::Object(key) => ("", key),
        Thing::Rows(key) => ("rows of ", key),
    };
    let shown = key.shown();
    let message =
        format!("both sides of the merge touch {what}`{shown}`: the order in which they run matters");
    let help = "rebase the side that is applied nowhere yet onto the other, so that the order is said";
    Finding::error(Rule::M01, place(revisions, theirs), message, help)
        .about(shown)
        .related(&place(revisions, ours), "the other side")
}

fn place(revisions: &[Revision], touch: Touch) -> Place {
    let revision = &revisions[touch.revision];
    let (start, end) = (
        revision.up.offset + touch.at.start,
        revision.up.offset + touch.at.end,
    );
    Place::in_text(&revision.file, &revision.text, start, end)
}

/// The schema that unqualified names go to while a revision is read.
struct Reader<'a> {
    footprint: &'a mut Footprint,
    path: String,
    touch: Touch,
}

impl Footprint {
    fn of(revisions: &[Revision], side: &[usize]) -> Self {
        let mut footprint = Self::default();
        for at in side {
            let mut reader = Reader {
                footprint: &mut footprint,
                path: "public".to_owned(),
                touch: Touch {
                    revision: *at,
                    at: Span::default(),
                },
            };
            for effect in effects_of(&revisions[*at].up) {
                reader.effect(&effect);
            }
        }
        footprint
    }
}

impl Reader<'_> {
    fn key(&self, space: Space, name: &Name) -> Key {
        match space {
            Space::Schema | Space::Extension => Key::new(space, "", &name.name),
            // With or without arguments: a trigger names its function without.
            Space::Routine => {
                let bare = name.name.split('(').next().unwrap_or(&name.name);
                Key::new(space, name.schema.as_deref().unwrap_or(&self.path), bare)
            }
            _ => Key::new(space, name.schema.as_deref().unwrap_or(&self.path), &name.name),
        }
    }

    fn writes(&mut self, key: Key) {
        self.footprint
            .written
            .entry(Thing::Object(key))
            .or_insert(self.touch);
    }

    fn reads(&mut self, key: Key) {
        self.footprint
            .read
            .entry(Thing::Object(key))
            .or_insert(self.touch);
    }

    /// Makes, changes or removes an object; what stands in a schema needs that schema.
    fn whole(&mut self, kind: Kind, name: &Named) {
        let key = self.key(Space::of(kind), &name.name);
        if !key.schema.is_empty() {
            self.reads(Key::new(Space::Schema, "", &key.schema));
        }
        self.writes(key);
    }

    /// A part of a table: two sides may each add theirs.
    fn part(&mut self, kind: Kind, table: &Named, part: &str) {
        let owner = self.key(Space::Relation, &table.name);
        self.writes(owner.part(Space::of(kind), part));
        self.reads(owner);
    }

    fn relation(&mut self, name: &Named) {
        let key = self.key(Space::Relation, &name.name);
        self.reads(key);
    }

    fn effect(&mut self, effect: &Effect) {
        self.touch.at = effect.at;
        match &effect.action {
            Action::CreateSchema(name) => self.whole(Kind::Schema, name),
            Action::CreateExtension(name) => self.whole(Kind::Extension, name),
            Action::CreateTable(table) => {
                self.whole(Kind::Table, &table.name);
                for column in &table.columns {
                    self.column(&table.name, column);
                }
                for constraint in &table.constraints {
                    self.constraint(&table.name, constraint);
                }
                for from in &table.from {
                    self.relation(from);
                }
            }
            Action::CreateView(view) => {
                self.whole(view.kind, &view.name);
                for read in &view.reads {
                    self.relation(read);
                }
            }
            Action::CreateSequence(sequence) => self.whole(Kind::Sequence, &sequence.name),
            Action::CreateIndex(index) => {
                if let Some(name) = &index.name {
                    let schema = self.key(Space::Relation, &index.table.name).schema;
                    self.writes(Key::new(Space::Relation, &schema, &name.name.name));
                }
                self.relation(&index.table);
                for column in index.columns.iter().flatten() {
                    let owner = self.key(Space::Relation, &index.table.name);
                    self.reads(owner.part(Space::Column, column));
                }
            }
            Action::CreateType(definition) => self.whole(Kind::Type, &definition.name),
            Action::CreateRoutine(routine) => self.whole(Kind::Routine, &routine.name),
            Action::AddColumn { table, column } => self.column(table, column),
            Action::AddConstraint { table, constraint } => self.constraint(table, constraint),
            Action::AddLabel { of, .. } => self.whole(Kind::Type, of),
            Action::Rows { table, .. } => {
                let key = self.key(Space::Relation, &table.name);
                self.footprint
                    .written
                    .entry(Thing::Rows(key))
                    .or_insert(self.touch);
                self.relation(table);
            }
            Action::Maintain { object, .. } => self.relation(object),
            Action::SearchPath(to) => self.path = to.clone().unwrap_or_else(|| "public".to_owned()),
            Action::LockTimeout | Action::NoLockTimeout => {}
            Action::Opaque(_) => self.footprint.opaque = self.footprint.opaque.or(Some(self.touch)),
            other => self.change(other),
        }
    }

    /// Changes of what is there.
    fn change(&mut self, action: &Action) {
        match action {
            Action::CreateTrigger(trigger) => {
                self.part(Kind::Trigger, &trigger.table, &trigger.name.name.name);
                if let Some(function) = &trigger.function {
                    let key = self.key(Space::Routine, &function.name);
                    self.reads(key);
                }
            }
            Action::CreatePolicy { table, policy, .. } => self.part(Kind::Policy, table, &policy.name.name),
            Action::AlterColumn { table, column, .. } => self.part(Kind::Column, table, &column.name.name),
            Action::Validate { table, constraint } => {
                self.part(Kind::Constraint, table, &constraint.name.name);
            }
            Action::Attach { parent, child } => {
                self.relation(parent);
                self.whole(Kind::Table, child);
            }
            Action::Alter {
                kind, object, table, ..
            } => self.one(*kind, object, table.as_ref()),
            Action::Rename {
                kind,
                object,
                table,
                to,
            } => {
                self.one(*kind, object, table.as_ref());
                let mut renamed = object.clone();
                renamed.name.name.clone_from(to);
                self.one(*kind, &renamed, table.as_ref());
            }
            Action::Move { kind, object, .. } => self.whole(*kind, object),
            Action::Drop {
                kind, objects, table, ..
            } => {
                for object in objects {
                    self.one(*kind, object, table.as_ref());
                }
            }
            _ => {}
        }
    }

    fn one(&mut self, kind: Kind, object: &Named, table: Option<&Named>) {
        match table {
            Some(table) => self.part(kind, table, &object.name.name),
            None => self.whole(kind, object),
        }
    }

    fn column(&mut self, table: &Named, column: &Column) {
        self.part(Kind::Column, table, &column.name.name.name);
        if let Some(ty) = &column.user_type {
            let key = self.key(Space::Type, &ty.name);
            self.reads(key);
        }
        for constraint in &column.constraints {
            self.constraint(table, constraint);
        }
    }

    fn constraint(&mut self, table: &Named, constraint: &Constraint) {
        let owner = self.key(Space::Relation, &table.name);
        if let Some(name) = &constraint.name {
            self.part(Kind::Constraint, table, name);
        }
        for column in &constraint.columns {
            self.reads(owner.part(Space::Column, column));
        }
        if let ConstraintRule::Foreign { target, .. } = &constraint.rule {
            self.relation(target);
        }
    }
}
