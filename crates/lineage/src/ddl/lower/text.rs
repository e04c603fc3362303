//! From nodes of the parser to names, spans and comparable texts.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

use crate::core::token::{Token, TokenKind, tokenize};
use crate::ddl::model::{Name, Named};

use super::Context;

/// The server cuts longer names.
const NAME_BYTES_MAX: usize = 63;

/// A name as the server folds it: lower case unless quoted, and cut.
pub(super) fn fold(raw: &str) -> String {
    let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let mut name = match quoted {
        Some(inner) => inner.replace("\"\"", "\""),
        None => raw.to_ascii_lowercase(),
    };
    if name.len() > NAME_BYTES_MAX {
        name.truncate(crate::core::place::floor_boundary(&name, NAME_BYTES_MAX));
    }
    name
}

pub(super) fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens()
        .filter_map(squawk_syntax::SyntaxElement::into_token)
        .filter(|token| !token.kind().is_trivia())
}

/// The dotted name a node holds: `name`, `schema.name` or `database.schema.name`.
pub(super) fn named(context: &Context, node: &SyntaxNode) -> Option<Named> {
    dotted(context, node, tokens(node))
}

/// The dotted name that these tokens of a node spell.
pub(super) fn dotted(
    context: &Context,
    node: &SyntaxNode,
    tokens: impl Iterator<Item = SyntaxToken>,
) -> Option<Named> {
    let parts: Vec<String> = tokens
        .filter(|token| token.kind() != SyntaxKind::DOT)
        .map(|token| fold(token.text()))
        .collect();
    let (name, before) = parts.split_last()?;
    Some(Named {
        name: Name {
            schema: before.last().cloned(),
            name: name.clone(),
        },
        at: context.span(node),
    })
}

/// The same for an optional typed node.
pub(super) fn name_of<N: AstNode>(context: &Context, node: Option<N>) -> Option<Named> {
    named(context, node?.syntax())
}

/// The first node of type `N` at any depth.
pub(super) fn find<N: AstNode>(node: &SyntaxNode) -> Option<N> {
    node.descendants().find_map(N::cast)
}

/// The first child of type `N`.
pub(super) fn child<N: AstNode>(node: &SyntaxNode) -> Option<N> {
    node.children().find_map(N::cast)
}

/// Column names in a list of them.
pub(super) fn columns(list: &SyntaxNode) -> Vec<String> {
    list.descendants()
        .filter_map(ast::ColumnNameRef::cast)
        .filter_map(|column| tokens(column.syntax()).next())
        .map(|token| fold(token.text()))
        .collect()
}

/// The text of a node without comments, whitespace and case of keywords.
pub(super) fn definition(node: &SyntaxNode) -> String {
    definition_without(node, &[])
}

/// The same without the nodes of some kinds.
pub(super) fn definition_without(node: &SyntaxNode, left_out: &[SyntaxKind]) -> String {
    let mut out = String::new();
    add_definition(node, left_out, &mut out);
    out
}

fn add_definition(node: &SyntaxNode, left_out: &[SyntaxKind], out: &mut String) {
    for child in node.children_with_tokens() {
        match child {
            SyntaxElement::Node(inner) if left_out.contains(&inner.kind()) => {}
            SyntaxElement::Node(inner) => add_definition(&inner, left_out, out),
            SyntaxElement::Token(token) => {
                let kind = token.kind();
                if !kind.is_trivia() && kind != SyntaxKind::SEMICOLON {
                    push(out, token.text());
                }
            }
        }
    }
}

/// Adds one token: quoted names that need no quotes lose them, bodies of functions are normalised as SQL.
fn push(out: &mut String, text: &str) {
    if !out.is_empty() {
        out.push(' ');
    }
    match text.as_bytes().first() {
        Some(b'\'') => out.push_str(text),
        Some(b'$') => out.push_str(&body(text)),
        Some(b'"') => out.push_str(&unquoted(text)),
        Some(_) if text.contains('\'') => out.push_str(text),
        Some(_) | None => out.extend(text.chars().map(|c| c.to_ascii_lowercase())),
    }
}

fn unquoted(text: &str) -> String {
    let inner = text.trim_matches('"');
    let plain = inner
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { inner.to_owned() } else { text.to_owned() }
}

/// A dollar-quoted text as the tokens inside, so that its tag, its comments and its layout do not matter.
fn body(text: &str) -> String {
    let tag = text
        .get(1..)
        .and_then(|rest| rest.find('$'))
        .map_or(1, |at| at + 2);
    let inner = text.get(tag..text.len().saturating_sub(tag)).unwrap_or(text);
    let Ok(pieces) = tokenize(inner) else {
        return inner.to_owned();
    };
    let words: Vec<String> = pieces
        .iter()
        .filter(|piece| !piece.is_comment())
        .map(|piece| piece_text(piece, inner))
        .collect();
    format!("$$ {} $$", words.join(" "))
}

fn piece_text(piece: &Token, source: &str) -> String {
    let text = piece.text(source);
    match piece.kind {
        TokenKind::Word | TokenKind::Number => text.to_ascii_lowercase(),
        TokenKind::QuotedName
        | TokenKind::Text
        | TokenKind::DollarText
        | TokenKind::Parameter
        | TokenKind::Operator
        | TokenKind::Mark
        | TokenKind::LineComment
        | TokenKind::BlockComment => text.to_owned(),
    }
}

/// The text of a string literal.
pub(super) fn literal(node: &SyntaxNode) -> Option<String> {
    find::<ast::Literal>(node)?.string_value()
}

pub(super) fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens()
        .filter_map(squawk_syntax::SyntaxElement::into_token)
        .any(|token| token.kind() == kind)
}
