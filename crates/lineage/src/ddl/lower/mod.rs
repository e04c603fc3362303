//! From SQL to effects. The only module that names types of the parser, whose tree changes with every release.
//!
//! Each statement is read for itself: one that is not understood hides no other. Statements of unusual
//! length or depth are not given to the parser, which descends into them on the stack.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "the parser knows over a thousand kinds of node, and other versions know others"
)]

mod alter;
mod body;
mod objects;
mod rows;
mod table;
mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use squawk_syntax::plpgsql::Plpgsql;
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode, ast};

use text_size::TextRange;

use crate::core::script::Statement;
use crate::core::token::{Token, TokenKind, tokenize};
use crate::ddl::model::{Action, Effect, Guard, Kind, Span};

use text::child;

/// More tokens than any DDL statement has; each may cost the parser a few calls on the stack.
const TOKENS_MAX: usize = 10_000;
/// Deeper brackets than people write.
const DEPTH_MAX: usize = 100;

/// The effects of the statements of one section, in order. Spans are ranges of `sql`.
pub(crate) fn lower(sql: &str, statements: &[Statement]) -> Vec<Effect> {
    let mut out = Vec::new();
    for (number, statement) in statements.iter().enumerate() {
        let mut context = Context {
            map: Map::Shift(statement.start),
            around: Surroundings {
                guard: Guard::None,
                sure: true,
            },
            statement: number,
            depth: 0,
            out: Vec::new(),
        };
        statement_effects(&mut context, statement.text(sql));
        out.append(&mut context.out);
    }
    out
}

/// What stands around a statement.
#[derive(Clone)]
struct Surroundings {
    guard: Guard,
    sure: bool,
}

impl Surroundings {
    /// Something that may not run at all; what guards it is not known.
    fn unsure() -> Self {
        Self {
            guard: Guard::None,
            sure: false,
        }
    }
}

/// From places in a parsed text to places in the section.
#[derive(Clone)]
enum Map {
    /// A statement of the section itself.
    Shift(usize),
    /// The body of a `DO` block.
    Inside(Rc<Map>, Rc<Plpgsql>),
    /// A text that is executed: everything in it stands where `EXECUTE` stands.
    Fixed(Span),
}

impl Map {
    fn inside(&self, body: Plpgsql) -> Self {
        Self::Inside(Rc::new(self.clone()), Rc::new(body))
    }

    fn span(&self, range: TextRange) -> Span {
        match self {
            Self::Shift(by) => Span {
                start: usize::from(range.start()) + by,
                end: usize::from(range.end()) + by,
            },
            Self::Fixed(at) => *at,
            Self::Inside(outer, body) => outer.span(body.source_range(range)),
        }
    }
}

/// Where we are and what was found so far.
struct Context {
    map: Map,
    around: Surroundings,
    statement: usize,
    depth: usize,
    out: Vec<Effect>,
}

impl Context {
    fn span(&self, node: &SyntaxNode) -> Span {
        // Comments before the first token belong to the node for the parser, not for a reader.
        let first = text::tokens(node).next();
        let range = node.text_range();
        let start = first.map_or(range.start(), |token| token.text_range().start());
        self.map.span(TextRange::new(start.min(range.end()), range.end()))
    }

    fn effect(&self, action: Action, guard: Guard, at: Span) -> Effect {
        let guard = if guard.holds() {
            guard
        } else {
            self.around.guard.clone()
        };
        Effect {
            action,
            guard,
            sure: self.around.sure,
            at,
            statement: self.statement,
        }
    }

    fn opaque(&mut self, why: &str, at: Span) {
        let effect = self.effect(Action::Opaque(why.to_owned()), Guard::None, at);
        self.out.push(effect);
    }
}

