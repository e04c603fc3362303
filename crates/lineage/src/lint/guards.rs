//! Guards: is there one (I01), and does it ask about the right object (I02)?

use std::collections::BTreeSet;

use crate::core::finding::{Finding, Rule, Severity};
use crate::ddl::model::{Action, Effect, Guard, Kind, Named};

use super::catalogue::{Key, Space};
use super::walk::Walk;

/// More places than these help nobody.
const PLACES_MAX: usize = 5;

/// True if the `IF` around a statement asks about the very object, so that it is there afterwards.
pub(super) fn answers(effect: &Effect, key: &Key, kind: Kind) -> bool {
    match &effect.guard {
        Guard::Asked(question) => {
            let own = if key.part.is_empty() {
                bare(&key.name)
            } else {
                &key.part
            };
            let right_kind = question.kind.is_none_or(|asked| same_family(asked, kind));
            right_kind && question.texts.iter().any(|text| text == own)
        }
        Guard::Clause | Guard::Replace | Guard::Caught => effect.sure,
        Guard::None => false,
    }
}

fn bare(name: &str) -> &str {
    name.split('(').next().unwrap_or(name)
}

/// One looks for a view in `tables` and for an index in `pg_class`.
fn same_family(asked: Kind, kind: Kind) -> bool {
    asked == kind || (Space::of(asked) == Space::Relation && Space::of(kind) == Space::Relation)
}

/// What a statement makes or removes, and what it is called.
fn subject(action: &Action) -> Option<(Kind, Vec<String>)> {
    let one = |kind: Kind, name: &Named| Some((kind, vec![name.name.name.clone()]));
    match action {
        Action::CreateSchema(name) => one(Kind::Schema, name),
        Action::CreateExtension(name) => one(Kind::Extension, name),
        Action::CreateTable(table) => one(Kind::Table, &table.name),
        Action::CreateView(view) => one(view.kind, &view.name),
        Action::CreateSequence(sequence) => one(Kind::Sequence, &sequence.name),
        Action::CreateIndex(index) => index.name.as_ref().and_then(|name| one(Kind::Index, name)),
        Action::CreateType(definition) => one(Kind::Type, &definition.name),
        Action::CreateRoutine(routine) => one(Kind::Routine, &routine.name),
        Action::CreateTrigger(trigger) => one(Kind::Trigger, &trigger.name),
        Action::CreatePolicy { policy, .. } => one(Kind::Policy, policy),
        Action::AddColumn { column, .. } => one(Kind::Column, &column.name),
        Action::AddConstraint { table, constraint } => Some((
            Kind::Constraint,
            match &constraint.name {
                Some(name) => vec![name.clone()],
                None => vec![table.name.name.clone()],
            },
        )),
        Action::Drop { kind, objects, .. } => Some((
            *kind,
            objects
                .iter()
                .map(|object| bare(&object.name.name).to_owned())
                .collect(),
        )),
        Action::Rename { kind, object, .. } => one(*kind, object),
        _ => None,
    }
}

impl Walk<'_> {
    /// I02: the `IF` asks about something else.
    pub(super) fn wrong_question(&mut self, effect: &Effect) {
        let Guard::Asked(question) = &effect.guard else {
            return;
        };
        let Some((kind, names)) = subject(&effect.action) else {
            return;
        };
        let Some(asked) = question.kind else { return };
        let is_asked = question.texts.iter().any(|text| names.contains(text));
        if (is_asked && same_family(asked, kind)) || question.texts.is_empty() {
            return;
        }
        let shown = names.join(", ");
        let asked_about = if same_family(asked, kind) {
            format!("`{}`", question.texts.join("."))
        } else {
            format!("a {}", asked.word())
        };
        let message = format!(
            "the guard asks about {asked_about}, the statement is about {} `{shown}`",
            kind.word()
        );
        let help = format!(
            "ask whether {} `{shown}` is there, or use IF [NOT] EXISTS in the statement",
            kind.word()
        );
        let finding = self.error(Rule::I02, effect.at, &shown, message, help);
        let finding = finding.related(&self.here(question.at), "the guard");
        self.tell(finding);
    }

    /// I03: what cannot be seen.
    pub(super) fn cannot_see(&mut self, effect: &Effect, why: &str) {
        if self.opaque.is_none() {
            self.opaque = Some(self.origin(effect.at));
        }
        let message = format!("{why}: what it does to the schema is not checked");
        let help = "write it as plain SQL where possible; the shadow run of `verify` is the proof";
        let finding = self.warning(Rule::I03, effect.at, "*", message, help);
        self.tell(finding);
    }

    /// I01, one finding for a revision: statements that fail when they run again.
    pub(super) fn unguarded(&mut self, effects: &[Effect], cleared: &BTreeSet<Key>) {
        let transactional = self.revision().transactional;
        let bare: Vec<&Effect> = effects
            .iter()
            .filter(|effect| effect.sure && !effect.guard.holds() && guardable(&effect.action))
            .filter(|effect| !self.is_cleared(&effect.action, cleared))
            .collect();
        let Some(first) = bare.first() else { return };
        let count = bare.len();
        let (what, fails) = if count == 1 {
            ("1 statement has", "fails")
        } else {
            ("statements have", "fail")
        };
        let number = if count == 1 {
            String::new()
        } else {
            format!("{count} ")
        };
        let message = format!("{number}{what} no guard and {fails} when run again");
        let help = if transactional {
            "with one transaction per revision nothing is run again; add IF [NOT] EXISTS or OR REPLACE if the SQL is also run by hand"
        } else {
            "without a transaction a crash leaves half of it done: add IF [NOT] EXISTS or OR REPLACE"
        };
        let severity = if transactional {
            Severity::Warning
        } else {
            Severity::Error
        };
        let finding = Finding::error(Rule::I01, self.here(first.at), message, help)
            .about("*")
            .with_severity(severity);
        let finding = bare
            .iter()
            .skip(1)
            .take(PLACES_MAX)
            .fold(finding, |finding, effect| {
                finding.related(&self.here(effect.at), "")
            });
        self.tell(finding);
    }

    fn is_cleared(&self, action: &Action, cleared: &BTreeSet<Key>) -> bool {
        let key = match action {
            Action::CreateTrigger(trigger) => {
                let table = self.key(Space::Relation, &trigger.table.name);
                table.part(Space::Trigger, &trigger.name.name.name)
            }
            Action::CreatePolicy { table, policy, .. } => {
                let table = self.key(Space::Relation, &table.name);
                table.part(Space::Policy, &policy.name.name)
            }
            Action::CreateType(definition) => self.key(Space::Type, &definition.name.name),
            Action::CreateTable(table) => self.key(Space::Relation, &table.name.name),
            Action::CreateView(view) => self.key(Space::Relation, &view.name.name),
            Action::CreateIndex(index) => match &index.name {
                Some(name) => self.key(Space::Relation, &name.name),
                None => return false,
            },
            _ => return false,
        };
        cleared.contains(&key)
    }
}

/// Statements for which the server offers a guard, or which a drop before them guards.
fn guardable(action: &Action) -> bool {
    matches!(
        action,
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
            | Action::AddLabel { .. }
            | Action::Drop { .. }
    )
}
