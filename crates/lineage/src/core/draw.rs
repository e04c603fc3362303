//! Draws findings for people: source lines, underlined places, the cure, a proposed change.
//!
//! The only home of `annotate-snippets`. Texts come from files that are not trusted: control
//! characters never reach a terminal.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::core::finding::{Finding, Place, Severity};

/// A line longer than this is cut before it is drawn: a screen shows less, and drawing costs by length.
const LINE_CHARS_MAX: usize = 2_000;

/// Whether a terminal is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paint {
    /// Only text.
    #[default]
    Plain,
    /// With the escape sequences of a terminal.
    Colour,
}

/// One finding, ending with a line break.
pub(crate) fn draw(finding: &Finding, paint: Paint) -> String {
    let renderer = match paint {
        Paint::Plain => Renderer::plain(),
        Paint::Colour => Renderer::styled(),
    };
    let title = level(finding.severity)
        .primary_title(clean(&finding.message))
        .id(finding.rule.to_string());
    let mut group = title.elements(spot(&finding.place, &finding.label, AnnotationKind::Primary));
    for related in &finding.related {
        group = group.elements(spot(&related.place, &related.note, AnnotationKind::Context));
    }
    let mut groups = Vec::new();
    match &finding.patch {
        None if finding.help.is_empty() => groups.push(group),
        None => groups.push(group.element(Level::HELP.message(clean(&finding.help)))),
        Some(patch) => {
            let line = Line::of(&patch.place);
            let change = Patch::new(line.range.clone(), clean(&patch.replacement));
            let snippet = Snippet::source(line.text)
                .line_start(patch.place.line)
                .path(clean(&patch.place.file))
                .patch(change);
            groups.push(group);
            groups
                .push(Group::with_title(Level::HELP.secondary_title(clean(&finding.help))).element(snippet));
        }
    }
    renderer.render(&groups) + "\n"
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// A place as one element: the line with its underlining, or only the name of the file.
fn spot(place: &Place, note: &str, kind: AnnotationKind) -> Vec<Element<'static>> {
    if place.file.is_empty() {
        return Vec::new();
    }
    if place.line == 0 || place.text.trim().is_empty() {
        let mut origin = Origin::path(clean(&place.file));
        if place.line > 0 {
            origin = origin.line(place.line);
        }
        let mut elements = vec![Element::from(origin)];
        if !note.is_empty() {
            elements.push(Level::NOTE.message(clean(note)).into());
        }
        return elements;
    }
    let line = Line::of(place);
    let mut annotation = kind.span(line.range);
    if !note.is_empty() {
        annotation = annotation.label(clean(note));
    }
    let snippet = Snippet::source(line.text)
        .line_start(place.line)
        .path(clean(&place.file))
        .annotation(annotation);
    vec![snippet.into()]
}

/// A cleaned source line and the bytes of it that are meant.
struct Line {
    text: String,
    range: Range<usize>,
}

impl Line {
    fn of(place: &Place) -> Self {
        let text: String = clean(&place.text).chars().take(LINE_CHARS_MAX).collect();
        let first = place.column.saturating_sub(1);
        let byte = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
        let width = if place.column == 0 {
            text.chars().count()
        } else {
            place.width.max(1)
        };
        let range = byte(first)..byte(first + width);
        Self { text, range }
    }
}

/// A revision is untrusted text: control characters must not reach a terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect()
}
