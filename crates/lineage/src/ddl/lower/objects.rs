//! Everything that is created and is not a table; and `DROP` of anything.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::ddl::model::{Action, Index, Kind, Named, Routine, Sequence, Trigger, TypeDefinition, View};
use crate::ddl::types;

use super::Context;
use super::alter::{is_reference, object_of};
use super::table::cascades;
use super::text::{
    child, definition, definition_without, dotted, find, fold, has_token, name_of, named, tokens,
};

pub(super) fn schema(context: &Context, node: &SyntaxNode) -> Option<Action> {
    let name = ast::CreateSchema::cast(node.clone())?.schema_name()?;
    named(context, &name).map(Action::CreateSchema)
}

pub(super) fn extension(context: &Context, node: &SyntaxNode) -> Option<Action> {
    name_of(context, child::<ast::Extension>(node)).map(Action::CreateExtension)
}

pub(super) fn index(context: &Context, node: &SyntaxNode) -> Option<Action> {
    let index = ast::CreateIndex::cast(node.clone())?;
    let table = name_of(context, find::<ast::TableNameRef>(node))?;
    let items: Vec<ast::PartitionItem> = index.partition_item_list()?.partition_items().collect();
    let columns = items.iter().map(|item| plain_column(item.syntax())).collect();
    let said = definition_without(
        node,
        &[
            SyntaxKind::INDEX,
            SyntaxKind::IF_NOT_EXISTS,
            SyntaxKind::TABLE_RELATION_NAME,
        ],
    );
    let definition = said.replace(" concurrently", "").replace(" using btree", "");
    Some(Action::CreateIndex(Box::new(Index {
        name: name_of(context, index.index()),
        table,
        columns,
        unique: index.unique_token().is_some(),
        partial: index.where_clause().is_some(),
        concurrently: index.concurrently_token().is_some(),
        definition,
    })))
}

/// The one name an index item is, whatever its order and operator class.
fn plain_column(item: &SyntaxNode) -> Option<String> {
    let expr = child::<ast::Expr>(item)?;
    let mut words = tokens(expr.syntax());
    let first = words.next()?;
    words.next().is_none().then(|| fold(first.text()))
}

pub(super) fn view(context: &Context, node: &SyntaxNode, kind: Kind) -> Option<Action> {
    let name = name_of(context, child::<ast::View>(node))?;
    Some(Action::CreateView(Box::new(View {
        name,
        kind,
        reads: reads(context, node),
        definition: definition_without(
            node,
            &[
                SyntaxKind::VIEW,
                SyntaxKind::IF_NOT_EXISTS,
                SyntaxKind::OR_REPLACE,
            ],
        ),
    })))
}

/// Relations in the `FROM` lists below a node, without the names of its own `WITH` queries.
pub(super) fn reads(context: &Context, node: &SyntaxNode) -> Vec<Named> {
    let own: Vec<String> = node
        .descendants()
        .filter_map(ast::CteName::cast)
        .filter_map(|name| tokens(name.syntax()).next())
        .map(|token| fold(token.text()))
        .collect();
    let mut out: Vec<Named> = Vec::new();
    for item in node.descendants().filter_map(ast::RelationFromItem::cast) {
        let Some(read) = name_of(context, item.relation_name_ref()) else {
            continue;
        };
        let is_own = read.name.schema.is_none() && own.contains(&read.name.name);
        if !is_own && !out.iter().any(|known| known.name == read.name) {
            out.push(read);
        }
    }
    out
}

pub(super) fn sequence(context: &Context, node: &SyntaxNode) -> Option<Action> {
    Some(Action::CreateSequence(Box::new(Sequence {
        name: name_of(context, child::<ast::Sequence>(node))?,
        definition: definition_without(node, &[SyntaxKind::SEQUENCE, SyntaxKind::IF_NOT_EXISTS]),
    })))
}

pub(super) fn type_definition(context: &Context, node: &SyntaxNode) -> Option<Action> {
    let named_node = node
        .children()
        .find(|child| matches!(child.kind(), SyntaxKind::TYPE_NAME | SyntaxKind::DOMAIN))?;
    let labels = find::<ast::EnumType>(node).map(|list| {
        let literals = list.syntax().descendants().filter_map(ast::Literal::cast);
        literals.filter_map(|label| label.string_value()).collect()
    });
    Some(Action::CreateType(Box::new(TypeDefinition {
        name: named(context, &named_node)?,
        labels,
        definition: definition_without(node, &[SyntaxKind::TYPE_NAME, SyntaxKind::DOMAIN]),
    })))
}

