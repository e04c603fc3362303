//! Effects in words: what a statement does to which object.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "settings do nothing to an object; what is new in the model is silent here until it has words"
)]

use serde::Serialize;

use super::model::{Action, ColumnChange, Effect, Kind, Name, Named, RowChange};

/// One effect as a sentence would have it: "creates", "table", "app.invoice".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// `creates`, `adds`, `alters`, `drops` and the like.
    pub verb: &'static str,
    /// What kind of object.
    pub kind: &'static str,
    /// Its name; parts of tables with the table before them.
    pub object: String,
}

/// What an effect does; `None` for settings.
pub(crate) fn tell(effect: &Effect) -> Vec<Told> {
    let one = |verb, kind: Kind, name: &Name| vec![told(verb, kind, name.to_string())];
    match &effect.action {
        Action::CreateSchema(name) => one("creates", Kind::Schema, &name.name),
        Action::CreateExtension(name) => one("creates", Kind::Extension, &name.name),
        Action::CreateTable(table) => one("creates", Kind::Table, &table.name.name),
        Action::CreateView(view) => one("creates", view.kind, &view.name.name),
        Action::CreateSequence(sequence) => one("creates", Kind::Sequence, &sequence.name.name),
        Action::CreateIndex(index) => {
            let name = index
                .name
                .as_ref()
                .map_or("without a name".to_owned(), |name| name.name.to_string());
            vec![told(
                "creates",
                Kind::Index,
                format!("{name} on {}", index.table.name),
            )]
        }
        Action::CreateType(definition) => one("creates", Kind::Type, &definition.name.name),
        Action::CreateRoutine(routine) => one("creates", Kind::Routine, &routine.name.name),
        Action::CreateTrigger(trigger) => vec![part("creates", Kind::Trigger, &trigger.table, &trigger.name)],
        Action::CreatePolicy { table, policy, .. } => vec![part("creates", Kind::Policy, table, policy)],
        Action::AddColumn { table, column } => vec![part("adds", Kind::Column, table, &column.name)],
        Action::AddConstraint { table, constraint } => {
            let name = constraint.name.as_deref().unwrap_or(&constraint.definition);
            vec![told("adds", Kind::Constraint, format!("{}.{name}", table.name))]
        }
        other => changed(other),
    }
}

/// The same for what is there already.
fn changed(action: &Action) -> Vec<Told> {
    let one = |verb, kind: Kind, name: &Name| vec![told(verb, kind, name.to_string())];
    match action {
        Action::AlterColumn {
            table,
            column,
            change,
        } => vec![part(altered(change), Kind::Column, table, column)],
        Action::Validate { table, constraint } => {
            vec![part("validates", Kind::Constraint, table, constraint)]
        }
        Action::AddLabel { of, label } => {
            vec![told(
                "adds a label to",
                Kind::Type,
                format!("{} '{label}'", of.name),
            )]
        }
        Action::Attach { parent, child } => {
            vec![told(
                "attaches or detaches",
                Kind::Table,
                format!("{} of {}", child.name, parent.name),
            )]
        }
        Action::Alter {
            kind, object, table, ..
        } => vec![whole_or_part("alters", *kind, table.as_ref(), object)],
        Action::Rename {
            kind,
            object,
            table,
            to,
        } => {
            let mut told = whole_or_part("renames", *kind, table.as_ref(), object);
            told.object = format!("{} to {to}", told.object);
            vec![told]
        }
        Action::Move { kind, object, schema } => {
            vec![told(
                "moves",
                *kind,
                format!("{} to schema {schema}", object.name),
            )]
        }
        Action::Drop {
            kind, objects, table, ..
        } => objects
            .iter()
            .map(|object| whole_or_part("drops", *kind, table.as_ref(), object))
            .collect(),
        Action::Rows { table, change } => one(rows(*change), Kind::Table, &table.name),
        Action::Maintain { command, object, .. } => vec![told(command, Kind::Table, object.name.to_string())],
        Action::Opaque(why) => vec![Told {
            verb: "hides",
            kind: "statement",
            object: why.clone(),
        }],
        _ => Vec::new(),
    }
}

fn told(verb: &'static str, kind: Kind, object: String) -> Told {
    Told {
        verb,
        kind: kind.word(),
        object,
    }
}

fn part(verb: &'static str, kind: Kind, table: &Named, name: &Named) -> Told {
    told(verb, kind, format!("{}.{}", table.name, name.name.name))
}

fn whole_or_part(verb: &'static str, kind: Kind, table: Option<&Named>, object: &Named) -> Told {
    match table {
        Some(table) => part(verb, kind, table, object),
        None => told(verb, kind, object.name.to_string()),
    }
}

fn altered(change: &ColumnChange) -> &'static str {
    match change {
        ColumnChange::Type(_) => "changes the type of",
        ColumnChange::SetNotNull => "sets NOT NULL on",
        ColumnChange::DropNotNull => "drops NOT NULL of",
        ColumnChange::Default(_) => "changes the default of",
        ColumnChange::Other(_) => "alters",
    }
}

fn rows(change: RowChange) -> &'static str {
    match change {
        RowChange::Write => "writes rows of",
        RowChange::RemoveAll | RowChange::RemoveAllCascade => "empties",
        RowChange::RemoveSome => "removes rows of",
    }
}
