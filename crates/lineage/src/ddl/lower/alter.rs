//! `ALTER ...`: one effect per change.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::ddl::model::{Action, ColumnChange, ColumnDefault, Effect, Guard, Kind, Named};
use crate::ddl::types;

use super::Context;
use super::table::{Piece, cascades, column, default_of, piece};
use super::text::{child, definition, find, fold, literal, name_of, named, tokens};

/// `ALTER TABLE`, and the same changes of foreign tables.
pub(super) fn table(context: &Context, node: &SyntaxNode, out: &mut Vec<Effect>) {
    let Some(table) = name_of(context, find::<ast::TableNameRef>(node)) else {
        return;
    };
    let outer = if child::<ast::IfExists>(node).is_some() {
        Guard::Clause
    } else {
        Guard::None
    };
    for action in node.children().filter_map(ast::AlterTableAction::cast) {
        let syntax = action.syntax();
        let (done, guard) = table_action(context, &table, syntax);
        if let Some(done) = done {
            let guard = if guard.holds() { guard } else { outer.clone() };
            let guarded_only_by_table =
                matches!(done, Action::AddColumn { .. } | Action::AddConstraint { .. });
            let guard = if guarded_only_by_table && !has_guard(syntax) {
                Guard::None
            } else {
                guard
            };
            out.push(context.effect(done, guard, context.span(syntax)));
        }
    }
}

fn has_guard(node: &SyntaxNode) -> bool {
    child::<ast::IfExists>(node).is_some() || child::<ast::IfNotExists>(node).is_some()
}

fn table_action(context: &Context, table: &Named, node: &SyntaxNode) -> (Option<Action>, Guard) {
    let guard = if has_guard(node) {
        Guard::Clause
    } else {
        Guard::None
    };
    let table_named = table.clone();
    let first = |kind: Kind, name: Option<Named>| {
        name.map(|object| Action::Drop {
            kind,
            objects: vec![object],
            table: Some(table_named.clone()),
            cascade: cascades(node),
            concurrently: false,
        })
    };
    let action = match node.kind() {
        SyntaxKind::ADD_COLUMN => column(context, node).map(|column| Action::AddColumn {
            table: table.clone(),
            column: Box::new(column),
        }),
        SyntaxKind::ADD_CONSTRAINT => add_constraint(context, table, node),
        SyntaxKind::DROP_COLUMN => first(Kind::Column, name_of(context, child::<ast::ColumnNameRef>(node))),
        SyntaxKind::DROP_CONSTRAINT => first(
            Kind::Constraint,
            name_of(context, child::<ast::ConstraintNameRef>(node)),
        ),
        SyntaxKind::VALIDATE_CONSTRAINT => {
            name_of(context, child::<ast::ConstraintNameRef>(node)).map(|constraint| Action::Validate {
                table: table.clone(),
                constraint,
            })
        }
        SyntaxKind::ALTER_COLUMN => alter_column(context, table, node),
        SyntaxKind::RENAME_COLUMN => rename_within(context, Kind::Column, table, node),
        SyntaxKind::RENAME_CONSTRAINT => rename_within(context, Kind::Constraint, table, node),
        SyntaxKind::TABLE_RENAME_TO => last_name(node).map(|to| Action::Rename {
            kind: Kind::Table,
            object: table.clone(),
            table: None,
            to,
        }),
        SyntaxKind::SET_SCHEMA => last_name(node).map(|schema| Action::Move {
            kind: Kind::Table,
            object: table.clone(),
            schema,
        }),
        SyntaxKind::ATTACH_PARTITION
        | SyntaxKind::INHERIT_TABLE
        | SyntaxKind::DETACH_PARTITION
        | SyntaxKind::NO_INHERIT_TABLE => attach(context, table, node),
        _ => Some(Action::Alter {
            kind: Kind::Table,
            object: table.clone(),
            table: None,
            definition: definition(node),
        }),
    };
    (action, guard)
}

fn attach(context: &Context, table: &Named, node: &SyntaxNode) -> Option<Action> {
    let other = name_of(context, find::<ast::TableNameRef>(node))?;
    let inherits = matches!(
        node.kind(),
        SyntaxKind::INHERIT_TABLE | SyntaxKind::NO_INHERIT_TABLE
    );
    let (parent, child) = if inherits {
        (other, table.clone())
    } else {
        (table.clone(), other)
    };
    Some(Action::Attach { parent, child })
}

fn add_constraint(context: &Context, table: &Named, node: &SyntaxNode) -> Option<Action> {
    let constraint = node.children().find_map(|child| piece(context, &child, None))?;
    let Piece::Constraint(constraint) = constraint else {
        return None;
    };
    Some(Action::AddConstraint {
        table: table.clone(),
        constraint: Box::new(constraint),
    })
}

