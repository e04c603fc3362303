//! Tables, their columns and constraints.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::ddl::model::{Action, Column, ColumnDefault, Constraint, ConstraintRule, Named, Table};
use crate::ddl::types;

use super::Context;
use super::text::{child, columns, definition, definition_without, find, has_token, name_of, named, tokens};

/// Functions that give each row another value. Others give all rows the value of one moment.
const EACH_ROW: [&str; 9] = [
    "gen_random_uuid",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
    "random",
    "clock_timestamp",
    "timeofday",
    "nextval",
];

pub(super) fn create(context: &Context, node: &SyntaxNode) -> Option<Action> {
    let mut name = name_of(context, child::<ast::TableName>(node))?;
    if is_temporary(node) {
        name.name.schema = Some("pg_temp".to_owned());
    }
    let mut table = Table {
        name,
        columns: Vec::new(),
        constraints: Vec::new(),
        from: Vec::new(),
        open: false,
        definition: String::new(),
    };
    for parents in node
        .children()
        .filter(|child| matches!(child.kind(), SyntaxKind::INHERITS | SyntaxKind::PARTITION_OF))
    {
        let names = parents.descendants().filter_map(ast::TableNameRef::cast);
        table
            .from
            .extend(names.filter_map(|name| named(context, name.syntax())));
    }
    table.open = !table.from.is_empty()
        || child::<ast::OfType>(node).is_some()
        || node.kind() == SyntaxKind::CREATE_TABLE_AS;
    if let Some(list) = child::<ast::TableArgList>(node) {
        for argument in list.args() {
            argument_of(context, &argument, &mut table);
        }
    }
    table.definition = definition_without(
        node,
        &[
            SyntaxKind::TABLE_ARG_LIST,
            SyntaxKind::TABLE_NAME,
            SyntaxKind::IF_NOT_EXISTS,
        ],
    );
    Some(Action::CreateTable(Box::new(table)))
}

fn is_temporary(node: &SyntaxNode) -> bool {
    child::<ast::Persistence>(node).is_some_and(|persistence| {
        tokens(persistence.syntax())
            .any(|token| matches!(token.kind(), SyntaxKind::TEMP_KW | SyntaxKind::TEMPORARY_KW))
    })
}

fn argument_of(context: &Context, argument: &ast::TableArg, table: &mut Table) {
    match argument {
        ast::TableArg::Column(node) => table.columns.extend(column(context, node.syntax())),
        ast::TableArg::LikeClause(like) => {
            table.open = true;
            table.from.extend(name_of(context, like.relation_name_ref()));
        }
        ast::TableArg::TableConstraint(node) => {
            if let Some(Piece::Constraint(constraint)) = piece(context, node.syntax(), None) {
                table.constraints.push(constraint);
            }
        }
    }
}

/// A column of `CREATE TABLE` or `ADD COLUMN`: both hold name, type and constraints as children.
pub(super) fn column(context: &Context, node: &SyntaxNode) -> Option<Column> {
    let name = name_of(context, child::<ast::ColumnName>(node))?;
    let ty_node = child::<ast::Type>(node);
    let ty = ty_node
        .as_ref()
        .map(|ty| types::normalise(&definition(ty.syntax())))
        .unwrap_or_default();
    let user_type = match &ty_node {
        Some(node) if !types::is_builtin(&ty) => user_type(context, node.syntax()),
        Some(_) | None => None,
    };
    let mut column = Column {
        numbered: types::is_serial(&ty),
        not_null: types::is_serial(&ty),
        user_type,
        ty,
        name,
        default: ColumnDefault::None,
        stored: false,
        definition: String::new(),
        constraints: Vec::new(),
    };
    let own = column.name.name.name.clone();
    for clause in node.children() {
        match piece(context, &clause, Some(&own)) {
            Some(Piece::NotNull) => column.not_null = true,
            Some(Piece::Default(default)) => column.default = default,
            Some(Piece::Identity) => {
                column.numbered = true;
                column.not_null = true;
                column.definition = definition(&clause);
            }
            Some(Piece::Stored) => {
                column.stored = true;
                column.definition = definition(&clause);
            }
            Some(Piece::Constraint(constraint)) => {
                column.not_null |= constraint.rule == ConstraintRule::PrimaryKey;
                column.constraints.push(constraint);
            }
            None => {}
        }
    }
    if let Some(collate) = child::<ast::Collate>(node) {
        column.definition.push_str(&definition(collate.syntax()));
    }
    Some(column)
}

fn user_type(context: &Context, node: &SyntaxNode) -> Option<Named> {
    let path = find::<ast::PathRef>(node)?;
    named(context, path.syntax())
}

/// What one clause beside a column, or one constraint of a table, says.
pub(super) enum Piece {
    NotNull,
    Default(ColumnDefault),
    Identity,
    Stored,
    Constraint(Constraint),
}

