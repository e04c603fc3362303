//! Constraints, and above all foreign keys: is the target there, unique, and of the same type?

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::core::finding::{Rule, Severity};
use crate::ddl::model::{Constraint, ConstraintRule, Effect, Kind, Name, Named};
use crate::ddl::types::{Fit, fit};

use super::catalogue::{Entry, Facts, Key, Space};
use super::create::{Made, NUMBERED_MAX};
use super::walk::Walk;

/// A foreign key while it is looked at.
struct Reference<'a> {
    table: &'a Key,
    target: &'a Named,
    target_key: Key,
    columns: &'a [String],
    there: Vec<String>,
    shown: String,
}

impl Walk<'_> {
    /// A constraint of `ALTER TABLE`.
    pub(super) fn add_constraint(&mut self, table: &Key, constraint: &Constraint, effect: &Effect) {
        self.put_constraint(table, constraint, effect);
    }

    /// A constraint of a table that is there.
    pub(super) fn put_constraint(&mut self, table: &Key, constraint: &Constraint, effect: &Effect) {
        if constraint.rule == ConstraintRule::NotNull {
            for column in &constraint.columns {
                self.set_not_null(&table.part(Space::Column, column), true);
            }
            return;
        }
        let name = constraint
            .name
            .clone()
            .unwrap_or_else(|| self.constraint_name(table, constraint));
        let key = table.part(Space::Constraint, &name);
        let mut entry = self.entry(Kind::Constraint, effect, true);
        entry.origin.at = constraint.at;
        entry.definition.clone_from(&constraint.definition);
        entry.needs.push((table.clone(), false));
        for column in &constraint.columns {
            // What a CHECK seems to name may be something else; the other kinds list columns.
            if constraint.rule != ConstraintRule::Check {
                self.column_is_there(table, column, constraint.at, effect.sure);
            }
            entry.needs.push((table.part(Space::Column, column), false));
        }
        entry.facts = match &constraint.rule {
            ConstraintRule::PrimaryKey | ConstraintRule::Unique => Facts::Key {
                columns: self.key_columns(table, constraint),
                primary: constraint.rule == ConstraintRule::PrimaryKey,
            },
            ConstraintRule::Check if constraint.name.is_none() => Facts::Guessed,
            ConstraintRule::Foreign { target, columns } => {
                let needs = self.reference(table, target, columns, constraint, effect.sure);
                entry.needs.extend(needs.into_iter().map(|need| (need, true)));
                Facts::None
            }
            ConstraintRule::Check | ConstraintRule::Exclude | ConstraintRule::NotNull => Facts::None,
        };
        let named = Named {
            name: Name {
                schema: None,
                name: name.clone(),
            },
            at: constraint.at,
        };
        let backed = matches!(entry.facts, Facts::Key { .. }) || constraint.rule == ConstraintRule::Exclude;
        if self.make(&key, &named, effect, entry) == Made::New && backed {
            self.backing_index(table, &name, constraint, effect);
        }
    }

    fn key_columns(&self, table: &Key, constraint: &Constraint) -> Vec<String> {
        let Some(index) = &constraint.using_index else {
            return constraint.columns.clone();
        };
        let key = Key::new(Space::Relation, &table.schema, index);
        match self.catalogue.get(&key).map(|entry| &entry.facts) {
            Some(Facts::Index {
                columns: Some(columns),
                ..
            }) => columns.clone(),
            Some(_) | None => Vec::new(),
        }
    }

    /// The index that keeps a key unique has the name of the constraint.
    fn backing_index(&mut self, table: &Key, name: &str, constraint: &Constraint, effect: &Effect) {
        if let Some(index) = &constraint.using_index {
            let old = Key::new(Space::Relation, &table.schema, index);
            self.catalogue.take(&old);
        }
        let key = Key::new(Space::Relation, &table.schema, name);
        let mut entry = self.entry(Kind::Index, effect, true);
        entry.origin.at = constraint.at;
        entry.needs.push((table.part(Space::Constraint, name), false));
        entry.needs.push((table.clone(), false));
        let columns = self.key_columns(table, constraint);
        entry.definition = format!(
            "create unique index on ( {} ) on {}",
            columns.join(" , "),
            table.shown()
        );
        entry.facts = Facts::Index {
            table: table.clone(),
            items: format!("create index on ( {} )", columns.join(" , ")),
            columns: Some(columns),
            unique: constraint.rule != ConstraintRule::Exclude,
            partial: false,
        };
        if constraint.rule == ConstraintRule::Exclude {
            entry.facts = Facts::None;
        }
        let named = Named {
            name: Name {
                schema: None,
                name: name.to_owned(),
            },
            at: constraint.at,
        };
        self.make(&key, &named, effect, entry);
    }

    /// The name the server would give it.
    fn constraint_name(&self, table: &Key, constraint: &Constraint) -> String {
        let middle = constraint.columns.join("_");
        let base = match &constraint.rule {
            ConstraintRule::PrimaryKey => format!("{}_pkey", table.name),
            ConstraintRule::Unique => format!("{}_{middle}_key", table.name),
            ConstraintRule::Foreign { .. } => format!("{}_{middle}_fkey", table.name),
            ConstraintRule::Exclude => format!("{}_excl", table.name),
            ConstraintRule::Check if constraint.columns.len() == 1 => {
                format!("{}_{middle}_check", table.name)
            }
            ConstraintRule::Check | ConstraintRule::NotNull => format!("{}_check", table.name),
        };
        let taken = |name: &str| self.catalogue.has(&table.part(Space::Constraint, name));
        if !taken(&base) {
            return base;
        }
        (1..NUMBERED_MAX)
            .map(|n| format!("{base}{n}"))
            .find(|name| !taken(name))
            .unwrap_or(base)
    }

    pub(super) fn set_not_null(&mut self, column: &Key, to: bool) {
        self.catalogue.change(column, |entry| {
            if let Facts::Column { not_null, .. } = &mut entry.facts {
                *not_null = to;
            }
        });
    }

    /// O01 to O04. Answers what the key needs: the target, and there the key it refers to.
    fn reference(
        &mut self,
        table: &Key,
        target: &Named,
        columns: &[String],
        constraint: &Constraint,
        sure: bool,
    ) -> Vec<Key> {
        let reference = Reference {
            table,
            target,
            target_key: self.key(Space::Relation, &target.name),
            columns: &constraint.columns,
            there: columns.to_vec(),
            shown: constraint.name.clone().map_or_else(
                || table.shown(),
                |name| table.part(Space::Constraint, &name).shown(),
            ),
        };
        if self.is_external(&reference.target_key.schema) {
            return Vec::new();
        }
        let needs = vec![reference.target_key.clone()];
        let Some(entry) = self.catalogue.get(&reference.target_key).cloned() else {
            if sure {
                self.no_target(&reference);
            }
            // The server refuses the key, so nothing comes to depend on it.
            return Vec::new();
        };
        if !sure || !entry.sure || !matches!(entry.facts, Facts::Table { open: false }) {
            return needs;
        }
        self.fits(reference, needs)
    }

    fn no_target(&mut self, reference: &Reference<'_>) {
        let shown = reference.target_key.shown();
        let later = self
            .first_made
            .get(&reference.target_key)
            .filter(|made| self.is_later(**made))
            .copied();
        let finding = if let Some(later) = later {
            let message = format!(
                "`{}` refers to `{shown}`, which is created later",
                reference.table.shown()
            );
            let help = "put the table after its target, or add the key with ALTER TABLE when both are there";
            self.error(Rule::O01, reference.target.at, &reference.shown, message, help)
                .with_label("not there yet")
                .related(&self.place(later), self.distance(later, "created here"))
        } else {
            let message = format!(
                "`{}` refers to `{shown}`, which no revision creates",
                reference.table.shown()
            );
            let help = "create it first; if another program owns it, name its schema as external";
            self.error(Rule::O02, reference.target.at, &reference.shown, message, help)
        };
        let finding = match (self.opaque, later) {
            (Some(opaque), None) => finding
                .with_severity(Severity::Warning)
                .related(&self.place(opaque), "unless this dynamic SQL creates it"),
            (_, _) => finding,
        };
        self.tell(finding);
    }

    fn fits(&mut self, mut reference: Reference<'_>, mut needs: Vec<Key>) -> Vec<Key> {
        let target = reference.target_key.clone();
        let shown = target.shown();
        if reference.there.is_empty() {
            let primary = self.keys_of(&target).into_iter().find(|(_, _, primary)| *primary);
            let Some((key, columns, _)) = primary else {
                let message = format!(
                    "`{}` refers to the primary key of `{shown}`, which has none",
                    reference.table.shown()
                );
                let help = "give the target a primary key, or name unique columns";
                let finding = self.error(Rule::O03, reference.target.at, &reference.shown, message, help);
                self.tell(finding);
                return needs;
            };
            needs.extend(key);
            reference.there = columns;
        } else {
            let absent = reference
                .there
                .iter()
                .find(|column| !self.catalogue.has(&target.part(Space::Column, column)));
            if let Some(column) = absent {
                let message = format!(
                    "`{}` refers to `{shown}.{column}`, which is not there",
                    reference.table.shown()
                );
                let finding = self.error(
                    Rule::O02,
                    reference.target.at,
                    &reference.shown,
                    message,
                    "name a column of the target",
                );
                self.tell(finding);
                return needs;
            }
            let wanted: BTreeSet<&String> = reference.there.iter().collect();
            let unique = self
                .keys_of(&target)
                .into_iter()
                .find(|(_, columns, _)| columns.iter().collect::<BTreeSet<_>>() == wanted);
            match unique {
                Some((key, _, _)) => needs.extend(key),
                None => self.not_unique(&reference),
            }
        }
        self.types_fit(&reference);
        needs
    }

    fn not_unique(&mut self, reference: &Reference<'_>) {
        let (shown, columns) = (reference.target_key.shown(), reference.there.join(", "));
        let message = format!(
            "`{}` refers to `{shown}` ({columns}), which is not unique",
            reference.table.shown()
        );
        let help = format!("add UNIQUE ({columns}) to `{shown}` before, or refer to its primary key");
        let finding = self.error(Rule::O03, reference.target.at, &reference.shown, message, help);
        let at = self
            .catalogue
            .get(&reference.target_key)
            .map(|entry| entry.origin);
        let finding = match at {
            Some(origin) => finding.related(&self.place(origin), self.distance(origin, "the target")),
            None => finding,
        };
        self.tell(finding);
    }

    /// Sets of columns that are unique: by a constraint (with its key) or by an index of the whole table.
    fn keys_of(&self, table: &Key) -> Vec<(Option<Key>, Vec<String>, bool)> {
        let mut keys = Vec::new();
        for (key, entry) in self.catalogue.parts(table, Space::Constraint) {
            if let Facts::Key { columns, primary } = &entry.facts {
                keys.push((Some(key.clone()), columns.clone(), *primary));
            }
        }
        for (key, _) in self.catalogue.users(table) {
            let facts = self.catalogue.get(key).map(|entry| &entry.facts);
            if let Some(Facts::Index {
                columns: Some(columns),
                unique: true,
                partial: false,
                ..
            }) = facts
            {
                keys.push((Some(key.clone()), columns.clone(), false));
            }
        }
        keys
    }

    fn types_fit(&mut self, reference: &Reference<'_>) {
        for (from, to) in reference.columns.iter().zip(&reference.there) {
            let from_key = reference.table.part(Space::Column, from);
            let to_key = reference.target_key.part(Space::Column, to);
            let (Some(left), Some(right)) = (
                self.catalogue.get(&from_key).cloned(),
                self.catalogue.get(&to_key).cloned(),
            ) else {
                continue;
            };
            let (Some(left_type), Some(right_type)) = (column_type(&left), column_type(&right)) else {
                continue;
            };
            let fit = fit(left_type, right_type);
            if !matches!(fit, Fit::Near | Fit::Apart) {
                continue;
            }
            let message = format!(
                "`{}` is {left_type}, but `{}` is {right_type}",
                from_key.shown(),
                to_key.shown()
            );
            let help = format!("give `{from}` the type {right_type}");
            let finding = self.error(Rule::O04, reference.target.at, &reference.shown, message, help);
            let finding = finding.related(&self.place(right.origin), "the column it refers to");
            let severity = if fit == Fit::Near {
                Severity::Warning
            } else {
                Severity::Error
            };
            self.tell(finding.with_severity(severity));
        }
    }
}

fn column_type(entry: &Arc<Entry>) -> Option<&str> {
    match &entry.facts {
        Facts::Column { ty, .. } => Some(ty),
        _ => None,
    }
}
