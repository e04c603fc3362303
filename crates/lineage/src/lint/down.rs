//! The way back: after up and down the schema must be what it was before (R02 to R04).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::core::finding::{Rule, Severity};
use crate::ddl::model::{Action, Effect, Kind, RowChange, Span};

use super::catalogue::{Entry, Key, Space};
use super::walk::Walk;

/// So many differences are named; the rest is counted.
const NAMED_MAX: usize = 4;

impl Walk<'_> {
    /// Applies the way back to what the way up left, compares, and undoes it.
    /// `start` is the journal before the way up.
    pub(super) fn try_back(&mut self, start: usize, effects: &[Effect]) {
        let made_here: BTreeSet<Key> = self
            .catalogue
            .before(start)
            .into_iter()
            .filter(|(_, before)| before.is_none())
            .map(|(key, _)| key)
            .collect();
        let top = self.catalogue.mark();
        let opaque_up = self.opaque.is_some_and(|origin| origin.revision == self.revision);
        let (path, opaque) = (self.path.clone(), self.opaque);
        self.down = true;
        for effect in effects {
            self.destroys(effect, &made_here);
            self.apply(effect);
        }
        let opaque_down = self.opaque.is_some_and(|origin| origin.revision == self.revision);
        if !opaque_up && !opaque_down {
            self.compare(start);
        }
        self.down = false;
        self.catalogue.undo(top);
        for said in self.told_back.drain(..) {
            self.told.remove(&said);
        }
        (self.path, self.opaque) = (path, opaque);
    }

    /// R03: rows and columns that were there before the revision.
    fn destroys(&mut self, effect: &Effect, made_here: &BTreeSet<Key>) {
        if !effect.sure {
            return;
        }
        match &effect.action {
            Action::Drop {
                kind: kind @ (Kind::Table | Kind::Column),
                objects,
                table,
                ..
            } => {
                for object in objects {
                    let key = match table {
                        Some(table) => self
                            .key(Space::Relation, &table.name)
                            .part(Space::Column, &object.name.name),
                        None => self.key(Space::Relation, &object.name),
                    };
                    let old = self.catalogue.has(&key) && !made_here.contains(&key);
                    if old {
                        let shown = key.shown();
                        let message = format!(
                            "the way back drops {} `{shown}`, which is older than this revision",
                            kind.word()
                        );
                        self.lost(object.at, &shown, message);
                    }
                }
            }
            Action::Rows {
                table,
                change: RowChange::RemoveAll | RowChange::RemoveAllCascade,
            } => {
                let key = self.key(Space::Relation, &table.name);
                if self.catalogue.has(&key) && !made_here.contains(&key) {
                    let shown = key.shown();
                    let message = format!(
                        "the way back removes all rows of `{shown}`, which is older than this revision"
                    );
                    self.lost(table.at, &shown, message);
                }
            }
            _ => {}
        }
    }

    fn lost(&mut self, at: Span, shown: &str, message: String) {
        let help = "restore only what the way up changed; where that cannot be, declare `irreversible`";
        let finding = self.warning(Rule::R03, at, shown, message, help);
        self.tell(finding);
    }

    fn compare(&mut self, start: usize) {
        let mut wrong: Vec<(Key, String)> = Vec::new();
        for (key, before) in self.catalogue.before(start) {
            let after = self.catalogue.get(&key).cloned();
            if let Some(what) = difference(&key, before.as_ref(), after.as_ref()) {
                wrong.push((key, what));
            }
        }
        wrong.sort_by(|(left, _), (right, _)| (left.space, left).cmp(&(right.space, right)));
        // With a table come its parts; naming the table says it all.
        let whole: BTreeSet<Key> = wrong
            .iter()
            .filter(|(key, _)| key.part.is_empty())
            .map(|(key, _)| key.clone())
            .collect();
        wrong.retain(|(key, _)| key.part.is_empty() || !whole.contains(&key.table()));
        let named: BTreeSet<String> = wrong
            .iter()
            .filter(|(key, _)| key.space == Space::Constraint)
            .map(|(key, _)| format!("{}.{}", key.schema, key.part))
            .collect();
        // The index behind a constraint has its name.
        wrong.retain(|(key, _)| key.space != Space::Relation || !named.contains(&key.shown()));
        let Some((first, what)) = wrong.first() else {
            return;
        };
        let mut message = format!("the way back does not restore what was there: {what}");
        for (_, more) in wrong.iter().skip(1).take(NAMED_MAX - 1) {
            message.push_str("; ");
            message.push_str(more);
        }
        if wrong.len() > NAMED_MAX {
            // Writing to a String cannot fail.
            let _: std::fmt::Result = write!(message, "; and {} more", wrong.len() - NAMED_MAX);
        }
        let help =
            "undo each statement of the up part in reverse order, or declare `-- irreversible: <reason>`";
        let at = self.down_start();
        let finding = self.error(Rule::R02, at, &first.shown(), message, help);
        let changed = self.first_change(first, start);
        let finding = match changed {
            Some(at) => finding.related(&at, "changed here"),
            None => finding,
        };
        self.tell(finding.with_severity(Severity::Error));
    }

    fn first_change(&self, key: &Key, start: usize) -> Option<crate::core::finding::Place> {
        let entry = self
            .catalogue
            .get(key)
            .cloned()
            .or_else(|| self.catalogue.before(start).get(key).cloned().flatten())?;
        Some(self.place(entry.origin))
    }

    /// The first statement of the way back, or its mark if it has none.
    fn down_start(&self) -> Span {
        match &self.revision().down {
            crate::core::revision::Down::Sql(section) => {
                section
                    .statements
                    .first()
                    .map_or_else(Span::default, |first| Span {
                        start: first.start,
                        end: first.end,
                    })
            }
            crate::core::revision::Down::Irreversible(_) => Span::default(),
        }
    }
}

fn difference(key: &Key, before: Option<&Arc<Entry>>, after: Option<&Arc<Entry>>) -> Option<String> {
    let shown = key.shown();
    let sure = |entry: Option<&Arc<Entry>>| entry.is_none_or(|entry| entry.sure);
    if !sure(before) || !sure(after) {
        return None;
    }
    match (before, after) {
        (None, Some(entry)) => Some(format!("{} `{shown}` stays", entry.kind.word())),
        (Some(entry), None) => Some(format!("{} `{shown}` is gone", entry.kind.word())),
        (Some(old), Some(new)) if !old.means_the_same(new) => {
            Some(format!("{} `{shown}` is another", new.kind.word()))
        }
        (_, _) => None,
    }
}
