//! A spot in a file, with the line it stands on, so that it can be drawn without reading the file again.

use serde::Serialize;

/// A spot in a file. Lines and columns count from 1, columns in characters; line 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Place {
    /// File name as given by the reader of the chain; empty when the finding is about no file.
    pub file: String,
    /// Line, from 1; 0 for the whole file.
    pub line: usize,
    /// Column in characters, from 1; 0 for the whole line.
    pub column: usize,
    /// The text of that line, for rendering.
    #[serde(skip)]
    pub text: String,
    /// How many characters to underline.
    #[serde(skip)]
    pub width: usize,
}

impl Place {
    /// The file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            ..Self::default()
        }
    }

    /// The characters `start..end` (byte offsets, clamped to the text) of `source`.
    pub fn in_text(file: impl Into<String>, source: &str, start: usize, end: usize) -> Self {
        let start = floor_boundary(source, start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |at| start + at);
        let end = floor_boundary(source, end).clamp(start, line_end);
        Self {
            file: file.into(),
            line: source[..start].bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            text: source[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: source[start..end].chars().count().max(1),
        }
    }
}

/// The nearest character boundary at or below `at`.
pub(crate) fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
