//! `DO` blocks: what their PL/pgSQL does, and what stands around it.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::ddl::model::{Guard, Kind, Question};

use super::text::{child, find, tokens};
use super::{Context, Map, Surroundings, node_effects, statement_effects};

/// A body may hold a text that is executed, which may hold a `DO` block, and so on.
const EXECUTES_DEEP_MAX: usize = 4;

pub(super) fn do_block(context: &mut Context, node: &SyntaxNode) {
    let Some(block) = ast::Do::cast(node.clone()) else {
        return;
    };
    let Some(body) = block.plpgsql() else {
        let why = "a DO block in another language than PL/pgSQL";
        return context.opaque(why, context.span(node));
    };
    for error in body.errors() {
        let at = context.map.span(error.range());
        context.opaque(
            &format!("PL/pgSQL that is not understood: {}", error.message()),
            at,
        );
    }
    let outer = context.map.clone();
    context.map = outer.inside(body.clone());
    let root = body.syntax();
    for block in root.children() {
        statement(context, &block);
    }
    context.map = outer;
}

fn statements(context: &mut Context, body: Option<ast::PlpgsqlBody>, around: Surroundings) {
    let Some(body) = body else { return };
    let before = std::mem::replace(&mut context.around, around);
    for child in body.syntax().children() {
        statement(context, &child);
    }
    context.around = before;
}

fn statement(context: &mut Context, node: &SyntaxNode) {
    match node.kind() {
        SyntaxKind::PLPGSQL_BLOCK => block(context, node),
        SyntaxKind::PLPGSQL_IF_STMT => condition(context, node),
        SyntaxKind::PLPGSQL_EXEC_SQL_STMT => {
            for inner in node.children() {
                node_effects(context, &inner);
            }
        }
        SyntaxKind::PLPGSQL_DO_STMT => {
            for inner in node.children().filter(|child| child.kind() == SyntaxKind::DO) {
                do_block(context, &inner);
            }
        }
        SyntaxKind::PLPGSQL_DYN_EXECUTE_STMT => execute(context, node),
        _ => {
            let unsure = Surroundings::unsure();
            for body in node.children().flat_map(|child| own_bodies(&child)) {
                statements(context, Some(body), unsure.clone());
            }
        }
    }
}

/// The bodies of loops and `CASE`, which stand directly or one level down.
fn own_bodies(node: &SyntaxNode) -> Vec<ast::PlpgsqlBody> {
    match ast::PlpgsqlBody::cast(node.clone()) {
        Some(body) => vec![body],
        None => node.children().filter_map(ast::PlpgsqlBody::cast).collect(),
    }
}

fn block(context: &mut Context, node: &SyntaxNode) {
    let Some(block) = ast::PlpgsqlBlock::cast(node.clone()) else {
        return;
    };
    let handlers = block.exception();
    let around = if handlers.is_some() {
        Surroundings {
            guard: Guard::Caught,
            sure: context.around.sure,
        }
    } else {
        context.around.clone()
    };
    statements(context, block.body(), around);
    let unsure = Surroundings::unsure();
    for handler in handlers.iter().flat_map(ast::PlpgsqlExceptionSection::handlers) {
        statements(context, handler.body(), unsure.clone());
    }
}

fn condition(context: &mut Context, node: &SyntaxNode) {
    let Some(choice) = ast::PlpgsqlIfStmt::cast(node.clone()) else {
        return;
    };
    let unsure = Surroundings::unsure();
    let asked = choice.cond().map(|cond| question(context, cond.syntax()));
    let then = match asked {
        Some(question) if question.kind.is_some() || !question.texts.is_empty() => Surroundings {
            guard: Guard::Asked(question),
            sure: false,
        },
        Some(_) | None => unsure.clone(),
    };
    statements(context, choice.then_body(), then);
    for other in choice.elsifs() {
        statements(context, other.body(), unsure.clone());
    }
    statements(
        context,
        choice.else_clause().and_then(|clause| clause.body()),
        unsure,
    );
}

/// Catalogue tables and functions, and the kind of object one looks for in them. The more special ones first.
const LOOKED_UP: [(&str, Kind); 24] = [
    ("columns", Kind::Column),
    ("pg_attribute", Kind::Column),
    ("pg_constraint", Kind::Constraint),
    ("table_constraints", Kind::Constraint),
    ("referential_constraints", Kind::Constraint),
    ("pg_trigger", Kind::Trigger),
    ("triggers", Kind::Trigger),
    ("pg_policies", Kind::Policy),
    ("pg_policy", Kind::Policy),
    ("pg_indexes", Kind::Index),
    ("pg_index", Kind::Index),
    ("pg_proc", Kind::Routine),
    ("routines", Kind::Routine),
    ("pg_type", Kind::Type),
    ("pg_enum", Kind::Type),
    ("pg_extension", Kind::Extension),
    ("pg_views", Kind::View),
    ("pg_matviews", Kind::MaterializedView),
    ("pg_sequences", Kind::Sequence),
    ("sequences", Kind::Sequence),
    ("schemata", Kind::Schema),
    ("pg_namespace", Kind::Schema),
    ("tables", Kind::Table),
    ("pg_tables", Kind::Table),
];

fn question(context: &Context, cond: &SyntaxNode) -> Question {
    let words: Vec<String> = tokens(cond)
        .filter(|token| !token.text().starts_with('\''))
        .map(|token| token.text().to_ascii_lowercase())
        .collect();
    let kind = LOOKED_UP
        .iter()
        .find(|(table, _)| words.iter().any(|word| word == table))
        .map(|(_, kind)| *kind);
    let texts = cond
        .descendants()
        .filter_map(ast::Literal::cast)
        .filter_map(|literal| literal.string_value())
        .flat_map(|text| {
            let parts: Vec<String> = text
                .to_lowercase()
                .split('.')
                .map(|part| part.trim_matches('"').to_owned())
                .collect();
            parts
        })
        .collect();
    Question {
        kind,
        texts,
        at: context.span(cond),
    }
}

/// First words of statements that change rows or rights, not the schema.
const HARMLESS: [&str; 12] = [
    "select", "insert", "update", "delete", "merge", "with", "grant", "revoke", "comment", "analyze",
    "notify", "set",
];

fn execute(context: &mut Context, node: &SyntaxNode) {
    let at = context.span(node);
    let query = child::<ast::PlpgsqlExpr>(node);
    let literal = query
        .as_ref()
        .and_then(|query| find::<ast::Literal>(query.syntax()));
    let text = literal
        .as_ref()
        .and_then(ast::Literal::string_value)
        .unwrap_or_default();
    let first = text.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
    if HARMLESS.contains(&first.as_str()) {
        return;
    }
    let whole = query.as_ref().is_some_and(|query| {
        tokens(query.syntax())
            .filter(|token| token.kind() != SyntaxKind::SEMICOLON)
            .count()
            == 1
    });
    if whole && !text.is_empty() && context.depth < EXECUTES_DEEP_MAX {
        let outer = context.map.clone();
        context.map = Map::Fixed(at);
        context.depth += 1;
        statement_effects(context, &text);
        context.depth -= 1;
        context.map = outer;
    } else {
        context.opaque("dynamic SQL, put together when it runs", at);
    }
}
