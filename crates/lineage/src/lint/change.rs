//! Changes and removals of what is there.

use std::collections::BTreeSet;

use crate::core::finding::Rule;
use crate::ddl::model::{Action, ColumnChange, Effect, Guard, Kind, Named};

use super::catalogue::{Facts, Key, PARTS, Space};
use super::walk::Walk;

impl Walk<'_> {
    pub(super) fn alter(&mut self, effect: &Effect) {
        match &effect.action {
            Action::AlterColumn {
                table,
                column,
                change,
            } => {
                let Some(owner) = self.table(table, effect) else {
                    return;
                };
                self.column_is_there(&owner, &column.name.name, column.at, effect.sure);
                self.alter_column(&owner.part(Space::Column, &column.name.name), change);
            }
            Action::Validate { table, constraint } => {
                let Some(owner) = self.table(table, effect) else {
                    return;
                };
                self.part_is_there(Kind::Constraint, &owner, constraint, effect);
            }
            Action::AddLabel { of, label } => self.add_label(of, label, effect),
            Action::Attach { parent, child } => {
                for table in [parent, child] {
                    self.table(table, effect);
                }
            }
            Action::Rows { table, .. } => {
                let unknown = table.name.schema.is_none() && table.name.name.starts_with("pg_");
                if !unknown {
                    self.table(table, effect);
                }
            }
            Action::Maintain { object, .. } => {
                // REINDEX SCHEMA and DATABASE name no relation.
                let key = self.key(Space::Relation, &object.name);
                if !self.catalogue.has(&key) && self.first_made.contains_key(&key) {
                    self.absent(Kind::Table, &key, object, effect.sure);
                }
            }
            Action::Alter {
                kind, object, table, ..
            } => self.object_is_there(*kind, object, table.as_ref(), effect),
            Action::Rename {
                kind,
                object,
                table,
                to,
            } => self.rename(*kind, object, table.as_ref(), to, effect),
            Action::Move { kind, object, schema } => {
                self.object_is_there(*kind, object, None, effect);
                let key = self.key(Space::of(*kind), &object.name);
                let to = Key::new(key.space, schema, &key.name);
                self.relocate(&key, &to);
            }
            Action::Drop { .. } => self.drop(effect),
            _ => {}
        }
    }

    fn alter_column(&mut self, column: &Key, change: &ColumnChange) {
        self.catalogue.change(column, |entry| {
            let Facts::Column {
                ty,
                not_null,
                default,
            } = &mut entry.facts
            else {
                return;
            };
            match change {
                ColumnChange::Type(new) => ty.clone_from(new),
                ColumnChange::SetNotNull => *not_null = true,
                ColumnChange::DropNotNull => *not_null = false,
                ColumnChange::Default(new) => *default = new.clone(),
                ColumnChange::Other(_) => {}
            }
        });
    }

    fn add_label(&mut self, of: &Named, label: &str, effect: &Effect) {
        let key = self.key(Space::Type, &of.name);
        let Some(entry) = self.catalogue.get(&key).cloned() else {
            if !self.may_be_foreign(&of.name) {
                self.absent(Kind::Type, &key, of, effect.sure);
            }
            return;
        };
        let known = matches!(&entry.facts, Facts::Enum(labels) if labels.iter().any(|known| known == label));
        if known && effect.sure {
            let shown = key.shown();
            let message = format!("label '{label}' is added to `{shown}` twice");
            let finding = if effect.guard.holds() {
                self.warning(Rule::D01, of.at, &shown, message, "take this statement out")
            } else {
                self.error(Rule::D03, of.at, &shown, message, "take this statement out")
            };
            let finding = finding.related(&self.place(entry.origin), self.distance(entry.origin, "the enum"));
            return self.tell(finding);
        }
        self.catalogue.change(&key, |entry| {
            if let Facts::Enum(labels) = &mut entry.facts {
                labels.push(label.to_owned());
            }
        });
    }

    /// Reports an object that is not there; a guard makes that right.
    fn object_is_there(&mut self, kind: Kind, object: &Named, table: Option<&Named>, effect: &Effect) {
        if let Some(table) = table {
            if let Some(owner) = self.table(table, effect) {
                self.part_is_there(kind, &owner, object, effect);
            }
            return;
        }
        let tolerated = effect.guard != Guard::None;
        let there = match kind {
            Kind::Routine => self.routine(&object.name).is_some() || self.may_be_foreign(&object.name),
            Kind::Type => {
                self.catalogue.has(&self.key(Space::Type, &object.name)) || self.may_be_foreign(&object.name)
            }
            _ => self.catalogue.has(&self.key(Space::of(kind), &object.name)),
        };
        if !there && !self.is_own_schema(kind, object) {
            let key = self.key(Space::of(kind), &object.name);
            self.absent(kind, &key, object, effect.sure && !tolerated);
        }
    }

    /// `public` is there without being created.
    fn is_own_schema(&self, kind: Kind, object: &Named) -> bool {
        kind == Kind::Schema && (object.name.name == "public" || self.is_external(&object.name.name))
    }

    fn part_is_there(&mut self, kind: Kind, table: &Key, part: &Named, effect: &Effect) {
        let key = table.part(Space::of(kind), &part.name.name);
        if self.catalogue.has(&key) || effect.guard != Guard::None || !self.knows_parts(kind, table) {
            return;
        }
        self.absent(kind, &key, part, effect.sure);
    }

    /// Columns of open tables and names the server chose are not all known.
    fn knows_parts(&self, kind: Kind, table: &Key) -> bool {
        let closed = self.catalogue.get(table).is_some_and(|entry| {
            entry.sure && (kind != Kind::Column || matches!(entry.facts, Facts::Table { open: false }))
        });
        let guessed = kind == Kind::Constraint
            && self
                .catalogue
                .parts(table, Space::Constraint)
                .any(|(_, entry)| entry.facts == Facts::Guessed);
        let inherits = kind == Kind::Constraint
            && self
                .catalogue
                .get(table)
                .is_some_and(|entry| matches!(entry.facts, Facts::Table { open: true }));
        closed && !guessed && !inherits
    }

    fn rename(&mut self, kind: Kind, object: &Named, table: Option<&Named>, to: &str, effect: &Effect) {
        self.object_is_there(kind, object, table, effect);
        let (old, new) = match table {
            Some(table) => {
                let owner = self.key(Space::Relation, &table.name);
                let space = Space::of(kind);
                (owner.part(space, &object.name.name), owner.part(space, to))
            }
            None if kind == Kind::Routine => {
                let Some(old) = self.routine(&object.name) else {
                    return;
                };
                let arguments = old.name.find('(').map_or("", |at| &old.name[at..]);
                let new = Key::new(old.space, &old.schema, &format!("{to}{arguments}"));
                (old, new)
            }
            None => {
                let old = self.key(Space::of(kind), &object.name);
                let new = Key::new(old.space, &old.schema, to);
                (old, new)
            }
        };
        if old != new && self.catalogue.has(&old) && self.catalogue.has(&new) && effect.sure {
            let message = format!("the new name `{}` is taken", new.shown());
            let finding = self.error(Rule::D03, object.at, &new.shown(), message, "choose another name");
            return self.tell(finding);
        }
        self.relocate(&old, &new);
    }

    /// Gives an object, its parts and everything that needs it the new name.
    fn relocate(&mut self, old: &Key, new: &Key) {
        if old == new {
            return;
        }
        let mut moves = vec![(old.clone(), new.clone())];
        if old.space == Space::Relation {
            for space in PARTS {
                let parts: Vec<Key> = self
                    .catalogue
                    .parts(old, space)
                    .map(|(key, _)| key.clone())
                    .collect();
                moves.extend(parts.into_iter().map(|key| {
                    let target = new.part(space, &key.part);
                    (key, target)
                }));
            }
        }
        for (from, to) in &moves {
            let users: Vec<Key> = self.catalogue.users(from).map(|(user, _)| user.clone()).collect();
            for user in users {
                self.catalogue.change(&user, |entry| {
                    for (need, _) in &mut entry.needs {
                        if need == from {
                            need.clone_from(to);
                        }
                    }
                    if let Facts::Index { table, .. } = &mut entry.facts
                        && table == from
                    {
                        table.clone_from(to);
                    }
                });
            }
        }
        for (from, to) in moves {
            if let Some(entry) = self.catalogue.get(&from).cloned() {
                self.catalogue.take(&from);
                self.catalogue
                    .put(to, crate::lint::catalogue::Entry::clone(&entry));
            }
        }
    }

    fn drop(&mut self, effect: &Effect) {
        let Action::Drop {
            kind, objects, table, ..
        } = &effect.action
        else {
            return;
        };
        let mut targets: Vec<(Key, &Named)> = Vec::new();
        for object in objects {
            if let Some(key) = self.dropped(*kind, object, table.as_ref(), effect) {
                targets.push((key, object));
            }
        }
        let mut going: BTreeSet<Key> = targets.iter().map(|(key, _)| key.clone()).collect();
        self.along(&mut going);
        for (key, object) in &targets {
            self.hindrances(*kind, key, object, &mut going, effect);
        }
        if effect.guard.holds() {
            self.cleared.extend(targets.iter().map(|(key, _)| key.clone()));
        }
        for key in going {
            if effect.sure || super::guards::answers(effect, &key, *kind) {
                self.catalogue.take(&key);
            } else {
                self.catalogue.change(&key, |entry| entry.sure = false);
            }
        }
    }

    /// The object a DROP means, if it is there.
    fn dropped(&mut self, kind: Kind, object: &Named, table: Option<&Named>, effect: &Effect) -> Option<Key> {
        if effect.guard == Guard::None {
            self.object_is_there(kind, object, table, effect);
        }
        let key = match table {
            Some(table) => self
                .key(Space::Relation, &table.name)
                .part(Space::of(kind), &object.name.name),
            None if kind == Kind::Routine => self.routine(&object.name)?,
            None => self.key(Space::of(kind), &object.name),
        };
        // A guarded drop clears the name even where nothing was known to stand.
        if effect.guard.holds() {
            self.cleared.insert(key.clone());
        }
        let entry = self.catalogue.get(&key)?;
        let right = entry.kind == kind;
        right.then_some(key)
    }

    /// Adds what goes along without a word: parts, and whatever may not hinder.
    fn along(&self, going: &mut BTreeSet<Key>) {
        let mut open: Vec<Key> = going.iter().cloned().collect();
        while let Some(key) = open.pop() {
            let mut more: Vec<Key> = Vec::new();
            if key.space == Space::Relation {
                for space in PARTS {
                    more.extend(self.catalogue.parts(&key, space).map(|(part, _)| part.clone()));
                }
            }
            more.extend(
                self.catalogue
                    .users(&key)
                    .filter(|(_, hard)| !hard)
                    .map(|(user, _)| user.clone()),
            );
            open.extend(more.into_iter().filter(|key| going.insert(key.clone())));
        }
    }

    /// O06: something outside still needs what goes.
    fn hindrances(
        &mut self,
        kind: Kind,
        key: &Key,
        object: &Named,
        going: &mut BTreeSet<Key>,
        effect: &Effect,
    ) {
        let mut hinder: Vec<Key> = Vec::new();
        if kind == Kind::Schema {
            hinder.extend(self.catalogue.in_schema(&key.name));
        }
        for gone in going.iter() {
            hinder.extend(
                self.catalogue
                    .users(gone)
                    .filter(|(_, hard)| *hard)
                    .map(|(user, _)| user.clone()),
            );
        }
        hinder.retain(|user| !going.contains(user));
        if matches!(effect.action, Action::Drop { cascade: true, .. }) {
            going.extend(hinder);
            return self.along(going);
        }
        let sure = |user: &&Key| self.catalogue.get(user).is_some_and(|entry| entry.sure);
        let Some(user) = hinder.iter().find(sure) else {
            return;
        };
        if !effect.sure {
            return;
        }
        let origin = self.catalogue.get(user).map(|entry| (entry.kind, entry.origin));
        let Some((user_kind, origin)) = origin else { return };
        let shown = key.shown();
        let message = format!(
            "{} `{shown}` is dropped while {} `{}` needs it",
            kind.word(),
            user_kind.word(),
            user.shown()
        );
        let (rule, help) = if self.down {
            (Rule::R04, "drop in the reverse order of creation")
        } else {
            (
                Rule::O06,
                "drop what needs it first; CASCADE would take it along unseen",
            )
        };
        let finding = self.error(rule, object.at, &shown, message, help);
        let finding = finding.related(&self.place(origin), self.distance(origin, "needed here"));
        self.tell(finding);
    }
}
