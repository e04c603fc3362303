//! The walk along the chain: where we are, how names are found, how findings are made.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::nearest::nearest;
use crate::core::revision::{Down, Revision, Section};
use crate::ddl::model::{Effect, Kind, Name, Named, Span};

use super::LintOptions;
use super::catalogue::{Catalogue, Entry, Facts, Key, Origin, Space, TEMPORARY};

/// The state of one walk.
pub(super) struct Walk<'a> {
    pub(super) revisions: &'a [Revision],
    pub(super) options: &'a LintOptions,
    /// Where each object is created first, in the whole chain.
    pub(super) first_made: &'a HashMap<Key, Origin>,
    pub(super) catalogue: Catalogue,
    pub(super) findings: Vec<Finding>,
    pub(super) revision: usize,
    pub(super) down: bool,
    /// The schema that unqualified names go to.
    pub(super) path: String,
    /// The first statement so far that may have done anything.
    pub(super) opaque: Option<Origin>,
    /// Any extension may bring types and functions that no revision makes.
    pub(super) extensions: bool,
    /// Said once is enough.
    pub(super) told: HashSet<(Rule, Key)>,
    /// What of it was said in the way back that is being tried; each way back speaks for itself.
    pub(super) told_back: Vec<(Rule, Key)>,
    /// Objects this revision dropped behind a guard: making them anew needs no guard.
    pub(super) cleared: BTreeSet<Key>,
}

/// Trigger functions that every server brings along.
const OWN_FUNCTIONS: [&str; 4] = [
    "tsvector_update_trigger",
    "tsvector_update_trigger_column",
    "suppress_redundant_updates_trigger",
    "lo_manage",
];

