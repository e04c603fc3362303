//! Locks: what stops readers and writers of a table that is in use, or breaks the program that runs beside.
//!
//! A table that this very revision creates is empty and unknown to others; nothing is said about it.

use std::collections::BTreeSet;

use crate::core::finding::Rule;
use crate::core::revision::Phase;
use crate::core::token::{TokenKind, tokenize};
use crate::ddl::model::{
    Action, Column, ColumnChange, ColumnDefault, Constraint, ConstraintRule, Effect, Index, Kind, Named,
    RowChange, Span,
};

use super::catalogue::{Facts, Key, Space};
use super::walk::Walk;

/// More tables than these, locked together for the time of the slowest statement, are a pause of the whole program.
const EXCLUSIVE_TABLES_MAX: usize = 5;

impl Walk<'_> {
    /// What one statement of the way up does to tables in use. Asked before the statement is applied.
    pub(super) fn locks(&mut self, effect: &Effect) {
        match &effect.action {
            Action::CreateIndex(index) if !index.concurrently && !self.is_made(index) => {
                if let Some(shown) = self.busy(&index.table) {
                    let message = format!(
                        "building an index on `{shown}` stops writing to it until the index is ready"
                    );
                    let help = "build it CONCURRENTLY in a `transaction: no` revision, or allow it while the table is small";
                    self.slow(Rule::L01, index.table.at, &shown, message, help);
                }
            }
            Action::AddConstraint { table, constraint } => self.constraint_locks(table, constraint),
            Action::AddColumn { table, column } => self.column_locks(table, column),
            Action::AlterColumn {
                table,
                column,
                change,
            } => self.change_locks(table, column, change),
            Action::Rename {
                kind, object, table, ..
            } => self.rename_breaks(*kind, object, table.as_ref()),
            Action::Drop {
                kind,
                objects,
                table,
                concurrently,
                ..
            } => {
                for object in objects {
                    self.drop_breaks(*kind, object, table.as_ref(), *concurrently);
                }
            }
            Action::Rows {
                table,
                change: RowChange::RemoveAllCascade,
            } => {
                let shown = self.key(Space::Relation, &table.name).shown();
                let message = format!("TRUNCATE of `{shown}` also empties every table that refers to it");
                self.slow(
                    Rule::L12,
                    table.at,
                    &shown,
                    message,
                    "name the tables that are meant",
                );
            }
            Action::Maintain {
                command,
                object,
                concurrently: false,
            } => {
                if let Some(shown) = self.busy(object) {
                    let message = format!("{command} locks `{shown}` against everybody until it is done");
                    let help = "do it outside of a revision, or CONCURRENTLY where the command offers that";
                    self.slow(Rule::L13, object.at, &shown, message, help);
                }
            }
            _ => {}
        }
    }

    /// An index that is there is not built again.
    fn is_made(&self, index: &Index) -> bool {
        let schema = self.key(Space::Relation, &index.table.name).schema;
        let name = index
            .name
            .as_ref()
            .map(|name| Key::new(Space::Relation, &schema, &name.name.name));
        name.and_then(|key| self.catalogue.get(&key))
            .is_some_and(|entry| entry.sure)
    }

    /// The table as people write it, if it may be in use.
    fn busy(&self, table: &Named) -> Option<String> {
        let key = self.key(Space::Relation, &table.name);
        let view = self.catalogue.get(&key).is_some_and(|entry| {
            entry.kind == Kind::MaterializedView && entry.origin.revision != self.revision
        });
        (self.in_use(&key) || view).then(|| key.shown())
    }

    fn slow(&mut self, rule: Rule, at: Span, object: &str, message: String, help: &str) {
        let finding = self.warning(rule, at, object, message, help);
        self.tell(finding);
    }

    fn constraint_locks(&mut self, table: &Named, constraint: &Constraint) {
        let Some(shown) = self.busy(table) else { return };
        match &constraint.rule {
            ConstraintRule::Foreign { target, .. } if !constraint.not_valid => {
                let other = self.key(Space::Relation, &target.name).shown();
                let message = format!(
                    "adding this foreign key reads all of `{shown}` while `{shown}` and `{other}` cannot be written"
                );
                let help = "add it NOT VALID, and VALIDATE CONSTRAINT in the next revision";
                self.slow(Rule::L02, constraint.at, &shown, message, help);
            }
            ConstraintRule::Check if !constraint.not_valid => {
                let message = format!("adding this check reads all of `{shown}` while nobody can use it");
                let help = "add it NOT VALID, and VALIDATE CONSTRAINT in the next revision";
                self.slow(Rule::L03, constraint.at, &shown, message, help);
            }
            ConstraintRule::PrimaryKey | ConstraintRule::Unique | ConstraintRule::Exclude
                if constraint.using_index.is_none() =>
            {
                let message = format!("this constraint builds its index while nobody can use `{shown}`");
                let help = "build a unique index CONCURRENTLY first, then add the constraint USING INDEX";
                self.slow(Rule::L08, constraint.at, &shown, message, help);
            }
            ConstraintRule::NotNull => {
                let message = format!("NOT NULL reads all of `{shown}` while nobody can use it");
                self.slow(Rule::L04, constraint.at, &shown, message, NOT_NULL_CURE);
            }
            _ => {}
        }
    }

    fn column_locks(&mut self, table: &Named, column: &Column) {
        let Some(shown) = self.busy(table) else { return };
        let key = self
            .key(Space::Relation, &table.name)
            .part(Space::Column, &column.name.name.name);
        if self.catalogue.has(&key) {
            return;
        }
        let object = key.shown();
        let at = column.name.at;
        if column.stored || column.numbered || matches!(column.default, ColumnDefault::EachRow(_)) {
            let message = format!(
                "`{object}` is computed for every row: `{shown}` is rewritten while nobody can use it"
            );
            let help = "add the column without it, fill it in batches, then set the default";
            self.slow(Rule::L06, at, &object, message, help);
        } else if column.not_null && column.default == ColumnDefault::None {
            let message =
                format!("`{object}` is NOT NULL without a default: it fails as soon as `{shown}` has a row");
            let help = "give it a default, or add it nullable, fill it, and set NOT NULL later";
            let finding = self.error(Rule::L07, at, &object, message, help);
            self.tell(finding);
        }
        for constraint in &column.constraints {
            self.constraint_locks(table, constraint);
        }
    }

    fn change_locks(&mut self, table: &Named, column: &Named, change: &ColumnChange) {
        let Some(shown) = self.busy(table) else { return };
        let key = self
            .key(Space::Relation, &table.name)
            .part(Space::Column, &column.name.name);
        let object = key.shown();
        match change {
            ColumnChange::SetNotNull if !self.proved_not_null(&key) => {
                let message = format!("SET NOT NULL reads all of `{shown}` while nobody can use it");
                self.slow(Rule::L04, column.at, &object, message, NOT_NULL_CURE);
            }
            ColumnChange::Type(new) if !self.is_widening(&key, new) => {
                let message =
                    format!("changing the type of `{object}` rewrites `{shown}` while nobody can use it");
                let help =
                    "add a column of the new type, fill it in batches, then let the program change over";
                self.slow(Rule::L05, column.at, &object, message, help);
            }
            _ => {}
        }
    }

    /// A valid CHECK (x IS NOT NULL) lets the server skip the reading.
    fn proved_not_null(&self, column: &Key) -> bool {
        let wanted = format!("check ( {} is not null )", column.part);
        self.catalogue
            .parts(&column.table(), Space::Constraint)
            .any(|(_, entry)| entry.definition == wanted)
    }

    /// Changes of which the server knows that no row changes.
    fn is_widening(&self, column: &Key, new: &str) -> bool {
        let Some(Facts::Column { ty: old, .. }) = self.catalogue.get(column).map(|entry| &entry.facts) else {
            return false;
        };
        let (old_base, old_length) = length(old);
        let (new_base, new_length) = length(new);
        let texts = |base: &str| matches!(base, "text" | "character varying");
        let longer = new_length.is_none_or(|new| old_length.is_some_and(|old| new >= old));
        old == new
            || (texts(old_base) && texts(new_base) && longer)
            || (old_base == "numeric" && new == "numeric")
    }

    fn rename_breaks(&mut self, kind: Kind, object: &Named, table: Option<&Named>) {
        if !matches!(kind, Kind::Table | Kind::Column) {
            return self.not_in_expand("rename", object);
        }
        let owner = table.unwrap_or(object);
        let Some(shown) = self.busy(owner) else { return };
        let full = table.map_or(shown.clone(), |_| format!("{shown}.{}", object.name.name));
        let message = format!("a program that still says `{full}` fails as soon as this is committed");
        let help = "add the new name beside the old one, change the program, then drop the old one";
        self.slow(Rule::L09, object.at, &full, message, help);
        self.not_in_expand("rename", object);
    }

    fn drop_breaks(&mut self, kind: Kind, object: &Named, table: Option<&Named>, concurrently: bool) {
        match kind {
            Kind::Table | Kind::Column => {
                let Some(shown) = self.busy(table.unwrap_or(object)) else {
                    return;
                };
                let full = table.map_or(shown.clone(), |_| format!("{shown}.{}", object.name.name));
                self.not_in_expand("drop", object);
                // In a contract revision the program was changed before; that is what the phase says.
                if self.revision().phase != Some(Phase::Contract) {
                    let message =
                        format!("a program that still uses `{full}` fails as soon as this is committed");
                    let help =
                        "drop it in a `phase: contract` revision, after no version of the program uses it";
                    self.slow(Rule::L10, object.at, &full, message, help);
                }
            }
            Kind::Index if !concurrently => {
                let key = self.key(Space::Relation, &object.name);
                let busy = self.catalogue.get(&key).and_then(|entry| match &entry.facts {
                    Facts::Index { table, .. } => self.in_use(table).then(|| table.shown()),
                    _ => None,
                });
                if let Some(shown) = busy {
                    let message = format!(
                        "dropping this index waits for everybody on `{shown}`, and everybody waits for it"
                    );
                    self.slow(
                        Rule::L14,
                        object.at,
                        &key.shown(),
                        message,
                        "drop it CONCURRENTLY in a `transaction: no` revision",
                    );
                }
            }
            _ => {}
        }
    }

    /// P02: expand only adds.
    fn not_in_expand(&mut self, what: &str, object: &Named) {
        if self.revision().phase == Some(Phase::Expand) {
            let shown = object.name.to_string();
            let message = format!("a {what} of `{shown}` in an `expand` revision, which only adds");
            self.slow(
                Rule::P02,
                object.at,
                &shown,
                message,
                "move it to a `phase: contract` revision",
            );
        }
    }

    /// Rules about a revision as a whole.
    pub(super) fn whole_revision(&mut self, effects: &[Effect]) {
        self.validated_at_once(effects);
        self.label_used_at_once(effects);
        if self.revision().transactional {
            self.many_tables(effects);
        } else {
            self.without_transaction(effects);
        }
    }

    /// L11: the lock of ADD CONSTRAINT is held while VALIDATE reads.
    fn validated_at_once(&mut self, effects: &[Effect]) {
        if !self.revision().transactional {
            return;
        }
        let added: Vec<&str> = effects
            .iter()
            .filter_map(|effect| match &effect.action {
                Action::AddConstraint { constraint, .. } if constraint.not_valid => {
                    constraint.name.as_deref()
                }
                _ => None,
            })
            .collect();
        for effect in effects {
            let Action::Validate { table, constraint } = &effect.action else {
                continue;
            };
            let Some(shown) = self
                .busy(table)
                .filter(|_| added.contains(&constraint.name.name.as_str()))
            else {
                continue;
            };
            let message = format!(
                "`{}` is added and validated in one transaction: the lock on `{shown}` is held all the while",
                constraint.name.name
            );
            self.slow(
                Rule::L11,
                constraint.at,
                &shown,
                message,
                "validate it in the next revision",
            );
        }
    }

    /// L23: the server refuses a label in the transaction that adds it.
    fn label_used_at_once(&mut self, effects: &[Effect]) {
        if !self.revision().transactional {
            return;
        }
        let added: Vec<(&Named, &str, usize)> = effects
            .iter()
            .filter_map(|effect| match &effect.action {
                Action::AddLabel { of, label } if !self.made_here(of) => {
                    Some((of, label.as_str(), effect.statement))
                }
                _ => None,
            })
            .collect();
        for (of, label, statement) in added {
            let Some(at) = self.use_of(label, statement) else {
                continue;
            };
            let shown = self.key(Space::Type, &of.name).shown();
            let message = format!(
                "label '{label}' of `{shown}` is used in the transaction that adds it, which the server refuses"
            );
            let finding = self.error(Rule::L23, at, &shown, message, "use it in the next revision");
            let finding = finding.related(&self.here(of.at), "added here");
            self.tell(finding);
        }
    }

    /// Labels of a type made in the same transaction may be used at once.
    fn made_here(&self, of: &Named) -> bool {
        let key = self.key(Space::Type, &of.name);
        self.catalogue
            .get(&key)
            .is_none_or(|entry| entry.origin.revision == self.revision)
    }

    /// Where a later statement holds the text `'label'`.
    fn use_of(&self, label: &str, statement: usize) -> Option<Span> {
        let section = &self.revision().up;
        let later = section.statements.iter().skip(statement + 1);
        let wanted = format!("'{}'", label.replace('\'', "''"));
        later.into_iter().find_map(|statement| {
            let text = statement.text(&section.sql);
            let words = crate::core::script::leading_words(text, 2);
            // Another ALTER TYPE may name the label as its neighbour.
            let other_label = matches!(words.as_slice(), [alter, ty] if alter == "alter" && ty == "type");
            if other_label {
                return None;
            }
            let tokens = tokenize(text).ok()?;
            let hit = tokens
                .iter()
                .find(|token| token.kind == TokenKind::Text && token.text(text) == wanted)?;
            Some(Span {
                start: statement.start + hit.start,
                end: statement.start + hit.end,
            })
        })
    }

    /// L24: tables in use that are locked against everybody, all until the commit.
    fn many_tables(&mut self, effects: &[Effect]) {
        let mut tables: BTreeSet<String> = BTreeSet::new();
        for effect in effects {
            let (Action::AddColumn { table, .. }
            | Action::AddConstraint { table, .. }
            | Action::AlterColumn { table, .. }
            | Action::Rename {
                table: Some(table), ..
            }
            | Action::Alter {
                kind: Kind::Table,
                object: table,
                ..
            }
            | Action::Drop {
                kind: Kind::Column | Kind::Constraint,
                table: Some(table),
                ..
            }) = &effect.action
            else {
                continue;
            };
            tables.extend(self.busy(table));
            if tables.len() > EXCLUSIVE_TABLES_MAX {
                let message =
                    format!("more than {EXCLUSIVE_TABLES_MAX} tables in use are locked in one transaction");
                let help = "split the revision: one table each, so that no program waits for all of them";
                return self.slow(Rule::L24, effect.at, "*", message, help);
            }
        }
    }

    /// L21 and L22: what does not belong into a revision without a transaction.
    fn without_transaction(&mut self, effects: &[Effect]) {
        let Some(built) = effects.iter().find(|effect| is_concurrent(&effect.action)) else {
            return;
        };
        self.built_under_timeout(effects);
        if let Some(stray) = effects.iter().find(|effect| !may_stand_beside(&effect.action)) {
            let message = "this statement could run in a transaction, but stands beside one that cannot";
            let help = "put it into a revision of its own, with a transaction";
            let finding = self.error(Rule::L22, stray.at, "*", message.to_owned(), help);
            let finding = finding.related(&self.here(built.at), "the one that cannot");
            self.tell(finding);
        }
    }

    /// L21: a timeout counts for what comes after it, until it is taken back.
    fn built_under_timeout(&mut self, effects: &[Effect]) {
        let mut limit = None;
        for effect in effects {
            match (&effect.action, limit) {
                (Action::LockTimeout, _) => limit = Some(effect.at),
                (Action::NoLockTimeout, _) => limit = None,
                (action, Some(timeout)) if is_concurrent(action) => {
                    let message = "CONCURRENTLY waits for old transactions; a lock timeout ends the wait and leaves an INVALID index";
                    let help = "take `SET lock_timeout` out, or set it to 0 before";
                    let finding = self.error(Rule::L21, effect.at, "*", message.to_owned(), help);
                    let finding = finding.related(&self.here(timeout), "the timeout");
                    return self.tell(finding);
                }
                (_, _) => {}
            }
        }
    }
}

fn is_concurrent(action: &Action) -> bool {
    match action {
        Action::CreateIndex(index) => index.concurrently,
        Action::Drop { concurrently, .. } | Action::Maintain { concurrently, .. } => *concurrently,
        _ => false,
    }
}

/// What has a reason of its own to run outside of a transaction, or changes no object.
fn may_stand_beside(action: &Action) -> bool {
    let own_reason = matches!(
        action,
        Action::AddLabel { .. } | Action::Rows { .. } | Action::Validate { .. }
    );
    let setting = matches!(
        action,
        Action::SearchPath(_) | Action::LockTimeout | Action::NoLockTimeout | Action::Opaque(_)
    );
    is_concurrent(action) || own_reason || setting
}

const NOT_NULL_CURE: &str = "add CHECK (column IS NOT NULL) NOT VALID, validate it in the next revision, then SET NOT NULL costs nothing";

/// `character varying ( 20 )` is a base and a length.
fn length(ty: &str) -> (&str, Option<u64>) {
    match ty.split_once('(') {
        Some((base, rest)) => (
            base.trim(),
            rest.split(')')
                .next()
                .and_then(|digits| digits.trim().parse().ok()),
        ),
        None => (ty, None),
    }
}
