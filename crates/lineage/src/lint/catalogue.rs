//! A schema that exists only on paper: what would be there after the revisions so far.
//!
//! Presence has three values: in the catalogue and sure, in the catalogue and unsure, not in it.
//! Every change goes through [`Catalogue::put`] and [`Catalogue::take`], which keep a journal, so
//! that a way back can be tried and undone in time proportional to what it touches.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::ddl::model::{ColumnDefault, Kind, Span};

/// Objects of one space have different names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Space {
    Schema,
    Extension,
    /// Tables, views, sequences and indexes share their names.
    Relation,
    Type,
    Routine,
    Column,
    Constraint,
    Trigger,
    Policy,
}

impl Space {
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Schema => Self::Schema,
            Kind::Extension => Self::Extension,
            Kind::Table | Kind::View | Kind::MaterializedView | Kind::Sequence | Kind::Index => {
                Self::Relation
            }
            Kind::Type => Self::Type,
            Kind::Routine => Self::Routine,
            Kind::Column => Self::Column,
            Kind::Constraint => Self::Constraint,
            Kind::Trigger => Self::Trigger,
            Kind::Policy => Self::Policy,
        }
    }
}

/// The schema of temporary objects, which is looked into first.
pub(super) const TEMPORARY: &str = "pg_temp";

/// The parts of a table.
pub(super) const PARTS: [Space; 4] = [Space::Column, Space::Constraint, Space::Trigger, Space::Policy];

/// The name of an object in the catalogue. Keys are in the order of their fields: the name differs most
/// often, so it is compared first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) schema: String,
    pub(super) space: Space,
    /// The column, constraint, trigger or policy of the table `name`.
    pub(super) part: String,
}

impl Key {
    pub(super) fn new(space: Space, schema: &str, name: &str) -> Self {
        Self {
            space,
            schema: schema.to_owned(),
            name: name.to_owned(),
            part: String::new(),
        }
    }

    /// A part of this table.
    pub(super) fn part(&self, space: Space, part: &str) -> Self {
        Self {
            space,
            schema: self.schema.clone(),
            name: self.name.clone(),
            part: part.to_owned(),
        }
    }

    /// The table this is a part of.
    pub(super) fn table(&self) -> Self {
        Self::new(Space::Relation, &self.schema, &self.name)
    }

    /// As people write it.
    pub(super) fn shown(&self) -> String {
        match self.space {
            Space::Schema | Space::Extension => self.name.clone(),
            Space::Relation | Space::Type | Space::Routine => format!("{}.{}", self.schema, self.name),
            Space::Column | Space::Constraint | Space::Trigger | Space::Policy => {
                format!("{}.{}.{}", self.schema, self.name, self.part)
            }
        }
    }
}

/// Where something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// Position of the revision in the chain.
    pub(super) revision: usize,
    /// In its way back.
    pub(super) down: bool,
    pub(super) at: Span,
}

/// What is known of an object beyond its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Facts {
    None,
    Table {
        /// It has columns that are not written in any revision.
        open: bool,
    },
    Column {
        ty: String,
        not_null: bool,
        default: ColumnDefault,
    },
    Key {
        /// Primary key or unique.
        columns: Vec<String>,
        primary: bool,
    },
    Index {
        table: Key,
        /// What it indexes, without `unique`.
        items: String,
        columns: Option<Vec<String>>,
        unique: bool,
        partial: bool,
    },
    Enum(Vec<String>),
    /// Where the name was guessed as the server would make it.
    Guessed,
}

/// Something in the catalogue.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) sure: bool,
    pub(super) definition: String,
    pub(super) facts: Facts,
    /// What it cannot be without; `true` if dropping that is refused, `false` if it goes along.
    pub(super) needs: Vec<(Key, bool)>,
    pub(super) origin: Origin,
}

impl Entry {
    /// The same to a user of the schema. A table is its parts, so its first wording does not count.
    pub(super) fn means_the_same(&self, other: &Self) -> bool {
        let wording = matches!(self.kind, Kind::Table | Kind::Schema | Kind::Extension)
            || self.definition == other.definition;
        self.kind == other.kind && self.facts == other.facts && wording
    }
}

