//! Creations: does the object exist already, and what does it need?

use crate::core::finding::{Finding, Rule};
use crate::ddl::model::{
    Action, Column, Constraint, ConstraintRule, Effect, Guard, Index, Kind, Name, Named, Span, Table,
};
use crate::ddl::types;

use super::catalogue::{Entry, Facts, Key, Space};
use super::guards::answers;
use super::walk::Walk;

/// What came of a creation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    New,
    Replaced,
    /// It was there, or may have been.
    Old,
}

impl Walk<'_> {
    /// A creation of something without parts.
    pub(super) fn create(&mut self, effect: &Effect) {
        match &effect.action {
            Action::CreateSchema(name) => {
                let key = self.new_key(Space::Schema, &name.name);
                let entry = self.entry(Kind::Schema, effect, true);
                self.make(&key, name, effect, entry);
            }
            Action::CreateExtension(name) => {
                self.extensions = true;
                let key = self.new_key(Space::Extension, &name.name);
                let entry = self.entry(Kind::Extension, effect, true);
                self.make(&key, name, effect, entry);
            }
            Action::CreateTable(table) => self.create_table(table, effect),
            Action::CreateIndex(index) => self.create_index(index, effect),
            Action::CreateView(view) => {
                let mut entry = self.entry(view.kind, effect, true);
                entry.definition.clone_from(&view.definition);
                for read in &view.reads {
                    let key = self.key(Space::Relation, &read.name);
                    if !self.catalogue.has(&key) {
                        self.absent(Kind::Table, &key, read, effect.sure);
                    }
                    entry.needs.push((key, true));
                }
                self.create_plain(Space::Relation, &view.name, effect, entry);
            }
            Action::CreateSequence(sequence) => {
                let mut entry = self.entry(Kind::Sequence, effect, true);
                entry.definition.clone_from(&sequence.definition);
                self.create_plain(Space::Relation, &sequence.name, effect, entry);
            }
            Action::CreateType(definition) => {
                let mut entry = self.entry(Kind::Type, effect, true);
                entry.definition.clone_from(&definition.definition);
                if let Some(labels) = &definition.labels {
                    entry.facts = Facts::Enum(labels.clone());
                    "enum".clone_into(&mut entry.definition);
                }
                self.create_plain(Space::Type, &definition.name, effect, entry);
            }
            Action::CreateRoutine(routine) => {
                let mut entry = self.entry(Kind::Routine, effect, true);
                entry.definition.clone_from(&routine.definition);
                let arguments = routine.arguments.as_deref().unwrap_or_default().join(", ");
                let mut name = routine.name.clone();
                name.name.name = format!("{}({arguments})", name.name.name);
                self.create_plain(Space::Routine, &name, effect, entry);
            }
            _ => self.create_part(effect),
        }
    }

    fn create_plain(&mut self, space: Space, name: &Named, effect: &Effect, entry: Entry) {
        let key = self.new_key(space, &name.name);
        self.schema_is_there(&key, name, effect);
        self.make(&key, name, effect, entry);
    }

    fn create_part(&mut self, effect: &Effect) {
        match &effect.action {
            Action::CreateTrigger(trigger) => {
                let Some(table) = self.table(&trigger.table, effect) else {
                    return;
                };
                let mut entry = self.entry(Kind::Trigger, effect, true);
                entry.definition.clone_from(&trigger.definition);
                entry.needs.push((table.clone(), false));
                if let Some(function) = &trigger.function {
                    match self.routine(&function.name) {
                        Some(key) => entry.needs.push((key, true)),
                        None => self.missing_routine(function, effect.sure),
                    }
                }
                let key = table.part(Space::Trigger, &trigger.name.name.name);
                self.make(&key, &trigger.name, effect, entry);
            }
            Action::CreatePolicy {
                table,
                policy,
                definition,
            } => {
                let Some(owner) = self.table(table, effect) else {
                    return;
                };
                let mut entry = self.entry(Kind::Policy, effect, true);
                entry.definition.clone_from(definition);
                entry.needs.push((owner.clone(), false));
                self.make(
                    &owner.part(Space::Policy, &policy.name.name),
                    policy,
                    effect,
                    entry,
                );
            }
            Action::AddColumn { table, column } => {
                let Some(owner) = self.table(table, effect) else {
                    return;
                };
                self.add_column(&owner, column, effect);
            }
            Action::AddConstraint { table, constraint } => {
                let Some(owner) = self.table(table, effect) else {
                    return;
                };
                self.add_constraint(&owner, constraint, effect);
            }
            _ => {}
        }
    }

    fn missing_routine(&mut self, function: &Named, sure: bool) {
        let bare = Name {
            schema: function.name.schema.clone(),
            name: format!("{}()", function.name.name),
        };
        let key = self.new_key(Space::Routine, &bare);
        let later = self.first_made.get(&key).is_some_and(|made| self.is_later(*made));
        if later || !self.may_be_foreign(&function.name) {
            self.absent(Kind::Routine, &key, function, sure);
        }
    }

    /// The table (or view) a statement changes; says so if it is not there.
    pub(super) fn table(&mut self, table: &Named, effect: &Effect) -> Option<Key> {
        let key = self.key(Space::Relation, &table.name);
        if self.catalogue.has(&key) {
            return Some(key);
        }
        let tolerated = effect.guard == Guard::Clause
            && !matches!(effect.action, Action::CreateIndex(_) | Action::AddColumn { .. });
        self.absent(Kind::Table, &key, table, effect.sure && !tolerated);
        None
    }

    fn schema_is_there(&mut self, key: &Key, name: &Named, effect: &Effect) {
        let schema = Key::new(Space::Schema, "", &key.schema);
        let own = matches!(key.schema.as_str(), "public" | "pg_temp") || self.is_external(&key.schema);
        if !own && !self.catalogue.has(&schema) {
            self.absent(Kind::Schema, &schema, name, effect.sure);
        }
    }

    /// The heart of D01 to D04: puts `entry` in if its name is free, and judges if it is not.
    pub(super) fn make(&mut self, key: &Key, name: &Named, effect: &Effect, mut entry: Entry) -> Made {
        let answered = answers(effect, key, entry.kind);
        entry.sure = effect.sure || answered;
        let Some(old) = self.catalogue.get(key).cloned() else {
            self.catalogue.put(key.clone(), entry);
            return Made::New;
        };
        if effect.guard == Guard::Replace && old.kind == entry.kind {
            self.catalogue.put(key.clone(), entry);
            return Made::Replaced;
        }
        if !entry.sure || !old.sure {
            return Made::Old;
        }
        let finding = self.again(key, name, effect, &old, &entry);
        self.tell(finding);
        Made::Old
    }

    fn again(&self, key: &Key, name: &Named, effect: &Effect, old: &Entry, new: &Entry) -> Finding {
        let (shown, word) = (key.shown(), new.kind.word());
        let column = new.kind == Kind::Column;
        let guarded = effect.guard.holds();
        let same = old.kind == new.kind && old.definition == new.definition && old.facts == new.facts;
        let finding = if !guarded {
            let rule = if column { Rule::D04 } else { Rule::D03 };
            let what = if old.kind == new.kind {
                format!("{word} `{shown}` is created twice")
            } else {
                format!("the name of {word} `{shown}` is taken by a {}", old.kind.word())
            };
            let help = "take this statement out, or drop the first one before it";
            self.error(rule, name.at, &shown, what, help)
                .with_label("fails at run time: the name is taken")
        } else if same {
            let rule = if column { Rule::D04 } else { Rule::D01 };
            let what = format!("{word} `{shown}` is created again, with the same definition");
            let help = "take this statement out; the first one is enough";
            self.warning(rule, name.at, &shown, what, help)
                .with_label("does nothing: it is there already")
        } else {
            let rule = if column { Rule::D04 } else { Rule::D02 };
            let what = format!("{word} `{shown}` is created twice; the guard hides the second definition");
            let help = match new.kind {
                Kind::Table => "change the first one with ALTER TABLE, or take this statement out",
                Kind::Column => {
                    "change the type or default of the column with ALTER COLUMN, or take this statement out"
                }
                _ => "give the new one its own name, then drop the old one",
            };
            self.error(rule, name.at, &shown, what, help)
                .with_label("skipped at run time: the name is taken")
        };
        let at = self.place(old.origin);
        let finding = finding.related(&at, self.distance(old.origin, "first definition"));
        self.with_new_name(finding, name, new, guarded && !same)
    }

    /// D02 of an index: the patch gives it a name made from its columns.
    fn with_new_name(&self, finding: Finding, name: &Named, new: &Entry, hidden: bool) -> Finding {
        let Facts::Index {
            table,
            columns: Some(columns),
            ..
        } = &new.facts
        else {
            return finding;
        };
        if !hidden {
            return finding;
        }
        let wanted = format!("{}_{}", table.name, columns.join("_"));
        let key = Key::new(Space::Relation, &table.schema, &wanted);
        if self.catalogue.has(&key) || wanted.len() > 63 {
            return finding;
        }
        let written = self.here(name.at);
        finding.with_patch(written, wanted)
    }

    fn create_table(&mut self, table: &Table, effect: &Effect) {
        let key = self.new_key(Space::Relation, &table.name.name);
        self.schema_is_there(&key, &table.name, effect);
        let mut entry = self.entry(Kind::Table, effect, true);
        entry.facts = Facts::Table { open: table.open };
        entry.definition = wording(table);
        for from in &table.from {
            let parent = self.key(Space::Relation, &from.name);
            if !self.catalogue.has(&parent) {
                self.absent(Kind::Table, &parent, from, effect.sure);
            }
            entry.needs.push((parent, false));
        }
        if self.make(&key, &table.name, effect, entry) != Made::New {
            return;
        }
        for column in &table.columns {
            self.put_column(&key, column, effect);
        }
        let keys = |constraint: &&Constraint| {
            matches!(
                constraint.rule,
                ConstraintRule::PrimaryKey | ConstraintRule::Unique
            )
        };
        let all = || {
            table
                .constraints
                .iter()
                .chain(table.columns.iter().flat_map(|column| &column.constraints))
        };
        for constraint in all().filter(keys) {
            self.put_constraint(&key, constraint, effect);
        }
        for constraint in all().filter(|constraint| !keys(constraint)) {
            self.put_constraint(&key, constraint, effect);
        }
    }

    fn add_column(&mut self, table: &Key, column: &Column, effect: &Effect) {
        let key = table.part(Space::Column, &column.name.name.name);
        let entry = self.column_entry(table, column, effect);
        if self.make(&key, &column.name, effect, entry) == Made::New {
            for constraint in &column.constraints {
                self.put_constraint(table, constraint, effect);
            }
        }
    }

    fn put_column(&mut self, table: &Key, column: &Column, effect: &Effect) {
        let key = table.part(Space::Column, &column.name.name.name);
        let mut entry = self.column_entry(table, column, effect);
        entry.origin.at = column.name.at;
        if self.catalogue.has(&key) {
            // Inside one CREATE TABLE no guard helps.
            let Some(old) = self.catalogue.get(&key).cloned() else {
                return;
            };
            let finding = self.again(&key, &column.name, &unguarded(effect), &old, &entry);
            return self.tell(finding);
        }
        entry.sure = effect.sure || answers(effect, table, Kind::Table);
        self.catalogue.put(key, entry);
    }

    fn column_entry(&mut self, table: &Key, column: &Column, effect: &Effect) -> Entry {
        let mut entry = self.entry(Kind::Column, effect, true);
        entry.definition.clone_from(&column.definition);
        entry.facts = Facts::Column {
            ty: types::stored(&column.ty).to_owned(),
            not_null: column.not_null,
            default: column.default.clone(),
        };
        entry.needs.push((table.clone(), false));
        if let Some(ty) = &column.user_type {
            let key = self.key(Space::Type, &ty.name);
            let row_type = self.key(Space::Relation, &ty.name);
            if self.catalogue.has(&key) {
                entry.needs.push((key, true));
            } else if !self.catalogue.has(&row_type) {
                let later = self.first_made.get(&key).is_some_and(|made| self.is_later(*made));
                if later || !self.may_be_foreign(&ty.name) {
                    self.absent(Kind::Type, &key, ty, effect.sure);
                }
            }
        }
        entry
    }

    fn create_index(&mut self, index: &Index, effect: &Effect) {
        let Some(table) = self.table(&index.table, effect) else {
            return;
        };
        let name = index.name.clone().unwrap_or_else(|| Named {
            name: Name {
                schema: None,
                name: self.free_name(&table, index),
            },
            at: index.table.at,
        });
        let key = Key::new(Space::Relation, &table.schema, &name.name.name);
        let mut entry = self.entry(Kind::Index, effect, true);
        entry.needs.push((table.clone(), false));
        for column in index.columns.iter().flatten() {
            let column_key = table.part(Space::Column, column);
            self.column_is_there(&table, column, index.table.at, effect.sure);
            entry.needs.push((column_key, false));
        }
        let items = index.definition.replacen("unique ", "", 1);
        entry.definition = format!("{} on {}", index.definition, table.shown());
        entry.facts = Facts::Index {
            table: table.clone(),
            items,
            columns: index.columns.clone(),
            unique: index.unique,
            partial: index.partial,
        };
        self.same_columns(&key, &name, index, &entry);
        self.make(&key, &name, effect, entry);
    }

    /// The name the server would choose.
    fn free_name(&self, table: &Key, index: &Index) -> String {
        let middle = index
            .columns
            .as_ref()
            .map_or("expr".to_owned(), |columns| columns.join("_"));
        let base = format!("{}_{middle}_idx", table.name);
        let taken = |name: &str| {
            self.catalogue
                .has(&Key::new(Space::Relation, &table.schema, name))
        };
        if !taken(&base) {
            return base;
        }
        (1..NUMBERED_MAX)
            .map(|n| format!("{base}{n}"))
            .find(|name| !taken(name))
            .unwrap_or(base)
    }

    /// D05: another index has the same items.
    fn same_columns(&mut self, key: &Key, name: &Named, index: &Index, new: &Entry) {
        let Facts::Index {
            table, items, unique, ..
        } = &new.facts
        else {
            return;
        };
        let twin = self.catalogue.users(table).find_map(|(user, _)| {
            let entry = self.catalogue.get(user)?;
            let Facts::Index {
                items: other,
                unique: is_unique,
                ..
            } = &entry.facts
            else {
                return None;
            };
            let covers = other == items && (*is_unique || !*unique);
            (covers && user != key && entry.sure).then(|| (user.clone(), entry.origin))
        });
        let Some((twin, origin)) = twin else { return };
        if self.catalogue.has(key) {
            return;
        }
        let message = format!(
            "index `{}` has the columns of index `{}`",
            key.shown(),
            twin.shown()
        );
        let help = "keep one of them; each write pays for both";
        let at = if index.name.is_some() {
            name.at
        } else {
            index.table.at
        };
        let finding = self.warning(Rule::D05, at, &key.shown(), message, help);
        let finding = finding.related(&self.place(origin), self.distance(origin, "the other one"));
        self.tell(finding);
    }

    pub(super) fn column_is_there(&mut self, table: &Key, column: &str, at: Span, sure: bool) {
        let key = table.part(Space::Column, column);
        let open = self
            .catalogue
            .get(table)
            .is_none_or(|entry| !matches!(entry.facts, Facts::Table { open: false }));
        if open || self.catalogue.has(&key) || SYSTEM_COLUMNS.contains(&column) {
            return;
        }
        let named = Named {
            name: Name {
                schema: None,
                name: column.to_owned(),
            },
            at,
        };
        self.absent(Kind::Column, &key, &named, sure);
    }
}

/// So many objects of one generated name are no schema any more.
pub(super) const NUMBERED_MAX: usize = 10_000;
const SYSTEM_COLUMNS: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

fn unguarded(effect: &Effect) -> Effect {
    Effect {
        guard: Guard::None,
        ..effect.clone()
    }
}

/// A table as it was written, to compare it with a second writing.
fn wording(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| {
        format!(
            "{} {} {} {:?} {}",
            column.name.name.name, column.ty, column.not_null, column.default, column.definition
        )
    });
    let inline = table.columns.iter().flat_map(|column| &column.constraints);
    let mut constraints: Vec<&str> = table
        .constraints
        .iter()
        .chain(inline)
        .map(|constraint| constraint.definition.as_str())
        .collect();
    constraints.sort_unstable();
    format!(
        "{}; {}; {}",
        columns.collect::<Vec<_>>().join(", "),
        constraints.join(", "),
        table.definition
    )
}