pub(super) fn routine(context: &Context, node: &SyntaxNode) -> Option<Action> {
    let kinds = [
        SyntaxKind::FUNCTION_NAME,
        SyntaxKind::PROCEDURE_NAME,
        SyntaxKind::AGGREGATE_NAME,
    ];
    let name_node = node.children().find(|child| kinds.contains(&child.kind()))?;
    let mut left_out = kinds.to_vec();
    left_out.push(SyntaxKind::OR_REPLACE);
    Some(Action::CreateRoutine(Box::new(Routine {
        name: named(context, &name_node)?,
        arguments: Some(arguments(node).unwrap_or_default()),
        definition: definition_without(node, &left_out),
    })))
}

/// Types of the input parameters: what tells two functions of one name apart.
pub(super) fn arguments(node: &SyntaxNode) -> Option<Vec<String>> {
    let list = child::<ast::ParamList>(node)?;
    let input = list.params().filter(|param| {
        let mode = param
            .mode()
            .map(|mode| definition(mode.syntax()))
            .unwrap_or_default();
        mode != "out"
    });
    let types = input.map(|param| {
        let ty = param
            .func_type()
            .map(|ty| definition(ty.syntax()))
            .unwrap_or_default();
        types::normalise(ty.split(" (").next().unwrap_or(&ty))
    });
    Some(types.collect())
}

/// A function's name in the catalogue.
pub(super) fn routine_name(name: &str, arguments: &[String]) -> String {
    format!("{name}({})", arguments.join(", "))
}

pub(super) fn trigger(context: &Context, node: &SyntaxNode) -> Option<Action> {
    let table_node = child::<ast::OnRelation>(node)?;
    let call = child::<ast::CallExpr>(node);
    Some(Action::CreateTrigger(Box::new(Trigger {
        name: name_of(context, child::<ast::Trigger>(node))?,
        table: name_of(context, table_node.relation_name_ref())?,
        function: call.and_then(|call| called(context, call.syntax())),
        definition: definition_without(node, &[SyntaxKind::OR_REPLACE, SyntaxKind::ON_RELATION]),
    })))
}

/// The function a call names.
fn called(context: &Context, call: &SyntaxNode) -> Option<Named> {
    let name = tokens(call).take_while(|token| token.kind() != SyntaxKind::L_PAREN);
    dotted(context, call, name)
}

pub(super) fn policy(context: &Context, node: &SyntaxNode) -> Option<Action> {
    Some(Action::CreatePolicy {
        table: name_of(context, find::<ast::TableNameRef>(node))?,
        policy: name_of(context, child::<ast::Policy>(node))?,
        definition: definition_without(node, &[SyntaxKind::ON_TABLE]),
    })
}

/// `DROP` of one or several objects of a kind.
pub(super) fn drop(context: &Context, kind: Kind, node: &SyntaxNode) -> Option<Action> {
    let table = node
        .children()
        .find(|child| matches!(child.kind(), SyntaxKind::ON_RELATION | SyntaxKind::ON_TABLE))
        .and_then(|on| on.children().next())
        .and_then(|on| named(context, &on));
    let lists = node.children().flat_map(|child| {
        let is_list = matches!(
            child.kind(),
            SyntaxKind::FUNCTION_SIG_LIST | SyntaxKind::PROCEDURE_SIG_LIST | SyntaxKind::ROUTINE_SIG_LIST
        );
        if is_list {
            child.children().collect()
        } else {
            vec![child]
        }
    });
    let objects: Vec<Named> = lists
        .filter(|child| is_reference(child.kind()))
        .filter_map(|child| object_of(context, kind, &child))
        .collect();
    (!objects.is_empty()).then(|| Action::Drop {
        kind,
        objects,
        table,
        cascade: cascades(node),
        concurrently: has_token(node, SyntaxKind::CONCURRENTLY_KW),
    })
}