fn alter_column(context: &Context, table: &Named, node: &SyntaxNode) -> Option<Action> {
    let column = name_of(context, child::<ast::ColumnNameRef>(node))?;
    let option = node.children().find_map(ast::AlterColumnOption::cast)?;
    let syntax = option.syntax();
    let change = match syntax.kind() {
        SyntaxKind::SET_TYPE => {
            let ty = child::<ast::Type>(syntax)?;
            ColumnChange::Type(types::normalise(&definition(ty.syntax())))
        }
        SyntaxKind::SET_NOT_NULL => ColumnChange::SetNotNull,
        SyntaxKind::DROP_NOT_NULL => ColumnChange::DropNotNull,
        SyntaxKind::DROP_DEFAULT => ColumnChange::Default(ColumnDefault::None),
        SyntaxKind::SET_DEFAULT => ColumnChange::Default(default_of(child::<ast::Expr>(syntax)?.syntax())),
        _ => ColumnChange::Other(definition(syntax)),
    };
    Some(Action::AlterColumn {
        table: table.clone(),
        column,
        change,
    })
}

fn rename_within(context: &Context, kind: Kind, table: &Named, node: &SyntaxNode) -> Option<Action> {
    let old = node.children().next()?;
    Some(Action::Rename {
        kind,
        object: named(context, &old)?,
        table: Some(table.clone()),
        to: last_name(node)?,
    })
}

/// `... TO new_name`, `... SCHEMA new_schema`.
fn last_name(node: &SyntaxNode) -> Option<String> {
    tokens(node)
        .filter(|token| token.kind() != SyntaxKind::SEMICOLON)
        .last()
        .map(|token| fold(token.text()))
}

/// `ALTER TYPE`, `INDEX`, `VIEW`, `SEQUENCE`, `FUNCTION` and the other kinds: rename, move, or some other change.
pub(super) fn other(context: &Context, kind: Kind, node: &SyntaxNode, out: &mut Vec<Effect>) {
    let Some(object_node) = node.children().find(|child| is_reference(child.kind())) else {
        return;
    };
    let Some(object) = object_of(context, kind, &object_node) else {
        return;
    };
    let table = node
        .children()
        .find(|child| matches!(child.kind(), SyntaxKind::ON_RELATION | SyntaxKind::ON_TABLE))
        .and_then(|on| on.children().next())
        .and_then(|on| named(context, &on));
    let guard = if has_guard(node) {
        Guard::Clause
    } else {
        Guard::None
    };
    let change = node
        .children()
        .skip_while(|child| *child != object_node)
        .skip(1)
        .find(|child| !matches!(child.kind(), SyntaxKind::ON_RELATION | SyntaxKind::ON_TABLE));
    let Some(change) = change else {
        return;
    };
    let said = definition(&change);
    let action = if said.starts_with("rename to ") {
        last_name(&change).map(|to| Action::Rename {
            kind,
            object,
            table,
            to,
        })
    } else if said.starts_with("set schema ") {
        last_name(&change).map(|schema| Action::Move { kind, object, schema })
    } else if change.kind() == SyntaxKind::ADD_VALUE {
        let held = if has_guard(&change) {
            Guard::Clause
        } else {
            guard.clone()
        };
        if let Some(label) = literal(&change) {
            out.push(context.effect(Action::AddLabel { of: object, label }, held, context.span(node)));
        }
        return;
    } else {
        Some(Action::Alter {
            kind,
            object,
            table,
            definition: said,
        })
    };
    if let Some(action) = action {
        out.push(context.effect(action, guard, context.span(node)));
    }
}

/// Functions are named with their arguments.
pub(super) fn object_of(context: &Context, kind: Kind, node: &SyntaxNode) -> Option<Named> {
    if kind != Kind::Routine {
        return named(context, node);
    }
    let name = node.children().find(|child| is_reference(child.kind()));
    let mut object = named(context, name.as_ref().unwrap_or(node))?;
    if let Some(arguments) = super::objects::arguments(node) {
        object.name.name = super::objects::routine_name(&object.name.name, &arguments);
    }
    Some(object)
}

/// Nodes that name an object that must be there, of the kinds that we follow.
pub(super) fn is_reference(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::AGGREGATE
            | SyntaxKind::COLUMN_NAME_REF
            | SyntaxKind::CONSTRAINT_NAME_REF
            | SyntaxKind::DOMAIN_REF
            | SyntaxKind::EXTENSION_REF
            | SyntaxKind::FUNCTION_NAME_REF
            | SyntaxKind::FUNCTION_SIG
            | SyntaxKind::INDEX_REF
            | SyntaxKind::NAME_REF
            | SyntaxKind::PATH_REF
            | SyntaxKind::POLICY_REF
            | SyntaxKind::PROCEDURE_NAME_REF
            | SyntaxKind::PROCEDURE_SIG
            | SyntaxKind::RELATION_NAME_REF
            | SyntaxKind::ROUTINE_NAME_REF
            | SyntaxKind::ROUTINE_SIG
            | SyntaxKind::SCHEMA_REF
            | SyntaxKind::SEQUENCE_REF
            | SyntaxKind::TABLE_NAME_REF
            | SyntaxKind::TRIGGER_REF
            | SyntaxKind::TYPE_NAME_REF
            | SyntaxKind::VIEW_REF
    )
}