/// The effects of one statement given as text.
fn statement_effects(context: &mut Context, sql: &str) {
    let whole = |sql: &str| TextRange::up_to(u32::try_from(sql.len()).unwrap_or(u32::MAX).into());
    let words = crate::core::script::leading_words(sql, 1);
    let first = words.first().map_or("", String::as_str);
    if !matches!(first, "create" | "alter" | "drop" | "do") {
        if let Some(mut action) = rows::read(sql) {
            shift(context, &mut action);
            let at = context.map.span(whole(sql));
            out_push(context, action, at);
        }
        return;
    }
    if let Some(why) = too_much(sql, 0) {
        let at = context.map.span(whole(sql));
        return context.opaque(why, at);
    }
    // The parser promises to return whatever it is given; should it not, the rest of the chain is still judged.
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let parse = SourceFile::parse(sql);
        (parse.errors(), parse.syntax_node())
    }));
    let Ok((errors, root)) = parsed else {
        let at = context.map.span(whole(sql));
        return context.opaque("a statement the parser fails on", at);
    };
    let sure = context.around.sure;
    if let Some(error) = errors.first() {
        let at = context.map.span(error.range());
        context.opaque(
            &format!("a statement that is not understood: {}", error.message()),
            at,
        );
        context.around.sure = false;
    }
    for node in root.children() {
        node_effects(context, &node);
    }
    context.around.sure = sure;
}

fn out_push(context: &mut Context, action: Action, at: Span) {
    let effect = context.effect(action, Guard::None, at);
    context.out.push(effect);
}

/// `rows` counts from the beginning of its text; the section counts from its own.
fn shift(context: &Context, action: &mut Action) {
    let name = match action {
        Action::Rows { table, .. } => table,
        Action::Maintain { object, .. } => object,
        _ => return,
    };
    let size = |at: usize| u32::try_from(at).unwrap_or(u32::MAX).into();
    name.at = context
        .map
        .span(TextRange::new(size(name.at.start), size(name.at.end)));
}

/// Why a statement is not given to the parser, if so.
fn too_much(sql: &str, depth: usize) -> Option<&'static str> {
    let tokens = tokenize(sql).ok()?;
    if tokens.len() > TOKENS_MAX {
        return Some("a statement too long to look into");
    }
    let mut open = 0_usize;
    for token in &tokens {
        let text = token.text(sql);
        match (token.kind, text) {
            (TokenKind::Mark, "(" | "[") => open += 1,
            (TokenKind::Mark, ")" | "]") => open = open.saturating_sub(1),
            (TokenKind::DollarText | TokenKind::Text, _) if depth < 4 => {
                if let Some(why) = too_much(inner(token, text), depth + 1) {
                    return Some(why);
                }
            }
            (_, _) => {}
        }
        if open > DEPTH_MAX {
            return Some("a statement too deep to look into");
        }
    }
    None
}

fn inner<'a>(token: &Token, text: &'a str) -> &'a str {
    let quote = match token.kind {
        TokenKind::DollarText => text
            .get(1..)
            .and_then(|rest| rest.find('$'))
            .map_or(1, |at| at + 2),
        _ => 1,
    };
    text.get(quote..text.len().saturating_sub(quote)).unwrap_or("")
}

/// The effects of one statement given as a node.
fn node_effects(context: &mut Context, node: &SyntaxNode) {
    let guard = if child::<ast::IfNotExists>(node).is_some() || child::<ast::IfExists>(node).is_some() {
        Guard::Clause
    } else if child::<ast::OrReplace>(node).is_some() {
        Guard::Replace
    } else {
        Guard::None
    };
    if let Some(action) = creation(context, node).or_else(|| removal(context, node)) {
        let effect = context.effect(action, guard, context.span(node));
        context.out.push(effect);
        if node.children().any(|child| creation(context, &child).is_some()) {
            context.opaque("objects made inside CREATE SCHEMA", context.span(node));
        }
        return;
    }
    match node.kind() {
        SyntaxKind::DO => body::do_block(context, node),
        SyntaxKind::ALTER_TABLE | SyntaxKind::ALTER_FOREIGN_TABLE => {
            let mut out = Vec::new();
            alter::table(context, node, &mut out);
            context.out.append(&mut out);
        }
        other => {
            if let Some(kind) = altered(other) {
                let mut out = Vec::new();
                alter::other(context, kind, node, &mut out);
                context.out.append(&mut out);
            } else if let Some(mut action) = rows::read(&node.text().to_string()) {
                place(context, &mut action, node);
                out_push(context, action, context.span(node));
            }
        }
    }
}

