//! What the revisions make, read from their SQL: times with a zone, an audit trigger on every table of the business,
//! an index behind every foreign key, a lock file in step.

use std::collections::BTreeMap;

use lineage::{Chain, LOCK_FILE, Revision, Severity as Weight, Statement};

use super::law::{NEVER_DELETED, NOT_AUDITED};
use super::{Finding, Severity, Tree};

mod read;

use read::Reader;

const FOLDER: &str = "migrations/";

/// A table as the revisions leave it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Where it was made.
    made: (String, usize),
    keys: Vec<ForeignKey>,
    /// Leading columns of each index, unique constraint and primary key that holds every row with a value.
    indexes: Vec<Vec<String>>,
    is_audited: bool,
}

#[derive(Debug)]
pub(crate) struct ForeignKey {
    columns: Vec<String>,
    parent: String,
    at: (String, usize),
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let lock_path = format!("{FOLDER}{LOCK_FILE}");
    let revisions = tree.below(FOLDER, ".sql");
    let lock = tree.files.get(&lock_path);
    let files: Vec<(&str, &str)> = revisions
        .chain(lock.map(|text| (lock_path.as_str(), text.as_str())))
        .collect();
    let is_unlocked = !files.is_empty() && lock.is_none();
    let chain = Chain::from_files(files);
    let mut findings: Vec<Finding> = chain.findings().iter().map(of_lineage).collect();
    if is_unlocked {
        findings.push(Finding::error(
            "lock-file",
            (&lock_path, 0),
            "is missing",
            "`magflow migrate rebless` writes it",
        ));
    }
    let mut schema = Schema::default();
    for revision in chain.revisions() {
        for statement in &revision.up.statements {
            findings.extend(schema.take(revision, *statement));
        }
    }
    findings.extend(schema.audit());
    findings.extend(schema.keys());
    findings
}

fn of_lineage(found: &lineage::Finding) -> Finding {
    let severity = match found.severity {
        Weight::Error => Severity::Error,
        Weight::Note | Weight::Warning => Severity::Warning,
    };
    Finding {
        file: found.place.file.clone(),
        line: found.place.line,
        rule: "lineage",
        severity,
        message: format!("{}: {}", found.rule, found.message),
        cure: found.help.clone(),
    }
}

#[derive(Default)]
struct Schema {
    tables: BTreeMap<String, Table>,
}

impl Schema {
    /// Brings the schema along by one statement.
    fn take(&mut self, revision: &Revision, statement: Statement) -> Vec<Finding> {
        let sql = statement.text(&revision.up.sql);
        let place = |at: usize| {
            let place = revision.place_in(&revision.up, statement.start + at);
            (place.file, place.line)
        };
        let reader = Reader::new(sql, &place);
        match reader.starts() {
            ["create", "table", ..] => self.create_table(&reader),
            ["alter", "table", ..] => self.alter_table(&reader),
            ["drop", "table", ..] => {
                for name in reader.dropped() {
                    self.tables.remove(&name);
                }
            }
            ["create", "index", ..] | ["create", "unique", "index", ..] => self.create_index(&reader),
            ["create", "trigger", ..] => self.create_trigger(&reader),
            _ => {}
        }
        reader.zoneless()
    }

    fn create_table(&mut self, reader: &Reader<'_>) {
        let Some((name, at)) = reader.name_after(&["table"]) else {
            return;
        };
        let table = Table {
            made: at,
            keys: reader.foreign_keys(),
            indexes: reader.own_indexes(),
            is_audited: false,
        };
        self.tables.insert(name, table);
    }

    fn alter_table(&mut self, reader: &Reader<'_>) {
        let Some((name, _)) = reader.name_after(&["table"]) else {
            return;
        };
        let Some(mut table) = self.tables.remove(&name) else {
            return;
        };
        table.keys.extend(reader.foreign_keys());
        table.indexes.extend(reader.own_indexes());
        self.tables.insert(reader.renamed_to().unwrap_or(name), table);
    }

    fn create_index(&mut self, reader: &Reader<'_>) {
        let Some((name, _)) = reader.name_after(&["on"]) else {
            return;
        };
        if let (Some(table), Some(columns)) = (self.tables.get_mut(&name), reader.index_columns()) {
            table.indexes.push(columns);
        }
    }

    fn create_trigger(&mut self, reader: &Reader<'_>) {
        let Some((name, _)) = reader.name_after(&["on"]) else {
            return;
        };
        let Some(table) = self.tables.get_mut(&name) else {
            return;
        };
        let sees_all = ["insert", "update", "delete"].iter().all(|word| reader.has(word));
        table.is_audited |= sees_all && reader.calls("audit");
    }

    fn audit(&self) -> Vec<Finding> {
        let reason = |name: &str| NOT_AUDITED.iter().find(|(known, _)| *known == name);
        let unaudited = self
            .tables
            .iter()
            .filter(|(name, table)| !table.is_audited && reason(name).is_none())
            .map(|(name, table)| {
                Finding::error(
                    "audit",
                    (&table.made.0, table.made.1),
                    format!("app.{name} has no audit trigger"),
                    "add a trigger AFTER INSERT OR UPDATE OR DELETE that executes app.audit, or a reason to NOT_AUDITED",
                )
            });
        // Only a real schema is held to the list; a made-up one has other tables.
        let is_whole = self.tables.contains_key("audit_logs");
        let needless = NOT_AUDITED
            .iter()
            .filter(|(name, _)| is_whole && self.tables.get(*name).is_none_or(|table| table.is_audited))
            .map(|(name, _)| {
                Finding::error(
                    "audit",
                    (FOLDER, 0),
                    format!("app.{name} needs no exception"),
                    "take it off NOT_AUDITED in crates/xtask/src/tidy/law.rs",
                )
            });
        unaudited.chain(needless).collect()
    }

    fn keys(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (name, table) in &self.tables {
            for key in &table.keys {
                let is_indexed = table.indexes.iter().any(|index| key.leads(index));
                let stays = NEVER_DELETED.iter().any(|(parent, _)| *parent == key.parent);
                if !is_indexed && !stays {
                    findings.push(Finding::error(
                        "key-index",
                        (&key.at.0, key.at.1),
                        format!(
                            "app.{name} ({}) points to app.{} without an index",
                            key.columns.join(", "),
                            key.parent
                        ),
                        "add an index that begins with these columns and holds every row",
                    ));
                }
            }
        }
        findings
    }
}

impl ForeignKey {
    /// True if the first columns of the index are these, in any order.
    fn leads(&self, index: &[String]) -> bool {
        index
            .get(..self.columns.len())
            .is_some_and(|lead| self.columns.iter().all(|column| lead.contains(column)))
    }
}