pub(super) fn piece(context: &Context, node: &SyntaxNode, column: Option<&str>) -> Option<Piece> {
    let constraint = ast::Constraint::cast(node.clone())?;
    let own = || column.map(str::to_owned).into_iter().collect::<Vec<_>>();
    let rule_and_columns = match &constraint {
        ast::Constraint::NotNullConstraint(clause) => match (column, clause.column_name_ref()) {
            (Some(_), _) => return Some(Piece::NotNull),
            (None, Some(name)) => (ConstraintRule::NotNull, columns(name.syntax())),
            (None, None) => return None,
        },
        ast::Constraint::NullConstraint(_) => return None,
        ast::Constraint::DefaultConstraint(clause) => {
            return Some(Piece::Default(default_of(clause.expr()?.syntax())));
        }
        ast::Constraint::GeneratedConstraint(clause) => {
            return Some(match clause.generated_as()? {
                ast::GeneratedAs::GeneratedIdentity(_) => Piece::Identity,
                ast::GeneratedAs::GeneratedStored(_) => Piece::Stored,
            });
        }
        ast::Constraint::CheckConstraint(clause) => {
            let mut about = own();
            if about.is_empty() {
                about = clause
                    .expr()
                    .map(|expr| names_in(expr.syntax()))
                    .unwrap_or_default();
            }
            (ConstraintRule::Check, about)
        }
        ast::Constraint::ExcludeConstraint(_) => (ConstraintRule::Exclude, Vec::new()),
        ast::Constraint::PrimaryKeyConstraint(clause) => (
            ConstraintRule::PrimaryKey,
            key_columns(clause.index_parameters(), own()),
        ),
        ast::Constraint::UniqueConstraint(clause) => (
            ConstraintRule::Unique,
            key_columns(clause.index_parameters(), own()),
        ),
        ast::Constraint::ReferencesConstraint(clause) => {
            let target = name_of(context, clause.table())?;
            let there = clause
                .column()
                .map(|name| columns(name.syntax()))
                .unwrap_or_default();
            (
                ConstraintRule::Foreign {
                    target,
                    columns: there,
                },
                own(),
            )
        }
        ast::Constraint::ForeignKeyConstraint(clause) => {
            let target = name_of(context, clause.table_name_ref())?;
            let list = |list: Option<ast::ForeignKeyColumnList>| {
                list.map(|list| columns(list.syntax())).unwrap_or_default()
            };
            let rule = ConstraintRule::Foreign {
                target,
                columns: list(clause.to_columns()),
            };
            (rule, list(clause.from_columns()))
        }
    };
    let (rule, about) = rule_and_columns;
    Some(Piece::Constraint(build(context, &constraint, rule, about)))
}

fn build(context: &Context, node: &ast::Constraint, rule: ConstraintRule, about: Vec<String>) -> Constraint {
    let syntax = node.syntax();
    let left_out = [SyntaxKind::CONSTRAINT_NAME_CLAUSE, SyntaxKind::NOT_VALID];
    let said = definition_without(syntax, &left_out);
    let definition = match &rule {
        ConstraintRule::PrimaryKey | ConstraintRule::Unique => {
            let rest = definition_without(
                syntax,
                &[
                    SyntaxKind::CONSTRAINT_NAME_CLAUSE,
                    SyntaxKind::CONSTRAINT_COLUMN_REF_LIST,
                ],
            );
            format!("{rest} ({})", about.join(", "))
        }
        ConstraintRule::Foreign { .. } => {
            let at = said.find("references").unwrap_or(0);
            format!("foreign key ({}) {}", about.join(", "), &said[at..])
        }
        ConstraintRule::Check | ConstraintRule::Exclude | ConstraintRule::NotNull => said,
    };
    let name = node
        .constraint_name()
        .and_then(|name| named(context, name.syntax()));
    Constraint {
        name: name.map(|name| name.name.name),
        rule,
        columns: about,
        not_valid: node.is_not_valid(),
        using_index: find::<ast::UsingIndexName>(syntax)
            .and_then(|using| name_of(context, using.index_ref()))
            .map(|index| index.name.name),
        definition,
        at: context.span(syntax),
    }
}

fn key_columns(parameters: Option<ast::IndexParameters>, own: Vec<String>) -> Vec<String> {
    let listed = parameters
        .and_then(|parameters| parameters.column_list())
        .map(|list| columns(list.syntax()))
        .unwrap_or_default();
    if listed.is_empty() { own } else { listed }
}

/// Plain names in an expression, each once: the columns a check speaks of.
fn names_in(expr: &SyntaxNode) -> Vec<String> {
    let mut names = Vec::new();
    let references = expr.descendants().filter(|node| {
        node.kind() == SyntaxKind::NAME_REF
            && node.parent().is_none_or(|up| up.kind() != SyntaxKind::CALL_EXPR)
    });
    for node in references {
        let name = tokens(&node).next().map(|token| super::text::fold(token.text()));
        if let Some(name) = name.filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    names
}

pub(super) fn default_of(expr: &SyntaxNode) -> ColumnDefault {
    let text = definition(expr);
    let each_row = expr
        .descendants()
        .filter(|node| node.kind() == SyntaxKind::CALL_EXPR)
        .any(|call| {
            let function = tokens(&call)
                .take_while(|token| token.kind() != SyntaxKind::L_PAREN)
                .last()
                .map(|token| super::text::fold(token.text()));
            function.is_some_and(|name| EACH_ROW.contains(&name.as_str()))
        });
    if text == "null" {
        ColumnDefault::None
    } else if each_row {
        ColumnDefault::EachRow(text)
    } else {
        ColumnDefault::Once(text)
    }
}

pub(super) fn cascades(node: &SyntaxNode) -> bool {
    node.children()
        .any(|child| has_token(&child, SyntaxKind::CASCADE_KW))
        || has_token(node, SyntaxKind::CASCADE_KW)
}