/// The schema on paper.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    entries: BTreeMap<Key, Arc<Entry>>,
    needed_by: HashMap<Key, BTreeSet<Key>>,
    journal: Vec<(Key, Option<Arc<Entry>>)>,
    /// Something was ever put into `pg_temp`; few chains do, and every name would be looked up there first.
    temporary: bool,
}

impl Catalogue {
    pub(super) fn get(&self, key: &Key) -> Option<&Arc<Entry>> {
        self.entries.get(key)
    }

    /// False if there never was anything in the schema of temporary objects.
    pub(super) fn holds_temporary(&self) -> bool {
        self.temporary
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.entries.contains_key(key)
    }

    /// Puts an object in, or in another's place.
    pub(super) fn put(&mut self, key: Key, entry: Entry) {
        self.temporary |= key.schema == TEMPORARY;
        let before = self.exchange(&key, Some(&Arc::new(entry)));
        self.journal.push((key, before));
    }

    /// Changes an object that is there.
    pub(super) fn change(&mut self, key: &Key, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get(key) {
            let mut entry = Entry::clone(entry);
            change(&mut entry);
            self.put(key.clone(), entry);
        }
    }

    /// Takes an object out.
    pub(super) fn take(&mut self, key: &Key) {
        if let Some(before) = self.exchange(key, None) {
            self.journal.push((key.clone(), Some(before)));
        }
    }

    fn exchange(&mut self, key: &Key, entry: Option<&Arc<Entry>>) -> Option<Arc<Entry>> {
        let before = match entry {
            Some(entry) => self.entries.insert(key.clone(), Arc::clone(entry)),
            None => self.entries.remove(key),
        };
        for (need, _) in before.iter().flat_map(|entry| &entry.needs) {
            if let Some(users) = self.needed_by.get_mut(need) {
                users.remove(key);
            }
        }
        for (need, _) in entry.iter().flat_map(|entry| &entry.needs) {
            self.needed_by
                .entry(need.clone())
                .or_default()
                .insert(key.clone());
        }
        before
    }

    /// What needs `key`, and whether that hinders dropping it.
    pub(super) fn users<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = (&'a Key, bool)> + 'a {
        self.needed_by
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(move |user| {
                let entry = self.entries.get(user)?;
                let hard = entry.needs.iter().any(|(need, hard)| need == key && *hard);
                Some((user, hard))
            })
    }

    /// The parts of a table in one space.
    pub(super) fn parts<'a>(
        &'a self,
        table: &Key,
        space: Space,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Entry>)> + 'a {
        let first = table.part(space, "");
        let owner = table.clone();
        self.entries.range(first..).take_while(move |(key, _)| {
            key.space == space && key.schema == owner.schema && key.name == owner.name
        })
    }

    /// Everything in a schema.
    pub(super) fn in_schema(&self, schema: &str) -> Vec<Key> {
        let spaces = [Space::Relation, Space::Type, Space::Routine];
        let inside = |key: &&Key| key.schema == schema && spaces.contains(&key.space);
        self.entries.keys().filter(inside).cloned().collect()
    }

    /// Functions of this name with any arguments.
    pub(super) fn routines(&self, schema: &str, name: &str) -> Vec<Key> {
        let prefix = format!("{name}(");
        self.entries
            .range(Key::new(Space::Schema, "", &prefix)..)
            .map(|(key, _)| key)
            .take_while(|key| key.name.starts_with(&prefix))
            .filter(|key| key.space == Space::Routine && key.schema == schema)
            .cloned()
            .collect()
    }

    /// A point to come back to.
    pub(super) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// What was there at `mark`, for each object touched since.
    pub(super) fn before(&self, mark: usize) -> BTreeMap<Key, Option<Arc<Entry>>> {
        let mut first = BTreeMap::new();
        for (key, entry) in self.journal.get(mark..).unwrap_or_default() {
            first.entry(key.clone()).or_insert_with(|| entry.clone());
        }
        first
    }

    /// Undoes everything since `mark`.
    pub(super) fn undo(&mut self, mark: usize) {
        while self.journal.len() > mark {
            let Some((key, entry)) = self.journal.pop() else {
                break;
            };
            self.exchange(&key, entry.as_ref());
        }
    }

    /// Forgets how to undo.
    pub(super) fn settle(&mut self) {
        self.journal.clear();
    }
}