/// Inside a body the whole statement is the place.
fn place(context: &Context, action: &mut Action, node: &SyntaxNode) {
    match action {
        Action::Rows { table, .. } => table.at = context.span(node),
        Action::Maintain { object, .. } => object.at = context.span(node),
        _ => {}
    }
}

fn creation(context: &Context, node: &SyntaxNode) -> Option<Action> {
    match node.kind() {
        SyntaxKind::CREATE_SCHEMA => objects::schema(context, node),
        SyntaxKind::CREATE_EXTENSION => objects::extension(context, node),
        SyntaxKind::CREATE_TABLE | SyntaxKind::CREATE_TABLE_AS | SyntaxKind::CREATE_FOREIGN_TABLE => {
            table::create(context, node)
        }
        SyntaxKind::CREATE_INDEX => objects::index(context, node),
        SyntaxKind::CREATE_VIEW => objects::view(context, node, Kind::View),
        SyntaxKind::CREATE_MATERIALIZED_VIEW => objects::view(context, node, Kind::MaterializedView),
        SyntaxKind::CREATE_SEQUENCE => objects::sequence(context, node),
        SyntaxKind::CREATE_TYPE | SyntaxKind::CREATE_DOMAIN => objects::type_definition(context, node),
        SyntaxKind::CREATE_FUNCTION | SyntaxKind::CREATE_PROCEDURE | SyntaxKind::CREATE_AGGREGATE => {
            objects::routine(context, node)
        }
        SyntaxKind::CREATE_TRIGGER => objects::trigger(context, node),
        SyntaxKind::CREATE_POLICY => objects::policy(context, node),
        _ => None,
    }
}

fn removal(context: &Context, node: &SyntaxNode) -> Option<Action> {
    let kind = match node.kind() {
        SyntaxKind::DROP_SCHEMA => Kind::Schema,
        SyntaxKind::DROP_EXTENSION => Kind::Extension,
        SyntaxKind::DROP_TABLE | SyntaxKind::DROP_FOREIGN_TABLE => Kind::Table,
        SyntaxKind::DROP_INDEX => Kind::Index,
        SyntaxKind::DROP_VIEW => Kind::View,
        SyntaxKind::DROP_MATERIALIZED_VIEW => Kind::MaterializedView,
        SyntaxKind::DROP_SEQUENCE => Kind::Sequence,
        SyntaxKind::DROP_TYPE | SyntaxKind::DROP_DOMAIN => Kind::Type,
        SyntaxKind::DROP_FUNCTION
        | SyntaxKind::DROP_PROCEDURE
        | SyntaxKind::DROP_ROUTINE
        | SyntaxKind::DROP_AGGREGATE => Kind::Routine,
        SyntaxKind::DROP_TRIGGER => Kind::Trigger,
        SyntaxKind::DROP_POLICY => Kind::Policy,
        _ => return None,
    };
    objects::drop(context, kind, node)
}

fn altered(kind: SyntaxKind) -> Option<Kind> {
    Some(match kind {
        SyntaxKind::ALTER_SCHEMA => Kind::Schema,
        SyntaxKind::ALTER_EXTENSION => Kind::Extension,
        SyntaxKind::ALTER_INDEX => Kind::Index,
        SyntaxKind::ALTER_VIEW => Kind::View,
        SyntaxKind::ALTER_MATERIALIZED_VIEW => Kind::MaterializedView,
        SyntaxKind::ALTER_SEQUENCE => Kind::Sequence,
        SyntaxKind::ALTER_TYPE | SyntaxKind::ALTER_DOMAIN => Kind::Type,
        SyntaxKind::ALTER_FUNCTION
        | SyntaxKind::ALTER_PROCEDURE
        | SyntaxKind::ALTER_ROUTINE
        | SyntaxKind::ALTER_AGGREGATE => Kind::Routine,
        SyntaxKind::ALTER_TRIGGER => Kind::Trigger,
        SyntaxKind::ALTER_POLICY => Kind::Policy,
        _ => return None,
    })
}