impl Walk<'_> {
    pub(super) fn revision(&self) -> &Revision {
        &self.revisions[self.revision]
    }

    pub(super) fn origin(&self, at: Span) -> Origin {
        Origin {
            revision: self.revision,
            down: self.down,
            at,
        }
    }

    pub(super) fn place(&self, origin: Origin) -> Place {
        let revision = &self.revisions[origin.revision];
        let empty = Section::default();
        let section = match (&revision.down, origin.down) {
            (_, false) => &revision.up,
            (Down::Sql(down), true) => down,
            (Down::Irreversible(_), true) => &empty,
        };
        let (start, end) = (section.offset + origin.at.start, section.offset + origin.at.end);
        Place::in_text(&revision.file, &revision.text, start, end)
    }

    pub(super) fn here(&self, at: Span) -> Place {
        self.place(self.origin(at))
    }

    /// An error about an object of this revision.
    pub(super) fn error(
        &self,
        rule: Rule,
        at: Span,
        object: &str,
        message: String,
        help: impl Into<String>,
    ) -> Finding {
        Finding::error(rule, self.here(at), message, help).about(object)
    }

    pub(super) fn warning(
        &self,
        rule: Rule,
        at: Span,
        object: &str,
        message: String,
        help: impl Into<String>,
    ) -> Finding {
        self.error(rule, at, object, message, help)
            .with_severity(Severity::Warning)
    }

    pub(super) fn tell(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a finding unless the rule has spoken of this object before.
    pub(super) fn tell_once(&mut self, key: &Key, finding: Finding) {
        let what = (finding.rule, key.clone());
        if self.told.contains(&what) {
            return;
        }
        if self.down {
            self.told_back.push(what.clone());
        }
        self.told.insert(what);
        self.findings.push(finding);
    }

    /// True for schemas that others look after.
    pub(super) fn is_external(&self, schema: &str) -> bool {
        matches!(schema, "pg_catalog" | "information_schema" | "pg_toast")
            || self
                .options
                .external_schemas
                .iter()
                .any(|external| external == schema)
    }

    /// Where an object of this name is made.
    pub(super) fn new_key(&self, space: Space, name: &Name) -> Key {
        match space {
            Space::Schema | Space::Extension => Key::new(space, "", &name.name),
            _ => Key::new(space, name.schema.as_deref().unwrap_or(&self.path), &name.name),
        }
    }

    /// Which object is meant by a name: the first that is there, else where it would be made.
    pub(super) fn key(&self, space: Space, name: &Name) -> Key {
        let plain = self.new_key(space, name);
        if name.schema.is_some() || matches!(space, Space::Schema | Space::Extension) {
            return plain;
        }
        if self.catalogue.holds_temporary() {
            let temporary = Key::new(space, TEMPORARY, &name.name);
            if self.catalogue.has(&temporary) {
                return temporary;
            }
        }
        if self.path == "public" || self.catalogue.has(&plain) {
            return plain;
        }
        let public = Key::new(space, "public", &name.name);
        if self.catalogue.has(&public) {
            public
        } else {
            plain
        }
    }

    /// A function by name alone or with its arguments; `None` if it is not there.
    pub(super) fn routine(&self, name: &Name) -> Option<Key> {
        let exact = self.key(Space::Routine, name);
        if self.catalogue.has(&exact) {
            return Some(exact);
        }
        let schemas: Vec<&str> = match &name.schema {
            Some(schema) => vec![schema.as_str()],
            None => vec![self.path.as_str(), "public"],
        };
        let bare = name.name.split('(').next().unwrap_or(&name.name);
        let mut known = schemas
            .iter()
            .flat_map(|schema| self.catalogue.routines(schema, bare));
        let with_arguments = name.name.contains('(');
        match (known.next(), known.next()) {
            (Some(only), None) if !with_arguments => Some(only),
            (Some(_), _) if with_arguments => None,
            (first, _) => first,
        }
    }

    /// True if a missing function may come from somewhere no revision shows.
    pub(super) fn may_be_foreign(&self, name: &Name) -> bool {
        let external = name
            .schema
            .as_deref()
            .is_some_and(|schema| self.is_external(schema));
        external || self.extensions || OWN_FUNCTIONS.contains(&name.name.as_str())
    }

    pub(super) fn entry(&self, kind: Kind, effect: &Effect, sure: bool) -> Entry {
        Entry {
            kind,
            sure,
            definition: String::new(),
            facts: Facts::None,
            needs: Vec::new(),
            origin: self.origin(effect.at),
        }
    }

    /// O05: the object a statement speaks of is not there. `sure` is false where it may not run at all.
    pub(super) fn absent(&mut self, kind: Kind, key: &Key, named: &Named, sure: bool) {
        if !sure || self.is_external(&key.schema) {
            return;
        }
        let shown = key.shown();
        let rule = if self.down { Rule::R02 } else { Rule::O05 };
        let later = self.first_made.get(key).filter(|made| self.is_later(**made));
        let (message, help) = match later {
            Some(_) => (
                format!("{} `{shown}` is not there yet", kind.word()),
                "put the statement after the one that creates it, or re-parent the revisions".to_owned(),
            ),
            None => (format!("{} `{shown}` is not there", kind.word()), self.near(key)),
        };
        let mut finding = self.error(rule, named.at, &shown, message, help);
        if let Some(later) = later {
            finding = finding.related(&self.place(*later), self.distance(*later, "created here"));
        } else if let Some(opaque) = self.opaque {
            finding = finding
                .with_severity(Severity::Warning)
                .related(&self.place(opaque), "unless this dynamic SQL creates it");
        }
        self.tell_once(key, finding);
    }

    pub(super) fn is_later(&self, made: Origin) -> bool {
        made.revision > self.revision || (made.revision == self.revision && !self.down)
    }

    fn near(&self, key: &Key) -> String {
        let same = self.first_made.keys().filter(|known| {
            known.space == key.space
                && (known.part.is_empty() == key.part.is_empty())
                && self.catalogue.has(known)
        });
        let own = if key.part.is_empty() { &key.name } else { &key.part };
        let elsewhere = same
            .clone()
            .find(|known| known.name == key.name && known.part == key.part && known.schema != key.schema);
        if let Some(elsewhere) = elsewhere {
            return format!("there is `{}`; name the schema", elsewhere.shown());
        }
        let names = same
            .filter(|known| known.schema == key.schema && (key.part.is_empty() || known.name == key.name))
            .map(|known| {
                if key.part.is_empty() {
                    known.name.as_str()
                } else {
                    known.part.as_str()
                }
            });
        match nearest(own, names) {
            Some(near) => format!("did you mean `{near}`? otherwise create it first"),
            None => "create it first, or guard the statement with IF EXISTS".to_owned(),
        }
    }

    /// "created here, 6 revisions earlier".
    pub(super) fn distance(&self, other: Origin, what: &str) -> String {
        let (far, way) = if other.revision > self.revision {
            (other.revision - self.revision, "later")
        } else {
            (self.revision - other.revision, "earlier")
        };
        match far {
            0 => format!("{what}, in this revision"),
            1 => format!("{what}, one revision {way}"),
            _ => format!("{what}, {far} revisions {way}"),
        }
    }

    /// True if a table was there before this revision, so that it may be in use and hold rows.
    pub(super) fn in_use(&self, table: &Key) -> bool {
        self.catalogue.get(table).is_some_and(|entry| {
            entry.sure && entry.origin.revision != self.revision && entry.kind == Kind::Table
        })
    }
}
